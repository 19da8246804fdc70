"""Pages of traces by key: the orders, what lies beyond a key, and the statement of a page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from tracetui.model.trace import TraceSummary
from tracetui.store.api import END
from tracetui.store.orders import TraceOrder, TraceSort
from tracetui.store.records import RowKey
from tracetui.store.sqlite import statements
from tracetui.store.sqlite.source import source
from tracetui.store.sqlite.unknown import PLACE, placed, tokens, tokens_value, unknown

NEWEST_FIRST = TraceSort()
"""The order of a trace list unless told otherwise."""

_EXPRESSIONS = {
    TraceOrder.START: "t.start_time_unix_nano",
    TraceOrder.DURATION: f"ifnull(t.duration_nano, {PLACE})",
    TraceOrder.SPANS: "t.span_count",
    TraceOrder.ERRORS: "t.error_count",
    TraceOrder.LLM: "t.llm_count",
    TraceOrder.TOOLS: "t.tool_count",
    TraceOrder.TOKENS: tokens("t"),
    TraceOrder.COST: f"ifnull(t.cost_total, {PLACE})",
    TraceOrder.NAME: "t.name COLLATE NOCASE",
    TraceOrder.SERVICE: "t.service COLLATE NOCASE",
    TraceOrder.SOURCE: f"{source('t')} COLLATE NOCASE",
}


def sort_expression(sort: TraceSort) -> str:
    """An order as an expression that is never NULL; `sort_value` is the same in Python."""
    return placed(_EXPRESSIONS[sort.order], descending=sort.descending)


def page_statement(sort: TraceSort, after: RowKey | None, before: RowKey | None) -> tuple[str, tuple[object, ...]]:
    """The statement of a page of all traces with its values but for the limit; rows before a key come in reverse."""
    clauses: list[str] = []
    values: tuple[object, ...] = ()
    key = after if before is None else before
    if key is not None and key != END:
        clause, values = beyond(sort, key, forward=before is None)
        clauses.append(clause)
    direction = "DESC" if sort.descending == (before is None) else "ASC"
    order = f"{sort_expression(sort)} {direction}, t.id {direction}"
    return f"SELECT {statements.SUMMARY_COLUMNS} FROM traces t{where_clause(clauses)} ORDER BY {order} LIMIT ?", values


def rows_statement(row_ids: Sequence[int]) -> tuple[str, tuple[object]]:
    """The statement of the rows of these traces, in any order."""
    statement = f"SELECT {statements.SUMMARY_COLUMNS} FROM traces t WHERE t.id IN (SELECT value FROM json_each(?))"
    return statement, (json.dumps(list(row_ids)),)


def beyond(sort: TraceSort, key: RowKey, *, forward: bool) -> tuple[str, tuple[object, ...]]:
    """The clause for rows that follow a key in the order, or go before it."""
    comparison = "<" if sort.descending == forward else ">"
    return f"({sort_expression(sort)}, t.id) {comparison} (?, ?)", (key.value, key.row_id)


def where_clause(clauses: Iterable[str]) -> str:
    """The WHERE of a statement in which all of these hold."""
    text = " AND ".join(clauses)
    return f" WHERE {text}" if text else ""


def sort_value(trace: TraceSummary, sort: TraceSort) -> int | float | str:
    """Where a trace stands in an order."""
    none = unknown(descending=sort.descending)
    match sort.order:
        case TraceOrder.START:
            return trace.start_time_unix_nano
        case TraceOrder.DURATION:
            return none if trace.duration_nano is None else trace.duration_nano
        case TraceOrder.SPANS:
            return trace.span_count
        case TraceOrder.ERRORS:
            return trace.error_count
        case TraceOrder.LLM:
            return trace.llm_count
        case TraceOrder.TOOLS:
            return trace.tool_count
        case TraceOrder.TOKENS:
            return tokens_value(trace.input_tokens, trace.output_tokens, descending=sort.descending)
        case TraceOrder.COST:
            return none if trace.cost_total is None else trace.cost_total
        case TraceOrder.NAME:
            return trace.name
        case TraceOrder.SERVICE:
            return trace.service
        case TraceOrder.SOURCE:
            return trace.source
