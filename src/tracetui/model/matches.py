"""Which spans of a joined trace match a filter, and what is left of the trace without the others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

from tracetui.model.tree import TraceTree


class Matches(Struct, frozen=True):
    """Matching spans of one tree, by position."""

    positions: Sequence[int] = ()
    """In reading order."""
    kept: Sequence[int] = ()
    """Those and their ancestors, in reading order."""

    def __len__(self) -> int:
        return len(self.positions)

    def __contains__(self, position: int) -> bool:
        at = bisect_left(self.positions, position)
        return at < len(self.positions) and self.positions[at] == position

    def keeps(self, position: int) -> bool:
        """Whether a span stays when all but matches and their ancestors are hidden."""
        at = bisect_left(self.kept, position)
        return at < len(self.kept) and self.kept[at] == position

    def within(self, first: int, last: int) -> int:
        """How many stand from one position up to, but not at, another."""
        return bisect_left(self.positions, last) - bisect_left(self.positions, first)

    def beside(self, position: int, direction: int) -> int | None:
        """The next match after a position, or the one before it, round the end; None without a match."""
        if not self.positions:
            return None
        if direction > 0:
            at = bisect_right(self.positions, position)
            return self.positions[at % len(self.positions)]
        return self.positions[bisect_left(self.positions, position) - 1]

    def number(self, position: int) -> int:
        """Which of the matches stands at a position, counted from 1; 0 where none does."""
        return bisect_left(self.positions, position) + 1 if position in self else 0

    def visible(self, tree: TraceTree, folded: Collection[str]) -> list[int]:
        """Positions that show when all but matches and their ancestors are hidden, and some spans are folded."""
        if not folded:
            return list(self.kept)
        shown: list[int] = []
        until = 0
        for position in self.kept:
            if position < until:
                continue
            shown.append(position)
            if tree.nodes[position].span_id in folded:
                until = position + tree.sizes[position]
        return shown


def find_matches(tree: TraceTree, span_ids: Iterable[str]) -> Matches:
    """The matches of a tree from the ids of spans; ids that are not in it are left out."""
    known = tree.positions
    positions = sorted({known[span_id] for span_id in span_ids if span_id in known})
    kept = set(positions)
    for position in positions:
        above = tree.parents[position]
        while above >= 0 and above not in kept:
            kept.add(above)
            above = tree.parents[above]
    return Matches(positions, sorted(kept))
