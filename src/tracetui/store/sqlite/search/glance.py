"""A look at a span's bytes that spares reading it: whether they leave it open that it holds the words of a question.

To read a span takes 200 µs, a regular expression over its bytes 5. What it finds is read all the same: it may find
too much, but never too little: a letter may be spelled by characters beyond ASCII, which count as what they look like,
or by an escape of JSON; words stand between gaps, or at the edge of a field of the encoded message.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeAlias

from tracetui.model.words import words
from tracetui.store.conditions import Words
from tracetui.store.sqlite.search.values import Leaf, goes_on

SEPARATOR = b"\n"
"""Stands between the bytes of spans that are looked at together: a gap between words."""


class _Found(Protocol):
    """Where something was found."""

    def start(self) -> int:
        """Place of its first byte."""
        ...


_Search: TypeAlias = Callable[[bytes, int], _Found | None]
"""Finds the first from a place on."""


class Glance:
    """Tells of bytes of spans whether they leave it open that a condition holds."""

    def __init__(self, searches: Sequence[_Search]) -> None:
        self._searches = searches

    def is_open(self, data: bytes) -> bool:
        """Whether those of one span do."""
        return all(search(data, 0) is not None for search in self._searches)

    def open_among(self, data: bytes, starts: Sequence[int]) -> set[int]:
        """Which spans' do, by number.

        Many at once, because each search costs some µs beside its reading, and lets other threads go first.

        Args:
            data: The bytes of all of them, joined by `SEPARATOR`.
            starts: Where those of each begin; at least one.
        """
        found = [_numbers(search, data, starts) for search in self._searches]
        return set.intersection(*found)


def _numbers(search: _Search, data: bytes, starts: Sequence[int]) -> set[int]:
    found: set[int] = set()
    place, last = 0, len(starts) - 1
    while (match := search(data, place)) is not None:
        # what is found may begin with the gap before a span, or end in the next: that one is looked at all the same
        number = bisect_right(starts, match.start() + 1) - 1
        found.add(number)
        if number == last:
            break
        place = starts[number + 1] - 1
    return found


SEVERAL = (
    (0xDF, 0xDF),  # ß
    (0x132, 0x133),
    (0x1C4, 0x1CC),
    (0x1F1, 0x1F3),
    (0x1E9E, 0x1E9E),
    (0x20A8, 0x20A8),
    (0x2116, 0x2116),
    (0x2120, 0x2122),  # ™
    (0x213B, 0x213B),
    (0x2160, 0x217F),  # Roman numbers
    (0x3250, 0x3250),
    (0x32CC, 0x32CF),
    (0x3371, 0x33DD),  # units
    (0x33FF, 0x33FF),
    (0xFB00, 0xFB06),  # ligatures
    (0x1F12D, 0x1F12E),
    (0x1F14A, 0x1F14F),
    (0x1F16A, 0x1F16C),
    (0x1F190, 0x1F190),
)
"""Characters that count as several letters, from and to: a span that has one is read."""

_LONGEST = 60
"""Letters of the longest words that are looked for so: the expression for each is long."""
_BITS = ("true", "false", "inf", "infinity", "nan")
"""Words that may stand there as a bit or a number."""

_ESCAPE = r"\\u[0-9a-fA-F]{4}"
_FOREIGN = r"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
_GAP = rf"(?:[^0-9A-Za-z]|\\[bfnrt]|{_ESCAPE})"
_START = rf"(?:{_GAP}|[\x0a\x12\x1a\x2a\x80-\xff][0-9A-Za-z])"
"""What stands before a word: a gap between words, or where a text begins its field's number and its length, the last
byte of which may read as a letter. One of two bytes begins beyond ASCII.
"""
_STATUS = r"z(?:\x00|(?s:.){1,2}[\x12\x18])"
_DROPPED = rf"p(?:[^A-Za-z]|(?s:.)(?:[^A-Za-z]|{_STATUS}|\z))"
_END = rf"(?:{_GAP}|[09AJPZ]|j(?s:.){{1,2}}[\x0a\x12\x1a]|{_DROPPED}|{_STATUS}|\z)"
"""What stands behind one: a gap, the next field of a span, of which the numbers read as letters, or the end."""


def glance_of(leaf: Leaf) -> Glance | None:
    """A look at a span's bytes; None where it tells nothing of this condition."""
    if not isinstance(leaf, Words):
        return None
    wanted = words(leaf.text)
    if not wanted or sum(map(len, wanted)) > _LONGEST or not all(map(_is_spelled, wanted)):
        return None
    import re2  # deferred: 35 ms, and a list without a filter looks at nothing

    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    several = "|".join(_several())
    spelled = _expressions(wanted, whole=leaf.whole)
    found: list[_Search] = [re2.compile(f"{one}|{several}".encode(), options).search for one in spelled]
    return Glance(found)


def _expressions(wanted: list[str], *, whole: bool) -> Iterator[str]:
    """Expressions each of which finds something where the words stand: side by side, or each somewhere."""
    spelled = ["".join(rf"(?:[{at}{at.upper()}]|{_FOREIGN}|{_ESCAPE})+" for at in word) for word in wanted]
    if whole:
        yield _START + rf"{_GAP}+".join(spelled) + _END
        return
    for place, one in enumerate(spelled):
        ends_open = place == len(spelled) - 1 and goes_on(wanted)
        yield _START + one + ("" if ends_open else _END)


def _several() -> Iterator[str]:
    """Every spelling of a character that counts as several letters."""
    for first, last in SEVERAL:
        for code in range(first, last + 1):
            yield "".join(rf"\x{byte:02x}" for byte in chr(code).encode())
            units = chr(code).encode("utf-16-be").hex()
            halves = [units[at : at + 4] for at in range(0, len(units), 4)]
            yield "".join(rf"\\u(?i:{half})" for half in halves)


def _is_spelled(word: str) -> bool:
    """Whether a word stands letter for letter in the bytes of every span that holds it or one that starts so."""
    return word.isascii() and word.isalpha() and not any(bit.startswith(word) for bit in _BITS)
