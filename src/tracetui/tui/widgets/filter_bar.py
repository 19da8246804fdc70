"""The line where traces are filtered: the query, the quick toggles, and how many match."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from tracetui.tui.commands import TOGGLES, bindings
from tracetui.tui.render.row import Row
from tracetui.tui.theme import palette_of
from tracetui.tui.widgets.query_field import QueryField

PLACEHOLDER = "words, kind:LLM, tokens>1k · F1 explains"

STATE_CELLS = 64
"""Cells of toggles and count; written in the style as well."""

ROOMY = 110
"""Cells from which the toggles and the count stand side by side; below, the toggles give way to the count."""


class FilterBar(Horizontal):
    """A text field, and what it brings."""

    DEFAULT_CSS = """
    FilterBar {
        height: 1; dock: top; margin-top: 1; background: $surface; display: none;
        &.-open { display: block; }
        #slash { width: 3; color: $accent; content-align: center middle; }
        QueryField { width: 1fr; border: none; height: 1; padding: 0; background: $surface; }
        QueryField:focus { border: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("filter"),
        # the toggles' other keys would be text here
        *(
            Binding(key, f"screen.filter_{command.action}", show=False, priority=True)
            for command in TOGGLES
            for key in command.keys.split(",")
            if key.startswith("f")
        ),
        Binding("question_mark", "screen.filter_help", show=False, priority=True),
    ]

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._initial = text

    def compose(self) -> ComposeResult:
        """Slash, field, toggles and count."""
        yield Static("/", id="slash")
        yield QueryField(self._initial, placeholder=PLACEHOLDER, id="filter")
        yield BarState()

    def on_mount(self) -> None:
        """Show a filter that was given on the command line."""
        self.set_class(bool(self._initial), "-open")

    def on_resize(self) -> None:
        """Give the text the room that it needs."""
        self.fit()

    def fit(self) -> None:
        """Leave the toggles out where the terminal is narrow or the text long."""
        tight = self.size.width < ROOMY or cell_len(self.text) > self.size.width - STATE_CELLS - 6
        self.query_one(BarState).set_class(tight, "-tight")

    @property
    def field(self) -> QueryField:
        """The text field."""
        return self.query_one(QueryField)

    @property
    def text(self) -> str:
        """What is typed."""
        return self.field.value

    def set_text(self, text: str) -> None:
        """Say something else, and show it."""
        self.field.set_text(text)
        self.set_class(bool(text.strip()) or self.field.has_focus, "-open")

    def open(self) -> QueryField:
        """Show the bar; returns the field to type in."""
        self.add_class("-open")
        return self.field

    def close_if_blank(self) -> None:
        """Hide the bar unless it says something."""
        self.set_class(bool(self.text.strip()), "-open")

    def clear(self) -> None:
        """Empty the field and hide the bar."""
        self.field.set_text("")
        self.remove_class("-open")

    def say(self, text: str, *, is_old: bool = False) -> None:
        """Say how many match; what is old is said more quietly."""
        self.query_one(BarState).say(text, is_old=is_old)

    def show_toggles(self, active: Collection[str]) -> None:
        """Show which of the quick toggles are on, by command id."""
        self.query_one(BarState).show_toggles(active)


class BarState(Widget):
    """The right end of the bar: quick toggles, and how many match."""

    DEFAULT_CSS = "BarState { width: 64; height: 1; background: $surface; &.-tight { width: 36; } }"

    def __init__(self) -> None:
        super().__init__()
        self._said = ("", False)
        self._active: frozenset[str] = frozenset()
        self._places: list[tuple[int, int, str]] = []

    def say(self, text: str, *, is_old: bool) -> None:
        """Say how many match; an equal text costs nothing."""
        if (text, is_old) != self._said:
            self._said = (text, is_old)
            self.refresh()

    @property
    def said(self) -> str:
        """What is said."""
        return self._said[0]

    def show_toggles(self, active: Collection[str]) -> None:
        """Show which toggles are on."""
        if frozenset(active) != self._active:
            self._active = frozenset(active)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Toggles from the left, the count at the right end."""
        width = self.size.width
        palette = palette_of(self.app.current_theme)
        text, is_old = self._said
        row = Row().gap()
        self._places = []
        if not (self.has_class("-tight") and text):
            for command in TOGGLES:
                start, on = row.width, command.id in self._active
                if row.width + cell_len(command.title) + 4 > width - cell_len(text) - 2:
                    break
                mark = "✓" if on else command.key_label.split(" ")[-1]
                row.own(mark, palette.style("accent" if on else "faint", bold=on)).gap()
                row.own(command.title, palette.style("accent" if on else "dim", bold=on))
                self._places.append((start, row.width, command.action))
                row.gap(2)
        row.pad_to(width - cell_len(text) - 1)
        row.own(text, palette.style("faint" if is_old else "dim")).gap()
        return row.strip(width).apply_style(self.rich_style)

    async def on_click(self, event: events.Click) -> None:
        """A click on a toggle turns it."""
        for start, end, action in self._places:
            if start <= event.x < end:
                await self.screen.run_action(f"filter_{action}")
