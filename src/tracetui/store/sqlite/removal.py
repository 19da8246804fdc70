"""Taking traces out of the file, in steps that hold nobody up.

A trace goes at once: its row, and with it its part of its session. Of its spans and log records as many go with it as a
step may take; those of a huge trace that are left belong to no trace any more, are seen by nobody, and go in the next
steps, also after the process has ended in between. What the search index knew of a span that is gone falls out of
every answer, since the span is not there; the rows' ids of spans are never used again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager

from tracetui.store.records import OldTrace, Reason, Removals, Removed

SPANS_AT_ONCE = 1_000
"""Spans that one step removes at most, about 25 ms of work."""

LOGS_AT_ONCE = 5_000
"""Log records that one step removes at most, about 70 ms of work."""

_FIND = (
    "SELECT t.id, t.trace_id, t.span_count + t.pending_count, t.pinned FROM json_each(?) k"
    " CROSS JOIN traces t ON t.trace_id = k.value"
)
_SINCE = "SELECT 1 FROM spans INDEXED BY spans_by_trace WHERE trace = ? AND id > ? LIMIT 1"
"""Whether a trace has got a span, or another version of one, since a row id was the last."""
_TRACES = "DELETE FROM traces WHERE id IN (SELECT value FROM json_each(?))"
_LOGS = "DELETE FROM logs WHERE trace_id <> '' AND trace_id IN (SELECT value FROM json_each(?))"
_MANY_LOGS = (
    "SELECT count(*) FROM (SELECT 1 FROM logs WHERE trace_id <> ''"
    " AND trace_id IN (SELECT value FROM json_each(?)) LIMIT ?)"
)
_LEAVE_LOGS = (
    "INSERT INTO removed_logs (trace_id, through) SELECT k.value, (SELECT max(id) FROM logs INDEXED BY logs_by_span"
    " WHERE trace_id = k.value AND trace_id <> '') AS last FROM json_each(?) k WHERE last IS NOT NULL"
    " ON CONFLICT (trace_id) DO UPDATE SET through = excluded.through"
)
_NO_LOGS_LEFT = "DELETE FROM removed_logs WHERE trace_id IN (SELECT value FROM json_each(?))"
_LEFT_LOGS = "SELECT trace_id, through FROM removed_logs LIMIT 1"
_SOME_LOGS = (
    "DELETE FROM logs WHERE id IN (SELECT id FROM logs INDEXED BY logs_by_span"
    " WHERE trace_id = ? AND trace_id <> '' AND id < ? LIMIT ?)"
)
_LAST_LOG = "DELETE FROM logs WHERE id = ?"
"""`removed_logs`: removed traces with log records up to this row id that are not gone yet. The last of them goes last:
while it is there, what arrives for the same trace has a higher row id.
"""
_LOGS_KNOWN = (
    "UPDATE search_index SET logs_through = min(logs_through, (SELECT ifnull(max(id), 0) FROM logs)) WHERE id = 1"
)
"""The row ids of log records, which are used again, are not taken for those of records that are indexed already."""
_SOME = "SELECT id FROM spans INDEXED BY spans_by_trace WHERE trace = ? LIMIT ?"
_OF_SPANS = (
    "DELETE FROM span_data WHERE id IN (SELECT value FROM json_each(?))",
    "DELETE FROM pending_spans WHERE id IN (SELECT value FROM json_each(?))",
    "DELETE FROM spans WHERE id IN (SELECT value FROM json_each(?))",
)
_LEAVE = "INSERT OR IGNORE INTO removed_traces (id) SELECT value FROM json_each(?)"
_LEFT = "SELECT id FROM removed_traces"
_EMPTY = "DELETE FROM removed_traces WHERE id = ?"
"""`removed_traces`: traces that are gone while spans of theirs may not be."""
_ACCOUNT = (
    "INSERT INTO removals (reason, traces, spans, last_unix_nano) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (reason) DO UPDATE SET traces = traces + excluded.traces, spans = spans + excluded.spans,"
    " last_unix_nano = excluded.last_unix_nano"
)
_ACCOUNTS = "SELECT reason, traces, spans, last_unix_nano FROM removals ORDER BY reason"
_PIN = "UPDATE traces SET pinned = ?1 WHERE pinned <> ?1 AND trace_id IN (SELECT value FROM json_each(?2))"

_OLDEST = (
    "SELECT trace_id, spans,"
    " (SELECT ifnull(sum(length(d.data)), 0) FROM spans s CROSS JOIN span_data d ON d.id = s.id WHERE s.trace = t.id)"
    " FROM (SELECT id, trace_id, span_count + pending_count AS spans FROM traces"
    " WHERE end_time_unix_nano < ?1 AND NOT pinned"
    " AND NOT ((NOT complete OR pending_count) AND end_time_unix_nano > ?2)"
    " ORDER BY start_time_unix_nano, id LIMIT ?3) t"
)


PAGES_AT_ONCE = 256
"""Pages given back in one step."""


def give_back(connection: sqlite3.Connection) -> bool:
    """Give some free pages back to the disk; whether there may be more. A file made before this was possible keeps
    them for what is to come.
    """
    before = int(connection.execute("PRAGMA freelist_count").fetchone()[0])
    connection.execute(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})").fetchall()
    after = int(connection.execute("PRAGMA freelist_count").fetchone()[0])
    return 0 < after < before


class OldReads:
    """The reads of a `SpanReader` for removing what is old."""

    _connection: sqlite3.Connection

    def _reading(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def oldest_traces(self, *, ended_before: int, running_since: int, limit: int = 100) -> list[OldTrace]:
        """The oldest traces that may go; see `SpanReader.oldest_traces`."""
        with self._reading():
            found = self._connection.execute(_OLDEST, (ended_before, running_since, limit)).fetchall()
        return [OldTrace(*row) for row in found]

    def removals(self) -> list[Removals]:
        """What was ever removed, by reason."""
        with self._reading():
            found = self._connection.execute(_ACCOUNTS).fetchall()
        return [Removals(*row) for row in found]

    def used_bytes(self) -> int:
        """What the file holds, without the space that is free in it."""
        with self._reading():
            pages, free, size = (
                int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_count", "freelist_count", "page_size")
            )
        return (pages - free) * size


class Remover:
    """Removes on the writer's connection, inside its transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._left: list[int] | None = None
        """Row ids of traces that are gone while spans of theirs may not be; None while that is not known."""

    def remove(self, trace_ids: Sequence[str], reason: Reason, now_nano: int, seen: int | None) -> Removed:
        """Remove traces, and take account of it; those that are not there are none."""
        found = self._connection.execute(_FIND, (json.dumps(list(trace_ids)),)).fetchall()
        there = len(found)
        if reason is not Reason.ASKED:  # a limit's choice was read before: what has been pinned since is spared
            found = [row for row in found if not row[-1]]
        if seen is not None:
            found = [row for row in found if not self._has_grown(row[0], seen)]
        if not found:
            return Removed(0, 0, there)
        self._remove_logs(json.dumps([trace_id for _, trace_id, *_ in found]))
        row_ids = [row_id for row_id, *_ in found]
        self._connection.execute(_TRACES, (json.dumps(row_ids),))
        spans = sum(count for *_, count, _ in found)
        self._connection.execute(_ACCOUNT, (reason.value, len(found), spans, now_nano))
        owners = self._owners()
        self._connection.execute(_LEAVE, (json.dumps(row_ids),))
        owners.extend(row_ids)
        return Removed(len(found), self.purge(), there - len(found))

    def _remove_logs(self, trace_ids: str) -> None:
        """Remove the log records of traces, or leave them where they are more than one step may take."""
        if self._connection.execute(_MANY_LOGS, (trace_ids, LOGS_AT_ONCE + 1)).fetchone()[0] > LOGS_AT_ONCE:
            self._connection.execute(_LEAVE_LOGS, (trace_ids,))
            return
        self._connection.execute(_LOGS, (trace_ids,))
        self._connection.execute(_NO_LOGS_LEFT, (trace_ids,))
        self._connection.execute(_LOGS_KNOWN)

    def _has_grown(self, row_id: int, seen: int) -> bool:
        """Whether a trace has got spans since."""
        return self._connection.execute(_SINCE, (row_id, seen)).fetchone() is not None

    def purge(self) -> int:
        """Remove spans whose trace is gone, as many as one step may; 0 where none is left."""
        owners = self._owners()
        removed = 0
        while owners and removed < SPANS_AT_ONCE:
            room = SPANS_AT_ONCE - removed
            ids = [row_id for (row_id,) in self._connection.execute(_SOME, (owners[-1], room))]
            asked = json.dumps(ids)
            for statement in _OF_SPANS:
                self._connection.execute(statement, (asked,))
            removed += len(ids)
            if len(ids) < room:
                self._connection.execute(_EMPTY, (owners.pop(),))
        return removed

    def purge_logs(self) -> int:
        """Remove log records whose trace is gone, as many as one step may; 0 where none is left."""
        removed = 0
        while removed < LOGS_AT_ONCE and (left := self._connection.execute(_LEFT_LOGS).fetchone()) is not None:
            trace_id, through = left
            room = LOGS_AT_ONCE - removed
            some = self._connection.execute(_SOME_LOGS, (trace_id, through, room)).rowcount
            if some < room:
                some += self._connection.execute(_LAST_LOG, (through,)).rowcount
                self._connection.execute(_NO_LOGS_LEFT, (json.dumps([trace_id]),))
            removed += some
        if removed:
            self._connection.execute(_LOGS_KNOWN)
        return removed

    def pin(self, trace_ids: Sequence[str], *, pinned: bool) -> None:
        """Spare these traces from the limits, or no longer."""
        self._connection.execute(_PIN, (pinned, json.dumps(list(trace_ids))))

    def forget(self) -> None:
        """The transaction was taken back: what is left must be looked for again."""
        self._left = None

    def _owners(self) -> list[int]:
        if self._left is None:
            self._left = [trace for (trace,) in self._connection.execute(_LEFT)]
        return self._left
