"""The write-ahead log between commits: brought into the file where that makes room, made sure of where it is in doubt.

A sync that fails leaves in doubt what was written since the one before: the system takes it for written from then on,
so that a later sync succeeds without it. In a log, whatever stands behind such a gap is lost with the power, the
acknowledged as well, and what a checkpoint takes from there may be in the file by halves. So after a failed sync the
log is written once more, the same bytes at the same places, and synced, before anything else is.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PIECE = 1 << 20

_DOUBTFUL = frozenset((sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC))


def leaves_doubt(error: BaseException) -> bool:
    """Whether an error leaves in doubt what was written before."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) in _DOUBTFUL


def has_log(path: Path) -> bool:
    """Whether there is anything in a database's write-ahead log."""
    wal = path.with_name(path.name + "-wal")
    return wal.is_file() and wal.stat().st_size > 0


def write_again(path: Path) -> None:
    """Write a database's write-ahead log once more and sync it; for the one writer, between its transactions.

    Raises:
        OSError: The disk failed.
    """
    descriptor = os.open(path.with_name(path.name + "-wal"), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        offset = 0
        while data := os.pread(descriptor, _PIECE, offset):
            os.pwrite(descriptor, data, offset)
            offset += len(data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fold_log(connection: sqlite3.Connection) -> None:
    """Bring the write-ahead log into the file, begin it anew and give its space back to the disk.

    The pages of the file that it changes are mostly there already, so that this needs little room or none.
    It stays as it is while somebody reads from it.

    Raises:
        sqlite3.Error: The disk failed, or has no room.
    """
    with _impatient(connection):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


@contextmanager
def _impatient(connection: sqlite3.Connection) -> Iterator[None]:
    """Without waiting for readers: senders wait for this."""
    patience = int(connection.execute("PRAGMA busy_timeout").fetchone()[0])
    connection.execute("PRAGMA busy_timeout=0")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout={patience}")
