"""`tracetui traces`, `spans` and `logs`: lists as tables, JSON lines or CSV."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Generic, TypeVar

from tracetui.cli import diagnostics
from tracetui.cli.listing import ListFormat, Listing, ListOptions, Orders, Sort
from tracetui.cli.output import Cell, Column, Output
from tracetui.cli.reading import PAGE, all_rows, all_traces, conditions, log_record, normalised, open_reader, rows_of
from tracetui.config import Settings
from tracetui.model.attributes import JSONValue
from tracetui.model.clock import SystemClock, format_duration, format_moment, format_when
from tracetui.model.names import source_of, span_kind_name, status_code_name
from tracetui.model.numbers import format_cost, format_tokens
from tracetui.model.objects import log_object, span_object, trace_object
from tracetui.model.trace import SpanRow, TraceSummary
from tracetui.store.api import SpanReader, all_logs
from tracetui.store.conditions import Condition
from tracetui.store.orders import SpanOrder, SpanSort, TraceOrder, TraceSort
from tracetui.store.records import StoredLog

SHORT_ID = 8
"""Hex digits of an id in a terminal's table: enough for `show`, nearly always."""

Row = TypeVar("Row")


def traces(settings: Settings, options: ListOptions, *, follow: bool = False) -> int:
    """List traces."""
    return _listed(settings, options, TRACES, follow=follow)


def spans(settings: Settings, options: ListOptions, *, follow: bool = False) -> int:
    """List spans."""
    return _listed(settings, options, SPANS, follow=follow)


def logs(settings: Settings, options: ListOptions, *, follow: bool = False) -> int:
    """List log records; with a query, those of the spans that match."""
    return _listed(settings, options, LOGS, follow=follow)


def _listed(settings: Settings, options: ListOptions, listing: Listing[Row], *, follow: bool) -> int:
    if not follow:
        return list_rows(settings, options, listing)
    from tracetui.cli.follow import follow as run

    return run(settings, options, listing.noun)


def write_table(output: Output, listing: Listing[Row], rows: Sequence[Row]) -> None:
    """Rows as a table."""
    now_nano = SystemClock().now_nano() if output.is_terminal else None
    output.table(listing.columns, [listing.cells(row, now_nano) for row in rows])


def list_rows(settings: Settings, options: ListOptions, listing: Listing[Row]) -> int:
    """Write a listing, or how many rows it would have; returns the exit status."""
    where = conditions(settings, options.query, options.since)
    sort = listing.orders.chosen(options.sort, listing.noun)
    most = options.most
    output = Output()
    total: int | None
    with open_reader(settings, searching=where is not None) as reader:
        if options.count:
            written = total = listing.count(reader, where) if reader is not None else 0
            write_count(output, options.form, total)
        elif reader is None:
            written = total = 0
        else:
            rows = listing.rows(reader, where, sort, None if most is None else most + 1)
            written = _write(output, options.form, listing, reader, islice(rows, most))
            if written != most or next(rows, None) is None:
                total = written
            elif where is None or not listing.counts_by_reading:
                total = listing.count(reader, where)
            else:
                total = None
    output.flush()
    if total is None:
        diagnostics.note(f"{written:,} {listing.noun}, and more match; --limit N shows more, --limit 0 all.")
    elif total > written:
        diagnostics.note(f"{written:,} of {total:,} {listing.noun}; --limit N shows more, --limit 0 all.")
    elif not written and options.form is ListFormat.TABLE and not options.count and reader is not None:
        diagnostics.note(f"No {listing.noun} match." if where is not None else f"No {listing.noun} yet.")
    return diagnostics.NOTHING_MATCHED if options.fail_empty and not written else diagnostics.DONE


def write_count(output: Output, form: ListFormat, count: int) -> None:
    """How many match: a number, or an object that holds it."""
    if form is ListFormat.JSON:
        output.json({"count": count})
    elif form is ListFormat.CSV:
        output.csv(["count"], [[count]])
    else:
        output.line(str(count))


def _write(output: Output, form: ListFormat, listing: Listing[Row], reader: SpanReader, rows: Iterator[Row]) -> int:
    if form is ListFormat.TABLE:
        held = list(rows)
        write_table(output, listing, held)
        return len(held)
    if form is ListFormat.CSV:
        counted = Counted(rows)
        output.csv(
            [name for name, _ in listing.fields], ([value(row) for _, value in listing.fields] for row in counted)
        )
        return counted.count
    written = 0
    for value in listing.objects(reader, rows):
        output.json(value)
        written += 1
    return written


