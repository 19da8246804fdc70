"""Where rows stand in an order by what is unknown of them: last, whichever way the list is sorted.

So what they sort as depends on the direction. It is a value beyond every known one: a key stays one value and a row id,
and a page one comparison with it.
"""

from __future__ import annotations

import math

PLACE = "{unknown}"
"""Stands in an expression for what an unknown value sorts as."""


def unknown(*, descending: bool) -> float:
    """What an unknown duration, token count or cost sorts as."""
    return -1 if descending else math.inf


def placed(expression: str, *, descending: bool) -> str:
    """An expression of SQL for a direction; it is never NULL."""
    return expression.replace(PLACE, "-1" if descending else "9e999")


def tokens(alias: str) -> str:
    """Input and output together, or the one that is known, of a row."""
    return (
        f"ifnull({alias}.input_tokens + {alias}.output_tokens,"
        f" ifnull({alias}.input_tokens, ifnull({alias}.output_tokens, {PLACE})))"
    )


def tokens_value(given: int | None, made: int | None, *, descending: bool) -> float:
    """The value of `tokens` for a row."""
    if given is None and made is None:
        return unknown(descending=descending)
    both = (given or 0) + (made or 0)
    return both if both < 2**63 else float(both)  # as SQLite adds
