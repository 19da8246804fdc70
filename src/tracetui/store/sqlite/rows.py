"""Rows going into the tables and coming back: what the writer binds, and what it looks up.

Values cross to and from SQLite in as few steps as can be. sqlite3 lets go of the interpreter at every step and must
wait to get it back; beside a busy thread (decoding, drawing) that wait is a whole switch interval. Measured beside one
busy thread: `executemany` 2.9 ms a row, statements of hundreds of rows 0.05 ms; alone the two take the same 15 µs. So
rows go in by the hundred, and look-ups come back as ONE row that holds all the others as JSON.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from typing import Any

from msgspec import Struct

from tracetui.model.trace import TraceSummary
from tracetui.store.records import IncomingLog, IncomingSpan, ResourceRecord
from tracetui.store.rollup import PICO, SpanState, TraceState
from tracetui.store.sqlite import statements

MAX_INTEGER = 2**63 - 1
"""The largest integer a column holds."""

_ROWS_PER_STATEMENT = 512
"""Most rows one INSERT takes: times 34 columns well below the 32,766 values SQLite usually allows."""

_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, _ROWS_PER_STATEMENT)
"""Rows for which there are statements; few, because each stays prepared."""

_SLICE_BYTES = 4 << 20
"""Bytes of slices that are fetched together."""

LARGE = 4 << 20
"""Bytes of a slice that is written piece by piece. SQLite copies what is bound twice, and `sqlite3` keeps the one copy
with the statement until it is used again."""

_PIECE = 1 << 20

AS_RECEIVED = 0
"""`span_data.encoding` of a slice that is stored as it came."""


class Arrival(Struct, frozen=True):
    """A span of this transaction with its resource and the row ids of resource and scope."""

    span: IncomingSpan
    resource: ResourceRecord
    resource_id: int
    scope_id: int


class LogArrival(Struct, frozen=True):
    """A log record of this transaction with the row ids of its resource and scope."""

    log: IncomingLog
    resource_id: int
    scope_id: int


class Found(Struct, frozen=True):
    """A stored span with what tells whether an arrival brings anything new."""

    trace: int
    """Row id of its trace."""
    state: SpanState
    resource_id: int
    scope_id: int
    length: int
    """Bytes of its slice."""


class Ahead(Struct, frozen=True):
    """What is stored of one known trace around the spans that arrived, fetched ahead of the roll-up."""

    asked: set[str]
    """Span ids that were looked up: the arrivals and their parents."""
    spans: dict[str, Found]
    """Those that were found."""
    children: list[SpanState]
    """Stored spans directly below the arrivals."""


class SliceStatements(Struct, frozen=True):
    """How slices are read: one alone, and many together as text."""

    one: str
    hexadecimal: str


SPAN_SLICES = SliceStatements(statements.SLICE, statements.SLICES_HEX)
LOG_SLICES = SliceStatements(statements.LOG_SLICE, statements.LOG_SLICES_HEX)


class StoredSpans:
    """Stored spans for the roll-up; a `SpanSource`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def fetch_ahead(self, arrived: dict[int, dict[str, Arrival]]) -> dict[int, Ahead]:
        """For the arrivals of each known trace, by its row id: themselves, their parents and their children."""
        if not arrived:
            return {}
        ahead = {
            trace: Ahead({*spans, *(arrival.span.parent_span_id for arrival in spans.values())}, {}, [])
            for trace, spans in arrived.items()
        }
        for span in self.find({trace: list(known.asked) for trace, known in ahead.items()}):
            ahead[span.trace].spans[span.state.span_id] = span
        parents = {trace: list(spans) for trace, spans in arrived.items()}
        for trace, *row in _look_up(self._connection, statements.CHILD_STATES, parents):
            ahead[trace].children.append(stored_state(row))
        return ahead

    def find(self, span_ids: dict[int, list[str]]) -> list[Found]:
        """Those of the spans, by row id of their trace, that are stored."""
        return [
            Found(trace, stored_state(row), resource_id, scope_id, length)
            for trace, *row, resource_id, scope_id, length in _look_up(
                self._connection, statements.SPAN_STATES, span_ids
            )
        ]

    def span(self, trace: TraceState, span_id: str) -> SpanState | None:
        """One stored span."""
        rows = _look_up(self._connection, statements.SPAN_STATES, {trace.row_id: [span_id]})
        return stored_state(rows[0][1:-3]) if rows else None

    def children(self, trace: TraceState, span_id: str) -> list[SpanState]:
        """The stored spans directly below a span."""
        rows = _look_up(self._connection, statements.CHILD_STATES, {trace.row_id: [span_id]})
        return [stored_state(row[1:]) for row in rows]

    def all(self, trace: TraceState) -> list[SpanState]:
        """Every stored span of a trace, service and project included."""
        states = []
        for *row, service, project in _look_up(self._connection, statements.TRACE_STATES, trace.row_id):
            state = stored_state(row)
            state.service, state.project = service, project
            states.append(state)
        return states

    def told(self, spans: dict[str, list[str]]) -> list[tuple[str, str]]:
        """Those of the spans, by trace id, that stored log records say something of."""
        return [(trace_id, span_id) for trace_id, span_id in _look_up(self._connection, statements.TOLD_SPANS, spans)]

    def logs_that_tell(self, spans: dict[str, list[str]]) -> dict[tuple[str, str], list[bytes]]:
        """The log records that say something of the spans, by trace and span id, in order of arrival."""
        found = _look_up(self._connection, statements.LOGS_THAT_TELL, spans)
        data = self.slices({row_id: size for *_, row_id, size in found}, LOG_SLICES)
        logs: defaultdict[tuple[str, str], list[bytes]] = defaultdict(list)
        for trace_id, span_id, row_id, _ in found:
            logs[trace_id, span_id].append(data[row_id])
        return logs

    def owners(self, row_ids: list[int]) -> dict[int, tuple[ResourceRecord, str]]:
        """By row id of a span the columns of its resource, without its bytes, and the name of its scope."""
        return {
            row_id: (ResourceRecord(b"", "", service, project), scope_name)
            for row_id, service, project, scope_name in _look_up(self._connection, statements.OWNERS, row_ids)
        }

    def slices(self, row_ids: dict[int, int], of: SliceStatements = SPAN_SLICES) -> dict[int, bytes]:
        """Slices of spans, or of log records, by row id, for these row ids with their slices' lengths."""
        slices: dict[int, bytes] = {}
        together: list[int] = []
        size = 0
        for row_id, length in row_ids.items():
            if together and (size + length > _SLICE_BYTES or len(together) == _ROWS_PER_STATEMENT):
                slices.update(self._slices(together, of))
                together, size = [], 0
            together.append(row_id)
            size += length
        return {**slices, **self._slices(together, of)} if together else slices

    def _slices(self, row_ids: list[int], of: SliceStatements) -> dict[int, bytes]:
        if len(row_ids) == 1:  # alone, so that a large one is not doubled as text
            row = self._connection.execute(of.one, row_ids).fetchone()
            return {row_ids[0]: row[0]} if row else {}
        found = self._connection.execute(of.hexadecimal, (json.dumps(row_ids),)).fetchone()[0]
        return {int(row_id): bytes.fromhex(data) for row_id, data in json.loads(found).items()}


