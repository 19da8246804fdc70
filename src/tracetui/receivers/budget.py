"""How many bytes of requests may be held in memory at once, over all listeners."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from tracetui.errors import IngestBusyError

MAX_BYTES = 256 * 1024 * 1024
"""Bytes being received or decoded, of all requests together."""


class Budget:
    """Bytes that may be held; any thread may take and give back.

    Args:
        limit: How many.
    """

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self.limit = limit
        """How many bytes there are in all."""
        self._lock = threading.Lock()
        self._held = 0

    @property
    def held(self) -> int:
        """Bytes held now."""
        return self._held

    def hold(self) -> Hold:
        """What one request holds; nothing yet."""
        return Hold(self)

    def take(self, size: int) -> None:
        """Take bytes.

        Raises:
            IngestBusyError: So many are not left; none was taken.
        """
        with self._lock:
            if self._held + size > self.limit:
                raise IngestBusyError(f"Requests of {self._held >> 20} MiB are being received; there is no room now.")
            self._held += size

    def give(self, size: int) -> None:
        """Give bytes back."""
        with self._lock:
            self._held -= size


class Hold:
    """The bytes that one request holds; a context manager that gives them back. For one thread at a time."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.size = 0
        """Bytes held."""

    def grow(self, size: int) -> None:
        """Hold more bytes.

        Raises:
            IngestBusyError: So many are not left; what is held already stays held.
        """
        self._budget.take(size)
        self.size += size

    def release(self) -> None:
        """Give all back; a second call does nothing."""
        size, self.size = self.size, 0
        self._budget.give(size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
