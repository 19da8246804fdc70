"""A trace as a tree of text: a line for each span, with its numbers in columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracetui.cli.lists import SHORT_ID, kind_word
from tracetui.cli.output import Piece, cell_width, cropped
from tracetui.model.clock import format_duration
from tracetui.model.numbers import format_tokens
from tracetui.model.trace import SpanRow
from tracetui.model.tree import TraceTree
from tracetui.sanitise import one_line

MAX_INDENT = 40
"""Levels drawn as branches; deeper ones are told by their number, so that a line's length does not grow with depth."""

NAME_WIDTH = 64
"""Cells after which a long name pushes the columns behind it to the right, where a line may be as long as it needs."""

NUMBERS_WIDTH = 30
"""Cells of a span's duration, tokens and id with the gaps before them."""

LEAST_NAME_WIDTH = 24
"""Cells that a name with its branch keeps on however narrow a terminal."""

BRANCH_WIDTH = 3
"""Cells of a level drawn as a branch."""


def tree_lines(tree: TraceTree, rows: Sequence[SpanRow], width: int | None = None) -> Iterator[Sequence[Piece]]:
    """The lines of a trace.

    Args:
        tree: The trace.
        rows: Its spans that have arrived.
        width: Cells that a line may take: names and messages are cut for it, and fewer levels drawn; None for all
            that it needs.
    """
    by_id = {row.row_id: row for row in rows}
    spans = [by_id.get(node.row_id) for node in tree.nodes]
    tails = [tuple(_tail(tree, position, row)) if row else () for position, row in enumerate(spans)]
    room = NAME_WIDTH
    deepest = MAX_INDENT
    if width is not None:
        room = _name_room(width, max(map(cell_width, tails), default=0))
        deepest = min(MAX_INDENT, room // 2 // BRANCH_WIDTH)
    branches = list(_branches(tree, deepest))
    lefts = [
        _left(branch, row, is_running=node.is_running)
        for branch, row, node in zip(branches, spans, tree.nodes, strict=True)
    ]
    if width is not None:
        lefts = [cropped(left, room) for left in lefts]
    widths = [cell_width(left) for left in lefts]
    column = min(max(widths, default=0), room)
    for position, (row, node) in enumerate(zip(spans, tree.nodes, strict=True)):
        line: tuple[Piece, ...]
        if row is not None:
            gap = " " * max(column - widths[position], 0)
            line = (*lefts[position], gap, *_numbers(row, node.span_id), *tails[position])
        elif not node.has_arrived:
            text = f"{node.span_id} has not arrived; `tracetui logs` has its log records"
            line = ((branches[position], "dim"), (text, "dim"))
        else:
            continue
        yield line if width is None else cropped(line, width)


def _name_room(width: int, longest_tail: int) -> int:
    """Cells for names on a terminal: of what the numbers leave, at most a third goes to errors and remarks."""
    room = width - NUMBERS_WIDTH
    return max(room - min(longest_tail, room // 3), LEAST_NAME_WIDTH)


def _branches(tree: TraceTree, deepest: int) -> Iterator[str]:
    """The lines in front of each span, drawn from its depth and from who is a last child."""
    bars: list[str] = []
    for position, depth in enumerate(tree.depths):
        if depth == 0:
            yield ""
            continue
        last = tree.is_last_child(position)
        del bars[depth - 1 :]
        if depth <= deepest:
            yield "".join(bars) + ("└─ " if last else "├─ ")
        else:
            yield "".join(bars[:3]) + f"┊ level {depth + 1} "
        bars.append("   " if last else "│  ")


def _left(branch: str, row: SpanRow | None, *, is_running: bool) -> tuple[Piece, ...]:
    if row is None:
        return ()
    kind = kind_word(row.kind)
    return (
        (branch, "dim"),
        ("✖ ", "error") if row.is_error else ("◌ ", "accent") if is_running else "",
        (f"{kind} " if kind else "", row.kind),
        one_line(row.name) or "(no name)",
        (f" {one_line(row.model, 80)}" if row.model and row.model not in row.name else "", "dim"),
    )


def _numbers(row: SpanRow, span_id: str) -> Iterator[Piece]:
    yield f"  {format_duration(row.duration_nano):>7}"
    yield f"  {format_tokens(row.input_tokens, row.output_tokens):>9}"
    yield (f"  {span_id[:SHORT_ID]}", "dim")


def _tail(tree: TraceTree, position: int, row: SpanRow) -> Iterator[Piece]:
    """What is to be said of a span beside its numbers: its error, and that its place in the tree is not sure."""
    if row.is_error and row.status_message:
        yield (f"  {one_line(row.status_message)}", "error")
    if position in tree.orphans:
        yield (f"  (its parent {row.parent_span_id[:SHORT_ID]} has not arrived)", "dim")
    if position in tree.cyclic:
        yield ("  (its parents form a cycle)", "dim")
