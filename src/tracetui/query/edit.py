"""Changes to a query that keep the rest of it as it was typed."""

from __future__ import annotations

from tracetui.query.compile import compile_query
from tracetui.query.errors import QueryError
from tracetui.query.names import key_of
from tracetui.query.parser import parse
from tracetui.query.printer import spelled_key, spelled_value
from tracetui.query.tree import Conjunction, Disjunction, Node
from tracetui.store.conditions import Condition, Operand


def term_for(operand: Operand, value: str | int | float) -> str:
    """The term that asks for this value of a field or attribute: `model:gpt-4o`, `@model:"two words"`."""
    spelled = spelled_value(value) if isinstance(value, str) else str(value)
    return f"{spelled_key(key_of(operand))}:{spelled}"


def negated(term: str) -> str:
    """A term turned into its opposite."""
    return term[1:] if term.startswith("-") else "-" + term


def has_term(text: str, term: str) -> bool:
    """Whether a query asks for this term, by itself and of every match, however it is spelled."""
    wanted = _meaning(term)
    return wanted is not None and any(_meaning(part) == wanted for part in _parts(text))


def with_term(text: str, term: str) -> str:
    """The query narrowed by a term; its opposite leaves, as nothing could match both."""
    if has_term(text, term):
        return text
    rest = without_term(text, negated(term))
    if not rest.strip():
        return term
    try:
        is_choice = isinstance(parse(rest), Disjunction)
    except QueryError:
        is_choice = False
    return f"({rest.strip()}) {term}" if is_choice else f"{rest.rstrip()} {term}"


def without_term(text: str, term: str) -> str:
    """The query without a term; as it was where the term is not one of those that every match must have."""
    wanted = _meaning(term)
    parts = _parts(text)
    kept = [part for part in parts if wanted is None or _meaning(part) != wanted]
    return text if len(kept) == len(parts) else " ".join(kept)


def toggle(text: str, term: str) -> str:
    """The query with the term, or without it where it was there."""
    return without_term(text, term) if has_term(text, term) else with_term(text, term)


def _parts(text: str) -> list[str]:
    """What every match must have, as it was typed; a query that cannot be read is one part."""
    try:
        node = parse(text)
    except QueryError:
        return [text]
    if node is None:
        return []
    parts: tuple[Node, ...] = node.parts if isinstance(node, Conjunction) else (node,)
    return [text[part.place.start : part.place.end] for part in parts]


def _meaning(text: str) -> Condition | None:
    """What a part asks for, told from one moment, so that spelling does not count; None for what asks nothing."""
    try:
        node = parse(text)
        return None if node is None else compile_query(node, text, now_nano=0)
    except QueryError:
        return None
