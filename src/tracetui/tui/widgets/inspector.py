"""The inspector: one span read whole, in tabs."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import events
from textual.binding import BindingType
from textual.strip import Strip

from tracetui.tui.commands import bindings
from tracetui.tui.fact import Fact
from tracetui.tui.feed import Feed
from tracetui.tui.messages import RawLoaded, SpanLoaded
from tracetui.tui.render.document import Document
from tracetui.tui.render.flow import DocumentLine, Flows
from tracetui.tui.render.lines import wrap
from tracetui.tui.render.row import Row, label
from tracetui.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from tracetui.tui.render.details import Opened


EXPLANATION_ROWS = 3
"""Rows at the bottom that tell where a value came from: a rule and two of text."""


def pages() -> ModuleType:
    """The module that writes the pages.

    Deferred: what it imports would take a tenth of the time to the first paint, in which no span is open.
    """
    from tracetui.tui.render import details

    return details


class Inspector(LineView):
    """The pane that reads a span."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("inspector")]

    class StepSpan(Fact):
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
        self._extents: dict[str, int] = {}
        self._flows: Flows = {}
        self._document = Document(())
        self._laid_out_for: tuple[object, ...] = ()
        self._gone = False
        self.explaining = False
        """Whether the rows at the bottom tell where the value under the cursor came from."""

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
        """Read the span again: it, a log record of it or a tool it called may have changed."""
        if self._asked[1]:
            self._feed.load_span(self, *self._asked)

    def on_span_loaded(self, message: SpanLoaded) -> None:
        """Take a span. Of the span that is shown already, folds and place stay as they are."""
        if (message.trace_id, message.span_id) != self._asked:
            return
        old = self.opened
        self._gone = message.normalised is None
        if message.normalised is None:
            self.opened = None
        else:
            raw = old.raw_json if old is not None and old.data == message.data else ""
            self.opened = pages().Opened(message.normalised, message.row, message.data, raw, message.around)
        same = (
            old is not None
            and self.opened is not None
            and (old.normalised.span.span_id == self.opened.normalised.span.span_id)
        )
        if not same:
            self._turn_to_top()
            self._unfolded = frozenset()
            if self.opened:
                self.tab = pages().best_tab(self.opened.normalised, self._wanted_tab)
        elif old == self.opened:
            return
        self._lay_out(keep_place=same)
        self._want_raw()

    def on_raw_loaded(self, message: RawLoaded) -> None:
        """Take the span's bytes as text."""
        if self.opened is not None and self.opened.data == message.data:
            self.opened = replace(self.opened, raw_json=message.text)
            if self.shows_raw:
                self._lay_out(keep_place=True)

    @property
    def shows_raw(self) -> bool:
        """Whether the raw tab shows."""
        return bool(self.tab == pages().RAW_TAB)

    @property
    def raw_json(self) -> str:
        """The span as OTLP/JSON as far as it has been wanted."""
        return self.opened.raw_json if self.opened else ""

    def _want_raw(self) -> None:
        if self.opened is not None and self.shows_raw and not self.opened.raw_json:
            self._feed.load_raw(self, self.opened.data)

    def _turn_to_top(self) -> None:
        self.cursor = self.top = 0
        self._extents.clear()
        self._flows.clear()

    def show_tab(self, number: int) -> None:
        """Show a tab."""
        if 0 <= number < len(pages().TABS):
            self.tab = self._wanted_tab = number
            self._turn_to_top()
            self._lay_out()
            self._want_raw()

    def _lay_out(self, *, keep_place: bool = False) -> None:
        """Write the page for the width and colours of now.

        Args:
            keep_place: Whether cursor and offset stay with what they show, however much comes or goes above it.
        """
        width = max(10, self.size.width - 2)
        places = [self._place(row) for row in (self.cursor, self.top)] if keep_place else []
        if self.opened is None:
            self._document = Document(())
            self.set_title("", "the span is gone" if self._gone else "")
        else:
            self._document = pages().render_tab(
                pages().TABS[self.tab], self.opened, width, self.palette, self._unfolded, self._extents, self._flows
            )
            span = self.opened.normalised.span
            self.set_title(span.name.strip() or "(no name)", pages().TABS[self.tab].title)
        self._laid_out_for = (width, self.app.theme)
        if keep_place:
            self.cursor, self.top = (self._row_of(*place) for place in places)
        self.clamp()
        self.refresh()

    def _place(self, row: int) -> tuple[str, int, int]:
        """A row by its block: the block, how far below the block's first row it is, and the row itself."""
        lines = self._document.lines
        start = min(row, len(lines) - 1)
        while start >= 0 and not lines[start].block:
            start -= 1
        if start < 0:
            return "", 0, row
        block = lines[start].block
        while start > 0 and lines[start - 1].block == block:
            start -= 1
        return block, row - start, row

    def _row_of(self, block: str, offset: int, row: int) -> int:
        """Where a place is now; the same row where its block is gone."""
        if block:
            for index, line in enumerate(self._document.lines):
                if line.block == block:
                    return index + offset
        return row

    def restyle(self) -> None:
        """Write the page again in the colours of a new theme."""
        self._flows.clear()
        self._lay_out(keep_place=True)

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap for the new width."""
        if self.opened and self._laid_out_for != (max(10, self.size.width - 2), self.app.theme):
            self._lay_out(keep_place=True)

    @property
    def text(self) -> str:
        """The page as plain safe text."""
        return self._document.text

    @property
    def line(self) -> DocumentLine | None:
        """The line under the cursor."""
        lines = self._document.lines
        return lines[self.cursor] if 0 <= self.cursor < len(lines) else None

    def scrolled(self) -> None:
        """Lay out more of a value whose laid-out end has come near."""
        end = self.top + 2 * self.page_rows
        if reached := {block for row, block in self._document.more.items() if row <= end}:
            for block in reached:
                self._extents[block] = self._extents.get(block, 1) + 1
            self._lay_out()

    # Rows

    @property
    def footer_rows(self) -> int:
        """Rows that tell where the value under the cursor came from."""
        return EXPLANATION_ROWS if self.explaining and self.opened else 0

    def render_footer(self, width: int) -> list[Strip]:
        """A rule, and where the value under the cursor came from."""
        line = self.line
        said = pages().origin_of(self.opened, line) if self.opened and line else ""
        rule = Row().own(" where from ".center(width, "─"), self.palette.style("faint"))
        style = self.palette.style("text" if said else "dim")
        shown = wrap(label(said or "Our own words; nothing was received for this line."), max(8, width - 2))
        rows = [Row().gap().own(text, style) for text in shown[: EXPLANATION_ROWS - 1]]
        rows += [Row()] * (EXPLANATION_ROWS - 1 - len(rows))
        return [rule.strip(width), *(row.strip(width) for row in rows)]

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
        room = max(1, width - 1)
        facts = pages().facts_row(self.opened, self.palette, room) if self.opened else Row()
        return [tabs.strip(width), Strip([*Strip.blank(1), *facts.strip(room)], width), Strip.blank(width)]

    def _tab_row(self, width: int) -> tuple[Row, list[tuple[int, int]]]:
        """The tabs, and where each begins and ends."""
        if self.opened is None:
            return Row(), []
        palette, tabs = self.palette, pages().TABS
        filled = [bool(tab.count(self.opened.normalised)) for tab in tabs]
        names, apart = self._tab_names(filled, width)
        row = Row().gap()
        places: list[tuple[int, int]] = []
        for number, name in enumerate(names):
            start = row.width
            current = number == self.tab
            role = "accent" if current else "text" if filled[number] else "faint"
            row.own(f"{number + 1}", palette.style("dim" if filled[number] else "faint"))
            if name:
                row.gap(apart).own(name.rstrip(), palette.style(role, bold=current, underline=current))
            places.append((start, row.width))
            row.gap(2 if name.endswith(" ") else 1)
        return row, places

    def _tab_names(self, filled: Sequence[bool], width: int) -> tuple[list[str], int]:
        """The longest names that fit, and the cells between a number and its name: whole ones, short ones, short ones
        close to their numbers, those of tabs that have something, the current one's.
        """
        tabs = pages().TABS
        here = [number == self.tab for number in range(len(tabs))]
        short = [tab.short for tab in tabs]
        of_filled = [name if has or at else "" for name, has, at in zip(short, filled, here, strict=True)]
        for names, apart in (([tab.title + " " for tab in tabs], 1), (short, 1), (short, 0), (of_filled, 1)):
            if sum(len(name) + apart + 2 if name else 2 for name in names) <= width:
                return names, apart
        return [name if at else "" for name, at in zip(short, here, strict=True)], 1

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
            self._extents.pop(line.block, None)
            self._lay_out(keep_place=True)

    def action_explain(self) -> None:
        """Show where the value under the cursor came from, or stop showing it."""
        self.explaining = not self.explaining
        if self.cursor >= self.top + self.page_rows:
            self.top = self.cursor - self.page_rows + 1
        self.clamp()
        self.refresh()

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
        """A click on a tab shows it, a click on a fold turns it; the base class does the rest."""
        offset = event.get_content_offset(self)
        if offset is None or offset.x >= self.size.width - 1:
            return
        row = offset.y - self.header_rows
        if offset.y == 0:
            event.prevent_default()
            for number, (start, end) in enumerate(self._tab_row(self.size.width)[1]):
                if start <= offset.x < end:
                    self.show_tab(number)
        elif 0 <= row < self.page_rows and self.top + row < self.row_count:
            if self._document.lines[self.top + row].folds:
                event.prevent_default()
                self.move_to(self.top + row)
                self.action_toggle_block()
