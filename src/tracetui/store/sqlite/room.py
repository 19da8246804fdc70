"""The write-ahead log between its commits: brought into the file where that makes room, or where it is in doubt.

A sync that fails leaves in doubt what was written since the one before: the system may take it for written from then
on, so that a later sync succeeds without it. In a log, whatever stands behind such a gap is lost with the power, the
acknowledged as well. So after a failed sync nothing is appended to the log; first it is brought into the file, page by
page and with a sync of its own, and begun anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DOUBTFUL = frozenset((sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC))


def leaves_doubt(error: BaseException) -> bool:
    """Whether an error leaves in doubt what was written before."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) in _DOUBTFUL


def has_log(path: Path) -> bool:
    """Whether there is anything in a database's write-ahead log."""
    wal = path.with_name(path.name + "-wal")
    return wal.is_file() and wal.stat().st_size > 0


def fold_log(connection: sqlite3.Connection) -> bool:
    """Bring the write-ahead log into the file, begin it anew and give its space back to the disk.

    The pages of the file that it changes are mostly there already, so that this needs little room or none.

    Returns:
        Whether it was begun anew; not while somebody reads from it.

    Raises:
        sqlite3.Error: The disk failed, or has no room.
    """
    with _impatient(connection):
        is_busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not is_busy


@contextmanager
def _impatient(connection: sqlite3.Connection) -> Iterator[None]:
    """Without waiting for readers: senders wait for this."""
    patience = int(connection.execute("PRAGMA busy_timeout").fetchone()[0])
    connection.execute("PRAGMA busy_timeout=0")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout={patience}")
