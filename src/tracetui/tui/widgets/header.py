"""The line at the top: who listens where, how fast spans arrive, how much is stored, whether the list follows."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from tracetui.model.numbers import format_bytes, format_count
from tracetui.receivers.status import ReceiverCounts, ReceiverState, ReceiverStatus
from tracetui.tui.render.row import Row
from tracetui.tui.theme import Palette, palette_of

_MARKS = {
    ReceiverState.LISTENING: ("●", "ok"),
    ReceiverState.STARTING: ("◌", "running"),
    ReceiverState.FAILED: ("✖", "error"),
    ReceiverState.STOPPED: ("○", "dim"),
}


class HeaderState(Struct, frozen=True):
    """All that the header shows."""

    statuses: Sequence[ReceiverStatus] = ()
    role: str = ""
    """Instead of listeners: `viewer of 4242`, `demo`, `not receiving`."""
    spans_per_second: float | None = 0.0
    """What this process stores; None where another does."""
    store_bytes: int = 0
    counts: ReceiverCounts = ReceiverCounts()
    following: bool = True
    waiting: int = 0
    open_to_anyone: Sequence[str] = ()
    """Addresses on which anyone may send."""
    trouble: str = ""
    """What is wrong at this moment (nothing can be stored, the limits cannot be kept); empty where nothing is."""
    pruned: int = 0
    """Traces that the limits of size and age have taken away."""
    reindexed: int | None = None
    """Per cent of an older file whose columns are up to date; None where all are."""


class Header(Widget):
    """One row, repainted only when it says something else."""

    DEFAULT_CSS = "Header { height: 1; dock: top; background: $surface; color: $foreground; }"

    def __init__(self) -> None:
        super().__init__()
        self.state = HeaderState()
        """What is shown."""

    def show(self, state: HeaderState) -> None:
        """Show a state; an equal one costs nothing."""
        if state != self.state:
            self.state = state
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The row: left what is received, right whether the list follows."""
        width = self.size.width
        if y:
            return Strip.blank(width, self.rich_style)
        palette = palette_of(self.app.current_theme)
        right = _right(self.state, palette)
        left = _left(self.state, palette, max(0, width - right.width - 1))
        strip = Strip([*left.strip(max(0, width - right.width)), *right.strip(right.width)], width)
        return strip.adjust_cell_length(width).apply_style(self.rich_style)


def _left(state: HeaderState, palette: Palette, room: int) -> Row:
    row = Row().gap().own("tracetui", palette.style("accent", bold=True)).gap(2)
    for protocol in ("grpc", "http"):
        listeners = [status for status in state.statuses if status.protocol == protocol]
        if not listeners:
            continue
        worst = min(listeners, key=lambda s: list(_MARKS).index(s.state) * -1)
        mark, role = _MARKS[worst.state]
        row.own(mark, palette.style(role)).gap().own(protocol, palette.style("dim"))
        for status in listeners:
            failed = status.state is ReceiverState.FAILED
            row.gap().own(str(status.address.port), palette.style("error" if failed else "text"))
        row.gap(2)
    if state.open_to_anyone:
        row.own(f"⚠ open to anyone: {' '.join(state.open_to_anyone)}", palette.style("error", bold=True)).gap(2)
    size = format_bytes(state.store_bytes)  # always there, so what may be long leaves it its place
    if state.trouble:
        _up_to(row, f"✖ {state.trouble}", room - len(size) - 2, palette.style("error", bold=True))
    if state.role:
        _up_to(row, state.role, room - len(size) - 2, palette.style("warning"))
    if (stored := state.spans_per_second) is not None:
        rate = f"{_rate(stored)} spans/s"
        if row.width + len(rate) + 2 + len(size) + 2 <= room:
            row.own(rate, palette.style("text" if stored else "dim")).gap(2)
    row.own(size, palette.style("dim")).gap(2)
    reindexed = "" if state.reindexed is None else f"updating older spans {state.reindexed}%"
    if reindexed and row.width + len(reindexed) + 2 <= room:
        row.own(reindexed, palette.style("dim")).gap(2)
    for count, name in (
        (state.pruned, "pruned"),
        (state.counts.rejected, "rejected"),
        (state.counts.malformed, "malformed"),
        (state.counts.refused, "refused"),
    ):
        text = f"{format_count(count)} {name}"
        if count and row.width + len(text) + 2 <= room:
            row.own(text, palette.style("warning")).gap(2)
    return row


def _up_to(row: Row, text: str, end: int, style: Style) -> None:
    """Received text, and a gap, that end before a cell of the row."""
    if (room := end - row.width - 2) > 1:
        row.up_to(text, room, style).gap(2)


def _rate(spans_per_second: float) -> str:
    return (
        format_count(round(spans_per_second))
        if spans_per_second >= 10 or spans_per_second == 0
        else f"{spans_per_second:.1f}"
    )


def _right(state: HeaderState, palette: Palette) -> Row:
    row = Row()
    if state.waiting:
        row.own(f"↑ {format_count(state.waiting)} new", palette.style("accent", bold=True)).gap(2)
    if state.following:
        row.own("▶ live", palette.style("ok"))
    else:
        row.own("‖ held", palette.style("dim"))
    return row.gap()
