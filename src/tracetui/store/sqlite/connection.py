"""Opening the database file: made private, checked to be ours, migrated, set up.

Nothing that is already there is changed before it has been recognised as a tracetui database of a version we know.
"""

from __future__ import annotations

import errno
import json
import os
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tracetui.errors import (
    DamagedError,
    NewerSchemaError,
    NotADatabaseError,
    ReadOnlyError,
    StoreError,
    StoreLockedError,
    TracetuiError,
)
from tracetui.model.clock import Clock
from tracetui.store.lock import acquire
from tracetui.store.space import disk_full, has_no_room, space_of
from tracetui.store.sqlite import statements
from tracetui.store.sqlite.damage import (
    SetAside,
    bears_our_mark,
    clear_suspicion,
    holds_unfinished_change,
    is_suspected,
    lost_its_file,
    set_aside,
    suspect,
    sync_folder,
)
from tracetui.store.sqlite.place import check_disk, is_read_only
from tracetui.store.sqlite.room import has_log
from tracetui.store.sqlite.schema import NAMES, create

SCHEMA_VERSION = len(NAMES)
"""`PRAGMA user_version` of a file this code reads and writes."""

SQLITE_VERSION = sqlite3.sqlite_version
"""Of the library that is linked here."""

APPLICATION_ID = 0x74747569
"""`PRAGMA application_id` of our files: the bytes `ttui`."""

PAGE_SIZE = 32768
"""A page wastes about half a slice: of slices of 2.4 KB, with the search index, the file takes 1.44 bytes a byte with
pages of 16 KiB and 1.37 with these. Files made with smaller pages keep them."""

_SMALLEST_DATABASE = 512
"""Bytes of the smallest page; what is longer SQLite looks at itself."""
_CHECKPOINT_BYTES = 16 << 20
_OTHER_TABLES = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name <> '_sqlite_migrations'"
_HEADS = (
    statements.NEXT_IDS,
    statements.HAS_LOGS_THAT_TELL,
    "SELECT max(id) FROM span_data",
    "SELECT max(id) FROM logs",
    "SELECT * FROM search_index",
    "SELECT name FROM sqlite_master",
)
"""What tells cheaply whether the writer finds what it begins with."""

_CHECK = "Check its permissions, or choose another file with --db."
_AT_HAND = "Choose another file with --db."
_NOT_OURS = (
    "Choose another file with --db; if tracetui has made this one, `tracetui salvage` may get something out of it."
)


def open_for_writing(path: Path) -> sqlite3.Connection:
    """A connection that may write; the caller holds the lock. The file is created and migrated as needed.

    Raises:
        StoreError: Or one of its kinds: the file cannot be used; says why.
        DamagedError: It is ours and damaged. Its bytes are as they were.
    """
    with translated(path):
        check_disk(path)
        if _checked_version(path) is None:
            _create(path)
        elif not os.access(path, os.W_OK):
            raise ReadOnlyError(f"{path} is not writable.", hint=_CHECK)
        connection = _connect(path, "rw")
        try:
            _prepare(connection, path)
        except BaseException as error:
            close_as_it_is(connection, path)
            if isinstance(error, UNREADABLE) and isinstance(explain(error, path), DamagedError):
                suspect(path)
            raise
    return connection


def close_as_it_is(connection: sqlite3.Connection, path: Path) -> None:
    """Close the writer's connection without what closing the last one does: bring the log into the file, and delete it.

    Another that cannot write is closed after it, and leaves both alone.
    """
    with suppress(*UNREADABLE), closing(_connect(path, "ro")) as last:
        last.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.close()
    connection.close()


def _checked_version(path: Path) -> int | None:
    """As `_version`, for the one who writes: whose file it is and whether it is whole is found out before anything is
    written, and that includes the log's being brought into the file, which happens when a connection is closed.
    """
    check_path(path)
    try:
        if path.exists() and lost_its_file(path):
            raise damaged(path)
        version = _version(path)
        if version is not None and version > SCHEMA_VERSION:
            raise newer(path, version)
        if version == SCHEMA_VERSION:
            _look_at_heads(path)
        if version and is_suspected(path):
            _look_at_all(path)
    except NotADatabaseError as error:
        if bears_our_mark(path, APPLICATION_ID):
            raise damaged(path) from error
        raise
    return version


def _look_at_heads(path: Path) -> None:
    """Read what the writer reads when it begins."""
    with closing(_connect(path, "ro")) as connection:
        for statement in _HEADS:
            connection.execute(statement).fetchall()


