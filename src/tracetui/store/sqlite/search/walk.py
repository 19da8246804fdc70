"""Walking along the traces of a list, and telling which of them match: the answer comes from the top, in pieces.

Each step takes the next traces of the order whole: which of their spans the index names is known once it has been read
down to the oldest of these spans. So a page is exact in every order, whatever arrived in whatever order, and where many
traces match little of the index is read. Where the index names few spans, only their traces are walked.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TypeAlias

from tracetui.store.orders import TraceSort
from tracetui.store.records import RowKey
from tracetui.store.sqlite.search.candidates import Candidates, Spans, latest_matching, spans_of
from tracetui.store.sqlite.search.glance import Glance
from tracetui.store.sqlite.search.look import matching, shut_out
from tracetui.store.sqlite.search.pages import beyond, sort_expression
from tracetui.store.sqlite.search.plan import FEW, Plan, are_few
from tracetui.store.sqlite.search.reach import traces_below
from tracetui.store.sqlite.search.sql import Sql, among, both

_FIRST_STEP, _LAST_STEP = 120, 2_000
"""Traces of a step: few at first, for the first rows."""
_MOST_LOOKED_AT = 240
"""Traces of a step where bytes of spans are looked at: they are most of the time, and the page may be full before."""
_READ = 24
"""Traces of which spans are read for one piece of the answer."""
_GLANCED, _MANY = 12, 0.25
"""Traces that are looked at before the index is asked, and which part of them has to match to go on so."""
_TRIED, _IN_VAIN = 1_000, 300
"""Traces that are walked before all that is left is looked at together, and without a match."""
_MOST_AT_ONCE = 100_000
"""Spans that the index may name then: of those that are asked for, or of those above them."""
_MOST_BELOW = 500_000
_DOWN, _UP = 7, 6
"""Microseconds that it takes to go down from one span, and to look at one and at those above it."""
_MOST_SPANS = 20_000
"""Spans that are looked at together, but for one trace that has more."""

_SPANS = "t.span_count + t.pending_count"
_SIZES = "SELECT (SELECT ifnull(max(id), 0) FROM traces), (SELECT ifnull(max(id), 0) FROM spans)"
_COUNT = "SELECT count(*) FROM (SELECT rowid FROM span_terms WHERE span_terms MATCH ? LIMIT ?)"

_Row: TypeAlias = "tuple[int, int, int | float | str]"
"""Row id of a trace, how many spans it has, and its place in the order."""


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
        yield from (traces for traces, _ in order.steps(plan.traces))
    elif (match := plan.match) is None or are_few(connection, plan):
        for traces, _ in order.steps(plan.traces, are_named=plan.names_traces):
            yield from _matching(connection, traces, spans_of(connection, traces), plan.whole)
    else:
        if plan.has_beginnings:
            if plan.is_glanced:
                yield from _glanced(connection, plan, order)
                if order.is_at_end:
                    return
            if (loose := plan.loose) is not None:
                candidates = Candidates(connection, loose)
                candidates.read(FEW + 1)
                if candidates.is_complete:
                    yield from _rest(connection, plan, order, candidates.rest(), plan.whole)
                    return
        sure = _sure(connection, plan)
        candidates = Candidates(connection, match, partial(_open, connection, plan.glances, sure))
        candidates.read(FEW + 1)
        yield from _among(connection, plan, order, candidates, sure)


def _glanced(connection: sqlite3.Connection, plan: Plan, order: _Order) -> Iterator[list[int]]:
    """The traces that match, from looking at their spans, as long as many do.

    All words that begin with three letters may stand in half of a million spans, and to bring these together takes the
    index half a second; but then a page is full after a few dozen traces.
    """
    seen = found = 0
    for traces, _ in order.steps(plan.traces, first=_GLANCED):
        for these in _matching(connection, traces, spans_of(connection, traces), plan.whole):
            yield these
            found += len(these)
        seen += len(traces)
        if found < seen * _MANY:
            return


def _rest(
    connection: sqlite3.Connection,
    plan: Plan,
    order: _Order,
    spans: Spans,
    condition: Sql,
    sure: Candidates | _Nothing | None = None,
) -> Iterator[list[int]]:
    """The traces that match, of those that these spans belong to."""
    for traces, _ in order.steps(both([plan.traces, among(spans)]), are_named=True):
        yield from _matching(connection, traces, spans, condition, sure)


def _among(
    connection: sqlite3.Connection, plan: Plan, order: _Order, candidates: Candidates, sure: Candidates | _Nothing
) -> Iterator[list[int]]:
    """The traces that match, of those with spans that the index names."""
    most = _MOST_LOOKED_AT if plan.glances else _LAST_STEP
    steps = order.steps(plan.traces, are_named=plan.names_traces, counted=False, most=most)
    walked = found = 0
    is_tried = False
    for traces, count in [] if candidates.is_complete else steps:
        for these in _matching(connection, traces, candidates.of_traces(traces, count), plan.residual, sure):
            yield these
            found += len(these)
        if candidates.is_complete and candidates.unsorted <= FEW:
            break
        walked += len(traces)
        if not is_tried and walked >= (_TRIED if found else _IN_VAIN):
            is_tried = True
            if (left := _at_once(connection, plan)) is not None:
                yield from (matches for matches, _ in order.steps(left, are_named=True, counted=False))
                return
            if (left := _below(connection, plan)) is not None:
                for some, count in order.steps(left, are_named=True, counted=False):
                    yield from _matching(connection, some, candidates.of_traces(some, count), plan.residual, sure)
                return
    if candidates.is_complete:
        yield from _rest(connection, plan, order, candidates.rest(), plan.residual, sure)


class _Nothing:
    """No spans."""

    def has(self, _row_id: int) -> bool:
        """Whether a span is among them."""
        return False


def _sure(connection: sqlite3.Connection, plan: Plan) -> Candidates | _Nothing:
    """The spans of which the index is sure, where that spares reading others' bytes."""
    if plan.certain is None or plan.residual.is_always or "span_holds" not in plan.residual.text:
        return _Nothing()
    return Candidates(connection, plan.certain)


