"""Where the user's own prices are, known before anything is priced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


class UserTable:
    """The path of the user's table; who has read it hears of another."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.changed: Callable[[Path | None], None] | None = None
        """Called with a new path."""

    def use(self, path: Path | None) -> None:
        """Take the user's own prices from this file from now on; None for none."""
        self.path = path
        if self.changed is not None:
            self.changed(path)


USER_TABLE = UserTable()
"""The user's table of this process."""
