"""The query language: text that a person types, to a condition for the store (`docs/query.md`).

This module is what the explorer's first paint imports; the language itself takes 30 ms and is loaded by the first query
that says something. Its parts are imported by their names: `tree`, `parser`, `printer`, `fields`, `complete`, `edit`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.query.errors import QueryError

if TYPE_CHECKING:
    from tracetui.store.conditions import Condition

__all__ = ["QueryError", "compile_text"]


def compile_text(text: str, *, now_nano: int | None = None) -> Condition | None:
    """The condition that a query asks for; None when it asks for nothing.

    Args:
        text: What was typed.
        now_nano: The moment from which `-15m` counts; that of the call when not given.

    Raises:
        QueryError: It cannot be understood, or asks what cannot be asked.
    """
    if not text.strip():
        return None
    from tracetui.query.compile import compile_query  # deferred, see above
    from tracetui.query.parser import parse

    node = parse(text)
    return None if node is None else compile_query(node, text, now_nano=now_nano)
