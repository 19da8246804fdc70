"""What each query of the corpus finds among the spans of `tests/queries/spans.toml`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.search.test_answers import store
from tests.support.queries import NOW_NANO, ValidQuery, corpus_spans, label, local_time, valid_queries
from tracetui.query import compile_text
from tracetui.store.sqlite import SqliteReader


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteReader]:
    with local_time():
        body = corpus_spans().SerializeToString()
    reader = store(tmp_path_factory.mktemp("corpus"), [(False, body)])
    yield reader
    reader.close()


@pytest.mark.parametrize("query", valid_queries(), ids=lambda query: query.text)
def test_a_query_finds_what_the_corpus_says(reader: SqliteReader, query: ValidQuery) -> None:
    with local_time():
        where = compile_text(query.text, now_nano=NOW_NANO)
    assert where is not None
    everything = [label(row.trace_id, row.span_id) for row in reader.spans()]
    expected = everything if query.spans == ("all",) else list(query.spans)
    assert [label(row.trace_id, row.span_id) for row in reader.spans(where, limit=1_000)] == expected
    traces = {span.split(".")[0] for span in expected}
    assert {label(trace.trace_id, "1").split(".")[0] for trace in reader.traces(where)} == traces
