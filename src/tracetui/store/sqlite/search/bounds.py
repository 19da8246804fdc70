"""What the index can say of a condition: spans for which it holds for certain, and spans for which it may hold."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias, TypeGuard

from tracetui.model.words import words
from tracetui.store import terms
from tracetui.store.conditions import (
    And,
    Attribute,
    Between,
    Compare,
    Comparison,
    Condition,
    Equals,
    Has,
    HasAncestor,
    HasParent,
    Like,
    Matches,
    Not,
    Operand,
    Or,
    SpanField,
    TraceField,
    TraceHas,
    Words,
)
from tracetui.store.sqlite.search.expression import ALL, NONE, Expression, Term, all_of, any_of, size, without
from tracetui.store.sqlite.search.values import Leaf, bindable, goes_on
from tracetui.store.terms import Kept

MOST_TERMS = 2_000
"""Terms of the longest expression that the index is asked."""

MOST_RECORDS = 300
"""Resources or scopes that are asked for by their row ids."""

DEEPEST = 40
"""Conditions inside one another that the index is asked; it takes a few more parentheses than twice that."""

_ALWAYS = frozenset(
    {
        SpanField.TRACE,
        SpanField.SPAN,
        SpanField.KIND,
        SpanField.OTEL_KIND,
        SpanField.STATUS,
        SpanField.ROOT,
        SpanField.DEPTH,
    }
)
"""Fields that every span has."""

_NO_TERMS = Kept(0)

RecordIds: TypeAlias = Callable[[Leaf], tuple[str, Sequence[int]] | None]
"""For a condition on what a span's resource or scope says: the name of the row ids in the index, and those for which
it holds; None for any other."""


class Known(NamedTuple):
    """What has been found out before the index is asked."""

    records: RecordIds
    is_short: Callable[[int, int], bool]
    """Whether few traces start within these bounds, so that the index is worth asking for their time."""


class Bounds(NamedTuple):
    """Spans for which a condition holds for certain, and those beyond which it holds for none."""

    certain: Expression
    possible: Expression

    @property
    def is_exact(self) -> bool:
        """Whether the index alone decides."""
        return self.certain == self.possible


UNKNOWN = Bounds(NONE, ALL)
"""Of what the index knows nothing."""


_BELOW_ANOTHER = Bounds(NONE, without(Term(terms.value(SpanField.ROOT, "true"))))
"""Of spans that stand below another: that narrows down what else is asked, and by itself names nearly all."""


def bounds_of(condition: Condition, known: Known, depth: int = 0) -> Bounds:
    """What the index can say of a condition."""
    found = _bounds(condition, known, depth)
    if size(found.possible) > MOST_TERMS or size(found.certain) > MOST_TERMS:
        return UNKNOWN
    return found


def _bounds(condition: Condition, known: Known, depth: int) -> Bounds:
    if depth > DEEPEST:
        return UNKNOWN
    match condition:
        case And(conditions):
            times = [each for each in conditions if _is_time(each)]
            parts = [bounds_of(each, known, depth + 1) for each in conditions if not _is_time(each)]
            if times:
                parts.append(_times(times, known))
            if any(isinstance(each, HasParent | HasAncestor) for each in conditions) and any(
                part.possible != ALL for part in parts
            ):
                parts.append(_BELOW_ANOTHER)
            return Bounds(all_of(part.certain for part in parts), all_of(part.possible for part in parts))
        case Or(conditions):
            parts = [bounds_of(each, known, depth + 1) for each in conditions]
            return Bounds(any_of(part.certain for part in parts), any_of(part.possible for part in parts))
        case Not(negated):
            certain, possible = bounds_of(negated, known, depth + 1)
            return Bounds(without(possible), without(certain))
        case HasParent() | HasAncestor():
            return Bounds(NONE, ALL)
        case TraceHas():
            return UNKNOWN
        case Words() | Equals() | Like() | Matches() | Compare() | Between() | Has():
            if _is_time(condition):
                return _times([condition], known)
            if (found := known.records(condition)) is not None:
                name, row_ids = found
                return (
                    _exactly(any_of(Term(terms.value(name, str(row_id))) for row_id in row_ids[:MOST_RECORDS]))
                    if (len(row_ids) <= MOST_RECORDS)
                    else UNKNOWN
                )
            return _leaf(condition)
        case _:
            return UNKNOWN


def _leaf(leaf: Leaf) -> Bounds:
    match leaf:
        case Words(text, whole, within):
            return _words(text, whole=whole, within=within)
        case Equals(operand, text) | Like(operand, (text,)):
            return _equals(operand, text)
        case Like(operand, pieces):
            return _like(operand, pieces)
        case Matches(operand):
            return Bounds(NONE, _has(operand).possible)
        case Compare(operand, comparison, number):
            return _compare(operand, comparison, number)
        case Between(operand, low, high):
            name, kept = _known(operand)
            there = _has(operand).possible
            return Bounds(NONE, _sizes(name, _float(low), _float(high)) if Kept.SIZES in kept else there)
        case Has(operand):
            return _has(operand)


def _words(text: str, *, whole: bool, within: SpanField | None) -> Bounds:
    wanted = words(bindable(text))
    if not wanted:
        return _exactly(NONE)
    ends_open = not whole and goes_on(wanted)
    if within is not None and Kept.WORDS in terms.FIELDS.get(within, _NO_TERMS):
        spelled = [terms.word_in(within, word) for word in wanted]
        return Bounds(NONE, all_of([*map(Term, spelled[:-1]), Term(spelled[-1], goes_on=ends_open)]))
    found = all_of([*map(Term, wanted[:-1]), Term(wanted[-1], goes_on=ends_open)])
    if within is not None:
        return Bounds(NONE, all_of([found, _has(within).possible]))
    return Bounds(found if not whole or len(wanted) == 1 else NONE, found)


def _equals(operand: Operand, text: str) -> Bounds:
    name, kept = _known(operand)
    if operand is SpanField.SPAN:
        return Bounds(NONE, _near_id(text))
    if Kept.VALUES not in kept:
        return Bounds(NONE, _has(operand).possible)
    if not terms.is_short(text):
        return Bounds(NONE, all_of([_has(operand).possible, *_words_at_start(text)]))
    if not text and not isinstance(operand, Attribute):
        return _exactly(NONE)
    found = Term(terms.value(name, bindable(text)))
    return Bounds(NONE if Kept.MAYBE in kept or text != bindable(text) else found, found)


def _like(operand: Operand, pieces: Sequence[str]) -> Bounds:
    name, kept = _known(operand)
    if operand is SpanField.SPAN:
        return Bounds(NONE, _near_id(pieces[0]))
    there = _has(operand).possible
    if Kept.VALUES not in kept or not pieces[0] or pieces[0] != bindable(pieces[0]):
        return Bounds(NONE, there)
    short = Term(terms.value(name, pieces[0]), goes_on=True)
    # a value that is too long for a term is found by its words
    found = any_of([short, all_of([there, *_words_at_start(pieces[0])])])
    return Bounds(short if len(pieces) == 2 and not pieces[1] and Kept.MAYBE not in kept else NONE, found)


def _near_id(text: str) -> Expression:
    digits = text.casefold()
    if not digits.isascii() or not digits.isalnum():
        return ALL
    return Term(terms.near_id(digits), goes_on=len(digits) < terms.ID_DIGITS)


def _words_at_start(text: str) -> Iterable[Expression]:
    """Words that any text has that starts so. Its last may go on there; that of other scripts may read otherwise."""
    if not text.isascii() or "\\" in text:
        return ()
    found = words(text)
    last = Term(found[-1], goes_on=True) if found and goes_on(found) else None
    return [*map(Term, found[:-1]), *([last] if last else [])]


def _compare(operand: Operand, comparison: Comparison, number: float) -> Bounds:
    name, kept = _known(operand)
    if Kept.SIZES not in kept:
        return Bounds(NONE, _has(operand).possible)
    asked = _float(number)
    if math.isnan(asked):
        return _exactly(NONE)
    certain: Expression = NONE
    low, high = -math.inf, math.inf
    match comparison:
        case Comparison.EQUAL:
            low = high = asked
        case Comparison.MORE | Comparison.AT_LEAST:
            low = asked
            if (inside := _next_size(asked)) is not None:
                certain = _sizes(name, inside, math.inf)
        case Comparison.LESS | Comparison.AT_MOST:
            high = asked
            if (inside := _size_before(asked)) is not None:
                certain = _sizes(name, -math.inf, inside)
    return Bounds(NONE if Kept.MAYBE in kept else certain, _sizes(name, low, high))


def _is_time(condition: Condition) -> TypeGuard[Compare]:
    return isinstance(condition, Compare) and condition.operand is SpanField.START


def _times(conditions: Iterable[Compare], known: Known) -> Bounds:
    """Of all these conditions on a span's start together: two that bound a time are one short time."""
    low, high = 0.0, float(2**63 - 1)
    for condition in conditions:
        comparison, asked = condition.comparison, _float(condition.number)
        if comparison is not Comparison.LESS and comparison is not Comparison.AT_MOST:
            low = max(low, asked)
        if comparison is not Comparison.MORE and comparison is not Comparison.AT_LEAST:
            high = min(high, asked)
    if not low <= high:
        return _exactly(NONE)
    # a double is too coarse for a nanosecond of today by a few hundred
    first, last = max(int(low) - 1_000, 0), min(int(high) + 1_000, 2**63 - 1)
    if not known.is_short(first, last):
        return UNKNOWN
    return Bounds(NONE, any_of(Term(moment, goes_on=True) for moment in terms.moments_between(first, last)))


