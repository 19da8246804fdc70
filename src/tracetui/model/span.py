"""Spans and log records as OpenTelemetry defines them, decoded for reading.

Made when a person opens something, never on the way in. Names, units and meaning are those of the OTLP messages
(opentelemetry-proto 1.x); ids are lowercase hex, times are integer nanoseconds.
"""

from __future__ import annotations

from types import MappingProxyType

from msgspec import Struct, field

from tracetui.model.attributes import Attributes, AttributeValue
from tracetui.model.names import span_duration

NO_ATTRIBUTES: Attributes = MappingProxyType({})
"""The empty attribute map."""


class Resource(Struct, frozen=True):
    """Who emitted a span or log record."""

    attributes: Attributes = field(default_factory=lambda: NO_ATTRIBUTES)
    schema_url: str = ""
    dropped_attributes_count: int = 0

    @property
    def service(self) -> str:
        """The resource's `service.name`; empty where absent."""
        value = self.attributes.get("service.name")
        return value if isinstance(value, str) else ""


class InstrumentationScope(Struct, frozen=True):
    """Which library recorded a span or log record."""

    name: str = ""
    version: str = ""
    attributes: Attributes = field(default_factory=lambda: NO_ATTRIBUTES)
    schema_url: str = ""
    dropped_attributes_count: int = 0


class Status(Struct, frozen=True):
    """Outcome of a span. UNSET is not OK."""

    code: int = 0
    message: str = ""

    @property
    def is_error(self) -> bool:
        """Whether the code is ERROR."""
        return self.code == 2


class SpanEvent(Struct, frozen=True):
    """Something that happened at one moment of a span."""

    name: str
    time_unix_nano: int
    attributes: Attributes = field(default_factory=lambda: NO_ATTRIBUTES)
    dropped_attributes_count: int = 0


class SpanLink(Struct, frozen=True):
    """A reference from a span to another, perhaps in another trace."""

    trace_id: str
    span_id: str
    trace_state: str = ""
    attributes: Attributes = field(default_factory=lambda: NO_ATTRIBUTES)
    flags: int = 0
    dropped_attributes_count: int = 0

    @property
    def is_valid(self) -> bool:
        """Whether both ids are well formed, so that the link can be followed."""
        return len(self.trace_id) == 32 and len(self.span_id) == 16 and self.trace_id.strip("0") != ""


class Span(Struct, frozen=True):
    """One span, whole."""

    trace_id: str
    span_id: str
    name: str
    parent_span_id: str = ""
    """Empty for a root span."""
    otel_kind: int = 0
    start_time_unix_nano: int = 0
    end_time_unix_nano: int = 0
    status: Status = Status()
    attributes: Attributes = field(default_factory=lambda: NO_ATTRIBUTES)
    events: tuple[SpanEvent, ...] = ()
    links: tuple[SpanLink, ...] = ()
    trace_state: str = ""
    flags: int = 0
    dropped_attributes_count: int = 0
    dropped_events_count: int = 0
    dropped_links_count: int = 0
    resource: Resource = field(default_factory=Resource)
    scope: InstrumentationScope = field(default_factory=InstrumentationScope)
    problems: tuple[str, ...] = ()
    """What was odd about it on the way in, each in one sentence."""

    @property
    def duration_nano(self) -> int | None:
        """Nanoseconds from start to end; None where either is missing or the end comes first."""
        return span_duration(self.start_time_unix_nano, self.end_time_unix_nano)


class LogRecord(Struct, frozen=True):
    """One log record, whole."""

    trace_id: str = ""
    span_id: str = ""
    time_unix_nano: int = 0
    observed_time_unix_nano: int = 0
    severity_number: int = 0
    severity_text: str = ""
    event_name: str = ""
    body: AttributeValue = None
    attributes: Attributes = field(default_factory=lambda: NO_ATTRIBUTES)
    flags: int = 0
    dropped_attributes_count: int = 0
    resource: Resource = field(default_factory=Resource)
    scope: InstrumentationScope = field(default_factory=InstrumentationScope)
