"""The spans that the index names, read as far as they are needed, the latest first."""

from __future__ import annotations

import json
import sqlite3
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

_CHUNK = 3_000
_MOST = 50_000

_MATCHING = "SELECT rowid FROM span_terms WHERE span_terms MATCH ? ORDER BY rowid DESC"
_SPANS_OF = "SELECT s.trace, s.id FROM json_each(?) k CROSS JOIN spans s INDEXED BY spans_by_trace ON s.trace = k.value"
_TRACES_OF = "SELECT s.trace, s.id FROM json_each(?) k CROSS JOIN spans s ON s.id = k.value"
_OLDEST_OF = (
    "SELECT min((SELECT min(id) FROM spans INDEXED BY spans_by_trace WHERE trace = k.value)) FROM json_each(?) k"
)

Spans: TypeAlias = Mapping[int, Sequence[int]]
"""Row ids of spans by that of their trace."""


class Candidates:
    """Row ids of spans in falling order, out of one statement that goes on as long as somebody reads."""

    def __init__(self, connection: sqlite3.Connection, match: str) -> None:
        self._connection = connection
        self._cursor = connection.execute(_MATCHING, (match,))
        self._found = array("q")  # negated, so that they rise; a list of a million takes 40 MB
        self._by_trace: defaultdict[int, list[int]] = defaultdict(list)
        self._sorted = 0
        """How many of those found are in `_by_trace`."""
        self.is_complete = False
        """Whether all of them have been read."""

    def read(self, count: int) -> None:
        """Read so many more."""
        rows = self._cursor.fetchmany(count)
        self._found.extend(-row_id for (row_id,) in rows)
        self.is_complete = len(rows) < count

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
        asked = json.dumps(traces)
        oldest = self._connection.execute(_OLDEST_OF, (asked,)).fetchone()[0] or 0
        self._read_to(oldest)
        reached = bisect_right(self._found, -oldest)
        if reached - self._sorted <= spans:
            self._sort(reached)
            return {trace: self._by_trace[trace] for trace in traces if trace in self._by_trace}
        found = by_trace(self._connection, _SPANS_OF, traces)
        return {trace: kept for trace, of in found.items() if (kept := [row_id for row_id in of if self.has(row_id)])}

    def has(self, row_id: int) -> bool:
        """Whether a span is among them."""
        self._read_to(row_id)
        place = bisect_left(self._found, -row_id)
        return place < len(self._found) and self._found[place] == -row_id

    def close(self) -> None:
        """Let go of the statement."""
        self._cursor.close()

    def _read_to(self, row_id: int) -> None:
        chunk = _CHUNK
        while not self.is_complete and (not self._found or -self._found[-1] > row_id):
            self.read(chunk)
            chunk = min(chunk * 2, _MOST)

    def _sort(self, reached: int) -> None:
        if reached <= self._sorted:
            return
        row_ids = [-row_id for row_id in self._found[self._sorted : reached]]
        for trace, row_id in self._connection.execute(_TRACES_OF, (json.dumps(row_ids),)):
            self._by_trace[trace].append(row_id)
        self._sorted = reached


def spans_of(connection: sqlite3.Connection, traces: Iterable[int]) -> Spans:
    """All spans of traces."""
    return by_trace(connection, _SPANS_OF, traces)


def by_trace(connection: sqlite3.Connection, statement: str, row_ids: Iterable[int]) -> Spans:
    """What a statement gives for row ids, by the first of its columns."""
    spans: defaultdict[int, list[int]] = defaultdict(list)
    for trace, row_id in connection.execute(statement, (json.dumps(list(row_ids)),)):
        spans[trace].append(row_id)
    return spans
