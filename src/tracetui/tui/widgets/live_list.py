"""A live list: a window of rows over a list of any length, which never moves under the reader."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

from textual.message import Message

from tracetui.model.clock import Clock
from tracetui.tui.feed import WINDOW, Feed
from tracetui.tui.messages import ListLoaded, RowView
from tracetui.tui.widgets.line_view import LineView

MARGIN = 40
"""Rows at the window's edge that, once on the screen, make the list read on."""

RowT = TypeVar("RowT")
ViewT = TypeVar("ViewT", bound=RowView)


class LiveList(LineView, Generic[RowT, ViewT]):
    """A list of rows of the store.

    While it follows, it stands at the top and shows what comes. As soon as the cursor is moved it stands still: what
    comes is counted in `waiting`, and neither cursor nor offset move.
    """

    OPEN_ACTION: ClassVar[str]
    """What a second click on a row does."""

    @dataclass
    class Pointed(Message):
        """The row under the cursor is another, or has changed."""

        row: Any
        """The row under the cursor; None in an empty list."""

    @dataclass
    class Changed(Message):
        """Total, waiting count or following have changed."""

    def __init__(self, feed: Feed, clock: Clock, view: ViewT, *, id: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__(id=id)
        self._feed = feed
        self._clock = clock
        self._usual = view.sort
        self.view = view
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
        self._rows: tuple[RowT, ...] = ()
        self._asked = False
        self._dirty = False

    # What a subclass gives

    def identity(self, row: RowT) -> object:
        """What makes it the same row although its columns change."""
        raise NotImplementedError

    def read_ahead(self, _view: ViewT) -> ListLoaded[RowT] | None:
        """A first page that has been read already."""
        return None

    # Rows

    @property
    def row_count(self) -> int:
        """Rows of the whole list."""
        return self.total

    @property
    def header_rows(self) -> int:
        """The titles."""
        return 1

    def at(self, index: int) -> RowT | None:
        """The row at a place of the whole list; None where it is not in the window."""
        place = index - self._first
        return self._rows[place] if 0 <= place < len(self._rows) else None

    @property
    def selected(self) -> RowT | None:
        """The row under the cursor."""
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

    def show(self, view: ViewT) -> None:
        """Start over with another filter or order, from the top."""
        self.view = view
        self.following = view.sort == self._usual
        self.cursor = self.top = self.waiting = 0
        self.loaded = False
        if (loaded := self.read_ahead(view)) is not None:
            self.on_list_loaded(loaded)
            return
        self._asked = False
        self._ask("top")
        self.post_message(self.Changed())

    def follow(self, on: bool) -> None:
        """Follow the newest, or stand still."""
        if on and self.view.sort != self._usual:
            self.sort_by(self._usual)
            return
        self.following = on
        if on:
            self.cursor = self.top = self.waiting = 0
            self._asked = False
            self._ask("top")
        self.post_message(self.Changed())

    def _ask(self, aim: str, row: RowT | None = None) -> None:
        self._asked = True
        self._feed.load_list(self, self.view, aim, row)

    def on_list_loaded(self, message: ListLoaded[RowT]) -> None:
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

    def _seen(self) -> tuple[list[tuple[RowT | None, bool]], object]:
        """What the screen shows of the list: each row and whether it is selected, and the scroll bar."""
        rows = range(self.top, min(self.top + self.page_rows, self.total))
        return [(self.at(index), index == self.cursor) for index in rows], self.thumb

    def _paint_changes(self, seen: tuple[list[tuple[RowT | None, bool]], object]) -> None:
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

    def _shift(self, message: ListLoaded[RowT]) -> int:
        """How many rows came (or went) above the row that holds the list in place."""
        anchor = self.selected if message.aim == "hold" else self._rows[0] if self._rows else None
        if anchor is None or message.aim not in ("hold", "around"):
            return 0
        identity = self.identity(anchor)
        old = self.cursor if message.aim == "hold" else self._first
        for place, row in enumerate(message.rows):
            if self.identity(row) == identity:
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
        await self.run_action(self.OPEN_ACTION)

    # Order

    def sort_by(self, sort: Any) -> None:
        """Start over in another order."""
        self.show(replace(self.view, sort=sort))

    def action_reverse_sort(self) -> None:
        """Turn the order round."""
        sort = self.view.sort
        self.sort_by(replace(sort, descending=not sort.descending))

    def toggle_ages(self) -> None:
        """Clock times or ages."""
        self.ages = not self.ages
        self.refresh()
