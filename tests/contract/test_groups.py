"""Spans in an order and in groups, against the same worked out in Python from what went in."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.contract.conftest import Backend
from tests.factories import START, make_batch, make_incoming_span, span_id
from tracetui.errors import UsageError
from tracetui.model.trace import SpanRow
from tracetui.store.conditions import InTrace, SpanField, TraceField
from tracetui.store.orders import SpanOrder, SpanSort
from tracetui.store.records import IncomingSpan, ResourceRecord, SpanGroup

RESOURCES = [ResourceRecord(b"a", "", "api", "p"), ResourceRecord(b"b", "", "Bureau", "q")]


def fill(store: Backend, traces: int = 12) -> list[IncomingSpan]:
    """Traces of three spans, one below the other, with ties and unknowns."""
    chance = random.Random(8)
    spans: list[IncomingSpan] = []
    for trace in range(1, traces + 1):
        some = [
            make_incoming_span(
                number,
                trace=trace,
                parent=number - 1,
                name=chance.choice(["alpha", "Beta", "beta"]),
                kind=chance.choice(["LLM", "TOOL", "CHAIN"]),
                model=chance.choice(["gpt-4o", "gpt-4o-mini", ""]),
                session_id="s1" if trace % 3 == 0 and number == 2 else "",
                start_time_unix_nano=START + chance.randrange(9),
                end_time_unix_nano=chance.choice([0, START + 10, START + 500, START + 5_000]),
                is_error=chance.random() < 0.3,
                input_tokens=chance.choice([None, 5, 50]),
                output_tokens=chance.choice([None, 5]),
                cost_total=chance.choice([None, 0.1, 0.3]),
                cost_estimated=chance.random() < 0.5,
                resource_index=trace % 2,
            )
            for number in (1, 2, 3)
        ]
        store.writer.write([make_batch(*some, resources=RESOURCES)])
        spans += some
    return spans


def duration(span: IncomingSpan) -> int | None:
    return span.end_time_unix_nano - span.start_time_unix_nano if span.end_time_unix_nano else None


def has_usage(span: IncomingSpan) -> bool:
    return span.input_tokens is not None or span.output_tokens is not None


def below(span: IncomingSpan, spans: list[IncomingSpan]) -> list[IncomingSpan]:
    return [other for other in spans if other.trace_id == span.trace_id and other.span_id > span.span_id]


def told(values: tuple[str, ...], group: list[IncomingSpan], spans: list[IncomingSpan]) -> SpanGroup:
    """What a group should be: the deepest usage counts, and so does the deepest cost."""
    counted = [span for span in group if not any(map(has_usage, below(span, spans)))]
    priced = [
        span
        for span in group
        if span.cost_total is not None and not any(other.cost_total is not None for other in below(span, spans))
    ]
    given = [span.input_tokens for span in counted if span.input_tokens is not None]
    made = [span.output_tokens for span in counted if span.output_tokens is not None]
    sources = {"estimated" if span.cost_estimated else "reported" for span in priced}
    durations = sorted(each for each in map(duration, group) if each is not None)

    def rank(share: float) -> int | None:
        return next((each for each in durations if sum(d <= each for d in durations) >= share * len(durations)), None)

    return SpanGroup(
        values,
        len(group),
        sum(span.is_error for span in group),
        sum(given) if given else None,
        sum(made) if made else None,
        round(sum(span.cost_total or 0 for span in priced), 9) if priced else None,
        "mixed" if len(sources) > 1 else next(iter(sources), ""),
        rank(0.5),
        rank(0.95),
        rank(0.99),
    )


def test_groups_are_those_worked_out_in_python(store: Backend) -> None:
    spans = fill(store)
    found = store.reader.group_spans(None, [SpanField.KIND, SpanField.SERVICE])
    groups: dict[tuple[str, ...], list[IncomingSpan]] = {}
    for span in spans:
        groups.setdefault((span.kind, RESOURCES[span.resource_index].service), []).append(span)
    assert {group.values: group for group in found.groups} == {
        values: told(values, group, spans) for values, group in groups.items()
    }
    assert found.without == 0


def test_all_spans_are_one_group_whose_sums_are_those_of_the_traces(store: Backend) -> None:
    fill(store)
    [group] = store.reader.group_spans(None, []).groups
    traces = store.reader.traces(limit=100)
    assert group.spans == sum(trace.span_count for trace in traces)
    assert group.input_tokens == sum(trace.input_tokens or 0 for trace in traces)
    assert group.cost_total == pytest.approx(sum(trace.cost_total or 0 for trace in traces))


def test_spans_without_a_value_are_left_out_and_counted(store: Backend) -> None:
    spans = fill(store)
    found = store.reader.group_spans(None, [SpanField.MODEL])
    assert {group.values[0] for group in found.groups} == {"gpt-4o", "gpt-4o-mini"}
    assert found.without == sum(not span.model for span in spans)


def test_a_session_has_all_spans_of_its_traces(store: Backend) -> None:
    fill(store)
    [group] = store.reader.group_spans(None, [SpanField.SESSION]).groups
    assert (group.values, group.spans) == (("s1",), 12)


def test_only_what_matches_is_grouped(store: Backend) -> None:
    spans = fill(store)
    found = store.reader.group_spans(InTrace(spans[0].trace_id), [TraceField.NAME])
    assert [group.spans for group in found.groups] == [3]
    assert store.reader.group_spans(InTrace("0" * 32), []).groups == []


def test_a_span_that_is_only_announced_is_in_no_group(store: Backend) -> None:
    store.writer.write([make_batch(make_incoming_span(1), make_incoming_span(2, announces=span_id(3)))])
    [group] = store.reader.group_spans(None, []).groups
    assert group.spans == 1


def test_a_measure_is_nothing_to_group_by(store: Backend) -> None:
    with pytest.raises(UsageError, match=r"cannot be grouped by tokens.*model"):
        store.reader.group_spans(None, [SpanField.TOKENS])


PLACES: dict[SpanOrder, Callable[[SpanRow], int | float | str | None]] = {
    SpanOrder.ARRIVAL: lambda row: row.row_id,
    SpanOrder.START: lambda row: row.start_time_unix_nano,
    SpanOrder.DURATION: lambda row: row.duration_nano,
    SpanOrder.TOKENS: lambda row: (
        None if row.input_tokens is row.output_tokens is None else (row.input_tokens or 0) + (row.output_tokens or 0)
    ),
    SpanOrder.COST: lambda row: row.cost_total,
    SpanOrder.NAME: lambda row: row.name.casefold(),
    SpanOrder.KIND: lambda row: row.kind,
    SpanOrder.SERVICE: lambda row: row.service.casefold(),
    SpanOrder.SOURCE: lambda row: row.source.casefold(),
    SpanOrder.MODEL: lambda row: row.model.casefold(),
}


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("order", list(SpanOrder))
def test_spans_stand_in_every_order(store: Backend, order: SpanOrder, descending: bool) -> None:
    fill(store)
    rows: list[SpanRow] = store.reader.spans(limit=100)
    place = PLACES[order]
    known, unknown = ([row for row in rows if (place(row) is None) == none] for none in (False, True))
    assert bool(unknown) == (order in (SpanOrder.DURATION, SpanOrder.TOKENS, SpanOrder.COST))
    expected = sorted(known, key=lambda row: (place(row), row.row_id), reverse=descending)
    expected += sorted(unknown, key=lambda row: row.row_id, reverse=descending)
    sort = SpanSort(order, descending)
    assert store.reader.sorted_spans(None, sort) == [row.row_id for row in expected]
    assert store.reader.sorted_spans(None, sort, limit=5) == [row.row_id for row in expected[:5]]
    one = rows[0].trace_id
    assert store.reader.sorted_spans(InTrace(one), sort) == [row.row_id for row in expected if row.trace_id == one]
