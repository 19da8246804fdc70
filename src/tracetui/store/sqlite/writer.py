"""The one writer of a database: what may be done to it, each in a transaction of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from tracetui.errors import DamagedError, StoreError
from tracetui.store.api import DeriveSpan
from tracetui.store.lock import WriterLock, acquire
from tracetui.store.records import Commit, IncomingBatch, IncomingSpan, Reason, Rederived, Removed
from tracetui.store.rollup import TraceState
from tracetui.store.space import SpaceGuard
from tracetui.store.sqlite import derived, statements
from tracetui.store.sqlite.arrivals import Arrivals
from tracetui.store.sqlite.connection import (
    as_damage,
    check_path,
    close_as_it_is,
    open_for_writing,
    translated,
)
from tracetui.store.sqlite.damage import suspect
from tracetui.store.sqlite.indexing import IndexWrites, index_version
from tracetui.store.sqlite.listening import Listener
from tracetui.store.sqlite.removal import Remover, give_back
from tracetui.store.sqlite.room import has_log
from tracetui.store.sqlite.rows import StoredSpans, known_traces, update_traces
from tracetui.store.sqlite.transactions import Transactions


class SqliteWriter(IndexWrites):
    """Writes one database file; a `SpanWriter`. Used by one thread at a time.

    Args:
        path: The database file; made, with its folder, where it is missing.
        derivation_version: Version of the code that derives the columns of the spans to come.
        derive: Derives a stored span's columns anew when a log record says something of it; without it, log records
            change no columns.
        space: Sees that the disk does not fill up.

    Raises:
        StoreLockedError: Another process writes this file.
        NotADatabaseError: The path holds something else.
        NewerSchemaError: A later version of tracetui wrote the file.
        StoreError: The file cannot be used for another reason; says which.
    """

    def __init__(
        self,
        path: Path,
        *,
        derivation_version: int = 1,
        derive: DeriveSpan | None = None,
        space: SpaceGuard | None = None,
    ) -> None:
        check_path(path)
        self.path = path
        self.lock: WriterLock = acquire(path)
        """The lock this writer holds; `update` tells other processes where this one listens."""
        self._log_was_left = has_log(path)
        try:
            self._connection = open_for_writing(path)
        except BaseException:
            self.lock.release()
            raise
        self._open = True
        self._transactions = Transactions(self._connection, path, space or SpaceGuard(path), self._forget)
        self._sequence = 0
        self._derivation_version = derivation_version
        try:
            self._begin(derive)
        except BaseException as error:
            self._abandon()
            if isinstance(error, DamagedError):
                suspect(path)
            raise

    def _begin(self, derive: DeriveSpan | None) -> None:
        with translated(self.path), as_damage(self.path):
            stored = StoredSpans(self._connection)
            self._listener = Listener(self._connection, stored, derive)
            self._arrivals = Arrivals(self._connection, stored, self._listener, self._derivation_version)
            self._remover = Remover(self._connection)
            is_outdated = index_version(self._connection) != self._derivation_version
        if self._log_was_left:  # by a process that ended badly, maybe because its disk failed
            self._transactions.settle_log()
        if is_outdated:
            self.clear_index()

    def _abandon(self) -> None:
        """Close what could not begin."""
        self._open = False
        close_as_it_is(self._connection, self.path)
        self.lock.release()

    def write(self, batches: Sequence[IncomingBatch]) -> Commit:
        """Store the batches in one durable transaction.

        Raises:
            StoreError: Nothing was stored; the same call may succeed later.
        """
        with self._transaction():
            commit = self._arrivals.store(batches, self._sequence + 1)
        self._sequence = commit.sequence
        return commit

    def rederive(self, work: Rederived) -> frozenset[str]:
        """Put columns derived anew in the place of the old; see `SpanWriter.rederive`."""
        connection, version = self._connection, self._derivation_version
        with self._transaction():
            for row_id, record in work.resources:
                connection.execute(statements.RESOURCE_DERIVED, (record.service, record.project, row_id))
            derived.write_logs(connection, work.logs, version)
            derived.write_spans(connection, self._with_logs(work.spans), version)
            asked = json.dumps(list(work.traces))
            found = [TraceState(*row) for row in connection.execute(statements.TRACES_BY_ROW, (asked,)).fetchall()]
            update_traces(connection, [self._arrivals.recount(trace) for trace in found])
            connection.execute(statements.TRACES_DERIVED, (version, asked))
        return frozenset(trace.trace_id for trace in found)

    def _with_logs(self, spans: Sequence[tuple[int, IncomingSpan | None]]) -> Sequence[tuple[int, IncomingSpan | None]]:
        """The spans with the columns that their log records give them."""
        self._listener.look()
        told = self._listener.told([span for _, span in spans if span is not None], ())
        if not told:
            return spans
        heard = self._listener.derived(told, known_traces(self._connection, told))
        columns = {(trace_id, span_id): found.span for trace_id, of in heard.items() for span_id, found in of.items()}
        return [
            (row_id, span if span is None else columns.get((span.trace_id, span.span_id), span))
            for row_id, span in spans
        ]

    def outdate(self, first_row_id: int, last_row_id: int) -> None:
        """Mark what has row ids in this range as yet to be derived anew; see `SpanWriter.outdate`."""
        with self._transaction():
            for statement in statements.OUTDATE:
                self._connection.execute(statement, (first_row_id, last_row_id))

    def _check_open(self) -> None:
        if not self._open:
            raise StoreError(f"The writer of {self.path} is closed.")

    @property
    def found_damage(self) -> bool:
        """Whether a write has met damage; the next start looks at the whole file."""
        return self._transactions.found_damage

    @property
    def last_row_id(self) -> int:
        """The highest row id of a span so far; any thread may ask."""
        return self._arrivals.last_row_id

    def remove(
        self, trace_ids: Sequence[str], *, reason: Reason = Reason.ASKED, now_nano: int = 0, seen: int | None = None
    ) -> Removed:
        """Remove traces with all that belongs to them; see `SpanWriter.remove`."""
        with self._transaction(needs_space=False):
            return self._remover.remove(trace_ids, reason, now_nano, seen)

    def pin(self, trace_ids: Sequence[str], *, pinned: bool = True) -> None:
        """Spare traces from the limits; see `SpanWriter.pin`."""
        with self._transaction(needs_space=False):
            self._remover.pin(trace_ids, pinned=pinned)

    def purge(self) -> int:
        """Remove some spans that `remove` has left; see `SpanWriter.purge`."""
        with self._transaction(needs_space=False):
            return self._remover.purge()

    def purge_logs(self) -> int:
        """Remove some log records that `remove` has left; see `SpanWriter.purge_logs`."""
        with self._transaction(needs_space=False):
            return self._remover.purge_logs()

    def give_back(self) -> bool:
        """Give some free space back to the disk; see `SpanWriter.give_back`."""
        with self._transaction(needs_space=False):
            return give_back(self._connection)

    def _transaction(self, *, needs_space: bool = True, is_derived: bool = False) -> AbstractContextManager[None]:
        self._check_open()
        return self._transactions.run(needs_space=needs_space, is_derived=is_derived)

    def _checkpoint(self) -> None:
        self._transactions.checkpoint()

    def close(self) -> None:
        """Checkpoint, close and let go of the lock; a second call does nothing."""
        if not self._open:
            return
        self._open = False
        try:
            self._transactions.fold()
            self._connection.close()
        except StoreError:
            close_as_it_is(self._connection, self.path)
            raise
        finally:
            self.lock.release()

    def _forget(self) -> None:
        self._arrivals.forget()
        self._remover.forget()
