"""Columns derived anew from what is stored: what is outdated, and how the new columns take the place of the old.

Progress is in the data. A span carries the version that derived it, a trace the version that derived all of its spans
and its totals; so what is left to do is known after any end of the process.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from tracetui.store.records import IncomingLog, IncomingSpan, OutdatedLog, OutdatedSpan, OutdatedTrace, ResourceRecord
from tracetui.store.sqlite import statements
from tracetui.store.sqlite.rows import insert_rows


class OutdatedReads:
    """The reads of a `SpanReader` for deriving anew."""

    _connection: sqlite3.Connection

    def _reading(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def count_outdated(self, version: int) -> int:
        """Spans of outdated traces, and outdated log records."""
        return int(self._read(statements.COUNT_OUTDATED, version, version)[0][0])

    def outdated_traces(self, version: int, *, limit: int = 100) -> list[OutdatedTrace]:
        """Some traces that were derived by a version before this."""
        return [OutdatedTrace(*row) for row in self._read(statements.OUTDATED_TRACES, version, limit)]

    def outdated_spans(
        self, trace: int, version: int, *, after_row_id: int = 0, limit: int = 100
    ) -> list[OutdatedSpan]:
        """A page of the spans of a trace that were derived by a version before this."""
        rows = self._read(statements.OUTDATED_SPANS, trace, after_row_id, version, limit)
        return [OutdatedSpan(*row) for row in rows]

    def outdated_logs(self, version: int, *, limit: int = 100) -> list[OutdatedLog]:
        """Some log records whose columns were derived by a version before this."""
        return [OutdatedLog(*row) for row in self._read(statements.OUTDATED_LOGS, version, limit)]

    def resources(self) -> list[tuple[int, ResourceRecord]]:
        """Every resource with its row id."""
        return [(row_id, ResourceRecord(*row)) for row_id, *row in self._read(statements.RESOURCES)]

    def last_row_ids(self) -> tuple[int, int]:
        """The highest row ids of spans and of log records."""
        span, log = self._read(statements.LAST_ROW_IDS)[0]
        return span, log

    def _read(self, statement: str, *values: object) -> list[Any]:
        with self._reading():
            return self._connection.execute(statement, values).fetchall()


def write_spans(connection: sqlite3.Connection, spans: Sequence[tuple[int, IncomingSpan | None]], version: int) -> None:
    """Put the spans' columns in place, but for those that a later version of the span has replaced meanwhile."""
    asked = json.dumps([row_id for row_id, _ in spans])
    traces: dict[int, int] = dict(connection.execute(statements.STILL_OUTDATED, (asked, version)).fetchall())
    readable = [(row_id, span) for row_id, span in spans if span is not None and row_id in traces]
    insert_rows(connection, statements.rederive_spans, [(row_id, *_derived(span)) for row_id, span in readable])
    ids = json.dumps([row_id for row_id, _ in readable])
    connection.execute(statements.NOT_PENDING, (ids,))
    pending = [(row_id, traces[row_id], span.announces) for row_id, span in readable if span.announces]
    insert_rows(connection, statements.insert_pending, pending)
    connection.execute(statements.SPANS_DERIVED, (version, json.dumps(list(traces))))


def _derived(span: IncomingSpan) -> Iterator[object]:
    """The columns of `statements.DERIVED_COLUMNS`."""
    yield from span[2:27]
    yield span.warnings


def write_logs(connection: sqlite3.Connection, logs: Sequence[tuple[int, IncomingLog | None]], version: int) -> None:
    """Put the log records' columns in place."""
    readable = [
        (row_id, log.time_unix_nano, log.severity_number, log.event_name, log.body_text, log.tells)
        for row_id, log in logs
        if log is not None
    ]
    insert_rows(connection, statements.rederive_logs, readable)
    connection.execute(statements.LOGS_DERIVED, (version, json.dumps([row_id for row_id, _ in logs])))
