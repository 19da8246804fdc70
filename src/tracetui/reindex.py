"""Derives the columns and totals of an older file anew, while everything else goes on.

The bytes of each span and log record are kept as they came; their columns are what some version of the code made of
them. This brings what an earlier version made up to that of this one: read here, written by the one writer in small
transactions between those of the senders. Progress is in the data, so it goes on where it was after any end.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from tracetui.errors import DecodeError, StoreError, TracetuiError
from tracetui.model.clock import Clock, SystemClock
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.receivers.incoming import derive_log, derive_resource, derive_span
from tracetui.store.api import SpanReader, SpanWriter
from tracetui.store.ingest import WriterThread
from tracetui.store.records import Commit, IncomingSpan, OutdatedSpan, OutdatedTrace, Rederived, ResourceRecord

log = logging.getLogger(__name__)

TRANSACTION_S = 0.01
"""How long one transaction may take, about: a sender that comes meanwhile waits for its end."""

FIRST_SIZE = 32
"""Spans of the first transaction; what follows is fitted to `TRANSACTION_S`."""

_SMALLEST, _LARGEST = 8, 512
_TELL_EVERY_S = 1.0
_OUTDATE_ROWS = 500

T = TypeVar("T")


class Progress(NamedTuple):
    """How far it has come, in spans and log records."""

    done: int
    total: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 1.0


class Reindexer:
    """One pass over what an earlier version derived.

    Args:
        open_reader: Opens a reader for the thread that calls `run`.
        writer: The one writer.
        at_rest: Whether to rest as long as was worked, so that the screen and the receivers get the processor.
        clock: Measures transactions.
    """

    def __init__(
        self,
        open_reader: Callable[[], SpanReader],
        writer: WriterThread,
        *,
        at_rest: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self._open_reader = open_reader
        self._writer = writer
        self._at_rest = at_rest
        self._clock: Clock = clock or SystemClock()
        self._stopping = threading.Event()
        self._size = FIRST_SIZE
        self._thread: threading.Thread | None = None
        self._changed: set[str] = set()
        self._told_at = self._clock.monotonic()
        self.progress = Progress(0, 0)
        """How far it has come; a total of 0 while there is nothing to do."""
        self.error = ""
        """Why it ended early; empty while it has not."""
        self.finished = False
        """Whether its thread has come to its end."""

    def start(self) -> None:
        """Run in a thread of its own."""
        self._thread = threading.Thread(target=self._guarded, name="tracetui-reindex", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the transaction at hand; another start goes on from there."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def wait(self, timeout: float) -> bool:
        """Wait for the end of its thread; returns whether it has come to it."""
        if self._thread is not None:
            self._thread.join(timeout)
        return self.finished

    def run(self) -> bool:
        """Derive anew until nothing is left, or `stop` is called.

        Returns:
            Whether nothing is left.

        Raises:
            StoreError: The database cannot be read or written.
        """
        reader = self._open_reader()
        try:
            self.progress = Progress(0, reader.count_outdated(DERIVATION_VERSION))
            if self.progress.total:
                self._resources(reader)
                self._logs(reader)
                self._traces(reader)
                self._writer.run(self._tell).result()
            return not reader.count_outdated(DERIVATION_VERSION)
        finally:
            reader.close()

    def outdate_all(self) -> None:
        """Mark everything as yet to be derived anew.

        Raises:
            StoreError: The database cannot be read or written.
        """
        reader = self._open_reader()
        try:
            last = max(reader.last_row_ids())
        finally:
            reader.close()
        for first in range(1, last + 1, _OUTDATE_ROWS):
            if self._stopping.is_set():
                return
            self._writer.run(partial(_outdate, first, first + _OUTDATE_ROWS - 1)).result()

    def _guarded(self) -> None:
        try:
            self.run()
        except Exception as error:  # the thread's boundary: logged here, shown by whoever shows the progress
            if self._stopping.is_set() and isinstance(error, StoreError):
                return
            log.exception("columns could not be derived anew")
            self.error = str(error) if isinstance(error, TracetuiError) else type(error).__name__
        finally:
            self.finished = True

    def _resources(self, reader: SpanReader) -> None:
        changed = [(row_id, new) for row_id, record in reader.resources() if (new := _resource(record)) != record]
        if changed:
            self._write(Rederived(resources=changed), 0)

    def _logs(self, reader: SpanReader) -> None:
        while not self._stopping.is_set():
            found = reader.outdated_logs(DERIVATION_VERSION, limit=self._size)
            if not found:
                return
            self._write(Rederived(logs=[(row_id, _readable(derive_log, data)) for row_id, data in found]), len(found))

    def _traces(self, reader: SpanReader) -> None:
        while not self._stopping.is_set():
            found = reader.outdated_traces(DERIVATION_VERSION, limit=self._size)
            if not found:
                return
            group: list[OutdatedTrace] = []
            for trace in found:
                if group and sum(each.span_count for each in group) + trace.span_count > self._size:
                    break
                group.append(trace)
            self._group(reader, group)

    def _group(self, reader: SpanReader, group: Sequence[OutdatedTrace]) -> None:
        """Several small traces in one transaction, or a large one in several."""
        spans: list[tuple[int, IncomingSpan | None]] = []
        for trace in group:
            after = 0
            while page := reader.outdated_spans(trace.row_id, DERIVATION_VERSION, after_row_id=after, limit=self._size):
                after = page[-1].row_id
                spans += map(_columns, page)
                if len(spans) >= self._size:
                    if self._stopping.is_set():
                        return
                    self._write(Rederived(spans=spans), len(spans))
                    spans = []
        self._write(Rederived(spans=spans, traces=[trace.row_id for trace in group]), len(spans))

    def _write(self, work: Rederived, done: int) -> None:
        started = self._clock.monotonic()
        took = self._writer.run(partial(self._rederive, work)).result()
        if done:
            fitting = int(max(done, 1) * TRANSACTION_S / max(took, 1e-6))
            self._size = min(max(min(fitting, self._size * 2), _SMALLEST), _LARGEST)
        self.progress = self.progress._replace(done=self.progress.done + done)
        if self._at_rest:
            self._stopping.wait(self._clock.monotonic() - started)

    def _rederive(self, work: Rederived, writer: SpanWriter) -> float:
        """One transaction in the writer's thread; returns the seconds it took."""
        started = self._clock.monotonic()
        self._changed |= writer.rederive(work)
        now = self._clock.monotonic()
        if now - self._told_at >= _TELL_EVERY_S:
            self._told_at = now
            self._tell(writer)
        return now - started

    def _tell(self, _: SpanWriter) -> None:
        if self._changed:
            self._writer.tell(Commit(0, frozenset(self._changed), 0, 0, 0, 0))
            self._changed.clear()


def _outdate(first: int, last: int, writer: SpanWriter) -> None:
    writer.outdate(first, last)


def _columns(span: OutdatedSpan) -> tuple[int, IncomingSpan | None]:
    return span.row_id, _readable(lambda data: derive_span(data, span.scope_name), span.data)


def _readable(derive: Callable[[bytes], T], data: bytes) -> T | None:
    """What is derived; None where an earlier version could read what this one cannot."""
    try:
        return derive(data)
    except DecodeError as error:
        log.warning("a stored record cannot be read any more: %s", error)
        return None


def _resource(record: ResourceRecord) -> ResourceRecord:
    try:
        return derive_resource(record)
    except DecodeError as error:
        log.warning("a stored resource cannot be read any more: %s", error)
        return record
