"""Which panes show at which size of the terminal, and how they share it."""

from __future__ import annotations

WIDE_COLUMNS = 110
"""From here on two panes stand together."""

HUGE_COLUMNS, HUGE_ROWS = 160, 40
"""From here on all three are shown."""

LEVELS = ("list", "trace", "inspect")
"""How deep the reader is; each level has its pane: the list, the tree, the inspector."""

SMALLEST, LARGEST = 15, 85
"""Percent of the screen that a pane can be made."""


class Arrangement:
    """The terminal's size class, the reader's level, whether its pane is zoomed, and how space is split."""

    def __init__(self) -> None:
        self.size = "narrow"
        """`narrow`, `wide` or `huge`."""
        self.level = LEVELS[0]
        """One of `LEVELS`."""
        self.zoomed = False
        """Whether the level's pane has the screen for itself."""
        self.list_percent, self.tree_percent = 45, 50
        """Height of the list, width of the tree, where they share the screen."""

    def fit(self, columns: int, rows: int) -> None:
        """Choose the size class."""
        huge = columns >= HUGE_COLUMNS and rows >= HUGE_ROWS
        self.size = "huge" if huge else "wide" if columns >= WIDE_COLUMNS else "narrow"

    def shows(self, level: str) -> bool:
        """Whether the pane of a level is on the screen."""
        if level == self.level:
            return True
        if self.zoomed or self.size == "narrow":
            return False
        if self.size == "huge":
            return True
        # wide: the list stands over the tree, and in a trace the tree beside the inspector
        return level == "trace" or (level == "inspect" and self.level == "trace")

    @property
    def list_height(self) -> int:
        """Percent of the screen's height that the list has."""
        return self.list_percent if self.shows("trace") else 100

    @property
    def tree_width(self) -> int:
        """Percent of the screen's width that the tree has."""
        return self.tree_percent if self.shows("inspect") else 100

    def resize(self, percent: int) -> None:
        """Make the level's pane larger or smaller."""
        if self.level == "list":
            self.list_percent = min(LARGEST, max(SMALLEST, self.list_percent + percent))
        else:
            grows = percent if self.level == "trace" else -percent
            self.tree_percent = min(LARGEST, max(SMALLEST, self.tree_percent + grows))
