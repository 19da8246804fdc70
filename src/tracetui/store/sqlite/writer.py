"""The one writer: several batches in, one durable transaction out, trace totals kept on the way."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from tracetui.errors import StoreError
from tracetui.store.api import Commit, IncomingBatch, IncomingLog, IncomingSpan, ResourceRecord, ScopeRecord
from tracetui.store.lock import WriterLock, acquire
from tracetui.store.rollup import PICO, SpanState, TraceRollup, TraceState
from tracetui.store.sqlite import statements
from tracetui.store.sqlite.connection import check_path, explain, open_for_writing

_MAX_CACHED_RECORDS = 4096


class _Changes:
    """What one transaction is going to write."""

    def __init__(self) -> None:
        self.new: list[tuple[SpanState, int, Arrival]] = []
        """Spans to insert, each with the row id of its trace."""
        self.replaced: list[tuple[SpanState, int, Arrival]] = []
        self.rollups: list[tuple[TraceRollup, bool]] = []
        """Traces touched, and whether they are new."""
        self.recount: list[TraceState] = []
        """Traces of which a replacement took something away."""
        self.replaced_spans = 0
        self.unchanged_spans = 0


class SqliteWriter:
    """Writes one database file; a `SpanWriter`. Used by one thread at a time.

    Args:
        path: The database file.
        derivation_version: Version of the code that derived the columns of the spans to come.

    Raises:
        StoreLockedError: Another process writes this file.
        StoreError: The file cannot be used; says why.
    """

    def __init__(self, path: Path, *, derivation_version: int = 1) -> None:
        check_path(path)
        self.path = path
        self.lock: WriterLock = acquire(path)
        """The lock this writer holds; others read from it where this process listens."""
        try:
            self._connection = open_for_writing(path, self.lock)
        except BaseException:
            self.lock.release()
            raise
        self._open = True
        self._sequence = 0
        self._derivation_version = derivation_version
        self._next_span, self._next_trace = self._connection.execute(statements.NEXT_IDS).fetchone()
        self._resources: dict[ResourceRecord, int] = {}
        self._scopes: dict[ScopeRecord, int] = {}

    def write(self, batches: Sequence[IncomingBatch]) -> Commit:
        """Store the batches in one durable transaction.

        Raises:
            StoreError: Nothing was stored; the same call may succeed later.
        """
        if not self._open:
            raise StoreError(f"The writer of {self.path} is closed.")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            commit = self._write(batches)
            self._connection.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                raise explain(error, self.path) from error
            if isinstance(error, OverflowError | UnicodeEncodeError):
                raise StoreError(f"A value does not fit into {self.path}: {error}.") from error
            raise
        self._sequence = commit.sequence
        return commit

    def close(self) -> None:
        """Checkpoint, close and let go of the lock; a second call does nothing."""
        if not self._open:
            return
        self._open = False
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise explain(error, self.path) from error
        finally:
            self._connection.close()
            self.lock.release()

    def _roll_back(self) -> None:
        # rows of these may be among what is taken back
        self._resources.clear()
        self._scopes.clear()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _write(self, batches: Sequence[IncomingBatch]) -> Commit:
        changes = _Changes()
        arrived, logs = self._gather(batches, changes)
        states = self._known_traces(arrived)
        source = StoredSpans(self._connection)
        ahead = source.fetch_ahead({states[trace_id].row_id: spans for trace_id, spans in arrived.items()
                                    if trace_id in states})
        for trace_id, spans in arrived.items():
            state = states.get(trace_id)
            if state is None:
                rollup = TraceRollup(TraceState(self._next_trace, trace_id))
                self._next_trace += 1
                for arrival in spans.values():
                    self._add(rollup, arrival, changes)
            else:
                rollup = TraceRollup(state, source)
                self._merge(rollup, spans, ahead[state.row_id], changes)
            rollup.settle()
            changes.rollups.append((rollup, state is None))
        self._store_spans(changes)
        new_logs = self._store_logs(logs)
        touched = frozenset(arrived) | {log.trace_id for log, _, _ in logs if log.trace_id}
        return Commit(self._sequence + 1, touched, len(changes.new), changes.replaced_spans, changes.unchanged_spans,
                      new_logs)

    def _gather(self, batches: Sequence[IncomingBatch], changes: _Changes,
                ) -> tuple[dict[str, dict[str, Arrival]], list[tuple[IncomingLog, int, int]]]:
        """The spans by trace and id, the last version of each, and the log records."""
        arrived: dict[str, dict[str, Arrival]] = {}
        logs: list[tuple[IncomingLog, int, int]] = []
        for batch in batches:
            resource_ids = [self._resource_id(record) for record in batch.resources]
            scope_ids = [self._scope_id(record) for record in batch.scopes]
            for span in batch.spans:
                arrival = Arrival(span, batch.resources[span.resource_index], resource_ids[span.resource_index],
                                   scope_ids[span.scope_index])
                spans = arrived.get(span.trace_id)
                if spans is None:
                    spans = arrived[span.trace_id] = {}
                earlier = spans.setdefault(span.span_id, arrival)
                if earlier is not arrival:
                    if _supersedes(arrival, earlier):
                        spans[span.span_id] = arrival
                        changes.replaced_spans += 1
                    else:
                        changes.unchanged_spans += 1
            logs += [(log, resource_ids[log.resource_index], scope_ids[log.scope_index]) for log in batch.logs]
        return arrived, logs

    def _known_traces(self, trace_ids: Iterable[str]) -> dict[str, TraceState]:
        rows = json_row(self._connection, statements.TRACES_BY_ID, json.dumps(list(trace_ids)))
        return {row[1]: trace_state(row) for row in rows}

    def _add(self, rollup: TraceRollup, arrival: Arrival, changes: _Changes) -> None:
        state = span_state(self._next_span, arrival)
        self._next_span += 1
        rollup.add(state)
        changes.new.append((state, rollup.trace.row_id, arrival))

    def _merge(self, rollup: TraceRollup, arrived: dict[str, Arrival], ahead: Ahead, changes: _Changes) -> None:
        """Bring spans into a trace that has some already."""
        rollup.know(state for state, *_ in ahead.spans.values())
        rollup.know(ahead.children)
        rollup.know_missing(ahead.asked)
        rollup.know_children(arrived)
        slices = slices(self._connection, [
            state.row_id for state, resource_id, scope_id, length in ahead.spans.values()
            if (again := arrived.get(state.span_id)) is not None
            and (resource_id, scope_id, length) == (again.resource_id, again.scope_id, len(again.span.data))])
        recount = False
        for span_id, arrival in arrived.items():
            if (known := ahead.spans.get(span_id)) is None:
                self._add(rollup, arrival, changes)
                continue
            old = known[0]
            if slices.get(old.row_id) == arrival.span.data or (old.end and not arrival.span.end_time_unix_nano):
                changes.unchanged_spans += 1
                continue
            new = span_state(old.row_id, arrival)
            recount |= not rollup.replace(old, new)
            changes.replaced.append((new, rollup.trace.row_id, arrival))
            changes.replaced_spans += 1
        if recount:
            changes.recount.append(rollup.trace)

    def _store_spans(self, changes: _Changes) -> None:
        connection = self._connection
        for spans, insert, insert_data in (
            (changes.new, statements.insert_spans, statements.insert_data),
            (changes.replaced, statements.replace_spans, statements.replace_data),
        ):
            version = self._derivation_version
            insert(connection, insert, [
                (state.row_id, trace_row, *arrival.span[1:24], arrival.resource_id, arrival.scope_id,
                 arrival.span.warnings, state.below, state.under_tool, version)
                for state, trace_row, arrival in spans])
            insert(connection, insert_data, [(state.row_id, 0, arrival.span.data) for state, _, arrival in spans])
        marked = [state for rollup, _ in changes.rollups for state in rollup.marked.values()]
        mark(connection, marked)
        recounted = {trace.row_id: self._recount(trace) for trace in changes.recount}
        for insert, new in ((statements.insert_traces, True), (statements.update_traces, False)):
            insert(connection, insert, [
                trace_row(recounted.get(rollup.trace.row_id, rollup.trace))
                for rollup, is_new in changes.rollups if is_new == new])

    def _recount(self, trace: TraceState) -> TraceState:
        """A trace's totals and marks from all its stored spans, replaced ones included."""
        counted = TraceState(trace.row_id, trace.trace_id)
        rollup = TraceRollup(counted)
        before: list[tuple[SpanState, int, bool]] = []
        for row in json_row(self._connection, statements.TRACE_STATES, trace.row_id):
            state = stored_state(row)
            state.service, state.project = row[-2:]
            before.append((state, state.below, state.under_tool))
            state.below, state.under_tool = 0, False
            rollup.add(state)
        rollup.settle()
        mark(self._connection, [state for state, below, under_tool in before
                                 if (state.below, state.under_tool) != (below, under_tool)])
        return counted

    def _store_logs(self, logs: list[tuple[IncomingLog, int, int]]) -> int:
        before = self._connection.total_changes
        insert(self._connection, statements.insert_logs, [
            (*log[:6], resource_id, scope_id, log_hash(log.data, resource_id, scope_id), log.data)
            for log, resource_id, scope_id in logs])
        return self._connection.total_changes - before

    def _resource_id(self, record: ResourceRecord) -> int:
        if (known := self._resources.get(record)) is not None:
            return known
        found = self._record_id(statements.FIND_RESOURCE, statements.INSERT_RESOURCE,
                                (record.service, record.project), record.schema_url, record.data)
        if len(self._resources) >= _MAX_CACHED_RECORDS:
            self._resources.clear()
        self._resources[record] = found
        return found

    def _scope_id(self, record: ScopeRecord) -> int:
        if (known := self._scopes.get(record)) is not None:
            return known
        found = self._record_id(statements.FIND_SCOPE, statements.INSERT_SCOPE,
                                (record.name, record.version), record.schema_url, record.data)
        if len(self._scopes) >= _MAX_CACHED_RECORDS:
            self._scopes.clear()
        self._scopes[record] = found
        return found

    def _record_id(self, find: str, insert: str, columns: tuple[str, str], schema_url: str, data: bytes) -> int:
        digest = blake2b(data, digest_size=16)
        digest.update(b"\0" + schema_url.encode())
        if row := self._connection.execute(find, (digest.digest(),)).fetchone():
            return int(row[0])
        cursor = self._connection.execute(insert, (*columns, schema_url, digest.digest(), data))
        return int(cursor.lastrowid or 0)


def _supersedes(new: Arrival, old: Arrival) -> bool:
    """Whether a later arrival of the same span takes the place of an earlier one."""
    if old.span.end_time_unix_nano and not new.span.end_time_unix_nano:
        return False
    return (new.span.data, new.resource_id, new.scope_id) != (old.span.data, old.resource_id, old.scope_id)
