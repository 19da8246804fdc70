"""How many bytes of requests may be held in memory at once, over all listeners.

A body is held while it is received, then cut and decoded, and what became of it until it is committed. On the way it is
copied: a large one takes three times its size for a moment. Large ones are worked on one after the other, so what the
largest of them takes besides is counted once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from types import TracebackType
from typing import Self

from tracetui.errors import IngestBusyError

MAX_BYTES = 256 * 1024 * 1024
"""Bytes being received, decoded, or waiting for their commit, of all requests together."""

LARGE = 8 * 1024 * 1024
"""Bytes of a body, or of one span, whose copies count too."""

STARVED_S = 1.0
"""How long a message of unknown size waits for its room before new requests make way for it."""

INDEX_PATIENCE_S = 5.0
"""How long a large record waits for its place in the search index while senders take all the room."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


class Stage(Enum):
    """Where a large request is copied, one after the other at each; and how much that takes besides itself."""

    RECEIPT = "receipt", 2.25
    """Within the gRPC library: beside its pieces a growing copy, and that again as the message."""
    DECODING = "decoding", 2.5
    """A body joined and cut into slices; a span parsed, and as text; and what the C library keeps of all that."""
    INDEXING = "indexing", 2.5
    """A span out of the database and parsed."""

    @property
    def copies(self) -> float:
        """Copies of it at once."""
        return self.value[1]


class Budget:
    """Bytes that may be held; any thread may take and give back.

    Args:
        limit: How many.
    """

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self.limit = limit
        """How many bytes there are in all."""
        self._changed = threading.Condition()
        self._held = 0
        self._copies: dict[Stage, dict[Hold, int]] = {stage: {} for stage in Stage}
        """What those of large ones take besides."""
        self._turn = threading.Lock()
        self._waiting_since = 0.0
        """Since when the new one whose turn it is waits for room; 0 where none does."""
        self._waiting = 0

    @property
    def held(self) -> int:
        """Bytes held now, without copies that may be made."""
        return self._held

    def hold(self) -> Hold:
        """What one request holds; nothing yet."""
        return Hold(self)

    @contextmanager
    def room(self, size: int) -> Iterator[None]:
        """Room for a large record that is read again for the search index; senders go first for some seconds.

        Raises:
            IngestBusyError: There was none for long.
        """
        with self.hold() as hold:
            if size >= LARGE:
                try:
                    self._reserve(hold, size, Stage.INDEXING, INDEX_PATIENCE_S, takes_turn=False)
                except IngestBusyError:
                    self._reserve(hold, size, Stage.INDEXING, 10 * INDEX_PATIENCE_S)
            try:
                yield
            finally:
                if size >= LARGE:
                    return_small_blocks()

    def _change(self, hold: Hold, size: int, copied: int, *, may_fail: bool) -> None:
        """Let a request hold so many bytes, of which so many may be copied.

        Raises:
            IngestBusyError: So many are not left; nothing has changed.
        """
        with self._changed:
            if may_fail and (self._makes_way(hold) or not self._fits(hold, size, copied)):
                raise self._busy()
            self._set(hold, size, copied)

    def _reserve(self, hold: Hold, size: int, stage: Stage, patience_s: float, *, takes_turn: bool = True) -> None:
        """Wait until a request may hold so many bytes; what it holds already stays held.

        Args:
            hold: The request.
            size: How many.
            stage: Where copies will be made.
            patience_s: How long.
            takes_turn: Whether those that come later wait, too, until this one has got its room.

        Raises:
            IngestBusyError: So many were not left in time.
        """
        size = min(size, self.limit)
        began = time.monotonic()
        if takes_turn and not self._turn.acquire(timeout=patience_s):
            raise self._busy()
        try:
            with self._changed:
                if takes_turn:
                    self._waiting_since = began
                self._waiting += 1
                left = began + patience_s - time.monotonic()
                fits = self._changed.wait_for(lambda: self._fits(hold, size, size, stage), timeout=max(left, 0))
                self._waiting -= 1
                if takes_turn:
                    self._waiting_since = 0.0
                if not fits:
                    raise self._busy()
                self._set(hold, size, size, stage)
        finally:
            if takes_turn:
                self._turn.release()

    def _makes_way(self, hold: Hold) -> bool:
        """Whether a request that has only begun is turned away for one that has waited long."""
        since = self._waiting_since
        return bool(not hold.size and since and time.monotonic() - since > STARVED_S)

    def _fits(self, hold: Hold, size: int, copied: int, stage: Stage = Stage.DECODING) -> bool:
        others = self._held - hold.size
        if not others:  # alone it may have its copies, and rows, over the limit: there will never be more room
            return min(size, copied) <= self.limit
        copies = 0
        for place, taken in self._copies.items():
            most = max((taken[other] for other in taken if other is not hold), default=0)
            copies += max(most, _copies(copied, stage)) if place is stage else most
        return others + size + copies <= self.limit

    def _set(self, hold: Hold, size: int, copied: int, stage: Stage = Stage.DECODING) -> None:
        is_less = size < hold.size
        self._held += size - hold.size
        hold.size, hold.copied = size, copied
        for taken in self._copies.values():
            is_less |= taken.pop(hold, 0) > 0
        if copied >= LARGE:
            self._copies[stage][hold] = _copies(copied, stage)
        if is_less and self._waiting:
            self._changed.notify_all()

    def _busy(self) -> IngestBusyError:
        return IngestBusyError(f"Requests of {self._held >> 20} MiB are being received; there is no room now.")


