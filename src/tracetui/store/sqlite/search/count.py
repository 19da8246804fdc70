"""Counting what matches: one statement that runs to its end, outside of the interpreter as far as the index decides.

Where it has to be told by spans' bytes, some are looked at together, which lets other threads in between: a statement
that asks of each span has to wait for the interpreter's lock as often, and each time for some ms while they work.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from tracetui.store.sqlite.search.candidates import all_matching, traces_of
from tracetui.store.sqlite.search.look import matching, shut_out
from tracetui.store.sqlite.search.plan import Plan
from tracetui.store.sqlite.search.spans import of_traces
from tracetui.store.sqlite.search.sql import Sql, among, both

_NAMED = "FROM span_terms f CROSS JOIN spans s ON s.id = f.rowid WHERE f.span_terms MATCH ?"
_AT_ONCE = 5_000


def is_looked_at(plan: Plan) -> bool:
    """Whether what matches is told by looking at spans' bytes, some at a time; see `matching_traces`."""
    return bool(plan.glances) and plan.match is not None and not plan.of_traces


def matching_traces(connection: sqlite3.Connection, plan: Plan) -> Iterator[set[int]]:
    """Row ids of the traces with a span that matches, some at a time, each once."""
    known: set[int] = set()
    if plan.certain is not None:
        ((traces,),) = connection.execute(f"SELECT json_group_array(DISTINCT s.trace) {_NAMED}", (plan.certain,))
        known.update(json.loads(traces))
        yield set(known)
    for row_ids in all_matching(connection, plan.doubtful or "", _AT_ONCE):
        shut = shut_out(connection, row_ids, plan.glances)
        spans = traces_of(connection, [row_id for row_id in row_ids if row_id not in shut])
        found = matching(connection, {trace: of for trace, of in spans.items() if trace not in known}, plan.residual)
        known |= found
        yield found


def traces_among(plan: Plan, found: set[int], ahead: Sql) -> Sql:
    """The statement that counts of these traces those for which the rest holds; see `traces_statement`."""
    text, values = both([among(found), plan.traces, ahead])
    return Sql(f"SELECT count(*) FROM traces t WHERE {text}", values)


def traces_statement(plan: Plan, ahead: Sql, *, in_few: bool = False) -> Sql:
    """The statement that counts the traces that match, of those for which something else holds too.

    Args:
        plan: How the condition is searched for.
        ahead: What else holds.
        in_few: Whether few traces are left, so that the index need not be asked.
    """
    if plan.is_empty:
        return Sql("SELECT 0")
    clauses = [plan.traces, ahead]
    if not plan.of_traces:
        found = None if in_few else _matching(plan, "s.trace")
        if found is None:
            text, values = plan.whole
            clauses.append(Sql(f"EXISTS (SELECT 1 FROM spans s WHERE s.trace = t.id AND {text})", values))
        else:
            clauses.append(Sql(f"t.id IN ({found.text})", found.values))
    text, values = both(clauses)
    return Sql(f"SELECT count(*) FROM traces t WHERE {text}", values)


def spans_statement(plan: Plan, *, in_few: bool = False) -> Sql:
    """The statement that counts the spans that match; `in_few` as above."""
    text, values = ids_statement(plan, in_few=in_few)
    return Sql(f"SELECT count(*) FROM ({text})", values)


def ids_statement(plan: Plan, *, in_few: bool = False) -> Sql:
    """The statement of the row ids (`id`) of all spans that match, in no particular order; `in_few` as above."""
    if plan.is_empty:
        return Sql("SELECT 0 AS id WHERE 0")
    found = None if in_few else _matching(plan, "s.id AS id")
    if found is None:
        text, values = of_traces(plan) if in_few else plan.whole
        return Sql(f"SELECT s.id AS id FROM spans s WHERE {text}", values)
    return found


def _matching(plan: Plan, column: str) -> Sql | None:
    """A column of the spans that match: of those that the index is sure of, and of the others after a look."""
    if plan.match is None:
        return None
    if plan.bounds.is_exact:
        return Sql(f"SELECT {column} {_NAMED}", (plan.match,))
    text, values = plan.residual
    looked_at = Sql(f"SELECT {column} {_NAMED} AND {text}", (plan.doubtful, *values))
    if plan.certain is None:
        return looked_at
    return Sql(f"SELECT {column} {_NAMED} UNION ALL {looked_at.text}", (plan.certain, *looked_at.values))