def _look_at_all(path: Path) -> None:
    with closing(_connect(path, "ro")) as connection:
        if is_damaged(connection):
            raise damaged(path)
    clear_suspicion(path)


def replace_damaged(path: Path, *, clock: Clock | None = None) -> SetAside | None:
    """Set a damaged file aside; None where it is not damaged (any more: another process may have done so).

    Raises:
        StoreError: Another process writes it, or it cannot be renamed.
    """
    lock = acquire(path)
    try:
        with translated(path):
            _checked_version(path)
    except DamagedError:
        return set_aside(path, clock=clock)
    finally:
        lock.release()
    return None


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A read-only connection. A file that is missing or of an earlier version is first brought up to date; of a later
    one what is known here is read.

    Raises:
        StoreError: Or one of its kinds: the file cannot be used; says why.
    """
    with translated(path):
        version = _version(path)
        if version is None or version < SCHEMA_VERSION:
            _bring_up_to_date(path)
        connection = _connect(path, "ro")
        connection.execute("PRAGMA cache_size=-8192")
    return connection


def _bring_up_to_date(path: Path) -> None:
    try:
        lock = acquire(path)
    except StoreLockedError:
        if _version(path) == SCHEMA_VERSION:  # its writer has just done so
            return
        raise
    try:
        open_for_writing(path).close()
    finally:
        lock.release()


def check_path(path: Path) -> None:
    """Make the folder if need be, and see that the path can hold a database.

    Raises:
        StoreError: It cannot; says why.
    """
    _make_folder(path.parent)
    if path.is_symlink():
        raise StoreError(f"{path} is a symbolic link.", hint=f"Give the file it points to: --db {path.resolve()}.")
    if path.is_dir():
        raise StoreError(
            f"{path} is a folder, not a database file.", hint=f"Name a file in it: --db {path / 'tracetui.db'}."
        )
    if not path.exists():
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise StoreError(f"The folder {path.parent} is not writable.", hint=_AT_HAND)
        return
    if not path.is_file():
        raise StoreError(f"{path} is not a regular file.", hint=_AT_HAND)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn errors of the system and of SQLite into ours, naming the file."""
    try:
        yield
    except TracetuiError:
        raise
    except OSError as error:
        hint = "Free some space on that disk." if error.errno == errno.ENOSPC else _CHECK
        raise StoreError(f"{error.filename or path} cannot be opened: {error.strerror}.", hint=hint) from error
    except UNREADABLE as error:
        raise explain(error, path) from error


UNREADABLE = (sqlite3.Error, UnicodeDecodeError, json.JSONDecodeError)
"""What reading a file raises that cannot be used: sqlite3 passes on text that is no UTF-8, in its messages too."""

ODD_VALUES = (TypeError, ValueError, KeyError, IndexError, OverflowError)
"""What working with values raises that no writer has written."""


def explain(error: Exception, path: Path) -> StoreError:
    """What an error of `UNREADABLE` means for the person at the screen."""
    if not isinstance(error, sqlite3.Error):
        return damaged(path)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreError(f"{path} is locked by another program.", hint="Close what else has it open for writing.")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            return StoreError(f"{path} or its folder cannot be opened for writing.", hint=_CHECK)
        case sqlite3.SQLITE_FULL:
            return disk_full(path)
        case sqlite3.SQLITE_IOERR if has_no_room(path.parent):  # which growing the log's index does not call so
            return disk_full(path)
        case sqlite3.SQLITE_CORRUPT:
            return damaged(path)
        case sqlite3.SQLITE_ERROR if "fts5 file format" in str(error):  # the one damage that FTS5 does not call so
            return damaged(path)
        case sqlite3.SQLITE_NOTADB:
            return NotADatabaseError(f"{path} is not an SQLite database.", hint=_NOT_OURS)
        case _:
            return StoreError(f"{path} cannot be used: {error}.", hint="`tracetui doctor` may tell more.")


@contextmanager
def as_damage(path: Path) -> Iterator[None]:
    """Turn errors over values that no writer has written into ours."""
    try:
        yield
    except ODD_VALUES as error:
        raise damaged(path) from error


def is_damaged(connection: sqlite3.Connection) -> bool:
    """Whether SQLite finds the file damaged; reads all of it."""
    try:
        found: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except UNREADABLE:
        return True
    return found != "ok"


