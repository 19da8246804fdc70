"""What was typed before: a file of queries, one a line, the newest last."""

from __future__ import annotations

import os
from pathlib import Path

from tracetui.errors import UsageError

KEPT = 200
"""Queries that are remembered."""


class History:
    """Queries in the order they were used, and where in them the reader is.

    Args:
        path: The file, which may be absent; None to remember nothing beyond this run.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._texts: list[str] | None = None
        self._at = 0
        self._draft = ""

    @property
    def texts(self) -> list[str]:
        """The queries, oldest first; read from the file when they are first asked for."""
        if self._texts is None:
            self._texts = self._read()
        return self._texts

    def _read(self) -> list[str]:
        if self._path is None:
            return []
        try:
            lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError:  # said when it is written, which fails for the same reason
            return []
        return [line for line in lines if line.strip()][-KEPT:]

    def add(self, text: str) -> None:
        """Remember a query as the newest.

        Raises:
            UsageError: The file cannot be written.
        """
        text = " ".join(text.split("\n")).strip()
        if not text:
            return
        known = self._read() if self._path is not None else self.texts  # another tracetui may have added some
        self._texts = [*(old for old in known if old != text), text][-KEPT:]
        self.leave()
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
            fresh.touch(mode=0o600)
            fresh.write_text("\n".join(self._texts) + "\n", encoding="utf-8")
            fresh.replace(self._path)
        except OSError as error:
            raise UsageError(f"The history of filters cannot be kept in {self._path}: {error.strerror}.") from error

    # Walking

    @property
    def is_walked(self) -> bool:
        """Whether an earlier query is being looked at."""
        return self._at > 0

    def leave(self) -> None:
        """Stop walking; the next step starts from the newest."""
        self._at = 0

    def step(self, direction: int, text: str) -> str | None:
        """The query before (-1) or after (1) the one that is looked at; None where there is no other.

        Args:
            direction: Which way.
            text: What the field holds: what comes back after the newest.
        """
        if not self.is_walked:
            self._draft = text
        at = self._at - direction
        while 0 < at <= len(self.texts) and self.texts[-at] == text:  # what is there already is no step
            at -= direction
        if not 0 <= at <= len(self.texts):
            return None
        self._at = at
        return self.texts[-at] if at else self._draft
