"""The contract of a store: what goes in, what comes out, and what happens in the awkward cases.

Every backend passes `tests/contract`. Ids are lowercase hex; times integer nanoseconds; `None` means not known.

Writing
    * `SpanWriter.write` puts several batches into ONE transaction: on return all of it is durable, on an exception
      none.
    * Identity is (trace_id, span_id). The same span again changes nothing. Different content replaces the earlier,
      except that a span with an end time is not replaced by one without. Counts and sums never grow from a re-send.
    * A pending span announces another, which is still open. It is kept, but counts nowhere but in `pending_count`, and
      `skeleton` shows it in the announced span's place until that span is there, whichever comes first.
    * A log record is identified by the hash of its bytes, resource and scope; a re-sent one is stored once.
    * A log record that says something of its span (`IncomingLog.tells`) may come before or after it, or without it: the
      span's columns, and with them the totals, are those that all its log records give it.
    * Trace totals are exact once the spans are in, in any order of arrival, and cost amortised constant time per span.

Reading
    * Reads see a consistent snapshot per call and never block the writer.
    * An unknown id yields None or an empty list, never an exception.
    * Pages are keyset pages: a page is what follows a key, so rows that arrive meanwhile shift nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from tracetui.model.session import SessionSummary
from tracetui.model.trace import SpanNode, SpanRow, TraceSummary
from tracetui.model.usage import Usage
from tracetui.store.conditions import Condition, Operand
from tracetui.store.orders import SessionSort, SpanSort, TraceSort
from tracetui.store.records import (
    Commit,
    Hit,
    IncomingBatch,
    IncomingSpan,
    Indexed,
    IndexMarks,
    OldTrace,
    OutdatedLog,
    OutdatedSpan,
    OutdatedTrace,
    Reason,
    Rederived,
    Removals,
    Removed,
    ResourceRecord,
    RowKey,
    SearchState,
    SpanGroups,
    StoredLog,
    StoredSpan,
    StoreSize,
    Unindexed,
)

DeriveSpan = Callable[[bytes, str, Sequence[bytes]], IncomingSpan]
"""Derives the columns of a stored span anew: from its bytes, its scope's name, and the bytes of the log records that
say something of it, in order of arrival."""


CommitListener = Callable[[Commit], None]
"""Called in the writer's thread after each commit, before the senders are answered; must return at once."""


class SpanWriter(Protocol):
    """The one writer of a database."""

    def write(self, batches: Sequence[IncomingBatch]) -> Commit:
        """Store the batches in one durable transaction.

        Raises:
            StoreError: Nothing was stored; the same call may succeed later.
        """
        ...

    def rederive(self, work: Rederived) -> frozenset[str]:
        """Put columns derived anew in the place of the old, in one durable transaction.

        What arrived meanwhile stands: a span that was replaced since it was read is left alone.

        Returns:
            The ids of the traces that were counted anew.

        Raises:
            StoreError: Nothing was stored.
        """
        ...

    def outdate(self, first_row_id: int, last_row_id: int) -> None:
        """Mark the spans and log records with row ids in this range, and their traces, as yet to be derived anew.

        Raises:
            StoreError: Nothing was stored.
        """
        ...

    def index(self, work: Indexed) -> bool:
        """Add to the search index, in one transaction that may be lost with the power, but not halfway.

        Returns:
            Whether it was added.

        Raises:
            StoreError: Nothing was stored.
        """
        ...

    def tidy_index(self) -> bool:
        """Do a little of what keeps the search index fast; a few milliseconds.

        Returns:
            Whether there is more of that to do.

        Raises:
            StoreError: Nothing was changed.
        """
        ...

    def clear_index(self) -> None:
        """Empty the search index: everything stored so far is yet to come again.

        Raises:
            StoreError: Nothing was changed.
        """
        ...

    def pin(self, trace_ids: Sequence[str], *, pinned: bool = True) -> None:
        """Spare traces from the limits of size and age, or no longer; those that are not there are left out.

        Raises:
            StoreError: Nothing was changed.
        """
        ...

    @property
    def last_row_id(self) -> int:
        """The highest row id of a span so far; any thread may ask."""
        ...

    def remove(
        self, trace_ids: Sequence[str], *, reason: Reason = Reason.ASKED, now_nano: int = 0, seen: int | None = None
    ) -> Removed:
        """Remove traces with all that belongs to them, in one short transaction.

        Args:
            trace_ids: Which; those that are not there are left out.
            reason: Enters `removals`, with the time; a limit spares what is pinned.
            now_nano: That time.
            seen: What `last_row_id` was when somebody chose them: a trace that has got spans since is spared.

        Nobody sees anything of them from then on. Spans and log records of a huge trace may still take space until
        `purge` and `purge_logs` have removed them; what arrives later for such a trace begins a new one.

        Raises:
            StoreError: Nothing was removed.
        """
        ...

    def purge(self) -> int:
        """Remove some spans that `remove` has left, in one short transaction; returns how many, 0 when none is left.

        Raises:
            StoreError: Nothing was removed.
        """
        ...

    def purge_logs(self) -> int:
        """The same for log records.

        Raises:
            StoreError: Nothing was removed.
        """
        ...

    def give_back(self) -> bool:
        """Give some free space of the file back to the disk, in one short step; returns whether there may be more.

        Raises:
            StoreError: It failed; nothing is lost.
        """
        ...

    def close(self) -> None:
        """Checkpoint and close; further writes raise `StoreError`."""
        ...


