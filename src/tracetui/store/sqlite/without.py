"""A reader that leaves traces out, as if they had been removed.

Only the reads that a screen makes are changed. Pages are read a little longer and cut, counts are lessened by what
would be in them, sessions of such traces are summed anew: the rows are few, so each costs a look-up or two.
Frequencies, which completion shows, are left as they are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tracetui.model.session import SessionSummary
from tracetui.model.trace import SpanNode, SpanRow, TraceSummary
from tracetui.store.api import END
from tracetui.store.orders import SessionSort, TraceSort
from tracetui.store.records import Hit, RowKey, StoredSpan, StoreSize
from tracetui.store.sqlite import statements
from tracetui.store.sqlite.reader import SqliteReader
from tracetui.store.sqlite.search.pages import NEWEST_FIRST, beyond
from tracetui.store.sqlite.sessions import LAST_FIRST, session_summary
from tracetui.store.withheld import Withheld

if TYPE_CHECKING:
    from tracetui.store.conditions import Condition

RowT = TypeVar("RowT")

_ROWS = "SELECT id, session_id FROM traces WHERE trace_id IN (SELECT value FROM json_each(?))"
_SPANS = "SELECT ifnull(sum(span_count + pending_count), 0) FROM traces WHERE id IN (SELECT value FROM json_each(?))"
_LOGS = "SELECT count(*) FROM logs WHERE trace_id <> '' AND trace_id IN (SELECT value FROM json_each(?))"
_REST = (
    "FROM traces r WHERE r.session_id = x.session_id AND r.session_id <> '' AND r.id NOT IN (SELECT value FROM held)"
)
_SESSION = (
    "WITH held(value) AS MATERIALIZED (SELECT value FROM json_each(?1))"
    " SELECT x.id, x.session_id, count(*), ifnull(min(nullif(r.start_time_unix_nano, 0)), 0),"
    " max(r.start_time_unix_nano), max(r.end_time_unix_nano), sum(r.span_count), sum(r.error_count), sum(r.llm_count),"
    " sum(r.tool_count), sum(r.input_tokens), sum(r.output_tokens),"
    " CASE WHEN count(r.cost_total) THEN sum(iif(r.cost_count, r.cost_picodollars, 0)) / 1e12 END,"
    " t.service, t.project,"
    f" (SELECT json_group_array(user_id) FROM (SELECT r.user_id {_REST} AND r.user_id <> ''"
    " GROUP BY r.user_id ORDER BY count(*) DESC, r.user_id)),"
    f" {statements.LAST_WORDS}, t.complete,"
    f" (SELECT CASE min(r.cost_source) WHEN max(r.cost_source) THEN max(r.cost_source)"
    f" ELSE iif(count(*), 'mixed', '') END {_REST} AND r.cost_source <> '')"
    " FROM sessions x JOIN traces r ON r.session_id = x.session_id AND r.session_id <> ''"
    f" JOIN traces t ON t.id = (SELECT r.id {_REST} ORDER BY r.start_time_unix_nano DESC, r.id DESC LIMIT 1)"
    " WHERE x.session_id = ?2 AND r.id NOT IN (SELECT value FROM held) GROUP BY x.id"
)
"""A session from what is left of it, with the columns of `SESSION_ROWS`; no row where nothing is."""


class SqliteReaderWithout(SqliteReader):
    """A `SpanReader` that leaves traces out.

    Args:
        path: The database file.
        withheld: Which traces.
    """

    def __init__(self, path: Path, withheld: Withheld) -> None:
        super().__init__(path)
        self._withheld = withheld

    # Traces

    def size(self) -> StoreSize:
        """How much the store holds but for these traces; on the disk they are."""
        size = super().size()
        if not (held := self._held()):
            return size
        with self._reading():
            (spans,) = self._connection.execute(_SPANS, (json.dumps(list(held)),)).fetchone()
            (logs,) = self._connection.execute(_LOGS, (json.dumps(list(self._withheld.trace_ids)),)).fetchone()
        return StoreSize(size.traces, size.spans - spans, size.logs - logs, size.bytes)

    def count_traces(
        self, where: Condition | None = None, *, ahead_of: RowKey | None = None, sort: TraceSort = NEWEST_FIRST
    ) -> int:
        """Traces that match; see `SpanReader.count_traces`."""
        found = super().count_traces(where, ahead_of=ahead_of, sort=sort)
        held = list(self._held())
        if held and where is not None:
            held = self._matching_of(held, where)
        if not held:
            return found
        ahead, values = ("1", ()) if ahead_of in (None, END) else beyond(sort, ahead_of, forward=False)
        statement = f"SELECT count(*) FROM traces t WHERE t.id IN (SELECT value FROM json_each(?)) AND {ahead}"
        with self._reading():
            return found - int(self._connection.execute(statement, (json.dumps(held), *values)).fetchone()[0])

    def traces(
        self,
        where: Condition | None = None,
        *,
        sort: TraceSort = NEWEST_FIRST,
        after: RowKey | None = None,
        before: RowKey | None = None,
        limit: int = 100,
    ) -> list[TraceSummary]:
        """A page of traces in the order; see `SpanReader.traces`."""
        without = self._withheld.trace_ids
        rows = super().traces(where, sort=sort, after=after, before=before, limit=limit + len(without))
        return _cut([row for row in rows if row.trace_id not in without], limit, before)

    def trace(self, trace_id: str) -> TraceSummary | None:
        """One trace."""
        return None if trace_id in self._withheld.trace_ids else super().trace(trace_id)

    def skeleton(self, trace_id: str) -> list[SpanNode]:
        """Every span of a trace; see `SpanReader.skeleton`."""
        return [] if trace_id in self._withheld.trace_ids else super().skeleton(trace_id)

    def unseen(self, trace_id: str) -> list[SpanNode]:
        """The spans that only log records name; see `SpanReader.unseen`."""
        return [] if trace_id in self._withheld.trace_ids else super().unseen(trace_id)

    def span(self, trace_id: str, span_id: str) -> StoredSpan | None:
        """One span, whole; see `SpanReader.span`."""
        return None if trace_id in self._withheld.trace_ids else super().span(trace_id, span_id)

    def rows(self, row_ids: Sequence[int]) -> list[SpanRow]:
        """These spans' rows; see `SpanReader.rows`."""
        without = self._withheld.trace_ids
        return [row for row in super().rows(row_ids) if row.trace_id not in without]

    def stored_spans(self, row_ids: Sequence[int]) -> list[StoredSpan]:
        """These spans, whole; see `SpanReader.stored_spans`."""
        without = self._withheld.trace_ids
        return [stored for stored in super().stored_spans(row_ids) if stored.row.trace_id not in without]

    def matching(self, trace_id: str, where: Condition) -> list[str]:
        """Ids of the spans of a trace that match; see `SpanReader.matching`."""
        return [] if trace_id in self._withheld.trace_ids else super().matching(trace_id, where)

    def hits(self, trace_row_ids: Sequence[int], where: Condition) -> dict[int, Hit | None]:
        """Why these traces match; see `SpanReader.hits`."""
        held = self._held()
        return super().hits([row_id for row_id in trace_row_ids if row_id not in held], where)

    # Sessions

    def count_sessions(self, *, ahead_of: RowKey | None = None, sort: SessionSort = LAST_FIRST) -> int:
        """Sessions; see `SpanReader.count_sessions`."""
        found = super().count_sessions(ahead_of=ahead_of, sort=sort)
        gone = [session for session in self._touched() if self._rest(session) is None]
        if ahead_of in (None, END):
            return found - len(gone)
        count = super().count_sessions
        return found - sum(count(ahead_of=self._key(session_id, sort), sort=sort) < found for session_id in gone)

    def sessions(
        self,
        *,
        sort: SessionSort = LAST_FIRST,
        after: RowKey | None = None,
        before: RowKey | None = None,
        limit: int = 100,
    ) -> list[SessionSummary]:
        """A page of sessions in the order that they have with what is left out; see `SpanReader.sessions`."""
        touched = self._touched()
        rows = super().sessions(sort=sort, after=after, before=before, limit=limit + len(touched))
        left = [self._rest(row.session_id) if row.session_id in touched else row for row in rows]
        return _cut([row for row in left if row is not None], limit, before)

    def session(self, session_id: str) -> SessionSummary | None:
        """One session."""
        return self._rest(session_id) if session_id in self._touched() else super().session(session_id)

    def session_key(self, session: SessionSummary, sort: SessionSort) -> RowKey:
        """The key of a row under an order: where it stands with what is left out."""
        if session.session_id in self._touched():
            return self._key(session.session_id, sort)
        return super().session_key(session, sort)

    def session_traces(
        self, session_id: str, *, after: RowKey | None = None, before: RowKey | None = None, limit: int = 100
    ) -> list[TraceSummary]:
        """A page of a session's traces; see `SpanReader.session_traces`."""
        without = self._withheld.trace_ids
        rows = super().session_traces(session_id, after=after, before=before, limit=limit + len(without))
        return _cut([row for row in rows if row.trace_id not in without], limit, before)

    def count_session_traces(self, session_id: str, *, ahead_of: RowKey | None = None) -> int:
        """Traces of a session; see `SpanReader.count_session_traces`."""
        found = super().count_session_traces(session_id, ahead_of=ahead_of)
        if session_id not in self._touched():
            return found
        key = None if ahead_of == END else ahead_of
        stored = super().trace
        held = [trace for trace_id in self._withheld.trace_ids if (trace := stored(trace_id)) is not None]
        return found - sum(
            trace.session_id == session_id and (key is None or (trace.start_time_unix_nano, trace.row_id) < key)
            for trace in held
        )

    # What is left out

    def _held(self) -> dict[int, str]:
        """The row ids of the traces that are left out, those that are there, each with its session."""
        if not (without := self._withheld.trace_ids):
            return {}
        with self._reading():
            return dict(self._connection.execute(_ROWS, (json.dumps(list(without)),)).fetchall())

    def _matching_of(self, row_ids: Sequence[int], where: Condition) -> list[int]:
        """Those of these traces that match, left out or not."""
        from tracetui.store.sqlite.search.spans import first_spans  # deferred as all of the search

        with self._searching(), self._snapshot():
            return list(first_spans(self._connection, self._planner.plan(where), row_ids))

    def _touched(self) -> set[str]:
        """Sessions of which something is left out."""
        return set(self._held().values()) - {""}

    def _rest(self, session_id: str) -> SessionSummary | None:
        """A session without what is left out; None where nothing else is in it."""
        with self._reading():
            row = self._connection.execute(_SESSION, (json.dumps(list(self._held())), session_id)).fetchone()
        return session_summary(row) if row else None

    def _key(self, session_id: str, sort: SessionSort) -> RowKey:
        whole = super().session(session_id)
        return super().session_key(whole, sort) if whole is not None else END


def _cut(rows: list[RowT], limit: int, before: RowKey | None) -> list[RowT]:
    """As many rows as were asked for, from the side of the key."""
    limit = max(limit, 0)
    return rows[:limit] if before is None else rows[len(rows) - min(limit, len(rows)) :]
