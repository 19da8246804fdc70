"""Rows going into the tables and coming back: what the writer binds, and what it looks up.

Values cross to and from SQLite in as few steps as can be. sqlite3 lets go of the interpreter at every step and must wait
to get it back; beside a busy thread (decoding, drawing) that wait is a whole switch interval. Measured beside one busy
thread: `executemany` 2.9 ms a row, statements of hundreds of rows 0.05 ms; alone the two take the same 15 µs. So rows
go in by the hundred, and look-ups come back as ONE row that holds all the others as JSON.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from hashlib import blake2b
from typing import Any, NamedTuple

from tracetui.store.api import IncomingSpan, ResourceRecord
from tracetui.store.rollup import PICO, SpanState, TraceState
from tracetui.store.sqlite import statements

MAX_INTEGER = 2**63 - 1
"""The largest integer a column holds."""

_ROWS_PER_STATEMENT = 256
"""Most rows one INSERT takes; one more column would still leave it below SQLite's usual 32,766 values."""


class Arrival(NamedTuple):
    """A span of this transaction with the row ids of its resource and scope."""

    span: IncomingSpan
    resource: ResourceRecord
    resource_id: int
    scope_id: int


class Ahead(NamedTuple):
    """What is stored of one known trace around the spans that arrived."""

    asked: set[str]
    """Ids that were looked up: the arrivals and their parents."""
    spans: dict[str, tuple[SpanState, int, int, int]]
    """Those that were found, each with the row ids of its resource and scope and the length of its slice."""
    children: list[SpanState]


class StoredSpans:
    """Stored spans for the roll-up; a `SpanSource`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def fetch_ahead(self, arrived: dict[int, dict[str, Arrival]]) -> dict[int, Ahead]:
        """For the arrivals of each known trace, by its row id: themselves, their parents and their children."""
        if not arrived:
            return {}
        ahead = {trace: Ahead({*spans, *(arrival.span.parent_span_id for arrival in spans.values())}, {}, [])
                 for trace, spans in arrived.items()}
        asked = json.dumps({trace: list(known.asked) for trace, known in ahead.items()})
        for row in json_row(self._connection, statements.SPAN_STATES, asked):
            ahead[row[0]].spans[row[2]] = (stored_state(row), row[15], row[16], row[18])
        parents = json.dumps({trace: list(spans) for trace, spans in arrived.items()})
        for row in json_row(self._connection, statements.CHILD_STATES, parents):
            ahead[row[0]].children.append(stored_state(row))
        return ahead

    def span(self, trace: TraceState, span_id: str) -> SpanState | None:
        """One stored span."""
        rows = json_row(self._connection, statements.SPAN_STATES, json.dumps({trace.row_id: [span_id]}))
        return stored_state(rows[0]) if rows else None

    def children(self, trace: TraceState, span_id: str) -> list[SpanState]:
        """The stored spans directly below a span."""
        rows = json_row(self._connection, statements.CHILD_STATES, json.dumps({trace.row_id: [span_id]}))
        return [stored_state(row) for row in rows]


def span_state(row_id: int, arrival: Arrival) -> SpanState:
    span = arrival.span
    return SpanState(row_id, span.span_id, span.parent_span_id, span.kind, span.start_time_unix_nano,
                     span.end_time_unix_nano, bool(span.is_error), span.input_tokens, span.output_tokens,
                     picodollars(span.cost_total), span.model, span.session_id, span.name, arrival.resource.service,
                     arrival.resource.project)


def stored_state(row: list[object]) -> SpanState:
    (_, row_id, span_id, parent_span_id, kind, start, end, is_error, input_tokens, output_tokens, cost, model, session,
     below, under_tool, _, _, name, *_) = row
    return SpanState(row_id, span_id, parent_span_id, kind, start, end, bool(is_error), input_tokens, output_tokens,
                     picodollars(float(cost)) if cost else None, model, session, name, below=below,
                     under_tool=bool(under_tool), stored=True)


def picodollars(cost: float | None) -> int | None:
    """A cost as an integer; None for what no cost can be."""
    if cost is None or not 0 <= cost <= MAX_INTEGER / PICO:
        return None
    return round(cost * PICO)


def trace_state(row: list[object]) -> TraceState:
    state = TraceState(*row)
    state.input_tokens, state.output_tokens = state.input_tokens or 0, state.output_tokens or 0
    state.cost = state.cost or 0
    state.models = json.loads(state.models)
    return state


def trace_row(trace: TraceState) -> tuple[object, ...]:
    return (
        trace.row_id, trace.trace_id, trace.name, trace.service, trace.project, trace.session_id, trace.start, trace.end,
        trace.span_count, trace.error_count, trace.llm_count, trace.tool_count,
        min(trace.input_tokens, MAX_INTEGER) if trace.input_count else None,
        min(trace.output_tokens, MAX_INTEGER) if trace.output_count else None,
        min(trace.cost, MAX_INTEGER) if trace.cost_count else None,
        json.dumps(trace.models, ensure_ascii=False), trace.complete, trace.root_is_error, trace.head_span_id,
        trace.head_start, trace.session_span_id, trace.session_start, trace.input_count, trace.output_count,
        trace.cost_count,
    )


def log_hash(data: bytes, resource_id: int, scope_id: int) -> bytes:
    return blake2b(data, digest_size=16, salt=b"%d" % resource_id, person=b"%d" % scope_id).digest()


def json_row(connection: sqlite3.Connection, statement: str, value: object) -> list[list[object]]:
    rows: list[list[object]] = json.loads(connection.execute(statement, (value,)).fetchone()[0])
    return rows


def slices(connection: sqlite3.Connection, row_ids: list[int]) -> dict[int, bytes]:
    """Stored slices by row id, a few hundred at a time."""
    slices: dict[int, bytes] = {}
    for start in range(0, len(row_ids), _ROWS_PER_STATEMENT):
        asked = json.dumps(row_ids[start:start + _ROWS_PER_STATEMENT])
        found = json.loads(connection.execute(statements.SLICES_HEX, (asked,)).fetchone()[0])
        slices.update((int(row_id), bytes.fromhex(data)) for row_id, data in found.items())
    return slices


@cache
def _statement(insert: Callable[[int], str], rows: int) -> str:
    return insert(rows)


def insert(connection: sqlite3.Connection, insert: Callable[[int], str], rows: list[tuple[object, ...]]) -> None:
    """Insert rows in statements of 256, 128, 64 … 1 rows, so that few distinct statements stay prepared."""
    start, size = 0, _ROWS_PER_STATEMENT
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        values = list(itertools.chain.from_iterable(rows[start:start + size]))
        connection.execute(_statement(insert, size), values)
        start += size


def mark(connection: sqlite3.Connection, spans: Iterable[SpanState]) -> None:
    """Write back the marks of stored spans, one statement for each combination of them."""
    by_marks: defaultdict[tuple[int, bool], list[int]] = defaultdict(list)
    for span in spans:
        by_marks[span.below, span.under_tool].append(span.row_id)
    for (below, under_tool), row_ids in by_marks.items():
        connection.execute(statements.MARK_SPANS, (below, under_tool, json.dumps(row_ids)))
