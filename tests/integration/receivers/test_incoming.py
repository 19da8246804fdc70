"""An export request's body to the rows that the store takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.otlp.messages import (
    CAPTURES,
    CORPUS,
    PARENT_ID,
    SPAN_ID,
    START,
    TRACE_ID,
    AnyValue,
    KeyValue,
    Span,
    items_of,
    make_log,
    make_log_request,
    make_request,
    make_span,
    signal_of,
)
from tracetui.errors import MalformedRequest
from tracetui.otlp.encode import json_line, json_requests
from tracetui.otlp.protowire import bytes_field
from tracetui.otlp.wire import Signal, slice_request
from tracetui.receivers.incoming import BODY_TEXT_LENGTH, Incoming, read_request
from tracetui.store.records import IncomingLog, IncomingSpan


def text(key: str, value: str) -> Any:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def number(key: str, value: int) -> Any:
    return KeyValue(key=key, value=AnyValue(int_value=value))


def read(*spans: Any) -> Incoming:
    return read_request(Signal.TRACES, make_request(*spans).SerializeToString())


def row(**fields: Any) -> IncomingSpan:
    (span,) = read(make_span(**fields)).batch.spans
    return span


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_capture_is_taken_whole_and_its_json_twin_makes_equal_rows(path: Path) -> None:
    signal, body = signal_of(path), path.read_bytes()
    incoming = read_request(signal, body)
    items = items_of([slice_request(body)])
    assert incoming.rejected == 0
    assert len(incoming.batch.spans) + len(incoming.batch.logs) == len(items) > 0

    def rows(taken: Incoming) -> list[tuple[object, ...]]:
        """Rows with their resource and scope in place of the indexes, which follow the order in the request."""
        batch = taken.batch
        taken_rows: tuple[Any, ...] = (*batch.spans, *batch.logs)
        return sorted(
            (
                row._replace(resource_index=0, scope_index=0),
                batch.resources[row.resource_index],
                batch.scopes[row.scope_index],
            )
            for row in taken_rows
        )

    twins = [
        read_request(signal, json_line(request).encode(), is_json=True) for request in json_requests(signal, items)
    ]
    assert sorted(pair for twin in twins for pair in rows(twin)) == rows(incoming)


def test_captured_json_bodies_store_what_the_protobuf_capture_stores() -> None:
    from_json = read_request(Signal.TRACES, (CORPUS / "otlp-json" / "001-traces.json").read_bytes(), is_json=True)
    assert from_json.batch == read_request(Signal.TRACES, (CORPUS / "otlp-json" / "traces.pb").read_bytes()).batch


def test_a_row_has_the_columns_of_its_span() -> None:
    message = make_span(
        name="ChatCompletion",
        kind=3,
        parent_span_id=PARENT_ID,
        status={"code": 2, "message": "boom"},
        attributes=[
            text("openinference.span.kind", "LLM"),
            text("llm.model_name", "gpt-4o"),
            number("llm.token_count.prompt", 12),
            number("llm.token_count.completion", 3),
            text("session.id", "s-1"),
            text("user.id", "u-1"),
        ],
    )
    (span,) = read(message).batch.spans
    assert (span.trace_id, span.span_id, span.parent_span_id) == (TRACE_ID.hex(), SPAN_ID.hex(), PARENT_ID.hex())
    assert (span.name, span.otel_kind, span.status_code, span.status_message) == ("ChatCompletion", 3, 2, "boom")
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (START, START + 1_000_000)
    assert (span.kind, span.model, span.input_tokens, span.output_tokens) == ("LLM", "gpt-4o", 12, 3)
    assert (span.session_id, span.user_id, span.is_error, span.warnings) == ("s-1", "u-1", True, "")
    assert span.data == message.SerializeToString()


def test_an_error_is_read_from_the_events_too() -> None:
    failed = Span.Event(
        name="exception", attributes=[text("exception.message", "no such hotel"), text("exception.type", "LookupError")]
    )
    span = row(status={"code": 2}, events=[failed])
    assert span.is_error
    assert "no such hotel" in span.preview


def test_times_beyond_the_columns_are_clamped_and_the_bytes_are_not() -> None:
    span = row(end_time_unix_nano=2**64 - 1)
    assert span.end_time_unix_nano == 2**63 - 1
    assert Span.FromString(span.data).end_time_unix_nano == 2**64 - 1
    assert "2262" in span.warnings


def test_resources_and_scopes_stand_once() -> None:
    first, second = make_request(make_span(1)), make_request(make_span(2), make_span(3))
    other = make_request(make_span(4), service="other", scope="lib")
    other.resource_spans[0].resource.attributes.append(text("openinference.project.name", "travel"))
    body = b"".join(request.SerializeToString() for request in (first, other, second))
    batch = read_request(Signal.TRACES, body).batch
    assert [(resource.service, resource.project) for resource in batch.resources] == [("shop", ""), ("other", "travel")]
    assert [scope.name for scope in batch.scopes] == ["tests", "lib"]
    assert [(span.resource_index, span.scope_index) for span in batch.spans] == [(0, 0), (1, 1), (0, 0), (0, 0)]


def test_the_schema_url_tells_resources_apart() -> None:
    resource = make_request(make_span()).resource_spans[0].SerializeToString()
    body = bytes_field(1, resource) + bytes_field(1, resource + bytes_field(3, b"u"))
    batch = read_request(Signal.TRACES, body).batch
    assert [record.schema_url for record in batch.resources] == ["", "u"]


def test_reasons_and_warnings_are_counted_and_hold_no_values() -> None:
    incoming = read(
        make_span(1, name="secret", trace_id=b"secret"),
        make_span(2, trace_id=b"secret"),
        make_span(3, name="secret", end_time_unix_nano=0),
        make_span(4, end_time_unix_nano=0),
    )
    assert incoming.rejected == 2
    assert len(incoming.batch.spans) == 2
    (reason,) = incoming.reasons
    assert "trace_id has 6 bytes" in reason
    assert "(2 times)" in reason
    assert "(2 times)" in incoming.warnings[0]
    assert "secret" not in json.dumps([*incoming.reasons, *incoming.warnings])


def test_the_batch_knows_its_size() -> None:
    small, large = read(make_span()).batch, read(make_span(name="x" * 100_000)).batch
    assert 99_000 <= large.byte_size - small.byte_size <= 101_000


def test_an_unreadable_resource_spoils_the_request() -> None:
    scope = bytes_field(2, bytes_field(2, make_span().SerializeToString()))
    with pytest.raises(MalformedRequest, match="Resource"):
        read_request(Signal.TRACES, bytes_field(1, bytes_field(1, b"\x0a\x05a") + scope))


def read_log(**fields: Any) -> IncomingLog:
    (log,) = read_request(Signal.LOGS, make_log_request(make_log(**fields)).SerializeToString()).batch.logs
    return log


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (AnyValue(string_value="two\n  lines\t"), "two lines"),
        (AnyValue(), ""),
        (AnyValue(kvlist_value={"values": [text("content", "é"), number("n", 1)]}), '{"content": "é", "n": 1}'),
        (AnyValue(string_value="x" * 10_000), "x" * BODY_TEXT_LENGTH),
    ],
)
def test_a_log_body_becomes_one_short_line(body: Any, line: str) -> None:
    assert read_log(body=body).body_text == line


def test_a_log_row_has_the_columns_of_its_record() -> None:
    log = read_log(time_unix_nano=0, observed_time_unix_nano=2**64 - 1, event_name="gen_ai.choice")
    assert (log.time_unix_nano, log.event_name) == (2**63 - 1, "gen_ai.choice")
    incoming = read_request(
        Signal.LOGS,
        make_log_request(make_log(), make_log()).SerializeToString()
        + bytes_field(1, bytes_field(2, bytes_field(2, b"\x0a"))),
    )
    assert (len(incoming.batch.logs), incoming.rejected) == (2, 1)


def call(*attributes: Any) -> IncomingSpan:
    usage = (number("gen_ai.usage.input_tokens", 1_000), number("gen_ai.usage.output_tokens", 500))
    model = (text("gen_ai.provider.name", "openai"), text("gen_ai.request.model", "gpt-4o-mini"))
    return row(attributes=[*model, *usage, *attributes])


def cost_of(span: IncomingSpan) -> tuple[float | None, float | None, float | None, bool]:
    return span.cost_total, span.cost_input, span.cost_output, span.cost_estimated


def test_a_call_without_a_reported_cost_is_estimated_on_the_way_in() -> None:
    # $0.15 and $0.60 for a million
    assert cost_of(call(text("gen_ai.operation.name", "chat"))) == (0.00045, 0.00015, 0.0003, True)


def test_a_reported_cost_is_believed_before_an_estimate() -> None:
    reported = KeyValue(key="gen_ai.usage.cost", value=AnyValue(double_value=0.5))
    assert cost_of(call(text("gen_ai.operation.name", "chat"), reported)) == (0.5, None, None, False)
    nothing = KeyValue(key="gen_ai.usage.cost", value=AnyValue(double_value=0.0))
    assert cost_of(call(nothing)) == (0.0, None, None, False), "nought, as it was reported"


def test_a_sum_of_calls_and_a_model_without_a_price_cost_nothing_that_is_known() -> None:
    assert cost_of(call(text("gen_ai.operation.name", "invoke_agent"))) == (None, None, None, False)
    assert cost_of(call(text("gen_ai.response.model", "x"), text("gen_ai.provider.name", "ollama")))[0] is None
    assert cost_of(row(attributes=[]))[0] is None
