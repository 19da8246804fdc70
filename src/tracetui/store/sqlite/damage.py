"""What becomes of a damaged file: it is kept under another name, with its log, and a new one takes its place.

Damage is mostly found when the file is opened, by looking into what the writer needs. What it meets later it writes
down, in a file beside the database, and the next start reads the whole of it before it writes.
"""

from __future__ import annotations

import logging
import os
import shlex
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from tracetui.errors import StoreError
from tracetui.model.clock import Clock, SystemClock

log = logging.getLogger(__name__)

SIDE_FILES = ("-wal", "-journal", "-shm")
"""What SQLite keeps beside a file, the log first."""

_HEADER = 100
_ID_AT = 68
_JOURNAL_HEADER = 28
_PAGES_AT = 16
"""Where the header of a journal says how many pages the file had."""


class SetAside(Struct, frozen=True):
    """A damaged file that was kept under another name."""

    path: Path
    """The database's."""
    kept_as: Path
    """Where its bytes are now."""

    def __str__(self) -> str:
        """One sentence for the person at the screen."""
        return (
            f"{self.path} was damaged, so it is kept as {self.kept_as} and a new one was begun;"
            f" `tracetui salvage {shlex.quote(str(self.kept_as))}` brings back what can be read of it."
        )


def set_aside(path: Path, *, clock: Clock | None = None) -> SetAside:
    """Give a damaged file and its side files another name; the caller holds the lock.

    Each gets its new name before it loses the old one, so that no end of the process in between leaves the file without
    its log: SQLite deletes a log that it finds beside a new file.

    Raises:
        StoreError: The folder cannot be written; nothing was changed.
    """
    kept_as = _free_name(path, clock or SystemClock())
    names = [
        (path.with_name(path.name + suffix), kept_as.with_name(kept_as.name + suffix)) for suffix in ("", *SIDE_FILES)
    ]
    names = [(old, new) for old, new in names if old.exists()]
    try:
        if _linked(names):
            for old, _ in names:
                old.unlink()
        else:
            for old, new in reversed(names):  # the file last, as its name is what a start goes by
                old.rename(new)
        clear_suspicion(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(
            f"{path} is damaged and cannot be renamed: {error.strerror}.", hint="Check the folder's permissions."
        ) from error
    return SetAside(path, kept_as)


def _free_name(path: Path, clock: Clock) -> Path:
    """A name that nothing has, with the time in it."""
    when = datetime.fromtimestamp(clock.now_nano() // 10**9, UTC)
    name = f"{path.name}.damaged-{when:%Y%m%d-%H%M%S}"
    tries = (path.with_name(name + (f"-{number}" if number else "")) for number in range(10_000))
    return next(free for free in tries if not os.path.lexists(free))


def _linked(names: list[tuple[Path, Path]]) -> bool:
    """Give each file its new name beside the old; False on a file system without links."""
    done: list[Path] = []
    try:
        for old, new in names:
            os.link(old, new, follow_symlinks=False)
            done.append(new)
    except OSError:
        for new in done:
            new.unlink()
        return False
    sync_folder(names[0][0].parent)
    return True


def sync_folder(folder: Path) -> None:
    """Have the names of a folder written to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def bears_our_mark(path: Path, application_id: int) -> bool:
    """Whether a file that SQLite does not take for a database of its own has our id where a database has it.

    Only for a file that this process has no connection to: closing it lets go of every lock that the process has on it.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER)
    return header[_ID_AT : _ID_AT + 4] == application_id.to_bytes(4, "big")


def holds_unfinished_change(path: Path, application_id: int) -> bool:
    """Whether a rollback journal is left of a change to a file of ours, or to one that was empty.

    A file has one only until it is made, before it has its write-ahead log.
    """
    journal = path.with_name(path.name + "-journal")
    try:
        with journal.open("rb") as file:
            header = file.read(_JOURNAL_HEADER)
    except OSError:
        return False
    was_empty = path.stat().st_size == 0 or header[_PAGES_AT : _PAGES_AT + 4] == bytes(4)
    return bool(header) and (was_empty or bears_our_mark(path, application_id))


def lost_its_file(path: Path) -> bool:
    """Whether there is a log with commits and nothing at all in the file, which no way of writing leaves behind."""
    wal = path.with_name(path.name + "-wal")
    return path.stat().st_size == 0 and wal.is_file() and wal.stat().st_size > 32


def suspect(path: Path) -> None:
    """Write down that a file seems to be damaged, for the next start."""
    try:
        os.close(os.open(_suspicion(path), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except OSError as error:
        log.warning("it could not be written down that %s seems to be damaged: %s", path, error.strerror)


def is_suspected(path: Path) -> bool:
    """Whether `suspect` was called for a file and it was not looked at since."""
    return os.path.lexists(_suspicion(path))


def clear_suspicion(path: Path) -> None:
    """It was looked at."""
    _suspicion(path).unlink(missing_ok=True)


def _suspicion(path: Path) -> Path:
    return path.with_name(path.name + "-suspect")
