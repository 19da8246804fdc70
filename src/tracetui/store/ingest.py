"""Bounded queue in, batched writes out, senders answered after the commit.

One thread writes. While it writes, batches gather; then it takes what is there, so that under load many requests share
a transaction, and a lone one never waits. A batch counts against the bounds until it is committed.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from math import ceil
from typing import Protocol, TypeVar

from msgspec import Struct

from tracetui.errors import IngestBusyError, StoreError
from tracetui.model.clock import Clock, SystemClock
from tracetui.store.api import CommitListener, SpanWriter
from tracetui.store.records import Commit, IncomingBatch

logger = logging.getLogger(__name__)

_PATIENCE_S = 1.0
"""A failure that took longer is about the database (locked, say) and not about one of the batches."""


KEPT_COMMITS = 512
"""Commits of which it is remembered how long they took."""

RATE_S = 10.0
"""Seconds over which a rate is averaged."""


class RecentCommit(Struct, frozen=True):
    """One of the last transactions."""

    at_s: float
    """When it was over, on a clock that never goes back."""
    seconds: float
    """What it took."""
    items: int
    """Spans and log records in it."""


class IngestStats(Struct, frozen=True):
    """How the way in is doing."""

    commits: int
    """Transactions committed since the start."""
    last_commit_s: float
    """Seconds the latest one took."""
    queued_batches: int
    """Batches not yet committed."""
    queued_items: int
    """Spans and log records in them."""
    queued_bytes: int
    trouble: str = ""
    """Why nothing could be stored the last time; empty where it could."""
    latest: Sequence[RecentCommit] = ()
    """The last commits, the oldest first."""
    now_s: float = 0.0
    """When this was said, on the clock of `RecentCommit.at_s`."""

    def items_per_second(self, seconds: float = RATE_S) -> float:
        """Spans and log records stored a second, over the last so many seconds."""
        recent = [commit for commit in self.latest if self.now_s - commit.at_s < seconds]
        if recent and len(recent) == len(self.latest) == KEPT_COMMITS:  # they reach less far back than that
            seconds = max(self.now_s - recent[0].at_s, 0.001)
        return sum(commit.items for commit in recent) / seconds

    def commit_seconds(self, share: float) -> float:
        """What such a share of the last commits took at most; 0 where there are none. By nearest rank."""
        took = sorted(commit.seconds for commit in self.latest)
        return took[max(0, ceil(share * len(took)) - 1)] if took else 0.0


_IDLE_WAIT_S = 1.0
"""How long work in the background waits for a moment without senders before it takes one of theirs."""

T = TypeVar("T")


class WriterThread(Protocol):
    """Where the writer is to be had between the batches of senders: `Ingest`, or the writer alone."""

    def run(self, work: Callable[[SpanWriter], T], *, patience_s: float = _IDLE_WAIT_S) -> Future[T]:
        """Have the writer do something; see `Ingest.run`."""
        ...

    def tell(self, commit: Commit) -> None:
        """Let others know what has changed; called by the writer's thread."""
        ...


class _Work(Struct, eq=False):
    """What the writer does between the senders' batches."""

    do: Callable[[], None]
    give_up: Callable[[StoreError], None]
    due: float
    """From when on senders no longer go first."""


class _Waiting(Struct):
    batch: IncomingBatch
    answer: Future[Commit]

    @property
    def items(self) -> int:
        return len(self.batch.spans) + len(self.batch.logs)


