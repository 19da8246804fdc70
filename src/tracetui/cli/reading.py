"""What the reading commands share: an open reader, the conditions of a query, stored bytes as model objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from tracetui.cli.diagnostics import note
from tracetui.config import Settings
from tracetui.store.api import RowKey, SpanReader, StoredLog, StoredSpan, TraceSort, all_logs

if TYPE_CHECKING:
    from tracetui.model.chat import NormalisedSpan
    from tracetui.model.span import LogRecord
    from tracetui.model.trace import SpanRow, TraceSummary
    from tracetui.store.conditions import Condition

PAGE = 200
"""Rows read at once."""


@contextmanager
def open_reader(settings: Settings) -> Iterator[SpanReader | None]:
    """The database for reading, or None (said on stderr) where there is none yet.

    Raises:
        StoreError: The path holds something that cannot be read.
    """
    path = settings.db
    if path.is_file() and path.stat().st_size == 0 or not path.exists():
        note(f"Nothing has been received yet: {path} holds no database. "
             "`tracetui`, `tracetui serve` or `tracetui import` makes one.")
        yield None
        return
    from tracetui.store.sqlite import open_reader as open_database

    reader = open_database(path)
    try:
        yield reader
    finally:
        reader.close()


def conditions(query: str) -> Condition | None:
    """What a query asks of a span; None for the empty query.

    Raises:
        UsageError: The query is wrong; says where.
    """
    if not query.strip():
        return None
    from tracetui.query import compile_text

    return compile_text(query)


def all_traces(reader: SpanReader, where: Condition | None = None) -> Iterator[TraceSummary]:
    """Every trace that matches, newest first, page by page."""
    sort = TraceSort()
    after: RowKey | None = None
    while page := reader.traces(where, sort=sort, after=after, limit=PAGE):
        yield from page
        after = reader.trace_key(page[-1], sort)


def all_rows(reader: SpanReader, where: Condition | None = None) -> Iterator[SpanRow]:
    """The row of every span that matches, in order of arrival, page by page."""
    after = 0
    while page := reader.spans(where, after_row_id=after, limit=PAGE):
        yield from page
        after = page[-1].row_id


def rows_of(reader: SpanReader, row_ids: Sequence[int]) -> Iterator[SpanRow]:
    """The rows of these spans, in the order asked for, page by page."""
    for start in range(0, len(row_ids), PAGE):
        yield from reader.rows(row_ids[start:start + PAGE])


def normalised(reader: SpanReader, stored: StoredSpan, *, with_logs: bool = True) -> NormalisedSpan:
    """A stored span and the log records that belong to it, read by `semconv`."""
    from tracetui import semconv
    from tracetui.otlp import decode

    span = decode.span(
        stored.data,
        decode.resource(stored.resource.data, stored.resource.schema_url),
        decode.scope(stored.scope.data, stored.scope.schema_url),
    )
    if stored.warnings:
        span = replace(span, problems=tuple(dict.fromkeys((*stored.warnings.splitlines(), *span.problems))))
    logs: Iterable[StoredLog] = ()
    if with_logs:
        logs = all_logs(reader, trace_id=span.trace_id, span_id=span.span_id)
    return semconv.normalise(span, [log_record(stored_log) for stored_log in logs])


def log_record(stored: StoredLog) -> LogRecord:
    """A stored log record, decoded."""
    from tracetui.otlp import decode

    return decode.log_record(
        stored.data,
        decode.resource(stored.resource.data, stored.resource.schema_url),
        decode.scope(stored.scope.data, stored.scope.schema_url),
    )
