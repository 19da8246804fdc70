"""What a text in the filter asks for, read at each key: a condition, or what is wrong with it."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from tracetui.errors import UsageError
from tracetui.query import QueryError, compile_text
from tracetui.query.saved import expand
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
    meant: str = ""
    """The text with what is saved in place of the names of saved filters; empty where there is a problem."""


def read_query(text: str, now_nano: int, filters: Path | None = None) -> Reading:
    """Read a text at a time.

    Args:
        text: What was typed.
        now_nano: The time; times that are relative to it go by whole seconds, so that they mean one thing for one.
        filters: Where those are saved that the text may call by name.
    """
    try:
        meant = text if filters is None else expand(text, filters)
    except UsageError as error:  # the name may still become longer, or an attribute's
        return Reading(text, problem=Problem(str(error), 0, len(text), incomplete=True))
    try:
        return Reading(text, compile_text(meant, now_nano=now_nano - now_nano % SECOND), meant=meant)
    except QueryError as error:
        place = (error.position, error.length) if meant == text else (0, len(text))
        return Reading(text, problem=Problem(str(error), *place, error.incomplete))
    except UsageError as error:
        return Reading(text, problem=Problem(str(error), 0, len(text), incomplete=False))
