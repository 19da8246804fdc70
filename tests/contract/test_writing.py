"""What goes in: identity, replacement, de-duplication, durability of what `write` returned for."""

from __future__ import annotations

import pytest

from tests.contract.conftest import Backend
from tests.factories import (
    RESOURCE,
    SCOPE,
    START,
    make_batch,
    make_incoming_log,
    make_incoming_span,
    make_llm_span,
    make_trace,
    span_id,
    trace_id,
)
from tracetui.errors import StoreError
from tracetui.store.api import all_logs, all_spans
from tracetui.store.records import ResourceRecord, ScopeRecord


def test_a_commit_says_what_it_did(store: Backend) -> None:
    with_log = make_batch(*make_trace(1), logs=[make_incoming_log(trace=7)])
    commit = store.writer.write([with_log, make_batch(*make_trace(2))])
    assert (commit.sequence, commit.new_spans, commit.replaced_spans, commit.unchanged_spans) == (1, 6, 0, 0)
    assert commit.new_logs == 1
    assert commit.trace_ids == {trace_id(1), trace_id(2), trace_id(7)}
    assert store.writer.write([make_batch()]).sequence == 2


def test_everything_twice_changes_nothing(store: Backend) -> None:
    batch = make_batch(*make_trace(1), make_llm_span(9, parent=1, cost_total=0.1), logs=[make_incoming_log()])
    store.writer.write([batch])
    before = store.reader.traces(), store.reader.spans(), store.reader.count_logs()
    commit = store.writer.write([batch, batch])
    assert (commit.new_spans, commit.replaced_spans, commit.unchanged_spans, commit.new_logs) == (0, 0, 8, 0)
    assert (store.reader.traces(), store.reader.spans(), store.reader.count_logs()) == before


def test_twice_in_one_transaction_is_once(store: Backend) -> None:
    span = make_incoming_span(1)
    commit = store.writer.write([make_batch(span, span), make_batch(span)])
    assert (commit.new_spans, commit.unchanged_spans) == (1, 2)
    assert store.reader.count_spans() == 1


def test_the_same_span_id_in_another_trace_is_another_span(store: Backend) -> None:
    store.writer.write([make_batch(make_incoming_span(1, trace=1), make_incoming_span(1, trace=2))])
    assert store.reader.count_spans() == 2


def test_different_content_replaces_under_a_new_row_id(store: Backend) -> None:
    store.writer.write([make_batch(make_incoming_span(1, name="before"))])
    row_id = store.reader.spans()[0].row_id
    commit = store.writer.write([make_batch(make_incoming_span(1, name="after"))])
    assert (commit.new_spans, commit.replaced_spans) == (0, 1)
    stored = store.reader.span(trace_id(1), span_id(1))
    assert stored and stored.row.name == "after"
    assert stored.row.row_id > row_id, "the search index knows the old one"
    assert [row.row_id for row in store.reader.spans()] == [stored.row.row_id]
    assert b"after" in stored.data


def test_the_same_bytes_from_another_resource_or_scope_replace(store: Backend) -> None:
    span, other = make_incoming_span(1), ResourceRecord(b"r2", "", "other", "")
    store.writer.write([make_batch(span)])
    assert store.writer.write([make_batch(span, resources=[other])]).replaced_spans == 1
    assert store.reader.spans()[0].service == "other"
    assert store.reader.traces()[0].service == "other"
    scope = ScopeRecord(b"s2", "", "another", "")
    assert store.writer.write([make_batch(span, resources=[other], scopes=[scope])]).replaced_spans == 1
    assert store.reader.spans()[0].scope_name == "another"


def test_a_span_with_an_end_is_not_replaced_by_one_without(store: Backend) -> None:
    running = make_incoming_span(1, end_time_unix_nano=0)
    ended = make_incoming_span(1)
    assert store.writer.write([make_batch(running)]).new_spans == 1
    assert store.writer.write([make_batch(ended)]).replaced_spans == 1
    assert store.writer.write([make_batch(running)]).unchanged_spans == 1
    store.writer.write([make_batch(running, ended, running)])
    stored = store.reader.span(trace_id(1), span_id(1))
    assert stored and stored.data == ended.data


def test_resources_and_scopes_are_told_apart_by_content(store: Backend) -> None:
    resources = [
        ResourceRecord(b"a", "", "a", ""),
        ResourceRecord(b"a", "schema", "a", ""),
        ResourceRecord(b"b", "", "b", ""),
    ]
    scopes = [ScopeRecord(b"s", "", "s", "1"), ScopeRecord(b"s", "schema", "s", "1")]
    spans = [make_incoming_span(1 + r * 2 + s, resource_index=r, scope_index=s) for r in range(3) for s in range(2)]
    store.writer.write([make_batch(*spans, resources=resources, scopes=scopes)])
    stored = list(all_spans(store.reader))
    assert [(span.resource, span.scope) for span in stored] == [(r, s) for r in resources for s in scopes]


