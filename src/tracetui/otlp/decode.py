"""One slice to a validated protobuf message, and to the model.

On the way in only `parse_span` and `parse_log` run: one decoding, the checks of a span's ids and times, and the
attributes as a dict. The model's objects (`span`, `log_record`, `resource`, `scope`) are made when something is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope as ScopeMessage
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord as LogMessage
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from tracetui.errors import InvalidSpan, MalformedRequest
from tracetui.model import span as model
from tracetui.model.attributes import Attributes, AttributeValue
from tracetui.otlp import quick
from tracetui.otlp.messages import MAX_VALUE_DEPTH, TOO_DEEP, parse_message

MAX_TIME = 2**63 - 1
"""The latest time that is kept as a column, in nanoseconds; later ones are taken for this one."""

_TRACE_ID_SIZE = 16
_SPAN_ID_SIZE = 8
_NO_TRACE_ID = bytes(_TRACE_ID_SIZE)
_NO_SPAN_ID = bytes(_SPAN_ID_SIZE)

_REPEATED_KEY = "An attribute key is repeated; the last value is kept."
_STRINDEX = "A string index without its table was sent (strindex); it is treated as absent."
_PARENT_LENGTH = "The parent_span_id is not 8 bytes; the span is taken for a root."
_NO_START = "The start time is 0; the duration is unknown."
_NO_END = "The end time is 0; the duration is unknown."
_END_FIRST = "The end time lies before the start time; the duration is unknown."
_LATE = "A time lies after 2262-04-11 (2^63-1 ns) and is taken for that moment."
_LOG_IDS = "The trace_id or span_id has a wrong length and is treated as absent."


class ParsedSpan(NamedTuple):
    """A span that may be kept."""

    message: Any
    """The protobuf `Span`, or the one of `quick`."""
    attributes: Attributes
    trace_id: str
    span_id: str
    parent_span_id: str
    """Empty for a root span, also where the sender's was unusable."""
    start_time_unix_nano: int
    end_time_unix_nano: int
    warnings: tuple[str, ...]
    """What is odd about it, one sentence each, without received values."""


class ParsedLog(NamedTuple):
    """A log record that may be kept."""

    message: Any
    """The protobuf `LogRecord`."""
    attributes: dict[str, AttributeValue]
    body: AttributeValue
    trace_id: str
    """Empty where the record names no trace."""
    span_id: str
    warnings: tuple[str, ...]
    """As a span's."""


def parse_span(data: bytes) -> ParsedSpan:
    """Decode and check one encoded `Span`, its attributes whole.

    Raises:
        InvalidSpan: It cannot be kept; says why and what the sender can do.
    """
    message = parse_message(SpanMessage, data)
    reader = _Reader(data)
    return _checked(message, reader, reader.attributes(message.attributes))


def scan_span(data: bytes) -> ParsedSpan:
    """As `parse_span`, but attributes are made into values only when they are asked for. For the way in.

    Raises:
        InvalidSpan: It cannot be kept; says why and what the sender can do.
    """
    message = quick.parse(data)
    if message is None:
        return parse_span(data)
    return _checked(message, _Reader(data), quick.QuickAttributes(message.attributes))


def _checked(message: Any, reader: _Reader, attributes: Attributes) -> ParsedSpan:
    trace_id, span_id, parent = message.trace_id, message.span_id, message.parent_span_id
    if len(trace_id) != _TRACE_ID_SIZE or trace_id == _NO_TRACE_ID:
        raise _bad_id(trace_id, _TRACE_ID_SIZE, "trace_id")
    if len(span_id) != _SPAN_ID_SIZE or span_id == _NO_SPAN_ID:
        raise _bad_id(span_id, _SPAN_ID_SIZE, "span_id")
    for owners in (message.events, message.links):
        if owners:
            for owner in owners:
                reader.check(owner.attributes)
    warnings = reader.warnings
    if parent and (len(parent) != _SPAN_ID_SIZE or parent == _NO_SPAN_ID):
        if parent.strip(b"\0") or len(parent) != _SPAN_ID_SIZE:
            warnings.append(_PARENT_LENGTH)
        parent = b""
    start, end = message.start_time_unix_nano, message.end_time_unix_nano
    if not 0 < start <= end <= MAX_TIME:
        warnings.extend(_time_warnings(start, end))
    return ParsedSpan(
        message,
        attributes,
        trace_id.hex(),
        span_id.hex(),
        parent.hex(),
        start,
        end,
        tuple(warnings) if warnings else (),
    )


