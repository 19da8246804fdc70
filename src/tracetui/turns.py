"""Reads a trace as a turn of its session: finds the spans that tell it, and reads those alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from tracetui.model.chat import NormalisedSpan
from tracetui.model.trace import TraceSummary
from tracetui.model.tree import TraceTree, build_tree
from tracetui.model.turn import Turn, TurnSpans, turn_of
from tracetui.store.api import SpanReader
from tracetui.store.records import StoredSpan

ReadSpan = Callable[[StoredSpan], NormalisedSpan]
"""Makes a stored span readable."""

MAX_CALLS = 32
"""LLM calls of a turn that are read: the first `FIRST_CALLS`, and the last."""

FIRST_CALLS = 8

MAX_TOOLS = 64
"""Tools of a turn that are read."""

MAX_FAILED = 8


def read_turn(reader: SpanReader, trace: TraceSummary, read: ReadSpan) -> Turn:
    """Read what a trace adds to its session.

    Args:
        reader: The store.
        trace: The trace.
        read: Makes a stored span readable, with the log records that belong to it.
    """
    tree = build_tree(trace.trace_id, reader.skeleton(trace.trace_id))

    def read_all(positions: Sequence[int]) -> dict[int, NormalisedSpan]:
        stored = reader.stored_spans([tree.nodes[position].row_id for position in positions])
        spans = {span.row.row_id: read(span) for span in stored}
        found = ((position, spans.get(tree.nodes[position].row_id)) for position in positions)
        return {position: span for position, span in found if span is not None}

    calls = [at for at, node in enumerate(tree.nodes) if node.kind == "LLM"]  # parents before children
    outer = {at for at, following in pairwise(calls) if following < at + tree.sizes[at]}
    innermost = _by_start(tree, [at for at in calls if at not in outer])
    read_calls = read_all(_within(innermost))
    # the outer span of a call speaks where the inner one was recorded without its messages
    silent = [at for at, span in read_calls.items() if not (span.input_messages or span.output_messages)]
    speaking = [at for at in read_calls if at not in silent]
    around = [at for at in outer if _holds(tree, at, silent) and not _holds(tree, at, speaking)]
    read_calls |= read_all(_within(_by_start(tree, around)))
    tools = [at for at, node in enumerate(tree.nodes) if node.kind == "TOOL" and not _in_tool(tree, at)]
    read_tools = read_all(_by_start(tree, tools)[:MAX_TOOLS])
    root = read_all([0]).get(0) if tree.nodes else None
    known = {*read_calls, *read_tools, 0}
    failed = read_all([at for at, node in enumerate(tree.nodes) if node.is_error and at not in known][:MAX_FAILED])
    return turn_of(
        trace,
        TurnSpans(
            [read_calls[at] for at in _by_start(tree, list(read_calls))],
            list(read_tools.values()),
            root,
            list(failed.values()),
            max(0, len(innermost) - MAX_CALLS),
        ),
    )


def _by_start(tree: TraceTree, positions: Sequence[int]) -> list[int]:
    return sorted(positions, key=lambda at: (tree.nodes[at].start_time_unix_nano, at))


def _within(positions: Sequence[int]) -> list[int]:
    if len(positions) <= MAX_CALLS:
        return list(positions)
    return [*positions[:FIRST_CALLS], *positions[FIRST_CALLS - MAX_CALLS :]]


def _holds(tree: TraceTree, position: int, others: Sequence[int]) -> bool:
    """Whether any of the others stands below a span."""
    return any(position < at < position + tree.sizes[position] for at in others)


def _in_tool(tree: TraceTree, position: int) -> bool:
    """Whether a tool runs inside a tool, with spans of no known kind between them: one call, recorded twice."""
    at = tree.parents[position]
    while at >= 0 and tree.nodes[at].kind == "UNKNOWN":
        at = tree.parents[at]
    return at >= 0 and tree.nodes[at].kind == "TOOL"
