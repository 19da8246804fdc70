"""One row of a trace: the tree on the left, the waterfall on the right."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct
from rich.style import Style
from textual.strip import Strip

from tracetui.model.clock import format_duration
from tracetui.model.names import span_kind_name
from tracetui.model.numbers import format_cost, format_tokens
from tracetui.model.trace import SpanRow
from tracetui.model.tree import TraceTree
from tracetui.tui.render.bars import span_cells
from tracetui.tui.render.row import Row, label
from tracetui.tui.theme import Palette

MAX_INDENT = 24
"""Levels that are drawn; deeper ones say their number instead."""

BELIEVED_NANO = 3600 * 10**9
"""How long a trace without a sign of life is taken to be running; an app that was killed ends none of its spans."""

CHILDREN_LOOKED_AT = 400
"""Children whose share of a parent's bar is worked out; a row must never cost more."""


class Match(Enum):
    """What a filter says of a span."""

    UNASKED = 0
    """There is no filter."""
    NO = 1
    YES = 2
    BELOW = 3
    """It is folded over a span that matches."""
    ONLY_KEPT = 4
    """It is there for a match below it alone."""


MATCH_MARK = {Match.YES: "◆", Match.BELOW: "◇"}


class SpanLayout(Struct, frozen=True):
    """Cells of each part of a row."""

    name: int
    bar: int
    tokens: int
    cost: int


def choose_layout(width: int, *, with_tokens: bool = True) -> SpanLayout:
    """Split a width: name first, then duration, tokens, bar and cost as there is room.

    Args:
        width: Cells of a row.
        with_tokens: Whether the trace has spans that carry tokens.
    """
    tokens = 10 if with_tokens and width >= 52 else 0
    cost = 8 if with_tokens and width >= 100 else 0
    left = width - 9 - tokens - cost - (1 if tokens else 0) - (1 if cost else 0)
    bar = max(0, min(60, int(left * (0.42 if width >= 76 else 0.3))))
    if bar < 10:
        bar = 0
    return SpanLayout(left - bar - (1 if bar else 0), bar, tokens, cost)


