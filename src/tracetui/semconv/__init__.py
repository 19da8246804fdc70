"""Meaning of attribute keys: every convention read into one model. No other package spells out a key."""

from __future__ import annotations

from collections.abc import Sequence

from tracetui.model.attributes import Attributes
from tracetui.model.chat import NormalisedSpan, SpanSummary
from tracetui.model.span import LogRecord, Span
from tracetui.semconv.core.facts import SpanFacts, no_events

DERIVATION_VERSION = 1


def summary(facts: SpanFacts) -> SpanSummary:
    """The columns of a span."""
    return SpanSummary(is_error=facts.status_code == 2)


def normalise(span: Span, logs: Sequence[LogRecord] = ()) -> NormalisedSpan:
    """The full reading of a span and its log records."""
    return NormalisedSpan(span=span, logs=tuple(logs))


def project(resource_attributes: Attributes) -> str:
    """The project a resource belongs to; empty where it names none."""
    value = resource_attributes.get("openinference.project.name")
    return value if isinstance(value, str) else ""


def log_event_name(attributes: Attributes, event_name: str) -> str:
    """The event name of a log record: its field, else the older attribute."""
    value = attributes.get("event.name")
    return event_name or (value if isinstance(value, str) else "")


__all__ = ["DERIVATION_VERSION", "SpanFacts", "log_event_name", "no_events", "normalise", "project", "summary"]
