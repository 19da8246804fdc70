"""The search index in the database: what it is to be given next, and how that is written.

Progress is in the data, in the one row of `search_index`, and is committed with what was indexed. Row ids grow with
time, and a span that changes gets a new one, so a mark says all; a second one counts down through what was there
before.

A log record goes into the index with its span, or, where that is there already, is inserted under the same row id once
more. Each pair of the two is met once, when the later of them is reached, since both marks move together.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from itertools import takewhile
from typing import Any

from tracetui.errors import DamagedError, StoreError
from tracetui.store.records import Indexed, IndexedRow, IndexMarks, Unindexed, UnindexedLog, UnindexedSpan
from tracetui.store.sqlite.rows import insert_rows

MERGE_PAGES = 64
"""Pages of the index, of 4 KB, that are merged at a time: 10 to 20 ms."""

log = logging.getLogger(__name__)

CHECKPOINT_EVERY = 32
"""Transactions of the index, of about a megabyte, after which there is a checkpoint: senders, whose commits make one,
may not be there."""

_MOST_BYTES = 4 << 20
"""Bytes of spans that are read at once, more only where one alone has more."""

_SLICES_AT_ONCE = 64
"""Slices that are fetched as the columns of one row: `sqlite3` lets go of the interpreter at every row, see `rows`."""

_STATE = (
    "SELECT backlog, through, logs_through, (SELECT ifnull(max(id), 0) FROM spans),"
    " (SELECT ifnull(max(id), 0) FROM logs) FROM search_index"
)

_SPANS = (
    "SELECT json_group_array(json_array(s.id, ifnull(c.name, ''), s.parent_span_id, s.name, s.kind, s.otel_kind,"
    " s.start_time_unix_nano, s.duration_nano, s.status_code, s.is_error, s.resource_id, s.scope_id, s.model,"
    " s.provider, s.tool_name, s.agent_name, s.session_id, s.user_id, s.input_tokens, s.output_tokens,"
    " s.cache_read_tokens, s.cache_write_tokens, s.reasoning_tokens,"
    " iif(s.cost_total IS NULL, NULL, printf('%!.17g', s.cost_total)), s.span_id,"
    " ifnull(length(d.data), 0), s.trace, s.derivation_version))"
    " FROM (SELECT id FROM spans WHERE {}) k CROSS JOIN spans s ON s.id = k.id"
    " LEFT JOIN scopes c ON c.id = s.scope_id LEFT JOIN span_data d ON d.id = s.id"
)
_NEW_SPANS = _SPANS.format("id > ? ORDER BY id LIMIT ?")
_BACKLOG_SPANS = _SPANS.format("id <= ? ORDER BY id DESC LIMIT ?")
"""Columns of the next spans, in the order of `IndexedRow`, then size of the slice, trace and version."""

_LOGS_OF_SPANS = (
    "SELECT json_group_array(json_array(span, id, size, tells)) FROM (SELECT s.id AS span, l.id AS id,"
    " length(l.data) AS size, l.tells AS tells FROM json_each(?) k CROSS JOIN spans s ON s.id = k.value"
    " CROSS JOIN traces t ON t.id = s.trace LEFT JOIN pending_spans p ON p.id = s.id"
    " CROSS JOIN logs l INDEXED BY logs_by_span ON l.trace_id = t.trace_id AND l.trace_id <> ''"
    " AND l.span_id = ifnull(p.announces, s.span_id) WHERE l.id <= ? ORDER BY l.id)"
)
"""The log records of spans (a JSON list of row ids), but for those after a row id, in order of arrival."""

_NEXT_LOGS = "SELECT ifnull(max(id), 0) FROM (SELECT id FROM logs WHERE id > ? ORDER BY id LIMIT ?)"

_LATE_LOGS = (
    "SELECT json_group_array(json_array(span, id, size, trace)) FROM (SELECT s.id AS span, l.id AS id,"
    " length(l.data) AS size, s.trace AS trace"
    " FROM logs l CROSS JOIN traces t ON t.trace_id = l.trace_id CROSS JOIN spans s ON s.trace = t.id"
    " AND s.span_id = l.span_id WHERE l.id > ?1 AND l.id <= ?2 AND s.id > ?3 AND s.id <= ?4"
    " UNION ALL SELECT p.id, l.id, length(l.data), p.trace FROM logs l CROSS JOIN traces t ON t.trace_id = l.trace_id"
    " CROSS JOIN pending_spans p ON p.trace = t.id AND p.announces = l.span_id"
    " WHERE l.id > ?1 AND l.id <= ?2 AND p.id > ?3 AND p.id <= ?4)"
)
"""The log records in a range of row ids whose spans are in another."""

_TRACE_IDS = "SELECT json_group_array(t.trace_id) FROM json_each(?) k CROSS JOIN traces t ON t.id = k.value"

_MARKS = "SELECT backlog, through, logs_through FROM search_index"
_NEXT_SIZE = "SELECT length(data) FROM span_data WHERE id > ? ORDER BY id LIMIT 1"
_BACKLOG_SIZE = "SELECT length(data) FROM span_data WHERE id <= ? ORDER BY id DESC LIMIT 1"
_SET_MARKS = "UPDATE search_index SET backlog = ?, through = ?, logs_through = ?, cut_spans = cut_spans + ?"
_MERGE = "INSERT INTO span_terms (span_terms, rank) VALUES ('merge', ?)"
_CLEAR = (
    "INSERT INTO span_terms (span_terms) VALUES ('delete-all')",
    "UPDATE search_index SET cut_spans = 0, through = max(through, (SELECT ifnull(max(id), 0) FROM spans)),"
    " logs_through = (SELECT ifnull(max(id), 0) FROM logs)",
    "UPDATE search_index SET backlog = through",
)
_VERSION = "SELECT derivation_version FROM search_index"
_SET_VERSION = "UPDATE search_index SET derivation_version = ?"


class IndexReads:
    """The reads of a `SpanReader` for the search index."""

    _connection: sqlite3.Connection

    def _reading(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def _snapshot(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def unindexed(self, version: int, *, after: IndexMarks | None = None, limit: int = 100) -> Unindexed | None:
        """What the search index is to be given next; see `SpanReader.unindexed`."""
        with self._snapshot():
            *reached, last_span, last_log = self._connection.execute(_STATE).fetchone()
            before = IndexMarks(*reached) if after is None else after
            backlog, through, logs_through = before
            if last_span <= through and not backlog and last_log <= logs_through:
                return None
            late: list[list[int]] = []
            if last_log > logs_through:
                logs_through = self._connection.execute(_NEXT_LOGS, (logs_through, limit)).fetchone()[0]
                late = self._rows(_LATE_LOGS, before.logs_through, logs_through, backlog, through)
            found: list[list[Any]] = []
            if last_span > through:
                found = _within(self._rows(_NEW_SPANS, through, limit))
                through = found[-1][0]
            elif backlog and not late:
                rows = self._rows(_BACKLOG_SPANS, backlog, limit)
                found = list(takewhile(lambda row: row[-1] >= version, _within(rows)))
                backlog = found[-1][0] - 1 if found else backlog if rows else 0
                found.reverse()
            marks = IndexMarks(backlog, through, logs_through)
            if marks == before:
                return None
            row_ids = [row[0] for row in found]
            logs = self._rows(_LOGS_OF_SPANS, json.dumps(row_ids), logs_through) if found and last_log else []
            telling = self._telling(logs)
            traces = {row[-2] for row in found} | {trace for *_, trace in late}
            return Unindexed(
                [
                    UnindexedSpan(_row(row), data, telling.get(row[0], ()))
                    for row, data in zip(found, self._slices("span_data", row_ids), strict=True)
                ],
                [UnindexedLog(*row[:3]) for row in (*late, *logs)],
                frozenset(self._rows(_TRACE_IDS, json.dumps(list(traces)))),
                before,
                marks,
                is_all=last_span <= through and last_log <= logs_through and not backlog,
            )

    def next_unindexed_size(self, after: IndexMarks | None = None) -> int:
        """Bytes of the span that `unindexed` begins with; see `SpanReader.next_unindexed_size`."""
        with self._reading():
            marks = IndexMarks(*self._connection.execute(_MARKS).fetchone()) if after is None else after
            found = self._connection.execute(_NEXT_SIZE, (marks.through,)).fetchone()
            if found is None:
                found = self._connection.execute(_BACKLOG_SIZE, (marks.backlog,)).fetchone()
            return int(found[0]) if found else 0

    def log_slices(self, row_ids: Sequence[int]) -> list[bytes]:
        """The encoded messages of these log records, in the order asked for; those that are gone are empty."""
        with self._reading():
            return self._slices("logs", row_ids)

    def _telling(self, logs: Sequence[list[Any]]) -> dict[int, list[bytes]]:
        """The log records that say something of their span, by its row id."""
        told = [(span, row_id) for span, row_id, _, tells in logs if tells]
        found: defaultdict[int, list[bytes]] = defaultdict(list)
        for (span, _), data in zip(told, self._slices("logs", [row_id for _, row_id in told]), strict=True):
            found[span].append(data)
        return found

    def _rows(self, statement: str, *values: object) -> list[Any]:
        """The rows inside the one row that the statement returns; see `rows`."""
        rows: list[Any] = json.loads(self._connection.execute(statement, values).fetchone()[0])
        return rows

    def _slices(self, table: str, row_ids: Sequence[int]) -> list[bytes]:
        """The bytes of these rows, many as the columns of one."""
        slices: list[bytes] = []
        for start in range(0, len(row_ids), _SLICES_AT_ONCE):
            part = row_ids[start : start + _SLICES_AT_ONCE]
            size = 1 if len(part) == 1 else _SLICES_AT_ONCE
            row = self._connection.execute(_slices(table, size), [*part, *[None] * (size - len(part))]).fetchone()
            slices += (data or b"" for data in row[: len(part)])
        return slices


@cache
def _slices(table: str, size: int) -> str:
    return f"SELECT {','.join([f'(SELECT data FROM {table} WHERE id = ?)'] * size)}"


def _within(rows: list[list[Any]]) -> list[list[Any]]:
    """The first of these rows, as many as may be read at once."""
    size = 0
    for place, row in enumerate(rows):
        size += row[-3]
        if place and size > _MOST_BYTES:
            return rows[:place]
    return rows


def _row(row: list[Any]) -> IndexedRow:
    columns = row[:25]
    columns[9] = bool(columns[9])
    columns[23] = None if columns[23] is None else float(columns[23])
    return IndexedRow(*columns)


class IndexWrites:
    """The writes of a `SpanWriter` for the search index."""

    _connection: sqlite3.Connection
    _derivation_version: int
    _unhurried_transactions = 0

    def _check_open(self) -> None:
        raise NotImplementedError

    def _transaction(self, *, needs_space: bool = True, is_derived: bool = False) -> AbstractContextManager[None]:
        raise NotImplementedError

    def _checkpoint(self) -> None:
        raise NotImplementedError

    def index(self, work: Indexed) -> bool:
        """Add to the search index; see `SpanWriter.index`."""
        return self._or_anew(lambda: self._index(work))

    def tidy_index(self) -> bool:
        """Merge a little of the search index; see `SpanWriter.tidy_index`."""
        return self._or_anew(self._tidy)

    def _index(self, work: Indexed) -> bool:
        connection = self._connection
        with self._unhurried(), self._transaction(is_derived=True):
            if connection.execute(_MARKS).fetchone() != work.before:
                return False
            insert_rows(connection, _insert_documents, work.documents)
            connection.execute(_SET_MARKS, (*work.marks, work.cut_spans))
        return True

    def _tidy(self) -> bool:
        with self._unhurried(), self._transaction(is_derived=True):
            before = self._connection.total_changes
            self._connection.execute(_MERGE, (MERGE_PAGES,))
            return self._connection.total_changes - before >= 2  # as FTS5's documentation has it

    def _or_anew(self, work: Callable[[], bool]) -> bool:
        """Work on the index; where it is damaged, empty it, so that it is filled again: all of it is derived."""
        try:
            return work()
        except StoreError as error:
            # a row that is there already, where the index takes it for free, is damage as well
            if not isinstance(error, DamagedError) and not isinstance(error.__cause__, sqlite3.IntegrityError):
                raise
            log.warning("the search index is damaged and is made anew: %s", error.message)
            self.clear_index()
            return False

    def clear_index(self) -> None:
        """Empty the search index; see `SpanWriter.clear_index`."""
        with self._transaction(needs_space=False, is_derived=True):
            for statement in _CLEAR:
                self._connection.execute(statement)
            self._connection.execute(_SET_VERSION, (self._derivation_version,))

    @contextmanager
    def _unhurried(self) -> Iterator[None]:
        """Without waiting for the disk at the end of a transaction: what may be lost with the power is made again.

        Without the checkpoint as well, which would be the first to wait, and whose failure nobody would hear of.
        """
        self._check_open()
        checkpoint_at = int(self._connection.execute("PRAGMA wal_autocheckpoint").fetchone()[0])
        self._connection.execute("PRAGMA synchronous=normal")
        self._connection.execute("PRAGMA wal_autocheckpoint=0")
        try:
            yield
        finally:
            self._connection.execute("PRAGMA synchronous=full")
            self._connection.execute(f"PRAGMA wal_autocheckpoint={checkpoint_at}")
        self._unhurried_transactions += 1
        if self._unhurried_transactions % CHECKPOINT_EVERY == 0:
            self._checkpoint()


def _insert_documents(rows: int) -> str:
    values = ",".join(["(?,?)"] * rows)
    return f"INSERT INTO span_terms (rowid, terms) SELECT * FROM (VALUES {values}) WHERE column1 IS NOT NULL"


def index_version(connection: sqlite3.Connection) -> int:
    """The version of the code that the index was made by."""
    return int(connection.execute(_VERSION).fetchone()[0])
