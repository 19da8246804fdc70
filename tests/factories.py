"""Spans, log records and traces for tests: readable defaults, fixed ids, a fixed clock.

writer.write([make_batch(*make_trace(1, spans=4), make_llm_span(5, parent=2))])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracetui.store.records import IncomingBatch, IncomingLog, IncomingSpan, ResourceRecord, ScopeRecord

START = 1_700_000_000_000_000_000
"""When every test begins: 2023-11-14 22:13:20 UTC, in nanoseconds."""

SECOND = 1_000_000_000

RESOURCE = ResourceRecord(b"\n\x0bshop-worker", "", "shop", "checkout")
SCOPE = ScopeRecord(b"\n\x06openai", "", "openai", "1.0")


class FixedClock:
    """A clock that moves only when told; a `Clock`."""

    def __init__(self, now_nano: int = START) -> None:
        self.nano = now_nano

    def now_nano(self) -> int:
        return self.nano

    def monotonic(self) -> float:
        return self.nano / SECOND

    def advance(self, seconds: float) -> None:
        self.nano += round(seconds * SECOND)


def trace_id(number: int) -> str:
    """The trace id that stands for a number: 1 is `0…01`."""
    return f"{number:032x}"


def span_id(number: int) -> str:
    """The span id that stands for a number; 0, as a parent, is none."""
    return f"{number:016x}" if number else ""


def make_incoming_span(number: int = 1, *, trace: int = 1, parent: int = 0, **columns: Any) -> IncomingSpan:
    """A span as the receivers hand it to the store.

    Args:
        number: Its id, and the second after `START` at which it starts unless told otherwise; it lasts a second.
        trace: Its trace.
        parent: Its parent's number; 0 for a root.
        columns: Any other column by name. `data` is made of the columns unless given, so that spans with different
            columns have different bytes.
    """
    start = START + number * SECOND
    values: dict[str, Any] = {
        "trace_id": trace_id(trace),
        "span_id": span_id(number),
        "parent_span_id": span_id(parent),
        "name": f"span {number}",
        "otel_kind": 1,
        "start_time_unix_nano": start,
        "end_time_unix_nano": start + SECOND,
        "status_code": 0,
        "status_message": "",
        "kind": "UNKNOWN",
        "is_error": False,
        "model": "",
        "provider": "",
        "input_tokens": None,
        "output_tokens": None,
        "cache_read_tokens": None,
        "cache_write_tokens": None,
        "reasoning_tokens": None,
        "cost_total": None,
        "cost_input": None,
        "cost_output": None,
        "cost_estimated": False,
        "session_id": "",
        "user_id": "",
        "tool_name": "",
        "agent_name": "",
        "preview": "",
        "resource_index": 0,
        "scope_index": 0,
        "warnings": "",
    }
    values.update(columns)
    values.setdefault("data", repr(sorted(values.items())).encode())
    return IncomingSpan(**values)


def make_llm_span(
    number: int = 1,
    *,
    input_tokens: int | None = 100,
    output_tokens: int | None = 10,
    model: str = "gpt-4o-mini",
    **columns: Any,
) -> IncomingSpan:
    """A span of kind LLM that carries usage."""
    return make_incoming_span(
        number, kind="LLM", input_tokens=input_tokens, output_tokens=output_tokens, model=model, **columns
    )


def make_trace(trace: int = 1, *, spans: int = 3, **columns: Any) -> list[IncomingSpan]:
    """A trace of a root, numbered 1, and its children."""
    return [
        make_incoming_span(number, trace=trace, parent=min(number - 1, 1), **columns) for number in range(1, spans + 1)
    ]


def make_incoming_log(number: int = 1, *, trace: int = 1, span: int = 1, **columns: Any) -> IncomingLog:
    """A log record as the receivers hand it to the store; trace and span 0 for none."""
    values: dict[str, Any] = {
        "trace_id": trace_id(trace) if trace else "",
        "span_id": span_id(span),
        "time_unix_nano": START + number * SECOND,
        "severity_number": 9,
        "event_name": "",
        "body_text": f"log {number}",
        "resource_index": 0,
        "scope_index": 0,
    }
    values.update(columns)
    values.setdefault("data", repr(sorted(values.items())).encode())
    return IncomingLog(**values)


def make_batch(
    *spans: IncomingSpan,
    logs: Sequence[IncomingLog] = (),
    resources: Sequence[ResourceRecord] = (RESOURCE,),
    scopes: Sequence[ScopeRecord] = (SCOPE,),
) -> IncomingBatch:
    """What one export request brings."""
    size = sum(len(span.data) + 500 for span in spans) + sum(len(log.data) + 200 for log in logs)
    return IncomingBatch(resources, scopes, spans, logs, size)
