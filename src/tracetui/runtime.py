"""Starts the parts in order and stops them in reverse: store, writer, receivers.

One process writes a database. The first to open it takes the lock and receives; a later one reads what the
first writes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tracetui.config import Address, Settings
from tracetui.errors import DamagedError, ReadOnlyError, StoreLockedError
from tracetui.model.clock import Clock, SystemClock
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.model.numbers import format_bytes
from tracetui.pricing import USER_TABLE
from tracetui.receivers.budget import Budget
from tracetui.receivers.status import ReceiverCounts, ReceiverState, ReceiverStatus
from tracetui.store.api import CommitListener, SpanReader, SpanWriter
from tracetui.store.ingest import Ingest, IngestStats
from tracetui.store.lock import Owner, read_owner
from tracetui.store.records import Commit, IncomingSpan, Removed
from tracetui.store.sqlite import SqliteReader, SqliteWriter
from tracetui.store.sqlite.connection import replace_damaged
from tracetui.store.sqlite.damage import SetAside
from tracetui.store.sqlite.without import SqliteReaderWithout
from tracetui.store.withheld import Withheld

if TYPE_CHECKING:
    from tracetui.receivers import ReceiverSet
    from tracetui.receivers.ledger import TurnedAway
    from tracetui.reindex import Progress, Reindexer
    from tracetui.store.follower import Follower
    from tracetui.store.retention import Retention

log = logging.getLogger(__name__)


def derive_span(data: bytes, scope_name: str, logs: Sequence[bytes]) -> IncomingSpan:
    """The columns of a stored span with what its log records say of it; a `DeriveSpan`."""
    from tracetui.receivers import incoming  # deferred: protobuf and the conventions; the first paint does not wait

    return incoming.derive_span(data, scope_name, logs)


LARGE_BYTES = 2 * 10**9
"""The size from which on a database without limits is spoken of."""


def size_hint(settings: Settings, size: int) -> str:
    """What to say, once, of a database of so many bytes; empty where it is small or kept within a limit."""
    if size < LARGE_BYTES or settings.max_size is not None or settings.max_age is not None:
        return ""
    return (
        f"The database has {format_bytes(size)}. Start with --max-size 2GB or --max-age 30d to keep it smaller:"
        " the oldest traces go, pinned ones stay."
    )


class Runtime:
    """Everything that runs behind a screen or behind `serve`.

    Args:
        settings: What to open and where to listen.
        clock: The clock of all parts.
        sets_aside: Whether a damaged database is kept under another name and a new one begun.
    """

    def __init__(self, settings: Settings, *, clock: Clock | None = None, sets_aside: bool = False) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.owner: Owner | None = None
        """The process that writes the database, where it is not this one."""
        self.read_only: ReadOnlyError | None = None
        """Why nobody here can write the database, where it can only be read."""
        self.set_aside: SetAside | None = None
        """The damaged database in whose place this one was begun."""
        self._sets_aside = sets_aside
        USER_TABLE.use(settings.prices)
        self._writer: SqliteWriter | None = None
        self._ingest: Ingest | None = None
        self._receivers: ReceiverSet | None = None
        self._budget = Budget()
        self._reindexer: Reindexer | None = None
        self._follower: Follower | None = None
        self._receivers_lock = threading.Lock()
        self._stopped = False
        self._retention: Retention | None = None
        self._may_price = False
        self._opening: Future[None] | None = None

    @property
    def is_writer(self) -> bool:
        """Whether this process writes the database."""
        return self._ingest is not None

    @property
    def found_damage(self) -> bool:
        """Whether a write has met damage in the database, so that nothing is stored until the next start."""
        return self._writer is not None and self._writer.found_damage

    @property
    def is_stopped(self) -> bool:
        """Whether it has been told to stop."""
        return self._stopped

    @property
    def ingest(self) -> Ingest:
        """The way into the store; only while `is_writer`."""
        if self._ingest is None:
            raise StoreLockedError("This process does not write the database.")
        return self._ingest

    def start(self) -> None:
        """Open the store, then the receivers.

        Raises:
            StoreError: The database cannot be used; says why.
        """
        self.open_store()
        self.start_receivers()
        self.start_reindexing()

    def begin_opening(self) -> None:
        """Begin to open the store in a thread of its own; `open_store` waits for its end.

        A new file takes a twentieth of the start, mostly for the disk, while the screen is being imported.
        """
        executor = ThreadPoolExecutor(1, "tracetui-opening")
        self._opening = executor.submit(self._open_store)
        executor.shutdown(wait=False)

    def open_store(self) -> None:
        """Take the lock and open the store for writing, or find out who else writes it.

        Raises:
            StoreError: The database cannot be used; says why.
        """
        if self._opening is None:
            self._open_store()
        else:
            self._opening.result()

    def _open_store(self) -> None:
        try:
            self._writer = self._open_writer()
        except StoreLockedError:
            self.owner = read_owner(self.settings.db)
            self.open_reader().close()
            return
        except ReadOnlyError as error:
            if not self.settings.db.exists():
                raise
            self.open_reader().close()
            self.read_only = error
            return
        self._ingest = Ingest(self._writer, clock=self.clock)
        self._ingest.start()

    def _open_writer(self) -> SqliteWriter:
        try:
            return SqliteWriter(self.settings.db, derivation_version=DERIVATION_VERSION, derive=derive_span)
        except DamagedError:
            if not self._sets_aside:
                raise
        self.set_aside = replace_damaged(self.settings.db, clock=self.clock)
        return SqliteWriter(self.settings.db, derivation_version=DERIVATION_VERSION, derive=derive_span)

    def take_over(self) -> None:
        """Become the process that writes the database, where the one that did has ended; what else `start` does remains
        to be done. A damaged database is left as it is: this process reads it.

        Raises:
            StoreLockedError: Another process writes it; `owner` is that one.
            StoreError: It cannot be opened for writing.
        """
        if self._ingest is not None:
            return
        try:
            writer = SqliteWriter(self.settings.db, derivation_version=DERIVATION_VERSION, derive=derive_span)
        except StoreLockedError:
            self.owner = read_owner(self.settings.db) or self.owner
            raise
        with self._receivers_lock:
            if self._stopped:
                writer.close()
                return
            self._writer = writer
            ingest = Ingest(writer, clock=self.clock)
            ingest.start()
            self._ingest, self.owner = ingest, None

    def start_receivers(self) -> None:
        """Open the listeners, where this process receives. A listener that fails says so in `statuses`."""
        if self._ingest is not None and self.settings.receive:
            self._open_listeners(self._ingest)

    def start_reindexing(self) -> None:
        """Bring the search index up to what is stored, from now on, and derive anew what an earlier version derived, if
        there is any; each in a thread of its own.
        """
        self._may_price = True
        if self._ingest is None:
            return
        self._start_following(self._ingest)
        self._start_retention(self._ingest)
        reader = self.open_reader()
        outdated = reader.count_outdated(DERIVATION_VERSION)
        reader.close()
        if not outdated:
            return
        from tracetui.reindex import Reindexer  # deferred: protobuf and the conventions, which few starts need for this

        with self._receivers_lock:
            if self._stopped:
                return
            self._reindexer = Reindexer(self.open_reader, self._ingest, clock=self.clock)
            self._reindexer.start()

    def _start_following(self, ingest: Ingest) -> None:
        from tracetui.store.follower import Follower  # deferred, and so is the next: they start after the first paint

        with self._receivers_lock:
            if not self._stopped:
                self._follower = Follower(
                    self.open_reader, ingest, version=DERIVATION_VERSION, room=self._budget.room, clock=self.clock
                )
                ingest.add_listener(self._follower.heard)
                self._follower.start()

    def _start_retention(self, ingest: Ingest) -> None:
        from tracetui.store.retention import Limits, Retention

        limits = Limits(self.settings.max_size, self.settings.max_age)
        with self._receivers_lock:
            if not self._stopped:  # without limits too: it removes what is left of traces that somebody removed
                self._retention = Retention(self.open_reader, ingest, limits, clock=self.clock)
                self._retention.start()

    def removed(self) -> Removed:
        """What the limits of size and age have taken away since the start."""
        return self._retention.removed if self._retention is not None else Removed(0, 0)

    def retention_trouble(self) -> str:
        """Why the limits of size and age are not kept; empty where they are."""
        return self._retention.trouble if self._retention is not None else ""

    @property
    def last_row_id(self) -> int:
        """What `remove` takes as `seen` for what is stored now."""
        return self._writer.last_row_id if self._writer is not None else 0

    def remove(self, trace_id: str, *, seen: int) -> Future[Removed]:
        """Remove a trace, unless it has got spans since `seen`; what is left of it goes in the background.

        Raises:
            StoreError: This process does not write the database, or no longer.
        """
        ingest, now_nano = self.ingest, self.clock.now_nano()

        def work(writer: SpanWriter) -> Removed:
            removed = writer.remove([trace_id], now_nano=now_nano, seen=seen)
            if removed.traces:
                ingest.tell(Commit(0, frozenset({trace_id}), 0, 0, 0, 0))
                if self._retention is not None:
                    self._retention.wake()
            return removed

        return ingest.run(work)

    def pin(self, trace_id: str, *, pinned: bool) -> Future[None]:
        """Spare a trace from the limits, or no longer.

        Raises:
            StoreError: This process does not write the database, or no longer.
        """
        ingest = self.ingest

        def work(writer: SpanWriter) -> None:
            writer.pin([trace_id], pinned=pinned)
            ingest.tell(Commit(0, frozenset({trace_id}), 0, 0, 0, 0))

        return ingest.run(work)

    def reindexing(self) -> Progress | None:
        """How far deriving anew has come; None while nothing of that kind is going on."""
        reindexer = self._reindexer
        if reindexer is None or not reindexer.progress.total or reindexer.finished:
            return None
        return reindexer.progress

    def reindexing_error(self) -> str:
        """Why deriving anew ended early; empty where it has not."""
        return self._reindexer.error if self._reindexer is not None else ""

    def _open_listeners(self, ingest: Ingest) -> None:
        from tracetui.receivers import ReceiverSet  # deferred: gRPC and the HTTP server; the first paint does not wait

        receivers = ReceiverSet(self.settings.grpc, self.settings.http, ingest, self.settings.access, self._budget)
        with self._receivers_lock:
            if self._stopped:
                return
            self._receivers = receivers
            receivers.start()
        if self._writer is not None:
            listening = [status for status in receivers.statuses() if status.state is ReceiverState.LISTENING]
            self._writer.lock.update(
                grpc=next((str(status.address) for status in listening if status.protocol == "grpc"), ""),
                http=[str(status.address) for status in listening if status.protocol == "http"],
            )

    def stop(self) -> None:
        """Stop taking, finish what was taken, commit it, close."""
        with self._receivers_lock:
            self._stopped = True
            receivers, background = self._receivers, (self._reindexer, self._retention, self._follower)
        for work in background:
            if work is not None:
                work.stop()
        if receivers is not None:
            receivers.stop()
        if self._ingest is not None:
            self._ingest.stop()

    def open_reader(self) -> SpanReader:
        """A reader for the calling thread."""
        return SqliteReader(self.settings.db)

    def open_reader_without(self, withheld: Withheld) -> SpanReader:
        """A reader for the calling thread that leaves traces out."""
        return SqliteReaderWithout(self.settings.db, withheld)

    def add_listener(self, listener: CommitListener) -> None:
        """Hear of every commit of this process."""
        if self._ingest is not None:
            self._ingest.add_listener(listener)

    def statuses(self) -> tuple[ReceiverStatus, ...]:
        """Every listener as it is now; `starting` until they have been opened."""
        if self._receivers is not None:
            return self._receivers.statuses()
        if not self.is_writer or not self.settings.receive:
            return ()
        planned = [("grpc", self.settings.grpc)] if self.settings.grpc else []
        planned += [("http", address) for address in self.settings.http]
        return tuple(ReceiverStatus(protocol, address, ReceiverState.STARTING) for protocol, address in planned)

    def open_to_anyone(self) -> tuple[Address, ...]:
        """Addresses on which this process takes from whoever reaches this machine, because it was told to."""
        return tuple(
            status.address
            for status in self.statuses()
            if status.state is ReceiverState.LISTENING and self.settings.access.leaves_open(status.address)
        )

    def trouble(self) -> str:
        """Why nothing could be stored the last time; empty where it could."""
        return self._ingest.stats().trouble if self._ingest is not None else ""

    def price_problems(self) -> tuple[str, ...]:
        """What is wrong with the user's own prices; nothing until the receivers may start, which read them."""
        if not self._may_price:
            return ()
        from tracetui.pricing import BOOK  # deferred, see there

        return BOOK.problems

    def counts(self) -> ReceiverCounts:
        """What the listeners have taken and turned away."""
        return self._receivers.counts() if self._receivers is not None else ReceiverCounts()

    def turned_away(self) -> tuple[TurnedAway, ...]:
        """What the listeners have turned away, by reason, the most recent first."""
        return self._receivers.turned_away() if self._receivers is not None else ()

    def ingest_stats(self) -> IngestStats | None:
        """How the way into the store is doing; None where this process does not write."""
        return self._ingest.stats() if self._ingest is not None else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
