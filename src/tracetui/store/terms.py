"""How the search index spells what a span holds, so that who writes and who asks agree.

The index knows, for each span, a set of terms. Words of text stand as they are (`model.words`). All else is a *term of
a name*: a field, or the key of an attribute, and something said of it: that it is there, one of its values, or the
size of a number. Such terms are spelled with characters of the private use area in the place of everything that
separates words, so that no text can hold one by chance.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from enum import Flag, auto
from functools import lru_cache

from tracetui.store.conditions import SpanField

LONGEST_VALUE = 64
"""Characters of the longest value that is a term; a longer one is found by its words, then compared."""


class Kept(Flag):
    """Which terms the index has of a field."""

    HAS = auto()
    """`has(field)`, where the span has it."""
    VALUES = auto()
    """`value(field, text)` of each value that is short."""
    SIZES = auto()
    """`sizes(field, number)` of each number, in the units of the field."""
    WORDS = auto()
    """`word_in(field, word)` of each word that stands in it."""
    MAYBE = auto()
    """What has the term may still not have the field."""


FIELDS: Mapping[SpanField, Kept] = {
    SpanField.NAME: Kept.HAS | Kept.VALUES,
    SpanField.KIND: Kept.VALUES,
    SpanField.OTEL_KIND: Kept.VALUES,
    SpanField.STATUS: Kept.VALUES,
    SpanField.ERROR: Kept.HAS | Kept.WORDS,
    SpanField.MODEL: Kept.HAS | Kept.VALUES,
    SpanField.PROVIDER: Kept.HAS | Kept.VALUES,
    SpanField.TOOL: Kept.HAS | Kept.VALUES,
    SpanField.AGENT: Kept.HAS | Kept.VALUES,
    SpanField.SESSION: Kept.HAS | Kept.VALUES,
    SpanField.USER: Kept.HAS | Kept.VALUES,
    SpanField.TAG: Kept.HAS | Kept.VALUES,
    SpanField.FINISH: Kept.HAS | Kept.VALUES,
    SpanField.INPUT: Kept.HAS | Kept.MAYBE,
    SpanField.OUTPUT: Kept.HAS | Kept.MAYBE,
    SpanField.DOCUMENT: Kept.HAS,
    SpanField.SCORE: Kept.HAS | Kept.SIZES,
    SpanField.DURATION: Kept.HAS | Kept.SIZES,
    SpanField.TOKENS: Kept.HAS | Kept.SIZES,
    SpanField.TOKENS_INPUT: Kept.HAS | Kept.SIZES,
    SpanField.TOKENS_OUTPUT: Kept.HAS | Kept.SIZES,
    SpanField.TOKENS_CACHE_READ: Kept.HAS | Kept.SIZES,
    SpanField.TOKENS_CACHE_WRITE: Kept.HAS | Kept.SIZES,
    SpanField.TOKENS_REASONING: Kept.HAS | Kept.SIZES,
    SpanField.COST: Kept.HAS | Kept.SIZES,
    SpanField.TTFT: Kept.HAS | Kept.SIZES,
    SpanField.ROOT: Kept.VALUES,
}
"""The fields of a span that the index knows by terms. Besides: an attribute's key has all of `HAS`, `VALUES` and
`SIZES`, `RESOURCE` and `SCOPE` have `VALUES`, `moments_between` finds a span by its start and `near_id` by its id.
"""

RESOURCE, SCOPE = "resource", "scope_id"
"""Names whose values are row ids."""

EVERY = "\ue000"
"""The term that every span has."""

_PRIVATE = {code: chr(0xE000 + code) for code in range(0x80) if not chr(code).isalnum()}
_PRIVATE_IN_NAME = _PRIVATE | {code: chr(0xE000 + code) for code in range(ord("A"), ord("Z") + 1)}
"""Capitals too: the index folds ASCII, and keys that differ in case are different keys."""
_SAID = {0xE000 + code: chr(code) for code in range(0x80)}
_VALUE, _FINE, _COARSE, _HERE, _MOMENT = "\ue100", "\ue101", "\ue102", "\ue103", "\ue104"
_FIELD = "\ue105"
"""In front of a field's name, so that no beginning of a word is that of its terms; an attribute's has `@` there."""
_WORD, _BEYOND = "\ue106", "\ue107"
_ID = "\ue108"
_NAME = re.compile(f"(.+?)[{_VALUE}{_FINE}{_COARSE}{_HERE}{_WORD}]", re.DOTALL)
_COARSENESS = 32
"""Fine sizes to each coarse one."""
_ZERO = 2048


def _bits(number: float) -> int:
    """Exponent and first three bits of the fraction: eight steps to each doubling."""
    fraction, exponent = math.frexp(number)
    return 8 * exponent + int(16 * fraction)


_LOWEST, _MOST = _bits(2.0**-40), _bits(2.0**100) - _bits(2.0**-40)
_LARGEST = 2.0**100


def is_short(text: str) -> bool:
    """Whether a value is a term."""
    return len(text) <= LONGEST_VALUE and (text.isascii() or len(text.casefold()) <= LONGEST_VALUE)


def of_attribute(key: str) -> str:
    """The name of an attribute's key, so that `@model` and the field `model` differ."""
    return f"@{key}"


