"""The search: the reads of a `SpanReader` that take a condition, and what helps to type one."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from tracetui.errors import SearchCancelled
from tracetui.model.trace import SpanRow, TraceSummary
from tracetui.store.api import END, Hit, RowKey, SearchState, TraceSort
from tracetui.store.conditions import And, Condition, InTrace, Operand, SpanField
from tracetui.store.sqlite import statements
from tracetui.store.sqlite.render import render
from tracetui.store.sqlite.rows import trace_summary
from tracetui.store.sqlite.search.pages import (
    NEWEST_FIRST,
    beyond,
    page_statement,
    sort_value,
    spans_statement,
    where_clause,
)


class SearchReads:
    """The reads of a `SpanReader` that take a condition; mixed into the reader, whose connection they use."""

    _connection: sqlite3.Connection

    def __init__(self) -> None:
        self._state = threading.Lock()
        self._is_searching = False
        self._is_cancelled = False

    def _reading(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def _snapshot(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def rows(self, row_ids: Sequence[int]) -> list[SpanRow]:
        """These spans' rows; see `SpanReader.rows`."""
        raise NotImplementedError

    def interrupt(self) -> None:
        """End the search that another thread is waiting for, if there is one."""
        with self._state:
            if self._is_searching:
                self._is_cancelled = True
                self._connection.interrupt()

    def count_traces(
        self, where: Condition | None = None, *, ahead_of: RowKey | None = None, sort: TraceSort = NEWEST_FIRST
    ) -> int:
        """Traces that match; with `ahead_of`, those that stand before that key in the order."""
        clauses: list[str] = []
        values: list[object] = []
        if ahead_of is not None and ahead_of != END:
            clause, values = beyond(sort, ahead_of, forward=False)
            clauses.append(clause)
        if where is not None:
            text, bound = render(where)
            clauses.append(f"t.id IN (SELECT s.trace FROM spans s WHERE {text})")
            values += bound
        statement = f"SELECT count(*) FROM traces t{where_clause(clauses)}"
        with self._searching():
            return int(self._connection.execute(statement, values).fetchone()[0])

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
        if after is not None and before is not None:
            raise ValueError("a page is asked for with after or with before, not with both")
        statement, values = page_statement(where, sort, after, before)
        with self._searching():
            rows = [trace_summary(row) for row in self._connection.execute(statement, (*values, max(limit, 0)))]
        return rows if before is None else rows[::-1]

    def trace_key(self, trace: TraceSummary, sort: TraceSort) -> RowKey:
        """The key of a row under an order."""
        return RowKey(sort_value(trace, sort.order), trace.row_id)

    def count_spans(self, where: Condition | None = None) -> int:
        """Spans that match."""
        text, values = render(where)
        statement = statements.COUNT_SPANS if where is None else f"SELECT count(*) FROM spans s WHERE {text}"
        with self._searching():
            return int(self._connection.execute(statement, values).fetchone()[0])

    def spans(self, where: Condition | None = None, *, after_row_id: int = 0, limit: int = 100) -> list[SpanRow]:
        """A page of spans in order of arrival."""
        statement, values = spans_statement(where)
        with self._searching(), self._snapshot():
            found = self._connection.execute(statement, (after_row_id, *values, max(limit, 0)))
            return self.rows([row_id for (row_id,) in found])

    def matching(self, trace_id: str, where: Condition) -> list[str]:
        """Ids of the spans of a trace that match, in order of arrival."""
        text, values = render(And((InTrace(trace_id), where)))
        with self._searching():
            found = self._connection.execute(f"SELECT s.span_id FROM spans s WHERE {text} ORDER BY s.id", values)
            return [span_id for (span_id,) in found]

    def hits(self, trace_row_ids: Sequence[int], where: Condition) -> dict[int, Hit | None]:
        """Why these traces match; see `SpanReader.hits`."""
        text, values = render(where)
        statement = f"SELECT EXISTS (SELECT 1 FROM spans s WHERE s.trace = ? AND {text})"
        with self._searching():
            return {
                row_id: None
                for row_id in trace_row_ids
                if self._connection.execute(statement, (row_id, *values)).fetchone()[0]
            }

    def frequent_keys(self, prefix: str = "", *, limit: int = 50) -> list[tuple[str, int]]:
        """Keys of span attributes that start so; see `SpanReader.frequent_keys`."""
        return []

    def frequent_values(self, operand: Operand, prefix: str = "", *, limit: int = 50) -> list[tuple[str, int]]:
        """Values of a field or an attribute that start so; see `SpanReader.frequent_values`."""
        column = _COLUMNS.get(operand)
        if column is None:
            return []
        statement = (
            f"SELECT {column}, count(*) FROM (SELECT * FROM spans ORDER BY id DESC LIMIT {_LATEST}) s"
            " JOIN resources r ON r.id = s.resource_id JOIN scopes c ON c.id = s.scope_id"
            f" WHERE {column} <> '' AND substr({column}, 1, ?) = ? COLLATE NOCASE GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?"
        )
        with self._searching():
            found = self._connection.execute(statement, (len(prefix), prefix, max(limit, 0)))
            return [(value, count) for value, count in found]

    def search_state(self) -> SearchState:
        """How far the search index has come."""
        total = self.count_spans()
        return SearchState(total, total)

    @contextmanager
    def _searching(self) -> Iterator[None]:
        """Work that `interrupt` ends."""
        with self._state:
            self._is_searching, self._is_cancelled = True, False
        try:
            with self._reading():
                yield
        except Exception as error:
            if self._is_cancelled:
                raise SearchCancelled from error
            raise
        finally:
            with self._state:
                self._is_searching = False


_LATEST = 20_000
"""Spans among which values are counted."""

_COLUMNS: dict[Operand, str] = {
    SpanField.NAME: "s.name",
    SpanField.KIND: "s.kind",
    SpanField.SERVICE: "r.service",
    SpanField.PROJECT: "r.project",
    SpanField.SCOPE: "c.name",
    SpanField.MODEL: "s.model",
    SpanField.PROVIDER: "s.provider",
    SpanField.TOOL: "s.tool_name",
    SpanField.AGENT: "s.agent_name",
    SpanField.SESSION: "s.session_id",
    SpanField.USER: "s.user_id",
}
"""Columns by the field whose text they hold."""
