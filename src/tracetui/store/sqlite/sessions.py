"""Reads of sessions.

Totals are kept in `sessions` by triggers on `traces` rather than summed on reading: with 5,000 sessions of 50,000
traces a page of 100 takes 6 ms in the usual order and at most 20 in any other; summing takes 200, and a live list would
sum anew with every commit. Keeping them costs the way in about 7 µs for each trace with a session, nothing for others.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from tracetui.model.session import SessionSummary
from tracetui.model.trace import TraceSummary
from tracetui.store.api import END
from tracetui.store.orders import SessionOrder, SessionSort
from tracetui.store.records import RowKey
from tracetui.store.sqlite import statements
from tracetui.store.sqlite.rows import MAX_INTEGER, trace_summary
from tracetui.store.sqlite.source import source
from tracetui.store.sqlite.unknown import PLACE, placed, tokens, tokens_value, unknown

LAST_FIRST = SessionSort()
"""The order of a session list unless told otherwise."""

_HIGHEST = "\U0010ffff"
"""No character is higher."""

_OF_LAST = "(SELECT {0} FROM traces t WHERE t.id = x.last_trace) COLLATE NOCASE"

_EXPRESSIONS = {
    SessionOrder.LAST: "x.last_start",
    SessionOrder.START: "x.start_time_unix_nano",
    SessionOrder.DURATION: f"ifnull(x.duration_nano, {PLACE})",
    SessionOrder.TURNS: "x.trace_count",
    SessionOrder.SPANS: "x.span_count",
    SessionOrder.ERRORS: "x.error_count",
    SessionOrder.LLM: "x.llm_count",
    SessionOrder.TOOLS: "x.tool_count",
    SessionOrder.TOKENS: tokens("x"),
    SessionOrder.COST: f"ifnull(x.cost_total, {PLACE})",
    SessionOrder.SESSION: "x.session_id COLLATE NOCASE",
    SessionOrder.SERVICE: _OF_LAST.format("t.service"),
    SessionOrder.SOURCE: _OF_LAST.format(source("t")),
}


class SessionReads:
    """The reads of sessions of a `SpanReader`; mixed into the reader, whose connection they use."""

    _connection: sqlite3.Connection

    def _reading(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def _snapshot(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def count_sessions(self, *, ahead_of: RowKey | None = None, sort: SessionSort = LAST_FIRST) -> int:
        """Sessions; with `ahead_of`, those that stand before that key in the order."""
        clause, values = ("1", []) if ahead_of in (None, END) else _beyond(sort, ahead_of, forward=False)
        with self._reading():
            return int(
                self._connection.execute(f"SELECT count(*) FROM sessions x WHERE {clause}", values).fetchone()[0]
            )

    def sessions(
        self,
        *,
        sort: SessionSort = LAST_FIRST,
        after: RowKey | None = None,
        before: RowKey | None = None,
        limit: int = 100,
    ) -> list[SessionSummary]:
        """A page of sessions in the order; see `SpanReader.sessions`."""
        if after is not None and before is not None:
            raise ValueError("a page is asked for with after or with before, not with both")
        statement, values = sessions_statement(sort, after, before)
        with self._snapshot():
            found = self._connection.execute(statement, (*values, max(limit, 0)))
            rows = self._session_rows([row_id for (row_id,) in found])
        return rows if before is None else rows[::-1]

    def session_key(self, session: SessionSummary, sort: SessionSort) -> RowKey:
        """The key of a row under an order."""
        return RowKey(_sort_value(session, sort), session.row_id)

    def session(self, session_id: str) -> SessionSummary | None:
        """One session."""
        with self._snapshot():
            found = self._connection.execute(statements.SESSION_ROW_ID, (session_id,)).fetchone()
            rows = self._session_rows(found) if found else []
        return rows[0] if rows else None

    def session_traces(
        self, session_id: str, *, after: RowKey | None = None, before: RowKey | None = None, limit: int = 100
    ) -> list[TraceSummary]:
        """A page of a session's traces from the first turn to the last; see `SpanReader.session_traces`."""
        if after is not None and before is not None:
            raise ValueError("a page is asked for with after or with before, not with both")
        statement, values = turns_statement(session_id, after, before)
        with self._reading():
            rows = [trace_summary(row) for row in self._connection.execute(statement, (*values, max(limit, 0)))]
        return rows if before is None else rows[::-1]

    def count_session_traces(self, session_id: str, *, ahead_of: RowKey | None = None) -> int:
        """Traces of a session; with `ahead_of`, those before that key."""
        clause, values = "", []
        if ahead_of is not None and ahead_of != END:
            clause, values = " AND (t.start_time_unix_nano, t.id) < (?, ?)", [ahead_of.value, ahead_of.row_id]
        statement = f"SELECT count(*) FROM traces t WHERE t.session_id = ? AND t.session_id <> ''{clause}"
        with self._reading():
            return int(self._connection.execute(statement, (session_id, *values)).fetchone()[0])

    def find_sessions(self, id_prefix: str, *, limit: int = 10) -> list[str]:
        """Sessions whose id starts with this text, exact case, in alphabetical order."""
        if not id_prefix:
            return []
        bound = (id_prefix, id_prefix + _HIGHEST, len(id_prefix), id_prefix, max(limit, 0))
        with self._reading():
            return [session_id for (session_id,) in self._connection.execute(statements.FIND_SESSIONS, bound)]

    def _session_rows(self, row_ids: Sequence[int]) -> list[SessionSummary]:
        found = self._connection.execute(statements.SESSION_ROWS, (json.dumps(list(row_ids)),)).fetchall()
        by_id = {row[0]: row for row in found}
        return [session_summary(by_id[row_id]) for row_id in row_ids if row_id in by_id]


