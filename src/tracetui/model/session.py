"""Rows of the session list: the traces that name the same conversation, as one."""

from __future__ import annotations

from msgspec import Struct

from tracetui.model.names import source_of, span_duration


class SessionSummary(Struct, frozen=True):
    """One session as a list shows it. Its totals are the sums of its traces' totals, each trace being a turn."""

    row_id: int
    session_id: str
    trace_count: int
    start_time_unix_nano: int
    """Start of the first turn."""
    last_start_time_unix_nano: int
    """Start of the last turn."""
    end_time_unix_nano: int
    """The last end of any turn."""
    span_count: int
    error_count: int
    llm_count: int
    tool_count: int
    input_tokens: int | None
    output_tokens: int | None
    cost_total: float | None
    service: str
    """Of the last turn, as `project`."""
    project: str
    users: tuple[str, ...] = ()
    """Every user id, those of the most turns first."""
    last_words: str = ""
    """What the user said last, as one short line; the last turn's name where no words were recorded."""
    complete: bool = True
    """Whether the root of the last turn has arrived."""
    cost_source: str = ""
    """`reported`, `estimated`, or `mixed` where the total holds both; empty without a cost."""

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
        """`error` where any span failed, `running` while the last turn's root has not arrived, else `ok`."""
        return "error" if self.error_count else "ok" if self.complete else "running"
