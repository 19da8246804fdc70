"""What is wrong with a query, and where."""

from __future__ import annotations

from tracetui.errors import UsageError

SHOWN = 40
"""Characters of received text that a message repeats."""


class QueryError(UsageError):
    """A query that cannot be understood, or asks what cannot be asked.

    Args:
        message: What is wrong, one sentence.
        text: The whole query.
        start: Index of the first character that is wrong; the length of the text where something is missing at its end.
        end: Index after the last.
        found: What stands there; empty where that says nothing.
        expected: What could stand there; empty where that says nothing.
        suggestion: What to write instead, a sentence.
        incomplete: Whether the query may be right once more of it is typed; a place behind its end says so itself.
    """

    def __init__(
        self,
        message: str,
        text: str,
        start: int,
        end: int,
        *,
        found: str = "",
        expected: str = "",
        suggestion: str = "",
        incomplete: bool = False,
    ) -> None:
        super().__init__(message, hint=suggestion)
        self.text = text
        self.position = start
        self.length = max(end - start, 1)
        self.found = found
        self.expected = expected
        self.incomplete = incomplete or start >= len(text.rstrip())
        """Whether something is missing at the end: of a query that is being typed, it nearly always is."""

    @property
    def suggestion(self) -> str:
        """What to write instead; may be empty."""
        return self.hint

    @property
    def column(self) -> int:
        """The place as people count, from 1."""
        return self.position + 1


def cited(text: str) -> str:
    """Text of the query between the marks that messages use, cut where it is long."""
    return f"`{text if len(text) <= SHOWN else text[: SHOWN - 1] + '…'}`"


def likely(word: str, names: list[str]) -> str:
    """The name that the word was most probably meant to be; empty where none is near."""
    from difflib import get_close_matches  # deferred: 5 ms, and only a mistake needs it

    if len(word) > SHOWN:
        return ""
    near = get_close_matches(word.casefold(), names, n=1, cutoff=0.65)
    return near[0] if near else ""
