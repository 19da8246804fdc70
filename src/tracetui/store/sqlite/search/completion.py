"""Keys and values to choose from while a query is typed: from the index's own list of terms, in bounded time.

How frequent one is, is counted among the latest spans: counting a common one in a million would take 20 ms.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator

from tracetui.store import terms
from tracetui.store.conditions import Attribute, Operand, SpanField

LATEST = 20_000
"""Spans among which is counted."""

_MOST_LOOKED_AT = 300
"""Terms that are looked at."""

_VOCABULARY = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.span_vocabulary USING fts5vocab(main, span_terms, row)"
_NEXT = "SELECT term FROM temp.span_vocabulary WHERE term >= ? LIMIT 1"
_COUNT = (
    "SELECT count(*) FROM span_terms WHERE span_terms MATCH ?"
    f" AND rowid > (SELECT ifnull(max(id), 0) FROM spans) - {LATEST}"
)

COLUMNS: dict[Operand, str] = {
    SpanField.NAME: "s.name",
    SpanField.KIND: "s.kind",
    SpanField.SERVICE: "r.service",
    SpanField.PROJECT: "r.project",
    SpanField.SCOPE: "c.name",
    SpanField.MODEL: "s.model",
    SpanField.PROVIDER: "s.provider",
    SpanField.TOOL: "s.tool_name",
    SpanField.AGENT: "s.agent_name",
    SpanField.SESSION: "s.session_id",
    SpanField.USER: "s.user_id",
}
"""Columns of the fields that have one of text."""


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
    column = COLUMNS.get(operand)
    found: Counter[str] = Counter()
    if column is not None:
        statement = (
            f"SELECT {column}, count(*) FROM (SELECT * FROM spans ORDER BY id DESC LIMIT {LATEST}) s"
            " JOIN resources r ON r.id = s.resource_id JOIN scopes c ON c.id = s.scope_id"
            f" WHERE {column} <> '' AND substr({column}, 1, ?) = ? COLLATE NOCASE GROUP BY 1"
        )
        found.update(dict(connection.execute(statement, (len(prefix), prefix)).fetchall()))
    if len(found) < limit and (name := _name(operand)) is not None:
        known = {text.casefold() for text in found}
        start = terms.value(name, "")
        for term in _terms(connection, terms.value(name, prefix)):
            text = terms.said(term.removeprefix(start))
            if text.casefold() not in known:
                found[text] = max(_frequency(connection, term), 1)
    return _most_common(found, limit)


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
        term = _next(connection, at)
        if not term.startswith(spelled):
            return
        name = terms.name_of(term)
        if name is None:
            at = term + "\0"
            continue
        yield name
        at = terms.beyond(name)


def _terms(connection: sqlite3.Connection, start: str) -> Iterator[str]:
    """Terms that start so."""
    connection.execute(_VOCABULARY)
    statement = f"SELECT term FROM temp.span_vocabulary WHERE term >= ? AND term < ? LIMIT {_MOST_LOOKED_AT}"
    yield from (term for (term,) in connection.execute(statement, (start, start + "\U0010ffff")).fetchall())


def _next(connection: sqlite3.Connection, term: str) -> str:
    connection.execute(_VOCABULARY)
    row = connection.execute(_NEXT, (term,)).fetchone()
    return str(row[0]) if row else ""


def _frequency(connection: sqlite3.Connection, term: str) -> int:
    return int(connection.execute(_COUNT, (f'"{term}"',)).fetchone()[0])