def sessions_statement(sort: SessionSort, after: RowKey | None, before: RowKey | None) -> tuple[str, list[object]]:
    """The statement of a page of session row ids with its values but for the limit; see `reader.page_statement`."""
    key = after if before is None else before
    clause, values = ("1", []) if key in (None, END) else _beyond(sort, key, forward=before is None)
    direction = "DESC" if sort.descending == (before is None) else "ASC"
    order = f"{_sort_expression(sort)} {direction}, x.id {direction}"
    return f"SELECT x.id FROM sessions x WHERE {clause} ORDER BY {order} LIMIT ?", values


def turns_statement(session_id: str, after: RowKey | None, before: RowKey | None) -> tuple[str, list[object]]:
    """The statement of a page of a session's traces with its values but for the limit; before a key in reverse."""
    key = after if before is None else before
    clause, values = "", []
    if key is not None and key != END:
        clause = f" AND (t.start_time_unix_nano, t.id) {'>' if before is None else '<'} (?, ?)"
        values = [key.value, key.row_id]
    direction = "ASC" if before is None else "DESC"
    return (
        f"SELECT {statements.SUMMARY_COLUMNS} FROM traces t WHERE t.session_id = ? AND t.session_id <> ''{clause}"
        f" ORDER BY t.start_time_unix_nano {direction}, t.id {direction} LIMIT ?"
    ), [session_id, *values]


def _beyond(sort: SessionSort, key: RowKey | None, *, forward: bool) -> tuple[str, list[object]]:
    """The clause for rows that follow a key in the order, or go before it."""
    assert key is not None
    comparison = "<" if sort.descending == forward else ">"
    return f"({_sort_expression(sort)}, x.id) {comparison} (?, ?)", [key.value, key.row_id]


def _sort_expression(sort: SessionSort) -> str:
    """An order as an expression that is never NULL; `_sort_value` is the same in Python."""
    return placed(_EXPRESSIONS[sort.order], descending=sort.descending)


def _sort_value(session: SessionSummary, sort: SessionSort) -> int | float | str:
    none = unknown(descending=sort.descending)
    match sort.order:
        case SessionOrder.LAST:
            return session.last_start_time_unix_nano
        case SessionOrder.START:
            return session.start_time_unix_nano
        case SessionOrder.DURATION:
            return none if session.duration_nano is None else session.duration_nano
        case SessionOrder.TURNS:
            return session.trace_count
        case SessionOrder.SPANS:
            return session.span_count
        case SessionOrder.ERRORS:
            return session.error_count
        case SessionOrder.LLM:
            return session.llm_count
        case SessionOrder.TOOLS:
            return session.tool_count
        case SessionOrder.TOKENS:
            return tokens_value(session.input_tokens, session.output_tokens, descending=sort.descending)
        case SessionOrder.COST:
            return none if session.cost_total is None else session.cost_total
        case SessionOrder.SESSION:
            return session.session_id
        case SessionOrder.SERVICE:
            return session.service
        case SessionOrder.SOURCE:
            return session.source


def session_summary(row: Sequence[Any]) -> SessionSummary:
    """A session from a row of `statements.SESSION_ROWS`."""
    columns = list(row)
    for place in (10, 11):  # a sum beyond what a column holds has become a float
        if isinstance(columns[place], float):
            columns[place] = MAX_INTEGER
    columns[15], columns[17] = tuple(json.loads(row[15])), bool(row[17])
    return SessionSummary(*columns)
