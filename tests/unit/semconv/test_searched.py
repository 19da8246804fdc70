"""What a search asks of a span and no column has is what the full reading says, at a tenth of the cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from tests.support.corpus import SCENARIOS, requests
from tracetui import semconv
from tracetui.model.attributes import Attributes
from tracetui.model.span import InstrumentationScope, LogRecord, Span, SpanEvent
from tracetui.otlp import decode
from tracetui.otlp.wire import Signal, slice_request
from tracetui.semconv import SearchedFields
from tracetui.semconv.core import searched as module
from tracetui.semconv.core.normalise import Reading


def look(span: Span, data: bytes = b"finish_reason", logs: Sequence[LogRecord] = ()) -> SearchedFields:
    return semconv.searched(
        span.scope.name, span.name, span.attributes, lambda: span, data, has_events=bool(span.events), logs=logs
    )


def check(span: Span, data: bytes = b"finish_reason", logs: Sequence[LogRecord] = ()) -> SearchedFields:
    full = semconv.normalise(span, logs)
    found = look(span, data, logs)
    assert found.tags == full.tags
    assert found.finish_reasons == full.finish_reasons
    assert found.documents == full.documents
    assert found.ttft_s == full.ttft_s
    assert found.may_have_input or not (full.input or full.input_messages)
    assert found.may_have_output or not (full.output or full.output_messages)
    return found


def make_span(attributes: Attributes, *, scope: str = "", events: Sequence[SpanEvent] = (), name: str = "chat") -> Span:
    return Span(
        "a" * 32,
        "b" * 16,
        name,
        start_time_unix_nano=10**18,
        end_time_unix_nano=10**18 + 5 * 10**9,
        attributes=attributes,
        events=tuple(events),
        scope=InstrumentationScope(scope),
    )


def corpus(scenario: str) -> Iterator[tuple[Span, bytes, list[LogRecord]]]:
    logs: dict[tuple[str, str], list[LogRecord]] = {}
    spans = []
    for signal, body in requests(scenario):
        for resource in slice_request(body).resources:
            for scope in resource.scopes:
                found = decode.scope(scope.data, scope.schema_url)
                for data in scope.items:
                    if signal is Signal.TRACES:
                        spans.append((decode.span(data, scope=found), data))
                    else:
                        record = decode.log_record(data)
                        logs.setdefault((record.trace_id, record.span_id), []).append(record)
    for span, data in spans:
        told = logs.get((span.trace_id, span.span_id), [])
        yield (
            span,
            data,
            [
                record
                for record in told
                if semconv.tells(semconv.event_name(record.event_name, record.attributes, record.body))
            ],
        )


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_it_is_what_the_full_reading_says_of_real_exports(scenario: str) -> None:
    """Twice: the first of its keys, then with what is remembered of them; also without its log records."""
    for _ in range(2):
        for span, data, logs in corpus(scenario):
            check(span, data, logs)
            check(span, data)


GENAI: dict[str, Any] = {"gen_ai.operation.name": "chat", "gen_ai.response.finish_reasons": ["stop"]}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (GENAI, {**GENAI, "gen_ai.response.finish_reasons": ["length"]}),
        (GENAI, {**GENAI, "gen_ai.response.finish_reasons": []}),
        ({"tag.tags": []}, {"tag.tags": ["a", "b"]}),
        ({"tag.tags": "not, json"}, {"tag.tags": '["x"]'}),
        ({"retrieval.documents.0.document.content": ""}, {"retrieval.documents.0.document.content": "text"}),
        ({"gen_ai.server.time_to_first_token": 99.0}, {"gen_ai.server.time_to_first_token": 0.5}),
        ({"gen_ai.output.messages": "[]"}, {"gen_ai.output.messages": '[{"role":"assistant","finish_reason":"stop"}]'}),
        (
            {"mlflow.spanOutputs": '"x"', "mlflow.spanType": '"LLM"'},
            {"mlflow.spanOutputs": "[]", "mlflow.spanType": '"RETRIEVER"'},
        ),
        ({"http.route": "/a"}, {"http.route": "/b"}),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_what_is_remembered_of_keys_does_not_depend_on_values(
    first: Mapping[str, Any], second: Mapping[str, Any], order: int
) -> None:
    module._shapes.clear()
    for attributes in (first, second, first)[::order]:
        check(make_span(attributes))


def test_events_count() -> None:
    module._shapes.clear()
    token = SpanEvent("First Token Stream Event", 10**18 + 10**9)
    other = SpanEvent("other", 10**18 + 10**9)
    scope = "openinference.instrumentation.openai"
    found = [check(make_span({"a": 1}, scope=scope, events=events)) for events in ((), (other,), (token,), ())]
    assert [each.ttft_s for each in found] == [None, None, 1.0, None]


def test_scopes_count() -> None:
    module._shapes.clear()
    keys = {"stop_reason": "end_turn"}
    found = [check(make_span(keys, scope=scope)) for scope in ("", "com.anthropic.claude_code", "")]
    assert [each.finish_reasons for each in found] == [(), ("end_turn",), ()]


def test_plain_spans_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once their keys are known, no reader is asked."""
    span = make_span({"http.route": "/a", "http.request.method": "GET", "server.address": "db"})
    expected = check(span)

    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(Reading, "__init__", fail)
    assert look(make_span(dict.fromkeys(span.attributes, "other"))) == expected == SearchedFields()


def test_very_many_sets_of_keys_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_SHAPES", 10)
    module._shapes.clear()
    for number in range(50):
        check(make_span({f"key.{number}": 1}))
        check(make_span({f"key.{number}.{other}": 1 for other in range(300)}))
    assert len(module._shapes) <= 10
