"""A tree of spans as far as it can be walked: folds, what a filter leaves of it, and ways from span to span."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from tracetui.model.matches import Matches
from tracetui.model.trace import SpanNode
from tracetui.model.tree import TraceTree
from tracetui.store.conditions import Condition
from tracetui.tui.widgets.typed_ahead import PatientView


class FoldingTree(PatientView):
    """Rows of a joined trace, some of them folded away or hidden by a filter."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.trace: TraceTree | None = None
        """The trace's shape."""
        self.matches: Matches | None = None
        """Which spans match the filter; None without one, and while that is not known."""
        self._where: Condition | None = None
        self._hides = False
        self._folded: set[str] = set()
        self._shown: list[int] = []
        self._loaded = False

    # What a subclass gives

    def read_rows(self) -> None:
        """Other rows are on the screen."""
        raise NotImplementedError

    def show_title(self) -> None:
        """What the title says may be something else."""
        raise NotImplementedError

    def point(self) -> None:
        """Another span is under the cursor."""
        raise NotImplementedError

    # Rows

    @property
    def row_count(self) -> int:
        """Spans that are not folded away."""
        return len(self._shown)

    def _lay_out(self) -> None:
        if self.trace is None:
            self._shown = []
        elif self.hides_others and self.matches is not None:
            self._shown = self.matches.visible(self.trace, self._folded)
        else:
            self._shown = self.trace.visible(self._folded)

    def _place(self, span_id: str) -> int | None:
        """Row of a span, or of the folded ancestor that hides it."""
        if self.trace is None or (position := self.trace.positions.get(span_id)) is None:
            return None
        return bisect_right(self._shown, position) - 1

    def _span_id_at(self, index: int) -> str:
        if self.trace is None or not 0 <= index < len(self._shown):
            return ""
        return self.trace.nodes[self._shown[index]].span_id

    @property
    def selected_span_id(self) -> str:
        """The span under the cursor; empty when there is none, or while another trace is read."""
        return self._span_id_at(self.cursor) if self._loaded else ""

    # Moving

    def _point_at(self, span_id: str) -> None:
        """Cursor on a span, unfolding what hides it."""
        if self.trace is None or (position := self.trace.positions.get(span_id)) is None:
            return
        above = self.trace.parents[position]
        while above >= 0:
            self._folded.discard(self.trace.nodes[above].span_id)
            above = self.trace.parents[above]
        if self.hides_others and self.matches is not None and not self.matches.keeps(position):
            self._hides = False  # what is gone to is never hidden
            self.show_title()
        self._lay_out()
        if (place := self._place(span_id)) is not None:
            self.move_to(place)
            self.refresh()

    # Folding

    def action_toggle_fold(self) -> None:
        """Fold or unfold."""
        if self.selected_span_id in self._folded:
            self.action_unfold()
        else:
            self._set_fold(True)

    def action_fold(self) -> None:
        """Fold; on a leaf or a folded span, go to the parent."""
        if self.trace is None or not self._shown:
            return
        position = self._shown[self.cursor]
        if self.trace.sizes[position] > 1 and self.selected_span_id not in self._folded:
            self._set_fold(True)
        elif (parent := self.trace.parents[position]) >= 0:
            place = self._place(self.trace.nodes[parent].span_id)
            if place is not None:
                self.move_to(place)

    def action_unfold(self) -> None:
        """Unfold; on an unfolded span, go to its first child."""
        if self.trace is None or not self._shown:
            return
        if self.selected_span_id in self._folded:
            self._set_fold(False)
        elif self.trace.sizes[self._shown[self.cursor]] > 1:
            self.move_to(self.cursor + 1)

    def _set_fold(self, fold: bool) -> None:
        span_id = self.selected_span_id
        if self.trace is None or not span_id or self.trace.sizes[self._shown[self.cursor]] < 2:
            return
        (self._folded.add if fold else self._folded.discard)(span_id)
        self._lay_out()
        self.clamp()
        self.refresh()
        self.read_rows()

    def action_fold_all(self) -> None:
        """Fold everything below the roots."""
        if self.trace is not None:
            self._refold(
                {
                    node.span_id
                    for position, node in enumerate(self.trace.nodes)
                    if self.trace.depths[position] == 1 and self.trace.sizes[position] > 1
                }
            )

    def action_unfold_all(self) -> None:
        """Unfold everything."""
        self._refold(set())

    def _refold(self, folded: set[str]) -> None:
        span_id = self.selected_span_id
        self._folded = folded
        self._lay_out()
        if (place := self._place(span_id)) is not None:
            self.cursor = place
        self.top = max(0, min(self.cursor - self.page_rows // 2, self.max_top))
        self.refresh()
        self.read_rows()
        if self.selected_span_id != span_id:
            self.point()

    # What matches the filter

    @property
    def hides_others(self) -> bool:
        """Whether only matches and what holds them show."""
        return self._hides and bool(self.matches)

    def action_hide_others(self) -> None:
        """Hide what neither matches nor holds a match, or show it again."""
        if not self.matches and not self._hides:
            self.notify(self._no_match, markup=False)
            return
        self._hides = not self._hides
        self._refold(self._folded)
        self.show_title()

    def action_find_match(self, direction: int) -> None:
        """Go to the next or previous span that matches, round the end."""
        self.when_loaded(lambda: self._find_match(direction))

    def _find_match(self, direction: int) -> None:
        here = self._shown[self.cursor] if 0 <= self.cursor < len(self._shown) else 0
        found = self.matches.beside(here, direction) if self.matches else None
        if found is None or self.trace is None:
            self.notify(self._no_match, markup=False)
            return
        self._point_at(self.trace.nodes[found].span_id)

    @property
    def _no_match(self) -> str:
        return "There is no filter: / begins one." if self._where is None else "No span of this trace matches."

    # Finding

    def action_find_error(self, direction: int) -> None:
        """Go to the next or previous span that failed, round the end."""
        self.when_loaded(lambda: self._find("failed span", lambda node: node.is_error, direction))

    def action_find_kind(self, kind: str, direction: int) -> None:
        """Go to the next or previous span of a kind, round the end."""
        self.when_loaded(lambda: self._find(f"{kind} span", lambda node: node.kind == kind, direction))

    def _find(self, what: str, wanted: Callable[[SpanNode], bool], direction: int) -> None:
        if self.trace is None or not self._shown:
            return
        count = len(self.trace)
        here = self._shown[self.cursor]
        for distance in range(1, count + 1):
            position = (here + direction * distance) % count
            if wanted(self.trace.nodes[position]):
                self._point_at(self.trace.nodes[position].span_id)
                return
        self.notify(f"There is no {what} in this trace.", markup=False)
