"""What a text in the filter asks for, read at each key: a condition, or what is wrong with it."""

from __future__ import annotations

from msgspec import Struct

from tracetui.errors import UsageError
from tracetui.query import QueryError, compile_text
from tracetui.store.conditions import Condition

SECOND = 10**9


class Problem(Struct, frozen=True):
    """What is wrong with a query."""

    message: str
    """One sentence, and what to write instead."""
    position: int
    """The first character that is wrong."""
    length: int
    incomplete: bool
    """Whether it may be right once more has been typed."""


class Reading(Struct, frozen=True):
    """A text, and what it means."""

    text: str
    where: Condition | None = None
    """What it asks for; None for everything, or where there is a problem."""
    problem: Problem | None = None


def read_query(text: str, now_nano: int) -> Reading:
    """Read a text at a time; times that are relative to it go by whole seconds, so that they mean one thing for one."""
    try:
        return Reading(text, compile_text(text, now_nano=now_nano - now_nano % SECOND))
    except QueryError as error:
        return Reading(text, problem=Problem(str(error), error.position, error.length, error.incomplete))
    except UsageError as error:
        return Reading(text, problem=Problem(str(error), 0, len(text), incomplete=False))
