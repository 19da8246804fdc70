"""Regular expressions, checked before the store is asked.

They are those of RE2, which the store searches with: it takes time in proportion to the text, whatever the expression.
"""

from __future__ import annotations

import re
import warnings

from tracetui.query.errors import QueryError, cited
from tracetui.query.tree import Place

LONGEST_PATTERN = 500
"""Characters of the longest regular expression."""

_LEFT_OUT = "Look-around and back-references are left out, so that every search ends soon."


def check_pattern(pattern: str, text: str, place: Place) -> None:
    """Refuse what is no regular expression.

    Raises:
        QueryError: It is none, or one that is too long; points into it.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise QueryError(
            f"A regular expression has at most {LONGEST_PATTERN} characters.", text, place.start, place.end
        )
    import re2  # deferred: 35 ms, and few queries have a regular expression

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0]
        what, _, wrong = (said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)).partition(": ")
        start = place.start + (text[place.start] == '"') + _position(pattern, wrong)
        start = min(start, place.end - 1)
        left_out = wrong.startswith(("(?=", "(?!", "(?<", "(?P", "(?>")) or re.match(r"\\[1-9]", wrong)
        raise QueryError(
            f"The regular expression is wrong: {what}{f' {cited(wrong)}' if wrong and wrong != pattern else ''}.",
            text,
            start,
            start + 1,
            suggestion=_LEFT_OUT if left_out else "",
            incomplete=place.end == len(text.rstrip()),
        ) from error


def _position(pattern: str, wrong: str) -> int:
    """Where a pattern is wrong. RE2 says what, not where: Python's own `re` knows, of what it refuses as well."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except re.error as error:
        return error.pos or 0
    except (OverflowError, RecursionError):
        return 0
    return max(pattern.find(wrong), 0) if wrong else 0
