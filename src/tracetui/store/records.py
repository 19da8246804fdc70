"""What goes into a store and what comes out: values, without behaviour. `api.py` says who takes and gives them."""

# without `from __future__ import annotations`: NamedTuple compiles annotations that are text, 2 ms of the first paint
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from tracetui.model.trace import SpanRow


class ResourceRecord(Struct, frozen=True):
    """A resource as it came, with the columns derived from it."""

    data: bytes
    """The encoded `Resource` message."""
    schema_url: str
    service: str
    project: str


class ScopeRecord(Struct, frozen=True):
    """An instrumentation scope as it came."""

    data: bytes
    """The encoded `InstrumentationScope` message."""
    schema_url: str
    name: str
    version: str


class IncomingSpan(NamedTuple):
    """One span on its way in: its bytes and the columns derived from them, ready to be bound to a statement."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    otel_kind: int
    start_time_unix_nano: int
    end_time_unix_nano: int
    status_code: int
    status_message: str
    kind: str
    is_error: bool
    model: str
    provider: str
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    cost_total: float | None
    cost_input: float | None
    cost_output: float | None
    cost_estimated: bool
    """Whether the cost was worked out here rather than reported."""
    session_id: str
    user_id: str
    tool_name: str
    agent_name: str
    preview: str
    resource_index: int
    """Index into the batch's `resources`."""
    scope_index: int
    """Index into the batch's `scopes`."""
    warnings: str
    """What was odd about it on the way in, one sentence a line; usually empty."""
    data: bytes
    """The encoded `Span` message, exactly as it came (or as the JSON mapping made it)."""
    announces: str = ""
    """The span that a pending one stands for until it arrives; empty for a real span. The parent of a pending span is
    the announced span's, not the one it was sent with."""


class IncomingLog(NamedTuple):
    """One log record on its way in."""

    trace_id: str
    """Empty where the record names no trace."""
    span_id: str
    time_unix_nano: int
    """The record's time, or its observed time where it has none."""
    severity_number: int
    event_name: str
    body_text: str
    """The body as one short line of text, as received."""
    resource_index: int
    scope_index: int
    data: bytes
    """The encoded `LogRecord` message."""
    tells: bool = False
    """Whether the columns of its span depend on it."""


class IncomingBatch(Struct, frozen=True):
    """What one export request brings; stored whole or not at all."""

    resources: Sequence[ResourceRecord]
    scopes: Sequence[ScopeRecord]
    spans: Sequence[IncomingSpan] = ()
    logs: Sequence[IncomingLog] = ()
    byte_size: int = 0
    """Bytes it holds in memory, roughly; what the ingest queue counts."""


class OutdatedTrace(Struct, frozen=True):
    """A stored trace whose columns and totals were derived by an earlier version of the code."""

    row_id: int
    span_count: int
    """Its spans, pending ones included, derived anew already or not."""


class OutdatedSpan(Struct, frozen=True):
    """A stored span of such a trace that is itself yet to be derived anew."""

    row_id: int
    scope_name: str
    data: bytes
    """The encoded `Span` message."""


class OutdatedLog(NamedTuple):
    """A stored log record whose columns were derived by an earlier version."""

    row_id: int
    data: bytes
    """The encoded `LogRecord` message."""


class Rederived(Struct, frozen=True):
    """Columns derived anew from what is stored."""

    spans: Sequence[tuple[int, IncomingSpan | None]] = ()
    """Row ids and columns; None leaves the columns as they are, of a span that cannot be read any more."""
    logs: Sequence[tuple[int, IncomingLog | None]] = ()
    traces: Sequence[int] = ()
    """Row ids of traces all of whose spans have been derived anew, so that they can be counted anew."""
    resources: Sequence[tuple[int, ResourceRecord]] = ()


class IndexedRow(NamedTuple):
    """The columns of a stored span that the search index knows by terms."""

    row_id: int
    scope_name: str
    parent_span_id: str
    name: str
    kind: str
    otel_kind: int
    start_time_unix_nano: int
    duration_nano: int | None
    status_code: int
    is_error: bool
    resource_id: int
    scope_id: int
    model: str
    provider: str
    tool_name: str
    agent_name: str
    session_id: str
    user_id: str
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    cost_total: float | None
    span_id: str


class UnindexedSpan(Struct, frozen=True):
    """A stored span that the search index does not know yet."""

    row: IndexedRow
    data: bytes
    """The encoded `Span` message."""
    telling: Sequence[bytes] = ()
    """The encoded `LogRecord` messages that say something of it, in order of arrival."""


class IndexMarks(NamedTuple):
    """How far the search index has come, by row ids."""

    backlog: int
    """Spans up to this are yet to come."""
    through: int
    """Spans above `backlog` and up to this are in it."""
    logs_through: int
    """Log records up to this are in it, of the spans that are."""


