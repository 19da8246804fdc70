"""The lock file beside a database: one process writes it, and anyone can see which.

The lock is the kernel's (`flock` on `<database>.lock`), so it ends with the process however that dies; the file itself
stays. Its content, `{"pid", "grpc", "http", "started_unix_nano"}`, tells others where the owner listens.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from tracetui.errors import ReadOnlyError, StoreError, StoreLockedError
from tracetui.model.clock import Clock, SystemClock

log = logging.getLogger(__name__)

_NOT_OURS_TO_WRITE = (errno.EROFS, errno.EACCES, errno.EPERM)

_LOOK_S = 0.25
"""How long `acquire` insists, because a look by `read_owner` holds the lock for a moment."""


class Owner(Struct, frozen=True):
    """The process that writes a database."""

    pid: int
    """0 where the owner has not written it yet."""
    grpc: str = ""
    """Where it takes OTLP/gRPC, as `host:port`; empty when it does not."""
    http: tuple[str, ...] = ()
    """Where it takes OTLP/HTTP, as `host:port`."""
    started_unix_nano: int = 0


class WriterLock:
    """A held lock; made by `acquire`."""

    def __init__(self, path: Path, descriptor: int, started_unix_nano: int) -> None:
        self.path = path
        """The lock file."""
        self._descriptor = descriptor
        self._started = started_unix_nano

    def update(self, *, grpc: str = "", http: Sequence[str] = ()) -> None:
        """Write down where this process listens, as `host:port`, if the disk has room: the lock itself needs none."""
        owner = {"pid": os.getpid(), "grpc": grpc, "http": list(http), "started_unix_nano": self._started}
        data = json.dumps(owner).encode() + b"\n"
        try:
            os.pwrite(self._descriptor, data, 0)
            os.ftruncate(self._descriptor, len(data))
        except OSError as error:
            log.warning("%s does not say who writes the database: %s", self.path, error.strerror)

    def release(self) -> None:
        """Let go; a second call does nothing."""
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1


def lock_path(database: Path) -> Path:
    """The lock file of a database."""
    return database.with_name(database.name + ".lock")


def acquire(database: Path, *, clock: Clock | None = None) -> WriterLock:
    """Become the one writer of a database.

    Raises:
        StoreLockedError: Another process is; the message names it.
        ReadOnlyError: This process may not write there.
        StoreError: The lock file cannot be made.
    """
    path = lock_path(database)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise (ReadOnlyError if error.errno in _NOT_OURS_TO_WRITE else StoreError)(
            f"The lock file {path} cannot be opened: {error.strerror}.",
            hint="Check the folder's permissions, or choose another --db.",
        ) from error
    try:
        _insist(descriptor, path, database)
        os.fchmod(descriptor, 0o600)
    except BaseException:
        os.close(descriptor)
        raise
    lock = WriterLock(path, descriptor, (clock or SystemClock()).now_nano())
    lock.update()
    return lock


def read_owner(database: Path) -> Owner | None:
    """Who writes a database now; None when nobody does."""
    path = lock_path(database)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None  # no lock file, or not ours to read: nobody we could talk to
    try:
        if _try_lock(descriptor, path, fcntl.LOCK_SH):
            return None
        return _parse(os.pread(descriptor, 4096, 0))
    finally:
        os.close(descriptor)


def _insist(descriptor: int, path: Path, database: Path) -> None:
    deadline = time.monotonic() + _LOOK_S
    while not _try_lock(descriptor, path, fcntl.LOCK_EX):
        if time.monotonic() >= deadline:
            owner = _parse(os.pread(descriptor, 4096, 0))
            raise StoreLockedError(
                f"Another tracetui (pid {owner.pid or 'unknown'}) is writing {database}.",
                hint="Stop it, or open the database with --no-receive.",
            )
        time.sleep(0.01)


def _try_lock(descriptor: int, path: Path, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise StoreError(
            f"The file system of {path} does not support locks: {error.strerror}.",
            hint="Choose a --db on a local disk.",
        ) from error
    return True


def _parse(data: bytes) -> Owner:
    """The owner as written; a file caught between two writes tells nothing but that there is one."""
    try:
        values, _ = json.JSONDecoder().raw_decode(data.decode())
        return Owner(
            int(values["pid"]), str(values["grpc"]), tuple(map(str, values["http"])), int(values["started_unix_nano"])
        )
    except (ValueError, KeyError, TypeError):
        return Owner(0)
