"""One row of the session list, and the choice of columns that fit."""

from __future__ import annotations

from msgspec import Struct
from rich.style import Style
from textual.strip import Strip

from tracetui.model.clock import format_age, format_duration, format_when
from tracetui.model.numbers import format_cost, format_count, format_tokens
from tracetui.model.session import SessionSummary
from tracetui.store.orders import SessionOrder, SessionSort
from tracetui.tui.render.row import Row
from tracetui.tui.render.trace_row import MARK, ROOMY, TIME_CELLS, Column, titled
from tracetui.tui.theme import Palette

_COLUMNS: tuple[Column[SessionSummary], ...] = (
    Column("turns", 6, 9, lambda s: format_count(s.trace_count), SessionOrder.TURNS),
    Column("duration", 9, 4, lambda s: format_duration(s.duration_nano), SessionOrder.DURATION),
    Column(
        "errors", 7, 6, lambda s: format_count(s.error_count) if s.error_count else "", SessionOrder.ERRORS, "error"
    ),
    Column("llm", 5, 3, lambda s: format_count(s.llm_count) if s.llm_count else "", SessionOrder.LLM, "dim"),
    Column("tools", 6, 2, lambda s: format_count(s.tool_count) if s.tool_count else "", SessionOrder.TOOLS, "dim"),
    Column("tokens", 11, 8, lambda s: format_tokens(s.input_tokens, s.output_tokens), SessionOrder.TOKENS),
    Column("cost", 8, 7, lambda s: format_cost(s.cost_total, s.cost_source), SessionOrder.COST),
)

WORDS_CELLS, NARROW_WORDS_CELLS = 54, 34
"""Cells kept for words and id together before columns leave, from `ROOMY` cells on and below."""

ID_CELLS, MIN_ID_ROOM = 18, 52
"""Cells of the session id's column, and the room beside the numbers from which it is shown."""

USER_CELLS, MIN_USER_ROOM = 14, 74
"""Likewise of the user's."""

SOURCE_CELLS, MIN_SOURCE_ROOM = 20, 98
"""Likewise of the source's."""


class SessionLayout(Struct, frozen=True):
    """Columns chosen for a width."""

    words: int
    id: int
    user: int
    source: int
    columns: tuple[Column[SessionSummary], ...]

    @property
    def orders(self) -> tuple[SessionOrder, ...]:
        """What the shown columns can be sorted by, from left to right."""
        source = (*((SessionOrder.SESSION,) if self.id else ()), *((SessionOrder.SOURCE,) if self.source else ()))
        orders = (column.order for column in self.columns)
        return (SessionOrder.LAST, *source, *(order for order in orders if isinstance(order, SessionOrder)))


def choose_columns(width: int) -> SessionLayout:
    """The columns for a width: least important leave first, what is left over goes to the words."""
    columns = list(_COLUMNS)
    left = width - TIME_CELLS - 4
    words = WORDS_CELLS if width >= ROOMY else NARROW_WORDS_CELLS
    while columns and left - sum(column.width + 1 for column in columns) < words:
        columns.remove(min(columns, key=lambda column: column.priority))
    left -= sum(column.width + 1 for column in columns)
    id_, user, source = (
        cells if left >= room else 0
        for cells, room in ((ID_CELLS, MIN_ID_ROOM), (USER_CELLS, MIN_USER_ROOM), (SOURCE_CELLS, MIN_SOURCE_ROOM))
    )
    left -= sum(cells + 1 for cells in (id_, user, source) if cells)
    return SessionLayout(left, id_, user, source, tuple(columns))


def header(layout: SessionLayout, width: int, sort: SessionSort, palette: Palette) -> Strip:
    """The titles, the sorted one marked with its direction."""

    def title(text: str, order: object) -> tuple[str, Style]:
        return titled(text, order is sort.order, sort.descending, palette)

    row = Row().gap().cell(*_sized(title("last turn", SessionOrder.LAST), TIME_CELLS)).gap(2)
    row.cell(*_sized(title("last words", None), layout.words))
    if layout.id:
        row.gap().cell(*_sized(title("session", SessionOrder.SESSION), layout.id))
    if layout.user:
        row.gap().cell(*_sized(title("user", None), layout.user))
    if layout.source:
        row.gap().cell(*_sized(title("source", SessionOrder.SOURCE), layout.source))
    for column in layout.columns:
        text, style = title(column.title, column.order)
        row.gap().cell(text, column.width, style, right=True)
    return row.strip(width)


def _sized(title: tuple[str, Style], width: int) -> tuple[str, int, Style]:
    return title[0], width, title[1]


def session_row(
    session: SessionSummary,
    layout: SessionLayout,
    width: int,
    palette: Palette,
    *,
    now_nano: int,
    ages: bool,
    selected: bool,
) -> Strip:
    """One session in one row of exactly `width` cells."""
    row = Row().own("▌" if selected else " ", palette.style("accent"))
    last = session.last_start_time_unix_nano
    row.cell(format_age(last, now_nano) if ages else format_when(last, now_nano), TIME_CELLS, palette.style("dim"))
    role = {"error": "error", "ok": "ok", "running": "running"}[session.status]
    row.own(MARK[session.status], palette.style(role)).gap()
    end = row.width + layout.words
    words = session.last_words.strip()
    if words:
        row.up_to(words, layout.words, palette.style("text", bold=selected), prose=True)
    else:
        row.own("(no words)", palette.style("dim", italic=True))
    row.pad_to(end)
    if layout.id:
        row.gap().received(session.session_id, palette.style("dim"), width=layout.id)
    if layout.user:
        users = ", ".join(session.users)
        row.gap().received(users, palette.style("dim"), width=layout.user)
    if layout.source:
        row.gap().received(session.source, palette.style("dim"), width=layout.source)
    for column in layout.columns:
        row.gap().cell(column.text(session), column.width, palette.style(column.role), right=True)
    return row.strip(width)
