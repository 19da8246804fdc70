"""Slices spans and log records out of an export request without building the whole message.

ExportTraceServiceRequest and ExportLogsServiceRequest have one shape: resources (field 1) of a resource (1), scopes (2)
and a schema URL (3), each scope of a scope (1), items (2) and a schema URL (3). What stands in the fields may come in
any order and repeat: as protobuf has it, of a repeated schema URL the last wins, repeated messages merge (which for
encoded bytes is joining them), unknown fields are skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from tracetui.errors import InvalidSpan, MalformedRequest, RequestTooLarge
from tracetui.otlp.protowire import fields

MAX_ITEMS = 200_000
"""Spans or log records taken in one request."""

MAX_OTHER_FIELDS = 1_000_000
"""Fields of the envelope that are neither items nor what holds them, known or not: each is looked at, and that takes
longer than receiving it."""

_RESOURCES = 0x0A
_OWNER = 0x0A
_CHILDREN = 0x12
_SCHEMA_URL = 0x1A


class Signal(StrEnum):
    """What a request carries; the value is the last part of its HTTP path."""

    TRACES = "traces"
    LOGS = "logs"
    METRICS = "metrics"


class SlicedScope(NamedTuple):
    """What one instrumentation scope brings."""

    data: bytes
    """The encoded `InstrumentationScope`; empty where absent."""
    schema_url: str
    items: Sequence[bytes]
    """The encoded `Span` or `LogRecord` messages."""


class SlicedResource(NamedTuple):
    """What one resource brings."""

    data: bytes
    """The encoded `Resource`; empty where absent."""
    schema_url: str
    scopes: Sequence[SlicedScope]


@dataclass(slots=True)
class SlicedRequest:
    """An export request cut into its parts; the parts themselves are not decoded yet."""

    resources: list[SlicedResource]
    rejected: list[InvalidSpan] = field(default_factory=list)
    """Items that could not be cut out (JSON only; a protobuf item is judged when it is decoded)."""
    warnings: list[str] = field(default_factory=list)
    """What was changed on the way, one sentence each (JSON only)."""


def slice_request(body: bytes, *, max_items: int = MAX_ITEMS) -> SlicedRequest:
    """Cut an encoded ExportTraceServiceRequest or ExportLogsServiceRequest into its parts.

    Resources and scopes that hold no items are left out.

    Raises:
        MalformedRequest: The envelope is unreadable; names the offset.
        RequestTooLarge: It holds more than `max_items` items, or as many resources or scopes.
    """
    return _Slicer(body, max_items).slice()


class _Slicer:
    """One walk over one body, with what is left of the limits."""

    def __init__(self, body: bytes, max_items: int) -> None:
        self._body = body
        self._items_left = max_items
        self._envelopes_left = max_items
        self._others_left = MAX_OTHER_FIELDS

    def slice(self) -> SlicedRequest:
        """The whole body."""
        resources: list[SlicedResource] = []
        for tag, _, start, end in fields(self._body):
            if tag == _RESOURCES:
                resource = self._slice_resource(start, end)
                if resource.scopes:
                    resources.append(resource)
            else:
                self._count_other()
        return SlicedRequest(resources)

    def _slice_resource(self, start: int, end: int) -> SlicedResource:
        self._count_envelope()
        data: list[bytes] = []
        schema_url = ""
        scopes: list[SlicedScope] = []
        for tag, _, start_value, end_value in fields(self._body, start, end):
            if tag == _CHILDREN:
                scope = self._slice_scope(start_value, end_value)
                if scope.items:
                    scopes.append(scope)
                continue
            self._count_other()
            if tag == _OWNER:
                data.append(self._body[start_value:end_value])
            elif tag == _SCHEMA_URL:
                schema_url = self._text(start_value, end_value)
        return SlicedResource(b"".join(data), schema_url, scopes)

    def _slice_scope(self, start: int, end: int) -> SlicedScope:
        self._count_envelope()
        body = self._body
        data: list[bytes] = []
        schema_url = ""
        items: list[bytes] = []
        for tag, _, start_value, end_value in fields(body, start, end):
            if tag == _CHILDREN:
                items.append(body[start_value:end_value])
                if len(items) > self._items_left:
                    raise too_many()
                continue
            self._count_other()
            if tag == _OWNER:
                data.append(body[start_value:end_value])
            elif tag == _SCHEMA_URL:
                schema_url = self._text(start_value, end_value)
        self._items_left -= len(items)
        return SlicedScope(b"".join(data), schema_url, items)

    def _count_envelope(self) -> None:
        self._envelopes_left -= 1
        if self._envelopes_left < 0:
            raise too_many()

    def _count_other(self) -> None:
        self._others_left -= 1
        if self._others_left < 0:
            raise too_many()

    def _text(self, start: int, end: int) -> str:
        try:
            return self._body[start:end].decode()
        except UnicodeDecodeError:
            raise MalformedRequest(f"The schema_url at byte {start} is not UTF-8.") from None


def too_many() -> RequestTooLarge:
    """The error for a request that holds more than may be taken at once."""
    return RequestTooLarge(
        "The request holds too many spans or log records.",
        hint=f"Send at most {MAX_ITEMS:,} in one request: lower the exporter's batch size.",
    )
