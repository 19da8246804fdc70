"""Why a trace matched: a field and a value, or a piece of text, with what was found underlined."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from tracetui.store.conditions import (
    And,
    Attribute,
    Between,
    Compare,
    Condition,
    Equals,
    Has,
    HasAncestor,
    HasParent,
    Like,
    Matches,
    Operand,
    Or,
    SpanField,
    TraceHas,
    Words,
)
from tracetui.store.records import Hit
from tracetui.tui.render.row import ELLIPSIS, Row, label
from tracetui.tui.theme import Palette

PREFIX = 3
"""Characters from which the last of some bare words is the beginning of one."""

_TOKEN = re.compile(r"[^\W_]+")

_TELLING = frozenset(
    {
        SpanField.NAME,
        SpanField.TOOL,
        SpanField.AGENT,
        SpanField.MODEL,
        SpanField.PROVIDER,
        SpanField.SESSION,
        SpanField.USER,
        SpanField.TAG,
        SpanField.SCOPE,
        SpanField.FINISH,
        SpanField.INPUT,
        SpanField.OUTPUT,
        SpanField.DOCUMENT,
        SpanField.SCORE,
        SpanField.ERROR,
    }
)
"""Fields that a row of the list does not show anyway."""


class Sought(Struct, frozen=True):
    """What a filter looks for in text."""

    words: frozenset[str] = frozenset()
    """Whole words, folded."""
    beginnings: tuple[str, ...] = ()
    """Beginnings of words, folded."""
    pieces: tuple[str, ...] = ()
    """Parts of values, folded."""
    tells: bool = False
    """Whether it says something of a match to show what was found."""


NOTHING_SOUGHT = Sought()


class _Gathered(Struct):
    words: set[str] = field(default_factory=set)
    beginnings: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    tells: bool = False


def sought_by(where: Condition | None) -> Sought:
    """What a filter looks for; what it excludes is not among it."""
    found = _Gathered()
    if where is not None:
        _gather(where, found)
    return Sought(frozenset(found.words), tuple(found.beginnings), tuple(found.pieces), found.tells)


def _gather(where: Condition, found: _Gathered) -> None:
    match where:
        case And(conditions) | Or(conditions):
            for condition in conditions:
                _gather(condition, found)
        case HasParent(condition) | HasAncestor(condition) | TraceHas(condition):
            _gather(condition, found)
        case Words(text, whole):
            found.tells = True
            from tracetui.model.words import words  # deferred: 5 ms of expressions, of no use without a filter

            parts = words(text)
            if parts and not whole and len(parts[-1]) >= PREFIX:
                found.beginnings.append(parts[-1])
            found.words.update(parts)
        case Equals(operand, text):
            found.tells |= _tells(operand)
            found.pieces.append(text.casefold())
        case Like(operand, pieces):
            found.tells |= _tells(operand)
            found.pieces.extend(piece.casefold() for piece in pieces if piece)
        case Matches(operand) | Has(operand) | Compare(operand) | Between(operand):
            found.tells |= _tells(operand)
        case _:  # what is excluded cannot be shown, what is asked of the structure need not be
            pass


def _tells(operand: Operand) -> bool:
    return isinstance(operand, Attribute) or operand in _TELLING


def add_hit(row: Row, hit: Hit | None, sought: Sought, room: int, palette: Palette) -> None:
    """Append a hit to a row, in at most `room` cells."""
    if hit is None or room < PREFIX:
        return
    end = row.width + room
    row.up_to(hit.field.removeprefix("@"), room // 2, palette.style("faint")).gap()
    text = label(" ".join(hit.text.split()))
    marks = list(_marks(text, sought))
    left = end - row.width
    first = marks[0][0] if marks else 0
    if first > left * 2 // 3:  # what was found is what there is room for
        cut = max(text.rfind(" ", 0, first - left // 3) + 1, first - left // 2)
        text = ELLIPSIS + text[cut:]
        marks = [(start - cut + 1, stop - cut + 1) for start, stop in marks]
    at = 0
    plain, marked = palette.style("dim"), palette.style("text", underline=True)
    for start, stop in marks:
        row.up_to(text[at:start], end - row.width, plain, prose=True)
        row.up_to(text[start:stop], end - row.width, marked, prose=True)
        at = stop
    row.up_to(text[at:], end - row.width, plain, prose=True)


def _marks(text: str, sought: Sought) -> Iterator[tuple[int, int]]:
    """Where in a text stands what is sought, from left to right and apart from each other."""
    found = sorted({*_words_in(text, sought), *_pieces_in(text, sought)})
    until = 0
    for start, stop in found:
        if start >= until:
            yield start, stop
            until = stop


def _words_in(text: str, sought: Sought) -> Iterator[tuple[int, int]]:
    if not sought.words:
        return
    from tracetui.model.words import words  # as above

    for token in _TOKEN.finditer(text):
        if any(word in sought.words or word.startswith(sought.beginnings) for word in words(token[0])):
            yield token.span()


def _pieces_in(text: str, sought: Sought) -> Iterator[tuple[int, int]]:
    folded = text.casefold()
    if len(folded) != len(text):  # places would not be those of the text
        return
    for piece in sought.pieces:
        if piece and (start := folded.find(piece)) >= 0:
            yield start, start + len(piece)
