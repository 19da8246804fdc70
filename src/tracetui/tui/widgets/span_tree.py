"""A trace: the collapsible tree of its spans and the waterfall, one row a span, alive while it grows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from tracetui.model.clock import Clock
from tracetui.model.matches import Matches
from tracetui.model.trace import SpanNode, SpanRow, TraceSummary
from tracetui.model.tree import TraceTree
from tracetui.store.conditions import Condition
from tracetui.tui.commands import bindings
from tracetui.tui.feed import Feed
from tracetui.tui.messages import MatchesLoaded, RowsLoaded, TreeLoaded
from tracetui.tui.render.span_row import Match, axis_end, choose_layout, span_row
from tracetui.tui.widgets.typed_ahead import PatientView

ROWS_KEPT = 2_000
"""Rows whose columns are remembered; the tree itself holds only ids, times and kinds."""

TICK_S = 1.0
"""How often the bars of running spans grow."""

AHEAD = 60
"""Rows beyond the screen whose columns are read along."""


class SpanTree(PatientView):
    """The spans of one trace."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("tree")]

    @dataclass
    class Pointed(Message):
        """Another span is under the cursor."""

        trace_id: str
        span_id: str
        """Empty when the tree is empty."""

    def __init__(self, feed: Feed, clock: Clock, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._feed = feed
        self._clock = clock
        self._is_running = False
        self._until = 0
        self.trace_id = ""
        """The trace that is shown; empty for none."""
        self.summary: TraceSummary | None = None
        """Its totals."""
        self.trace: TraceTree | None = None
        """Its shape."""
        self._folded: set[str] = set()
        self._shown: list[int] = []
        self._rows: OrderedDict[int, SpanRow] = OrderedDict()
        self._asked: frozenset[int] = frozenset()
        self._aim = ""
        self._has_usage = False
        self._where: Condition | None = None
        self.matches: Matches | None = None
        """Which spans match the filter; None without one, and while that is not known."""
        self._hides = False
        self._loaded = False
        self._loading = False
        self._dirty = False

    def on_mount(self) -> None:
        """Let what is running grow."""
        self.set_interval(TICK_S, self._tick)

    def _tick(self) -> None:
        if self._is_running and self.display and self._set_axis():
            self.refresh()

    def _set_axis(self) -> bool:
        """Let the time of the trace go on to now, if something in it is running; whether it does."""
        self._until = axis_end(self.trace, self._clock.now_nano()) if self._is_running and self.trace else 0
        return self._until > 0

    # What is shown

    def open(self, trace_id: str, span_id: str = "") -> None:
        """Show a trace, the cursor on a span or on the first."""
        if trace_id == self.trace_id:
            if span_id:
                self._point_at(span_id)
            return
        self.trace_id, self._aim = trace_id, span_id
        self._loaded = self._loading = self._dirty = False
        self.forget_typed_ahead()
        if trace_id:  # what is on the screen stays there until the other trace has been read: one paint, no flicker
            self._feed.load_tree(self, trace_id)
        else:
            self.matches = None
            self._take(None, None, {})

    def reload(self) -> None:
        """Read the shape again after the trace has changed."""
        if self._loading:
            self._dirty = True
        elif self.trace_id and self._loaded and self.trace is not None:
            self._loading = True
            shown = self._shown[self.top : self.top + self.page_rows]
            row_ids = [self.trace.nodes[position].row_id for position in shown]
            self._feed.load_tree(self, self.trace_id, row_ids, marked=(self.trace, self.matches))
        elif self.trace_id:
            self._feed.load_tree(self, self.trace_id)

    def on_tree_loaded(self, message: TreeLoaded) -> None:
        """Take a shape: of another trace from its top, of the same one keeping cursor, offset and folds by span."""
        if message.trace_id != self.trace_id:
            return
        self._loading = False
        first = not self._loaded
        before, top_span = self.selected_span_id, self._span_id_at(self.top)
        self.matches = message.matches
        self._take(message.summary, message.tree, message.rows)
        if first and self._aim:
            self._point_at(self._aim)
        elif not first:
            self._restore(before, top_span)
        self.clamp()
        self._read_rows()
        self.find_matches()
        if first:  # painted before anything else is read: two threads that want the interpreter take turns of it
            self.call_after_refresh(self._point)
        elif self.selected_span_id != before:
            self._point()
        self.do_typed_ahead()
        if self._dirty:
            self._dirty = False
            self.reload()

    def _point(self) -> None:
        """Tell which span is under the cursor."""
        self.post_message(self.Pointed(self.trace_id, self.selected_span_id))

    def on_feed_failed(self) -> None:
        """A read failed, which the screen shows; ask again on the next change."""
        self._loading = self._dirty = False

    def _take(self, summary: TraceSummary | None, tree: TraceTree | None, rows: Mapping[int, SpanRow]) -> None:
        if not self._loaded:
            self.cursor = self.top = 0
            self._folded = set()
        self._loaded = True
        self.summary, self.trace = summary, tree
        self._has_usage = summary is not None and (
            summary.input_tokens is not None or summary.output_tokens is not None
        )
        self._is_running = tree is not None and any(node.is_running for node in tree.nodes)
        self._set_axis()
        self._rows = OrderedDict(rows)
        self._asked = frozenset()
        self._lay_out()
        self._title()
        self.refresh()

    def _restore(self, span_id: str, top_span: str) -> None:
        """Put cursor and offset back on the spans they stood on."""
        place = self._place(span_id)
        top = self._place(top_span)
        if place is not None:
            self.cursor = place
        if top is not None:
            self.top = top

    def _title(self) -> None:
        if self.summary is None:
            self.set_title("trace is gone" if self.trace_id else "")
            return
        spans = self.summary.span_count
        errors = f" · {self.summary.error_count} failed" if self.summary.error_count else ""
        counted = f"{spans:,} span{'s' if spans != 1 else ''}{errors}"
        if self.matches is not None and self.trace is not None:
            number = self.matches.number(self._shown[self.cursor]) if 0 <= self.cursor < len(self._shown) else 0
            here = f"match {number:,} · " if number else ""
            hidden = " · others hidden" if self._hides else ""
            counted = f"{here}{len(self.matches):,} of {len(self.trace):,} match{hidden}{errors}"
        self.set_title(self.summary.name.strip() or "(no name)", counted)

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
        low, high = 0, len(self._shown)
        while low < high:
            middle = (low + high) // 2
            if self._shown[middle] <= position:
                low = middle + 1
            else:
                high = middle
        return low - 1

    def _span_id_at(self, index: int) -> str:
        if self.trace is None or not 0 <= index < len(self._shown):
            return ""
        return self.trace.nodes[self._shown[index]].span_id

    @property
    def selected_span_id(self) -> str:
        """The span under the cursor; empty when there is none, or while another trace is read."""
        return self._span_id_at(self.cursor) if self._loaded else ""

    @property
    def selected_row(self) -> SpanRow | None:
        """Its columns, if they have been read."""
        if not self._loaded or self.trace is None or not 0 <= self.cursor < len(self._shown):
            return None
        return self._rows.get(self.trace.nodes[self._shown[self.cursor]].row_id)

    # Rows

    @property
    def row_count(self) -> int:
        """Spans that are not folded away."""
        return len(self._shown)

    def render_row(self, index: int, width: int, *, selected: bool) -> Strip:
        """One span."""
        assert self.trace is not None
        position = self._shown[index]
        node = self.trace.nodes[position]
        return span_row(
            self.trace,
            position,
            self._rows.get(node.row_id),
            choose_layout(width, with_tokens=self._has_usage),
            width,
            self.palette,
            folded=node.span_id in self._folded,
            selected=selected,
            match=self._match_of(position),
            until=self._until,
        )

    def _match_of(self, position: int) -> Match:
        if self.matches is None:
            return Match.UNASKED
        if position in self.matches:
            return Match.YES
        folded = self.trace is not None and self.trace.nodes[position].span_id in self._folded
        if folded and self.trace is not None and self.matches.within(position, position + self.trace.sizes[position]):
            return Match.BELOW
        return Match.ONLY_KEPT if self._hides else Match.NO

    def scrolled(self) -> None:
        """Read the columns of the rows on the screen."""
        self._read_rows()

    def _read_rows(self) -> None:
        if self.trace is None or not self._loaded:
            return
        first = max(0, self.top - AHEAD)
        near = self._shown[first : self.top + self.page_rows + AHEAD]
        missing = [
            self.trace.nodes[position].row_id
            for position in near
            if self.trace.nodes[position].row_id not in self._rows and self.trace.nodes[position].has_arrived
        ]
        if missing and not self._asked.issuperset(missing):
            self._asked = frozenset(missing)
            self._feed.load_rows(self, self.trace_id, missing)

    def on_rows_loaded(self, message: RowsLoaded) -> None:
        """Take columns of spans."""
        if message.trace_id != self.trace_id:
            return
        self._rows.update(message.rows)
        visible = (
            {self.trace.nodes[position].row_id for position in self._shown[self.top : self.top + self.page_rows]}
            if self.trace
            else set()
        )
        while len(self._rows) > ROWS_KEPT:
            self._rows.popitem(last=False)
        self._asked = frozenset()
        if not visible.isdisjoint(message.rows):
            self.refresh()
        self._read_rows()

    # Moving

    def move_to(self, index: int, *, notify: bool = True) -> None:
        """Put the cursor on a span."""
        before = self.cursor
        super().move_to(index, notify=notify)
        if self.cursor != before:
            if self.matches is not None:
                self._title()
            self._point()

    def _point_at(self, span_id: str) -> None:
        """Cursor on a span, unfolding what hides it."""
        if self.trace is None or (position := self.trace.positions.get(span_id)) is None:
            return
        above = self.trace.parents[position]
        while above >= 0:
            self._folded.discard(self.trace.nodes[above].span_id)
            above = self.trace.parents[above]
        self._lay_out()
        if (place := self._place(span_id)) is not None:
            self.move_to(place)
            self.refresh()

    def step(self, rows: int) -> None:
        """Move to a neighbouring span, as the inspector asks for it."""
        self.move_to(self.cursor + rows)

    async def row_activated(self, index: int) -> None:
        """A second click folds a parent and opens a leaf."""
        if self.trace is not None and self.trace.sizes[self._shown[index]] > 1:
            self.action_toggle_fold()
        else:
            await self.run_action("screen.open_span")

    @property
    def is_waiting(self) -> bool:
        """Whether the trace is being read."""
        return bool(self.trace_id) and not self._loaded

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
        self._read_rows()

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
        self._read_rows()
        if self.selected_span_id != span_id:
            self._point()

    # What matches the filter

    def filter(self, where: Condition | None) -> None:
        """Mark what matches; None marks nothing."""
        if where != self._where:
            self._where = where
            if where is None:
                self._take_matches(None)
            else:
                self.find_matches()

    def find_matches(self) -> None:
        """Look again for what matches."""
        if self._where is not None and self.trace is not None and self._loaded:
            self._feed.load_matches(self, self.trace, self._where)

    def on_matches_loaded(self, message: MatchesLoaded) -> None:
        """Take what matches, unless trace or filter are others by now."""
        if message.tree is self.trace and message.where == self._where:
            self._take_matches(message.matches)

    def _take_matches(self, matches: Matches | None) -> None:
        if matches == self.matches:
            return
        before, self.matches = self.matches, matches
        if self._hides and (before or matches):
            self._refold(self._folded)
        self._title()
        self.refresh()

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
        self._title()

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