def test_what_is_stored_comes_back_exactly(store: Backend) -> None:
    """Every column, and bytes that are no text."""
    span = make_incoming_span(
        1,
        parent=2,
        name="nul \0 and \x1b[31m 🦜 שלום",
        otel_kind=3,
        status_code=2,
        status_message="it broke",
        kind="LLM",
        is_error=True,
        model="m",
        provider="p",
        input_tokens=1,
        output_tokens=0,
        cache_read_tokens=3,
        cache_write_tokens=4,
        reasoning_tokens=5,
        cost_total=0.1 + 0.2,
        cost_input=0.1,
        cost_output=0.2,
        cost_estimated=True,
        session_id="s",
        user_id="u",
        tool_name="t",
        agent_name="a",
        preview="pre",
        warnings="one\ntwo",
        data=bytes(range(256)),
        start_time_unix_nano=2**63 - 1,
    )
    store.writer.write([make_batch(span)])
    stored = store.reader.span(trace_id(1), span_id(1))
    assert stored is not None
    assert (stored.data, stored.resource, stored.scope, stored.warnings) == (span.data, RESOURCE, SCOPE, "one\ntwo")
    row = stored.row
    for column in (
        "trace_id",
        "span_id",
        "parent_span_id",
        "name",
        "otel_kind",
        "start_time_unix_nano",
        "end_time_unix_nano",
        "status_code",
        "status_message",
        "kind",
        "is_error",
        "model",
        "provider",
        "input_tokens",
        "output_tokens",
        "cost_total",
        "session_id",
        "user_id",
        "tool_name",
        "agent_name",
        "preview",
    ):
        assert getattr(row, column) == getattr(span, column), column
    assert row.is_error is True
    assert row.cost_source == "estimated"
    assert (row.service, row.project, row.scope_name) == (RESOURCE.service, RESOURCE.project, SCOPE.name)


def test_a_slice_of_any_size(store: Backend) -> None:
    for number, size in enumerate((0, 1, 10_000, 5_000_000), start=1):
        span = make_incoming_span(number, data=bytes([number]) * size)
        store.writer.write([make_batch(span)])
        assert store.writer.write([make_batch(span)]).unchanged_spans == 1
    assert [len(span.data) for span in all_spans(store.reader)] == [0, 1, 10_000, 5_000_000]


def test_logs_are_told_apart_by_bytes_resource_and_scope(store: Backend) -> None:
    log = make_incoming_log(1, data=b"same")
    store.writer.write([make_batch(logs=[log])])
    assert store.writer.write([make_batch(logs=[log, log])]).new_logs == 0
    assert store.writer.write([make_batch(logs=[log], resources=[ResourceRecord(b"x", "", "", "")])]).new_logs == 1
    assert store.writer.write([make_batch(logs=[log], scopes=[ScopeRecord(b"x", "", "", "")])]).new_logs == 1
    assert [stored.data for stored in all_logs(store.reader)] == [b"same"] * 3


def test_all_of_a_group_or_nothing(store: Backend) -> None:
    """A value that cannot be stored takes the whole transaction back, and the writer goes on."""
    other = ResourceRecord(b"fresh", "", "fresh", "")
    bad = make_incoming_span(2, start_time_unix_nano=2**63)
    with pytest.raises(StoreError):
        store.writer.write([make_batch(make_incoming_span(1), resources=[other]), make_batch(bad)])
    assert store.reader.size().spans == 0
    assert store.writer.write([make_batch(make_incoming_span(1), resources=[other])]).sequence == 1
    assert [row.service for row in store.reader.spans()] == ["fresh"]


def test_a_closed_writer_says_so(store: Backend) -> None:
    store.writer.close()
    store.writer.close()
    with pytest.raises(StoreError, match="closed"):
        store.writer.write([make_batch(make_incoming_span())])


def test_all_is_there_after_opening_again(store: Backend) -> None:
    store.writer.write([make_batch(*make_trace(1), logs=[make_incoming_log()])])
    before = store.reader.traces(), store.reader.spans(), store.reader.logs()
    store.reopen()
    assert (store.reader.traces(), store.reader.spans(), store.reader.logs()) == before
    store.writer.write([make_batch(*make_trace(2), make_incoming_span(8, parent=1))])
    assert [row.row_id for row in store.reader.spans()] == list(range(1, 8)), "row ids go on counting"
    assert store.reader.traces()[1].span_count + store.reader.traces()[0].span_count == 7


def test_times_that_are_missing(store: Backend) -> None:
    store.writer.write([make_batch(make_incoming_span(1, start_time_unix_nano=0, end_time_unix_nano=0))])
    trace = store.reader.traces()[0]
    assert (trace.start_time_unix_nano, trace.end_time_unix_nano, trace.duration_nano) == (0, 0, None)
    store.writer.write([make_batch(make_incoming_span(2, parent=1))])
    assert store.reader.traces()[0].start_time_unix_nano == START + 2_000_000_000
