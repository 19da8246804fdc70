"""The inspector: one span read whole, in tabs."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from tracetui.tui.commands import bindings
from tracetui.tui.feed import Feed
from tracetui.tui.messages import SpanLoaded
from tracetui.tui.render.document import Document, DocumentLine
from tracetui.tui.render.row import Row
from tracetui.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from tracetui.tui.render.details import Opened


def pages() -> ModuleType:
    """The module that writes the pages.

    Deferred: what it imports would take a tenth of the time to the first paint, in which no span is open.
    """
    from tracetui.tui.render import details

    return details


class Inspector(LineView):
    """The pane that reads a span."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("inspector")]

    @dataclass
    class StepSpan(Message):
        """The user wants the next or previous span without leaving the inspector."""

        rows: int

    def __init__(self, feed: Feed, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._feed = feed
        self._asked = ("", "")
        self.opened: Opened | None = None
        """The span that is shown."""
        self._wanted_tab = 0
        self.tab = 0
        """Index of the tab that is shown."""
        self._unfolded: frozenset[str] = frozenset()
        self._document = Document(())
        self._laid_out_for: tuple[object, ...] = ()
        self._gone = False

    # What is shown

    def open(self, trace_id: str, span_id: str) -> None:
        """Show a span; what is on the screen stays until it has been read."""
        if (trace_id, span_id) == self._asked:
            return
        self._asked = (trace_id, span_id)
        if span_id:
            self._feed.load_span(self, trace_id, span_id)
        else:
            self.opened = None
            self._gone = False
            self._lay_out()

    def reload(self) -> None:
        """Read the span again: it, or a log record of it, may have changed."""
        if self._asked[1]:
            self._feed.load_span(self, *self._asked)

    def on_span_loaded(self, message: SpanLoaded) -> None:
        """Take a span."""
        if (message.trace_id, message.span_id) != self._asked:
            return
        old = self.opened
        self._gone = message.normalised is None
        if message.normalised is None:
            self.opened = None
        else:
            self.opened = pages().Opened(message.normalised, message.row, message.raw_json)
        same = (
            old is not None
            and self.opened is not None
            and (old.normalised.span.span_id == self.opened.normalised.span.span_id)
        )
        if not same:
            self._unfolded = frozenset()
            self.cursor = self.top = 0
            if self.opened:
                self.tab = pages().best_tab(self.opened.normalised, self._wanted_tab)
        elif old == self.opened:
            return
        self._lay_out()

    def show_tab(self, number: int) -> None:
        """Show a tab."""
        if 0 <= number < len(pages().TABS):
            self.tab = self._wanted_tab = number
            self.cursor = self.top = 0
            self._lay_out()

    def _lay_out(self) -> None:
        """Write the page for the width and colours of now."""
        width = max(10, self.size.width - 2)
        if self.opened is None:
            self._document = Document(())
            self.set_title("", "the span is gone" if self._gone else "")
        else:
            self._document = pages().render_tab(
                pages().TABS[self.tab], self.opened, width, self.palette, self._unfolded
            )
            span = self.opened.normalised.span
            self.set_title(span.name.strip() or "(no name)", pages().TABS[self.tab].title)
        self._laid_out_for = (width, self.app.theme)
        self.clamp()
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        if self.opened and self._laid_out_for != (max(10, self.size.width - 2), self.app.theme):
            self._lay_out()
        super().on_resize(event)

    def restyle(self) -> None:
        """Write the page again in the colours of a new theme."""
        self._lay_out()

    @property
    def text(self) -> str:
        """The page as plain safe text."""
        return self._document.text

    @property
    def line(self) -> DocumentLine | None:
        """The line under the cursor."""
        lines = self._document.lines
        return lines[self.cursor] if 0 <= self.cursor < len(lines) else None

    # Rows

    @property
    def row_count(self) -> int:
        """Lines of the page."""
        return len(self._document.lines)

    @property
    def header_rows(self) -> int:
        """Tabs, facts, and an empty row."""
        return 3

    def render_header(self, width: int) -> list[Strip]:
        """The tabs and the span in one line."""
        tabs, _ = self._tab_row(width)
        facts = pages().facts_row(self.opened, self.palette, width) if self.opened else Row()
        return [tabs.strip(width), Strip([*Strip.blank(1), *facts.strip(max(1, width - 1))], width), Strip.blank(width)]

    def _tab_row(self, width: int) -> tuple[Row, list[tuple[int, int]]]:
        """The tabs, and where each begins and ends."""
        if self.opened is None:
            return Row(), []
        palette = self.palette
        long = sum(cell_len(tab.title) + 4 for tab in pages().TABS) <= width
        row = Row().gap()
        places: list[tuple[int, int]] = []
        for number, tab in enumerate(pages().TABS):
            start = row.width
            has = tab.count(self.opened.normalised)
            current = number == self.tab
            role = "accent" if current else "text" if has else "faint"
            row.own(f"{number + 1} ", palette.style("dim" if has else "faint"))
            row.own(tab.title if long else tab.short, palette.style(role, bold=current, underline=current))
            places.append((start, row.width))
            row.gap(2 if long else 1)
        return row, places

    def render_row(self, index: int, width: int, *, selected: bool) -> Strip:
        """One line of the page."""
        line = self._document.lines[index]
        mark = "▌" if selected and self.has_focus else " "
        edge = Row().own(mark, self.palette.style("accent"))
        return Strip([*edge.strip(1), *line.strip], 1 + line.strip.cell_length).adjust_cell_length(width)

    # Actions

    def action_toggle_block(self) -> None:
        """Unfold or fold the block under the cursor."""
        line = self.line
        if line is not None and line.block:
            self._unfolded ^= {line.block}
            self._lay_out()

    async def row_activated(self, _index: int) -> None:
        """A second click unfolds."""
        self.action_toggle_block()

    def action_next_tab(self, direction: int) -> None:
        """The next tab that has something."""
        if self.opened is None:
            return
        for distance in range(1, len(pages().TABS) + 1):
            number = (self.tab + direction * distance) % len(pages().TABS)
            if pages().TABS[number].count(self.opened.normalised):
                self.show_tab(number)
                return

    def action_step_span(self, rows: int) -> None:
        """The next or previous span."""
        self.post_message(self.StepSpan(rows))

    async def on_mouse_down(self, event: events.MouseDown) -> None:
        """A click on a tab shows it."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y == 0:
            for number, (start, end) in enumerate(self._tab_row(self.size.width)[1]):
                if start <= offset.x < end:
                    self.show_tab(number)
            return
        await super().on_mouse_down(event)