@lru_cache(maxsize=4096)
def spelled(name: str) -> str:
    """The name of a field or the key of an attribute, as terms begin. Keys of attributes keep their case."""
    return ("" if name.startswith("@") else _FIELD) + name.translate(_PRIVATE_IN_NAME)


def said(spelling: str) -> str:
    """What a name or a value was, from its spelling; of a value without its case."""
    return spelling.translate(_SAID)


def name_of(term: str) -> str | None:
    """The name that a term is of; None where it is a word."""
    found = _NAME.match(term)
    return said(found[1].removeprefix(_FIELD)) if found else None


def beyond(name: str) -> str:
    """What stands in the order of terms behind all terms of a name, and before those of the next."""
    return spelled(name) + _BEYOND


def has(name: str) -> str:
    """The term of a span that has this field or attribute."""
    return spelled(name) + _HERE


@lru_cache(maxsize=4_096)
def value(name: str, text: str) -> str:
    """The term of a span in which the field or attribute is this text, without regard to case.

    Its beginning is that of all longer values: a prefix of terms is a prefix of values.
    """
    return spelled(name) + _VALUE + text.casefold().translate(_PRIVATE)


def is_value(term: str) -> bool:
    """Whether a term, or the beginning of one, is that of a value."""
    return _VALUE in term


def word_in(name: str, word: str) -> str:
    """The term of a span in whose field this word stands."""
    return spelled(name) + _WORD + word


ID_DIGITS = 3
"""Digits of a span's id that the index knows: some 250 spans of a million have the same, for 3 bytes each."""


def near_id(span_id: str) -> str:
    """The term of a span whose id begins as this one; of a shorter text, the beginning of terms."""
    return _ID + span_id[:ID_DIGITS]


def sizes(name: str, number: float) -> tuple[str, str]:
    """The terms, fine and coarse, of a span in which the field or attribute is a number of this size."""
    size = size_of(number)
    start = spelled(name)
    return f"{start}{_FINE}{size:x}", f"{start}{_COARSE}{size // _COARSENESS:x}"


def size_of(number: float) -> int:
    """The size of a number: it never falls while the number grows. Zero and what is near it are of size `_ZERO`."""
    magnitude = abs(number)
    if not magnitude >= 2.0**-40:  # also what is no number
        return _ZERO
    size = _bits(magnitude) - _LOWEST + 1 if magnitude < _LARGEST else _MOST
    return _ZERO + size if number > 0 else _ZERO - size


def sizes_between(name: str, low: float = -math.inf, high: float = math.inf) -> Iterator[str]:
    """The terms that at least one of a span has in which the number is within these bounds, both included.

    A span that has one may still be a little outside of the bounds: those at the ends are as wide as a size.
    """
    start = spelled(name)
    first, last = size_of(low), size_of(high)
    at = first
    while at <= last:
        if at % _COARSENESS == 0 and at + _COARSENESS - 1 <= last:
            yield f"{start}{_COARSE}{at // _COARSENESS:x}"
            at += _COARSENESS
        else:
            yield f"{start}{_FINE}{at:x}"
            at += 1


_MOMENT_BITS = 40
"""Nanoseconds of a moment: 2^40 are 18 minutes."""
_MOMENT_DIGITS = 6
_LAST_MOMENT = 16**_MOMENT_DIGITS - 1


def moment(time_unix_nano: int) -> str:
    """The term of a span that starts around this time."""
    return f"{_MOMENT}{min(max(time_unix_nano, 0) >> _MOMENT_BITS, _LAST_MOMENT):06x}"


def moments_between(low: int, high: int) -> Iterator[str]:
    """Beginnings of terms, one of which a span has that starts within these bounds, both included.

    A span that has one may still be outside by the length of a moment.
    """
    at, last = (min(max(time, 0) >> _MOMENT_BITS, _LAST_MOMENT) for time in (low, high))
    while at <= last:
        size = 0
        while size + 1 < _MOMENT_DIGITS and at % 16 ** (size + 1) == 0 and at + 16 ** (size + 1) - 1 <= last:
            size += 1
        yield f"{_MOMENT}{at >> 4 * size:0{_MOMENT_DIGITS - size}x}"
        at += 16**size
