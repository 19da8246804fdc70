"""The live list of traces."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import ClassVar

from textual.binding import BindingType
from textual.strip import Strip

from tracetui.model.clock import Clock
from tracetui.model.trace import TraceSummary
from tracetui.store.conditions import Condition
from tracetui.store.orders import TraceOrder, TraceSort
from tracetui.store.records import Hit
from tracetui.tui.commands import bindings
from tracetui.tui.feed import Feed
from tracetui.tui.messages import HitsLoaded, ListLoaded, ListView
from tracetui.tui.render.hit import Sought, sought_by
from tracetui.tui.render.row import Row
from tracetui.tui.render.trace_row import Layout, choose_columns, header, trace_row
from tracetui.tui.throttle import Delay
from tracetui.tui.widgets.live_list import LiveList

FIRST_HITS_S = 0.12
"""How long the rows of a filter must stand before it is asked why they match: not between two keys."""

HITS_KEPT = 2_000
"""Rows of which it is remembered why they match."""


class TraceList(LiveList[TraceSummary, ListView]):
    """The list of traces."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list")]
    OPEN_ACTION = "screen.open_trace"

    def __init__(self, feed: Feed, clock: Clock, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(feed, clock, ListView(), id=id)
        self._begun = False
        self._hits: OrderedDict[int, Hit | None] = OrderedDict()
        self._hits_of: Condition | None = None
        self._sought = Sought()
        self._asked_hits: frozenset[int] = frozenset()
        self._first_hits = Delay(self, self._ask_hits)
        self._nothing: tuple[Mapping[str, str], Mapping[str, int]] | None = None
        self._nothing_rows: list[Strip] = []

    def identity(self, row: TraceSummary) -> str:
        """The trace id."""
        return row.trace_id

    def read_ahead(self, view: ListView) -> ListLoaded[TraceSummary] | None:
        """The page that was read while the screen was set up."""
        begun, self._begun = self._begun, True
        return None if begun else self._feed.prefetched(view)

    def render_header(self, width: int) -> list[Strip]:
        """Column titles."""
        return [header(self._layout(width - 1), width, self.view.sort, self.palette)]

    def _layout(self, width: int) -> Layout:
        return choose_columns(width, with_match=self._sought.tells and self.total > 0)

    def render_row(self, index: int, width: int, *, selected: bool) -> Strip:
        """One trace, or a placeholder while its page is read."""
        trace = self.at(index)
        if trace is None:
            return Row().gap(2).own("…", self.palette.style("faint")).strip(width)
        return trace_row(
            trace,
            self._layout(width),
            width,
            self.palette,
            now_nano=self._clock.now_nano(),
            ages=self.ages,
            selected=selected,
            hit=self._hits.get(trace.row_id),
            sought=self._sought,
        )

    def action_next_sort(self) -> None:
        """Sort by the next column that is shown."""
        orders = self._layout(self.size.width - 1).orders
        here = orders.index(self.view.sort.order) if self.view.sort.order in orders else -1
        order = orders[(here + 1) % len(orders)]
        self.sort_by(TraceSort(order, order not in (TraceOrder.NAME, TraceOrder.SOURCE)))

    # Why rows match: asked for once they have been painted, and only for those on the screen

    def rows_taken(self) -> None:
        """Other rows are there: forget what was found for another filter, and ask for what is on the screen."""
        if self.view.where != self._hits_of:
            self._hits_of, self._sought = self.view.where, sought_by(self.view.where)
            self._hits.clear()
            self._nothing = None
            self.refresh()
            self._first_hits.ask(FIRST_HITS_S)
        self._asked_hits = frozenset()

    def scrolled(self) -> None:
        """Other rows are on the screen."""
        super().scrolled()
        if not self._first_hits.is_waiting:
            self.call_after_refresh(self._ask_hits)

    def _ask_hits(self) -> None:
        where = self.view.where
        if where is None or not self._sought.tells or not self.is_current:
            return
        shown = (self.at(index) for index in range(self.top, min(self.top + self.page_rows, self.total)))
        wanted = frozenset(trace.row_id for trace in shown if trace is not None and trace.row_id not in self._hits)
        if wanted and not wanted <= self._asked_hits:
            self._asked_hits = wanted
            self._feed.load_hits(self, where, sorted(wanted, reverse=True))

    def on_hits_loaded(self, message: HitsLoaded) -> None:
        """Show why rows match."""
        if message.where != self.view.where:
            return
        self._hits.update(dict.fromkeys(self._asked_hits) | dict(message.hits))
        while len(self._hits) > HITS_KEPT:
            self._hits.popitem(last=False)
        for index in range(self.top, min(self.top + self.page_rows, self.total)):
            if (trace := self.at(index)) is not None and trace.row_id in message.hits:
                self.refresh_row(index)

    # Nothing matches

    def explain_nothing(self, hints: Mapping[str, str], counts: Mapping[str, int]) -> None:
        """Say which terms of a filter that nothing matches are found alone, and how they could find more."""
        self._nothing = (hints, counts)
        self.refresh()

    def render_beyond(self, row: int, width: int) -> Strip:
        """What stands in a list that is empty because of its filter."""
        if self._nothing is None or self.total or not self.is_current:
            return super().render_beyond(row, width)
        if row == 0 or not self._nothing_rows:  # written once for each paint from its top
            from tracetui.tui.render.nothing import nothing_rows  # deferred: most lists have rows

            self._nothing_rows = nothing_rows(*self._nothing, width, self.palette)
        rows = self._nothing_rows
        return rows[row] if row < len(rows) else Strip.blank(width)