def known_traces(connection: sqlite3.Connection, trace_ids: Iterable[str]) -> dict[str, TraceState]:
    """Those of the traces that are stored, by id."""
    return {row[1]: _trace_state(row) for row in _look_up(connection, statements.TRACES_BY_ID, list(trace_ids))}


def insert_rows(
    connection: sqlite3.Connection, statement: Callable[[int], str], rows: Sequence[tuple[object, ...]]
) -> None:
    """Insert rows, hundreds in one statement; what a statement has room for beyond them is filled with empty rows."""
    for start in range(0, len(rows), _ROWS_PER_STATEMENT):
        part = rows[start : start + _ROWS_PER_STATEMENT]
        size = next(size for size in _SIZES if size >= len(part))
        values = list(itertools.chain.from_iterable(part))
        values += [None] * ((size - len(part)) * len(part[0]))
        connection.execute(_text(statement, size), values)


def insert_slices(connection: sqlite3.Connection, slices: Sequence[tuple[int, bytes]]) -> None:
    """Insert the bytes of spans, by row id; a statement takes no more than some megabytes of them."""
    group: list[tuple[object, ...]] = []
    size = 0
    for row_id, data in slices:
        if len(data) > LARGE:
            connection.execute(statements.INSERT_ROOM, (row_id, AS_RECEIVED, len(data)))
            fill(connection, "span_data", row_id, data)
            continue
        if size + len(data) > LARGE:
            insert_rows(connection, statements.insert_data, group)
            group, size = [], 0
        group.append((row_id, AS_RECEIVED, data))
        size += len(data)
    insert_rows(connection, statements.insert_data, group)


