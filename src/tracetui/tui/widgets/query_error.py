"""The row under the filter that says what is wrong, under the character where it is."""

from __future__ import annotations

from rich.cells import cell_len
from textual.strip import Strip
from textual.widget import Widget

from tracetui.tui.render.row import Row, label
from tracetui.tui.theme import palette_of

POINTER = "╰─ "
"""Leads from the character to the words."""


class QueryErrorRow(Widget):
    """A row over the top border of what stands below, so that nothing moves when it comes and goes."""

    DEFAULT_CSS = """
    QueryErrorRow { layer: above; height: 1; width: 100%; offset: 0 2; background: $surface; display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.said = ""
        """What is shown; empty for nothing."""
        self._x = 0
        self._incomplete = False

    def show(self, text: str, x: int = 0, *, incomplete: bool = False) -> None:
        """Say what is wrong at a column of the screen; an empty text hides the row.

        Args:
            text: What is wrong and what to write instead; may quote what was typed.
            x: The column.
            incomplete: Whether only something is missing still, which is said quietly.
        """
        if (text, x, incomplete) != (self.said, self._x, self._incomplete):
            self.said, self._x, self._incomplete = text, x, incomplete
            self.display = bool(text)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The pointer and the words; words that do not fit behind the pointer stand before it."""
        width = self.size.width
        palette = palette_of(self.app.current_theme)
        style = palette.style("dim" if self._incomplete else "error")
        text = label(self.said)
        row = Row().gap(min(self._x, width - 4))
        if row.width + len(POINTER) + cell_len(text) + 1 <= width:
            row.own(POINTER, style).own(text, style)
        elif (start := self._x - cell_len(text) - len(POINTER)) >= 1:
            row = Row().gap(start).own(text, style).own(" ─╯", style)
        else:
            row = Row().gap(3).up_to(text, width - 4, style, prose=True)
        return row.strip(width).apply_style(self.rich_style)
