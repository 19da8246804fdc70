"""The joined trace: spans put under their parents, in the order a person reads them.

Built from `SpanNode`s alone, off the UI thread, and never changed afterwards: a trace that grows gets a new tree.
Nothing is dropped: an orphan becomes a root with a mark, and so does the earliest span of a cycle.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import itemgetter

from msgspec import Struct, field

from tracetui.model.trace import SpanNode


class TraceTree(Struct, frozen=True):
    """Spans of one trace in reading order: parents before children, siblings by start.

    The sequences run in parallel; a span's *position* is its index into each of them.
    """

    trace_id: str
    nodes: Sequence[SpanNode]
    depths: Sequence[int]
    """Steps from the root."""
    sizes: Sequence[int]
    """Spans in the subtree, the span itself included."""
    parents: Sequence[int]
    """Position of the parent; -1 for a root."""
    orphans: frozenset[int]
    """Positions of roots whose parent is named but has not arrived."""
    cyclic: frozenset[int]
    """Positions of roots that close a cycle of parents."""
    start_time_unix_nano: int
    end_time_unix_nano: int
    positions: dict[str, int] = field(default_factory=dict)
    """Span id to position."""

    def __len__(self) -> int:
        return len(self.nodes)

    def visible(self, folded: Collection[str]) -> list[int]:
        """Positions that show when the spans of these ids are folded."""
        if not folded:
            return list(range(len(self.nodes)))
        shown: list[int] = []
        position, count = 0, len(self.nodes)
        while position < count:
            shown.append(position)
            position += self.sizes[position] if self.nodes[position].span_id in folded else 1
        return shown

    def children(self, position: int) -> list[int]:
        """Positions of a span's children."""
        found: list[int] = []
        child, end = position + 1, position + self.sizes[position]
        while child < end:
            found.append(child)
            child += self.sizes[child]
        return found

    def is_last_child(self, position: int) -> bool:
        """Whether no sibling follows."""
        parent = self.parents[position]
        following = position + self.sizes[position]
        return following >= len(self.nodes) if parent < 0 else following >= parent + self.sizes[parent]

    def has_error_below(self, position: int) -> bool:
        """Whether a span of the subtree, apart from the span itself, failed."""
        return any(self.nodes[below].is_error for below in range(position + 1, position + self.sizes[position]))


_READING_ORDER = itemgetter(SpanNode._fields.index("start_time_unix_nano"), SpanNode._fields.index("row_id"))
"""Siblings by start, then by arrival; a C function, because it is called for each of 100,000 spans."""


def build_tree(trace_id: str, nodes: Sequence[SpanNode]) -> TraceTree:
    """Join a trace's spans by parent.

    Cost is that of sorting them; no depth of nesting is too deep, no cycle loops.
    """
    ordered = sorted(nodes, key=_READING_ORDER)
    index = {node.span_id: number for number, node in enumerate(ordered)}
    children: list[list[int]] = [[] for _ in ordered]
    roots: list[int] = []
    orphaned: set[int] = set()
    for number, node in enumerate(ordered):
        parent = index.get(node.parent_span_id) if node.parent_span_id else None
        if parent is not None and parent != number:
            children[parent].append(number)
        else:
            roots.append(number)
            if node.parent_span_id and parent is None:
                orphaned.add(number)
    order, depths, parents = _walk(roots, children, len(ordered))
    cyclic: set[int] = {number for number in roots if ordered[number].parent_span_id == ordered[number].span_id}
    if len(order) < len(ordered):
        cyclic |= _break_cycles(ordered, children, order, depths, parents)
    sizes = _subtree_sizes(depths, parents)
    place = {number: position for position, number in enumerate(order)}
    arranged = [ordered[number] for number in order]
    return TraceTree(
        trace_id=trace_id,
        nodes=arranged,
        depths=depths,
        sizes=sizes,
        parents=parents,
        orphans=frozenset(place[number] for number in orphaned),
        cyclic=frozenset(place[number] for number in cyclic),
        start_time_unix_nano=min((n.start_time_unix_nano for n in arranged if n.start_time_unix_nano > 0), default=0),
        end_time_unix_nano=max((n.end_time_unix_nano for n in arranged), default=0),
        positions={node.span_id: position for position, node in enumerate(arranged)},
    )


def _walk(roots: list[int], children: list[list[int]], count: int) -> tuple[list[int], list[int], list[int]]:
    """Pre-order from the roots, without recursion: numbers, depths and parents' positions."""
    order: list[int] = []
    depths: list[int] = []
    parents: list[int] = []
    stack = [(root, 0, -1) for root in reversed(roots)]
    while stack:
        number, depth, parent = stack.pop()
        position = len(order)
        order.append(number)
        depths.append(depth)
        parents.append(parent)
        if below := children[number]:
            stack.extend((child, depth + 1, position) for child in reversed(below))
    return order, depths, parents


def _break_cycles(
    ordered: Sequence[SpanNode], children: list[list[int]], order: list[int], depths: list[int], parents: list[int]
) -> set[int]:
    """Append what no root reaches: of each cycle the earliest span becomes a root. Returns those roots."""
    reached = set(order)
    broken: set[int] = set()
    for number in range(len(ordered)):
        if number in reached:
            continue
        broken.add(number)
        stack = [(number, 0, -1)]
        while stack:
            current, depth, parent = stack.pop()
            if current in reached:
                continue
            reached.add(current)
            position = len(order)
            order.append(current)
            depths.append(depth)
            parents.append(parent)
            stack.extend((child, depth + 1, position) for child in reversed(children[current]))
    return broken


def _subtree_sizes(depths: Sequence[int], parents: Sequence[int]) -> list[int]:
    sizes = [1] * len(depths)
    for position in range(len(depths) - 1, -1, -1):
        if (parent := parents[position]) >= 0:
            sizes[parent] += sizes[position]
    return sizes
