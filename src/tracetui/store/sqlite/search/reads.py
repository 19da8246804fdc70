"""The search: the reads of a `SpanReader` that take a condition, and what helps to type one.

What plans and runs a search is imported by the first that needs it: it would take a twentieth of the time to the first
paint, in which nothing is searched for.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from tracetui.errors import SearchCancelled
from tracetui.model.trace import SpanRow, TraceSummary
from tracetui.store.api import END
from tracetui.store.orders import TraceSort
from tracetui.store.records import Hit, RowKey, SearchState
from tracetui.store.sqlite import statements
from tracetui.store.sqlite.rows import trace_summary
from tracetui.store.sqlite.search.pages import NEWEST_FIRST, beyond, page_statement, rows_statement, sort_value
from tracetui.store.sqlite.search.sql import ALWAYS, Sql

if TYPE_CHECKING:
    from tracetui.store.conditions import Condition, Operand
    from tracetui.store.sqlite.search.plan import Planner


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

    @cached_property
    def _planner(self) -> Planner:
        from tracetui.store.sqlite.search.plan import Planner

        return Planner(self._connection)

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
        ahead = ALWAYS if ahead_of in (None, END) else Sql(*beyond(sort, ahead_of, forward=False))
        with self._searching():
            if where is not None:
                return self._count_matching(where, ahead)
            statement = f"SELECT count(*) FROM traces t WHERE {ahead.text}"
            return int(self._connection.execute(statement, ahead.values).fetchone()[0])

    def _count_matching(self, where: Condition, ahead: Sql) -> int:
        from tracetui.store.sqlite.search import count
        from tracetui.store.sqlite.search.plan import are_few

        with self._snapshot():
            plan = self._planner.plan(where, to_count=True)
            in_few = are_few(self._connection, plan)
            if count.is_looked_at(plan) and not in_few:
                found: set[int] = set()
                for some in count.matching_traces(self._connection, plan):
                    self._stop_if_cancelled()
                    found |= some
                statement = count.traces_among(plan, found, ahead)
            else:
                statement = count.traces_statement(plan, ahead, in_few=in_few)
            return int(self._connection.execute(*statement).fetchone()[0])

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
        found = self.traces_as_found(where, sort=sort, after=after, before=before, limit=limit)
        rows = [trace for some in found for trace in some]
        return rows if before is None else rows[::-1]

    def traces_as_found(
        self,
        where: Condition | None = None,
        *,
        sort: TraceSort = NEWEST_FIRST,
        after: RowKey | None = None,
        before: RowKey | None = None,
        limit: int = 100,
    ) -> Iterator[list[TraceSummary]]:
        """The rows of a page, some at a time; see `SpanReader.traces_as_found`."""
        if after is not None and before is not None:
            raise ValueError("a page is asked for with after or with before, not with both")
        return self._found(where, sort, after, before, max(limit, 0))

    def _found(
        self, where: Condition | None, sort: TraceSort, after: RowKey | None, before: RowKey | None, limit: int
    ) -> Iterator[list[TraceSummary]]:
        with self._searching(), self._snapshot():
            if where is None:
                statement, values = page_statement(sort, after, before)
                yield [trace_summary(row) for row in self._connection.execute(statement, (*values, limit))]
                return
            key = after if before is None else before
            if key == END:
                key = None
            left = limit
            if not left:
                return
            from tracetui.store.sqlite.search.walk import walk

            plan = self._planner.plan(where)
            with closing(walk(self._connection, plan, sort, key, forward=before is None)) as pieces:
                for traces in pieces:
                    self._stop_if_cancelled()
                    if not traces:
                        continue
                    yield self._summaries(traces[:left])
                    left -= len(traces)
                    if left <= 0:
                        return

    def _summaries(self, row_ids: Sequence[int]) -> list[TraceSummary]:
        found = self._connection.execute(*rows_statement(row_ids)).fetchall()
        by_id = {row[0]: row for row in found}
        return [trace_summary(by_id[row_id]) for row_id in row_ids]

    def trace_key(self, trace: TraceSummary, sort: TraceSort) -> RowKey:
        """The key of a row under an order."""
        return RowKey(sort_value(trace, sort), trace.row_id)

    def count_spans(self, where: Condition | None = None) -> int:
        """Spans that match."""
        with self._searching():
            if where is None:
                statement = Sql(statements.COUNT_SPANS)
            else:
                from tracetui.store.sqlite.search import count
                from tracetui.store.sqlite.search.plan import are_few

                plan = self._planner.plan(where, to_count=True)
                statement = count.spans_statement(plan, in_few=are_few(self._connection, plan))
            return int(self._connection.execute(*statement).fetchone()[0])

    def spans(self, where: Condition | None = None, *, after_row_id: int = 0, limit: int = 100) -> list[SpanRow]:
        """A page of spans in order of arrival."""
        from tracetui.store.sqlite.search.plan import are_few
        from tracetui.store.sqlite.search.spans import page_of_spans

        with self._searching(), self._snapshot():
            plan = None if where is None else self._planner.plan(where)
            in_few = plan is not None and are_few(self._connection, plan)
            text, values = page_of_spans(plan, after_row_id, in_few=in_few)
            found = self._connection.execute(text, (*values, max(limit, 0))).fetchall()
            return self.rows([row_id for (row_id,) in found])

    def matching(self, trace_id: str, where: Condition) -> list[str]:
        """Ids of the spans of a trace that match, in order of arrival."""
        from tracetui.store.sqlite.search.spans import matching_statement

        with self._searching(), self._snapshot():
            statement = matching_statement(self._planner.plan(where), trace_id)
            return [span_id for (span_id,) in self._connection.execute(*statement)]

    def hits(self, trace_row_ids: Sequence[int], where: Condition) -> dict[int, Hit | None]:
        """Why these traces match; see `SpanReader.hits`."""
        from tracetui.store.sqlite.search.hits import hit_of
        from tracetui.store.sqlite.search.spans import first_spans

        with self._searching(), self._snapshot():
            plan = self._planner.plan(where)
            found = first_spans(self._connection, plan, trace_row_ids)
            hits: dict[int, Hit | None] = {}
            rows = {row.row_id: row for row in self.rows(list(found.values()))}
            for trace, row_id in found.items():
                self._stop_if_cancelled()
                hits[trace] = hit_of(where, rows[row_id], self._planner.tests.contents(row_id))
            return hits

    def frequent_keys(self, prefix: str = "", *, limit: int = 50) -> list[tuple[str, int]]:
        """Keys of span attributes that start so; see `SpanReader.frequent_keys`."""
        from tracetui.store.sqlite.search import completion

        with self._searching():
            return completion.keys(self._connection, prefix, limit)

    def frequent_values(self, operand: Operand, prefix: str = "", *, limit: int = 50) -> list[tuple[str, int]]:
        """Values of a field or an attribute that start so; see `SpanReader.frequent_values`."""
        from tracetui.store.sqlite.search import completion

        with self._searching():
            return completion.values(self._connection, operand, prefix, limit)

    def search_state(self) -> SearchState:
        """How far the search index has come."""
        with self._searching(), self._snapshot():
            total = int(self._connection.execute(statements.COUNT_SPANS).fetchone()[0])
            waiting = int(self._connection.execute(statements.WAITING_SPANS).fetchone()[0])
            return SearchState(max(total - waiting, 0), total)

    def _stop_if_cancelled(self) -> None:
        """Between two statements, which `interrupt` does not reach."""
        if self._is_cancelled:
            raise SearchCancelled

    @contextmanager
    def _searching(self) -> Iterator[None]:
        """Work that `interrupt` ends."""
        with self._state:
            self._is_searching, self._is_cancelled = True, False
        try:
            with self._reading():
                yield
        except Exception as error:
            if self._is_cancelled and not isinstance(error, SearchCancelled):
                raise SearchCancelled from error
            raise
        finally:
            with self._state:
                self._is_searching = False
