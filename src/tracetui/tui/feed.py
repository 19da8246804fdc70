"""The only module of the screen that calls the store: reads off the UI thread, answers with messages.

Four threads, each with its own reader. `demand` does what the user waits for and what is bounded; `search` finds what
matches a filter, `counting` counts it: both may take long, and what is not wanted any more is interrupted; `background`
does what nobody waits for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from textual.message import Message
from textual.message_pump import MessagePump

from tracetui.model.matches import Matches, find_matches
from tracetui.model.trace import TraceSummary
from tracetui.model.tree import TraceTree, build_tree
from tracetui.store.api import SpanReader
from tracetui.store.conditions import Condition, Operand
from tracetui.tui.feed_thread import FeedThread
from tracetui.tui.messages import (
    CompletionsLoaded,
    HealthLoaded,
    HitsLoaded,
    ListLoaded,
    ListView,
    MatchesLoaded,
    RawLoaded,
    RowsLoaded,
    RowView,
    SearchStateLoaded,
    SizeLoaded,
    SpanLoaded,
    TermsCounted,
    TreeLoaded,
    TurnsLoaded,
    TurnView,
)
from tracetui.tui.sources import source_of
from tracetui.tui.windows import (
    WINDOW,
    count_list,
    growing_window,
    is_search,
    list_window,
    reads_spans,
    seek_window,
)

if TYPE_CHECKING:
    from tracetui.model.turn import Turn
    from tracetui.runtime import Runtime

COMPLETIONS = 40
"""Values that are offered at most."""

FIRST_ROWS = 120
"""Spans of a trace whose columns come with its shape: a tall screen and some more."""


def _key(view: RowView) -> str:
    """Of which list a job is."""
    return "list" if isinstance(view, ListView) else "sessions"


class Feed:
    """All reads of the explorer."""

    def __init__(self, open_reader: Callable[[], SpanReader]) -> None:
        self._demand = FeedThread("demand", open_reader)
        self._search = FeedThread("search", open_reader)
        self._counting = FeedThread("counting", open_reader)
        self._background = FeedThread("background", open_reader)
        self._threads = (self._demand, self._search, self._counting, self._background)
        self._first: Future[ListLoaded[TraceSummary]] = Future()
        self._tree: TraceTree | None = None
        """The trace that was read last; touched by the demand thread alone."""

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop the threads."""
        for thread in self._threads:
            thread.stop()

    def prefetch(self, view: ListView) -> None:
        """Read the first page while the screen is still being set up."""

        def job(reader: SpanReader) -> None:
            self._first.set_result(list_window(source_of(reader, view), "top", None))

        self._lists(view).ask("first", job)

    def prefetched(self, view: ListView) -> ListLoaded[TraceSummary] | None:
        """The page that was read ahead, if it is there and shows this."""
        if not self._first.done():
            return None
        loaded = self._first.result()
        return loaded if loaded.view == view else None

    def _lists(self, view: RowView) -> FeedThread:
        """The thread that reads a list."""
        return self._search if is_search(view) else self._demand

    def load_list(
        self, target: MessagePump, view: RowView, aim: str, row: Any = None, *, limit: int = WINDOW, place: int = 0
    ) -> None:
        """Ask for a window of a list.

        Args:
            target: Gets a `ListLoaded`.
            view: Filter and order.
            aim: `top` the newest rows; `end` the last ones; `around` the window that begins at `row`, `hold` the one
                with `row` in its middle, wherever it stands now;
                `before`, `after` a window that ends or begins near `row`, for scrolling.
            row: The row that `around`, `before` and `after` speak of.
            limit: Rows of the window at most.
            place: Where the row stands in the whole list, as far as is known.
        """

        def job(reader: SpanReader) -> Message | Iterator[Message]:
            source = source_of(reader, view)
            if aim == "top" and isinstance(view, ListView) and reads_spans(view.where):
                return growing_window(source, limit)
            return list_window(source, aim, row, limit, place)

        self._lists(view).ask(_key(view), job, target, retires=("list", "hits") if is_search(view) else ())

    def seek_list(self, target: MessagePump, view: RowView, place: int) -> None:
        """Ask for the window near a far place of a list."""
        self._lists(view).ask(_key(view), lambda reader: seek_window(source_of(reader, view), place), target)

    def count_list(self, target: MessagePump, view: RowView, row: Any = None) -> None:
        """Ask for a `ListCounted`: how many rows a list has, and how many of them stand before one."""
        self._counting.ask(
            "count", lambda reader: count_list(source_of(reader, view), row), target, retires=("count", "terms")
        )

    def forget_search(self) -> None:
        """Interrupt the search that is being done: nobody waits for it any more."""
        self._search.retire(("list", "hits"))
        self._counting.retire(("count", "terms"))

    def load_hits(self, target: MessagePump, where: Condition, row_ids: Sequence[int]) -> None:
        """Ask for a `HitsLoaded`: why these traces, by row id, match."""
        wanted = tuple(row_ids)
        self._search.ask("hits", lambda reader: HitsLoaded(where, reader.hits(wanted, where)), target)

    def load_matches(self, target: MessagePump, tree: TraceTree, where: Condition) -> None:
        """Ask for a `MatchesLoaded`: which spans of a trace match."""

        def job(reader: SpanReader) -> MatchesLoaded:
            return MatchesLoaded(tree, where, find_matches(tree, reader.matching(tree.trace_id, where)))

        self._search.ask("matches", job, target, retires=("matches",))

    def count_terms(self, target: MessagePump, where: Condition, terms: Mapping[str, Condition]) -> None:
        """Ask for `TermsCounted`, one after each term of a filter that has been counted by itself."""

        def job(reader: SpanReader) -> Iterator[Message]:
            counts: dict[str, int] = {}
            for text, term in terms.items():
                counts[text] = reader.count_traces(term)
                yield TermsCounted(where, dict(counts))

        self._counting.ask("terms", job, target, retires=("count", "terms"))

    def load_completions(self, target: MessagePump, asked: object, operand: Operand | None, prefix: str) -> None:
        """Ask for a `CompletionsLoaded`: values of a field or an attribute, or with no operand keys of attributes."""

        def job(reader: SpanReader) -> CompletionsLoaded:
            if operand is None:
                return CompletionsLoaded(asked, reader.frequent_keys(prefix, limit=COMPLETIONS))
            return CompletionsLoaded(asked, reader.frequent_values(operand, prefix, limit=COMPLETIONS))

        self._demand.ask("complete", job, target, retires=("complete",))

    def load_language(self) -> None:
        """Import the query language before the first key of a filter needs it."""

        def job(_reader: SpanReader) -> None:
            import tracetui.tui.completer  # noqa: F401 - for its own sake

        self._background.ask("language", job)

    def load_search_state(self, target: MessagePump) -> None:
        """Ask for a `SearchStateLoaded`."""
        self._background.ask("index", lambda reader: SearchStateLoaded(reader.search_state()), target)

    def load_turns(
        self,
        target: MessagePump,
        view: TurnView,
        aim: str,
        row: TraceSummary | None = None,
        *,
        place: int = -1,
        known: Mapping[str, Turn] = MappingProxyType({}),
        limit: int,
    ) -> None:
        """Ask for a `TurnsLoaded`, with the aims of `load_list`.

        Args:
            target: Gets it.
            view: Which session.
            aim: As of `load_list`, or `seek` for the turns near `place`.
            row: The trace that the aim speaks of.
            place: For `seek`.
            known: Turns that need not be read again while their trace has not changed, by trace id.
            limit: Turns of the window at most.
        """

        def job(reader: SpanReader) -> TurnsLoaded:
            from tracetui.tui.opening import read_turns  # deferred: it imports protobuf and the conventions

            source = source_of(reader, view)
            if aim == "seek":
                window = seek_window(source, place, limit)
            else:
                window = list_window(source, aim, row or (source.page(limit=1) or [None])[0], limit)
            turns = read_turns(reader, window.rows, known)
            return TurnsLoaded(view.session_id, reader.session(view.session_id), window.first, window.total, turns)

        self._demand.ask("turns", job, target)

    def load_health(self, target: MessagePump, runtime: Runtime) -> None:
        """Ask for a `HealthLoaded`."""

        def job(reader: SpanReader) -> HealthLoaded:
            from tracetui.health.report import sections  # deferred: 20 ms that only the status screen needs

            return HealthLoaded(sections(runtime, reader, os.environ))

        self._background.ask("status", job, target)

    def load_size(self, target: MessagePump) -> None:
        """Ask for a `SizeLoaded`."""
        self._background.ask("size", lambda reader: SizeLoaded(reader.size()), target)

    def load_tree(
        self,
        target: MessagePump,
        trace_id: str,
        row_ids: Sequence[int] = (),
        *,
        marked: tuple[TraceTree, Matches | None] | None = None,
    ) -> None:
        """Ask for a `TreeLoaded` with the columns of these spans, or of the first when none are named.

        Args:
            target: Gets it.
            trace_id: Which trace.
            row_ids: The spans.
            marked: The shape that is on the screen and what matches in it, to be found again in the new one.
        """
        wanted = tuple(row_ids)

        def job(reader: SpanReader) -> TreeLoaded:
            loaded = _tree(reader, trace_id, wanted)
            self._tree = loaded.tree
            before, matches = marked or (None, None)
            if loaded.tree is not None and before is not None and matches is not None:
                marks = (before.nodes[position].span_id for position in matches.positions)
                loaded.matches = find_matches(loaded.tree, marks)
            return loaded

        self._demand.ask("tree", job, target)

    def load_rows(self, target: MessagePump, trace_id: str, row_ids: Sequence[int]) -> None:
        """Ask for a `RowsLoaded`."""
        wanted = tuple(row_ids)
        self._demand.ask(
            "rows", lambda reader: RowsLoaded(trace_id, {row.row_id: row for row in reader.rows(wanted)}), target
        )

    def load_span(self, target: MessagePump, trace_id: str, span_id: str) -> None:
        """Ask for a `SpanLoaded`; a second one follows with the cost where the price list is not in memory yet."""

        def job(reader: SpanReader) -> SpanLoaded:
            from tracetui.pricing import BOOK  # deferred as below
            from tracetui.tui.opening import priced

            loaded = self._span(reader, trace_id, span_id)
            if not BOOK.is_loaded:
                self._background.ask("price", lambda _reader: priced(loaded), target)
            return loaded

        self._demand.ask("span", job, target)

    def load_raw(self, target: MessagePump, data: bytes) -> None:
        """Ask for a `RawLoaded`: what a span's bytes are as text takes as long as they are many."""

        def job(_reader: SpanReader) -> RawLoaded:
            from tracetui.tui.opening import raw_json  # deferred as below

            return RawLoaded(data, raw_json(data))

        self._background.ask("raw", job, target)

    def _span(self, reader: SpanReader, trace_id: str, span_id: str) -> SpanLoaded:
        # deferred: protobuf and the conventions cost a sixth of the explorer's start, and the first paint opens no span
        from tracetui.tui.opening import open_span

        if self._tree is None or self._tree.trace_id != trace_id or span_id not in self._tree.positions:
            nodes = reader.skeleton(trace_id)
            self._tree = build_tree(trace_id, nodes) if nodes else None
        return open_span(reader, trace_id, span_id, self._tree)

    def poll(self, target: MessagePump, notice: Callable[[int], Message | None]) -> None:
        """Ask whether another process has written; `notice` turns the data version into a message or None."""
        self._background.ask("poll", lambda reader: notice(reader.data_version()), target)


def _tree(reader: SpanReader, trace_id: str, row_ids: Sequence[int]) -> TreeLoaded:
    summary = reader.trace(trace_id)
    nodes = [*reader.skeleton(trace_id), *reader.unseen(trace_id)] if summary else []
    tree = build_tree(trace_id, nodes) if nodes else None
    wanted = row_ids or [node.row_id for node in (tree.nodes[:FIRST_ROWS] if tree else ())]
    return TreeLoaded(trace_id, summary, tree, {row.row_id: row for row in reader.rows(wanted)})
