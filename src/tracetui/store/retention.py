"""Keeps the database within a size and an age: the oldest traces go first, in steps that hold no sender up.

Without a limit nothing is removed but what is left of traces that somebody removed. Running and pinned traces are
spared. What was removed is counted, and the space goes back to the disk.
"""

from __future__ import annotations

import logging
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate
from typing import TypeVar

from msgspec import Struct

from tracetui.errors import StoreError
from tracetui.model.clock import Clock, SystemClock
from tracetui.model.numbers import format_bytes
from tracetui.store.api import SpanReader, SpanWriter
from tracetui.store.ingest import WriterThread
from tracetui.store.records import Commit, OldTrace, Reason, Removed

log = logging.getLogger(__name__)

LOOK_EVERY_S = 10.0
"""How often the limits are looked at."""

LOW_WATER = 0.95
"""Share of the largest size to which a database that has outgrown it is brought down: not for every commit anew."""

RUNNING_NANO = 3_600 * 10**9
"""How long after the last sign of life a trace that is not complete is taken to be running."""

SPANS_AT_ONCE = 1_000
"""Spans of the traces that are removed in one step, unless a single one has more."""

FEWEST_STALE = 20_000
"""Removed spans from which on the search index is worth making anew."""

BYTES_AT_ONCE = 16 << 20
"""Bytes of the spans of such a step, likewise."""

T = TypeVar("T")

_TRACES_AT_ONCE = 100
_FOREVER = 2**63 - 1


class Limits(Struct, frozen=True):
    """What the database is kept within; nothing where both are None."""

    max_bytes: int | None = None
    """Bytes in use, without the write-ahead log."""
    max_age_nano: int | None = None
    """Nanoseconds since the end of a trace."""

    def __bool__(self) -> bool:
        return self.max_bytes is not None or self.max_age_nano is not None


