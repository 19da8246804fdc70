"""Keys and values to choose from while a query is typed: from the index's own list of terms, in bounded time.

How frequent one is, is counted among the latest spans: counting a common one in a million would take 20 ms.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from tracetui.store import terms
from tracetui.store.conditions import Attribute, Operand, SpanField
from tracetui.store.sqlite.search.vocabulary import next_term, terms_from
from tracetui.store.sqlite.source import source

LATEST = 20_000
"""Spans among which is counted."""

_MOST_LOOKED_AT = 300
"""Terms that are looked at."""

_COUNT = (
    "SELECT count(*) FROM span_terms WHERE span_terms MATCH ?"
    f" AND rowid > (SELECT ifnull(max(id), 0) FROM spans) - {LATEST}"
)

_SPANS: dict[Operand, str] = {
    SpanField.NAME: "name",
    SpanField.KIND: "kind",
    SpanField.MODEL: "model",
    SpanField.PROVIDER: "provider",
    SpanField.TOOL: "tool_name",
    SpanField.AGENT: "agent_name",
    SpanField.SESSION: "session_id",
    SpanField.USER: "user_id",
}
_RECORDS: dict[Operand, tuple[str, str, str]] = {
    SpanField.SERVICE: ("r.service", "resources", "resource_id"),
    SpanField.PROJECT: ("r.project", "resources", "resource_id"),
    SpanField.SOURCE: (source("r"), "resources", "resource_id"),
    SpanField.SCOPE: ("r.name", "scopes", "scope_id"),
}
"""Expressions over a row `r` of a table, with that table and the column that points there."""


def keys(connection: sqlite3.Connection, prefix: str, limit: int) -> list[tuple[str, int]]:
    """Attribute keys that start so, without regard to case, by frequency."""
    found: Counter[str] = Counter()
    for start in dict.fromkeys((prefix, prefix.lower())):
        for key in _names(connection, terms.of_attribute(start)):
            count = _frequency(connection, terms.has(key))
            found[key.removeprefix("@")] = max(count, 1)
    return _most_common(found, limit)


def values(connection: sqlite3.Connection, operand: Operand, prefix: str, limit: int) -> list[tuple[str, int]]:
    """Values of a field or an attribute that start so, without regard to case, by frequency."""
    found: Counter[str] = Counter()
    if operand in _SPANS or operand in _RECORDS:
        statement = _latest(operand)
        found.update(dict(connection.execute(statement, (len(prefix), prefix)).fetchall()))
    if len(found) < limit and (name := _name(operand)) is not None:
        known = {text.casefold() for text in found}
        start = terms.value(name, "")
        for term in islice(terms_from(connection, terms.value(name, prefix)), _MOST_LOOKED_AT):
            text = terms.said(term.removeprefix(start))
            if text.casefold() not in known:
                found[text] = max(_frequency(connection, term), 1)
    return _most_common(found, limit)


def _latest(operand: Operand) -> str:
    """The statement of the values of a column that start so among the latest spans, with how many have each."""
    if operand in _RECORDS:
        value, table, key = _RECORDS[operand]
        values = (
            f"SELECT {value} AS value, s.count FROM (SELECT {key} AS id, count(*) AS count FROM"
            f" (SELECT {key} FROM spans ORDER BY id DESC LIMIT {LATEST}) GROUP BY 1) s JOIN {table} r ON r.id = s.id"
        )
    else:
        column = _SPANS[operand]
        values = f"SELECT {column} AS value, 1 AS count FROM spans ORDER BY id DESC LIMIT {LATEST}"
    return (
        f"SELECT value, sum(count) FROM ({values}) WHERE value <> '' AND substr(value, 1, ?) = ? COLLATE NOCASE"
        " GROUP BY 1"
    )


def _most_common(found: Counter[str], limit: int) -> list[tuple[str, int]]:
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[: max(limit, 0)]


def _name(operand: Operand) -> str | None:
    match operand:
        case Attribute(key, of_resource=False):
            return terms.of_attribute(key)
        case SpanField() if terms.Kept.VALUES in terms.FIELDS.get(operand, terms.Kept(0)):
            return operand.value
        case _:
            return None


def _names(connection: sqlite3.Connection, start: str) -> Iterator[str]:
    """Names that start so, each once."""
    spelled = terms.spelled(start)
    at = spelled
    for _ in range(_MOST_LOOKED_AT):
        term = next_term(connection, at)
        if not term.startswith(spelled):
            return
        name = terms.name_of(term)
        if name is None:
            at = term + "\0"
            continue
        yield name
        at = terms.beyond(name)


def _frequency(connection: sqlite3.Connection, term: str) -> int:
    return int(connection.execute(_COUNT, (f'"{term}"',)).fetchone()[0])
