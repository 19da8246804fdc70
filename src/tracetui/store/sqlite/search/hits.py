"""Why a span matched: the value or the place in a text that a condition found."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tracetui.model.lookup import Scalar, canonical
from tracetui.model.trace import SpanRow
from tracetui.model.words import words
from tracetui.store import terms
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
    InTrace,
    Like,
    Matches,
    Not,
    Operand,
    Or,
    SpanField,
    TraceHas,
    Words,
)
from tracetui.store.records import Hit
from tracetui.store.sqlite.search.contents import Contents
from tracetui.store.sqlite.search.values import CONTENT_FIELDS, Leaf, goes_on, stand_in, test_of

LONGEST = 200
"""Characters of a hit's text."""

_BEFORE = 60
"""Characters before what was found."""

_COLUMNS = {
    SpanField.NAME: "name",
    SpanField.MODEL: "model",
    SpanField.PROVIDER: "provider",
    SpanField.TOOL: "tool_name",
    SpanField.AGENT: "agent_name",
    SpanField.SESSION: "session_id",
    SpanField.USER: "user_id",
    SpanField.SERVICE: "service",
    SpanField.SOURCE: "source",
    SpanField.SCOPE: "scope_name",
}
_TEXTS = (SpanField.INPUT, SpanField.OUTPUT, SpanField.DOCUMENT, SpanField.ERROR)
_TOKEN = re.compile(r"\w+")


def hit_of(condition: Condition, row: SpanRow, contents: Contents) -> Hit | None:
    """What of a span meets a condition; None where nothing that can be shown does."""
    for leaf in _asserted(condition):
        for field, value in _found(leaf, row, contents):
            return Hit(row.span_id, field, _shown(canonical(value), leaf))
    return None


def _asserted(condition: Condition) -> Iterator[Leaf]:
    """The conditions that the span itself may meet, those on texts first."""
    leaves = list(_leaves(condition))
    yield from (leaf for leaf in leaves if isinstance(leaf, Words))
    yield from (leaf for leaf in leaves if not isinstance(leaf, Words))


def _leaves(condition: Condition) -> Iterator[Leaf]:
    match condition:
        case And(conditions) | Or(conditions):
            for each in conditions:
                yield from _leaves(each)
        case Not() | HasParent() | HasAncestor() | TraceHas() | InTrace():
            return
        case _:
            yield condition


def _found(leaf: Leaf, row: SpanRow, contents: Contents) -> Iterator[tuple[str, Scalar]]:
    """The fields and values that meet a condition."""
    match leaf:
        case Words(_, _, within) if within is not None:
            yield from ((within.value, value) for value in contents.values(within) if _holds_a_word(leaf, value))
        case Words():
            if _holds_a_word(leaf, row.name):
                yield SpanField.NAME.value, row.name
            for field in _TEXTS:
                yield from ((field.value, value) for value in contents.values(field) if _holds_a_word(leaf, value))
            yield from ((where, text) for where, text in contents.texts() if _holds_a_word(leaf, text))
        case Equals() | Like() | Matches() | Compare() | Between() | Has():
            test = test_of(leaf)
            yield from ((name, value) for name, value in _values(leaf.operand, row, contents) if test(value))


def _values(operand: Operand, row: SpanRow, contents: Contents) -> Iterator[tuple[str, Scalar]]:
    match operand:
        case Attribute(key, of_resource=False):
            yield from ((terms.of_attribute(key), value) for value in contents.values(operand))
        case Attribute():
            return
        case _ if operand in CONTENT_FIELDS:
            yield from ((operand.value, value) for value in contents.values(operand))
        case SpanField() if operand in _COLUMNS and (text := getattr(row, _COLUMNS[operand])):
            yield operand.value, text
        case _:
            return


def _holds_a_word(leaf: Words, value: Scalar) -> bool:
    """Whether a value holds the words side by side, or else the last of them, which was typed last."""
    wanted = words(leaf.text)
    return stand_in(words(canonical(value)), wanted if leaf.whole else wanted[-1:], whole=leaf.whole)


def _shown(text: str, leaf: Leaf) -> str:
    """A text, or what stands around the words in it."""
    if len(text) <= LONGEST:
        return text
    at = max(_place(text, leaf) - _BEFORE, 0) if isinstance(leaf, Words) else 0
    return text[at : at + LONGEST]


def _place(text: str, leaf: Words) -> int:
    """Where the words begin in a text."""
    wanted = words(leaf.text)
    word = wanted[0] if leaf.whole else wanted[-1]
    if text.isascii() and word.isascii():
        found = re.search(rf"(?<![0-9A-Za-z]){re.escape(word)}", text, re.IGNORECASE)
        return found.start() if found else 0
    for token in _TOKEN.finditer(text):
        there = words(token[0])
        if word in there or (not leaf.whole and goes_on(wanted) and any(one.startswith(word) for one in there)):
            return token.start()
    return 0