class Retention:
    """The limits, kept in a thread of its own or once at a time.

    Args:
        open_reader: Opens a reader for the thread that removes.
        writer: The writer's thread.
        limits: What to keep within.
        at_rest: Whether to rest as long as was worked.
        clock: Tells the age of traces.
    """

    def __init__(
        self,
        open_reader: Callable[[], SpanReader],
        writer: WriterThread,
        limits: Limits,
        *,
        at_rest: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self._open_reader = open_reader
        self._writer = writer
        self._limits = limits
        self._at_rest = at_rest
        self._clock: Clock = clock or SystemClock()
        self._stopping = threading.Event()
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._renewed_at = 0
        self.removed = Removed(0, 0)
        """What was removed since the start."""
        self.trouble = ""
        """Why the limits are not kept, in words for a person; empty where they are."""

    def start(self) -> None:
        """Keep the limits in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="tracetui-retention", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the step at hand."""
        self._stopping.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def wake(self) -> None:
        """Look now: there are traces of which something is left."""
        self._wanted.set()

    def keep(self) -> Removed:
        """Remove what is beyond the limits now, and what is left of removed traces; returns what was removed.

        Raises:
            StoreError: The database cannot be read or written; what was removed stays removed.
        """
        before = self.removed
        self._purge()  # also what an earlier process has left
        if self._limits:
            reader = self._open_reader()
            try:
                self.trouble = self._keep_limits(reader)
            finally:
                reader.close()
        else:
            self.trouble = ""
        self._renew_index()
        while self._writer.run(_give_back).result() and not self._stopping.is_set():
            continue
        return Removed(self.removed.traces - before.traces, self.removed.spans - before.spans)

    def _keep_limits(self, reader: SpanReader) -> str:
        """Remove what is beyond the limits; returns why there is still something beyond them."""
        max_age, max_bytes = self._limits.max_age_nano, self._limits.max_bytes
        if max_age is not None:
            self._remove_while(reader, Reason.AGE, self._clock.now_nano() - max_age, lambda: BYTES_AT_ONCE)
        if max_bytes is None or reader.used_bytes() <= max_bytes:
            return ""
        target = int(max_bytes * LOW_WATER)
        self._remove_while(reader, Reason.SIZE, _FOREVER, lambda: reader.used_bytes() - target)
        used = reader.used_bytes()
        if used <= max_bytes or self._stopping.is_set():
            return ""
        return f"{format_bytes(used)} is more than {format_bytes(max_bytes)}, and what is left is pinned or running"

    def remove(self, traces: Sequence[OldTrace]) -> None:
        """Remove these traces, step by step.

        Raises:
            StoreError: The database cannot be written; what was removed stays removed.
        """
        waiting = list(traces)
        while waiting and not self._stopping.is_set():
            del waiting[: self._remove_some(waiting, Reason.ASKED)]

    def _renew_index(self) -> None:
        """Have the search index made anew once most of what it knows is gone: it cannot forget a single span."""
        if self.removed.spans - self._renewed_at < FEWEST_STALE:
            return
        reader = self._open_reader()
        try:
            live = reader.count_spans()
        finally:
            reader.close()
        if self.removed.spans - self._renewed_at >= live:
            self._renewed_at = self.removed.spans
            self._writer.run(lambda writer: writer.clear_index()).result()
            self._writer.run(partial(self._tell, frozenset())).result()

    def _remove_some(self, traces: Sequence[OldTrace], reason: Reason, wanted: int = BYTES_AT_ONCE) -> int:
        """Remove the first of these traces, as many as one step may take and the bytes that are wanted need; returns
        how many.
        """
        spans = list(accumulate(trace.span_count for trace in traces))
        sizes = list(accumulate(trace.byte_size for trace in traces))
        enough = bisect_left(sizes, wanted) + 1 if wanted < BYTES_AT_ONCE else bisect_right(sizes, BYTES_AT_ONCE)
        count = max(1, min(bisect_right(spans, SPANS_AT_ONCE), enough))
        gone = [trace.trace_id for trace in traces[:count]]
        self._step(partial(_remove, gone, reason, self._clock.now_nano()))
        self._writer.run(partial(self._tell, frozenset(gone))).result()
        self._purge()
        return count

    def _purge(self) -> None:
        """Remove what is left of removed traces."""
        while self._step(_purge) and not self._stopping.is_set():
            continue
        while self._rested(_purge_logs) and not self._stopping.is_set():
            continue

    def _remove_while(self, reader: SpanReader, reason: Reason, ended_before: int, wanted: Callable[[], int]) -> None:
        """Remove the oldest traces while any bytes are wanted."""
        while (bytes_wanted := wanted()) > 0 and not self._stopping.is_set():
            running_since = self._clock.now_nano() - RUNNING_NANO
            found = reader.oldest_traces(ended_before=ended_before, running_since=running_since, limit=_TRACES_AT_ONCE)
            if not found:
                return
            self._remove_some(found, reason, bytes_wanted)

    def _step(self, work: Callable[[SpanWriter], Removed]) -> int:
        """One transaction in the writer's thread, and as long a rest; returns the spans it removed."""
        found = self._rested(work)
        self.removed = Removed(self.removed.traces + found.traces, self.removed.spans + found.spans)
        return found.spans

    def _rested(self, work: Callable[[SpanWriter], T]) -> T:
        """Have the writer's thread do something, and rest as long as that took."""
        started = self._clock.monotonic()
        found = self._writer.run(work).result()
        if self._at_rest:
            self._stopping.wait(self._clock.monotonic() - started)
        return found

    def _tell(self, trace_ids: frozenset[str], _: SpanWriter) -> None:
        self._writer.tell(Commit(0, trace_ids, 0, 0, 0, 0))

    def _run(self) -> None:
        while True:
            self._wanted.clear()
            if self._stopping.is_set():
                return
            try:
                self.keep()
            except StoreError as error:  # tried again
                log.warning("the limits could not be kept: %s", error)
                self.trouble = error.message
            except Exception as error:  # the thread's boundary
                log.exception("the limits could not be kept")
                self.trouble = type(error).__name__
            self._wanted.wait(LOOK_EVERY_S if self._limits or self.trouble else None)


def _remove(trace_ids: Sequence[str], reason: Reason, now_nano: int, writer: SpanWriter) -> Removed:
    return writer.remove(trace_ids, reason=reason, now_nano=now_nano)


def _purge(writer: SpanWriter) -> Removed:
    return Removed(0, writer.purge())


def _purge_logs(writer: SpanWriter) -> int:
    return writer.purge_logs()


def _give_back(writer: SpanWriter) -> bool:
    return writer.give_back()
