"""What arrived while an app ran, on one screen."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from tracetui.cli.lists import SHORT_ID
from tracetui.cli.output import Column, aligned_lines
from tracetui.cli.reading import all_rows, last_row_id
from tracetui.config import Settings, data_dir
from tracetui.model.clock import format_duration
from tracetui.model.numbers import format_cost, format_tokens, many
from tracetui.model.trace import TraceSummary
from tracetui.store.sqlite.reader import SqliteReader

MOST_SHOWN = 12
"""Traces listed; the newest."""

_COLUMNS = (
    Column(""),
    Column("trace"),
    Column("name"),
    Column("duration", right=True),
    Column("spans", right=True),
    Column("errors", right=True),
    Column("tokens", right=True),
    Column("cost", right=True),
)


class Arrivals:
    """The traces of which spans arrive from now on."""

    def __init__(self, settings: Settings) -> None:
        self._reader = SqliteReader(settings.db)
        self._last = last_row_id(self._reader)

    def close(self) -> None:
        """Close the reader."""
        self._reader.close()

    def traces(self) -> list[TraceSummary]:
        """Those stored by now, latest start first."""
        trace_ids = dict.fromkeys(row.trace_id for row in all_rows(self._reader, after_row_id=self._last))
        found = (self._reader.trace(trace_id) for trace_id in trace_ids)
        return sorted((trace for trace in found if trace), key=lambda trace: -trace.start_time_unix_nano)


def summary_lines(traces: Sequence[TraceSummary], settings: Settings) -> Iterator[str]:
    """What to say about them, and how to open them."""
    yield ""
    if not traces:
        yield "tracetui: no spans arrived."
        yield (
            "An app exports when it sets up an OpenTelemetry SDK, Phoenix's register() or an OpenInference "
            "instrumentation; if it ends with os._exit or kill, it must flush first."
        )
        return
    yield f"tracetui: {_total(traces)}"
    yield from aligned_lines(_COLUMNS, [_cells(trace) for trace in traces[:MOST_SHOWN]])
    if len(traces) > MOST_SHOWN:
        yield f"… and {len(traces) - MOST_SHOWN:,} more"
    database = "" if settings.db == data_dir() / "tracetui.db" else f" --db {shlex.quote(str(settings.db))}"
    yield f"Open them: tracetui{database}, or tracetui show {traces[0].trace_id[:SHORT_ID]}{database}"


def _total(traces: Sequence[TraceSummary]) -> str:
    errors = sum(trace.error_count for trace in traces)
    tokens = format_tokens(_sum(trace.input_tokens for trace in traces), _sum(trace.output_tokens for trace in traces))
    parts = (
        many(len(traces), "trace"),
        many(sum(trace.span_count for trace in traces), "span"),
        many(errors, "error") if errors else "",
        f"{tokens} tokens" if tokens else "",
    )
    return ", ".join(part for part in parts if part)


def _cells(trace: TraceSummary) -> Sequence[str]:
    return (
        "✖" if trace.error_count else "●" if trace.complete else "◌",
        trace.trace_id[:SHORT_ID],
        trace.name or "(no name)",
        format_duration(trace.duration_nano),
        str(trace.span_count),
        str(trace.error_count or ""),
        format_tokens(trace.input_tokens, trace.output_tokens),
        format_cost(trace.cost_total, trace.cost_source),
    )


def _sum(numbers: Iterable[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
