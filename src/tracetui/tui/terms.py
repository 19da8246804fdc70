"""The terms of a query that nothing matches, each by itself.

Imported where nothing matches: it brings the query language along.
"""

from __future__ import annotations

from tracetui.query.compile import compile_query
from tracetui.query.errors import QueryError
from tracetui.query.parser import parse
from tracetui.query.tree import Conjunction, Node, Structure
from tracetui.store.conditions import Condition

MOST = 8
"""Terms that are looked at."""


def terms_of(text: str, now_nano: int) -> dict[str, Condition]:
    """What all had to hold in a query, as it was typed, and what it means; of a structure, each of its braces."""
    try:
        node = parse(text)
    except QueryError:
        return {}
    if node is None:
        return {}
    parts: tuple[Node, ...]
    match node:
        case Conjunction(parts):
            pass
        case Structure(_, left, right):
            parts = (left, right)
        case _:
            parts = (node,)
    return {
        text[part.place.start : part.place.end]: compile_query(part, text, now_nano=now_nano) for part in parts[:MOST]
    }
