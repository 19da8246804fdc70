"""Fills the search index with what has been stored, a little later and between the senders' transactions.

Reads what the index does not know yet, works out by what words and terms it is to be found, and hands that to the one
writer. Progress is committed with it, so that it goes on where it was after any end of the process.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tracetui.errors import StoreError
from tracetui.model.clock import Clock, SystemClock
from tracetui.store.api import SpanReader, SpanWriter
from tracetui.store.ingest import WriterThread
from tracetui.store.records import Commit, Indexed, IndexMarks, SearchState, Unindexed, UnindexedLog, UnindexedSpan

if TYPE_CHECKING:
    from tracetui.store.document import Document

log = logging.getLogger(__name__)

TRANSACTION_S = 0.02
"""How long one transaction may take, about: a sender that comes meanwhile waits for its end."""

PATIENCE_S = 0.25
"""How long a transaction lets senders go first."""

GATHER_S = 0.1
"""How long spans gather before the next transaction, so that a trickle of them does not make one each."""

_FIRST_SIZE, _SMALLEST, _LARGEST = 128, 16, 512
_TIDY_EVERY = 128
"""Documents after which some of the index is merged: less often, and it falls behind where spans never pause."""
_MOST_TEXT = 1_000_000
"""Characters of one transaction."""
_MOST_LOG_BYTES = 1 << 20
_TELL_EVERY_S = 0.5
"""How often others hear of what was there before."""
_AGAIN_AFTER_S = 5.0
"""When to try again what could not be stored."""


def _unbounded(_size: int) -> AbstractContextManager[None]:
    """Room, where nobody counts it."""
    return nullcontext()


class Follower:
    """Keeps the search index up to what is stored.

    Args:
        open_reader: Opens a reader for the thread that calls `run`, or for its own.
        writer: The one writer.
        version: Version of the code that derives columns; what an earlier one derived waits until it is up to date.
        at_rest: Whether to rest while it catches up, so that the screen and the receivers get the processor.
        room: Waits for room in memory to read so many bytes again, and gives it back.
        clock: Measures transactions.
    """

    def __init__(
        self,
        open_reader: Callable[[], SpanReader],
        writer: WriterThread,
        *,
        version: int,
        at_rest: bool = True,
        room: Callable[[int], AbstractContextManager[None]] = _unbounded,
        clock: Clock | None = None,
    ) -> None:
        self._open_reader = open_reader
        self._room = room
        self._writer = writer
        self._version = version
        self._at_rest = at_rest
        self._clock: Clock = clock or SystemClock()
        self._size = _FIRST_SIZE
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None
        self._untidy = 0
        self._untold: set[str] = set()
        self._told_at = self._clock.monotonic()

    def start(self) -> None:
        """Follow in a thread of its own, until `stop`."""
        self._woken.set()
        self._thread = threading.Thread(target=self._follow, name="tracetui-search", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the transaction at hand; another start goes on from there."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def heard(self, _: Commit) -> None:
        """Look for what is new; a `CommitListener`."""
        self._woken.set()

    def run(self, show: Callable[[SearchState], None] | None = None) -> None:
        """Index all that is stored.

        Args:
            show: Told now and then how far it has come.

        Raises:
            StoreError: The database cannot be read or written.
        """
        reader = self._open_reader()
        try:
            self._catch_up(reader, show)
            self._settle()
        finally:
            reader.close()

    def _follow(self) -> None:
        reader: SpanReader | None = None
        try:
            while not self._stopping.is_set():
                self._woken.wait()
                self._woken.clear()
                try:
                    reader = reader or self._open_reader()
                    self._catch_up(reader)
                    self._settle()
                except Exception as error:  # the thread's boundary: what is stored now is searchable a little later
                    if not isinstance(error, StoreError):
                        log.exception("the search index could not be brought up to date")
                    elif not self._stopping.is_set():
                        log.warning("the search index could not be brought up to date: %s", error)
                    self._stopping.wait(_AGAIN_AFTER_S)
                    self._woken.set()
        finally:
            if reader is not None:
                reader.close()

    def _catch_up(self, reader: SpanReader, show: Callable[[SearchState], None] | None = None) -> None:
        """Index until nothing is left. While the writer writes, the next is worked out."""
        shown = self._clock.monotonic()
        marks: IndexMarks | None = None
        writing: Future[bool] | None = None
        while not self._stopping.is_set():
            started = self._clock.monotonic()
            with self._room(reader.next_unindexed_size(marks)):
                found = reader.unindexed(self._version, after=marks, limit=self._size)
                if found is not None:
                    pile = self._work_out(reader, found)
                    found = replace(found, spans=())  # of a large one there must be no more than its words
            if writing is not None and not writing.result():
                marks = writing = None  # the index was emptied, or so: from where it is now
                continue
            if found is None:
                return
            writing = self._write(pile, found.before, found.marks, found.trace_ids)
            marks = found.marks
            if show is not None and started - shown >= _TELL_EVERY_S:
                shown = started
                show(reader.search_state())
            if found.is_all:
                writing.result()
                self._stopping.wait(max(GATHER_S - (self._clock.monotonic() - started), 0))
            elif self._at_rest and found.marks.through == found.before.through:
                self._stopping.wait(self._clock.monotonic() - started)

    def _work_out(self, reader: SpanReader, found: Unindexed) -> _Pile:
        """What the spans are found by; what is too much for one transaction is written already."""
        pile = _Pile()
        for row_id, document in _documents(found.spans):
            self._put(pile, row_id, document, found.before)
        for logs in _together(found.logs):
            with self._room(sum(one.size for one in logs)):
                documents = list(_of_logs(reader, logs))
            for one, document in zip(logs, documents, strict=True):
                self._put(pile, one.span, document, found.before)
        return pile

    def _put(self, pile: _Pile, row_id: int, document: Document, before: IndexMarks) -> None:
        if pile.is_full:
            self._write(pile, before, before).result()
        pile.add(row_id, document)

    def _write(
        self, pile: _Pile, before: IndexMarks, marks: IndexMarks, trace_ids: frozenset[str] = frozenset()
    ) -> Future[bool]:
        """One transaction in the writer's thread."""
        work = pile.take(before, marks)

        def write(writer: SpanWriter) -> bool:
            started = self._clock.monotonic()
            was_added = writer.index(work)
            now = self._clock.monotonic()
            self._fit(len(work.documents), now - started)
            if was_added:
                self._untold |= trace_ids
                self._tell(now, at_once=marks.through != before.through or not marks.backlog)
            return was_added

        self._untidy += len(work.documents)
        writing = self._writer.run(write, patience_s=PATIENCE_S)
        if self._untidy >= _TIDY_EVERY:
            self._untidy = 0
            self._writer.run(tidy, patience_s=PATIENCE_S)
        return writing

    def _fit(self, documents: int, took: float) -> None:
        """Fit what comes next to the time that a transaction may take."""
        if documents >= _SMALLEST:
            fitting = int(documents * TRANSACTION_S / max(took, 1e-6))
            self._size = min(max(min(fitting, self._size * 2), _SMALLEST), _LARGEST)

    def _tell(self, now: float, *, at_once: bool) -> None:
        """Let others know that a search finds more; in the writer's thread."""
        if self._untold and (at_once or now - self._told_at >= _TELL_EVERY_S):
            self._told_at = now
            self._writer.tell(Commit(0, frozenset(self._untold), 0, 0, 0, 0))
            self._untold.clear()

    def _settle(self) -> None:
        """Merge what there is to merge while nothing arrives."""
        while not self._stopping.is_set() and not self._woken.is_set():
            if not self._writer.run(tidy, patience_s=PATIENCE_S).result():
                return
            self._stopping.wait(TRANSACTION_S if self._at_rest else 0)


