"""The corpus of queries under `tests/queries`, and conditions as text that a person can check."""

from __future__ import annotations

import os
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, assert_never

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue

from tracetui.store.conditions import (
    And,
    Attribute,
    Between,
    Compare,
    Condition,
    Equals,
    Has,
    HasAncestor,
    HasParent,
    InTrace,
    Like,
    Matches,
    Not,
    Operand,
    Or,
    SpanField,
    TraceField,
    TraceHas,
    Words,
)

FOLDER = Path(__file__).parents[1] / "queries"

NOW_NANO = int(datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC).timestamp()) * 10**9
"""What the corpus calls now."""

ZONE = "Asia/Kolkata"
"""The local time of the corpus: 5:30 h ahead of UTC, all the year."""


TRACES = {1: "76e39be8171493c9cf21e4df54158660"}
SPANS = {(1, 3): "2db05467d740cc03"}
"""Ids of the corpus that are not just numbers."""


@dataclass(frozen=True)
class ValidQuery:
    """A query that means something."""

    text: str
    prints: str
    """As the printer writes it."""
    condition: str
    """What it asks of a span, as `shown` writes it."""
    spans: tuple[str, ...]
    """The spans of `spans.toml` that it finds, as trace and span: `1.2`; `all` for all of them."""


@dataclass(frozen=True)
class InvalidQuery:
    """A query that is an error."""

    text: str
    message: str
    column: int
    """From 1."""
    length: int
    suggestion: str
    incomplete: bool


def valid_queries() -> list[ValidQuery]:
    """Those that mean something."""
    found = tomllib.loads((FOLDER / "valid.toml").read_text("utf-8"))["query"]
    return [
        ValidQuery(
            each["text"], each.get("prints", each["text"]), each["condition"], tuple(each.get("spans", "").split())
        )
        for each in found
    ]


def corpus_spans() -> ExportTraceServiceRequest:
    """The spans of `spans.toml` as a request; to be called in `local_time`."""
    request = ExportTraceServiceRequest()
    for each in tomllib.loads((FOLDER / "spans.toml").read_text("utf-8"))["span"]:
        resource = request.resource_spans.add()
        _fill(resource.resource.attributes, each.get("resource", {}))
        scope = resource.scope_spans.add()
        scope.scope.name = each.get("scope", "")
        start = int(datetime.fromisoformat(each["start"]).timestamp()) * 10**9
        status, _, message = each.get("status", "").partition(": ")
        span = scope.spans.add(
            trace_id=bytes.fromhex(TRACES.get(each["trace"], f"{each['trace']:032x}")),
            span_id=bytes.fromhex(SPANS.get((each["trace"], each["id"]), f"{each['id']:016x}")),
            parent_span_id=each["parent"].to_bytes(8, "big") if "parent" in each else b"",
            name=each["name"],
            kind=each.get("kind", 1),
            start_time_unix_nano=start,
            end_time_unix_nano=start + each["took"] * 10**6,
        )
        span.status.code = {"": 0, "ok": 1, "error": 2}[status]
        span.status.message = message
        _fill(span.attributes, each.get("attributes", {}))
    return request


def label(trace_id: str, span_id: str) -> str:
    """A span as the corpus calls it: `1.2`."""
    trace = next((number for number, spelled in TRACES.items() if spelled == trace_id), None)
    span = next((number for (_, number), spelled in SPANS.items() if spelled == span_id), None)
    return f"{trace or int(trace_id, 16)}.{span or int(span_id, 16)}"


def _fill(attributes: Any, values: Mapping[str, Any]) -> None:
    attributes.extend([KeyValue(key=key, value=_any(value)) for key, value in values.items()])


def _any(value: Any) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case list():
            return AnyValue(array_value=ArrayValue(values=[_any(item) for item in value]))
        case _:
            return AnyValue(string_value=value)


def invalid_queries() -> list[InvalidQuery]:
    """Those that are errors."""
    found = tomllib.loads((FOLDER / "invalid.toml").read_text("utf-8"))["query"]
    return [
        InvalidQuery(
            each["text"],
            each["message"],
            each["column"],
            each.get("length", 1),
            each.get("suggestion", ""),
            each.get("incomplete", False),
        )
        for each in found
    ]


@contextmanager
def local_time(zone: str = ZONE) -> Iterator[None]:
    """The machine stands in this time zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


def shown(condition: Condition | None) -> str:
    """A condition as text: `and(kind = 'LLM', not status = 'error', tokens > 1000)`."""
    match condition:
        case None:
            return "nothing"
        case Words(text, whole, within):
            return f'{"phrase" if whole else "words"} "{text}"{f" in {within}" if within else ""}'
        case Equals(operand, text):
            return f'{_name(operand)} = "{text}"'
        case Like(operand, pieces):
            return f'{_name(operand)} like "{"*".join(pieces)}"'
        case Matches(operand, pattern):
            return f'{_name(operand)} ~ "{pattern}"'
        case Compare(operand, comparison, number):
            return f"{_name(operand)} {comparison} {_number(operand, number)}"
        case Between(operand, low, high):
            return f"{_name(operand)} {_number(operand, low)}..{_number(operand, high)}"
        case Has(operand):
            return f"has {_name(operand)}"
        case InTrace(trace_id):
            return f"in trace {trace_id}"
        case HasParent(part):
            return f"below({shown(part)})"
        case HasAncestor(part):
            return f"under({shown(part)})"
        case TraceHas(part):
            return f"beside({shown(part)})"
        case Not(part):
            return f"not {shown(part)}"
        case And(parts):
            return f"and({', '.join(map(shown, parts))})"
        case Or(parts):
            return f"or({', '.join(map(shown, parts))})"
        case _:
            assert_never(condition)


def _name(operand: Operand) -> str:
    if isinstance(operand, Attribute):
        return f"{'resource @' if operand.of_resource else '@'}{operand.key}"
    return operand.value


def _number(operand: Operand, number: int | float) -> str:
    if operand in (SpanField.DURATION, SpanField.TTFT, TraceField.DURATION):
        return f"{number:_} ns"
    if operand in (SpanField.START, TraceField.START):
        seconds, nano = divmod(int(number), 10**9)
        moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{moment}{f'.{nano:09d}' if nano else ''}Z"
    return repr(number)
