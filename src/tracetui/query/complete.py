"""What could stand at the cursor of a query that is being typed.

Pure: it knows the language, not the data. What the data offers (keys, values, by frequency) the caller asks the store
for, as `slot`, `operand` and `prefix` say, and has it spelled here.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from tracetui.query.errors import QueryError
from tracetui.query.fields import BY_NAME, FIELDS, Field, FieldType
from tracetui.query.lexer import HAS, Token, TokenKind, tokens
from tracetui.query.names import field_of, key_of, operand_of
from tracetui.query.printer import spelled_key, spelled_value
from tracetui.query.tree import Key, KeyForm, Place
from tracetui.store.conditions import Attribute, Operand


class Slot(StrEnum):
    """What can stand at the cursor."""

    TERM = "term"
    """A word, a field with its operator, or the key of an attribute."""
    KEY = "key"
    """A field or a key without an operator: after `has:`, or before the operator that is there."""
    VALUE = "value"
    """A value of `operand`."""
    KEYWORD = "keyword"
    """`OR`, between the values of a set."""
    NOTHING = "nothing"
    """What is only for the user to know, such as the words of a phrase."""


class Candidate(NamedTuple):
    """Something that can be put there."""

    text: str
    """What replaces the piece, spelled as the language wants it."""
    help: str
    """What it is, one line; may be empty."""


class Completion(Struct, frozen=True):
    """What stands at the cursor, and what could."""

    slot: Slot
    start: int
    """Where the piece to replace begins."""
    end: int
    """The character behind it; never before the cursor."""
    prefix: str = ""
    """The piece up to the cursor, without quotes and escapes: what a candidate must begin with."""
    operand: Operand | None = None
    """For `VALUE`: whose value it is; None where the key names nothing."""
    candidates: tuple[Candidate, ...] = ()
    """What the language itself offers, the best first."""

    def key(self, attribute: Attribute) -> Candidate:
        """An attribute that the data has, spelled for this place."""
        key = spelled_key(key_of(attribute))
        return Candidate(key + ":" if self.slot is Slot.TERM else key, "")

    def value(self, text: str) -> Candidate:
        """A value that the data has, spelled for this place."""
        return Candidate(spelled_value(text), "")


def complete(text: str, cursor: int) -> Completion:
    """What could stand at the cursor.

    Args:
        text: A query, however wrong.
        cursor: Index of the character behind the cursor.
    """
    before = tokens(text[:cursor])[:-1]
    if not before:
        return _term(text, cursor, cursor, "")
    last = before[-1]
    key = _key_before(before)
    if key is not None:
        return _value(text, cursor, before, key)
    if last.end < cursor:
        return _term(text, cursor, cursor, "")
    match last.kind:
        case TokenKind.WORD:
            return _term(text, last.start, cursor, text[last.start : cursor])
        case TokenKind.OPEN | TokenKind.BRACE_OPEN | TokenKind.NOT | TokenKind.LINK:
            return _term(text, cursor, cursor, "")
        case TokenKind.STRAY if text[last.start : last.end] == "-":
            return _term(text, cursor, cursor, "")
        case _:
            return Completion(Slot.NOTHING, cursor, cursor)


def accepted(text: str, completion: Completion, candidate: Candidate) -> tuple[str, int]:
    """The text with a candidate in its place, and where the cursor then stands."""
    head = text[: completion.start] + candidate.text
    return head + text[completion.end :], len(head)


def _key_before(before: list[Token]) -> Token | None:
    """The key whose operator or set the cursor stands in; None where a term could stand."""
    last = len(before) - 1
    if before[last].kind is TokenKind.OPERATOR:
        return before[last - 1]
    place = last
    while place >= 0 and before[place].kind in (TokenKind.VALUE, TokenKind.AND, TokenKind.OR, TokenKind.NOT):
        if before[place].kind is TokenKind.VALUE and before[place - 1].kind is TokenKind.OPERATOR:
            return before[place - 2] if place == last else None
        place -= 1
    return before[place - 2] if place >= 2 and before[place].kind is TokenKind.SET else None


def _value(text: str, cursor: int, before: list[Token], key: Token) -> Completion:
    last = before[-1]
    is_piece = last.kind is TokenKind.VALUE and (last.end == cursor or _is_open(last))
    if last.kind is TokenKind.VALUE and not is_piece:
        if before[-2].kind is TokenKind.OPERATOR:
            return _term(text, cursor, cursor, "")  # the value is done, the next term may begin
        return Completion(Slot.KEYWORD, cursor, cursor, candidates=(Candidate("OR", "another value"),))
    if last.quoted and is_piece and not _is_open(last):
        return Completion(Slot.NOTHING, cursor, cursor)
    start = last.start if is_piece else cursor
    prefix = last.pieces[0] if is_piece and len(last.pieces) == 1 else text[start:cursor]
    end = _end_of_piece(text, start, cursor)
    if key.form is KeyForm.PLAIN and key.pieces[0].casefold() == HAS:
        return Completion(Slot.KEY, start, end, prefix, candidates=tuple(_keys(prefix)))
    try:
        operand = operand_of(Key(key.pieces[0], key.form, Place(key.start, key.end)), text)
    except QueryError:
        return Completion(Slot.VALUE, start, end, prefix)
    field = field_of(operand)
    known = tuple(_values(field, prefix)) if field is not None else ()
    return Completion(Slot.VALUE, start, end, prefix, operand, known)


def _term(text: str, start: int, cursor: int, prefix: str) -> Completion:
    end = _end_of_piece(text, start, cursor)
    if end > start and any(token.kind is TokenKind.KEY and token.start == start for token in tokens(text)):
        return Completion(Slot.KEY, start, end, prefix.removeprefix("@"), candidates=tuple(_keys(prefix)))
    return Completion(Slot.TERM, start, end, prefix.removeprefix("@"), candidates=tuple(_fields(prefix)))


def _is_open(token: Token) -> bool:
    """Whether a quote is not closed yet."""
    return token.quoted and token.problem is not None and token.problem.incomplete


def _end_of_piece(text: str, start: int, cursor: int) -> int:
    """Where the piece ends that the cursor stands in: what follows the cursor without a gap belongs to it."""
    if start == cursor and text[cursor - 1 : cursor].strip() == text[cursor : cursor + 1].strip() == "":
        return cursor
    for token in tokens(text):
        if token.start == start and token.kind in (TokenKind.WORD, TokenKind.KEY, TokenKind.VALUE):
            return cursor if _is_open(token) else max(token.end, cursor)
    return cursor


_OPERATORS = {
    FieldType.TEXT: (":", "!=", "~"),
    FieldType.CHOICE: (":", "!="),
    FieldType.ID: (":",),
    FieldType.WORDS: (":", "=", "~"),
    FieldType.NUMBER: (">", ">=", "<", "<=", ":"),
    FieldType.MONEY: (">", "<", ":"),
    FieldType.DURATION: (">", "<", ":"),
    FieldType.TIME: (">", "<", ":"),
    FieldType.BOOLEAN: (":",),
}
"""The operators that each type takes, the most usual first."""

OPERATOR_HELP = {
    ":": "is; on long text: has these words",
    "=": "is exactly",
    "!=": "is not, or is not there",
    ">": "more than",
    ">=": "at least",
    "<": "less than",
    "<=": "at most",
    "~": "matches a regular expression",
}
"""What each operator asks."""

_USUAL = {
    FieldType.NUMBER: ("0", "100", "1k", "10k", "100k"),
    FieldType.MONEY: ("$0.001", "$0.01", "$0.10", "$1"),
    FieldType.DURATION: ("100ms", "500ms", "1s", "5s", "30s", "1m"),
    FieldType.TIME: ("-15m", "-1h", "-1d", "-1w", "today", "yesterday"),
}
"""Values to begin with, where the field has none of its own."""


def _fields(prefix: str) -> Iterator[Candidate]:
    """Fields with an operator; of the field that is typed in full every operator."""
    typed = prefix.casefold()
    if typed.startswith("@"):
        return
    exact = BY_NAME.get(typed)
    if exact is not None:
        for operator in _OPERATORS[exact.type]:
            yield Candidate(exact.name + operator, f"{exact.help} {OPERATOR_HELP[operator]}")
    for field in _matching(typed):
        if field is not exact:
            yield Candidate(field.name + _OPERATORS[field.type][0], field.help)
    if HAS.startswith(typed):
        yield Candidate(f"{HAS}:", "The field or attribute is there.")
    if prefix:
        yield from (Candidate(word, "") for word in ("OR", "NOT", "AND") if word.startswith(prefix) and word != prefix)


def _keys(prefix: str) -> Iterator[Candidate]:
    return (Candidate(field.name, field.help) for field in _matching(prefix.casefold()))


def _matching(typed: str) -> list[Field]:
    """Fields whose name begins so, then those with an alias or a part of the name that does."""
    first = [field for field in FIELDS if field.name.startswith(typed)]
    more = [
        field
        for field in FIELDS
        if field not in first
        and typed
        and any(part.startswith(typed) for part in (*field.aliases, *field.name.split(".")))
    ]
    return first + more


def _values(field: Field, prefix: str) -> Iterator[Candidate]:
    offered = field.values or _USUAL.get(field.type, ())
    typed = prefix.casefold()
    return (Candidate(value, "") for value in offered if value.casefold().startswith(typed))
