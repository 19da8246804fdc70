"""Slices back into export requests, as OTLP/JSON and as protobuf, without loss.

A request in JSON is one object, written as one line as the Collector's file exporter does. Encoded protobuf requests
may be joined: the joined bytes are one larger request.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from tracetui.otlp.json_fields import JSONDict
from tracetui.otlp.json_request import REQUEST_KEYS
from tracetui.otlp.objects import LOG_RECORD, RESOURCE, SCOPE, SPAN
from tracetui.otlp.protowire import bytes_field
from tracetui.otlp.wire import Signal

ITEMS_PER_REQUEST = 500
"""Spans or log records put into one request."""

BYTES_PER_REQUEST = 4 * 1024 * 1024
"""Bytes of slices after which a request is closed; well under what receivers take."""


class ExportItem(NamedTuple):
    """A span's or log record's slice with those of its resource and scope."""

    data: bytes
    resource: bytes
    resource_schema_url: str
    scope: bytes
    scope_schema_url: str


_Owner: TypeAlias = tuple[bytes, str]
"""The slice and the schema URL of a resource or scope."""

_Grouped: TypeAlias = dict[_Owner, dict[_Owner, list[bytes]]]
"""Slices by resource, then by scope, in order of first appearance."""


def span_object(data: bytes) -> JSONDict:
    """The OTLP/JSON object of an encoded `Span`.

    Raises:
        InvalidSpan: It is unreadable.
    """
    return SPAN.to_json(data)


def log_record_object(data: bytes) -> JSONDict:
    """The OTLP/JSON object of an encoded `LogRecord`.

    Raises:
        InvalidSpan: It is unreadable.
    """
    return LOG_RECORD.to_json(data)


def json_line(value: JSONDict) -> str:
    """An object as one line of JSON, without its line end."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def json_requests(signal: Signal, items: Iterable[ExportItem]) -> Iterator[JSONDict]:
    """Export requests in OTLP/JSON, each of a bounded number of items.

    Args:
        signal: `TRACES` or `LOGS`.
        items: The slices, in the order they shall stand; consumed as the requests are.

    Raises:
        InvalidSpan: A slice is unreadable.
    """
    for grouped in _groups(items):
        yield _json_request(signal, grouped)


def protobuf_requests(items: Iterable[ExportItem]) -> Iterator[bytes]:
    """Encoded ExportTraceServiceRequest or ExportLogsServiceRequest messages, which have one shape.

    Args:
        items: The slices, all of one signal; consumed as the requests are.
    """
    for grouped in _groups(items):
        yield _protobuf_request(grouped)


def _groups(items: Iterable[ExportItem]) -> Iterator[_Grouped]:
    grouped: _Grouped = {}
    count = size = 0
    for item in items:
        scopes = grouped.setdefault((item.resource, item.resource_schema_url), {})
        scopes.setdefault((item.scope, item.scope_schema_url), []).append(item.data)
        count += 1
        size += len(item.data)
        if count >= ITEMS_PER_REQUEST or size >= BYTES_PER_REQUEST:
            yield grouped
            grouped, count, size = {}, 0, 0
    if grouped:
        yield grouped


def _json_request(signal: Signal, grouped: _Grouped) -> JSONDict:
    keys = REQUEST_KEYS[signal]
    return {
        keys.resources: [
            {
                "resource": RESOURCE.to_json(resource),
                keys.scopes: [
                    {"scope": SCOPE.to_json(scope), keys.items: [keys.kind.to_json(data) for data in slices]}
                    | _schema_url(scope_url)
                    for (scope, scope_url), slices in scopes.items()
                ],
            }
            | _schema_url(resource_url)
            for (resource, resource_url), scopes in grouped.items()
        ]
    }


def _schema_url(text: str) -> JSONDict:
    return {"schemaUrl": text} if text else {}


def _protobuf_request(grouped: _Grouped) -> bytes:
    request = bytearray()
    for (resource, resource_url), scopes in grouped.items():
        parts = [bytes_field(1, resource)]
        for (scope, scope_url), slices in scopes.items():
            parts.append(
                bytes_field(
                    2,
                    b"".join(
                        (bytes_field(1, scope), *(bytes_field(2, data) for data in slices), _text_field(3, scope_url))
                    ),
                )
            )
        parts.append(_text_field(3, resource_url))
        request += bytes_field(1, b"".join(parts))
    return bytes(request)


def _text_field(number: int, text: str) -> bytes:
    return bytes_field(number, text.encode()) if text else b""
