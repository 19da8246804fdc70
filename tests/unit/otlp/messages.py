"""Protobuf messages for tests: readable defaults, fixed ids."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from tracetui.otlp.encode import ExportItem
from tracetui.otlp.protowire import bytes_field
from tracetui.otlp.wire import Signal, SlicedRequest

# the generated classes take dicts and numbers where their stubs know only messages and enums
AnyValue: Any = common_pb2.AnyValue
KeyValue: Any = common_pb2.KeyValue
LogRecord: Any = logs_pb2.LogRecord
Span: Any = trace_pb2.Span
ExportTraceServiceRequest: Any = trace_service_pb2.ExportTraceServiceRequest
ExportLogsServiceRequest: Any = logs_service_pb2.ExportLogsServiceRequest

CORPUS = Path(__file__).parents[2] / "corpus"

CAPTURES = sorted(CORPUS.glob("*/*.pb"))
"""Every captured protobuf request."""

TRACE_ID = bytes.fromhex("0af7651916cd43dd8448eb211c80319c")
SPAN_ID = bytes.fromhex("b7ad6b7169203331")
PARENT_ID = bytes.fromhex("00f067aa0ba902b7")
START = 1_700_000_000_000_000_000


def make_span(number: int = 0, **fields: Any) -> Any:
    """A `Span` message; `number` tells its id."""
    defaults = {
        "trace_id": TRACE_ID,
        "span_id": (int.from_bytes(SPAN_ID) + number).to_bytes(8),
        "name": "chat",
        "kind": 3,
        "start_time_unix_nano": START,
        "end_time_unix_nano": START + 1_000_000,
    }
    return Span(**{**defaults, **fields})


def make_log(**fields: Any) -> Any:
    """A `LogRecord` message."""
    return LogRecord(
        **{
            "time_unix_nano": START,
            "severity_number": 9,
            "body": AnyValue(string_value="hello"),
            "trace_id": TRACE_ID,
            "span_id": SPAN_ID,
            **fields,
        }
    )


def make_request(*spans: Any, service: str = "shop", scope: str = "tests") -> Any:
    """An `ExportTraceServiceRequest` of one resource and one scope."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = service
    resource.scope_spans.add(spans=spans).scope.name = scope
    return request


def make_log_request(*records: Any) -> Any:
    """An `ExportLogsServiceRequest` of one resource and one scope."""
    request = ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "shop"
    resource.scope_logs.add(log_records=records).scope.name = "tests"
    return request


def nested(levels: int, *, maps: bool = False) -> Any:
    """A value that holds values, this many levels in all."""
    value = AnyValue(string_value="deep")
    for _ in range(levels - 1):
        outer = AnyValue()
        if maps:
            outer.kvlist_value.values.add(key="k").value.CopyFrom(value)
        else:
            outer.array_value.values.add().CopyFrom(value)
        value = outer
    return value


def signal_of(path: Path) -> Signal:
    """What a captured request carries."""
    return Signal.TRACES if path.name.startswith("traces") else Signal.LOGS


def items_of(requests: Iterable[SlicedRequest]) -> list[ExportItem]:
    """Everything in sliced requests, in order."""
    return [
        ExportItem(data, resource.data, resource.schema_url, scope.data, scope.schema_url)
        for request in requests
        for resource in request.resources
        for scope in resource.scopes
        for data in scope.items
    ]


def nested_in(place: str, levels: int, *, maps: bool = False, inner_maps: int = 0) -> bytes:
    """A span with a value of so many levels, put together by hand: the library itself stops somewhere."""
    value = AnyValue(string_value="deep").SerializeToString()
    for level in range(levels - 1):
        value = (
            bytes_field(6, bytes_field(1, bytes_field(1, b"k") + bytes_field(2, value)))
            if maps or level < inner_maps
            else bytes_field(5, bytes_field(1, value))
        )
    pair = bytes_field(1, b"k") + bytes_field(2, value)
    number, inner = {"attributes": (9, pair), "event": (11, bytes_field(3, pair)), "link": (13, bytes_field(4, pair))}[
        place
    ]
    data: bytes = make_span().SerializeToString()
    return data + bytes_field(number, inner)
