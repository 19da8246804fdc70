"""One value on a page: rows laid out as far as somebody has looked, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct, field
from textual.strip import Strip

from tracetui.model.numbers import format_bytes
from tracetui.tui.render.lines import Line, Run, wrap_runs

FIRST_LIMIT = 4 * 1024
"""Characters of one value that are laid out before it is unfolded."""

FIRST_ROWS = 40
"""Rows of one value that show before it is unfolded."""

NEARLY = 6
"""Rows that are not worth a fold."""

STEP = 8 * 1024
"""Characters of one value that are laid out at once when it is unfolded, and again each time its end is reached."""


class DocumentLine(Struct, frozen=True):
    """One screen row of a page."""

    strip: Strip
    block: str = ""
    """Id of the block it belongs to, for folding and for keeping its place; empty where there is none."""
    value: str = ""
    """What copying on this line gives, as received."""
    origin: str = ""
    """Field of the span it shows, or in words where it came from; empty for our own words."""
    folds: bool = False
    """Whether a click on it folds or unfolds the block."""


class Flow(Struct):
    """One value as rows."""

    key: tuple[object, ...]
    """What it was laid out from and for; another key makes another flow."""
    size: int
    """Characters of the value."""
    width: int
    """Cells of a row."""
    source: Iterator[Line]
    finish: Callable[[tuple[Run, ...], Line], DocumentLine]
    """Makes a row of the page out of a row of text."""
    rows: list[DocumentLine] = field(default_factory=list)
    read: int = 0
    """Characters laid out."""
    done: bool = False

    def opened(self, steps: int) -> Sequence[DocumentLine]:
        """The rows while it is unfolded: so many steps of it."""
        self._extend(STEP * steps)
        return self.rows

    def folded(self, most: int) -> Sequence[DocumentLine]:
        """The rows while it is folded: its beginning, or all of it where a fold would hide next to nothing."""
        self._extend(FIRST_LIMIT, most + NEARLY)
        return self.rows if self.done and len(self.rows) <= most + NEARLY else self.rows[:most]

    def rest(self, shown: int, *, is_open: bool) -> str:
        """How much is not shown and how to see it; empty where nothing is left."""
        hidden = len(self.rows) - shown
        if self.done and not hidden:
            return ""
        how = "scroll on for more, o opens all of it" if is_open else "Enter unfolds"
        if self.done:
            return f"{hidden:,} more rows · {how}"
        read = self.read if is_open else self.read * shown // max(1, len(self.rows))
        return f"{format_bytes(max(self.size - read, 1))} more · {how}"

    def _extend(self, limit: int, rows: int = 0) -> None:
        """Lay out until `limit` characters have been read, or until there are `rows` rows."""
        while not self.done and (self.read < limit or self.read >= self.size) and not (rows and len(self.rows) > rows):
            line = next(self.source, None)
            if line is None:
                self.done = True
                return
            self.rows.extend(self.finish(runs, line) for runs in wrap_runs(line, self.width))
            self.read = max(self.read, line.read)


Flows: TypeAlias = dict[str, Flow]
"""The flows of a page by block, kept while the page is written again."""
