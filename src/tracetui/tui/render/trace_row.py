"""One row of the trace list, and the choice of columns that fit."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct
from rich.style import Style
from textual.strip import Strip

from tracetui.model.clock import format_age, format_duration, format_when
from tracetui.model.numbers import format_cost, format_count, format_tokens
from tracetui.model.trace import TraceSummary
from tracetui.store.orders import TraceOrder, TraceSort
from tracetui.store.records import Hit
from tracetui.tui.render.bars import duration_bar
from tracetui.tui.render.hit import NOTHING_SOUGHT, Sought, add_hit
from tracetui.tui.render.row import Row
from tracetui.tui.theme import Palette

MARK = {"error": "✖", "ok": "●", "running": "◌"}
"""Status by shape, so that it is read without colour."""

PINNED = "★"
"""Before the name of a trace that is kept whatever the limits."""

BAR_CELLS = 8


RowT = TypeVar("RowT")


class Column(Struct, Generic[RowT], frozen=True):
    """A column of fixed width right of the name."""

    title: str
    width: int
    priority: int
    """The higher, the longer it stays when the pane narrows."""
    text: Callable[[RowT], str]
    order: StrEnum | None = None
    role: str = "text"


COLUMNS: tuple[Column[TraceSummary], ...] = (
    Column("duration", 9, 9, lambda t: format_duration(t.duration_nano), TraceOrder.DURATION),
    Column("", BAR_CELLS, 3, lambda t: duration_bar(t.duration_nano, BAR_CELLS), None, "faint"),
    Column("spans", 6, 7, lambda t: format_count(t.span_count), TraceOrder.SPANS, "dim"),
    Column("errors", 6, 2, lambda t: format_count(t.error_count) if t.error_count else "", TraceOrder.ERRORS, "error"),
    Column("llm", 5, 5, lambda t: format_count(t.llm_count) if t.llm_count else "", TraceOrder.LLM, "dim"),
    Column("tools", 6, 4, lambda t: format_count(t.tool_count) if t.tool_count else "", TraceOrder.TOOLS, "dim"),
    Column("tokens", 11, 8, lambda t: format_tokens(t.input_tokens, t.output_tokens), TraceOrder.TOKENS),
    Column("cost", 8, 6, lambda t: format_cost(t.cost_total, t.cost_source), TraceOrder.COST),
)

TIME_CELLS = 10
NAMES_CELLS, NARROW_NAMES_CELLS = 45, 30
"""Cells kept for name and source together before columns leave, from `ROOMY` cells on and below."""

MATCH_PRIORITY = 6
"""Priority of the columns that stay beside the reason why a trace matches."""

MATCHED_NAMES_CELLS = 52
"""Cells kept for name and that reason together before columns leave."""

ROOMY = 100
SOURCE_SHARE = 0.36

MIN_MODEL_CELLS = 10
"""Cells that must be left beside a name for the models to be shown there."""


class Layout(Struct, frozen=True):
    """Columns chosen for a width."""

    name: int
    source: int
    columns: tuple[Column[TraceSummary], ...]
    match: int = 0
    """Cells that say why a trace matches the filter."""

    @property
    def orders(self) -> tuple[TraceOrder, ...]:
        """What the shown columns can be sorted by, from left to right."""
        names = (TraceOrder.START, TraceOrder.NAME, *((TraceOrder.SOURCE,) if self.source else ()))
        return (*names, *(order for column in self.columns if isinstance(order := column.order, TraceOrder)))


def choose_columns(width: int, *, with_cost: bool = True, with_match: bool = False) -> Layout:
    """The columns for a width: least important leave first, what is left over goes to name and source.

    Why a trace matches takes the place of all but the most important.
    """
    columns = [column for column in COLUMNS if with_cost or column.title != "cost"]
    if with_match:
        return _with_match(width, [column for column in columns if column.priority >= MATCH_PRIORITY])
    left = width - TIME_CELLS - 4
    names = NAMES_CELLS if width >= ROOMY else NARROW_NAMES_CELLS
    while columns and left - sum(column.width + 1 for column in columns) < names:
        columns.remove(min(columns, key=lambda column: column.priority))
    left -= sum(column.width + 1 for column in columns)
    source = min(28, int(left * SOURCE_SHARE)) if left >= 40 else 0
    return Layout(left - source - (1 if source else 0), source, tuple(columns))


def _with_match(width: int, columns: list[Column[TraceSummary]]) -> Layout:
    left = width - TIME_CELLS - 4
    while columns and left - sum(column.width + 1 for column in columns) < MATCHED_NAMES_CELLS:
        columns.remove(min(columns, key=lambda column: column.priority))
    left -= sum(column.width + 1 for column in columns)
    source = 20 if left >= 110 else 0
    left -= source + (1 if source else 0)
    name = max(14, min(36, int(left * 0.4)))
    return Layout(name, source, tuple(columns), max(0, left - name - 1))


def header(layout: Layout, width: int, sort: TraceSort, palette: Palette) -> Strip:
    """The titles, the sorted one marked with its direction."""

    def title(text: str, order: StrEnum | None) -> tuple[str, Style]:
        return titled(text, order is sort.order, sort.descending, palette)

    row = Row().gap()
    text, style = title("time", TraceOrder.START)
    row.cell(text, TIME_CELLS, style).gap(2)
    text, style = title("name", TraceOrder.NAME)
    row.cell(text, layout.name, style)
    if layout.source:
        text, style = title("source", TraceOrder.SOURCE)
        row.gap().cell(text, layout.source, style)
    if layout.match:
        row.gap().cell("match", layout.match, palette.style("dim"))
    for column in layout.columns:
        text, style = title(column.title, column.order)
        row.gap().cell(text, column.width, style, right=True)
    return row.strip(width)


def titled(text: str, is_sorted: bool, descending: bool, palette: Palette) -> tuple[str, Style]:
    """A column's title and its style; the sorted one is marked with the direction."""
    if is_sorted:
        return f"{'↓' if descending else '↑'}{text}", palette.style("accent")
    return text, palette.style("dim")


