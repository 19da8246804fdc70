"""The live list of traces: a window of rows over the whole list, which never moves under the reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from tracetui.model.clock import Clock
from tracetui.model.trace import TraceSummary
from tracetui.store.api import TraceOrder, TraceSort
from tracetui.tui.commands import bindings
from tracetui.tui.feed import WINDOW, Feed
from tracetui.tui.messages import ListLoaded, ListView
from tracetui.tui.render.row import Row
from tracetui.tui.render.trace_row import choose_columns, header, trace_row
from tracetui.tui.widgets.line_view import LineView

MARGIN = 40
"""Rows at the window's edge that, once on the screen, make the list read on."""


class TraceList(LineView):
    """The list of traces.

    While it follows, it stands at the top and shows what comes. As soon as the cursor is moved it stands still: what
    comes is counted in `waiting`, and neither cursor nor offset move.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list")]

    @dataclass
    class Pointed(Message):
        """The trace under the cursor is another, or has changed."""

        trace: TraceSummary | None
        """The trace under the cursor; None in an empty list."""

    @dataclass
    class Changed(Message):
        """Total, waiting count or following have changed."""

    def __init__(self, feed: Feed, clock: Clock, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._feed = feed
        self._clock = clock
        self.view = ListView()
        """Filter and order."""
        self.following = True
        """Whether the list stands at the top and shows what comes."""
        self.ages = False
        """Whether times are shown as ages."""
        self.total = 0
        """Rows of the whole list, those that wait included."""
        self.waiting = 0
        """Rows that came above the window since following stopped."""
        self.loaded = False
        """Whether the first answer has come."""
        self._first = 0
        self._rows: tuple[TraceSummary, ...] = ()
        self._asked = False
        self._dirty = False
        self._begun = False

    # Rows

    @property
    def row_count(self) -> int:
        """Rows of the whole list."""
        return self.total

    @property
    def header_rows(self) -> int:
        """The titles."""
        return 1

    def render_header(self, width: int) -> list[Strip]:
        """Column titles."""
        return [header(choose_columns(width - 1), width, self.view.sort, self.palette)]

    def render_row(self, index: int, width: int, *, selected: bool) -> Strip:
        """One trace, or a placeholder while its page is read."""
        trace = self.at(index)
        if trace is None:
            return Row().gap(2).own("…", self.palette.style("faint")).strip(width)
        return trace_row(
            trace,
            choose_columns(width),
            width,
            self.palette,
            now_nano=self._clock.now_nano(),
            ages=self.ages,
            selected=selected,
        )

    def at(self, index: int) -> TraceSummary | None:
        """The trace at a place of the whole list; None where it is not in the window."""
        place = index - self._first
        return self._rows[place] if 0 <= place < len(self._rows) else None

    @property
    def selected(self) -> TraceSummary | None:
        """The trace under the cursor."""
        return self.at(self.cursor)

    # Reading

    def reload(self) -> None:
        """Read the window again after the store has changed."""
        if self._asked:
            self._dirty = True
        elif self.following or not self._rows:
            self._asked = True
            self._feed.load_list(self, self.view, "top", limit=self.page_rows + MARGIN)
        elif (held := self.selected) is not None:
            self._ask("hold", held)
        else:
            self._ask("around", self._rows[0])

    def show(self, view: ListView) -> None:
        """Start over with another filter or order, from the top."""
        self.view = view
        self.following = view.sort == TraceSort()
        self.cursor = self.top = self.waiting = 0
        begun, self._begun = self._begun, True
        self.loaded = False
        if not begun and (loaded := self._feed.prefetched(view)) is not None:
            self.on_list_loaded(loaded)
            return
        self._asked = False
        self._ask("top")
        self.post_message(self.Changed())

    def follow(self, on: bool) -> None:
        """Follow the newest, or stand still."""
        if on and self.view.sort != TraceSort():
            self.show(ListView(self.view.where))
            return
        self.following = on
        if on:
            self.cursor = self.top = self.waiting = 0
            self._asked = False
            self._ask("top")
        self.post_message(self.Changed())

    def _ask(self, aim: str, row: TraceSummary | None = None) -> None:
        self._asked = True
        self._feed.load_list(self, self.view, aim, row)

    def on_list_loaded(self, message: ListLoaded) -> None:
        """Take a window, keeping the reader's place."""
        if message.view != self.view:
            return
        self._asked = False
        before, seen = self.selected, self._seen()
        shift = self._shift(message)
        self._first, self._rows, self.total = message.first, message.rows, message.total
        self.loaded = True
        if self.following:
            self.cursor = self.top = 0
        elif shift:
            self.cursor += shift
            self.top += shift
            self.waiting += max(0, shift)
        self.clamp()
        self._paint_changes(seen)
        if self.selected != before:
            self.post_message(self.Pointed(self.selected))
        self.post_message(self.Changed())
        if self._dirty:
            self._dirty = False
            self.reload()
        else:
            self.scrolled()

    def on_feed_failed(self) -> None:
        """A read failed, which the screen shows; ask again on the next change."""
        self._asked = self._dirty = False

    def _seen(self) -> tuple[list[tuple[TraceSummary | None, bool]], object]:
        """What the screen shows of the list: each row and whether it is selected, and the scroll bar."""
        rows = range(self.top, min(self.top + self.page_rows, self.total))
        return [(self.at(index), index == self.cursor) for index in rows], self.thumb

    def _paint_changes(self, seen: tuple[list[tuple[TraceSummary | None, bool]], object]) -> None:
        """Repaint the rows that look different now, and nothing else."""
        (old, old_thumb), (new, new_thumb) = seen, self._seen()
        if len(old) != len(new):
            self.refresh()
            return
        for row, (was, now) in enumerate(zip(old, new, strict=True)):
            if was != now:
                self.refresh_row(self.top + row)
        if old_thumb != new_thumb:
            self.refresh_scrollbar()

    def _shift(self, message: ListLoaded) -> int:
        """How many rows came (or went) above the row that holds the list in place."""
        anchor = self.selected if message.aim == "hold" else self._rows[0] if self._rows else None
        if anchor is None or message.aim not in ("hold", "around"):
            return 0
        old = self.cursor if message.aim == "hold" else self._first
        for place, row in enumerate(message.rows):
            if row.trace_id == anchor.trace_id:
                return message.first + place - old
        return 0

    def scrolled(self) -> None:
        """Read on when the screen comes near the window's edge."""
        if self._asked or not self._rows:
            return
        last = self._first + len(self._rows)
        bottom = self.top + self.page_rows
        if self.top >= last + WINDOW or bottom <= self._first - WINDOW:
            self._asked = True
            self._feed.seek_list(self, self.view, self.top)
        elif bottom + MARGIN > last and last < self.total:
            self._ask("after", self._rows[-1])
        elif self.top - MARGIN < self._first and self._first > 0:
            self._ask("before", self._rows[0])

    # Moving

    def move_to(self, index: int, *, notify: bool = True) -> None:
        """Put the cursor on a row; this ends following."""
        if index != self.cursor and self.following:
            self.following = False
            self.post_message(self.Changed())
        before = self.cursor
        super().move_to(index, notify=notify)
        if self.cursor != before:
            self.post_message(self.Pointed(self.selected))
        if self.top == 0 and self.waiting:
            self.waiting = 0
            self.post_message(self.Changed())

    def scroll_rows(self, rows: int) -> None:
        """Scroll; this ends following too."""
        if rows > 0 and self.following:
            self.following = False
            self.post_message(self.Changed())
        super().scroll_rows(rows)

    def action_move_end(self, end: int) -> None:
        """First or last row; the last page is read from the end."""
        if end > 0 and self._rows and self._first + len(self._rows) < self.total:
            self.following = False
            self.cursor = self.total - 1
            self.top = self.max_top
            self._ask("end", self._rows[-1])
            self.refresh()
            self.post_message(self.Changed())
        else:
            super().action_move_end(end)

    async def row_activated(self, _index: int) -> None:
        """A second click opens."""
        await self.run_action("screen.open_trace")

    # Order

    def action_next_sort(self) -> None:
        """Sort by the next column that is shown."""
        orders = choose_columns(self.size.width - 1).orders
        here = orders.index(self.view.sort.order) if self.view.sort.order in orders else -1
        order = orders[(here + 1) % len(orders)]
        descending = order not in (TraceOrder.NAME, TraceOrder.SERVICE)
        self.show(ListView(self.view.where, TraceSort(order, descending)))

    def action_reverse_sort(self) -> None:
        """Turn the order round."""
        sort = self.view.sort
        self.show(ListView(self.view.where, TraceSort(sort.order, not sort.descending)))

    def toggle_ages(self) -> None:
        """Clock times or ages."""
        self.ages = not self.ages
        self.refresh()