def _copies(size: int, stage: Stage) -> int:
    """What copies of so many bytes take."""
    return int(stage.copies * size) if size >= LARGE else 0


class Hold:
    """The bytes that one request holds; a context manager that gives them back. For one thread at a time."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.size = 0
        """Bytes held."""
        self.copied = 0
        """Those of which copies may be made."""

    def grow(self, size: int) -> None:
        """Hold more bytes of a body.

        Raises:
            IngestBusyError: So many are not left; what is held already stays held.
        """
        self._budget._change(self, self.size + size, self.copied + size, may_fail=True)

    def change(self, size: int, largest: int) -> None:
        """Hold so many bytes instead: a body as the rows that it becomes.

        Args:
            size: How many.
            largest: Bytes of the largest of them that is decoded in one piece.

        Raises:
            IngestBusyError: So many are not left; what is held already stays held.
        """
        self._budget._change(self, size, largest, may_fail=size > self.size)

    def keep(self, size: int) -> None:
        """Hold so many bytes, which are there already, until the commit."""
        self._budget._change(self, size, 0, may_fail=False)

    def reserve(self, size: int, patience_s: float, stage: Stage = Stage.RECEIPT) -> None:
        """Wait until there is room for a message of this size and its copies; what is held already stays held.

        Args:
            size: Bytes of it; of one that is not there yet the most that it may have.
            patience_s: How long.
            stage: Where copies will be made.

        Raises:
            IngestBusyError: There was none in time.
        """
        self._budget._reserve(self, size, stage, patience_s, takes_turn=not self.size)

    def release(self) -> None:
        """Give all back; a second call does nothing."""
        if self.size or self.copied:
            self._budget._change(self, 0, 0, may_fail=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def return_large_blocks() -> None:
    """Have the C library give large blocks back to the system as soon as they are free.

    The GNU library keeps blocks of up to 32 MiB from the second on, and twice as much at the end of each of its heaps.
    """
    from ctypes import CDLL  # deferred: 5 ms, for the receivers' thread alone

    if (adjust := getattr(CDLL(None), "mallopt", None)) is not None:
        adjust(_M_MMAP_THRESHOLD, LARGE)
        adjust(_M_TRIM_THRESHOLD, LARGE)


def return_small_blocks() -> None:
    """Give the system back what lies free between blocks that are in use: pieces of what was received, say."""
    from ctypes import CDLL  # deferred as above

    if (trim := getattr(CDLL(None), "malloc_trim", None)) is not None:
        trim(0)
