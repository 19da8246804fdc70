"""What is known of the traces of a search before any is looked at: which they are at most, and what holds for each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from tracetui.store.sqlite.search.bounds import Bounds
from tracetui.store.sqlite.search.candidates import latest_matching
from tracetui.store.sqlite.search.expression import ALL, NONE, Expression, matched
from tracetui.store.sqlite.search.sql import ALWAYS, Sql, among, both, either

MOST, MOST_BELOW = 5_000, 10_000
"""Spans whose traces are found one by one, or from which it is gone down, and to: some 20 ms. Of more there are so many
traces that it is sooner to look along the list."""

_TRACES = "SELECT json_group_array(DISTINCT s.trace) FROM json_each(?) k CROSS JOIN spans s ON s.id = k.value"
_CHILDREN = (
    "SELECT c.trace, c.span_id, {0} FROM json_each(?) k CROSS JOIN spans s ON s.id = k.value"
    " CROSS JOIN spans c INDEXED BY spans_by_parent ON c.trace = s.trace AND c.parent_span_id = s.span_id"
)
_BELOW = (
    "WITH RECURSIVE below(trace, span_id, meets) AS (" + _CHILDREN + "{1} LIMIT ?)"
    " SELECT json_group_array(DISTINCT trace) FILTER (WHERE meets), count(*) FROM below"
)
_AND_THEIRS = (
    " UNION SELECT c.trace, c.span_id, {0} FROM below b CROSS JOIN spans c"
    " INDEXED BY spans_by_parent ON c.trace = b.trace AND c.parent_span_id = b.span_id"
)
"""Each once, so that a cycle ends."""
_HAS_PENDING = "SELECT EXISTS (SELECT 1 FROM pending_spans)"


class Reach(NamedTuple):
    """What every trace that matches has in common."""

    traces: frozenset[int] | None = None
    """Row ids, beyond which no trace matches; None where they are not known."""
    where: Sql = ALWAYS
    """What holds, over `traces t`."""

    @property
    def sql(self) -> Sql:
        """Both, over `traces t`."""
        if self.traces is None:
            return self.where
        return both([among(sorted(self.traces)), self.where])


def everywhere(parts: Sequence[Reach]) -> Reach:
    """Where each of these reaches."""
    known = [part.traces for part in parts if part.traces is not None]
    return Reach(frozenset.intersection(*known) if known else None, both([part.where for part in parts]))


def anywhere(parts: Sequence[Reach]) -> Reach:
    """Where one of these reaches."""
    known = [part.traces for part in parts if part.traces is not None]
    if len(known) < len(parts):
        return Reach(where=either([part.sql for part in parts]))
    return Reach(frozenset.union(frozenset(), *known), either([part.where for part in parts]))


class Descent(NamedTuple):
    """A way down from spans above to those that are asked for."""

    match: str
    """What the index is asked for the spans above."""
    where: Sql
    """What the ones below meet themselves, over `spans c`."""
    directly: bool
    """Whether they are children."""


def traces_below(
    connection: sqlite3.Connection, row_ids: Sequence[int], where: Sql, most: int, *, directly: bool
) -> Sequence[int] | None:
    """Traces with a span below one of these that meets a condition; None where more than so many have to be seen.

    Args:
        connection: The database, in which no span is pending.
        row_ids: The spans above.
        where: The condition, over `spans c`.
        most: Spans below them that are looked at.
        directly: Whether only children are meant.
    """
    statement = _BELOW.format(where.text, "" if directly else _AND_THEIRS.format(where.text))
    values = (*where.values, json.dumps(row_ids), *(() if directly else where.values), most)
    ((traces, count),) = connection.execute(statement, values)
    found: Sequence[int] = json.loads(traces)
    return found if count < most else None


class Sides:
    """The traces of one side of a structure, where they are few; each side is asked for once in a search."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._spans: dict[Expression, Sequence[int] | None] = {}
        self._traces: dict[Expression, Reach] = {}
        self._pending: bool | None = None

    def clear(self) -> None:
        """Forget the search before."""
        self._spans.clear()
        self._traces.clear()
        self._pending = None

    def traces_below(self, bounds: Bounds, where: Sql, *, directly: bool) -> Reach:
        """Traces with a span below one for which a condition may hold, and that meets another itself.

        Args:
            bounds: What the index says of the span above.
            where: The condition on the one below, over `spans c`.
            directly: Whether it is a child.
        """
        spans = self._spans_of(bounds)
        if spans is None or "span_holds" in where.text or self.has_pending():
            return Reach()
        traces = traces_below(self._connection, spans, where, MOST_BELOW, directly=directly)
        return Reach() if traces is None else Reach(frozenset(traces))

    def traces_with(self, bounds: Bounds) -> Reach:
        """Traces with a span for which a condition may hold."""
        spans = self._spans_of(bounds)
        if spans is None:
            return Reach()
        found = self._traces.get(bounds.possible)
        if found is None:
            ((traces,),) = self._connection.execute(_TRACES, (json.dumps(spans),)).fetchall()
            found = self._traces[bounds.possible] = Reach(frozenset(json.loads(traces)))
        return found

    def has_pending(self) -> bool:
        """Whether any span is pending: it stands for one of another id, which may be above others as well."""
        if self._pending is None:
            self._pending = bool(self._connection.execute(_HAS_PENDING).fetchone()[0])
        return self._pending

    def are_many(self, bounds: Bounds) -> bool:
        """Whether a condition may hold for more spans than are asked for their traces."""
        return self._spans_of(bounds) is None

    def _spans_of(self, bounds: Bounds) -> Sequence[int] | None:
        """The spans for which a condition may hold; None where they are many."""
        asked = bounds.possible
        if asked in (ALL, NONE):
            return None if asked == ALL else ()
        if asked not in self._spans:
            found = latest_matching(self._connection, matched(asked), MOST + 1)
            self._spans[asked] = None if len(found) > MOST else found
        return self._spans[asked]