def trace_row(
    trace: TraceSummary,
    layout: Layout,
    width: int,
    palette: Palette,
    *,
    now_nano: int,
    ages: bool,
    selected: bool,
    hit: Hit | None = None,
    sought: Sought = NOTHING_SOUGHT,
) -> Strip:
    """One trace in one row of exactly `width` cells, with what made it match where the layout has a place for that."""
    status = trace.status
    mark_style = palette.style({"error": "error", "ok": "ok", "running": "running"}[status])
    row = Row().own("▌" if selected else " ", palette.style("accent"))
    start = trace.start_time_unix_nano
    when = format_age(start, now_nano) if ages else format_when(start, now_nano)
    row.cell(when, TIME_CELLS, palette.style("dim")).own(MARK[status], mark_style).gap()
    name_style = palette.style("error") if trace.root_is_error else palette.style("text", bold=selected)
    end = row.width + layout.name
    if trace.pinned:
        row.own(PINNED, palette.style("accent")).gap()
    if trace.name.strip():
        row.up_to(trace.name, end - row.width, name_style)
    else:
        row.own("(no name)", palette.style("dim", italic=True))
    models = [model for model in trace.models if model not in trace.name]  # `chat gpt-4o` has said it
    if models and end - row.width > MIN_MODEL_CELLS:
        row.gap().up_to(" ".join(models), end - row.width - 1, palette.style("dim"), prose=True)
    row.pad_to(end)
    if layout.source:
        row.gap().received(trace.source, palette.style("dim"), width=layout.source)
    if layout.match:
        row.gap()
        end = row.width + layout.match
        add_hit(row, hit, sought, layout.match, palette)
        row.pad_to(end)
    for column in layout.columns:
        row.gap().cell(column.text(trace), column.width, palette.style(column.role), right=column.role != "faint")
    return row.strip(width)
