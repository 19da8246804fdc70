"""Filtering, as the explorer does it: what is typed, what it finds, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from textual.screen import Screen
from textual.widgets import Input

from tracetui.model.clock import Clock
from tracetui.store.conditions import Condition
from tracetui.store.records import SearchState
from tracetui.tui.feed import Feed
from tracetui.tui.messages import ListView, SearchStateLoaded, TermsCounted
from tracetui.tui.pulse import Pulse
from tracetui.tui.reading import Problem, Reading, read_query
from tracetui.tui.throttle import Delay
from tracetui.tui.widgets.live_list import Place
from tracetui.tui.widgets.span_tree import SpanTree
from tracetui.tui.widgets.trace_list import TraceList

if TYPE_CHECKING:
    from tracetui.tui.widgets.completion import CompletionPopup
    from tracetui.tui.widgets.filter_bar import FilterBar
    from tracetui.tui.widgets.query_error import QueryErrorRow

TYPING_PAUSE_S = 0.09
"""How long the keyboard must rest before what is typed is searched for."""

MARKS_PAUSE_S = 0.25
"""How long it must rest before the spans of the trace are marked too."""

SLOW_S = 0.2
"""After which a search says that it goes on."""

WRONG_S, INCOMPLETE_S = 0.35, 1.2
"""How long the keyboard must rest before a mistake is shown, and before something that is still missing is."""

INDEX_S = 0.4
"""How often the search index is asked how far it has come, while it is behind."""

JUST_COME = 2_000
"""Spans by which an index may be behind while more arrive, before that is worth a word."""

RENEW_NANO = 20 * 10**9
"""How long a time that is relative to now stands for what it was when it was typed."""


class FilterParts(NamedTuple):
    """The widgets of the filter."""

    bar: FilterBar
    error_row: QueryErrorRow
    popup: CompletionPopup


class FilterActions(Screen[None]):
    """The part of the explorer that filters."""

    def __init__(self, feed: Feed, clock: Clock, pulse: Pulse, reading: Reading | None = None) -> None:
        super().__init__()
        self._feed = feed
        self._clock = clock
        self._pulse = pulse
        self._filter_parts: FilterParts | None = None
        self._reading = reading or Reading("")
        """What the field says."""
        self._read_at = clock.now_nano()
        self._place: Place | None = None
        """Where the reader was in the list before there was a filter."""
        self._index = SearchState(0, 0)
        self._was_indexed = False
        self._explained: Condition | None = None
        self._hints: dict[str, str] = {}
        self._is_slow = False
        self._stored = 0
        self._pause = Delay(self, self._search)
        self._toggles = Delay(self, self.show_toggles)
        self._marks = Delay(self, self._mark)
        self._slow = Delay(self, self._say_slow)
        self._wrong = Delay(self, self._complain_now)
        self._index_poll = Delay(self, lambda: self._feed.load_search_state(self))

    # What the explorer gives

    @property
    def traces(self) -> TraceList:
        """The list."""
        raise NotImplementedError

    @property
    def spans(self) -> SpanTree:
        """The trace."""
        raise NotImplementedError

    @property
    def level(self) -> str:
        """How deep the reader is."""
        raise NotImplementedError

    @property
    def is_whole(self) -> bool:
        """Whether the widgets are there that the first paint does without."""
        raise NotImplementedError

    def go(self, level: str) -> None:
        """Go to a level."""
        raise NotImplementedError

    def show_toggles(self) -> None:
        """Show which toggles the query holds."""
        raise NotImplementedError

    # Parts

    def _make_filter_parts(self) -> FilterParts:
        # deferred: 5 ms, and as much again to mount them, which the first paint does without
        from tracetui.tui.widgets.completion import CompletionPopup
        from tracetui.tui.widgets.filter_bar import FilterBar
        from tracetui.tui.widgets.query_error import QueryErrorRow

        self._filter_parts = FilterParts(FilterBar(self._reading.text), QueryErrorRow(), CompletionPopup())
        return self._filter_parts

    @property
    def _parts(self) -> FilterParts:
        if self._filter_parts is None:
            raise LookupError("the filter has not been made yet")
        return self._filter_parts

    @property
    def bar(self) -> FilterBar:
        """The bar."""
        return self._parts.bar

    @property
    def popup(self) -> CompletionPopup:
        """The suggestions."""
        return self._parts.popup

    @property
    def is_typing(self) -> bool:
        """Whether the filter has the focus."""
        return isinstance(self.focused, Input)

    @property
    def where(self) -> Condition | None:
        """What the list and the trace show the matches of."""
        return self.traces.view.where

    @property
    def filters_file(self) -> Path:
        """Where filters are saved."""
        raise NotImplementedError

    # Typing

    def _read(self, text: str) -> None:
        """Take what the field says: ask for it once the keyboard rests, or say what is wrong with it."""
        self._read_at = self._clock.now_nano()
        self._reading = read_query(text, self._read_at, self.filters_file)
        self._pause.stop()
        self._wrong.stop()
        self._complain(None)
        if (problem := self._reading.problem) is not None:
            self._wrong.ask(INCOMPLETE_S if problem.incomplete else WRONG_S)
        elif self._reading.where != self.where or not self.traces.is_current:
            self.traces.retire()  # from here on nothing that was asked for under another text is painted
            self._slow.stop()
            self._pause.ask(TYPING_PAUSE_S)
        self.bar.fit()
        self._toggles.ask(TYPING_PAUSE_S)
        self._show_count()

    def _search(self) -> None:
        """Show what the text asks for."""
        self._pause.stop()
        where, traces = self._reading.where, self.traces
        self._explained = None
        if where == self.where and traces.is_current:
            return
        if where is not None and self.where is None and traces.loaded:
            self._place = traces.place
        back = self._place if where is None else None
        self._is_slow = False
        self._slow.ask(SLOW_S)
        traces.show(ListView(where, traces.view.sort), back)
        if self.is_typing:
            self._marks.ask(MARKS_PAUSE_S)
        else:
            self._mark()
        if where is not None:
            self.watch_index()

    def _mark(self) -> None:
        """Mark in the trace what matches."""
        self._marks.stop()
        self.spans.filter(self.where)

    def _say_slow(self) -> None:
        self._is_slow = not self.traces.is_current
        self._show_count()

    def renew_times(self) -> None:
        """Let `start>-15m` go on with the time."""
        now = self._clock.now_nano()
        if (
            self.where is None
            or self._pause.is_waiting
            or now - self._read_at < RENEW_NANO
            or not self.traces.is_current
        ):
            return
        reading = read_query(self._reading.text, now, self.filters_file)
        self._read_at = now
        if reading.problem is None and reading.where != self.where:
            self._reading = reading
            self.traces.renew(ListView(reading.where, self.traces.view.sort))
            self.spans.filter(reading.where)

    def search_failed(self) -> None:
        """Nothing is being searched for any more."""
        self._slow.stop()
        self._is_slow = False
        self._show_count()

    # What is wrong

    def _complain_now(self) -> None:
        self._wrong.stop()
        problem = self._reading.problem
        offered = self.popup.is_open  # what is missing is what is on offer
        self._complain(None if problem is not None and problem.incomplete and offered else problem)

    def _complain(self, problem: Problem | None) -> None:
        """Show what is wrong under the place where it is; nothing below the bar moves."""
        row, field = self._parts.error_row, self.bar.field
        if problem is None:
            row.show("")
            field.mark(None)
            return
        field.mark(None if problem.incomplete else (problem.position, problem.position + problem.length))
        row.show(problem.message, field.place_of(problem.position).x, incomplete=problem.incomplete)

    # How many

    def _show_count(self) -> None:
        """Say in the bar how many traces match, how sure that is, and how far the index has come."""
        traces = self.traces
        if traces.loaded:
            self._stored = self._pulse.trace_total(traces.total, self.where)
        parts = []
        if self.where is not None and self._index_is_behind:
            parts.append(f"index {100 * self._index.indexed // self._index.total} %")
        if self._is_slow and not traces.is_current:
            parts.append("searching…")
        elif self.where is not None and (traces.loaded or traces.counted):
            parts.append(f"{traces.total:,}{'' if traces.counted else '+'} of {self._stored:,} traces")
        is_old = self._reading.problem is not None or not traces.is_current
        if self.is_whole:
            bar = self.bar
            bar.say(" · ".join(parts) if bar.text.strip() else "", is_old=is_old)

    def on_search_state_loaded(self, message: SearchStateLoaded) -> None:
        """Wait for an index that is behind, and read again what it knows meanwhile."""
        moved, self._index = message.state != self._index, message.state
        self._was_indexed |= message.state.indexed >= message.state.total
        if self.where is None:
            return
        self._show_count()
        if message.state.indexed < message.state.total:
            self._index_poll.ask(INDEX_S)
        if moved:
            self.reload_matches()
        self.explain_nothing()

    @property
    def _index_is_behind(self) -> bool:
        """Whether the index lacks more than what has only just come."""
        behind = self._index.total - self._index.indexed
        return behind > (max(JUST_COME, self._index.total // 100) if self._was_indexed else 0)

    def watch_index(self) -> None:
        """Spans have come: what matches of them is known once the index has come so far."""
        if not self._index_poll.is_waiting:
            self._index_poll.ask(INDEX_S)

    def reload_matches(self) -> None:
        """Read again what is on the screen of a filter whose matches may be others now."""
        raise NotImplementedError

    def explain_nothing(self) -> None:
        """Where nothing matches, find out which terms would by themselves."""
        if self.where is None or self.traces.total or not self.traces.is_current or self._explained == self.where:
            return
        if self._index_is_behind:  # it may well match in what is not indexed yet
            return
        from tracetui.tui.terms import hint_of, terms_of  # deferred as above

        self._explained = self.where
        terms = terms_of(self._reading.meant, self._clock.now_nano())
        self._hints = {term: hint_of(term) for term in terms}
        self.traces.explain_nothing(self._hints, {})
        if len(terms) > 1:
            self._feed.count_terms(self, self.where, terms)

    def on_terms_counted(self, message: TermsCounted) -> None:
        """Say what each term matches."""
        if message.where == self.where:
            self.traces.explain_nothing(self._hints, message.counts)

    def clear_filter(self) -> None:
        """Show everything again, the list where it stood."""
        self.bar.clear()
        self._read("")
        self._search()
        self._mark()
        self._show_count()
