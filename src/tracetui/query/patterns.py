"""Regular expressions, checked before the store is asked."""

from __future__ import annotations

import re
import warnings

from tracetui.query.errors import QueryError
from tracetui.query.tree import Place

LONGEST_PATTERN = 500
"""Characters of the longest regular expression."""


def check_pattern(pattern: str, text: str, place: Place) -> None:
    """Refuse what is no regular expression of Python's `re`.

    Raises:
        QueryError: It is none, or one that is too long; points into it.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise QueryError(
            f"A regular expression has at most {LONGEST_PATTERN} characters.", text, place.start, place.end
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a later Python may read otherwise is for this one to decide
            re.compile(pattern)
    except re.error as error:
        start = place.start + (text[place.start] == '"') + (error.pos or 0)
        start = min(start, place.end - 1)
        raise QueryError(
            f"The regular expression is wrong: {error.msg}.",
            text,
            start,
            start + 1,
            incomplete=place.end == len(text.rstrip()),
        ) from error
    except (OverflowError, RecursionError) as error:
        raise QueryError("The regular expression is too complex.", text, place.start, place.end) from error
