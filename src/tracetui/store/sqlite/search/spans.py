"""Statements for the spans that match: a page in order of arrival, those of one trace, the first of each of some."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from tracetui.store.sqlite.search.candidates import Candidates, spans_of
from tracetui.store.sqlite.search.plan import Plan
from tracetui.store.sqlite.search.sql import Sql, both

_NAMED = "FROM span_terms f CROSS JOIN spans s ON s.id = f.rowid WHERE f.span_terms MATCH ?"

_LARGE = 200
"""Spans of a trace from which on the index is asked which of them may match."""


def of_traces(plan: Plan) -> Sql:
    """The condition of a plan, of few traces."""
    text, values = plan.traces
    return both([Sql(f"s.trace IN (SELECT t.id FROM traces t WHERE {text})", values), plan.whole])


def page_of_spans(plan: Plan | None, after_row_id: int, *, in_few: bool = False) -> Sql:
    """The statement of a page of row ids with its values but for the limit; `in_few` where few traces are left."""
    if plan is None:
        return Sql("SELECT s.id FROM spans s WHERE s.id > ? ORDER BY s.id LIMIT ?", (after_row_id,))
    if plan.is_empty:
        return Sql("SELECT s.id FROM spans s WHERE 0 LIMIT ?")
    if in_few or plan.match is None:
        text, values = of_traces(plan) if in_few else plan.whole
        return Sql(f"SELECT s.id FROM spans s WHERE s.id > ? AND {text} ORDER BY s.id LIMIT ?", (after_row_id, *values))
    text, values = plan.residual
    return Sql(
        f"SELECT f.rowid {_NAMED} AND f.rowid > ? AND {text} ORDER BY f.rowid LIMIT ?",
        (plan.match, after_row_id, *values),
    )


def matching_statement(plan: Plan, trace_id: str) -> Sql:
    """The statement of the span ids of a trace's spans that match."""
    text, values = plan.whole
    whole = Sql(
        "SELECT s.span_id FROM spans s INDEXED BY spans_by_trace"
        f" WHERE s.trace = (SELECT id FROM traces WHERE trace_id = ?) AND {text} ORDER BY s.id",
        (trace_id, *values),
    )
    if plan.match is None or plan.is_empty or "span_holds" not in text:
        return whole
    text, values = plan.residual
    return Sql(
        "SELECT s.span_id FROM (SELECT id, (SELECT min(id) FROM spans WHERE trace = t.id) AS first,"
        " (SELECT max(id) FROM spans WHERE trace = t.id) AS last FROM traces t WHERE trace_id = ?) t"
        " CROSS JOIN span_terms f CROSS JOIN spans s ON s.id = f.rowid"
        f" WHERE f.span_terms MATCH ? AND f.rowid BETWEEN t.first AND t.last AND s.trace = t.id AND {text}"
        " ORDER BY s.id",
        (trace_id, plan.match, *values),
    )


def first_spans(connection: sqlite3.Connection, plan: Plan, traces: Sequence[int]) -> dict[int, int]:
    """Of each of these traces that matches, the row id of the first span that does."""
    if plan.is_empty:
        return {}
    text, values = plan.whole
    by_trace = spans_of(connection, traces)
    if (match := plan.match) is not None:
        text, values = plan.residual
        count = sum(map(len, by_trace.values()))
        by_trace = Candidates(connection, match).of_traces([*by_trace], count)
        by_trace = {trace: sorted(of) for trace, of in by_trace.items()}
    statement = (
        "SELECT k.key, (SELECT s.id FROM json_each(k.value) c CROSS JOIN spans s ON s.id = c.value"
        f" WHERE {text} LIMIT 1) AS first FROM json_each(?) k WHERE first IS NOT NULL"
    )
    found = connection.execute(statement, (*values, json.dumps(by_trace)))
    return {int(trace): row_id for trace, row_id in found}