def parse_log(data: bytes) -> ParsedLog:
    """Decode and check one encoded `LogRecord`.

    Raises:
        InvalidSpan: It cannot be kept; says why and what the sender can do.
    """
    message = parse_message(LogMessage, data)
    reader = _Reader(data)
    attributes = reader.attributes(message.attributes)
    body = reader.value(message.body, 1) if message.HasField("body") else None
    trace_id, span_id = message.trace_id, message.span_id
    if (trace_id and len(trace_id) != _TRACE_ID_SIZE) or (span_id and len(span_id) != _SPAN_ID_SIZE):
        reader.warnings.append(_LOG_IDS)
    if max(message.time_unix_nano, message.observed_time_unix_nano) > MAX_TIME:
        reader.warnings.append(_LATE)
    return ParsedLog(
        message,
        attributes,
        body,
        _log_id(trace_id, _NO_TRACE_ID),
        _log_id(span_id, _NO_SPAN_ID),
        tuple(reader.warnings),
    )


def span(
    data: bytes,
    resource: model.Resource | None = None,
    scope: model.InstrumentationScope | None = None,
) -> model.Span:
    """The model of one encoded `Span`; what was odd about it stands in `problems`.

    Raises:
        InvalidSpan: It cannot be read.
    """
    parsed = parse_span(data)
    message = parsed.message
    return model.Span(
        trace_id=parsed.trace_id,
        span_id=parsed.span_id,
        name=message.name,
        parent_span_id=parsed.parent_span_id,
        otel_kind=message.kind,
        start_time_unix_nano=min(parsed.start_time_unix_nano, MAX_TIME),
        end_time_unix_nano=min(parsed.end_time_unix_nano, MAX_TIME),
        status=model.Status(message.status.code, message.status.message),
        attributes=parsed.attributes,
        events=events(message),
        links=tuple(_link(link) for link in message.links),
        trace_state=message.trace_state,
        flags=message.flags,
        dropped_attributes_count=message.dropped_attributes_count,
        dropped_events_count=message.dropped_events_count,
        dropped_links_count=message.dropped_links_count,
        resource=resource or model.Resource(),
        scope=scope or model.InstrumentationScope(),
        problems=parsed.warnings,
    )


def events(message: Any) -> tuple[model.SpanEvent, ...]:
    """The events of a protobuf `Span`, in the order they were sent."""
    return tuple(
        model.SpanEvent(
            event.name,
            min(event.time_unix_nano, MAX_TIME),
            _Reader().attributes(event.attributes),
            event.dropped_attributes_count,
        )
        for event in message.events
    )


def log_record(
    data: bytes,
    resource: model.Resource | None = None,
    scope: model.InstrumentationScope | None = None,
) -> model.LogRecord:
    """The model of one encoded `LogRecord`.

    Raises:
        InvalidSpan: It cannot be read.
    """
    parsed = parse_log(data)
    message = parsed.message
    return model.LogRecord(
        trace_id=parsed.trace_id,
        span_id=parsed.span_id,
        time_unix_nano=min(message.time_unix_nano, MAX_TIME),
        observed_time_unix_nano=min(message.observed_time_unix_nano, MAX_TIME),
        severity_number=message.severity_number,
        severity_text=message.severity_text,
        event_name=message.event_name,
        body=parsed.body,
        attributes=parsed.attributes,
        flags=message.flags,
        dropped_attributes_count=message.dropped_attributes_count,
        resource=resource or model.Resource(),
        scope=scope or model.InstrumentationScope(),
    )


def resource(data: bytes, schema_url: str = "") -> model.Resource:
    """The model of an encoded `Resource`.

    Raises:
        MalformedRequest: It cannot be read.
    """
    message, attributes = _owner(ResourceMessage, data)
    return model.Resource(attributes, schema_url, message.dropped_attributes_count)


