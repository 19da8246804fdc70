"""The one writer: several batches in, one durable transaction out, trace totals kept on the way."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias, TypeVar

from msgspec import Struct, field

from tracetui.errors import DamagedError, DiskFullError, StoreError
from tracetui.store.api import DeriveSpan
from tracetui.store.lock import WriterLock, acquire
from tracetui.store.records import (
    Commit,
    IncomingBatch,
    IncomingSpan,
    Reason,
    Rederived,
    Removed,
    ResourceRecord,
    ScopeRecord,
)
from tracetui.store.rollup import SpanState, TraceRollup, TraceState
from tracetui.store.space import SpaceGuard
from tracetui.store.sqlite import derived, statements
from tracetui.store.sqlite.connection import (
    as_damage,
    check_path,
    close_as_it_is,
    explain,
    open_for_writing,
    translated,
)
from tracetui.store.sqlite.damage import suspect
from tracetui.store.sqlite.indexing import IndexWrites, index_version
from tracetui.store.sqlite.listening import Listener
from tracetui.store.sqlite.removal import Remover, give_back
from tracetui.store.sqlite.room import fold_log, has_log, leaves_doubt, write_again
from tracetui.store.sqlite.rows import (
    Ahead,
    Arrival,
    LogArrival,
    StoredSpans,
    insert_logs,
    insert_rows,
    insert_slices,
    insert_traces,
    known_traces,
    span_row,
    span_state,
    update_traces,
    write_marks,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

_MAX_CACHED_RECORDS = 4096
"""Resources, and scopes, whose row ids are remembered."""

_PART = 4_096
"""Spans or log records that are worked out and written together. A request may bring 200,000, and while they are
written each takes several times what it does beforehand."""

_Spans: TypeAlias = dict[str, Arrival]
"""The arrivals of one trace by span id."""


class _Part(Struct):
    """Some of what one transaction stores, worked out together."""

    spans: dict[str, _Spans] = field(default_factory=dict)
    """By trace and id, the last version of each."""
    logs: list[LogArrival] = field(default_factory=list)
    items: int = 0
    """Spans, every version counted, and log records."""
    replaced_spans: int = 0
    """Those of which a later version came with it."""
    unchanged_spans: int = 0


class _Changes(Struct):
    """What one transaction is going to write."""

    new: list[tuple[SpanState, int, Arrival]] = field(default_factory=list)
    """Spans to insert, each with the row id of its trace."""
    replaced: list[tuple[SpanState, int, Arrival]] = field(default_factory=list)
    """Later versions of stored spans, likewise."""
    gone: list[int] = field(default_factory=list)
    """The row ids that these had before, in the same order."""
    rollups: list[tuple[TraceRollup, bool]] = field(default_factory=list)
    """Traces touched, and whether they are new."""
    recount: list[TraceState] = field(default_factory=list)
    """Traces of which a replacement took something away."""
    replaced_spans: int = 0
    unchanged_spans: int = 0
    derived_anew: bool = False
    """Whether the replaced spans are stored ones with other columns, their bytes the same."""


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
        self._space = SpaceGuard(path) if space is None else space
        self.found_damage = False
        """Whether a write has met damage; the next start looks at the whole file."""
        self._log_is_doubtful = False
        self._sequence = 0
        self._derivation_version = derivation_version
        self._next_span: int
        self._next_trace: int
        self._resources: dict[ResourceRecord, int] = {}
        self._scopes: dict[ScopeRecord, int] = {}
        try:
            self._begin(derive)
        except BaseException as error:
            self._abandon()
            if isinstance(error, DamagedError):
                suspect(path)
            raise

    def _begin(self, derive: DeriveSpan | None) -> None:
        with translated(self.path), as_damage(self.path):
            self._next_span, self._next_trace = self._connection.execute(statements.NEXT_IDS).fetchone()
            self._first_fresh = self._next_span
            self._stored = StoredSpans(self._connection)
            self._listener = Listener(self._connection, self._stored, derive)
            self._remover = Remover(self._connection)
            is_outdated = index_version(self._connection) != self._derivation_version
        if self._log_was_left:  # by a process that ended badly, maybe because its disk failed
            self._settle_log()
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
        self._first_fresh = self._next_span
        with self._transaction():
            commit = self._write(batches)
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
            update_traces(connection, [self._recount(trace) for trace in found])
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
    def last_row_id(self) -> int:
        """The highest row id of a span so far; any thread may ask."""
        return self._next_span - 1

    def remove(
        self, trace_ids: Sequence[str], *, reason: Reason = Reason.ASKED, now_nano: int = 0, seen: int | None = None
    ) -> Removed:
        """Remove traces with all that belongs to them; see `SpanWriter.remove`."""
        with self._transaction(needs_space=False):
            return self._remover.remove(trace_ids, reason, now_nano, seen)

    def thin(self, trace_ids: Sequence[str], *, seen: int | None = None) -> int:
        """Remove some log records ahead of their traces; see `SpanWriter.thin`."""
        with self._transaction(needs_space=False):
            return self._remover.thin(trace_ids, seen)

    def pin(self, trace_ids: Sequence[str], *, pinned: bool = True) -> None:
        """Spare traces from the limits; see `SpanWriter.pin`."""
        with self._transaction(needs_space=False):
            self._remover.pin(trace_ids, pinned=pinned)

    def purge(self) -> int:
        """Remove some spans that `remove` has left; see `SpanWriter.purge`."""
        with self._transaction(needs_space=False):
            return self._remover.purge()

    def give_back(self) -> bool:
        """Give some free space back to the disk; see `SpanWriter.give_back`."""
        with self._transaction(needs_space=False):
            return give_back(self._connection)

    @contextmanager
    def _transaction(self, *, needs_space: bool = True, is_derived: bool = False) -> Iterator[None]:
        if not self._open:
            raise StoreError(f"The writer of {self.path} is closed.")
        if self._log_is_doubtful:
            self._settle_log()
        if needs_space:  # what makes room is what the reserve is for
            self._check_space()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            self._log_is_doubtful |= leaves_doubt(error)
            if isinstance(error, sqlite3.Error):
                explained = explain(error, self.path)
                if isinstance(explained, DamagedError) and not is_derived:
                    self.found_damage = True
                    suspect(self.path)
                if isinstance(explained, DiskFullError):
                    self._fold_if_possible()
                raise explained from error
            if isinstance(error, OverflowError | UnicodeEncodeError):
                raise StoreError(f"A value does not fit into {self.path}: {type(error).__name__}.") from error
            raise

    def _settle_log(self) -> None:
        """Make sure of the log before anything else is written.

        Raises:
            StoreError: The disk still fails.
        """
        with translated(self.path):
            write_again(self.path)
        self._log_is_doubtful = False

    def _check_space(self) -> None:
        """Make sure that there is room for a transaction; the log may give some back.

        Raises:
            DiskFullError: There is not.
        """
        try:
            self._space.check()
        except DiskFullError:
            self._fold_if_possible()
            self._space.check()

    def _fold_if_possible(self) -> None:
        if self._log_is_doubtful:
            return
        try:
            fold_log(self._connection)
        except sqlite3.Error as error:  # nothing has changed then; what is wrong is told by whoever writes
            self._log_is_doubtful |= leaves_doubt(error)
            log.info("the log of %s could not be brought into the file: %s", self.path, error)

    def _checkpoint(self) -> None:
        """Bring what is in the log into the file, as far as nobody reads it; a failure leaves it in the log."""
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:
            self._log_is_doubtful |= leaves_doubt(error)
            log.warning("a checkpoint of %s failed: %s", self.path, error)

    def close(self) -> None:
        """Checkpoint, close and let go of the lock; a second call does nothing."""
        if not self._open:
            return
        self._open = False
        try:
            if self._log_is_doubtful:
                self._settle_log()
            with translated(self.path):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
        except StoreError:
            close_as_it_is(self._connection, self.path)
            raise
        finally:
            self.lock.release()

    def _roll_back(self) -> None:
        # what these remember may be among what is taken back
        self._resources.clear()
        self._scopes.clear()
        self._remover.forget()
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error as error:  # what made the transaction fail is told; a rollback cannot fail halfway
                log.warning("rolling back failed: %s", error)

    def _write(self, batches: Sequence[IncomingBatch]) -> Commit:
        touched: set[str] = set()
        new_spans = replaced_spans = unchanged_spans = new_logs = 0
        for part in self._parts(batches):
            changes = _Changes(replaced_spans=part.replaced_spans, unchanged_spans=part.unchanged_spans)
            self._join(part.spans, changes)
            self._store(changes)
            new_logs += self._store_logs(part.logs)
            self._listen(changes, part.logs)
            touched.update(part.spans, (log.log.trace_id for log in part.logs if log.log.trace_id))
            new_spans += len(changes.new)
            replaced_spans += changes.replaced_spans
            unchanged_spans += changes.unchanged_spans
        return Commit(self._sequence + 1, frozenset(touched), new_spans, replaced_spans, unchanged_spans, new_logs)

    def _listen(self, changes: _Changes, logs: list[LogArrival]) -> None:
        """Derive anew what log records say something of: those that came now, or were there before their span."""
        told = self._listener.told((arrival.span for *_, arrival in (*changes.new, *changes.replaced)), logs)
        known = known_traces(self._connection, told) if told else {}
        told = {trace_id: span_ids for trace_id, span_ids in told.items() if trace_id in known}
        if told:
            again = _Changes(derived_anew=True)
            self._join(self._listener.derived(told, known), again)
            self._store(again)

    def _join(self, arrived: dict[str, _Spans], changes: _Changes) -> None:
        """Bring spans into their traces."""
        known = known_traces(self._connection, arrived) if arrived else {}
        ahead = self._stored.fetch_ahead(
            {known[trace_id].row_id: spans for trace_id, spans in arrived.items() if trace_id in known}
        )
        for trace_id, spans in arrived.items():
            trace = known.get(trace_id)
            if trace is None:
                rollup = TraceRollup(TraceState(self._next_trace, trace_id))
                self._next_trace += 1
                for arrival in spans.values():
                    self._add(rollup, arrival, changes)
            else:
                rollup = TraceRollup(trace, self._stored)
                self._merge(rollup, spans, ahead[trace.row_id], changes)
            rollup.settle()
            changes.rollups.append((rollup, trace is None))

    def _parts(self, batches: Sequence[IncomingBatch]) -> Iterator[_Part]:
        """What the batches bring, one part after the other is stored."""
        part = _Part()
        for batch in batches:
            resources = [(record, self._resource_id(record)) for record in batch.resources]
            scope_ids = [self._scope_id(record) for record in batch.scopes]
            for spans in _pieces(batch.spans):
                for span in spans:
                    _arrive(part, Arrival(span, *resources[span.resource_index], scope_ids[span.scope_index]))
                part.items += len(spans)
                if part.items >= _PART:
                    yield part
                    part = _Part()
            for logs in _pieces(batch.logs):
                part.logs += [
                    LogArrival(log, resources[log.resource_index][1], scope_ids[log.scope_index]) for log in logs
                ]
                part.items += len(logs)
                if part.items >= _PART:
                    yield part
                    part = _Part()
        yield part

    def _add(self, rollup: TraceRollup, arrival: Arrival, changes: _Changes) -> None:
        state = span_state(self._next_span, arrival)
        self._next_span += 1
        rollup.add(state)
        changes.new.append((state, rollup.trace.row_id, arrival))

    def _merge(self, rollup: TraceRollup, arrived: _Spans, ahead: Ahead, changes: _Changes) -> None:
        """Bring spans into a trace that has some already."""
        rollup.know(found.state for found in ahead.spans.values())
        rollup.know(ahead.children)
        rollup.know_missing(ahead.asked)
        rollup.know_children(arrived)
        slices = (
            {}
            if changes.derived_anew
            else self._stored.slices(
                {
                    found.state.row_id: found.length
                    for span_id, found in ahead.spans.items()
                    if (again := arrived.get(span_id)) is not None
                    and _may_equal(again, found.resource_id, found.scope_id, found.length)
                }
            )
        )
        recount = False
        for span_id, arrival in arrived.items():
            found = ahead.spans.get(span_id)
            if found is None:
                self._add(rollup, arrival, changes)
                continue
            old = found.state
            if not changes.derived_anew and (
                slices.get(old.row_id) == arrival.span.data or (old.end and not arrival.span.end_time_unix_nano)
            ):
                changes.unchanged_spans += 1
                continue
            new = span_state(self._row_id_after(old.row_id), arrival)
            recount |= not rollup.replace(old, new)
            changes.replaced.append((new, rollup.trace.row_id, arrival))
            changes.gone.append(old.row_id)
            changes.replaced_spans += 1
        if recount:
            changes.recount.append(rollup.trace)

    def _row_id_after(self, row_id: int) -> int:
        """The row id of a span's later version: another, unless the earlier is of this very transaction."""
        if row_id >= self._first_fresh:
            return row_id
        self._next_span += 1
        return self._next_span - 1

    def _store(self, changes: _Changes) -> None:
        connection, version = self._connection, self._derivation_version
        spans = [*changes.new, *changes.replaced]
        if changes.gone:
            self._remove(changes.gone, keeping_slices=changes.derived_anew)
        insert_rows(connection, statements.insert_spans, [span_row(*span, version) for span in spans])
        if changes.derived_anew:
            moved = [(old, state.row_id) for old, (state, *_) in zip(changes.gone, changes.replaced, strict=True)]
            insert_rows(connection, statements.move_data, moved)
        else:
            insert_slices(connection, [(state.row_id, arrival.span.data) for state, _, arrival in spans])
        pending = [(state.row_id, trace, state.announces) for state, trace, _ in spans if state.announces]
        insert_rows(connection, statements.insert_pending, pending)
        write_marks(connection, [state for rollup, _ in changes.rollups for state in rollup.marked.values()])
        recounted = {trace.row_id: self._recount(trace) for trace in changes.recount}
        traces: dict[bool, list[TraceState]] = {True: [], False: []}
        for rollup, is_new in changes.rollups:
            traces[is_new].append(recounted.get(rollup.trace.row_id, rollup.trace))
        insert_traces(connection, traces[True], version)
        update_traces(connection, traces[False])

    def _remove(self, row_ids: list[int], *, keeping_slices: bool) -> None:
        """Take out the rows of spans that come again under other row ids: what is indexed under theirs is outdated."""
        gone = json.dumps(row_ids)
        self._connection.execute(statements.REMOVE_SPANS, (gone,))
        self._connection.execute(statements.NOT_PENDING, (gone,))
        if not keeping_slices:
            self._connection.execute(statements.REMOVE_DATA, (gone,))

    def _recount(self, trace: TraceState) -> TraceState:
        """A trace's totals and marks from all its stored spans, replaced ones included."""
        counted = TraceState(trace.row_id, trace.trace_id)
        rollup = TraceRollup(counted)
        states = self._stored.all(trace)
        marks = [(state.below, state.under_tool) for state in states]
        for state in states:
            if not state.announces:  # whose marks say that they are not counted, whatever is stored
                state.below, state.under_tool = 0, False
            rollup.add(state)
        rollup.settle()
        write_marks(
            self._connection,
            # a pending one may still have the marks of the real span that it was taken for
            [
                state
                for state, mark in zip(states, marks, strict=True)
                if state.announces or (state.below, state.under_tool) != mark
            ],
        )
        return counted

    def _store_logs(self, logs: list[LogArrival]) -> int:
        before = self._connection.total_changes
        insert_logs(self._connection, logs, self._derivation_version)
        return self._connection.total_changes - before

    def _resource_id(self, record: ResourceRecord) -> int:
        known = self._resources.get(record)
        if known is None:
            known = self._record_id(
                statements.FIND_RESOURCE,
                statements.INSERT_RESOURCE,
                (record.service, record.project),
                record.schema_url,
                record.data,
            )
            if len(self._resources) >= _MAX_CACHED_RECORDS:
                self._resources.clear()
            self._resources[record] = known
        return known

    def _scope_id(self, record: ScopeRecord) -> int:
        known = self._scopes.get(record)
        if known is None:
            known = self._record_id(
                statements.FIND_SCOPE,
                statements.INSERT_SCOPE,
                (record.name, record.version),
                record.schema_url,
                record.data,
            )
            if len(self._scopes) >= _MAX_CACHED_RECORDS:
                self._scopes.clear()
            self._scopes[record] = known
        return known

    def _record_id(self, find: str, insert: str, columns: tuple[str, str], schema_url: str, data: bytes) -> int:
        from hashlib import blake2b  # deferred: OpenSSL takes 5 ms, which the first paint has no need of

        digest = blake2b(data + b"\0" + schema_url.encode(), digest_size=16).digest()
        if row := self._connection.execute(find, (digest,)).fetchone():
            return int(row[0])
        cursor = self._connection.execute(insert, (*columns, schema_url, digest, data))
        return int(cursor.lastrowid or 0)


def _pieces(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items, as many at a time as go into one part."""
    return (items[start : start + _PART] for start in range(0, len(items), _PART))


def _arrive(part: _Part, arrival: Arrival) -> None:
    """Add a span, or a later version of one that is there."""
    spans = part.spans.setdefault(arrival.span.trace_id, {})
    earlier = spans.setdefault(arrival.span.span_id, arrival)
    if earlier is not arrival:
        if _supersedes(arrival, earlier):
            spans[arrival.span.span_id] = arrival
            part.replaced_spans += 1
        else:
            part.unchanged_spans += 1


def _supersedes(new: Arrival, old: Arrival) -> bool:
    """Whether a later arrival of the same span takes the place of an earlier one."""
    if old.span.end_time_unix_nano and not new.span.end_time_unix_nano:
        return False
    return not _may_equal(new, old.resource_id, old.scope_id, len(old.span.data)) or new.span.data != old.span.data


def _may_equal(arrival: Arrival, resource_id: int, scope_id: int, length: int) -> bool:
    """Whether all but the bytes of a slice is equal."""
    return (arrival.resource_id, arrival.scope_id, len(arrival.span.data)) == (resource_id, scope_id, length)