def damaged(path: Path) -> DamagedError:
    """The error for a file that is damaged."""
    hint = f"`tracetui salvage {shlex.quote(str(path))} -o NEW` copies what can be read of it into a new file."
    return DamagedError(f"{path} is damaged.", hint=hint)


def _make_folder(folder: Path) -> None:
    """Make the folder and what is missing above it, private whatever the umask; what exists is left alone."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    if not folder.is_dir():
        raise StoreError(f"{folder} is a file, so nothing can be stored below it.", hint=_AT_HAND)
    for step in reversed(missing):
        try:
            step.mkdir(mode=0o700, exist_ok=True)
            step.chmod(0o700)
            sync_folder(step.parent)  # SQLite sees to the names in the last one, and to no other
        except OSError as error:
            raise StoreError(f"The folder {step} cannot be made: {error.strerror}.", hint=_AT_HAND) from error


def _create(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    os.fchmod(descriptor, 0o600)  # SQLite gives its side files the same mode
    os.close(descriptor)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # opened by one thread, used by another; transactions are begun and ended by hand
    # where nobody can write, there is no place for what readers and writers agree by, nor any need of it
    frozen = "&immutable=1" if mode == "ro" and is_read_only(path.parent) and not has_log(path) else ""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}{frozen}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=5,
        cached_statements=256,
    )
    connection.execute("PRAGMA temp_store=memory")
    return connection


def _version(path: Path) -> int | None:
    """The schema version of a file that is ours, 0 while it is empty, None where there is none. Changes nothing
    but what the making of the file, or a migration, has left unfinished.

    Raises:
        NotADatabaseError: It is not ours.
    """
    check_path(path)
    if not path.exists():
        return None
    # Not opened here: closing a file lets go of every lock this process has on it, those of an open connection too, and
    # another program that then closed the database would take itself for the last and delete the write-ahead log.
    if 0 < path.stat().st_size < _SMALLEST_DATABASE:
        raise NotADatabaseError(f"{path} is not an SQLite database.", hint=_NOT_OURS)
    # a change that was cut short is taken back by a connection that may write, and by no other
    with closing(_connect(path, "rw" if holds_unfinished_change(path, APPLICATION_ID) else "ro")) as connection:
        application = int(connection.execute("PRAGMA application_id").fetchone()[0])
        if application != APPLICATION_ID and (application or connection.execute(_OTHER_TABLES).fetchone()[0]):
            raise NotADatabaseError(f"{path} is an SQLite database of another program.", hint=_AT_HAND)
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    return version


def newer(path: Path, version: int) -> NewerSchemaError:
    """The error for a file of a later version."""
    return NewerSchemaError(
        f"{path} was written by a later version of tracetui (schema {version}, this one knows {SCHEMA_VERSION}).",
        hint="Upgrade tracetui, or choose another file with --db.",
    )


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    outdated = int(connection.execute("PRAGMA user_version").fetchone()[0]) < SCHEMA_VERSION
    if outdated:
        connection.execute(f"PRAGMA page_size={PAGE_SIZE}")  # of no effect once the file has a page
        connection.execute("BEGIN")  # so that there is no file with a page and without our id
        connection.execute("PRAGMA auto_vacuum=incremental")  # likewise; lets what was removed go back to the disk
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("COMMIT")
    mode = connection.execute("PRAGMA journal_mode=wal").fetchone()[0]
    if mode != "wal":
        raise StoreError(
            f"The file system of {path} does not support SQLite's write-ahead log.",
            hint="Choose a --db on a local disk.",
        )
    connection.execute("PRAGMA synchronous=full")
    connection.execute("PRAGMA foreign_keys=off")  # the writer keeps them; checking each row would cost the way in
    connection.execute("PRAGMA secure_delete=fast")
    connection.execute("PRAGMA cache_size=-16384")
    # on a small disk less: what the log holds must find room in the file when there is but the reserve left
    checkpoint_bytes = min(_CHECKPOINT_BYTES, space_of(path.parent).reserve)
    connection.execute(f"PRAGMA journal_size_limit={4 * checkpoint_bytes}")
    if outdated and not create(connection):
        from tracetui.store.sqlite.migrations import migrate  # deferred: it imports sqlite-utils, a third of a second

        migrate(connection)
    page_size = int(connection.execute("PRAGMA page_size").fetchone()[0])
    connection.execute(f"PRAGMA wal_autocheckpoint={max(checkpoint_bytes // page_size, 1)}")