def _sizes(name: str, low: float, high: float) -> Expression:
    return any_of(map(Term, terms.sizes_between(name, low, high)))


def _next_size(number: float) -> float | None:
    """The smallest number of a greater size; None where that is not worth knowing."""
    if not 2.0**-30 < number < 2.0**90:
        return None
    return _with_bits((_bits(number) >> 49) + 1 << 49)


def _size_before(number: float) -> float | None:
    """The largest number of a smaller size."""
    if not 2.0**-30 < number < 2.0**90:
        return None
    return _with_bits((_bits(number) >> 49 << 49) - 1)


def _bits(number: float) -> int:
    bits: int = struct.unpack(">q", struct.pack(">d", number))[0]
    return bits


def _with_bits(bits: int) -> float:
    number: float = struct.unpack(">d", struct.pack(">q", bits))[0]
    return number


def _has(operand: Operand) -> Bounds:
    name, kept = _known(operand)
    if Kept.HAS in kept:
        found = Term(terms.has(name))
        return Bounds(NONE if Kept.MAYBE in kept else found, found)
    return _exactly(ALL) if operand in _ALWAYS else UNKNOWN


def _known(operand: Operand) -> tuple[str, Kept]:
    """How the index calls it, and which terms it has of it."""
    match operand:
        case SpanField():
            return operand.value, terms.FIELDS.get(operand, _NO_TERMS)
        case Attribute(key, of_resource=False):
            return terms.of_attribute(bindable(key)), Kept.HAS | Kept.VALUES | Kept.SIZES
        case Attribute() | TraceField():
            return "", _NO_TERMS


def _exactly(found: Expression) -> Bounds:
    return Bounds(found, found)


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
