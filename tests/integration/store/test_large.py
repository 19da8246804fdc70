"""Requests of very many spans, and spans of very many bytes: written in parts, in one transaction."""

from __future__ import annotations

import os
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest

from tests.factories import make_batch, make_incoming_log, make_incoming_span, trace_id
from tracetui.errors import StoreError
from tracetui.store.api import all_spans
from tracetui.store.records import Commit
from tracetui.store.sqlite import SqliteReader, SqliteWriter, arrivals
from tracetui.store.sqlite.rows import LARGE

MANY = 12_000


def test_very_many_spans_take_little_more_than_their_rows(tmp_path: Path) -> None:
    spans = [make_incoming_span(number + 1, trace=number + 1) for number in range(MANY)]
    with closing(SqliteWriter(tmp_path / "traces.db")) as writer:
        tracemalloc.start()
        try:
            commit = writer.write([make_batch(*spans)])
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert commit.new_spans == len(commit.trace_ids) == MANY
    assert peak < MANY * 1_600, "all of them at once take twice that"


def test_in_parts_the_same_is_stored_as_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trace over several parts, spans that come again in another, changed and not, and log records."""
    spans = [make_incoming_span(number + 1, parent=number, data=b"%d" % number) for number in range(20)]
    again = [make_incoming_span(3, parent=2, data=b"2"), make_incoming_span(4, parent=3, data=b"new", name="other")]
    logs = [make_incoming_log(number, span=number) for number in range(1, 10)]
    found: list[tuple[Commit, object]] = []
    for size in (1_000, 6):
        monkeypatch.setattr(arrivals, "_PART", size)
        path = tmp_path / f"{size}.db"
        with closing(SqliteWriter(path)) as writer:
            commit = writer.write([make_batch(*spans, logs=logs), make_batch(*again)])
        with closing(SqliteReader(path)) as reader:
            summary = reader.trace(trace_id(1))
            found.append((commit, (summary, sorted((span.data, span.row.name) for span in all_spans(reader)))))
    assert found[0] == found[1]
    assert (found[0][0].new_spans, found[0][0].replaced_spans, found[0][0].unchanged_spans) == (20, 1, 1)


def test_what_fails_in_a_later_part_leaves_nothing_of_the_earlier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "_PART", 5)
    spans = [make_incoming_span(number + 1) for number in range(12)]
    path = tmp_path / "traces.db"
    with closing(SqliteWriter(path)) as writer:
        with pytest.raises(StoreError):
            writer.write([make_batch(*spans, make_incoming_span(99, name="\ud800"))])
        with closing(SqliteReader(path)) as reader:
            assert not list(all_spans(reader))
        assert writer.write([make_batch(*spans)]).new_spans == 12


def test_large_slices_come_back_as_they_came(tmp_path: Path) -> None:
    large, log = os.urandom(LARGE + 3_000_001), os.urandom(LARGE + 1)
    spans = [make_incoming_span(1, data=b"small"), make_incoming_span(2, data=large)]
    spans += [make_incoming_span(number, data=bytes([number]) * (LARGE // 3)) for number in range(3, 9)]
    path = tmp_path / "traces.db"
    with closing(SqliteWriter(path)) as writer:
        for new in (1, 0):
            assert writer.write([make_batch(*spans, logs=[make_incoming_log(1, data=log)])]).new_logs == new
    with closing(SqliteReader(path)) as reader:
        stored = {span.row.span_id: span.data for span in all_spans(reader)}
        assert stored == {span.span_id: span.data for span in spans}
        assert reader.log_slices([1]) == [log]
