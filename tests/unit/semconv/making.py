"""Spans and facts made of a map of attributes, for tests."""

from __future__ import annotations

from collections.abc import Sequence

from tracetui.model.attributes import Attributes
from tracetui.model.chat import NormalisedSpan, SpanSummary
from tracetui.model.span import InstrumentationScope, LogRecord, Resource, Span, SpanEvent, Status
from tracetui.semconv import SpanFacts, normalise, summary

START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
NO_STATUS = Status()


def make_span(
    attributes: Attributes,
    *,
    scope: str = "app",
    name: str = "span",
    status: Status = NO_STATUS,
    events: Sequence[SpanEvent] = (),
    resource: Attributes | None = None,
) -> Span:
    """A span of two seconds."""
    return Span(
        "0af7651916cd43dd8448eb211c80319c",
        "b7ad6b7169203331",
        name,
        start_time_unix_nano=START,
        end_time_unix_nano=START + 2 * SECOND,
        status=status,
        attributes=attributes,
        events=tuple(events),
        resource=Resource(resource or {}),
        scope=InstrumentationScope(scope),
    )


def read(attributes: Attributes, *, logs: Sequence[LogRecord] = (), **span: object) -> NormalisedSpan:
    """The full reading of a span with these attributes."""
    return normalise(make_span(attributes, **span), logs)  # type: ignore[arg-type]


def facts_of(span: Span) -> SpanFacts:
    """What the way in knows of a span."""
    return SpanFacts(
        span.name, span.scope.name, span.attributes, span.status.code, span.status.message, lambda: span.events
    )


def columns(attributes: Attributes, **span: object) -> SpanSummary:
    """The columns of a span with these attributes."""
    return summary(facts_of(make_span(attributes, **span)))  # type: ignore[arg-type]


def event(name: str, attributes: Attributes | None = None, *, after: float = 0) -> SpanEvent:
    """An event some seconds after the span's start."""
    return SpanEvent(name, START + int(after * SECOND), attributes or {})
