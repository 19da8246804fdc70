"""The joined trace: spans put under their parents, in the order a person reads them.

Built from `SpanNode`s alone, off the UI thread, and never changed afterwards: a trace that grows gets a new tree.
Nothing is dropped: an orphan becomes a root with a mark, and so does the earliest span of a cycle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter

from msgspec import Struct, field

from tracetui.model.collector import collector_paused
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
    is_running: bool = False
    """Whether a span has not ended as far as is known."""
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


# C functions, because they are called for each of 100,000 spans
_READING_ORDER = itemgetter(SpanNode._fields.index("start_time_unix_nano"), SpanNode._fields.index("row_id"))
"""Siblings by start, then by arrival."""
_SPAN_ID = itemgetter(SpanNode._fields.index("span_id"))
_PARENT = itemgetter(SpanNode._fields.index("parent_span_id"))
_START = itemgetter(SpanNode._fields.index("start_time_unix_nano"))
_END = itemgetter(SpanNode._fields.index("end_time_unix_nano"))


def build_tree(trace_id: str, nodes: Sequence[SpanNode]) -> TraceTree:
    """Join a trace's spans by parent.

    Cost is that of sorting them; no depth of nesting is too deep, no cycle loops.
    """
    with collector_paused():
        return _build(trace_id, nodes)


def _build(trace_id: str, nodes: Sequence[SpanNode]) -> TraceTree:
    ordered = sorted(nodes, key=_READING_ORDER)
    index = dict(zip(map(_SPAN_ID, ordered), range(len(ordered)), strict=True))
    index.pop("", None)  # a parent without a name is none
    children: defaultdict[int, list[int]] = defaultdict(list)
    roots: list[int] = []
    orphaned: set[int] = set()
    for number, parent in enumerate(map(index.get, map(_PARENT, ordered))):
        if parent is not None and parent != number:
            children[parent].append(number)
        else:
            roots.append(number)
            if parent is None and ordered[number].parent_span_id:
                orphaned.add(number)
    order, depths, parents = _walk(roots, children)
    cyclic: set[int] = {number for number in roots if ordered[number].parent_span_id == ordered[number].span_id}
    if len(order) < len(ordered):
        cyclic |= _break_cycles(ordered, children, order, depths, parents)
    arranged = [ordered[number] for number in order]
    marked = orphaned | cyclic
    place = {number: position for position, number in enumerate(order) if number in marked} if marked else {}
    return TraceTree(
        trace_id=trace_id,
        nodes=arranged,
        depths=depths,
        sizes=_subtree_sizes(parents),
        parents=parents,
        orphans=frozenset(place[number] for number in orphaned),
        cyclic=frozenset(place[number] for number in cyclic),
        start_time_unix_nano=next((start for start in map(_START, ordered) if start > 0), 0),
        end_time_unix_nano=max(map(_END, arranged), default=0),
        is_running=not all(map(_END, arranged)),
        positions=dict(zip(map(_SPAN_ID, arranged), range(len(arranged)), strict=True)),
    )


def _walk(roots: list[int], children: Mapping[int, list[int]]) -> tuple[list[int], list[int], list[int]]:
    """Pre-order from the roots, without recursion: numbers, depths and parents' positions."""
    order: list[int] = []
    depths: list[int] = []
    parents: list[int] = []
    stack = [(root, 0, -1) for root in reversed(roots)]
    while stack:
        number, depth, parent = stack.pop()
        if number in children:
            position = len(order)
            stack.extend((child, depth + 1, position) for child in reversed(children[number]))
        order.append(number)
        depths.append(depth)
        parents.append(parent)
    return order, depths, parents


def _break_cycles(
    ordered: Sequence[SpanNode],
    children: Mapping[int, list[int]],
    order: list[int],
    depths: list[int],
    parents: list[int],
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
            stack.extend((child, depth + 1, position) for child in reversed(children.get(current, ())))
    return broken


def _subtree_sizes(parents: Sequence[int]) -> list[int]:
    sizes = [1] * len(parents)
    for position in range(len(parents) - 1, -1, -1):
        if (parent := parents[position]) >= 0:
            sizes[parent] += sizes[position]
    return sizes
