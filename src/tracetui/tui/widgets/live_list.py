"""A live list: a window of rows over a list of any length, which never moves under the reader."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from tracetui.model.clock import Clock
from tracetui.tui.fact import Fact
from tracetui.tui.feed import Feed
from tracetui.tui.messages import ListCounted, ListLoaded, RowView
from tracetui.tui.throttle import Delay, Throttle
from tracetui.tui.widgets.typed_ahead import PatientView
from tracetui.tui.windows import WINDOW, is_search

MARGIN = 40
"""Rows at the window's edge that, once on the screen, make the list read on."""

FIRST_COUNT_S = 0.2
"""How long the rows of a filter must stand before they are counted: whoever still types would wait for it."""

COUNT_S, COUNT_SHARE = 1.0, 5.0
"""How often at most the matches of a filter are counted again, and the least multiple of what counting takes."""

RowT = TypeVar("RowT")
ViewT = TypeVar("ViewT", bound=RowView)


class Place(Struct, frozen=True):
    """Where a reader was in a list."""

    view: Any
    row: Any
    """The row under the cursor."""
    cursor: int
    top: int
    following: bool


class LiveList(PatientView, Generic[RowT, ViewT]):
    """A list of rows of the store.

    While it follows, it stands at the top and shows what comes. As soon as the cursor is moved it stands still: what
    comes is counted in `waiting`, and neither cursor nor offset move.
    """

    OPEN_ACTION: ClassVar[str]
    """What a second click on a row does."""

    class Pointed(Fact):
        """The row under the cursor is another, or has changed."""

        row: Any
        """The row under the cursor; None in an empty list."""

    class Changed(Fact):
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
        """Rows of the whole list, those that wait included; where it is not `counted`, those that are known."""
        self.counted = True
        """Whether the total is known."""
        self.waiting = 0
        """Rows that came above the window since following stopped."""
        self.loaded = False
        """Whether the first answer has come."""
        self._first = 0
        self._rows: tuple[RowT, ...] = ()
        self._asked = False
        self._dirty = False
        self._begins = True
        self._returning: Place | None = None
        self._ending = False
        self._retired = False
        self._is_counting = False
        self._count_s = 0.0
        self._recount = Throttle(self, clock, self._ask_count)
        self._first_count = Delay(self, self._ask_count)

    # What a subclass gives

    def identity(self, row: RowT) -> object:
        """What makes it the same row although its columns change."""
        raise NotImplementedError

    def read_ahead(self, _view: ViewT) -> ListLoaded[RowT] | None:
        """A first page that has been read already."""
        return None

    def rows_taken(self) -> None:
        """A window has come, and is about to be painted."""

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
        if self._retired:
            return
        if self._asked:
            self._dirty = True
        elif not self.loaded or self.following or not self._rows:
            self._asked = True
            self._feed.load_list(self, self.view, "top", limit=self.page_rows + MARGIN)
        elif (held := self.selected) is not None:
            self._ask("hold", held, self.cursor)
        else:
            self._ask("around", self._rows[0], self._first)

    def show(self, view: ViewT, place: Place | None = None) -> None:
        """Start over with another filter or order: from the top, or where the reader once was.

        What is on the screen stays until the first rows have come, so that nothing flickers while a filter is typed.
        """
        self.view = view
        self._first_count.stop()
        self._returning = place if place is not None and place.row is not None and not place.following else None
        self.following = view.sort == self._usual and self._returning is None
        self.waiting = 0
        self.loaded = self._retired = self._is_counting = self._ending = False
        self._begins = True
        self.forget_typed_ahead()
        if (loaded := self.read_ahead(view)) is not None:
            self.on_list_loaded(loaded)
            return
        if self._returning is not None:
            self._ask("hold", self._returning.row, self._returning.cursor)
        else:
            self._ask("top")
        self.post_message(self.Changed())

    def renew(self, view: ViewT) -> None:
        """Read again under a view that means the same a little later: a time that goes on has made it another."""
        self.view = view
        self._asked = self._is_counting = False
        self.reload()

    def drop(self, row: RowT) -> None:
        """Take away a row that no reader finds any more; the next window says the same."""
        identity = self.identity(row)
        left = tuple(held for held in self._rows if self.identity(held) != identity)
        self.total = max(0, self.total - (len(self._rows) - len(left)))
        self._rows = left
        self.clamp()
        self.refresh()
        self.post_message(self.Pointed(self.selected))
        self.post_message(self.Changed())

    def return_to(self, row: RowT) -> None:
        """Put the cursor on a row that is there again, where it stands on the screen now."""
        waiting = self.waiting
        self.show(self.view, Place(self.view, row, self.cursor, self.top, following=False))
        self.waiting = waiting

    @property
    def place(self) -> Place:
        """Where the reader is."""
        return Place(self.view, self.selected, self.cursor, self.top, self.following)

    def retire(self) -> None:
        """Take nothing any more of what has been asked for: something else is about to be shown."""
        self._retired = True
        self._feed.forget_search()

    @property
    def is_waiting(self) -> bool:
        """Whether the first rows of what is to be shown are not there."""
        return not self.loaded and not self._retired

    @property
    def is_current(self) -> bool:
        """Whether what is on the screen is what the view says."""
        return self.loaded and not self._retired

    def follow(self, on: bool) -> None:
        """Follow the newest, or stand still."""
        if on and self.view.sort != self._usual:
            self.sort_by(self._usual)
            return
        self.following = on
        if on:
            self.cursor = self.top = self.waiting = 0
            self._ask("top")
        self.post_message(self.Changed())

    def _ask(self, aim: str, row: RowT | None = None, place: int = 0) -> None:
        self._asked = True
        first_page = aim == "top" and is_search(self.view)  # the fewer rows, the sooner they are found
        limit = self.page_rows + MARGIN if first_page else WINDOW
        self._feed.load_list(self, self.view, aim, row, limit=limit, place=place)

    def on_list_loaded(self, message: ListLoaded[RowT]) -> None:
        """Take a window, keeping the reader's place."""
        if message.view != self.view or self._retired:
            return
        self._asked = message.goes_on
        before = self.selected
        begins, self._begins = self._begins, False
        shift = 0 if begins else self._shift(message)
        self._first, self._rows = message.first, message.rows
        self._take_total(message, begins=begins)
        self.loaded = True
        if begins:
            self._begin()
        elif self.following:
            self.cursor = self.top = 0
        elif self._ending:
            self.cursor, self.top = self.total - 1, self.max_top
        elif shift:
            self.cursor += shift
            self.top += shift
            self.waiting += max(0, shift)
        self._ending = False
        self.clamp()
        self.rows_taken()
        if begins:
            self.refresh()
        else:
            self.refresh_changes()
        if begins or self.selected != before:
            self.post_message(self.Pointed(self.selected))
        self.post_message(self.Changed())
        self.do_typed_ahead()
        if message.goes_on:
            return
        if self._dirty:
            self._dirty = False
            self.reload()
        else:
            self.scrolled()
        if is_search(self.view):
            if self.counted:
                self._recount.ask(max(COUNT_S, COUNT_SHARE * self._count_s))
            else:
                self._first_count.ask(FIRST_COUNT_S)

    def _take_total(self, message: ListLoaded[RowT], *, begins: bool) -> None:
        if message.counted or begins:
            self.total, self.counted = message.total, message.counted
        else:
            self.total = max(self.total, message.total)

    def _begin(self) -> None:
        """Put the cursor where a list begins for its reader: at the top, or where they were."""
        self.cursor = self.top = 0
        place, self._returning = self._returning, None
        if place is None or (index := self._index_of(place.row)) is None:
            return
        self.cursor = index
        self.top = index - (place.cursor - place.top)

    def _index_of(self, row: RowT) -> int | None:
        """Where a row stands in the whole list, if it is in the window."""
        identity = self.identity(row)
        return next((self._first + at for at, held in enumerate(self._rows) if self.identity(held) == identity), None)

    def _ask_count(self) -> None:
        """Count what matches, and what of it stands before the window."""
        if self.is_current and is_search(self.view) and not self._is_counting:
            self._is_counting = True
            held = self._rows[0] if self._rows and self._first and not self.following else None
            self._feed.count_list(self, self.view, held)

    def on_list_counted(self, message: ListCounted) -> None:
        """Take a count; what came before the window meanwhile has moved all places, but nothing on the screen."""
        if message.view != self.view or self._retired or not self.loaded:
            return
        self._is_counting = False
        self._count_s = message.seconds
        old_thumb = self.thumb
        if message.row is not None and not self.following and (index := self._index_of(message.row)) is not None:
            shift = message.ahead - index
            self._first += shift
            self.cursor += shift
            self.top += shift
            self.waiting += max(0, shift)
        self.total, self.counted = max(message.total, self._first + len(self._rows)), True
        if self.thumb != old_thumb:
            self.refresh_scrollbar()
        self.post_message(self.Changed())

    def on_feed_failed(self) -> None:
        """A read failed, which the screen shows; ask again on the next change."""
        self._asked = self._dirty = self._is_counting = False

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
        if self._asked or not self._rows or not self.is_current:
            return
        last = self._first + len(self._rows)
        bottom = self.top + self.page_rows
        if self.top >= last + WINDOW or bottom <= self._first - WINDOW:
            self._asked = True
            self._feed.seek_list(self, self.view, self.top)
        elif bottom + MARGIN > last and (last < self.total or not self.counted):
            self._ask("after", self._rows[-1], last - 1)
        elif self.top - MARGIN < self._first and self._first > 0:
            self._ask("before", self._rows[0], self._first)

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

    def move_end(self, end: int) -> None:
        """First or last row; the last page is read from the end."""
        if end > 0 and self._rows and (not self.counted or self._first + len(self._rows) < self.total):
            self.following = False
            if self.counted:
                self.cursor = self.total - 1
                self.top = self.max_top
                self.refresh()
            self._ending = True
            self._ask("end", self._rows[-1])
            self.post_message(self.Changed())
        else:
            super().move_end(end)

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
