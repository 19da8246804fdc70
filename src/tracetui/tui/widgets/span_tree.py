"""A trace: the collapsible tree of its spans and the waterfall, one row a span, alive while it grows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import ClassVar

from textual.binding import BindingType
from textual.strip import Strip

from tracetui.model.clock import Clock
from tracetui.model.matches import Matches
from tracetui.model.numbers import many
from tracetui.model.trace import SpanRow, TraceSummary
from tracetui.model.tree import TraceTree
from tracetui.store.conditions import Condition
from tracetui.tui.commands import bindings
from tracetui.tui.fact import Fact
from tracetui.tui.feed import Feed
from tracetui.tui.messages import MatchesLoaded, RowsLoaded, TreeLoaded
from tracetui.tui.render.span_row import Match, axis_end, choose_layout, span_row
from tracetui.tui.widgets.folding_tree import FoldingTree

ROWS_KEPT = 2_000
"""Rows whose columns are remembered; the tree itself holds only ids, times and kinds."""

TICK_S = 1.0
"""How often the bars of running spans grow."""

AHEAD = 60
"""Rows beyond the screen whose columns are read along."""


class SpanTree(FoldingTree):
    """The spans of one trace."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("tree")]

    class Read(Fact):
        """The trace that was opened has been read."""

    class Pointed(Fact):
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
        self._rows: OrderedDict[int, SpanRow] = OrderedDict()
        self._asked: frozenset[int] = frozenset()
        self._aim = ""
        self._has_usage = False
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
            self.refresh()

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
        self.refresh_changes()
        self.read_rows()
        self.find_matches()
        if first:  # painted before anything else is read: two threads that want the interpreter take turns of it
            self.post_message(self.Read())
            self.call_after_refresh(self.point)
        elif self.selected_span_id != before:
            self.point()
        self.do_typed_ahead()
        if self._dirty:
            self._dirty = False
            self.reload()

    @property
    def is_reading(self) -> bool:
        """Whether the trace has yet to be read, so that another may still be on the screen."""
        return bool(self.trace_id) and not self._loaded

    def point(self) -> None:
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
        self._is_running = tree is not None and tree.is_running
        self._set_axis()
        self._rows = OrderedDict(rows)
        self._asked = frozenset()
        self._lay_out()
        self.show_title()

    def _restore(self, span_id: str, top_span: str) -> None:
        """Put cursor and offset back on the spans they stood on."""
        place = self._place(span_id)
        top = self._place(top_span)
        if place is not None:
            self.cursor = place
        if top is not None:
            self.top = top

    def show_title(self) -> None:
        """Name and counts."""
        if self.summary is None:
            self.set_title("trace is gone" if self.trace_id else "")
            return
        spans = self.summary.span_count
        errors = f" · {self.summary.error_count} failed" if self.summary.error_count else ""
        counted = f"{many(spans, 'span')}{errors}"
        if self.matches is not None and self.trace is not None:
            number = self.matches.number(self._shown[self.cursor]) if 0 <= self.cursor < len(self._shown) else 0
            here = f"match {number:,} · " if number else ""
            hidden = " · others hidden" if self.hides_others else ""
            counted = f"{here}{len(self.matches):,} of {len(self.trace):,} match{hidden}{errors}"
        self.set_title(self.summary.name.strip() or "(no name)", counted)

    @property
    def selected_row(self) -> SpanRow | None:
        """Its columns, if they have been read."""
        if not self._loaded or self.trace is None or not 0 <= self.cursor < len(self._shown):
            return None
        return self._rows.get(self.trace.nodes[self._shown[self.cursor]].row_id)

    # Rows

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
        if self._where is None:
            return Match.UNASKED
        if self.matches is None:
            return Match.NO
        if position in self.matches:
            return Match.YES
        folded = self.trace is not None and self.trace.nodes[position].span_id in self._folded
        if folded and self.trace is not None and self.matches.within(position, position + self.trace.sizes[position]):
            return Match.BELOW
        return Match.ONLY_KEPT if self.hides_others else Match.NO

    def scrolled(self) -> None:
        """Read the columns of the rows on the screen."""
        self.read_rows()

    def read_rows(self) -> None:
        """Read the columns of rows that are on the screen, or near it."""
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
        self.read_rows()

    # Moving

    def move_to(self, index: int, *, notify: bool = True) -> None:
        """Put the cursor on a span."""
        before = self.cursor
        super().move_to(index, notify=notify)
        if self.cursor != before:
            if self.matches is not None:
                self.show_title()
            self.point()

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

    # What matches the filter

    def filter(self, where: Condition | None) -> None:
        """Mark what matches; None marks nothing."""
        if where != self._where:
            self._where = where
            self.refresh()
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
        self.show_title()
        self.refresh()
