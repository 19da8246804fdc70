"""How the search index spells what a span holds, so that who writes and who asks agree.

The index knows, for each span, a set of terms. Words of text stand as they are (`model.words`). All else is a *term of
a name*: a field, or the key of an attribute, and something said of it: that it is there, one of its values, or the
size of a number. Such terms are spelled with characters of the private use area in the place of everything that
separates words, so that no text can hold one by chance.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from functools import lru_cache

LONGEST_VALUE = 64
"""Characters of the longest value that is a term; a longer one is found by its words, then compared."""

EVERY = "\ue000"
"""The term that every span has."""

_PRIVATE = {code: chr(0xE000 + code) for code in range(0x80) if not chr(code).isalnum()}
_VALUE, _FINE, _COARSE, _HERE = "\ue100", "\ue101", "\ue102", "\ue103"
_COARSENESS = 32
"""Fine sizes to each coarse one."""
_ZERO = 2048


def _bits(number: float) -> int:
    """Exponent and first three bits of the fraction: eight steps to each doubling."""
    bits: int = struct.unpack(">q", struct.pack(">d", number))[0] >> 49
    return bits


_LOWEST, _MOST = _bits(2.0**-40), _bits(2.0**100) - _bits(2.0**-40)


@lru_cache(maxsize=4096)
def spelled(name: str) -> str:
    """The name of a field or the key of an attribute, as terms begin. Keys of attributes keep their case."""
    return name.translate(_PRIVATE)


def has(name: str) -> str:
    """The term of a span that has this field or attribute."""
    return spelled(name) + _HERE


@lru_cache(maxsize=16_384)
def value(name: str, text: str) -> str:
    """The term of a span in which the field or attribute is this text, without regard to case.

    Its beginning is that of all longer values: a prefix of terms is a prefix of values.
    """
    return spelled(name) + _VALUE + text.casefold().translate(_PRIVATE)


def sizes(name: str, number: float) -> tuple[str, str]:
    """The terms, fine and coarse, of a span in which the field or attribute is a number of this size."""
    size = size_of(number)
    start = spelled(name)
    return f"{start}{_FINE}{size:x}", f"{start}{_COARSE}{size // _COARSENESS:x}"


def size_of(number: float) -> int:
    """The size of a number: it never falls while the number grows. Zero and what is near it are of size `_ZERO`."""
    if abs(number) < 2.0**-40 or number != number:
        return _ZERO
    size: int = min(_bits(abs(number)) - _LOWEST + 1, _MOST)
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
