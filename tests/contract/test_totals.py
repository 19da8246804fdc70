"""Trace totals: exact in any order of arrival, whatever is sent twice, whatever is replaced."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.conftest import Backend
from tests.contract.reference import final_spans, totals
from tests.factories import RESOURCE, SECOND, START, make_batch, make_incoming_span, make_llm_span, span_id, trace_id
from tracetui.model.trace import TraceSummary
from tracetui.store.api import SpanReader
from tracetui.store.conditions import InTrace
from tracetui.store.records import IncomingSpan, ResourceRecord

RESOURCES = (RESOURCE, ResourceRecord(b"other", "", "warehouse", ""))

numbers = itertools.count(1_000)
"""Traces of the examples, each its own."""

columns: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "parent": st.integers(0, 9),
        "kind": st.sampled_from(["LLM", "TOOL", "UNKNOWN", "UNKNOWN", "AGENT", "CHAIN"]),
        "start_time_unix_nano": st.sampled_from([0, START, START + SECOND, START + 2 * SECOND]),
        "end_time_unix_nano": st.sampled_from([0, START + SECOND, START + 3 * SECOND]),
        "is_error": st.booleans(),
        "input_tokens": st.sampled_from([None, None, 0, 7, 1_000]),
        "output_tokens": st.sampled_from([None, None, 0, 3]),
        "cost_total": st.sampled_from([None, None, 0.0, 0.1, 0.2, 1e-7]),
        "cost_input": st.sampled_from([None, 0.0, 0.1, 1e-7]),
        "cost_output": st.sampled_from([None, 0.0, 0.1]),
        "cost_estimated": st.booleans(),
        "model": st.sampled_from(["", "", "gpt-4o", "claude"]),
        "session_id": st.sampled_from(["", "", "s1", "s2"]),
        "name": st.sampled_from(["a", "b"]),
        "resource_index": st.integers(0, 1),
        "announces": st.sampled_from(["", "", "", "", span_id(1), span_id(2)]),
    }
)


@st.composite
def arrivals(draw: st.DrawFn, *, versions: bool) -> list[IncomingSpan]:
    """Spans of one trace in some order, some of them several times; with versions, not always the same."""
    spans: list[IncomingSpan] = []
    for number in range(1, draw(st.integers(1, 9)) + 1):
        values = draw(columns)
        spans += [make_incoming_span(number, **values)] * draw(st.integers(1, 2))
        for _ in range(draw(st.integers(0, 3)) if versions else 0):
            # little changes at a time, else each version would change the parent too
            changed = draw(st.sets(st.sampled_from(sorted(values)), min_size=1, max_size=2))
            values = {**values, **{column: value for column, value in draw(columns).items() if column in changed}}
            spans.append(make_incoming_span(number, **values))
    return draw(st.permutations(spans))


def deliver(store: Backend, trace: int, spans: Sequence[IncomingSpan], cuts: Sequence[int]) -> None:
    """Write the spans as one trace, a transaction for each piece between two cuts."""
    moved = [span._replace(trace_id=trace_id(trace)) for span in spans]
    ends = sorted({min(cut, len(moved)) for cut in cuts} | {len(moved)})
    for start, end in itertools.pairwise([0, *ends]):
        store.writer.write([make_batch(*moved[start:end], resources=RESOURCES)])


def check(reader: SpanReader, trace: int, spans: Sequence[IncomingSpan]) -> TraceSummary:
    """Hold the stored trace against the plain computation."""
    kept = final_spans(spans)
    expected = totals(kept, RESOURCES)
    found = reader.trace(trace_id(trace))
    assert found is not None
    for name in (
        "name",
        "root_span_id",
        "service",
        "session_id",
        "start_time_unix_nano",
        "end_time_unix_nano",
        "span_count",
        "error_count",
        "llm_count",
        "tool_count",
        "input_tokens",
        "output_tokens",
        "models",
        "complete",
        "root_is_error",
    ):
        assert getattr(found, name) == getattr(expected, name), name
    assert found.cost_source == expected.cost_source
    for cost, sum_of_costs in (
        (found.cost_total, expected.cost),
        (found.cost_input, expected.cost_input),
        (found.cost_output, expected.cost_output),
    ):
        assert cost == (None if sum_of_costs is None else pytest.approx(sum_of_costs))
    rows = reader.spans(InTrace(trace_id(trace)))
    assert {row.span_id: row.name for row in rows} == {span.span_id: span.name for span in kept.values()}
    assert {row.span_id for row in rows if row.counted} == expected.counted
    assert sorted(node.span_id for node in reader.skeleton(trace_id(trace))) == sorted(shown(kept))
    return found


def shown(kept: Mapping[str, IncomingSpan]) -> set[str]:
    """The spans that a trace shows: those that are there, and those that are announced."""
    return {span.announces or span.span_id for span in kept.values()}


many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
cuts = st.lists(st.integers(0, 20), max_size=6)


@many
@given(spans=arrivals(versions=False), cut=cuts)
def test_totals_in_any_order_of_arrival(shared_store: Backend, spans: list[IncomingSpan], cut: list[int]) -> None:
    trace = next(numbers)
    deliver(shared_store, trace, spans, cut)
    check(shared_store.reader, trace, spans)


@many
@given(spans=arrivals(versions=True), cut=cuts)
def test_totals_when_later_versions_replace_earlier(
    shared_store: Backend, spans: list[IncomingSpan], cut: list[int]
) -> None:
    trace = next(numbers)
    deliver(shared_store, trace, spans, cut)
    first = check(shared_store.reader, trace, spans)
    deliver(shared_store, trace, list(final_spans(spans).values()), [])
    assert check(shared_store.reader, trace, spans) == first


@many
@given(spans=arrivals(versions=False), data=st.data(), cut=cuts)
def test_two_orders_of_arrival_give_equal_totals(
    shared_store: Backend, spans: list[IncomingSpan], data: st.DataObject, cut: list[int]
) -> None:
    one, other = next(numbers), next(numbers)
    deliver(shared_store, one, spans, cut)
    deliver(shared_store, other, data.draw(st.permutations(spans)), [])
    costs = [summary.cost_total for trace in (one, other) if (summary := shared_store.reader.trace(trace_id(trace)))]
    assert costs[0] == costs[1], "to the last bit"


def summary_of(store: Backend, *spans: IncomingSpan, one_by_one: bool = False) -> TraceSummary:
    for group in [[span] for span in spans] if one_by_one else [spans]:
        store.writer.write([make_batch(*group, resources=RESOURCES)])
    found = store.reader.trace(trace_id(1))
    assert found is not None
    return found


def test_an_agents_own_total_gives_way_to_its_calls(store: Backend) -> None:
    agent = make_incoming_span(1, kind="AGENT", input_tokens=300, output_tokens=30, cost_total=0.03)
    calls = [make_llm_span(2, parent=1, cost_total=0.01), make_llm_span(3, parent=1, cost_total=0.02)]
    assert summary_of(store, agent).input_tokens == 300
    found = summary_of(store, *calls)
    assert (found.input_tokens, found.output_tokens, found.llm_count) == (200, 20, 2)
    assert found.cost_total == 0.03


def test_one_call_recorded_by_two_instrumentations_counts_once(store: Backend) -> None:
    found = summary_of(store, make_llm_span(1), make_llm_span(2, parent=1))
    assert (found.llm_count, found.input_tokens) == (1, 100)


def test_usage_deep_below_several_plain_spans_silences_all_above(store: Backend) -> None:
    spans = [make_llm_span(1), *(make_incoming_span(n, parent=n - 1) for n in range(2, 8)), make_llm_span(8, parent=7)]
    found = summary_of(store, *reversed(spans), one_by_one=True)
    assert (found.llm_count, found.input_tokens) == (1, 100)


def test_a_parent_that_comes_together_with_a_later_version_of_its_child(store: Backend) -> None:
    """What stands below the child must reach the parent, although the child itself brings something else."""
    summary_of(
        store,
        make_incoming_span(2, parent=1, kind="CHAIN"),
        make_llm_span(3, parent=2, input_tokens=None, output_tokens=None),
    )
    found = summary_of(
        store, make_incoming_span(2, parent=1, kind="CHAIN", input_tokens=5), make_incoming_span(1, kind="LLM")
    )
    assert (found.llm_count, found.input_tokens) == (1, 5)


def test_tool_client_and_server_are_one_call(store: Backend) -> None:
    execute, client = make_incoming_span(1, kind="TOOL"), make_incoming_span(2, kind="TOOL", parent=1)
    http, server = make_incoming_span(3, parent=2), make_incoming_span(4, kind="TOOL", parent=3)
    assert summary_of(store, server, execute, client, one_by_one=True).tool_count == 2, "a gap: no way to know"
    assert summary_of(store, http).tool_count == 1


def test_a_tool_that_runs_an_agent_with_a_tool_is_two_calls(store: Backend) -> None:
    found = summary_of(
        store,
        make_incoming_span(1, kind="TOOL"),
        make_incoming_span(2, kind="AGENT", parent=1),
        make_incoming_span(3, kind="TOOL", parent=2),
    )
    assert found.tool_count == 2


def test_reported_and_estimated_costs_never_mix_silently(store: Backend) -> None:
    def call(number: int, cost: float, *, estimated: bool) -> IncomingSpan:
        return make_llm_span(
            number, parent=1, cost_total=cost, cost_input=cost / 2, cost_output=cost / 2, cost_estimated=estimated
        )

    found = summary_of(store, make_incoming_span(1), call(2, 0.25, estimated=True))
    assert (found.cost_total, found.cost_input, found.cost_output, found.cost_source) == (
        0.25, 0.125, 0.125, "estimated",
    )  # fmt: skip
    found = summary_of(store, call(3, 0.5, estimated=False))
    assert (found.cost_total, found.cost_input, found.cost_source) == (0.75, 0.375, "mixed")
    found = summary_of(store, call(2, 0.25, estimated=False))
    assert (found.cost_total, found.cost_source) == (0.75, "reported")


def test_the_sides_of_a_cost_are_known_only_when_all_are(store: Backend) -> None:
    found = summary_of(store, make_llm_span(1, cost_total=0.5, cost_input=0.25, cost_output=0.25))
    assert (found.cost_input, found.cost_output) == (0.25, 0.25)
    found = summary_of(store, make_incoming_span(2, cost_total=0.5, cost_input=0.25))
    assert (found.cost_total, found.cost_input, found.cost_output) == (1.0, None, None)


def test_the_cost_of_a_call_counts_where_its_usage_does_not(store: Backend) -> None:
    """The inner of two instrumentations has the usage, only the outer one a price: each is counted by itself."""
    found = summary_of(
        store,
        make_llm_span(1, cost_total=0.5, cost_estimated=True),
        make_llm_span(2, parent=1, input_tokens=90, output_tokens=9, model="our-deployment"),
    )
    assert (found.input_tokens, found.cost_total, found.cost_source) == (90, 0.5, "estimated")


def test_unknown_is_not_zero(store: Backend) -> None:
    found = summary_of(store, make_incoming_span(1, kind="LLM"))
    assert (found.input_tokens, found.output_tokens, found.cost_total, found.cost_source) == (None, None, None, "")
    found = summary_of(store, make_incoming_span(2, parent=1, kind="LLM", input_tokens=0))
    assert (found.input_tokens, found.output_tokens) == (0, None)
    found = summary_of(store, make_incoming_span(3, parent=2, output_tokens=4))
    assert (found.input_tokens, found.output_tokens) == (None, 4)


def test_a_root_that_comes_late_names_the_trace(store: Backend) -> None:
    found = summary_of(store, make_incoming_span(5, parent=1, name="child", resource_index=1))
    assert (found.name, found.service, found.complete, found.status) == ("child", "warehouse", False, "running")
    found = summary_of(store, make_incoming_span(1, name="root", is_error=True))
    assert (found.name, found.service, found.complete, found.status) == ("root", "shop", True, "error")
    assert (found.root_span_id, found.root_is_error) == (span_id(1), True)


def test_cycles_and_self_parents_end(store: Backend) -> None:
    found = summary_of(
        store,
        make_llm_span(1, parent=1),
        make_llm_span(2, parent=4),
        make_llm_span(3, parent=2),
        make_llm_span(4, parent=3),
        make_llm_span(5, parent=1),
        one_by_one=True,
    )
    assert found.span_count == 5
    assert (found.root_span_id, found.llm_count) == (span_id(1), 1)


def test_enormous_counts_and_costs_stop_at_a_limit(store: Backend) -> None:
    huge = 2**63 - 1
    spans = [make_llm_span(n, input_tokens=huge, cost_total=9e6) for n in (1, 2, 3)]
    found = summary_of(store, *spans)
    assert found.input_tokens == huge
    assert found.cost_total == pytest.approx(huge / 1e12)
    strange = summary_of(store, make_incoming_span(4, cost_total=1e300), make_incoming_span(5, cost_total=float("inf")))
    assert strange.span_count == 5


def test_models_are_named_in_order_and_bounded(store: Backend) -> None:
    found = summary_of(store, *(make_llm_span(n, model=f"model-{n:02}") for n in range(40, 0, -1)))
    assert found.models == tuple(f"model-{n:02}" for n in range(1, 17))
