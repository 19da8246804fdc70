"""What log records say of the span they belong to beyond its own attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tracetui.model.attributes import Attributes, AttributeValue
from tracetui.model.span import LogRecord
from tracetui.semconv.core.records import EVENT_NAME, event_name_of
from tracetui.semconv.registry import speaks_for_span


def told_by(logs: Iterable[LogRecord]) -> tuple[Attributes, dict[str, str]]:
    """Attributes of a span that stand on its log records; of several records the first to say something is believed.

    Returns:
        The attributes, and for each key what it was read from.
    """
    told: dict[str, AttributeValue] = {}
    sources: dict[str, str] = {}
    for record in logs:
        name = event_name_of(record)
        if not speaks_for_span(name):
            continue
        body = record.body
        said: Attributes = {**body, **record.attributes} if isinstance(body, Mapping) else record.attributes
        for key, value in said.items():
            if key not in told and key != EVENT_NAME:
                told[key] = value
                sources[key] = f"log {name}: {key}"
    return told, sources