class SpanReader(Protocol):
    """Reads of a store. One reader is used by one thread at a time; each thread opens its own.

    What takes a condition may take long and can be ended from another thread by `interrupt`: it raises
    `SearchCancelled`.
    """

    def interrupt(self) -> None:
        """End the search that another thread is waiting for, if there is one."""
        ...

    def data_version(self) -> int:
        """A number that changes when another connection has committed."""
        ...

    def size(self) -> StoreSize:
        """How much the store holds."""
        ...

    def count_traces(
        self, where: Condition | None = None, *, ahead_of: RowKey | None = None, sort: TraceSort = TraceSort()
    ) -> int:
        """Traces that match; with `ahead_of`, those that stand before that key in the order."""
        ...

    def traces(
        self,
        where: Condition | None = None,
        *,
        sort: TraceSort = TraceSort(),
        after: RowKey | None = None,
        before: RowKey | None = None,
        limit: int = 100,
    ) -> list[TraceSummary]:
        """A page of traces in the order.

        With `after`, the rows that follow that key; with `before`, the `limit` rows that stand directly before it
        (still returned in the order). Both None: the first page. Giving both is an error of the caller.
        `before=END` asks for the last page.
        """
        ...

    def traces_as_found(
        self,
        where: Condition | None = None,
        *,
        sort: TraceSort = TraceSort(),
        after: RowKey | None = None,
        before: RowKey | None = None,
        limit: int = 100,
    ) -> Iterator[list[TraceSummary]]:
        """The rows of `traces`, some at a time as they are found: from the key on, so those before a key in reverse.

        Whoever does not read to the end closes the iterator; nothing else is read meanwhile.
        """
        ...

    def trace_key(self, trace: TraceSummary, sort: TraceSort) -> RowKey:
        """The key of a row under an order."""
        ...

    def trace(self, trace_id: str) -> TraceSummary | None:
        """One trace."""
        ...

    def count_sessions(self, *, ahead_of: RowKey | None = None, sort: SessionSort = SessionSort()) -> int:
        """Sessions: the distinct session ids of traces; with `ahead_of`, those before that key in the order."""
        ...

    def sessions(
        self,
        *,
        sort: SessionSort = SessionSort(),
        after: RowKey | None = None,
        before: RowKey | None = None,
        limit: int = 100,
    ) -> list[SessionSummary]:
        """A page of sessions in the order, by the rules of `traces`.

        A trace belongs to the session that the earliest of its spans with a session id names.
        """
        ...

    def session_key(self, session: SessionSummary, sort: SessionSort) -> RowKey:
        """The key of a row under an order."""
        ...

    def session(self, session_id: str) -> SessionSummary | None:
        """One session."""
        ...

    def session_traces(
        self, session_id: str, *, after: RowKey | None = None, before: RowKey | None = None, limit: int = 100
    ) -> list[TraceSummary]:
        """A page of a session's traces from the first turn to the last, by the rules of `traces`.

        The keys are those of `trace_key` for `TraceOrder.START`.
        """
        ...

    def count_session_traces(self, session_id: str, *, ahead_of: RowKey | None = None) -> int:
        """Traces of a session; with `ahead_of`, those before that key."""
        ...

    def find_sessions(self, id_prefix: str, *, limit: int = 10) -> list[str]:
        """Sessions whose id starts with this text, exact case, in alphabetical order."""
        ...

    def matching(self, trace_id: str, where: Condition) -> list[str]:
        """Ids of the spans of a trace that match, in order of arrival."""
        ...

    def hits(self, trace_row_ids: Sequence[int], where: Condition) -> dict[int, Hit | None]:
        """Why these traces match, by row id; None where nothing but numbers, times or the structure decides.

        Traces that do not match are left out.
        """
        ...

    def frequent_keys(self, prefix: str = "", *, limit: int = 50) -> list[tuple[str, int]]:
        """Keys of span attributes that start so, without regard to case, with how many spans have them.

        The most frequent come first. In a large store, counted among the latest spans; in bounded time.
        """
        ...

    def frequent_values(self, operand: Operand, prefix: str = "", *, limit: int = 50) -> list[tuple[str, int]]:
        """Values of a field or an attribute that start so, by the rules of `frequent_keys`."""
        ...

    def search_state(self) -> SearchState:
        """How far the search index has come."""
        ...

    def count_spans(self, where: Condition | None = None) -> int:
        """Spans that match."""
        ...

    def spans(self, where: Condition | None = None, *, after_row_id: int = 0, limit: int = 100) -> list[SpanRow]:
        """A page of spans in order of arrival."""
        ...

    def sorted_spans(self, where: Condition | None, sort: SpanSort, *, limit: int | None = None) -> list[int]:
        """Row ids of the spans that match, in an order: the first so many, or all.

        Spans without the value (no cost, no duration) stand below all that have it.
        """
        ...

    def group_spans(self, where: Condition | None, by: Sequence[Operand]) -> SpanGroups:
        """The spans that match in groups of equal values, in no particular order.

        Raises:
            UsageError: A field is none to group by, or there are too many groups.
        """
        ...

    def skeleton(self, trace_id: str) -> list[SpanNode]:
        """Every span of a trace, little of each, in no particular order; as fast as the store can.

        A pending span has the id of the span that it announces and no end, and is left out once that has arrived.
        """
        ...

    def unseen(self, trace_id: str) -> list[SpanNode]:
        """The spans of a trace that log records name and that are neither there nor announced.

        They begin and end with the first record's time, and their row ids are 0 or less.
        """
        ...

    def rows(self, row_ids: Sequence[int]) -> list[SpanRow]:
        """These spans' rows, in the order asked for; ids that are gone are left out."""
        ...

    def span(self, trace_id: str, span_id: str) -> StoredSpan | None:
        """One span, whole; while it has not arrived, the pending one that announces it."""
        ...

    def usage_below(self, trace_id: str, span_id: str) -> Usage:
        """What the spans below a span carry of usage and cost and the totals count."""
        ...

    def stored_spans(self, row_ids: Sequence[int]) -> list[StoredSpan]:
        """These spans, whole, in the order asked for; ids that are gone are left out."""
        ...

    def count_logs(self) -> int:
        """Log records."""
        ...

    def logs(
        self, *, trace_id: str | None = None, span_id: str | None = None, after_row_id: int = 0, limit: int = 100
    ) -> list[StoredLog]:
        """A page of log records in order of arrival, of all, of one trace, or of one span of it."""
        ...

    def oldest_traces(self, *, ended_before: int, running_since: int, limit: int = 100) -> list[OldTrace]:
        """The oldest traces that may be removed, the oldest first; pinned ones may not.

        Args:
            ended_before: Only those whose last span ended before this time.
            running_since: A trace that is not complete and in which something ended after this time is running, and is
                left out.
            limit: At most so many.
        """
        ...

    def removals(self) -> list[Removals]:
        """What was ever removed, by reason, in alphabetical order."""
        ...

    def used_bytes(self) -> int:
        """Bytes in use; less than the size of the file where something was removed."""
        ...

    def count_outdated(self, version: int) -> int:
        """Spans of outdated traces, and outdated log records: what a version of the code has yet to derive."""
        ...

    def outdated_traces(self, version: int, *, limit: int = 100) -> list[OutdatedTrace]:
        """Some traces that were derived by a version before this."""
        ...

    def outdated_spans(
        self, trace: int, version: int, *, after_row_id: int = 0, limit: int = 100
    ) -> list[OutdatedSpan]:
        """A page of the spans of a trace (its row id) that were derived by a version before this."""
        ...

    def outdated_logs(self, version: int, *, limit: int = 100) -> list[OutdatedLog]:
        """Some log records whose columns were derived by a version before this."""
        ...

    def unindexed(self, version: int, *, after: IndexMarks | None = None, limit: int = 100) -> Unindexed | None:
        """What the search index is to be given next: what came last, then the newest of what was there before.

        Args:
            version: Spans whose columns an earlier version derived are left for later.
            after: How far the index will have come, where that is not yet committed.
            limit: Spans, and log records, at most.

        Returns:
            None where there is nothing.
        """
        ...

    def next_unindexed_size(self, after: IndexMarks | None = None) -> int:
        """Bytes of the span that `unindexed` begins with, which a large one does alone; 0 where there is none.

        Args:
            after: As there.
        """
        ...

    def log_slices(self, row_ids: Sequence[int]) -> list[bytes]:
        """The encoded messages of these log records, in the order asked for; those that are gone are empty."""
        ...

    def resources(self) -> list[tuple[int, ResourceRecord]]:
        """Every resource with its row id."""
        ...

    def last_row_ids(self) -> tuple[int, int]:
        """The highest row ids of spans and of log records; 0 where there are none."""
        ...

    def find(self, id_prefix: str, *, limit: int = 10) -> list[tuple[str, str]]:
        """Traces and spans whose id starts with this hex text: (trace_id, "") for a trace, (trace_id, span_id) else."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


END = RowKey("", -1)
"""As `before`: the end of the list."""


def all_spans(reader: SpanReader, where: Condition | None = None, *, page: int = 500) -> Iterator[StoredSpan]:
    """Every matching span, whole, page by page in order of arrival."""
    after = 0
    while rows := reader.spans(where, after_row_id=after, limit=page):
        after = rows[-1].row_id
        yield from reader.stored_spans([row.row_id for row in rows])


def all_logs(
    reader: SpanReader, *, trace_id: str | None = None, span_id: str | None = None, page: int = 500
) -> Iterator[StoredLog]:
    """Every matching log record, page by page in order of arrival."""
    after = 0
    while records := reader.logs(trace_id=trace_id, span_id=span_id, after_row_id=after, limit=page):
        after = records[-1].row_id
        yield from records
