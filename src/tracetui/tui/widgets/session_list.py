"""The live list of sessions."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.strip import Strip

from tracetui.model.clock import Clock
from tracetui.model.session import SessionSummary
from tracetui.store.orders import SessionOrder, SessionSort
from tracetui.tui.commands import bindings
from tracetui.tui.feed import Feed
from tracetui.tui.messages import SessionView
from tracetui.tui.render.row import Row
from tracetui.tui.render.session_row import choose_columns, header, session_row
from tracetui.tui.widgets.live_list import LiveList


class SessionList(LiveList[SessionSummary, SessionView]):
    """The list of sessions."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("sessions")]
    OPEN_ACTION = "screen.open_session"

    def __init__(self, feed: Feed, clock: Clock, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(feed, clock, SessionView(), id=id)

    def identity(self, row: SessionSummary) -> str:
        """The session id."""
        return row.session_id

    def render_header(self, width: int) -> list[Strip]:
        """Column titles."""
        return [header(choose_columns(width - 1), width, self.view.sort, self.palette)]

    def render_row(self, index: int, width: int, *, selected: bool) -> Strip:
        """One session, or a placeholder while its page is read."""
        session = self.at(index)
        if session is None:
            return Row().gap(2).own("…", self.palette.style("faint")).strip(width)
        return session_row(
            session,
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
        self.sort_by(SessionSort(order, order not in (SessionOrder.SOURCE, SessionOrder.SESSION)))
