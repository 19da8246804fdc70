"""What comes out: pages by key, counts, conditions, look-ups, snapshots."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.contract.conftest import Backend
from tests.factories import (
    START,
    make_batch,
    make_incoming_log,
    make_incoming_span,
    make_llm_span,
    make_trace,
    span_id,
    trace_id,
)
from tracetui.model.trace import SpanNode, TraceSummary
from tracetui.store.api import END, all_logs, all_spans
from tracetui.store.conditions import And, Condition, InTrace, Like, Not, Or, SpanField
from tracetui.store.orders import TraceOrder, TraceSort
from tracetui.store.records import ResourceRecord

RESOURCES = [ResourceRecord(b"a", "", "api", "p"), ResourceRecord(b"b", "", "Bureau Zürich", "p")]


def fill(store: Backend, traces: int = 23) -> None:
    """Traces with many ties and unknowns in every column that sorts."""
    chance = random.Random(5)
    for number in range(1, traces + 1):
        start = START + chance.randrange(4) * 1_000
        root = make_incoming_span(
            1,
            trace=number,
            name=chance.choice(["alpha", "Beta", "beta", "gamma"]),
            start_time_unix_nano=start,
            end_time_unix_nano=chance.choice([0, start + 5, start + 5_000]),
            is_error=chance.random() < 0.3,
            kind=chance.choice(["LLM", "TOOL", "CHAIN"]),
            input_tokens=chance.choice([None, 5, 50]),
            output_tokens=chance.choice([None, 5]),
            cost_total=chance.choice([None, 0.1, 0.3]),
            resource_index=chance.randrange(2),
        )
        store.writer.write([make_batch(root, resources=RESOURCES)])


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("order", list(TraceOrder))
def test_pages_meet_without_gap_or_overlap_in_every_order(store: Backend, order: TraceOrder, descending: bool) -> None:
    fill(store)
    sort = TraceSort(order, descending)
    whole = store.reader.traces(sort=sort, limit=100)
    assert len({trace.trace_id for trace in whole}) == 23
    keys = [store.reader.trace_key(trace, sort) for trace in whole]
    folded = [(key.value.casefold() if isinstance(key.value, str) else key.value, key.row_id) for key in keys]
    assert folded == sorted(folded, reverse=descending), "ties by arrival"
    for place, key in enumerate(keys):
        assert store.reader.traces(sort=sort, after=key, limit=4) == whole[place + 1 : place + 5]
        assert store.reader.traces(sort=sort, before=key, limit=4) == whole[max(place - 4, 0) : place]
        assert store.reader.count_traces(sort=sort, ahead_of=key) == place
    assert store.reader.traces(sort=sort, before=END, limit=5) == whole[-5:]
    assert store.reader.traces(sort=sort, limit=0) == []


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize(
    ("order", "is_known"),
    [
        (TraceOrder.DURATION, lambda trace: trace.duration_nano is not None),
        (TraceOrder.TOKENS, lambda trace: (trace.input_tokens, trace.output_tokens) != (None, None)),
        (TraceOrder.COST, lambda trace: trace.cost_total is not None),
    ],
)
def test_what_is_unknown_comes_last_in_both_directions(
    store: Backend, order: TraceOrder, is_known: Callable[[TraceSummary], bool], descending: bool
) -> None:
    fill(store)
    known = [is_known(trace) for trace in store.reader.traces(sort=TraceSort(order, descending), limit=100)]
    assert known == sorted(known, reverse=True) and set(known) == {True, False}


def test_newest_first_unless_told_otherwise(store: Backend) -> None:
    for number in (2, 3, 1):
        store.writer.write([make_batch(make_incoming_span(number, trace=number))])
    assert [trace.trace_id for trace in store.reader.traces()] == [trace_id(3), trace_id(2), trace_id(1)]


def test_rows_that_arrive_meanwhile_shift_no_page(store: Backend) -> None:
    for number in range(1, 7):
        store.writer.write([make_batch(make_incoming_span(number, trace=number))])
    first = store.reader.traces(limit=3)
    store.writer.write([make_batch(make_incoming_span(99, trace=99))])
    after = store.reader.traces(after=store.reader.trace_key(first[-1], TraceSort()), limit=3)
    assert [trace.trace_id for trace in after] == [trace_id(number) for number in (3, 2, 1)]


def test_both_ends_of_a_page_are_a_mistake(store: Backend) -> None:
    with pytest.raises(ValueError, match="after"):
        store.reader.traces(after=END, before=END)


def test_unknown_ids_yield_nothing(store: Backend) -> None:
    store.writer.write([make_batch(*make_trace(1))])
    reader = store.reader
    assert reader.trace(trace_id(2)) is None
    assert reader.span(trace_id(1), span_id(77)) is None
    assert reader.span(trace_id(2), span_id(1)) is None
    assert reader.skeleton(trace_id(2)) == []
    assert reader.rows([55]) == []
    assert reader.stored_spans([55]) == []
    assert reader.logs(trace_id=trace_id(2)) == []
    assert reader.spans(InTrace(trace_id(2))) == []
    assert reader.trace("") is None
    assert reader.find("") == []


def test_rows_come_in_the_order_asked_for(store: Backend) -> None:
    store.writer.write([make_batch(*make_trace(1, spans=5))])
    assert [row.span_id for row in store.reader.rows([4, 9, 1, 3])] == [span_id(4), span_id(1), span_id(3)]
    assert [span.row.span_id for span in store.reader.stored_spans([5, 2])] == [span_id(5), span_id(2)]
    assert store.reader.rows([]) == []


def test_spans_page_in_order_of_arrival(store: Backend) -> None:
    for number in (5, 3, 4, 1, 2):
        store.writer.write([make_batch(make_incoming_span(number, trace=number % 2 + 1))])
    assert [row.span_id for row in store.reader.spans(limit=2)] == [span_id(5), span_id(3)]
    assert [row.span_id for row in store.reader.spans(after_row_id=2, limit=2)] == [span_id(4), span_id(1)]
    assert [span.row.span_id for span in all_spans(store.reader, InTrace(trace_id(2)), page=2)] == [
        span_id(5),
        span_id(3),
        span_id(1),
    ]


def test_a_skeleton_is_every_span_in_little(store: Backend) -> None:
    spans = [make_incoming_span(1, kind="AGENT"), make_llm_span(2, parent=1, is_error=True, end_time_unix_nano=0)]
    store.writer.write([make_batch(*spans), make_batch(*make_trace(2))])
    nodes = sorted(store.reader.skeleton(trace_id(1)))
    assert nodes == [
        SpanNode(1, span_id(1), "", spans[0].start_time_unix_nano, spans[0].end_time_unix_nano, False, "AGENT"),
        SpanNode(2, span_id(2), span_id(1), spans[1].start_time_unix_nano, 0, True, "LLM"),
    ]
    assert nodes[1].is_error is True


def test_logs_of_all_of_a_trace_and_of_a_span(store: Backend) -> None:
    logs = [
        make_incoming_log(1, span=1),
        make_incoming_log(2, span=2),
        make_incoming_log(3, trace=2),
        make_incoming_log(4, trace=0, span=0),
        make_incoming_log(5, span=0),
    ]
    store.writer.write([make_batch(logs=logs)])
    bodies = [log.body_text for log in all_logs(store.reader, page=2)]
    assert bodies == ["log 1", "log 2", "log 3", "log 4", "log 5"]
    assert [log.body_text for log in store.reader.logs(trace_id=trace_id(1))] == ["log 1", "log 2", "log 5"]
    assert [log.body_text for log in store.reader.logs(trace_id=trace_id(1), span_id=span_id(2))] == ["log 2"]
    assert store.reader.count_logs() == 5


def test_find_by_the_beginning_of_an_id(store: Backend) -> None:
    store.writer.write(
        [
            make_batch(
                make_incoming_span(1, trace_id="ab" + "0" * 30, span_id="ffee000000000001"),
                make_incoming_span(2, trace_id="ac" + "0" * 30, span_id="abcd000000000001"),
            )
        ]
    )
    assert store.reader.find("ab") == [("ab" + "0" * 30, ""), ("ac" + "0" * 30, "abcd000000000001")]
    assert store.reader.find("A") == [
        ("ab" + "0" * 30, ""),
        ("ac" + "0" * 30, ""),
        ("ac" + "0" * 30, "abcd000000000001"),
    ]
    assert store.reader.find("ffee000000000001") == [("ab" + "0" * 30, "ffee000000000001")]
    assert store.reader.find("a", limit=1) == [("ab" + "0" * 30, "")]
    assert store.reader.find("ffff") == []
    assert store.reader.find("%") == store.reader.find("xyz") == []


def test_counts_and_size(store: Backend) -> None:
    assert store.reader.size().spans == store.reader.count_traces() == 0
    store.writer.write([make_batch(*make_trace(1), *make_trace(2, spans=2), logs=[make_incoming_log()])])
    size = store.reader.size()
    assert (size.traces, size.spans, size.logs) == (2, 5, 1)
    assert size.bytes > 0
    assert store.reader.count_spans() == 5
    assert store.reader.count_spans(InTrace(trace_id(2))) == 2


def test_data_version_moves_with_each_commit(store: Backend) -> None:
    before = store.reader.data_version()
    assert store.reader.data_version() == before
    store.writer.write([make_batch(make_incoming_span())])
    assert store.reader.data_version() != before


def test_conditions_combine(store: Backend) -> None:
    store.writer.write(
        [
            make_batch(
                *(
                    make_incoming_span(n, trace=n, name=name)
                    for n, name in enumerate(["red fox", "red hen", "blue hen"], 1)
                )
            )
        ]
    )
    red = Or((InTrace(trace_id(1)), InTrace(trace_id(2))))
    hen = Or((InTrace(trace_id(2)), InTrace(trace_id(3))))

    def names(condition: Condition) -> list[str]:
        return [row.name for row in store.reader.spans(condition)]

    assert names(And((red, hen))) == ["red hen"]
    assert names(Or((red, hen))) == ["red fox", "red hen", "blue hen"]
    assert names(Not(red)) == ["blue hen"]
    assert names(Not(And((red, hen)))) == ["red fox", "blue hen"]
    assert names(And(())) == ["red fox", "red hen", "blue hen"]
    assert names(Or(())) == []
    assert names(And((InTrace(trace_id(2)), hen))) == ["red hen"]
    assert names(And((red,) * 3_000)) == ["red fox", "red hen"], "thousands of words are no error"


def test_a_trace_matches_when_one_of_its_spans_meets_all_conditions(store: Backend) -> None:
    store.writer.write(
        [
            make_batch(
                make_incoming_span(1, trace=1, name="red"),
                make_incoming_span(2, trace=1, parent=1, name="hen"),
                make_incoming_span(3, trace=2, name="red hen"),
            )
        ]
    )
    either = Or((InTrace(trace_id(1)), InTrace(trace_id(2))))
    hen = And((either, Like(SpanField.NAME, ("", "hen"))))
    both = And((hen, Like(SpanField.NAME, ("red", ""))))
    assert [trace.trace_id for trace in store.reader.traces(both)] == [trace_id(2)]
    assert store.reader.count_traces(hen) == 2
    key = store.reader.trace_key(store.reader.traces()[0], TraceSort())
    assert store.reader.count_traces(hen, ahead_of=key) == 0
    by_name = TraceSort(TraceOrder.NAME, descending=False)
    assert store.reader.traces(InTrace(trace_id(1)), sort=by_name, before=END)[0].span_count == 2