class Counted(Generic[Row]):
    """An iterator that knows how many it has given."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self.count = 0
        """How many so far."""

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += 1
            yield row


def span_objects(reader: SpanReader, rows: Iterator[SpanRow]) -> Iterator[JSONValue]:
    """The span objects of rows, page by page."""
    with_logs = reader.count_logs() > 0
    while page := list(islice(rows, 100)):
        for stored in reader.stored_spans([row.row_id for row in page]):
            yield span_object(normalised(reader, stored, with_logs=with_logs), counted=stored.row.counted)


def _trace_objects(reader: SpanReader, rows: Iterator[TraceSummary]) -> Iterator[JSONValue]:
    return (trace_object(row) for row in rows)


def _log_objects(reader: SpanReader, rows: Iterator[StoredLog]) -> Iterator[JSONValue]:
    return (log_object(log_record(row)) for row in rows)


def _traces_in_order(
    reader: SpanReader, where: Condition | None, sort: Sort, wanted: int | None
) -> Iterator[TraceSummary]:
    order = TraceSort(TraceOrder(sort.name), sort.descending)
    return all_traces(reader, where, order, page=min(wanted or PAGE, PAGE))


def _spans_in_order(reader: SpanReader, where: Condition | None, sort: Sort, wanted: int | None) -> Iterator[SpanRow]:
    order = SpanSort(SpanOrder(sort.name), sort.descending)
    if order == SpanSort():
        return all_rows(reader, where)
    return rows_of(reader, reader.sorted_spans(where, order, limit=wanted))


def _logs_in_order(reader: SpanReader, where: Condition | None, sort: Sort, wanted: int | None) -> Iterator[StoredLog]:
    rows = matching_logs(reader, where)
    if sort == LOGS.orders.default:
        return rows

    def place(row: StoredLog) -> tuple[int, int]:
        return (row.time_unix_nano if sort.name == "time" else 0, row.row_id)

    if wanted is None:
        return iter(sorted(rows, key=place, reverse=sort.descending))
    return iter((heapq.nlargest if sort.descending else heapq.nsmallest)(wanted, rows, key=place))


def matching_logs(reader: SpanReader, where: Condition | None) -> Iterator[StoredLog]:
    """The log records of the spans that match; without conditions every log record."""
    if where is None:
        return all_logs(reader)
    return logs_of(reader, all_rows(reader, where))


def logs_of(reader: SpanReader, rows: Iterable[SpanRow]) -> Iterator[StoredLog]:
    """The log records of these spans."""
    for row in rows:
        yield from all_logs(reader, trace_id=row.trace_id, span_id=row.announces or row.span_id)


def _count_logs(reader: SpanReader, where: Condition | None) -> int:
    return reader.count_logs() if where is None else sum(1 for _ in matching_logs(reader, where))


def status_mark(failed: bool, running: bool = False) -> Cell:
    """A state by shape and colour."""
    return ("✖", "error") if failed else ("◌", "accent") if running else ("●", "ok")


def time_cell(time_unix_nano: int, now_nano: int | None, *, fraction: bool = False) -> str:
    """A time with its date, or as seen from a moment: of another day it always tells the day."""
    if not time_unix_nano:
        return "?"
    if now_nano is None:
        return format_moment(time_unix_nano, date=True, fraction=fraction)
    return format_when(time_unix_nano, now_nano, fraction=fraction)


def _id(whole: str, now_nano: int | None) -> str:
    return whole if now_nano is None else whole[:SHORT_ID]


def _trace_cells(row: TraceSummary, now_nano: int | None) -> Sequence[Cell]:
    return (
        (_id(row.trace_id, now_nano), "dim"),
        time_cell(row.start_time_unix_nano, now_nano),
        status_mark(bool(row.error_count), not row.complete),
        row.name or "(no name)",
        row.source,
        format_duration(row.duration_nano),
        str(row.span_count),
        (str(row.error_count) if row.error_count else "", "error"),
        str(row.llm_count) if row.llm_count else "",
        str(row.tool_count) if row.tool_count else "",
        format_tokens(row.input_tokens, row.output_tokens),
        format_cost(row.cost_total, row.cost_source),
    )


def _span_cells(row: SpanRow, now_nano: int | None) -> Sequence[Cell]:
    return (
        (_id(row.span_id, now_nano), "dim"),
        (_id(row.trace_id, now_nano), "dim"),
        time_cell(row.start_time_unix_nano, now_nano),
        status_mark(row.is_error, row.is_running),
        (kind_word(row.kind), row.kind),
        row.name or "(no name)",
        row.source,
        format_duration(row.duration_nano),
        row.model,
        format_tokens(row.input_tokens, row.output_tokens),
        format_cost(row.cost_total, row.cost_source),
    )


def _log_cells(row: StoredLog, now_nano: int | None) -> Sequence[Cell]:
    return (
        time_cell(row.time_unix_nano, now_nano, fraction=True),
        severity_word(row.severity_number),
        row.event_name,
        source_of(row.resource.service, row.resource.project),
        (_id(row.trace_id, now_nano), "dim"),
        (_id(row.span_id, now_nano), "dim"),
        row.body_text,
    )


def kind_word(kind: str) -> str:
    """A span kind as lists show it: nothing for UNKNOWN."""
    return "" if kind == "UNKNOWN" else kind


def severity_word(number: int) -> str:
    """The short name of an OTLP severity number (logs data model, SeverityNumber); empty when unset."""
    if not 1 <= number <= 24:
        return ""
    return ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")[(number - 1) // 4]


TRACES: Listing[TraceSummary] = Listing(
    noun="traces",
    orders=Orders(Sort("start", descending=True), tuple(TraceOrder), ("name", "service", "source")),
    rows=_traces_in_order,
    count=lambda reader, where: reader.count_traces(where),
    objects=_trace_objects,
    fields=(
        ("trace_id", lambda row: row.trace_id),
        ("name", lambda row: row.name),
        ("root_span_id", lambda row: row.root_span_id),
        ("service", lambda row: row.service),
        ("project", lambda row: row.project),
        ("session_id", lambda row: row.session_id),
        ("start_time_unix_nano", lambda row: row.start_time_unix_nano or None),
        ("duration_nano", lambda row: row.duration_nano),
        ("span_count", lambda row: row.span_count),
        ("error_count", lambda row: row.error_count),
        ("llm_count", lambda row: row.llm_count),
        ("tool_count", lambda row: row.tool_count),
        ("input_tokens", lambda row: row.input_tokens),
        ("output_tokens", lambda row: row.output_tokens),
        ("cost_total", lambda row: row.cost_total),
        ("cost_source", lambda row: row.cost_source),
        ("models", lambda row: " ".join(row.models)),
        ("status", lambda row: row.status),
        ("complete", lambda row: "true" if row.complete else "false"),
    ),
    columns=(
        Column("id"),
        Column("time"),
        Column(""),
        Column("name", flexible=True),
        Column("source", rank=4),
        Column("duration", right=True, rank=1),
        Column("spans", right=True, rank=2),
        Column("errors", right=True, rank=3),
        Column("llm", right=True, rank=5),
        Column("tools", right=True, rank=6),
        Column("tokens", right=True, rank=2),
        Column("cost", right=True, rank=3),
    ),
    cells=_trace_cells,
)
"""Traces."""

SPANS: Listing[SpanRow] = Listing(
    noun="spans",
    orders=Orders(
        Sort("arrival", descending=False), tuple(SpanOrder), ("arrival", "name", "kind", "service", "source", "model")
    ),
    rows=_spans_in_order,
    count=lambda reader, where: reader.count_spans(where),
    objects=span_objects,
    fields=(
        ("trace_id", lambda row: row.trace_id),
        ("span_id", lambda row: row.span_id),
        ("parent_span_id", lambda row: row.parent_span_id),
        ("name", lambda row: row.name),
        ("kind", lambda row: row.kind),
        ("otel_kind", lambda row: span_kind_name(row.otel_kind)),
        ("service", lambda row: row.service),
        ("project", lambda row: row.project),
        ("scope", lambda row: row.scope_name),
        ("start_time_unix_nano", lambda row: row.start_time_unix_nano or None),
        ("duration_nano", lambda row: row.duration_nano),
        ("status", lambda row: status_code_name(row.status_code)),
        ("status_message", lambda row: row.status_message),
        ("provider", lambda row: row.provider),
        ("model", lambda row: row.model),
        ("input_tokens", lambda row: row.input_tokens),
        ("output_tokens", lambda row: row.output_tokens),
        ("cost_total", lambda row: row.cost_total),
        ("cost_source", lambda row: row.cost_source),
        ("counted", lambda row: "true" if row.counted else "false"),
        ("announces", lambda row: row.announces),
        ("session_id", lambda row: row.session_id),
        ("user_id", lambda row: row.user_id),
        ("tool", lambda row: row.tool_name),
        ("agent", lambda row: row.agent_name),
    ),
    columns=(
        Column("id"),
        Column("trace", rank=5),
        Column("time", rank=4),
        Column(""),
        Column("kind"),
        Column("name", flexible=True),
        Column("source", rank=6),
        Column("duration", right=True, rank=1),
        Column("model", flexible=True, rank=3),
        Column("tokens", right=True, rank=2),
        Column("cost", right=True, rank=3),
    ),
    cells=_span_cells,
)
"""Spans."""

LOGS: Listing[StoredLog] = Listing(
    noun="log records",
    counts_by_reading=True,
    orders=Orders(Sort("arrival", descending=False), ("arrival", "time"), ("arrival",)),
    rows=_logs_in_order,
    count=_count_logs,
    objects=_log_objects,
    fields=(
        ("trace_id", lambda row: row.trace_id),
        ("span_id", lambda row: row.span_id),
        ("time_unix_nano", lambda row: row.time_unix_nano or None),
        ("severity_number", lambda row: row.severity_number or None),
        ("event_name", lambda row: row.event_name),
        ("service", lambda row: row.resource.service),
        ("body", lambda row: row.body_text),
    ),
    columns=(
        Column("time"),
        Column("severity", rank=3),
        Column("event", rank=2),
        Column("source", rank=6),
        Column("trace", rank=4),
        Column("span", rank=5),
        Column("body", flexible=True),
    ),
    cells=_log_cells,
)
"""Log records."""
