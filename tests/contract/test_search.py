"""What a search promises whatever is asked: cancelled from another thread, spans that match, values to choose from."""

from __future__ import annotations

import threading

import pytest

from tests.contract.conftest import Backend
from tests.factories import make_batch, make_incoming_span, make_llm_span, make_trace, span_id, trace_id
from tracetui.errors import SearchCancelled
from tracetui.store.conditions import And, Equals, InTrace, Like, Not, Or, SpanField
from tracetui.store.records import SearchState


def test_spans_of_a_trace_that_match(store: Backend) -> None:
    spans = [make_incoming_span(n, trace=1, name=name) for n, name in enumerate(["plan", "find", "plan again"], 1)]
    store.writer.write([make_batch(*spans, make_incoming_span(9, trace=2, name="plan"))])
    plan = And((Or((InTrace(trace_id(1)), InTrace(trace_id(2)))), Like(SpanField.NAME, ("plan", ""))))
    assert store.reader.matching(trace_id(1), plan) == [span_id(1), span_id(3)]
    assert store.reader.matching(trace_id(3), plan) == []


def test_values_come_by_frequency(store: Backend) -> None:
    models = ["gpt-4o", "GPT-4.1", "gpt-4o", "claude", ""]
    store.writer.write([make_batch(*(make_llm_span(n, model=model) for n, model in enumerate(models, 1)))])
    reader = store.reader
    assert reader.frequent_values(SpanField.MODEL) == [("gpt-4o", 2), ("GPT-4.1", 1), ("claude", 1)]
    assert reader.frequent_values(SpanField.MODEL, "gPt") == [("gpt-4o", 2), ("GPT-4.1", 1)]
    assert reader.frequent_values(SpanField.MODEL, limit=1) == [("gpt-4o", 2)]
    assert reader.frequent_values(SpanField.MODEL, "%") == []


def test_the_state_of_an_empty_store(store: Backend) -> None:
    assert store.reader.search_state() == SearchState(0, 0)


def test_a_long_search_can_be_ended_and_the_next_one_is_not(store: Backend) -> None:
    for number in range(1, 40):
        store.writer.write([make_batch(*make_trace(number, spans=100))])
    some = Or(tuple(InTrace(trace_id(number)) for number in range(1, 40)))
    endless = And((some, *(Not(Like(SpanField.NAME, ("", f"absent {n}", ""))) for n in range(2_000))))
    done = threading.Event()

    def keep_interrupting() -> None:
        while not done.wait(0.01):
            store.reader.interrupt()

    thread = threading.Thread(target=keep_interrupting)
    thread.start()
    try:
        with pytest.raises(SearchCancelled):
            store.reader.count_traces(endless)
    finally:
        done.set()
        thread.join()
    store.reader.interrupt()
    assert store.reader.count_traces(And((some, Equals(SpanField.NAME, "span 7")))) == 39
