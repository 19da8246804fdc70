"""Protobuf messages as OTLP/JSON objects: ids in hex, enums as numbers, 64-bit integers as decimal text.

Fields at their default are left out, as the protobuf encoding leaves them out, except where their presence means
something (the members of an AnyValue, a status, a body). The reverse is `json_parse`.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable
from typing import Any

JSONDict = dict[str, Any]


def span_fields(message: Any) -> JSONDict:
    """A protobuf `Span`."""
    result: JSONDict = {"traceId": message.trace_id.hex(), "spanId": message.span_id.hex()}
    _put(result, "traceState", message.trace_state)
    _put(result, "parentSpanId", message.parent_span_id.hex())
    _put(result, "flags", message.flags)
    result["name"] = message.name
    _put(result, "kind", message.kind)
    _put_long(result, "startTimeUnixNano", message.start_time_unix_nano)
    _put_long(result, "endTimeUnixNano", message.end_time_unix_nano)
    _put(result, "attributes", _pairs(message.attributes))
    _put(result, "droppedAttributesCount", message.dropped_attributes_count)
    _put(result, "events", [_event(event) for event in message.events])
    _put(result, "droppedEventsCount", message.dropped_events_count)
    _put(result, "links", [_link(link) for link in message.links])
    _put(result, "droppedLinksCount", message.dropped_links_count)
    if message.HasField("status"):
        status: JSONDict = {}
        _put(status, "message", message.status.message)
        _put(status, "code", message.status.code)
        result["status"] = status
    return result


def log_record_fields(message: Any) -> JSONDict:
    """A protobuf `LogRecord`."""
    result: JSONDict = {}
    _put_long(result, "timeUnixNano", message.time_unix_nano)
    _put_long(result, "observedTimeUnixNano", message.observed_time_unix_nano)
    _put(result, "severityNumber", message.severity_number)
    _put(result, "severityText", message.severity_text)
    _put(result, "eventName", message.event_name)
    if message.HasField("body"):
        result["body"] = _value(message.body)
    _put(result, "attributes", _pairs(message.attributes))
    _put(result, "droppedAttributesCount", message.dropped_attributes_count)
    _put(result, "flags", message.flags)
    _put(result, "traceId", message.trace_id.hex())
    _put(result, "spanId", message.span_id.hex())
    return result


def resource_fields(message: Any) -> JSONDict:
    """A protobuf `Resource`."""
    result: JSONDict = {}
    _put(result, "attributes", _pairs(message.attributes))
    _put(result, "droppedAttributesCount", message.dropped_attributes_count)
    _put(result, "entityRefs", [_entity(entity) for entity in message.entity_refs])
    return result


def scope_fields(message: Any) -> JSONDict:
    """A protobuf `InstrumentationScope`."""
    result: JSONDict = {}
    _put(result, "name", message.name)
    _put(result, "version", message.version)
    _put(result, "attributes", _pairs(message.attributes))
    _put(result, "droppedAttributesCount", message.dropped_attributes_count)
    return result


def _event(message: Any) -> JSONDict:
    result: JSONDict = {}
    _put_long(result, "timeUnixNano", message.time_unix_nano)
    _put(result, "name", message.name)
    _put(result, "attributes", _pairs(message.attributes))
    _put(result, "droppedAttributesCount", message.dropped_attributes_count)
    return result


def _link(message: Any) -> JSONDict:
    result: JSONDict = {"traceId": message.trace_id.hex(), "spanId": message.span_id.hex()}
    _put(result, "traceState", message.trace_state)
    _put(result, "attributes", _pairs(message.attributes))
    _put(result, "droppedAttributesCount", message.dropped_attributes_count)
    _put(result, "flags", message.flags)
    return result


def _entity(message: Any) -> JSONDict:
    result: JSONDict = {}
    _put(result, "schemaUrl", message.schema_url)
    _put(result, "type", message.type)
    _put(result, "idKeys", list(message.id_keys))
    _put(result, "descriptionKeys", list(message.description_keys))
    return result


def _pairs(messages: Iterable[Any]) -> list[JSONDict]:
    result = []
    for message in messages:
        pair: JSONDict = {"key": message.key}
        if message.HasField("value"):
            pair["value"] = _value(message.value)
        _put(pair, "keyStrindex", message.key_strindex)
        result.append(pair)
    return result


def _value(message: Any) -> JSONDict:
    match message.WhichOneof("value"):
        case None:
            return {}
        case "string_value":
            return {"stringValue": message.string_value}
        case "bool_value":
            return {"boolValue": message.bool_value}
        case "int_value":
            return {"intValue": str(message.int_value)}
        case "double_value":
            return {"doubleValue": _double(message.double_value)}
        case "array_value":
            return {"arrayValue": {"values": [_value(item) for item in message.array_value.values]}}
        case "kvlist_value":
            return {"kvlistValue": {"values": _pairs(message.kvlist_value.values)}}
        case "bytes_value":
            return {"bytesValue": base64.b64encode(message.bytes_value).decode()}
        case _:
            return {"stringValueStrindex": message.string_value_strindex}


def _double(number: float) -> float | str:
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _put(result: JSONDict, key: str, value: object) -> None:
    if value:
        result[key] = value


def _put_long(result: JSONDict, key: str, value: int) -> None:
    if value:
        result[key] = str(value)