def insert_logs(connection: sqlite3.Connection, logs: Sequence[LogArrival], derivation_version: int) -> None:
    """Insert those log records that are not there yet."""
    group: list[tuple[object, ...]] = []
    size = 0
    for arrival in logs:
        data = arrival.log.data
        row = log_row(arrival, derivation_version)
        if len(data) > LARGE:
            place = statements.LOG_COLUMNS.index("data")
            cursor = connection.execute(statements.INSERT_LOG_ROOM, (*row[:place], len(data), *row[place + 1 :]))
            if cursor.rowcount:
                fill(connection, "logs", int(cursor.lastrowid or 0), data)
            continue
        if size + len(data) > LARGE:
            insert_rows(connection, statements.insert_logs, group)
            group, size = [], 0
        group.append(row)
        size += len(data)
    insert_rows(connection, statements.insert_logs, group)


def fill(connection: sqlite3.Connection, table: str, row_id: int, data: bytes) -> None:
    """Write bytes into the room that a row has for its `data`."""
    view = memoryview(data)
    with connection.blobopen(table, "data", row_id) as room:
        for start in range(0, len(view), _PIECE):
            room.write(view[start : start + _PIECE])


def write_marks(connection: sqlite3.Connection, spans: Iterable[SpanState]) -> None:
    """Write back the marks of stored spans, one statement for each combination of them."""
    by_marks: defaultdict[tuple[int, bool], list[int]] = defaultdict(list)
    for span in spans:
        by_marks[span.below, span.under_tool].append(span.row_id)
    for (below, under_tool), row_ids in by_marks.items():
        connection.execute(statements.MARK_SPANS, (below, under_tool, json.dumps(row_ids)))


def span_state(row_id: int, arrival: Arrival) -> SpanState:
    """What the roll-up needs of an arrival."""
    span, resource = arrival.span, arrival.resource
    return SpanState(
        row_id,
        span.span_id,
        span.parent_span_id,
        span.kind,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        bool(span.is_error),
        span.input_tokens,
        span.output_tokens,
        _picodollars(span.cost_total),
        span.model,
        span.session_id,
        span.user_id,
        span.name,
        resource.service,
        resource.project,
        span.announces,
        cost_input=_picodollars(span.cost_input),
        cost_output=_picodollars(span.cost_output),
        cost_estimated=bool(span.cost_estimated),
    )


def stored_state(row: list[Any]) -> SpanState:
    """What the roll-up needs of a stored span, from `statements.STATE_COLUMNS` without the trace."""
    (
        row_id,
        span_id,
        parent_span_id,
        kind,
        start,
        end,
        is_error,
        input_tokens,
        output_tokens,
        cost,
        model,
        session_id,
        user_id,
        name,
        below,
        under_tool,
        announces,
        cost_input,
        cost_output,
        cost_estimated,
    ) = row
    return SpanState(
        row_id,
        span_id,
        parent_span_id,
        kind,
        start,
        end,
        bool(is_error),
        input_tokens,
        output_tokens,
        _stored_picodollars(cost),
        model,
        session_id,
        user_id,
        name,
        announces=announces,
        below=below,
        under_tool=bool(under_tool),
        stored=True,
        cost_input=_stored_picodollars(cost_input),
        cost_output=_stored_picodollars(cost_output),
        cost_estimated=bool(cost_estimated),
    )


def span_row(state: SpanState, trace_row: int, arrival: Arrival, derivation_version: int) -> tuple[object, ...]:
    """A row of `spans`, by `statements.SPAN_COLUMNS`."""
    span = arrival.span
    return (
        state.row_id,
        trace_row,
        *span[1:27],
        arrival.resource_id,
        arrival.scope_id,
        span.warnings,
        state.below,
        state.under_tool,
        derivation_version,
    )


