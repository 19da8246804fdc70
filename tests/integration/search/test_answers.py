"""For random stores and random conditions, the store's answer is the one worked out span by span over the model."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.integration.search.stores import conditions, leaves, requests
from tests.support.searching import Reference, index_all
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import read_request
from tracetui.runtime import derive_span
from tracetui.store.api import END, SpanReader
from tracetui.store.conditions import Condition
from tracetui.store.orders import TraceOrder, TraceSort
from tracetui.store.sqlite import SqliteReader, SqliteWriter
from tracetui.store.sqlite.search import candidates, count, look, plan, reach, walk

SORTS = st.builds(TraceSort, st.sampled_from(list(TraceOrder)), st.booleans())


def check(reader: SpanReader, reference: Reference, condition: Condition, sort: TraceSort) -> None:
    """Every read that takes a condition."""
    matching = reference.matching(condition)
    assert [row.row_id for row in reader.spans(condition, limit=1_000)] == [span.row.row_id for span in matching]
    assert reader.count_spans(condition) == len(matching)
    if len(matching) > 1:
        rest = [span.row.row_id for span in matching[1:]]
        assert [row.row_id for row in reader.spans(condition, after_row_id=matching[0].row.row_id)] == rest
    trace_ids = {span.row.trace_id for span in matching}
    ordered = [trace for trace in reader.traces(sort=sort, limit=1_000) if trace.trace_id in trace_ids]
    assert reader.traces(condition, sort=sort, limit=1_000) == ordered
    assert reader.count_traces(condition) == len(ordered)
    for place, trace in enumerate(ordered):
        key = reader.trace_key(trace, sort)
        assert reader.traces(condition, sort=sort, after=key) == ordered[place + 1 :]
        assert reader.traces(condition, sort=sort, before=key, limit=1) == ordered[max(place - 1, 0) : place]
        assert reader.count_traces(condition, ahead_of=key, sort=sort) == place
    assert reader.traces(condition, sort=sort, before=END, limit=2) == ordered[-2:]
    for trace_id in reference.traces:
        wanted = [span.row.span_id for span in matching if span.row.trace_id == trace_id]
        assert reader.matching(trace_id, condition) == wanted
    hits = reader.hits([trace.row_id for trace in reference.traces.values()], condition)
    assert set(hits) == {trace.row_id for trace in ordered}
    for trace in ordered:
        hit = hits[trace.row_id]
        assert hit is None or (hit.span_id in reader.matching(trace.trace_id, condition) and len(hit.text) <= 200)


def store(folder: Path, given_requests: list[tuple[bool, bytes]]) -> SqliteReader:
    writer = SqliteWriter(folder / "a.db", derivation_version=DERIVATION_VERSION, derive=derive_span)
    for is_logs, body in given_requests:
        writer.write([read_request(Signal.LOGS if is_logs else Signal.TRACES, body).batch])
    writer.close()
    index_all(folder / "a.db")
    return SqliteReader(folder / "a.db")


LIMITS = {
    plan: {"FEW": 1, "_FEW_TRACES": 0, "_MOST_OF_ONE": 1},
    reach: {"MOST": 2, "MOST_BELOW": 4},
    walk: {
        "FEW": 0,
        "_FIRST_STEP": 1,
        "_LAST_STEP": 2,
        "_MOST_SPANS": 3,
        "_GLANCED": 1,
        "_READ": 1,
        "_TRIED": 1,
        "_IN_VAIN": 1,
    },
    candidates: {"_CHUNK": 1, "_MOST": 2, "_FAR": 4},
    count: {"_AT_ONCE": 2},
    look: {"_TOGETHER": 2},
}
"""What makes a small store as long as a large one is to a search."""

slowly = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
asked = st.lists(st.tuples(st.one_of(leaves(), conditions()), SORTS), min_size=1, max_size=12)


@slowly
@given(requests(), asked)
def test_the_answer_is_the_one_worked_out_span_by_span(
    given_requests: list[tuple[bool, bytes]], asked: list[tuple[Condition, TraceSort]]
) -> None:
    check_all(given_requests, asked)


@slowly
@given(requests(), asked)
def test_so_it_is_in_a_store_of_many_steps(
    given_requests: list[tuple[bool, bytes]], asked: list[tuple[Condition, TraceSort]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module, limits in LIMITS.items():
            for name, value in limits.items():
                patch.setattr(module, name, value)
        check_all(given_requests, asked)


def check_all(given_requests: list[tuple[bool, bytes]], asked: list[tuple[Condition, TraceSort]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        reader = store(Path(folder), given_requests)
        try:
            reference = Reference(reader)
            for condition, sort in asked:
                note(f"{condition!r} {sort!r}")
                check(reader, reference, condition, sort)
        finally:
            reader.close()
