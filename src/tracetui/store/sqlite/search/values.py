"""What a condition compares, as a test of one value: the same wherever the value was found."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TypeAlias

from tracetui.model.lookup import Scalar, canonical, number
from tracetui.model.words import words
from tracetui.store.conditions import Between, Compare, Comparison, Equals, Has, Like, Matches, SpanField, Words
from tracetui.store.patterns import finder

Leaf: TypeAlias = Words | Equals | Like | Matches | Compare | Between | Has
"""A condition on the values of one operand."""

Test: TypeAlias = Callable[[Scalar], bool]
"""Whether a value is what a condition asks for."""

CONTENT_FIELDS = frozenset(
    {
        SpanField.ERROR,
        SpanField.TAG,
        SpanField.FINISH,
        SpanField.INPUT,
        SpanField.OUTPUT,
        SpanField.DOCUMENT,
        SpanField.SCORE,
        SpanField.TTFT,
    }
)
"""Fields of a span that have no column: only its bytes tell them."""

_LONGEST_WORD_GOES_ON = 3
"""Characters from which on the last word of a text stands for all that start so."""

_OPERATORS: dict[Comparison, Callable[[float, float], bool]] = {
    Comparison.LESS: operator.lt,
    Comparison.AT_MOST: operator.le,
    Comparison.EQUAL: operator.eq,
    Comparison.AT_LEAST: operator.ge,
    Comparison.MORE: operator.gt,
}


def test_of(leaf: Leaf) -> Test:
    """The test that a condition puts a value to.

    Raises:
        UsageError: The regular expression is none.
    """
    match leaf:
        case Has():
            return lambda _value: True
        case Equals(_, text):
            folded = text.casefold()
            return lambda value: canonical(value).casefold() == folded
        case Like(_, pieces):
            wanted = tuple(piece.casefold() for piece in pieces)
            return lambda value: is_like(canonical(value).casefold(), wanted)
        case Matches(_, pattern):
            find = finder(pattern)
            return lambda value: find(canonical(value))
        case Compare(_, comparison, asked):
            holds = _OPERATORS[comparison]
            return lambda value: (found := number(value)) is not None and holds(found, asked)
        case Between(_, low, high):
            return lambda value: (found := number(value)) is not None and low <= found <= high
        case Words(text, whole, _):
            wanted_words = words(text)
            return lambda value: (
                not _lacks(value, wanted_words) and stand_in(words(canonical(value)), wanted_words, whole=whole)
            )


def _lacks(value: Scalar, wanted: list[str]) -> bool:
    """Whether it is seen without taking a text apart that it has not all these words: most have not."""
    if not isinstance(value, str) or not value.isascii() or "\\" in value:  # what is neither stands for itself
        return False
    folded = value.lower()
    return not all(word in folded for word in wanted)


def is_like(text: str, pieces: tuple[str, ...]) -> bool:
    """Whether a text is these pieces with anything between them."""
    first, *inner = pieces
    if not inner:
        return text == first
    *inner, last = inner
    at, end = len(first), len(text) - len(last)
    if at > end or not text.startswith(first) or not text.endswith(last):
        return False
    for piece in inner:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def goes_on(wanted: list[str]) -> bool:
    """Whether the last of the words that are not asked for as a whole stands for all that start so."""
    return len(wanted[-1]) >= _LONGEST_WORD_GOES_ON


def stand_in(found: list[str], wanted: list[str], *, whole: bool) -> bool:
    """Whether words stand among others: in `whole` side by side and in order."""
    if not wanted:
        return False
    if whole:
        count = len(wanted)
        return any(found[at : at + count] == wanted for at in range(len(found) - count + 1) if found[at] == wanted[0])
    *before, last = wanted
    there = set(found)
    return there.issuperset(before) and (
        last in there or (goes_on(wanted) and any(word.startswith(last) for word in there))
    )


def bindable(text: str) -> str:
    """Text without halves of characters, which nothing stored has and nothing takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
