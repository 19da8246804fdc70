"""Pieces of SQL: boolean expressions with the values for their placeholders, joined so that SQLite takes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Sql(NamedTuple):
    """A boolean expression, and the values for its placeholders."""

    text: str
    values: tuple[object, ...] = ()

    @property
    def is_always(self) -> bool:
        """Whether it holds whatever the row."""
        return self.text == "1"


ALWAYS, NEVER = Sql("1"), Sql("0")


def among(traces: Iterable[int]) -> Sql:
    """A row of `traces t` is one of these."""
    return Sql("t.id IN (SELECT value FROM json_each(?))", (json.dumps(list(traces)),))


def both(parts: Sequence[Sql]) -> Sql:
    """All of them hold."""
    return _joined(sorted((part for part in parts if not part.is_always), key=_cost), "AND", ALWAYS)


def either(parts: Sequence[Sql]) -> Sql:
    """One of them holds at least."""
    return ALWAYS if any(part.is_always for part in parts) else _joined(sorted(parts, key=_cost), "OR", NEVER)


def opposite(part: Sql) -> Sql:
    """It does not hold."""
    return Sql(f"NOT ({part.text})", part.values)


def _cost(part: Sql) -> int:
    """What is dear is asked last: reading spans above, or a span's bytes."""
    return 2 if "span_holds" in part.text else 1 if "SELECT" in part.text else 0


def _joined(parts: Sequence[Sql], operator: str, empty: Sql) -> Sql:
    """Balanced, because SQLite bounds the depth of an expression and a chain is as deep as it is long."""
    if not parts:
        return empty
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    left, right = _joined(parts[:middle], operator, empty), _joined(parts[middle:], operator, empty)
    return Sql(f"({left.text} {operator} {right.text})", left.values + right.values)
