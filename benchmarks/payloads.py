"""Export requests of LLM spans as OpenInference sends them: the same for the same seed, encoded beforehand."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

SPANS_PER_REQUEST = 512
"""What the batch span processor of every SDK sends at most, by default."""
SPANS_PER_TRACE = 20
SPAN_BYTES = 2_400
START_NANO = 1_790_000_000_000_000_000

_WORDS = (
    "refund policy order delivered late customer invoice shipping address credit card payment account email "
    "reply summary ticket escalate priority region warehouse stock supplier contract renewal discount question "
    "answer context document retrieved relevant passage according to the following therefore please note"
).split()


def requests(
    spans: int,
    *,
    seed: int = 7,
    per_request: int = SPANS_PER_REQUEST,
    per_trace: int = SPANS_PER_TRACE,
    start_nano: int = START_NANO,
) -> Iterator[bytes]:
    """Encoded ExportTraceServiceRequests that hold this many spans in all.

    Traces follow one another, so that at most one of a request's traces goes on in the next. Each is one AGENT span
    with LLM spans below it.
    """
    chance = random.Random(seed)
    trace_id, root = b"", b""
    for first in range(0, spans, per_request):
        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add()
        resource.resource.attributes.extend(
            [
                _pair("service.name", "bench"),
                _pair("openinference.project.name", "bench"),
                _pair("telemetry.sdk.language", "python"),
                _pair("telemetry.sdk.version", "1.39.0"),
            ]
        )
        scope = resource.scope_spans.add()
        scope.scope.name, scope.scope.version = "openinference.instrumentation.openai", "0.1.41"
        for number in range(first, min(first + per_request, spans)):
            if number % per_trace == 0:
                trace_id, root = chance.randbytes(16), chance.randbytes(8)
                scope.spans.append(_span(chance, trace_id, root, b"", start_nano + number * 1_000_000))
            else:
                scope.spans.append(_span(chance, trace_id, chance.randbytes(8), root, start_nano + number * 1_000_000))
        yield request.SerializeToString()


def one_trace(
    spans: int, *, seed: int = 7, trace_id: bytes = b"", fan_out: int = 8, start_nano: int = START_NANO
) -> Iterator[bytes]:
    """Encoded requests that together hold one trace: a tree in which each span has up to `fan_out` children."""
    chance = random.Random(seed)
    trace_id = trace_id or chance.randbytes(16)
    ids = [chance.randbytes(8) for _ in range(spans)]
    for first in range(0, spans, SPANS_PER_REQUEST):
        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add()
        resource.resource.attributes.append(_pair("service.name", "bench"))
        scope = resource.scope_spans.add()
        scope.scope.name = "openinference.instrumentation.openai"
        for number in range(first, min(first + SPANS_PER_REQUEST, spans)):
            parent = ids[(number - 1) // fan_out] if number else b""
            scope.spans.append(_span(chance, trace_id, ids[number], parent, start_nano + number * 1_000_000))
        yield request.SerializeToString()


def _span(chance: random.Random, trace_id: bytes, span_id: bytes, parent: bytes, start: int) -> Span:
    span = Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=parent,
        kind=Span.SPAN_KIND_INTERNAL,
        name="ChatCompletion" if parent else "answer_customer",
        start_time_unix_nano=start,
        end_time_unix_nano=start + chance.randrange(50_000_000, 3_000_000_000),
    )
    span.status.code = span.status.STATUS_CODE_OK
    span.attributes.extend(_attributes(chance, "LLM" if parent else "AGENT"))
    missing = SPAN_BYTES - span.ByteSize()
    span.attributes[9].value.string_value += _text(chance, missing)
    return span


def _attributes(chance: random.Random, kind: str) -> list[KeyValue]:
    prompt, completion = chance.randrange(100, 4_000), chance.randrange(10, 900)
    question, answer = _text(chance, 220), _text(chance, 260)
    message = {"role": "user", "content": question}
    values: dict[str, str | int | float] = {
        "openinference.span.kind": kind,
        "llm.model_name": "gpt-4o-mini-2024-07-18",
        "llm.provider": "openai",
        "llm.system": "openai",
        "llm.invocation_parameters": json.dumps({"model": "gpt-4o-mini", "temperature": 0.2, "max_tokens": 1024}),
        "input.value": json.dumps({"messages": [message], "model": "gpt-4o-mini"}),
        "input.mime_type": "application/json",
        "output.value": answer,
        "output.mime_type": "text/plain",
        "llm.input_messages.0.message.content": "You answer customers of a shop. ",
        "llm.input_messages.0.message.role": "system",
        "llm.input_messages.1.message.role": "user",
        "llm.input_messages.1.message.content": question,
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": answer,
        "llm.token_count.prompt": prompt,
        "llm.token_count.completion": completion,
        "llm.token_count.total": prompt + completion,
        "session.id": f"session-{chance.randrange(5_000)}",
        "user.id": f"user-{chance.randrange(500)}",
    }
    return [_pair(key, value) for key, value in values.items()]


def _pair(key: str, value: str | float) -> KeyValue:
    if isinstance(value, str):
        return KeyValue(key=key, value=AnyValue(string_value=value))
    if isinstance(value, int):
        return KeyValue(key=key, value=AnyValue(int_value=value))
    return KeyValue(key=key, value=AnyValue(double_value=value))


def _text(chance: random.Random, length: int) -> str:
    words: list[str] = []
    size = 0
    while size < length:
        words.append(chance.choice(_WORDS))
        size += len(words[-1]) + 1
    return " ".join(words)[: max(0, length)]