def trace_row(trace: TraceState) -> tuple[object, ...]:
    """A row of `traces`, by `statements.TRACE_COLUMNS`. Totals beyond what a column holds stop at its limit."""
    return (
        trace.row_id,
        trace.trace_id,
        trace.name,
        trace.service,
        trace.project,
        trace.session_id,
        trace.start,
        trace.end,
        trace.span_count,
        trace.error_count,
        trace.llm_count,
        trace.tool_count,
        min(trace.input_tokens, MAX_INTEGER) if trace.input_count else None,
        min(trace.output_tokens, MAX_INTEGER) if trace.output_count else None,
        min(trace.cost, MAX_INTEGER) if trace.cost_count else None,
        _models_text(tuple(trace.models)),
        trace.complete,
        trace.root_is_error,
        trace.head_span_id,
        trace.head_start,
        trace.session_span_id,
        trace.session_start,
        trace.input_count,
        trace.output_count,
        trace.cost_count,
        trace.pending_count,
        None if trace.model_counts is None else json.dumps(trace.model_counts, ensure_ascii=False),
        trace.user_id,
        trace.user_span_id,
        trace.user_start,
        min(trace.cost_input, MAX_INTEGER),
        min(trace.cost_output, MAX_INTEGER),
        trace.cost_split_count,
        trace.cost_estimated_count,
    )


def insert_traces(connection: sqlite3.Connection, traces: Iterable[TraceState], derivation_version: int) -> None:
    """Insert new traces, with the version of the code that derived them."""
    insert_rows(connection, statements.insert_traces, [(*trace_row(trace), derivation_version) for trace in traces])


def update_traces(connection: sqlite3.Connection, traces: Iterable[TraceState]) -> None:
    """Write the totals of known traces."""
    rows = ((row_id, *totals) for row_id, _, *totals in map(trace_row, traces))
    insert_rows(connection, statements.update_traces, list(rows))


def trace_summary(row: Sequence[Any]) -> TraceSummary:
    """A trace from a row of `statements.SUMMARY_COLUMNS`."""
    columns = list(row)
    columns[16:19] = tuple(json.loads(row[16])), bool(row[17]), bool(row[18])
    columns[-1] = bool(row[-1])
    return TraceSummary(*columns)


def log_row(arrival: LogArrival, derivation_version: int) -> tuple[object, ...]:
    """A row of `logs`, by `statements.LOG_COLUMNS`."""
    from hashlib import blake2b  # deferred: OpenSSL takes 5 ms, which the first paint has no need of

    log, resource_id, scope_id = arrival.log, arrival.resource_id, arrival.scope_id
    digest = blake2b(log.data, digest_size=16, salt=b"%d" % resource_id, person=b"%d" % scope_id).digest()
    return (*log[:6], resource_id, scope_id, digest, log.data, log.tells, derivation_version)


def _trace_state(row: list[Any]) -> TraceState:
    state = TraceState(*row)
    state.input_tokens, state.output_tokens = state.input_tokens or 0, state.output_tokens or 0
    state.cost = state.cost or 0
    state.complete, state.root_is_error = bool(state.complete), bool(state.root_is_error)
    return state


def _picodollars(cost: float | None) -> int | None:
    """A cost as an integer; None for what no cost can be."""
    if cost is None or not 0 <= cost <= MAX_INTEGER / PICO:
        return None
    return round(cost * PICO)


def _stored_picodollars(digits: str | None) -> int | None:
    """A cost from its digits."""
    return None if digits is None else _picodollars(float(digits))


def _look_up(connection: sqlite3.Connection, statement: str, value: object) -> list[list[Any]]:
    """The rows inside the one row that the statement returns."""
    asked = value if isinstance(value, int) else json.dumps(value)
    rows: list[list[Any]] = json.loads(connection.execute(statement, (asked,)).fetchone()[0])
    return rows


@lru_cache
def _models_text(models: tuple[str, ...]) -> str:
    return json.dumps(models, ensure_ascii=False)


@cache
def _text(statement: Callable[[int], str], rows: int) -> str:
    return statement(rows)
