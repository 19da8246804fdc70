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
    """What all had to hold in a query, as it was typed, and what it means; of a structure, each of its braces.

    Nothing where the query cannot be read.
    """
    try:
        node = parse(text)
        parts = _parts(node) if node is not None else ()
        return {
            text[part.place.start : part.place.end]: compile_query(part, text, now_nano=now_nano)
            for part in parts[:MOST]
        }
    except QueryError:
        return {}


def _parts(node: Node) -> tuple[Node, ...]:
    match node:
        case Conjunction(parts):
            return parts
        case Structure(_, left, right):
            return left, right
        case _:
            return (node,)
