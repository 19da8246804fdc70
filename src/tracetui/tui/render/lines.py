"""Logical lines: what a text becomes before it is wrapped. Writers of lines are lazy: a text costs what is looked at.

A writer takes received text and yields `Line`s of safe text, each with how far into the text it has read; whoever lays
them out stops asking once the screen has enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from rich.cells import cell_len, chop_cells
from rich.style import Style

from tracetui.sanitise import sanitise

PIECE = 8 * 1024
"""Characters of one line at most; a longer one is cut, so that a text of one line is read piece by piece too."""

Run: TypeAlias = tuple[str, Style]
"""Safe text in one style."""

_WORD = re.compile(r"\S+\s*|\s+")


class Line(NamedTuple):
    """One line of safe text before it is wrapped."""

    runs: tuple[Run, ...]
    read: int
    """Characters of the received text that have been read up to the end of this line."""
    first: tuple[Run, ...] = ()
    """What stands before the first row, such as a bullet."""
    rest: tuple[Run, ...] = ()
    """What stands before the rows that follow when it wraps; as wide as `first`."""
    block: bool = False
    """Whether its background reaches to the end of the row, as that of code does."""


def plain_lines(text: str, style: Style, *, start: int = 0) -> Iterator[Line]:
    """Received text line by line, in one style."""
    at, end = start, len(text)
    while at <= end:
        stop = text.find("\n", at)
        stop = end if stop < 0 else stop
        while stop - at > PIECE:
            cut = text.rfind(" ", at + PIECE // 2, at + PIECE) + 1 or at + PIECE
            yield Line(((sanitise(text[at:cut]), style),), cut)
            at = cut
        yield Line(((sanitise(text[at:stop].removesuffix("\r")), style),), min(stop + 1, end))
        at = stop + 1


def wrap_runs(line: Line, width: int) -> Iterator[tuple[Run, ...]]:
    """A line as rows of at most `width` cells, broken between words where that is possible."""
    before = sum(cell_len(text) for text, _ in line.first)
    text = "".join(text for text, _ in line.runs)
    room = max(4, width - before)
    for number, (start, stop) in enumerate(breaks(text, room)):
        lead = line.rest if number else line.first
        hang = ((" " * _hang(text, room), line.runs[0][1]),) if number and _hang(text, room) else ()
        end = len(text[start:stop].rstrip()) or stop - start
        yield (*lead, *hang, *_cut(line.runs, start, start + end))


def _cut(runs: Iterable[Run], start: int, stop: int) -> Iterator[Run]:
    """The part of some runs between two characters."""
    at = 0
    for text, style in runs:
        first, last = max(start - at, 0), min(stop - at, len(text))
        if first < last:
            yield (text[first:last], style) if last - first < len(text) else (text, style)
        at += len(text)
        if at >= stop:
            return


def wrap(text: str, width: int) -> list[str]:
    """Safe text as lines of at most `width` cells, broken between words where that is possible."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        hang = " " * _hang(paragraph, width)
        for number, (start, stop) in enumerate(breaks(paragraph, width)):
            lines.append((hang if number else "") + paragraph[start:stop].rstrip())
    return lines


def _hang(text: str, width: int) -> int:
    """Cells by which the rows after the first are indented: as much as the line itself is, within reason."""
    return min(len(text) - len(text.lstrip(" ")), width // 2)


def breaks(text: str, width: int) -> list[tuple[int, int]]:
    """Where one line of safe text breaks into rows: the first character of each and the one after its last."""
    if len(text) <= width and (text.isascii() or cell_len(text) <= width):
        return [(0, len(text))]
    return list(_ascii_breaks(text, width) if text.isascii() else _word_breaks(text, width))


def _ascii_breaks(text: str, width: int) -> Iterator[tuple[int, int]]:
    """For text whose every character takes one cell."""
    start, end, room = 0, len(text), width
    hang = _hang(text, width)
    first = len(text) - len(text.lstrip(" "))
    while end - start > room:
        cut = text.rfind(" ", max(start + 1, first + 1 if not start else 0), start + room + 1)
        if cut <= start:
            cut = following = start + room
        else:
            following = cut + 1
            while following < end and text[following] == " ":
                following += 1
        yield start, cut
        start, room = following, max(1, width - hang)
    if start < end or not end:
        yield start, end


def _word_breaks(text: str, width: int) -> Iterator[tuple[int, int]]:
    """For text with wide characters."""
    narrow = max(2, width - _hang(text, width))
    start = at = used = 0
    room = max(2, width)
    for match in _WORD.finditer(text):
        word = match[0].rstrip()
        if used and used + cell_len(word) > room:
            yield start, at
            start, used, room = match.start(), 0, narrow
        at = match.start()
        while cell_len(word) > room:
            piece = chop_cells(word, room)[0]
            at += len(piece)
            yield start, at
            start, room, word = at, narrow, word[len(piece) :]
        used += cell_len(word) + len(match[0]) - len(match[0].rstrip())
        at = match.end()
    if start < len(text):
        yield start, max(start + 1, len(text.rstrip()))
