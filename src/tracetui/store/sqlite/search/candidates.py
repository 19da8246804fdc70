"""The spans that the index names, read as far as they are needed, the latest first."""

from __future__ import annotations

import json
import sqlite3
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

_CHUNK = 3_000
_MOST = 50_000
_FAR = 20_000
"""Row ids that are skipped, and then looked at apart, rather than read: an import brings old traces late."""

_MATCHING = (
    "SELECT json_group_array(id) FROM (SELECT rowid AS id FROM span_terms WHERE span_terms MATCH ? AND rowid < ?"
    " ORDER BY rowid DESC LIMIT ?)"
)
"""One row for all of them, here and below: between rows the interpreter's lock is let go, and while other threads
compute it is some ms each time until it is had back."""
_BEYOND = 2**63 - 1

_SPANS_OF = (
    "SELECT json_group_array(s.trace), json_group_array(s.id)"
    " FROM json_each(?) k CROSS JOIN spans s INDEXED BY spans_by_trace ON s.trace = k.value"
)
_TRACES_OF = (
    "SELECT json_group_array(s.trace), json_group_array(s.id) FROM json_each(?) k CROSS JOIN spans s ON s.id = k.value"
)
_BETWEEN = (
    "SELECT json_group_array(id) FROM (SELECT rowid AS id FROM span_terms WHERE span_terms MATCH ?"
    " AND rowid BETWEEN ? AND ? ORDER BY rowid DESC)"
)
_OLDEST_OF, _NEWEST_OF = (
    f"SELECT {end}((SELECT {end}(id) FROM spans INDEXED BY spans_by_trace WHERE trace = k.value)) FROM json_each(?) k"
    for end in ("min", "max")
)

Spans: TypeAlias = Mapping[int, Sequence[int]]
"""Row ids of spans by that of their trace."""


class Candidates:
    """Row ids of spans in falling order, read from the index as far as somebody asks.

    Args:
        connection: The database.
        match: What the index is asked.
        keep: Tells which of those that somebody asks for are candidates; all, unless told otherwise.
    """

    def __init__(
        self, connection: sqlite3.Connection, match: str, keep: Callable[[list[int]], list[int]] = list
    ) -> None:
        self._connection = connection
        self._match = match
        self._keep = keep
        self._read_down_to = _BEYOND
        self._found = array("q")  # negated, so that they rise; a list of a million takes 40 MB
        self._by_trace: defaultdict[int, list[int]] = defaultdict(list)
        self._sorted = 0
        """How many of those found are in `_by_trace`."""
        self.is_complete = False
        """Whether all of them have been read."""

    def read(self, count: int) -> None:
        """Read so many more of what the index names."""
        row_ids = latest_matching(self._connection, self._match, count, below=self._read_down_to)
        self._found.extend(-row_id for row_id in row_ids)
        self.is_complete = len(row_ids) < count
        if row_ids:
            self._read_down_to = row_ids[-1]

    @property
    def unsorted(self) -> int:
        """How many have been read whose traces are not known."""
        return len(self._found) - self._sorted

    def rest(self) -> Spans:
        """All that have been read, by trace."""
        self._sort(len(self._found))
        return self._by_trace

    def of_traces(self, traces: Sequence[int], spans: int) -> Spans:
        """Those of these traces, which have so many spans in all.

        Where few are to be told apart, each is asked for its trace once; else the spans of the traces are looked for
        among them. So neither many rare candidates nor traces scattered over the file cost much.
        """
        asked = (json.dumps(traces),)
        (oldest,) = self._connection.execute(_OLDEST_OF, asked).fetchone()
        if oldest is None:
            return {}
        if not self.is_complete and self._read_down_to - oldest > _FAR:
            (newest,) = self._connection.execute(_NEWEST_OF, asked).fetchone()
            # where they came long before what is at the top, that is skipped
            if newest - oldest < self._read_down_to - newest - _FAR:
                ((found,),) = self._connection.execute(_BETWEEN, (self._match, oldest, newest)).fetchall()
                return self._those_of(traces, set(json.loads(found)).__contains__)
        self._read_to(oldest)
        reached = bisect_right(self._found, -oldest)
        if reached - self._sorted <= spans:
            self._sort(reached)
            return {trace: self._by_trace[trace] for trace in traces if trace in self._by_trace}
        return self._those_of(traces, self.has)

    def has(self, row_id: int) -> bool:
        """Whether the index names a span."""
        self._read_to(row_id)
        place = bisect_left(self._found, -row_id)
        return place < len(self._found) and self._found[place] == -row_id

    def _read_to(self, row_id: int) -> None:
        chunk = _CHUNK
        while not self.is_complete and self._read_down_to > row_id:
            self.read(chunk)
            chunk = min(chunk * 2, _MOST)

    def _those_of(self, traces: Sequence[int], are_named: Callable[[int], bool]) -> Spans:
        """The candidates of traces, of the spans that the index names."""
        named = {
            trace: found
            for trace, of in spans_of(self._connection, traces).items()
            if (found := [row_id for row_id in of if are_named(row_id)])
        }
        kept = set(self._keep([row_id for found in named.values() for row_id in found]))
        return {trace: of for trace, found in named.items() if (of := [row_id for row_id in found if row_id in kept])}

    def _sort(self, reached: int) -> None:
        if reached <= self._sorted:
            return
        row_ids = self._keep([-found for found in self._found[self._sorted : reached]])
        for trace, of in traces_of(self._connection, row_ids).items():
            self._by_trace[trace] += of
        self._sorted = reached


def latest_matching(connection: sqlite3.Connection, match: str, count: int, *, below: int = _BEYOND) -> list[int]:
    """The highest row ids that the index names, in falling order; with `below`, of those below one."""
    found: list[int] = json.loads(connection.execute(_MATCHING, (match, below, count)).fetchone()[0])
    return found


def all_matching(connection: sqlite3.Connection, match: str, count: int) -> Iterator[list[int]]:
    """All row ids that the index names, in falling order, so many at a time."""
    below = _BEYOND
    while found := latest_matching(connection, match, count, below=below):
        yield found
        below = found[-1]


def spans_of(connection: sqlite3.Connection, traces: Iterable[int]) -> Spans:
    """All spans of traces."""
    return by_trace(connection, _SPANS_OF, traces)


def traces_of(connection: sqlite3.Connection, row_ids: Iterable[int]) -> Spans:
    """These spans, by trace."""
    return by_trace(connection, _TRACES_OF, row_ids)


def by_trace(connection: sqlite3.Connection, statement: str, row_ids: Iterable[int]) -> Spans:
    """What a statement gives for row ids: traces, and of each its span."""
    spans: defaultdict[int, list[int]] = defaultdict(list)
    traces, found = connection.execute(statement, (json.dumps(list(row_ids)),)).fetchone()
    for trace, row_id in zip(json.loads(traces), json.loads(found), strict=True):
        spans[trace].append(row_id)
    return spans
