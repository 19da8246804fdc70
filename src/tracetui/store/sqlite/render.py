"""Conditions to SQL over `spans s`: text with placeholders, and the values to bind; values never enter the text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TypeAlias

from tracetui.errors import StoreError
from tracetui.model.names import STATUS_CODES
from tracetui.store.conditions import And, Condition, InTrace, Not, Or, TextContains

Rendered: TypeAlias = tuple[str, list[object]]
"""SQL text and the values for its placeholders."""

_MAX_PATTERN = 50_000
"""Bytes of the longest LIKE or GLOB pattern SQLite takes."""


def render(condition: Condition | None) -> Rendered:
    """A condition as a boolean expression over `spans s`."""
    match condition:
        case None:
            return "1", []
        case TextContains(text):
            return _text_contains(text)
        case InTrace(trace_id):
            return "s.trace = (SELECT id FROM traces WHERE trace_id = ?)", [trace_id]
        case And(conditions):
            return _join([render(each) for each in conditions], "AND", "1")
        case Or(conditions):
            return _join([render(each) for each in conditions], "OR", "0")
        case Not(negated):
            text, values = render(negated)
            return f"NOT {text}", values
        case _:
            raise StoreError(f"{type(condition).__name__} cannot be searched for yet.")


def _join(parts: Sequence[Rendered], operator: str, empty: str) -> Rendered:
    """Balanced, because SQLite bounds the depth of an expression and a chain is as deep as it is long."""
    if not parts:
        return empty, []
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    left, left_values = _join(parts[:middle], operator, empty)
    right, right_values = _join(parts[middle:], operator, empty)
    return f"({left} {operator} {right})", left_values + right_values


def _text_contains(text: str) -> Rendered:
    test, value = _contains(text)
    statuses = [code for code, name in enumerate(STATUS_CODES) if text.casefold() in name.casefold()]
    failed = " OR s.is_error" if 2 in statuses else ""
    return (
        f"(s.name {test} OR s.kind {test}"
        f" OR s.resource_id IN (SELECT id FROM resources WHERE service {test})"
        f" OR s.status_code IN ({','.join(map(str, statuses))}){failed})"
    ), [value] * 3


def _contains(text: str) -> tuple[str, str]:
    """An operator with its placeholder, and the value, that find the text in a column without regard to case.

    SQLite's LIKE folds ASCII only. Other text becomes a GLOB pattern that lists each character's cases, `*[üÜ]*`,
    which needs no function of ours called for every row.
    """
    if text.isascii():
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern, test = f"%{escaped}%", "LIKE ? ESCAPE '\\'"
    else:
        pattern, test = f"*{''.join(map(_any_case, text))}*", "GLOB ?"
    if len(pattern.encode()) > _MAX_PATTERN:
        return "= ?", text  # longer than any pattern: all that can be asked of it is equality
    return test, pattern


def _any_case(character: str) -> str:
    cases = _cases().get(_fold(character), character)
    return f"[{cases}]" if len(cases) > 1 or character in "*?[" else character


@cache
def _cases() -> dict[str, str]:
    """All characters that differ only in case, by what they fold to; 20 ms, for the first text that needs it."""
    groups: dict[str, str] = {}
    for character in map(chr, range(0x1F000)):
        folded = _fold(character)
        groups[folded] = groups.get(folded, "") + character
    return {folded: characters for folded, characters in groups.items() if len(characters) > 1}


def _fold(character: str) -> str:
    """One character without its case; `ß`, whose folding is two, in lower case."""
    folded = character.casefold()
    return folded if len(folded) == 1 else character.lower()
