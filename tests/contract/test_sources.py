"""The source of what arrives: its service, or its project where the SDK made the service's name up."""

from __future__ import annotations

import pytest

from tests.contract.conftest import Backend
from tests.factories import make_batch, make_incoming_span, trace_id
from tracetui.store.conditions import Equals, Has, Like, SpanField
from tracetui.store.orders import SessionOrder, SessionSort, SpanOrder, SpanSort, TraceOrder, TraceSort
from tracetui.store.records import ResourceRecord

SOURCES = [
    ("shop", "basket", "shop"),
    ("unknown_service", "Basket", "Basket"),
    ("unknown_service:python", "atlas", "atlas"),
    ("unknown_service:java", "", "unknown_service:java"),
    ("unknown_services", "basket", "unknown_services"),
    ("", "zoo", "zoo"),
    ("", "", ""),
]
"""Service, project, and what they are called."""


@pytest.fixture
def stocked(store: Backend) -> Backend:
    """A trace, which is a session, from each."""
    resources = [
        ResourceRecord(f"{service}/{project}".encode(), "", service, project) for service, project, _ in SOURCES
    ]
    spans = [
        make_incoming_span(1, trace=number + 1, resource_index=number, session_id=f"s{number}")
        for number in range(len(SOURCES))
    ]
    store.writer.write([make_batch(*spans, resources=resources)])
    return store


def test_rows_name_it(stocked: Backend) -> None:
    named = [source for *_, source in SOURCES]
    assert [span.source for span in stocked.reader.spans()] == named
    assert [trace.source for trace in stocked.reader.traces(sort=TraceSort(descending=False))] == named
    sessions = {session.session_id: session.source for session in stocked.reader.sessions()}
    assert sessions == {f"s{number}": source for number, source in enumerate(named)}


@pytest.mark.parametrize("descending", [True, False])
def test_lists_are_sorted_by_it(stocked: Backend, descending: bool) -> None:
    reader = stocked.reader
    named = sorted((source for *_, source in SOURCES), key=str.casefold, reverse=descending)
    assert len({source.casefold() for source in named}) == len(named), "no ties"
    assert [trace.source for trace in reader.traces(sort=TraceSort(TraceOrder.SOURCE, descending))] == named
    assert [each.source for each in reader.sessions(sort=SessionSort(SessionOrder.SOURCE, descending))] == named
    in_order = reader.sorted_spans(None, SpanSort(SpanOrder.SOURCE, descending))
    rows = {span.row_id: span.source for span in reader.spans()}
    assert [rows[row_id] for row_id in in_order] == named


def test_what_is_shown_is_found_completed_and_grouped(stocked: Backend) -> None:
    reader = stocked.reader
    for condition, found in (
        (Equals(SpanField.SOURCE, "basket"), ["Basket"]),
        (Equals(SpanField.SOURCE, "shop"), ["shop"]),
        (Like(SpanField.SOURCE, ("unknown", "")), ["unknown_service:java", "unknown_services"]),
        (Has(SpanField.SOURCE), [source for *_, source in SOURCES if source]),
    ):
        matching = [number for number in range(len(SOURCES)) if reader.matching(trace_id(number + 1), condition)]
        assert [SOURCES[number][-1] for number in matching] == found
    assert reader.frequent_values(SpanField.SOURCE, "unk") == [("unknown_service:java", 1), ("unknown_services", 1)]
    groups = reader.group_spans(None, [SpanField.SOURCE])
    assert {(group.values, group.spans) for group in groups.groups} == {
        ((source,), 1) for *_, source in SOURCES if source
    }
    assert groups.without == 1
