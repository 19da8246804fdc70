"""Walking along the traces of a list, and telling which of them match: the answer comes from the top, in pieces.

Each step takes the next traces of the order whole: which of their spans the index names is known once it has been read
down to the oldest of these spans. So a page is exact in every order, whatever arrived in whatever order, and where many
traces match little of the index is read. Where the index names few spans, only their traces are walked.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing

from tracetui.store.api import RowKey, TraceSort
from tracetui.store.sqlite.search.candidates import Candidates
from tracetui.store.sqlite.search.pages import SORT_EXPRESSIONS, beyond
from tracetui.store.sqlite.search.plan import FEW, Plan, are_few
from tracetui.store.sqlite.search.sql import Sql, both

_FIRST_STEP, _LAST_STEP = 120, 2_000
"""Traces of a step: few at first, for the first rows."""
_MOST_SPANS = 20_000
"""Spans that are looked at together, but for one trace that has more."""

_SPANS_OF = "SELECT s.trace, s.id FROM json_each(?) k CROSS JOIN spans s INDEXED BY spans_by_trace ON s.trace = k.value"
_TRACES_OF = "SELECT s.trace, s.id FROM json_each(?) k CROSS JOIN spans s ON s.id = k.value"

_Spans = Mapping[int, Sequence[int]]
"""Row ids of spans by that of their trace."""


def walk(
    connection: sqlite3.Connection, plan: Plan, sort: TraceSort, key: RowKey | None, *, forward: bool
) -> Generator[list[int], None, None]:
    """Row ids of the traces that match, some at a time; some pieces are empty.

    Args:
        connection: The database.
        plan: How the condition is searched for.
        sort: The order.
        key: Where to begin, beyond this row; None for the end of the order.
        forward: In the order, or against it.
    """
    if plan.is_empty:
        return
    order = _Order(connection, sort, key, forward=forward)
    if plan.of_traces:
        yield from order.steps(plan.traces)
    elif (match := plan.match) is None or are_few(connection, plan):
        for traces in order.steps(plan.traces):
            yield _matching(connection, traces, _spans_of(connection, traces), plan.whole)
    else:
        with closing(Candidates(connection, match)) as candidates:
            named = candidates.read(FEW)
            if candidates.is_complete:
                spans = _by_trace(connection, _TRACES_OF, named)
                among = Sql("t.id IN (SELECT value FROM json_each(?))", (json.dumps(list(spans)),))
                for traces in order.steps(both([plan.traces, among])):
                    yield _matching(connection, traces, spans, plan.residual)
                return
            for traces in order.steps(plan.traces):
                spans = _named(_spans_of(connection, traces), candidates)
                yield _matching(connection, traces, spans, plan.residual)


class _Order:
    """The traces of a list beyond a row."""

    def __init__(self, connection: sqlite3.Connection, sort: TraceSort, key: RowKey | None, *, forward: bool) -> None:
        self._connection = connection
        self._sort, self._key, self._forward = sort, key, forward

    def steps(self, where: Sql) -> Iterator[list[int]]:
        """Row ids of those for which a condition holds, some at a time."""
        size = _FIRST_STEP
        while rows := self._next(where, size):
            self._key = RowKey(rows[-1][2], rows[-1][0])
            yield from _parts(rows)
            if len(rows) < size:
                return
            size = min(size * 2, _LAST_STEP)

    def _next(self, where: Sql, size: int) -> list[tuple[int, int, int | float | str]]:
        expression = SORT_EXPRESSIONS[self._sort.order]
        direction = "DESC" if self._sort.descending == self._forward else "ASC"
        clauses = [where]
        if self._key is not None:
            clauses.append(Sql(*beyond(self._sort, self._key, forward=self._forward)))
        text, values = both(clauses)
        statement = (
            f"SELECT t.id, t.span_count + t.pending_count, {expression} FROM traces t WHERE {text}"
            f" ORDER BY {expression} {direction}, t.id {direction} LIMIT ?"
        )
        return self._connection.execute(statement, (*values, size)).fetchall()


def _parts(rows: Sequence[tuple[int, int, object]]) -> Iterator[list[int]]:
    """Traces with not too many spans together."""
    part: list[int] = []
    spans = 0
    for row_id, count, _ in rows:
        if part and spans + count > _MOST_SPANS:
            yield part
            part, spans = [], 0
        part.append(row_id)
        spans += count
    yield part


def _spans_of(connection: sqlite3.Connection, traces: Sequence[int]) -> _Spans:
    return _by_trace(connection, _SPANS_OF, traces)


def _by_trace(connection: sqlite3.Connection, statement: str, row_ids: Sequence[int]) -> _Spans:
    spans: defaultdict[int, list[int]] = defaultdict(list)
    for trace, row_id in connection.execute(statement, (json.dumps(row_ids),)):
        spans[trace].append(row_id)
    return spans


def _named(spans: _Spans, candidates: Candidates) -> _Spans:
    """Those of the spans that the index names."""
    named = set(candidates.among(row_id for of in spans.values() for row_id in of))
    return {trace: kept for trace, of in spans.items() if (kept := [row_id for row_id in of if row_id in named])}


def _matching(connection: sqlite3.Connection, traces: Sequence[int], spans: _Spans, condition: Sql) -> list[int]:
    """Those of the traces of which one of these spans meets the condition; a trace is asked no longer than needed."""
    asked = {trace: spans[trace] for trace in traces if trace in spans}
    if condition.is_always or not asked:
        return list(asked)
    text, values = condition
    statement = (
        "SELECT k.key FROM json_each(?) k"
        f" WHERE EXISTS (SELECT 1 FROM json_each(k.value) c CROSS JOIN spans s ON s.id = c.value WHERE {text})"
    )
    found = connection.execute(statement, (json.dumps(asked), *values)).fetchall()
    matching = {int(trace) for (trace,) in found}
    return [trace for trace in asked if trace in matching]
