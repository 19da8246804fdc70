"""Pending spans: one stands for the span that it announces until that arrives, and never counts."""

from __future__ import annotations

import itertools

import pytest

from tests.contract.conftest import Backend
from tests.factories import make_batch, make_incoming_span, make_llm_span, span_id, trace_id
from tracetui.store.conditions import InTrace
from tracetui.store.records import IncomingSpan

PENDING = make_llm_span(9, announces=span_id(1), end_time_unix_nano=0, name="chat", model="asked")
REAL = make_llm_span(1, name="chat", model="answered", start_time_unix_nano=PENDING.start_time_unix_nano)
CHILD = make_incoming_span(2, parent=1, kind="TOOL")


def write(store: Backend, *spans: IncomingSpan) -> None:
    for span in spans:
        store.writer.write([make_batch(span)])


@pytest.mark.parametrize("order", list(itertools.permutations((PENDING, REAL, CHILD))))
def test_the_real_span_takes_its_place_whichever_comes_first(store: Backend, order: tuple[IncomingSpan, ...]) -> None:
    write(store, *order)
    trace = store.reader.trace(trace_id(1))
    assert trace is not None
    assert (trace.span_count, trace.llm_count, trace.tool_count, trace.input_tokens) == (2, 1, 1, 100)
    assert (trace.models, trace.complete, trace.root_span_id) == (("answered",), True, span_id(1))
    nodes = {node.span_id: node for node in store.reader.skeleton(trace_id(1))}
    assert nodes.keys() == {span_id(1), span_id(2)}
    assert nodes[span_id(2)].parent_span_id == span_id(1)
    assert nodes[span_id(1)].end_time_unix_nano == REAL.end_time_unix_nano
    shown = store.reader.span(trace_id(1), span_id(1))
    assert shown is not None
    assert shown.data == REAL.data


def test_until_then_it_stands_for_the_real_span(store: Backend) -> None:
    write(store, CHILD, PENDING)
    trace = store.reader.trace(trace_id(1))
    assert trace is not None
    assert (trace.span_count, trace.llm_count, trace.input_tokens, trace.models) == (1, 0, None, ())
    assert (trace.complete, trace.status) == (False, "running")
    nodes = {node.span_id: node for node in store.reader.skeleton(trace_id(1))}
    assert nodes[span_id(2)].parent_span_id == span_id(1)
    assert nodes[span_id(1)].end_time_unix_nano == 0
    shown = store.reader.span(trace_id(1), span_id(1))
    assert shown is not None
    assert (shown.data, shown.row.span_id, shown.row.is_running) == (PENDING.data, span_id(9), True)
    assert store.reader.find(span_id(1)) == [(trace_id(1), span_id(1))]


def test_a_trace_of_a_pending_span_alone_has_its_name_and_no_spans(store: Backend) -> None:
    write(store, PENDING)
    trace = store.reader.trace(trace_id(1))
    assert trace is not None
    assert (trace.name, trace.span_count, trace.status) == ("chat", 0, "running")
    assert trace.start_time_unix_nano == PENDING.start_time_unix_nano


def test_its_bytes_are_kept_and_listed(store: Backend) -> None:
    write(store, PENDING, REAL, PENDING)
    rows = {row.span_id: row for row in store.reader.spans(InTrace(trace_id(1)))}
    assert rows.keys() == {span_id(1), span_id(9)}
    assert store.reader.count_spans() == 2
    pending = rows[span_id(9)]
    assert (pending.announces, pending.is_replaced, pending.is_running) == (span_id(1), True, False)
    assert (pending.counted, pending.duration_nano, rows[span_id(1)].announces) == (False, None, "")
    whole = store.reader.span(trace_id(1), span_id(9))
    assert whole is not None
    assert whole.data == PENDING.data


def test_a_span_that_was_pending_by_mistake_counts_once_it_is_not(store: Backend) -> None:
    mistaken = make_llm_span(1, announces=span_id(5))
    write(store, mistaken, CHILD, REAL)
    trace = store.reader.trace(trace_id(1))
    assert trace is not None
    assert (trace.span_count, trace.llm_count, trace.input_tokens) == (2, 1, 100)
    assert [row.counted for row in store.reader.spans(InTrace(trace_id(1)))] == [True, True]
    write(store, mistaken)
    trace = store.reader.trace(trace_id(1))
    assert trace is not None
    assert (trace.span_count, trace.llm_count, trace.input_tokens) == (1, 0, None)
    assert {row.span_id: row.counted for row in store.reader.spans()} == {span_id(1): False, span_id(2): True}


def test_a_span_without_an_end_is_running_until_it_ends(store: Backend) -> None:
    open_root = make_incoming_span(1, end_time_unix_nano=0)
    write(store, CHILD, open_root)
    trace = store.reader.trace(trace_id(1))
    assert trace is not None
    assert (trace.complete, trace.status, trace.span_count) == (False, "running", 2)
    write(store, make_incoming_span(1))
    trace = store.reader.trace(trace_id(1))
    assert trace is not None
    assert (trace.complete, trace.status, trace.root_span_id) == (True, "ok", span_id(1))


def test_a_span_that_turns_pending_below_a_tool_that_arrives_with_it_is_not_counted(store: Backend) -> None:
    write(store, make_llm_span(2, parent=4))
    store.writer.write(
        [make_batch(make_llm_span(2, parent=4, announces=span_id(1)), make_incoming_span(4, kind="TOOL"))]
    )
    assert {row.span_id: row.counted for row in store.reader.spans()} == {span_id(2): False, span_id(4): True}
