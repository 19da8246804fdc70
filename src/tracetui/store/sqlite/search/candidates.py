"""The spans that the index names, read as far as they are needed, the latest first."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Iterable

_CHUNK = 3_000
_MOST = 50_000

_MATCHING = "SELECT rowid FROM span_terms WHERE span_terms MATCH ? ORDER BY rowid DESC"


class Candidates:
    """Row ids of spans in falling order, out of one statement that goes on as long as somebody reads."""

    def __init__(self, connection: sqlite3.Connection, match: str) -> None:
        self._cursor = connection.execute(_MATCHING, (match,))
        self._found: list[int] = []  # negated, so that they rise
        self.is_complete = False
        """Whether all of them have been read."""

    def read(self, count: int) -> list[int]:
        """Read so many more; all that have been read."""
        self._fetch(count)
        return [-row_id for row_id in self._found]

    def among(self, row_ids: Iterable[int]) -> list[int]:
        """Those of some spans that the index names."""
        wanted = list(row_ids)
        lowest = min(wanted, default=0)
        chunk = _CHUNK
        while not self.is_complete and (not self._found or -self._found[-1] > lowest):
            self._fetch(chunk)
            chunk = min(chunk * 2, _MOST)
        return [row_id for row_id in wanted if self._has(row_id)]

    def _fetch(self, count: int) -> None:
        rows = self._cursor.fetchmany(count)
        self._found.extend(-row_id for (row_id,) in rows)
        self.is_complete = len(rows) < count

    def _has(self, row_id: int) -> bool:
        place = bisect_left(self._found, -row_id)
        return place < len(self._found) and self._found[place] == -row_id

    def close(self) -> None:
        """Let go of the statement."""
        self._cursor.close()