class UnindexedLog(Struct, frozen=True):
    """A log record whose words its span is yet to be found by."""

    span: int
    """Row id of the span."""
    row_id: int
    size: int
    """Bytes of the encoded message; `SpanReader.log_slices` has them."""


class Unindexed(Struct, frozen=True):
    """What the search index is to be given next, and how far it has come with that."""

    spans: Sequence[UnindexedSpan]
    logs: Sequence[UnindexedLog]
    """Those of the spans, and those that came after their span was indexed."""
    trace_ids: frozenset[str]
    """The traces of all these."""
    before: IndexMarks
    marks: IndexMarks
    is_all: bool = True
    """Whether nothing else waits."""


class Indexed(Struct, frozen=True):
    """What the search index is given."""

    documents: Sequence[tuple[int, str]]
    """Row ids of spans in ascending order, each once, with words and terms. A span is found by all that it was ever
    given."""
    before: IndexMarks
    """How far the index must have come; else it was emptied meanwhile, say, and this is left out."""
    marks: IndexMarks
    """How far the index has come with this; as before where more of the same belongs to that."""
    cut_spans: int = 0
    """How many of them have more text than is searched."""


class OldTrace(Struct, frozen=True):
    """A trace that may be removed to make room."""

    trace_id: str
    span_count: int
    """Its spans, pending ones included."""
    byte_size: int = 0
    """Bytes of its spans as they came; 0 where nobody has asked."""


class Removed(NamedTuple):
    """What one step of removing took away."""

    traces: int
    spans: int
    spared: int = 0
    """Traces that were to be removed and are there still."""


class Reason(StrEnum):
    """Why a trace was removed."""

    SIZE = "size"
    """The database was larger than its limit."""
    AGE = "age"
    """The trace was older than the limit."""
    ASKED = "asked"
    """Somebody asked for it."""


class Removals(NamedTuple):
    """What was ever removed from a store for one reason."""

    reason: str
    traces: int
    spans: int
    """As many as were there when their trace was removed."""
    last_unix_nano: int
    """When that was the last time; 0 where it is not known."""


class Commit(Struct, frozen=True):
    """One committed transaction."""

    sequence: int
    """1 for the first commit of this process, then counting up; 0 where nothing came, but columns were derived anew
    or a search finds more."""
    trace_ids: frozenset[str]
    """The traces it touched, by span or by log record."""
    new_spans: int
    replaced_spans: int
    unchanged_spans: int
    """Spans that were there already, or were older than what was there."""
    new_logs: int


class SpanGroup(Struct, frozen=True):
    """Spans that have the same values."""

    values: tuple[str, ...]
    """One for each operand, as text."""
    spans: int
    errors: int
    input_tokens: int | None
    """Of the spans whose usage enters the totals; None where none of them has any."""
    output_tokens: int | None
    cost_total: float | None
    cost_source: str
    """`reported`, `estimated` or `mixed`; empty without a cost."""
    p50_nano: int | None
    """Exact percentiles of the durations that are known, by nearest rank; None where none is."""
    p95_nano: int | None
    p99_nano: int | None


class SpanGroups(Struct, frozen=True):
    """Groups of spans, and how many spans are in none."""

    groups: Sequence[SpanGroup]
    without: int
    """Spans that lack one of the values."""


class RowKey(NamedTuple):
    """Place of a row in an ordered list: its value in that order, then its row id."""

    value: int | float | str
    row_id: int


class StoredSpan(Struct, frozen=True):
    """A span's bytes with those of its resource and scope: enough to show it whole or to export it unchanged."""

    row: SpanRow
    data: bytes
    resource: ResourceRecord
    scope: ScopeRecord
    warnings: str = ""


class StoredLog(Struct, frozen=True):
    """A log record's bytes with those of its resource and scope."""

    row_id: int
    trace_id: str
    span_id: str
    time_unix_nano: int
    severity_number: int
    event_name: str
    body_text: str
    data: bytes
    resource: ResourceRecord
    scope: ScopeRecord


class StoreSize(Struct, frozen=True):
    """How much a store holds."""

    traces: int
    spans: int
    logs: int
    bytes: int
    """Size on disk with the write-ahead log."""


class Hit(Struct, frozen=True):
    """Why a trace matched: what was found in one of its spans."""

    span_id: str
    field: str
    """What it was found in: a field of the language (`input`, `name`), or an attribute (`@http.route`)."""
    text: str
    """The value; of a longer text at most 200 characters around what was found."""


class SearchState(NamedTuple):
    """How far the search index has come."""

    indexed: int
    """Spans that a search finds."""
    total: int
    """Spans."""
