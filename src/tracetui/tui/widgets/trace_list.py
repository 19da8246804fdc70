"""The live list of traces."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.strip import Strip

from tracetui.model.clock import Clock
from tracetui.model.trace import TraceSummary
from tracetui.store.api import TraceOrder, TraceSort
from tracetui.tui.commands import bindings
from tracetui.tui.feed import Feed
from tracetui.tui.messages import ListLoaded, ListView
from tracetui.tui.render.row import Row
from tracetui.tui.render.trace_row import choose_columns, header, trace_row
from tracetui.tui.widgets.live_list import LiveList


class TraceList(LiveList[TraceSummary, ListView]):
    """The list of traces."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list")]
    OPEN_ACTION = "screen.open_trace"

    def __init__(self, feed: Feed, clock: Clock, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(feed, clock, ListView(), id=id)
        self._begun = False

    def identity(self, row: TraceSummary) -> str:
        """The trace id."""
        return row.trace_id

    def read_ahead(self, view: ListView) -> ListLoaded[TraceSummary] | None:
        """The page that was read while the screen was set up."""
        begun, self._begun = self._begun, True
        return None if begun else self._feed.prefetched(view)

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

    def action_next_sort(self) -> None:
        """Sort by the next column that is shown."""
        orders = choose_columns(self.size.width - 1).orders
        here = orders.index(self.view.sort.order) if self.view.sort.order in orders else -1
        order = orders[(here + 1) % len(orders)]
        self.sort_by(TraceSort(order, order not in (TraceOrder.NAME, TraceOrder.SERVICE)))
