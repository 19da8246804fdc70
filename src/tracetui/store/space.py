"""Free space on the disk: some is kept in reserve, so that what is stored can still be closed, pruned and read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from tracetui.errors import DiskFullError
from tracetui.model.clock import Clock, SystemClock

RESERVE_BYTES = 64 << 20
"""Bytes that are left free on the disk; on a small one a twentieth of it."""

_NO_ROOM_BYTES = 64 << 10
"""Less than what a file grows by at once."""

_LOOK_EVERY_S = 0.5


class Space(Struct, frozen=True):
    """A disk at one moment, in bytes."""

    free: int
    """What this user may still write."""
    total: int

    @property
    def reserve(self) -> int:
        """What is left free."""
        return min(RESERVE_BYTES, self.total // 20)


def space_of(folder: Path) -> Space:
    """The disk that holds a folder."""
    found = os.statvfs(folder)
    return Space(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


def has_no_room(folder: Path) -> bool:
    """Whether the disk that holds a folder is as good as full."""
    return space_of(folder).free < _NO_ROOM_BYTES


class SpaceGuard:
    """Stops writing before the disk is full.

    Args:
        path: The database file.
        clock: Says when to look again.
        look: Finds out what is free.
    """

    def __init__(self, path: Path, *, clock: Clock | None = None, look: Callable[[Path], Space] = space_of) -> None:
        self._path = path
        self._clock: Clock = clock or SystemClock()
        self._look = look
        self._looked_at = float("-inf")

    def check(self) -> None:
        """Make sure that there is room for a transaction; looks at most every half second while there is.

        Raises:
            DiskFullError: The free space is down to the reserve.
        """
        now = self._clock.monotonic()
        if now - self._looked_at < _LOOK_EVERY_S:
            return
        space = self._look(self._path.parent)
        if space.free < space.reserve:
            raise disk_full(self._path)
        self._looked_at = now


def disk_full(path: Path) -> DiskFullError:
    """The error for a disk without room."""
    return DiskFullError(f"The disk that holds {path} is full.", hint="Free some space on it; nothing else is needed.")
