"""Log records and span events as events: what they are called, and in which order they were said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tracetui.model.attributes import Attributes, AttributeValue
from tracetui.model.span import LogRecord, SpanEvent
from tracetui.semconv.core.values import label

EVENT_NAME = "event.name"
"""Attribute that names a log record's event where the record has no field for it."""

_LONGEST_NAME = 100


def event_name(name: str, attributes: Attributes, body: AttributeValue = None) -> str:
    """The name of the event that a log record is; empty for a plain log record.

    Its own field, else the older attribute, else the body: the same attribute in a map, or a dotted name alone.
    """
    if named := name or label(attributes.get(EVENT_NAME)):
        return named
    if isinstance(body, Mapping):
        return label(body.get(EVENT_NAME)) or ""
    is_name = isinstance(body, str) and "." in body and len(body) <= _LONGEST_NAME and not any(map(str.isspace, body))
    return body if is_name and isinstance(body, str) and not body.endswith(".") else ""


def event_name_of(record: LogRecord | SpanEvent) -> str:
    """The name of the event that a span event or log record is; empty for a plain log record."""
    if isinstance(record, SpanEvent):
        return record.name
    return event_name(record.event_name, record.attributes, record.body)


def in_order(logs: Sequence[LogRecord]) -> list[LogRecord]:
    """Log records by time; those of equal time, or of none, stay behind the one they came after."""
    timed: list[tuple[int, LogRecord]] = []
    time = 0
    for record in logs:
        time = record.time_unix_nano or record.observed_time_unix_nano or time
        timed.append((time, record))
    return [record for _, record in sorted(timed, key=lambda pair: pair[0])]
