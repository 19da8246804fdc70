"""The only module of the screen that calls the store: reads off the UI thread, answers with messages.

Two threads, each with its own reader: `demand` does what the user waits for, `background` what may take longer
(counting the matches of a filter). A job has a key; a newer job of the same key retires one that still waits, so a
burst of commits or of keystrokes costs one read.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from textual.message import Message
from textual.message_pump import MessagePump

from tracetui.errors import TracetuiError
from tracetui.model.trace import TraceSummary
from tracetui.model.tree import TraceTree, build_tree
from tracetui.store.api import END, RowKey, SpanReader
from tracetui.tui.messages import (
    FeedFailed,
    ListLoaded,
    ListView,
    RawLoaded,
    RowsLoaded,
    RowView,
    SizeLoaded,
    SpanLoaded,
    TreeLoaded,
    TurnsLoaded,
    TurnView,
)
from tracetui.tui.sources import RowT, Source, source_of

if TYPE_CHECKING:
    from tracetui.model.turn import Turn

log = logging.getLogger(__name__)

Job = Callable[[SpanReader], Message | None]
"""Work with a reader; what it returns is posted to whoever asked."""

FIRST_ROWS = 120
"""Spans of a trace whose columns come with its shape: a tall screen and some more."""

WINDOW = 240
"""Rows of the trace list that are held: several screens, so that paging rarely waits."""


class FeedThread:
    """One thread with one reader and a queue of keyed jobs."""

    def __init__(self, name: str, open_reader: Callable[[], SpanReader]) -> None:
        self._open_reader = open_reader
        self._jobs: OrderedDict[str, tuple[Job, MessagePump | None]] = OrderedDict()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=f"tracetui-feed-{name}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the job at hand, drop the others, close the reader."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def ask(self, key: str, job: Job, target: MessagePump | None = None) -> None:
        """Queue a job; one of the same key that still waits is dropped."""
        with self._wake:
            self._jobs.pop(key, None)
            self._jobs[key] = (job, target)
            self._wake.notify()

    def _run(self) -> None:
        reader: SpanReader | None = None
        try:
            while True:
                with self._wake:
                    while not self._jobs and not self._stopping:
                        self._wake.wait()
                    if self._stopping:
                        return
                    key, (job, target) = self._jobs.popitem(last=False)
                try:
                    reader = reader or self._open_reader()
                    message = job(reader)
                except Exception as error:
                    log.exception("reading for %s failed", key)
                    said = str(error) if isinstance(error, TracetuiError) else type(error).__name__
                    message = FeedFailed(key, said)
                if message is not None and target is not None:
                    target.post_message(message)
        finally:
            if reader is not None:
                reader.close()


def _key(view: RowView) -> str:
    """Of which list a job is."""
    return "list" if isinstance(view, ListView) else "sessions"


class Feed:
    """All reads of the explorer."""

    def __init__(self, open_reader: Callable[[], SpanReader]) -> None:
        self._demand = FeedThread("demand", open_reader)
        self._background = FeedThread("background", open_reader)
        self._first: Future[ListLoaded[TraceSummary]] = Future()
        self._tree: TraceTree | None = None
        """The trace that was read last; touched by the demand thread alone."""

    def start(self) -> None:
        """Start both threads."""
        self._demand.start()
        self._background.start()

    def stop(self) -> None:
        """Stop both threads."""
        self._demand.stop()
        self._background.stop()

    def prefetch(self, view: ListView) -> None:
        """Read the first page while the screen is still being set up."""

        def job(reader: SpanReader) -> None:
            self._first.set_result(_list_window(source_of(reader, view), "top", None))

        self._demand.ask("first", job)

    def prefetched(self, view: ListView) -> ListLoaded[TraceSummary] | None:
        """The page that was read ahead, if it is there and shows this."""
        if not self._first.done():
            return None
        loaded = self._first.result()
        return loaded if loaded.view == view else None

    def load_list(self, target: MessagePump, view: RowView, aim: str, row: Any = None, *, limit: int = WINDOW) -> None:
        """Ask for a window of a list.

        Args:
            target: Gets a `ListLoaded`.
            view: Filter and order.
            aim: `top` the newest rows; `end` the last ones; `around` the window that begins at `row`, `hold` the one
                with `row` in its middle, wherever it stands now;
                `before`, `after` a window that ends or begins near `row`, for scrolling.
            row: The row that `around`, `before` and `after` speak of.
            limit: Rows of the window at most.
        """
        self._demand.ask(_key(view), lambda reader: _list_window(source_of(reader, view), aim, row, limit), target)

    def seek_list(self, target: MessagePump, view: RowView, place: int) -> None:
        """Ask for the window near a far place of a list, found by halving what it is sorted by between its ends."""
        self._demand.ask(_key(view), lambda reader: _seek_window(source_of(reader, view), place), target)

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
                window = _seek_window(source, place, limit)
            else:
                window = _list_window(source, aim, row or (source.page(limit=1) or [None])[0], limit)
            turns = read_turns(reader, window.rows, known)
            return TurnsLoaded(view.session_id, reader.session(view.session_id), window.first, window.total, turns)

        self._demand.ask("turns", job, target)

    def load_size(self, target: MessagePump) -> None:
        """Ask for a `SizeLoaded`."""
        self._background.ask("size", lambda reader: SizeLoaded(reader.size()), target)

    def load_tree(self, target: MessagePump, trace_id: str, row_ids: Sequence[int] = ()) -> None:
        """Ask for a `TreeLoaded` with the columns of these spans, or of the first when none are named."""
        wanted = tuple(row_ids)

        def job(reader: SpanReader) -> TreeLoaded:
            loaded = _tree(reader, trace_id, wanted)
            self._tree = loaded.tree
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


def _list_window(source: Source[RowT], aim: str, row: RowT | None, limit: int = WINDOW) -> ListLoaded[RowT]:
    view, total = source.view, source.count()
    if row is None or aim == "top":
        return ListLoaded(view, 0, total, tuple(source.page(limit=limit)), aim)
    if aim == "end":
        rows = source.page(before=END, limit=limit)
        return ListLoaded(view, max(0, total - len(rows)), total, tuple(rows), aim)
    if aim == "hold":  # what it is sorted by may have changed since
        row = source.fresh(row) or row
    key = source.key(row)
    if aim == "around":
        rows = source.page(after=_just_before(key, view), limit=limit)
    else:
        share = {"before": limit * 3 // 4, "after": limit // 4}.get(aim, limit // 2)
        rows = source.page(before=key, limit=share)
        rows += source.page(after=_just_before(key, view), limit=limit - share)
    if not rows:
        return ListLoaded(view, 0, total, tuple(source.page(limit=limit)), "top")
    return ListLoaded(view, source.count(ahead_of=source.key(rows[0])), total, tuple(rows), aim)


def _just_before(key: RowKey, view: RowView) -> RowKey:
    """The key directly ahead of this one, so that `after` includes the row itself."""
    return RowKey(key.value, key.row_id + (1 if view.sort.descending else -1))


def _seek_window(source: Source[RowT], place: int, limit: int = WINDOW) -> ListLoaded[RowT]:
    first, last = source.page(limit=1), source.page(before=END, limit=1)
    if not first or not last or isinstance(source.key(first[0]).value, str):
        return _list_window(source, "top" if place == 0 else "end", first[0] if first else None, limit)
    ahead, behind = (source.key(rows[0]).value for rows in (first, last))
    whole = isinstance(ahead, int) and isinstance(behind, int)
    low, high = float(ahead), float(behind)
    for _ in range(24):
        middle = RowKey(int((low + high) / 2) if whole else (low + high) / 2, 0)
        count = source.count(ahead_of=middle)
        if abs(count - place) <= limit // 4:
            break
        low, high = (float(middle.value), high) if count < place else (low, float(middle.value))
    rows = source.page(after=middle, limit=1)
    return _list_window(source, "before", rows[0] if rows else last[0], limit)


def _tree(reader: SpanReader, trace_id: str, row_ids: Sequence[int]) -> TreeLoaded:
    summary = reader.trace(trace_id)
    nodes = [*reader.skeleton(trace_id), *reader.unseen(trace_id)] if summary else []
    tree = build_tree(trace_id, nodes) if nodes else None
    wanted = row_ids or [node.row_id for node in (tree.nodes[:FIRST_ROWS] if tree else ())]
    return TreeLoaded(trace_id, summary, tree, {row.row_id: row for row in reader.rows(wanted)})
