"""What senders bring into the database: spans into their traces, totals kept on the way, log records to their spans."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import TypeAlias, TypeVar

from msgspec import Struct, field

from tracetui.store.records import Commit, IncomingBatch
from tracetui.store.rollup import SpanState, TraceRollup, TraceState
from tracetui.store.sqlite import statements
from tracetui.store.sqlite.listening import Listener
from tracetui.store.sqlite.owners import Owners
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

T = TypeVar("T")

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


class Arrivals:
    """Stores what arrives, within the writer's transactions.

    Args:
        connection: The writer's.
        stored: The spans that are there.
        listener: Hears what log records say of spans.
        version: Version of the code that derived the columns of what arrives.
    """

    def __init__(self, connection: sqlite3.Connection, stored: StoredSpans, listener: Listener, version: int) -> None:
        self._connection = connection
        self._stored = stored
        self._listener = listener
        self._version = version
        self._owners = Owners(connection)
        self._next_span: int
        self._next_trace: int
        self._next_span, self._next_trace = connection.execute(statements.NEXT_IDS).fetchone()
        self._first_fresh = self._next_span

    @property
    def last_row_id(self) -> int:
        """The highest row id of a span so far; any thread may ask."""
        return self._next_span - 1

    def forget(self) -> None:
        """Forget what may have been taken back with a transaction."""
        self._owners.forget()

    def store(self, batches: Sequence[IncomingBatch], sequence: int) -> Commit:
        """Store batches within the transaction at hand.

        Args:
            batches: What senders bring.
            sequence: The number of the commit.
        """
        self._first_fresh = self._next_span
        touched: set[str] = set()
        new_spans = replaced_spans = unchanged_spans = new_logs = 0
        for part in self._parts(batches):
            changes = _Changes(replaced_spans=part.replaced_spans, unchanged_spans=part.unchanged_spans)
            self._join(part.spans, changes)
            self._insert(changes)
            new_logs += self._store_logs(part.logs)
            self._listen(changes, part.logs)
            touched.update(part.spans, (log.log.trace_id for log in part.logs if log.log.trace_id))
            new_spans += len(changes.new)
            replaced_spans += changes.replaced_spans
            unchanged_spans += changes.unchanged_spans
        return Commit(sequence, frozenset(touched), new_spans, replaced_spans, unchanged_spans, new_logs)

    def _listen(self, changes: _Changes, logs: list[LogArrival]) -> None:
        """Derive anew what log records say something of: those that came now, or were there before their span."""
        told = self._listener.told((arrival.span for *_, arrival in (*changes.new, *changes.replaced)), logs)
        known = known_traces(self._connection, told) if told else {}
        told = {trace_id: span_ids for trace_id, span_ids in told.items() if trace_id in known}
        if told:
            again = _Changes(derived_anew=True)
            self._join(self._listener.derived(told, known), again)
            self._insert(again)

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
            resources = [(record, self._owners.resource_id(record)) for record in batch.resources]
            scope_ids = [self._owners.scope_id(record) for record in batch.scopes]
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

    def _insert(self, changes: _Changes) -> None:
        connection, version = self._connection, self._version
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
        recounted = {trace.row_id: self.recount(trace) for trace in changes.recount}
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

    def recount(self, trace: TraceState) -> TraceState:
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
        insert_logs(self._connection, logs, self._version)
        return self._connection.total_changes - before


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
