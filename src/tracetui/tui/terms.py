"""The terms of a query that nothing matches, each by itself, and how each could be asked for more.

Imported where nothing matches: it brings the query language along.
"""

from __future__ import annotations

from tracetui.query.compile import compile_query
from tracetui.query.errors import QueryError
from tracetui.query.fields import FieldType
from tracetui.query.names import field_of, operand_of
from tracetui.query.parser import parse
from tracetui.query.tree import (
    Conjunction,
    Disjunction,
    FieldTerm,
    Node,
    Operator,
    Structure,
    TextTerm,
    Value,
    ValueSet,
)
from tracetui.store.conditions import Condition

MOST = 8
"""Terms that are looked at."""

_LONGEST_EXAMPLE = 32
"""Characters of a term up to which the hint shows it with a `*`."""


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


def hint_of(term: str) -> str:
    """What more a term could find if it were written otherwise, as received text; empty where nothing is to be said."""
    try:
        node = parse(term)
        alternatives = node.parts if isinstance(node, Disjunction) else (node,)
        return next((hint for part in alternatives if (hint := _hint(part, term))), "")
    except QueryError:
        return ""


def _hint(node: Node | None, text: str) -> str:
    if isinstance(node, TextTerm):
        return _hint_of_words(node.value)
    if not isinstance(node, FieldTerm) or node.operator not in (Operator.IS, Operator.EQUALS):
        return ""
    field = field_of(operand_of(node.key, text))
    value = node.value.values[0] if isinstance(node.value, ValueSet) else node.value
    if field is not None and field.type is FieldType.WORDS and node.operator is Operator.IS:
        return _hint_of_words(value)
    if field is not None and field.type not in (FieldType.TEXT, FieldType.WORDS):
        return ""
    if len(value.pieces) > 1 and not value.quoted:
        return ""
    before = text[node.key.place.start : node.key.place.end] + node.operator.value
    wider = f"{before}{text[value.place.start : value.place.end]}*"
    if value.quoted or len(wider) > _LONGEST_EXAMPLE:
        return "A field asks for its whole value; without quotes, * stands for anything."
    return f"A field asks for its whole value; {wider} asks for its beginning."


def _hint_of_words(value: Value) -> str:
    if value.quoted:
        return "Words in quotes are asked for whole, side by side and in this order."
    return "The beginning of a word is enough, from three letters on."


def _parts(node: Node) -> tuple[Node, ...]:
    match node:
        case Conjunction(parts):
            return parts
        case Structure(_, left, right):
            return left, right
        case _:
            return (node,)
