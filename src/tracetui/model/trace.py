"""Rows of lists and the joined trace: what the screens and the command line show without opening a span."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from tracetui.model.names import source_of, span_duration


class TraceSummary(Struct, frozen=True):
    """One trace as a list shows it: the totals of the spans that have arrived."""

    row_id: int
    trace_id: str
    name: str
    """Name of the root span, or of the earliest span while no root has arrived."""
    root_span_id: str
    """Empty while no root has ended."""
    service: str
    project: str
    session_id: str
    start_time_unix_nano: int
    end_time_unix_nano: int
    span_count: int
    error_count: int
    llm_count: int
    """LLM spans that have no LLM span below them."""
    tool_count: int
    input_tokens: int | None
    output_tokens: int | None
    cost_total: float | None
    models: tuple[str, ...]
    complete: bool
    """Whether a root has arrived and ended; a trace without one is taken to be running, or to have lost it."""
    root_is_error: bool = False
    cost_input: float | None = None
    """Known only where both sides are known of every cost in the total; so is `cost_output`."""
    cost_output: float | None = None
    cost_source: str = ""
    """`reported`, `estimated`, or `mixed` where the total holds both; empty without a cost."""
    pinned: bool = False
    """Whether it is kept whatever the limits of size and age."""

    @property
    def source(self) -> str:
        """The service, or the project where the SDK made the service's name up."""
        return source_of(self.service, self.project)

    @property
    def duration_nano(self) -> int | None:
        """Nanoseconds from the first start to the last end."""
        return span_duration(self.start_time_unix_nano, self.end_time_unix_nano)

    @property
    def status(self) -> str:
        """`error` where any span failed, `running` where no root has ended yet, else `ok`."""
        return "error" if self.error_count else "ok" if self.complete else "running"


class SpanRow(Struct, frozen=True):
    """One span as a list or a tree shows it: columns only, no payload."""

    row_id: int
    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: str
    otel_kind: int
    status_code: int
    status_message: str
    is_error: bool
    start_time_unix_nano: int
    end_time_unix_nano: int
    service: str
    project: str
    scope_name: str
    model: str
    provider: str
    input_tokens: int | None
    output_tokens: int | None
    cost_total: float | None
    session_id: str
    user_id: str
    tool_name: str
    agent_name: str
    preview: str
    counted: bool
    """Whether its call and usage enter the totals (the deepest span that carries usage does)."""
    announces: str = ""
    """The span that a pending one stands for until it arrives; empty for a real span."""
    is_replaced: bool = False
    """Whether the span that a pending one announces has arrived."""
    cost_source: str = ""
    """`reported` or `estimated`; empty without a cost."""

    @property
    def is_running(self) -> bool:
        """Whether it has not ended as far as is known."""
        return not self.is_replaced if self.announces else not self.end_time_unix_nano

    @property
    def source(self) -> str:
        """The service, or the project where the SDK made the service's name up."""
        return source_of(self.service, self.project)

    @property
    def duration_nano(self) -> int | None:
        """Nanoseconds from start to end; None where unknown, and of a pending span, which ends as it begins."""
        if self.announces:
            return None
        return span_duration(self.start_time_unix_nano, self.end_time_unix_nano)


class SpanNode(NamedTuple):
    """The little that a trace's shape needs of each span: 100,000 of these make a tree.

    A pending span is the node of the span that it announces, without an end. A span of which only log records have
    arrived has no row: its number is 0 or less.
    """

    row_id: int
    span_id: str
    parent_span_id: str
    start_time_unix_nano: int
    end_time_unix_nano: int
    is_error: bool
    kind: str

    @property
    def is_running(self) -> bool:
        """Whether it has not ended as far as is known."""
        return not self.end_time_unix_nano

    @property
    def has_arrived(self) -> bool:
        """Whether there is more of it than log records."""
        return self.row_id > 0