def tidy(writer: SpanWriter) -> bool:
    """Merge a little of the index; to be run by the writer's thread."""
    return writer.tidy_index()


class _Pile:
    """Documents on their way into one transaction."""

    def __init__(self) -> None:
        self._texts: defaultdict[int, list[str]] = defaultdict(list)
        self._size = 0
        self._cut: set[int] = set()

    @property
    def is_full(self) -> bool:
        """Whether it should be written before more is added."""
        return self._size >= _MOST_TEXT

    def add(self, row_id: int, document: Document) -> None:
        """Add to what a span is found by."""
        self._texts[row_id].append(document.text)
        self._size += len(document.text)
        if document.is_cut:
            self._cut.add(row_id)

    def take(self, before: IndexMarks, marks: IndexMarks) -> Indexed:
        """All that is on it, each span once and in order: FTS5 starts another segment where a row id falls."""
        documents = [(row_id, " ".join(texts)) for row_id, texts in sorted(self._texts.items())]
        taken = Indexed(documents, before, marks, len(self._cut))
        self._texts.clear()
        self._cut.clear()
        self._size = 0
        return taken


def _documents(spans: Sequence[UnindexedSpan]) -> Iterator[tuple[int, Document]]:
    from tracetui.store.document import document, document_of_columns  # deferred: protobuf, once there is something

    for span in spans:
        try:
            yield span.row.row_id, document(span.row, span.data, span.telling)
        except Exception:  # the boundary of one span: it must not keep all later ones from being found
            log.exception("what a span is found by could not be worked out")
            yield span.row.row_id, document_of_columns(span.row)


def _of_logs(reader: SpanReader, logs: Sequence[UnindexedLog]) -> Iterator[Document]:
    from tracetui.store.document import log_document  # deferred as above

    return map(log_document, reader.log_slices([one.row_id for one in logs]))


def _together(logs: Sequence[UnindexedLog]) -> Iterator[list[UnindexedLog]]:
    """The log records in groups that can be read at once."""
    group: list[UnindexedLog] = []
    size = 0
    for one in logs:
        if group and size + one.size > _MOST_LOG_BYTES:
            yield group
            group, size = [], 0
        group.append(one)
        size += one.size
    if group:
        yield group
