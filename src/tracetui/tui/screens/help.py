"""The help: the keys of the pane in focus, then those that work everywhere."""

from __future__ import annotations

from collections.abc import Collection
from textwrap import wrap
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tracetui.tui.commands import MOVES, commands_of
from tracetui.tui.theme import Palette, palette_of

PANE_TITLES = {
    "list": "Trace list",
    "tree": "Trace",
    "inspector": "Inspector",
    "sessions": "Sessions",
    "conversation": "Conversation",
    "explorer": "Everywhere",
    "rows": "Moving",
}

KEY_CELLS = 22
"""Cells of the column of keys."""

PAGE_CELLS, PAGE_SHARE = 96, 0.96
"""Width of the page, and the share of a narrow terminal that it takes at most; both stand in the style as well."""

AROUND_CELLS = 8
"""Border, padding and scroll bar, at both sides together."""

MIN_TEXT_CELLS = 16
"""Below this the texts are left to wrap as they like."""

LEGEND = (
    ("●", "complete"),
    ("✖", "failed, or holds a failed span"),
    ("◌", "its root has not arrived"),
    ("⇡", "its parent has not arrived"),
    ("↻", "its parents form a circle"),
    ("◆ ◇", "matches the filter, holds a match in its fold"),
    ("★", "pinned: kept whatever the limits of size and age"),
    ("▸ ▾", "folded, unfolded"),
    ("~$", "estimated from list prices, all or in part"),
)


class HelpScreen(ModalScreen[None]):
    """Keys, over the screen they belong to."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen VerticalScroll {
        width: 96; max-width: 96%; height: auto; max-height: 92%; padding: 1 2; background: $surface;
        border: round $pane-border-focus; border-title-color: $foreground;
    }
    HelpScreen Static { width: 1fr; height: auto; }
    """
    TITLE_TEXT: ClassVar[str] = "Keys · Esc closes"
    """What stands in the border."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter,f1", "dismiss", "Close", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def __init__(self, pane: str, *, only: Collection[str] = ()) -> None:
        super().__init__()
        self._pane = pane
        self._only = only

    def compose(self) -> ComposeResult:
        """One scrollable page."""
        scroll = VerticalScroll()
        scroll.border_title = Content(self.TITLE_TEXT)
        with scroll:
            yield Static(self._page(self.app.size.width))

    def on_resize(self, event: events.Resize) -> None:
        """Wrap the texts anew."""
        self.query_one(Static).update(self._page(event.size.width))

    def _page(self, terminal: int) -> Content:
        width = min(PAGE_CELLS, int(terminal * PAGE_SHARE)) - AROUND_CELLS
        return self.text(palette_of(self.app.current_theme), width)

    def text(self, palette: Palette, width: int) -> Content:
        """The page, for a width in cells."""
        return help_text(self._pane, palette, width, only=self._only)

    def action_scroll(self, rows: int) -> None:
        """A row up or down."""
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)


def help_text(pane: str, palette: Palette, width: int, *, only: Collection[str] = ()) -> Content:
    """The page as ready content; with `only`, of the keys that work everywhere just those with these ids."""
    lines: list[Content] = []
    for title, commands in (
        (PANE_TITLES.get(pane, ""), commands_of(pane)),
        (PANE_TITLES["rows"], list(MOVES)),
        (PANE_TITLES["explorer"], commands_of("explorer", only=only)),
    ):
        if not commands:
            continue
        if lines:
            lines.append(Content(""))
        lines.append(Content.styled(title, f"bold {palette.accent}"))
        lines.extend(help_line(command.key_label, command.help, palette, width) for command in commands)
    lines += [Content(""), Content.styled("Marks", f"bold {palette.accent}")]
    lines.extend(help_line(mark, text, palette, width) for mark, text in LEGEND)
    return Content("\n").join(lines)


def help_line(key: str, text: str, palette: Palette, width: int, *, key_cells: int = KEY_CELLS) -> Content:
    """A key and what it does; a text of several lines stays in its column."""
    indent = 2 + key_cells
    rows = wrap(text, width - indent) if width - indent >= MIN_TEXT_CELLS else [text]
    return Content.assemble((f"  {key:<{key_cells}}", palette.keyword), (f"\n{' ' * indent}".join(rows), palette.text))