def scope(data: bytes, schema_url: str = "") -> model.InstrumentationScope:
    """The model of an encoded `InstrumentationScope`.

    Raises:
        MalformedRequest: It cannot be read.
    """
    message, attributes = _owner(ScopeMessage, data)
    return model.InstrumentationScope(
        message.name, message.version, attributes, schema_url, message.dropped_attributes_count
    )


def _owner(message_class: Any, data: bytes) -> tuple[Any, dict[str, AttributeValue]]:
    """A resource or scope; outside any span, an unreadable one spoils the request."""
    try:
        message = parse_message(message_class, data)
        return message, _Reader(data).attributes(message.attributes)
    except InvalidSpan as error:
        raise MalformedRequest(error.message, hint=error.hint) from error


def _link(message: Any) -> model.SpanLink:
    return model.SpanLink(
        message.trace_id.hex(),
        message.span_id.hex(),
        message.trace_state,
        _Reader().attributes(message.attributes),
        message.flags,
        message.dropped_attributes_count,
    )


class _Reader:
    """Turns KeyValue messages into dicts and remembers what was odd.

    Args:
        data: The bytes the messages came from; lets a rare check be left out when it cannot matter.
    """

    def __init__(self, data: bytes = b"") -> None:
        self.warnings: list[str] = []
        # 0x18 is the tag of KeyValue.key_strindex: without that byte no key can have it
        self._may_have_strindex = 0x18 in data

    def attributes(self, pairs: Sequence[Any]) -> dict[str, AttributeValue]:
        """A map of attributes; text, by far the most frequent, takes the short way."""
        result: dict[str, AttributeValue] = {}
        for pair in pairs:
            value = pair.value
            result[pair.key] = value.string_value or self.value(value, 1)
        self._check_keys(pairs, result)
        return result

    def check(self, pairs: Sequence[Any]) -> None:
        """Look for what makes a span invalid or odd in attributes that are not needed yet."""
        for pair in pairs:
            if not pair.value.string_value:
                self.value(pair.value, 1)
        self._check_keys(pairs, {pair.key: None for pair in pairs})

    def value(self, message: Any, depth: int) -> AttributeValue:
        """One AnyValue; `depth` is 1 for an attribute's own value."""
        if depth > MAX_VALUE_DEPTH:
            raise InvalidSpan(f"{TOO_DEEP}.", hint="Send it flatter, or as JSON text.")
        kind = message.WhichOneof("value")
        if kind is None:
            return None
        if kind == "array_value":
            return [self.value(item, depth + 1) for item in message.array_value.values]
        if kind == "kvlist_value":
            pairs = message.kvlist_value.values
            result = {pair.key: self.value(pair.value, depth + 1) for pair in pairs}
            self._check_keys(pairs, result)
            return result
        if kind == "string_value_strindex":
            self._warn(_STRINDEX)
            return None
        scalar: AttributeValue = getattr(message, kind)
        return scalar

    def _check_keys(self, pairs: Sequence[Any], result: Attributes) -> None:
        if len(pairs) != len(result):
            self._warn(_REPEATED_KEY)
        if self._may_have_strindex:
            for pair in pairs:
                if pair.key_strindex:
                    self._warn(_STRINDEX)

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)


def _bad_id(value: bytes, size: int, name: str) -> InvalidSpan:
    if len(value) != size:
        return InvalidSpan(
            f"The {name} has {len(value)} bytes instead of {size}.",
            hint="In OTLP/JSON it is hex, in protobuf raw bytes.",
        )
    return InvalidSpan(f"The {name} is all zeros.", hint="Record the span with an SDK's id generator.")


def _log_id(value: bytes, none: bytes) -> str:
    return value.hex() if len(value) == len(none) and value != none else ""


def _time_warnings(start: int, end: int) -> list[str]:
    warnings = []
    if start == 0:
        warnings.append(_NO_START)
    if end == 0:
        warnings.append(_NO_END)
    elif end < start:
        warnings.append(_END_FIRST)
    if max(start, end) > MAX_TIME:
        warnings.append(_LATE)
    return warnings