class _Order:
    """The traces of a list beyond a row."""

    def __init__(self, connection: sqlite3.Connection, sort: TraceSort, key: RowKey | None, *, forward: bool) -> None:
        self._connection = connection
        self._sort, self._key, self._forward = sort, key, forward
        self.is_at_end = False
        """Whether no trace is left."""

    def steps(
        self,
        where: Sql,
        *,
        first: int = _FIRST_STEP,
        most: int = _LAST_STEP,
        are_named: bool = False,
        counted: bool = True,
    ) -> Iterator[tuple[list[int], int]]:
        """Row ids of those for which a condition holds, some at a time, each with how many spans they have.

        Args:
            where: The condition, over `traces t`.
            first: How many at first.
            most: How many later on.
            are_named: Whether it names the traces one by one: they are put in order once.
            counted: Whether their spans are to be counted, not guessed: that reads each trace, not only an index.
        """
        spans = _SPANS if counted else str(self._usual_spans())
        for rows in self._named(where, spans, most) if are_named else self._read(where, spans, first, most):
            for part in _parts(rows):
                self._key = RowKey(part[-1][2], part[-1][0])  # whoever goes on with another condition begins there
                yield [row_id for row_id, *_ in part], sum(count for _, count, _ in part)
        self.is_at_end = True

    def _usual_spans(self) -> int:
        """Spans of a usual trace, at least one."""
        traces, spans = self._connection.execute(_SIZES).fetchone()
        return max(int(spans) // max(int(traces), 1), 1)

    def _read(self, where: Sql, spans: str, size: int, most: int) -> Iterator[list[_Row]]:
        while rows := self._next(where, spans, size):
            yield rows
            if len(rows) < size:
                break
            size = min(size * 2, most)

    def _named(self, where: Sql, spans: str, most: int) -> Iterator[list[_Row]]:
        rows = self._next(where, spans, -1)
        at, size = 0, _FIRST_STEP
        while at < len(rows):
            yield rows[at : at + size]
            at, size = at + size, min(size * 2, most)

    def _next(self, where: Sql, spans: str, size: int) -> list[_Row]:
        expression = sort_expression(self._sort)
        direction = "DESC" if self._sort.descending == self._forward else "ASC"
        clauses = [where]
        if self._key is not None:
            clauses.append(Sql(*beyond(self._sort, self._key, forward=self._forward)))
        text, values = both(clauses)
        statement = (
            f"SELECT t.id, {spans}, {expression} FROM traces t WHERE {text}"
            f" ORDER BY {expression} {direction}, t.id {direction} LIMIT ?"
        )
        return self._connection.execute(statement, (*values, size)).fetchall()


def _parts(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Traces with not too many spans together."""
    part: list[_Row] = []
    spans = 0
    for row in rows:
        if part and spans + row[1] > _MOST_SPANS:
            yield part
            part, spans = [], 0
        part.append(row)
        spans += row[1]
    yield part


def _at_once(connection: sqlite3.Connection, plan: Plan) -> Sql | None:
    """The traces that match, found by one statement; None where that is not worth its while.

    In one statement a span takes some 2 µs, on the way along the list 10; but no trace is named before all are. So it
    is for what SQLite decides by itself, of not too many spans, once it is clear that matches are rare.
    """
    text, values = plan.residual
    if plan.residual.is_always or "span_holds(" in text or "trace_holds(" in text:
        return None
    count = _count(connection, str(plan.match))
    if count > _MOST_AT_ONCE or any(_count(connection, way.match) * _DOWN < count * _UP for way in plan.descents):
        return None
    if plan.names_traces:  # that is asked first, as it costs least
        text = f"s.trace IN (SELECT t.id FROM traces t WHERE {plan.traces.text}) AND {text}"
        values = (*plan.traces.values, *values)
    ((found,),) = connection.execute(
        "SELECT json_group_array(DISTINCT s.trace) FROM span_terms f CROSS JOIN spans s ON s.id = f.rowid"
        f" WHERE f.span_terms MATCH ? AND {text}",
        (plan.match, *values),
    )
    return both([plan.traces, among(json.loads(found))])


def _below(connection: sqlite3.Connection, plan: Plan) -> Sql | None:
    """The traces that may match, found by going down from few spans above; None where that is not worth its while."""
    for way in plan.descents:
        row_ids = latest_matching(connection, way.match, _MOST_AT_ONCE + 1)
        if len(row_ids) <= _MOST_AT_ONCE:
            traces = traces_below(connection, row_ids, way.where, _MOST_BELOW, directly=way.directly)
            if traces is not None:
                return both([plan.traces, among(traces)])
    return None


def _count(connection: sqlite3.Connection, match: str) -> int:
    """How many spans the index names, up to one more than are looked at together."""
    return int(connection.execute(_COUNT, (match, _MOST_AT_ONCE + 1)).fetchone()[0])


def _open(
    connection: sqlite3.Connection, glances: Sequence[Glance], sure: Candidates | _Nothing, row_ids: list[int]
) -> list[int]:
    """The spans that match for sure, or of which a look at their bytes leaves it open."""
    shut = shut_out(connection, row_ids, glances)
    return [row_id for row_id in row_ids if row_id not in shut or sure.has(row_id)] if shut else row_ids


def _matching(
    connection: sqlite3.Connection,
    traces: Sequence[int],
    spans: Spans,
    condition: Sql,
    sure: Candidates | _Nothing | None = None,
) -> Iterator[list[int]]:
    """Those of the traces of which one of these spans meets the condition; a trace is asked no longer than needed.

    Where spans have to be read for it, a few traces at a time: a page may be full before all have been asked.
    """
    named = {trace: spans[trace] for trace in traces if trace in spans}
    if condition.is_always or not named:
        yield list(named)
        return
    size = _READ if "span_holds(" in condition.text else len(named)
    left = iter(named.items())
    while some := dict(islice(left, size)):
        found = set() if sure is None else {trace for trace, of in some.items() if any(map(sure.has, of))}
        found |= matching(connection, {trace: of for trace, of in some.items() if trace not in found}, condition)
        yield [trace for trace in some if trace in found]
