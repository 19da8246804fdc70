"""Which pages belong to which table: by the trees of the tables as far as they can be followed, else by their rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache

from tracetui.store.sqlite.salvage.file import PageFile
from tracetui.store.sqlite.salvage.records import (
    INDEX_INTERIOR,
    INDEX_LEAF,
    INTERIOR,
    LEAF,
    Damaged,
    Value,
    children,
    kind_of,
    rows,
)
from tracetui.store.sqlite.schema import create

WANTED = frozenset({"resources", "scopes", "traces", "spans", "span_data", "logs"})
"""Tables whose rows are read; all others are derived."""

_OF_TABLE = (INTERIOR, LEAF)
_OF_ANY = (*_OF_TABLE, INDEX_INTERIOR, INDEX_LEAF)
_SCHEMA_COLUMNS = 5
_MOST_TRUNKS = 1_000_000
_HASH = 16
"""Bytes of a hash."""
_MORE_OF_SPANS, _MORE_OF_TRACES = 18, 10
"""Columns that these have, of the first schema already, beside those that are looked at."""


class Layout:
    """The leaf pages of a file by table.

    Args:
        file: The file.
    """

    def __init__(self, file: PageFile) -> None:
        self._file = file
        self._seen: set[int] = set()
        self.leaves: dict[str, list[int]] = {name: [] for name in WANTED}
        """Numbers of the leaf pages of each table, in the order of its row ids."""
        self.lost: dict[str, int] = dict.fromkeys(WANTED, 0)
        """Parts of each table's tree that cannot be followed."""
        roots = dict(self._roots())
        self.is_known = roots.keys() >= WANTED
        """Whether it is known where each table begins."""
        for name, root in roots.items():
            self._follow(name, root)
        self.strays: dict[str, list[int]] = {name: [] for name in WANTED}
        """Numbers of leaf pages that no tree leads to and that are not free, by what is in them. Those of `scopes` are
        among those of `resources`.
        """
        self._sort_strays()

    def _roots(self) -> Iterator[tuple[str, int]]:
        """Each table and index with the page it begins at."""
        waiting = [1]
        while waiting:
            number = waiting.pop()
            page = self._file.page(number)
            if number in self._seen or not page:
                continue
            self._seen.add(number)
            if kind_of(page, number) == INTERIOR:
                waiting += children(page, number)
            elif kind_of(page, number) == LEAF:
                for row in rows(self._file, page, number):
                    if not isinstance(row, Damaged) and len(row.values) == _SCHEMA_COLUMNS:
                        _, name, _, root, _ = row.values
                        if isinstance(name, str) and isinstance(root, int) and root > 1:
                            yield name, root

    def _follow(self, name: str, root: int) -> None:
        waiting = [root]
        while waiting:
            number = waiting.pop()
            page = self._file.page(number)
            kind = kind_of(page, number)
            if number in self._seen or kind not in (_OF_TABLE if name in WANTED else _OF_ANY):
                if name in WANTED:
                    self.lost[name] += 1
                continue
            self._seen.add(number)
            if kind in (INTERIOR, INDEX_INTERIOR):
                waiting += reversed(list(children(page, number)))
            elif kind == LEAF and name in WANTED:
                self.leaves[name].append(number)

    def _sort_strays(self) -> None:
        free = set(self._free())
        for number in range(2, self._file.last + 1):
            page = self._file.page(number)
            if number in self._seen or number in free or kind_of(page, number) != LEAF:
                continue
            readable = (row for row in rows(self._file, page, number) if not isinstance(row, Damaged))
            if table := next(filter(None, (table_of(row.values) for row in readable)), ""):
                self.strays[table].append(number)

    def _free(self) -> Iterator[int]:
        """The pages that hold nothing any more, as far as their list can be read."""
        if not self._file.has_header:
            return
        trunk = int.from_bytes(self._file.page(1)[32:36], "big")
        for _ in range(_MOST_TRUNKS):
            page = self._file.page(trunk)
            if not page or trunk in self._seen:
                return
            self._seen.add(trunk)
            count = int.from_bytes(page[4:8], "big")
            for at in range(8, min(8 + 4 * count, len(page)), 4):
                yield int.from_bytes(page[at : at + 4], "big")
            trunk = int.from_bytes(page[:4], "big")


@cache
def places(table: str) -> dict[str, int]:
    """The columns of a table and where in its rows they stand; those that are worked out are not stored."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        create(connection)
        found = connection.execute(f"PRAGMA table_xinfo({table})").fetchall()
    stored = [name for _, name, *_, hidden in found if hidden != 2]
    return {name: place for place, name in enumerate(stored)}


def table_of(values: list[Value]) -> str:
    """The table that a row is of by its looks; empty where of none. A scope's row looks like a resource's."""
    match values:
        case [None, int(), bytes()]:
            return "span_data"
        case [None, str(), str(), str(), bytes(mark), bytes()] if len(mark) == _HASH:
            return "resources"
        case [None, str(), str(), int(), int(), int(), int(), bytes(mark), str(), str(), bytes(), *_] if (
            len(mark) == _HASH
        ):
            return "logs"
        case [None, int(), str(), str(), str(), int(), int(), int(), int(), int(), int(), int(), *rest]:
            return "spans" if len(rest) >= _MORE_OF_SPANS else ""
        case [None, str(), str(), str(), str(), str(), int(), int(), int(), int(), *rest]:
            return "traces" if len(rest) >= _MORE_OF_TRACES else ""
        case _:
            return ""