class Ingest:
    """The queue and the thread in front of a writer.

    Args:
        writer: The one writer; closed by `stop`.
        max_spans: Spans and log records that may wait; a single larger batch is taken when nothing else waits.
        max_bytes: Bytes that may wait, by `IncomingBatch.byte_size`; the same exception holds.
        max_commit_spans: Spans and log records after which a transaction takes no further batch.
        clock: Measures commits.
    """

    def __init__(
        self,
        writer: SpanWriter,
        *,
        max_spans: int = 50_000,
        max_bytes: int = 128 << 20,
        max_commit_spans: int = 1_000,
        clock: Clock | None = None,
    ) -> None:
        self._writer = writer
        self._max_items = max_spans
        self._max_bytes = max_bytes
        self._max_commit_items = max_commit_spans
        self._clock = clock or SystemClock()
        self._changed = threading.Condition()
        self._queue: deque[_Waiting] = deque()
        self._work: deque[_Work] = deque()
        self._items = 0
        self._bytes = 0
        self._batches = 0
        self._commits = 0
        self._last_commit_s = 0.0
        self._latest: deque[RecentCommit] = deque(maxlen=KEPT_COMMITS)
        self._trouble = ""
        self._stopping = False
        self._abandoned = False
        self._listeners: list[CommitListener] = []
        self._thread = threading.Thread(target=self._run, name="tracetui-writer", daemon=True)

    def start(self) -> None:
        """Start the writer's thread."""
        self._thread.start()

    def add_listener(self, listener: CommitListener) -> None:
        """Call this after each commit, in the writer's thread, before the senders are answered."""
        self._listeners.append(listener)

    def submit(self, batch: IncomingBatch) -> Future[Commit]:
        """Queue a batch.

        Returns:
            Resolves once the batch is committed, or raises `StoreError` when it could not be stored.

        Raises:
            IngestBusyError: The queue is full or the writer is stopping.
        """
        waiting = _Waiting(batch, Future())
        waiting.answer.set_running_or_notify_cancel()  # a sender that goes away takes nothing back
        with self._changed:
            if self._stopping:
                raise IngestBusyError("tracetui is shutting down.")
            if self._batches and (
                self._items + waiting.items > self._max_items or self._bytes + batch.byte_size > self._max_bytes
            ):
                raise IngestBusyError(f"{self._items} spans wait to be stored; the queue is full.")
            self._queue.append(waiting)
            self._batches += 1
            self._items += waiting.items
            self._bytes += batch.byte_size
            self._changed.notify_all()
        return waiting.answer

    def run(self, work: Callable[[SpanWriter], T], *, patience_s: float = _IDLE_WAIT_S) -> Future[T]:
        """Have the writer's thread do something between the batches of senders, who go first.

        Args:
            work: Called with the writer; one short transaction, as a sender may come to wait for its end.
            patience_s: How long senders go first, where they never leave a moment.

        Returns:
            What `work` returns or raises.

        Raises:
            IngestBusyError: The writer is stopping.
        """
        answer: Future[T] = Future()
        answer.set_running_or_notify_cancel()

        def do() -> None:
            try:
                found = work(self._writer)
            except StoreError as error:
                answer.set_exception(error)
            except Exception as error:  # the thread's boundary: the caller gets it, writing goes on
                logger.exception("work between batches failed")
                answer.set_exception(error)
            else:
                answer.set_result(found)

        with self._changed:
            if self._stopping:
                raise IngestBusyError("tracetui is shutting down.")
            self._work.append(_Work(do, answer.set_exception, self._clock.monotonic() + patience_s))
            self._changed.notify_all()
        return answer

    def tell(self, commit: Commit) -> None:
        """Let the listeners know of changes made by `run`; for the writer's thread."""
        for listener in self._listeners:
            self._tell(listener, commit)

    def stats(self) -> IngestStats:
        """How the way in is doing at this moment."""
        with self._changed:
            return IngestStats(
                self._commits,
                self._last_commit_s,
                self._batches,
                self._items,
                self._bytes,
                self._trouble,
                tuple(self._latest),
                self._clock.monotonic(),
            )

    def stop(self, timeout: float = 5.0) -> bool:
        """Refuse what comes from now on, store what was accepted, close the writer.

        Args:
            timeout: Seconds after which what still waits is given up; its senders get `StoreError`.

        Returns:
            Whether all that was accepted is stored.
        """
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.ident is None:
            self._finish()
            return True
        self._thread.join(timeout)
        if not self._thread.is_alive():
            return True
        with self._changed:
            self._abandoned = True
        return False

    def _run(self) -> None:
        while group := self._next_group():
            if isinstance(group, _Work):
                group.do()
            else:
                self._store(group)
            del group  # not kept until the next one comes, which may be hours
        self._finish()

    def _next_group(self) -> list[_Waiting] | _Work:
        """The batches of the next transaction, or what else there is to do; empty when there will be nothing."""
        with self._changed:
            while not self._queue and not self._work and not self._stopping:
                self._changed.wait()
            if self._abandoned:
                return []
            if self._work and not self._stopping:
                due = min(self._work, key=lambda work: work.due)
                if not self._queue or self._clock.monotonic() > due.due:
                    self._work.remove(due)
                    return due
            group: list[_Waiting] = []
            items = 0
            while self._queue and (not group or items + self._queue[0].items <= self._max_commit_items):
                group.append(self._queue.popleft())
                items += group[-1].items
            return group

    def _store(self, group: Sequence[_Waiting]) -> None:
        started = self._clock.monotonic()
        try:
            commit = self._write(group)
        except StoreError as error:
            if len(group) > 1 and self._clock.monotonic() - started < _PATIENCE_S:
                for waiting in group:  # one by one, so that only the batch at fault fails
                    self._store([waiting])
                return
            if error.message != self._trouble:  # once, though senders come again and again
                logger.warning("%d requests could not be stored: %s", len(group), error)
            self._trouble = error.message
            self._done(group)
            for waiting in group:
                waiting.answer.set_exception(error)
            return
        with self._changed:
            self._commits += 1
            self._trouble = ""
            now = self._clock.monotonic()
            self._last_commit_s = now - started
            self._latest.append(RecentCommit(now, now - started, sum(waiting.items for waiting in group)))
        self.tell(commit)
        self._done(group)
        for waiting in group:
            waiting.answer.set_result(commit)

    def _write(self, group: Sequence[_Waiting]) -> Commit:
        try:
            return self._writer.write([waiting.batch for waiting in group])
        except StoreError:
            raise
        except Exception as error:  # the thread's boundary: one fault must not end all writing
            logger.exception("the writer failed")
            raise StoreError(f"The writer failed: {type(error).__name__}.") from error

    def _tell(self, listener: CommitListener, commit: Commit) -> None:
        try:
            listener(commit)
        except Exception:  # the thread's boundary: what is committed must be answered
            logger.exception("a commit listener failed")

    def _done(self, group: Sequence[_Waiting]) -> None:
        with self._changed:
            self._batches -= len(group)
            self._items -= sum(waiting.items for waiting in group)
            self._bytes -= sum(waiting.batch.byte_size for waiting in group)

    def _finish(self) -> None:
        with self._changed:
            left, undone = list(self._queue), list(self._work)
            self._queue.clear()
            self._work.clear()
        self._done(left)
        for waiting in left:
            waiting.answer.set_exception(StoreError("tracetui stopped before this was stored."))
        for work in undone:
            work.give_up(StoreError("tracetui stopped before this was done."))
        try:
            self._writer.close()
        except StoreError as error:
            logger.warning("the database was not closed cleanly: %s", error)


class NoSenders:
    """A `WriterThread` where nobody sends: what is to be done is done at once, in the thread that asks."""

    def __init__(self, writer: SpanWriter) -> None:
        self._writer = writer

    def run(self, work: Callable[[SpanWriter], T], *, patience_s: float = 0) -> Future[T]:
        """Do it; `Future.result` raises what it raises."""
        answer: Future[T] = Future()
        try:
            answer.set_result(work(self._writer))
        except StoreError as error:
            answer.set_exception(error)
        return answer

    def tell(self, commit: Commit) -> None:
        """There is nobody to tell."""
