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

Glance: TypeAlias = Callable[[bytes], bool]
"""Whether the bytes of a span leave it open that a condition holds."""

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
            return lambda value: stand_in(words(canonical(value)), wanted_words, whole=whole)


def glance_of(leaf: Leaf) -> Glance | None:
    """A look at a span's bytes that spares reading it where it cannot hold the words; None where that tells nothing.

    A letter may be spelled by characters beyond ASCII, which count as what they look like, or by an escape of JSON.
    Words of digits may stand there as numbers, `true` and `false` as a bit.
    """
    if not isinstance(leaf, Words):
        return None
    wanted = words(leaf.text)
    if not wanted or sum(map(len, wanted)) > _LONGEST_GLANCE or not all(map(_is_spelled, wanted)):
        return None
    import re2  # deferred: 35 ms, and a list without a filter looks at nothing

    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    spelled = ["".join(rf"(?:[{at}{at.upper()}\x80-\xff]|{_ESCAPE})+" for at in word) for word in wanted]
    if leaf.whole:
        spelled = [rf"(?:[^0-9A-Za-z]|\\[bfnrt]|{_ESCAPE})+".join(spelled)]
    found = [re2.compile(one.encode(), options).search for one in spelled]
    return lambda data: all(find(data) is not None for find in found)


def _is_spelled(word: str) -> bool:
    """Whether a word stands letter for letter in the bytes of every span that holds it or one that starts so."""
    return word.isascii() and word.isalpha() and len(word) >= 3 and not any(bit.startswith(word) for bit in _BITS)


_BITS = ("true", "false", "inf", "infinity", "nan")
_LONGEST_GLANCE = 60
"""Letters of the longest words that are looked for so: the expression for each is long."""
_ESCAPE = r"\\u[0-9a-fA-F]{4}"


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
