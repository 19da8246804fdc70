"""Regular expressions of strangers: searched for in time that grows with the text alone, whatever the expression.

That takes RE2's: no look-ahead, no back references. See docs/adr/007-search-index.md.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from tracetui.errors import UsageError

LONGEST_PATTERN = 10_000
"""Characters of the longest regular expression."""


@lru_cache(maxsize=64)
def finder(pattern: str) -> Callable[[str], bool]:
    """Whether a regular expression is found in a text.

    Raises:
        UsageError: It is none that RE2 knows.
    """
    import re2  # deferred: 35 ms, and most searches have no regular expression

    if len(pattern) > LONGEST_PATTERN:
        raise UsageError(f"A regular expression has at most {LONGEST_PATTERN:,} characters.")
    options = re2.Options()
    options.log_errors = False
    try:
        find = re2.compile(_encodable(pattern), options).search
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace") if error.args and isinstance(error.args[0], bytes) else error
        raise UsageError(f"The regular expression is wrong: {said}.") from error
    return lambda text: find(_encodable(text)) is not None


def _encodable(text: str) -> str:
    """Text without halves of characters."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