def span_row(
    tree: TraceTree,
    position: int,
    row: SpanRow | None,
    layout: SpanLayout,
    width: int,
    palette: Palette,
    *,
    folded: bool,
    selected: bool,
    match: Match = Match.UNASKED,
    until: int = 0,
) -> Strip:
    """One span in one row of exactly `width` cells; `row` is None while its columns are on their way.

    `until` is the time up to which what is running is drawn; the end of the trace where it is 0.
    """
    node = tree.nodes[position]
    line = Row().own("▌" if selected else " ", palette.style("accent"))
    if match is not Match.UNASKED:
        line.own(MATCH_MARK.get(match, " "), palette.style("accent")).gap()
    _indent(line, tree, position, folded, palette, limit=layout.name // 2)
    if not node.has_arrived:
        line.own("⇡ ", palette.style("warning"))
        line.own(f"{node.span_id[:8]} has not arrived, its logs have"[: layout.name - line.width], palette.style("dim"))
    elif row is None:
        line.own("…", palette.style("faint"))
    else:
        _name(line, tree, position, row, layout.name, palette, folded=folded, selected=selected, match=match)
    line.pad_to(layout.name)
    if node.is_running:
        lasts = until - node.start_time_unix_nano if until > node.start_time_unix_nano > 0 else None
        line.gap().cell(format_duration(lasts) if lasts else "", 7, palette.style("running"), right=True).gap()
    else:
        duration = format_duration(row.duration_nano) if row else ""
        line.gap().cell(duration, 7, palette.style("text"), right=True).gap()
    if layout.bar:
        _bar(line, tree, position, layout.bar, palette, until or tree.end_time_unix_nano)
        line.gap()
    if layout.tokens:
        tokens = format_tokens(row.input_tokens, row.output_tokens) if row else ""
        line.cell(tokens, layout.tokens, palette.style("text" if row and row.counted else "dim"), right=True)
    if layout.cost:
        line.gap().cell(
            format_cost(row.cost_total, row.cost_source) if row else "", layout.cost, palette.style("text"), right=True
        )
    return line.strip(width)


def axis_end(tree: TraceTree, now_nano: int) -> int:
    """Where the time of a trace with running spans ends: now, or 0 for its own end when it gives no sign of life."""
    last = max(tree.end_time_unix_nano, tree.start_time_unix_nano)
    return now_nano if 0 < now_nano - last < BELIEVED_NANO else 0


def _indent(line: Row, tree: TraceTree, position: int, folded: bool, palette: Palette, *, limit: int) -> None:
    """Guides of the tree and the fold mark."""
    faint = palette.style("faint")
    depth = tree.depths[position]
    levels = min(MAX_INDENT, max(2, limit // 2))
    if depth > levels:
        line.own(f"{'  ' * (levels - 2)}{depth:>3} ", faint)
    else:
        guides: list[str] = []
        above = position
        for _ in range(depth):
            last = tree.is_last_child(above)
            guides.append(("╰─" if last else "├─") if above == position else ("  " if last else "│ "))
            above = tree.parents[above]
        line.own("".join(reversed(guides)), faint)
    if tree.sizes[position] > 1:
        line.own("▸ " if folded else "▾ ", palette.style("dim"))
    else:
        line.own("─ " if depth else "  ", faint)


def kind_word(row: SpanRow) -> str:
    """The short word in front of a name: what it does in the application, or else its OTLP kind.

    Empty for an internal span that says nothing of itself: the word would take the name's room on most rows.
    """
    if row.kind != "UNKNOWN":
        return row.kind
    return "" if row.otel_kind in (0, 1) else span_kind_name(row.otel_kind).lower()


def _name(
    line: Row,
    tree: TraceTree,
    position: int,
    row: SpanRow,
    limit: int,
    palette: Palette,
    *,
    folded: bool,
    selected: bool,
    match: Match,
) -> None:
    if row.is_error:
        line.own("✖ ", palette.style("error"))
    elif tree.nodes[position].is_running:
        line.own("◌ ", palette.style("running"))
    elif folded and tree.has_error_below(position):
        line.own("✖ ", palette.style("dim"))
    if position in tree.orphans:
        line.own("⇡ ", palette.style("warning"))
    elif position in tree.cyclic:
        line.own("↻ ", palette.style("warning"))
    if word := kind_word(row):
        line.own(word + " ", palette.kind(row.kind))
    room = limit - line.width
    if room <= 0:
        return
    name = label(row.name)
    role = "dim" if match is Match.ONLY_KEPT else "error" if row.is_error else "text"
    style = palette.style(role, bold=selected, underline=match is Match.YES)
    if not name.strip():
        name, style = "(no name)", palette.style("dim", italic=True)
    line.up_to(name, room, style)
    if folded:
        line.own(f" +{tree.sizes[position] - 1}", palette.style("dim"))
    if (room := limit - line.width - 1) >= 8 and row.preview:
        preview = row.preview[:400]
        line.gap().up_to(" ".join(preview.split()), room, palette.style("error" if row.is_error else "dim"), prose=True)


def _bar(line: Row, tree: TraceTree, position: int, width: int, palette: Palette, until: int) -> None:
    """The span's bar: its own time solid, the time its children took lighter; what is running goes on to `until`."""
    node = tree.nodes[position]
    whole = until - tree.start_time_unix_nano
    if whole <= 0 or node.start_time_unix_nano <= 0:
        line.gap(width)
        return
    start = (node.start_time_unix_nano - tree.start_time_unix_nano) / whole
    ended = until if node.is_running else node.end_time_unix_nano
    end = (max(ended, node.start_time_unix_nano) - tree.start_time_unix_nano) / whole
    first, glyphs = span_cells(start, end, width)
    color = (
        palette.style("error")
        if node.is_error
        else palette.kind(node.kind)
        if node.kind in palette.kinds
        else palette.style("accent")
    )
    shared = _child_cells(tree, position, width, until)
    light = color + Style(dim=True)
    line.gap(first)
    for offset, glyph in enumerate(glyphs):
        line.own(
            "━" if glyph == "█" and first + offset in shared else glyph, light if first + offset in shared else color
        )
    line.gap(width - first - len(glyphs))


def _child_cells(tree: TraceTree, position: int, width: int, until: int) -> set[int]:
    """Cells in the middle of which a child was running."""
    whole = until - tree.start_time_unix_nano
    cells: set[int] = set()
    child, end = position + 1, position + tree.sizes[position]
    for _ in range(CHILDREN_LOOKED_AT):
        if child >= end:
            break
        node = tree.nodes[child]
        first = (node.start_time_unix_nano - tree.start_time_unix_nano) * width // whole
        last = ((node.end_time_unix_nano or until) - tree.start_time_unix_nano) * width / whole
        cells.update(range(max(0, int(first)), min(width, int(last + 0.5))))
        child += tree.sizes[child]
    return cells
