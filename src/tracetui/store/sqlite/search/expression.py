"""Expressions that the search index is asked: terms, and what is made of them by AND, OR and NOT.

`ALL` and `NONE` stand for every span and for none; FTS5 has no words for them. They vanish where they can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from msgspec import Struct

from tracetui.store import terms


class Term(Struct, frozen=True):
    """The spans that have a term; with `goes_on` one that starts so."""

    text: str
    goes_on: bool = False


class AllOf(Struct, frozen=True):
    """The spans that are in each of these."""

    parts: tuple[Expression, ...]


class AnyOf(Struct, frozen=True):
    """The spans that are in one of these at least."""

    parts: tuple[Expression, ...]


class Without(Struct, frozen=True):
    """The spans that are not in this."""

    part: Expression


Expression: TypeAlias = Term | AllOf | AnyOf | Without
"""What the index is asked."""

ALL: Expression = AllOf(())
NONE: Expression = AnyOf(())


def all_of(parts: Iterable[Expression]) -> Expression:
    """The spans that are in each of these."""
    found: dict[Expression, None] = {}
    for part in parts:
        found.update(dict.fromkeys(part.parts if isinstance(part, AllOf) else (part,)))
    if NONE in found:
        return NONE
    return next(iter(found)) if len(found) == 1 else AllOf(tuple(found))


def any_of(parts: Iterable[Expression]) -> Expression:
    """The spans that are in one of these at least."""
    found: dict[Expression, None] = {}
    for part in parts:
        found.update(dict.fromkeys(part.parts if isinstance(part, AnyOf) else (part,)))
    if ALL in found:
        return ALL
    return next(iter(found)) if len(found) == 1 else AnyOf(tuple(found))


def without(part: Expression) -> Expression:
    """The spans that are not in this."""
    if part == ALL:
        return NONE
    if part == NONE:
        return ALL
    return part.part if isinstance(part, Without) else Without(part)


def size(expression: Expression) -> int:
    """How many terms it has."""
    match expression:
        case Term():
            return 1
        case Without(part):
            return 1 + size(part)
        case _:
            return sum(map(size, expression.parts))


def matched(expression: Expression) -> str:
    """What stands behind MATCH, for an expression other than `ALL` and `NONE`."""
    match expression:
        case Term(text, goes_on):
            return f'"{text.replace(chr(34), chr(34) * 2)}"{" *" if goes_on else ""}'
        case AnyOf(parts):
            return f"({' OR '.join(map(matched, parts))})"
        case Without(part):
            return f"({matched(Term(terms.EVERY))} NOT {matched(part)})"
        case AllOf(parts):
            wanted = [part for part in parts if not isinstance(part, Without)] or [Term(terms.EVERY)]
            unwanted = [part.part for part in parts if isinstance(part, Without)]
            text = f"({' AND '.join(map(matched, wanted))})" if len(wanted) > 1 else matched(wanted[0])
            return f"({text} NOT {matched(any_of(unwanted))})" if unwanted else text


def beginnings(expression: Expression) -> list[Term]:
    """The beginnings of words in it: for each the index brings together the spans of all words that start so."""
    match expression:
        case Term(text, goes_on):
            return [expression] if goes_on and text.isalnum() else []
        case Without(part):
            return beginnings(part)
        case _:
            return [found for part in expression.parts for found in beginnings(part)]


def _is_value_from(term: Term) -> bool:
    """Whether it is the beginning of a field's values."""
    return term.goes_on and terms.is_value(term.text)


def spelled_out(expression: Expression, words: Callable[[Term], Sequence[str]]) -> Expression:
    """The same with the words, or values, that begin so in the place of a beginning, where these are known to be few.

    The index reads on from the latest spans of each word as far as it is asked; of a beginning it brings together all
    spans before it names the first.

    Args:
        expression: What is asked.
        words: All words, or values, that begin so; none where they are many.
    """
    match expression:
        case Term():
            found = words(expression) if beginnings(expression) or _is_value_from(expression) else ()
            return AnyOf(tuple(map(Term, found))) if len(found) > 1 else Term(found[0]) if found else expression
        case Without(part):
            return Without(spelled_out(part, words))
        case AllOf(parts):
            return AllOf(tuple(spelled_out(part, words) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(spelled_out(part, words) for part in parts))


def loosened(expression: Expression, kept: Term | None) -> Expression:
    """A wider expression in which no beginnings of words are wanted, but for one."""
    match expression:
        case Term():
            return ALL if expression != kept and beginnings(expression) else expression
        case Without(part):
            return ALL if beginnings(part) else expression
        case AllOf(parts):
            return all_of(loosened(part, kept) for part in parts)
        case AnyOf(parts):
            return any_of(loosened(part, kept) for part in parts)
