"""Log records that say something of their span: whenever they come, columns and totals are the same in the end."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.conftest import Backend, derive
from tests.contract.test_totals import RESOURCES, check
from tests.factories import (
    SCOPE,
    make_batch,
    make_incoming_log,
    make_incoming_span,
    make_llm_span,
    make_trace,
    span_id,
    trace_id,
)
from tracetui.store.conditions import InTrace
from tracetui.store.records import IncomingLog, IncomingSpan

numbers = itertools.count(500_000)
"""Traces of the examples, each its own."""

Item = IncomingSpan | IncomingLog


def telling(number: int, *, trace: int = 1, span: int = 1, **columns: Any) -> IncomingLog:
    """A log record that gives its span these columns."""
    return make_incoming_log(number, trace=trace, span=span, tells=True, body_text=repr(columns))


def write(store: Backend, *items: Item) -> None:
    """Store spans and log records in one transaction."""
    spans = [item for item in items if isinstance(item, IncomingSpan)]
    logs = [item for item in items if isinstance(item, IncomingLog)]
    store.writer.write([make_batch(*spans, logs=logs, resources=RESOURCES)])


SPANS = (make_incoming_span(1, kind="AGENT"), make_incoming_span(2, parent=1, kind="LLM", model="asked"))
LOGS = (
    telling(1, span=2, model="answered", input_tokens=7, preview="first words"),
    telling(2, span=2, preview="last words", output_tokens=3, session_id="s"),
)


@pytest.mark.parametrize("at_once", [1, 2, 4])
@pytest.mark.parametrize("order", list(itertools.permutations((*SPANS, *LOGS))))
def test_before_after_and_together(store: Backend, order: tuple[Item, ...], at_once: int) -> None:
    for start in range(0, len(order), at_once):
        write(store, *order[start : start + at_once])
    row = store.reader.rows([node.row_id for node in store.reader.skeleton(trace_id(1)) if node.span_id == span_id(2)])
    assert [(r.model, r.input_tokens, r.output_tokens, r.preview, r.session_id, r.counted) for r in row] == [
        ("answered", 7, 3, "last words", "s", True)
    ]
    trace = store.reader.trace(trace_id(1))
    assert trace is not None
    assert (trace.input_tokens, trace.output_tokens, trace.models) == (7, 3, ("answered",))
    assert (trace.session_id, trace.span_count, trace.llm_count) == ("s", 2, 1)
    stored = store.reader.span(trace_id(1), span_id(2))
    assert stored is not None
    assert stored.data == SPANS[1].data


told: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["LLM", "TOOL", "UNKNOWN"]),
        "input_tokens": st.sampled_from([None, 0, 9]),
        "cost_total": st.sampled_from([None, 0.25]),
        "model": st.sampled_from(["", "gpt-4o", "claude"]),
        "session_id": st.sampled_from(["", "s1"]),
        "is_error": st.booleans(),
    },
)


@st.composite
def exchanges(draw: st.DrawFn) -> list[Item]:
    """Spans of a trace, later versions of some, and log records of them and of spans that never come."""
    items: list[Item] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        kind = draw(st.sampled_from(["LLM", "TOOL", "UNKNOWN", "AGENT"]))
        parent = draw(st.integers(0, 6))
        items.append(make_incoming_span(number, parent=parent, kind=kind, model=draw(st.sampled_from(["", "gpt-4o"]))))
        if draw(st.booleans()):
            items.append(make_llm_span(number, parent=parent, name="later", model="later"))
    items += [
        telling(number, span=draw(st.integers(1, 8)), **draw(told)) for number in range(1, draw(st.integers(1, 6)) + 1)
    ]
    return draw(st.permutations(items))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(items=exchanges(), cuts=st.sets(st.integers(1, 17), max_size=5))
def test_totals_are_those_of_spans_and_log_records_together(
    shared_store: Backend, items: list[Item], cuts: set[int]
) -> None:
    trace = next(numbers)
    moved = [item._replace(trace_id=trace_id(trace), data=item.data.replace(b"0" * 31 + b"1", trace_id(trace).encode()))
             for item in items]  # fmt: skip
    for start, end in itertools.pairwise([0, *sorted(cuts), len(moved)]):
        write(shared_store, *moved[start:end])
    check(shared_store.reader, trace, list(with_logs(moved)))


def with_logs(items: Sequence[Item]) -> list[IncomingSpan]:
    """The spans in order of arrival, as all log records make them."""
    logs = [item for item in items if isinstance(item, IncomingLog)]
    return [
        derive(span.data, SCOPE.name, [log.data for log in logs if log.span_id == span.span_id])
        for span in items
        if isinstance(span, IncomingSpan)
    ]


def test_a_log_record_without_a_span_is_kept_and_changes_nothing(store: Backend) -> None:
    write(store, telling(1, span=9, input_tokens=5), telling(2, trace=7, span=1, input_tokens=5))
    write(store, *make_trace(1))
    assert store.reader.trace(trace_id(7)) is None
    trace = store.reader.trace(trace_id(1))
    assert trace is not None
    assert (trace.span_count, trace.input_tokens) == (3, None)
    assert len(store.reader.logs()) == 2


def test_a_span_sent_again_keeps_what_its_log_records_say(store: Backend) -> None:
    write(store, *SPANS, *LOGS)
    write(store, *SPANS)
    write(store, *LOGS)
    (row,) = [row for row in store.reader.spans(InTrace(trace_id(1))) if row.span_id == span_id(2)]
    assert (row.model, row.preview) == ("answered", "last words")


def test_a_writer_that_opens_the_file_again_still_listens(store: Backend) -> None:
    write(store, *LOGS)
    store.reopen()
    write(store, *SPANS)
    trace = store.reader.trace(trace_id(1))
    assert trace is not None
    assert trace.input_tokens == 7


def test_spans_that_only_log_records_name_can_be_seen(store: Backend) -> None:
    write(store, *SPANS, make_incoming_log(4, span=8), make_incoming_log(5, span=8), make_incoming_log(3, span=9))
    write(store, make_incoming_log(1, span=2), make_incoming_log(2, span=0), make_incoming_log(6, trace=7, span=3))
    unseen = store.reader.unseen(trace_id(1))
    assert [(node.span_id, node.has_arrived, node.is_running) for node in unseen] == [
        (span_id(9), False, False),
        (span_id(8), False, False),
    ]
    assert unseen[1].start_time_unix_nano == make_incoming_log(4).time_unix_nano
    write(store, make_incoming_span(8), make_incoming_span(5, announces=span_id(9)))
    assert store.reader.unseen(trace_id(1)) == []


def test_what_is_counted_below_a_span(store: Backend) -> None:
    write(
        store,
        make_incoming_span(1, kind="AGENT", input_tokens=500, cost_total=2.0),
        make_llm_span(2, parent=1, input_tokens=100, output_tokens=None, cost_total=0.5),
        make_llm_span(3, parent=2, input_tokens=90, output_tokens=9),
        make_llm_span(4, parent=1, input_tokens=10, output_tokens=1),
        make_llm_span(5, parent=5, input_tokens=7_000),
    )
    assert store.reader.usage_below(trace_id(1), span_id(1)) == (100, 10, 0.5)
    assert store.reader.usage_below(trace_id(1), span_id(4)) == (None, None, None)
    assert store.reader.usage_below(trace_id(1), span_id(5)) == (None, None, None)
    assert store.reader.usage_below(trace_id(2), span_id(1)) == (None, None, None)
