"""The log file beside the database: what went wrong inside, never what anybody sent.

Lines hold times, modules, ids, sizes and counts. An exception is written as its type and the places it passed
through; its message is left out, because it may quote a received value.
"""

from __future__ import annotations

import logging
import os
import traceback
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logging.handlers import RotatingFileHandler

MAX_BYTES = 1_000_000
"""Size at which the file is put aside."""

BACKUPS = 2
"""Files that were put aside and are kept."""


def log_path(database: Path) -> Path:
    """The log file of a database."""
    return database.with_name(database.name + ".log")


def open_log(database: Path) -> int:
    """Send every log record of this process to the file beside the database.

    Where it cannot be made (a disk that is full, or that nobody can write) they go nowhere.

    Returns:
        A descriptor of the file, for what libraries print past Python's logging; the caller closes it.
    """
    path = log_path(database)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        path = Path(os.devnull)
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    handler = _LogFile(path) if path != Path(os.devnull) else logging.NullHandler()
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _LogFile)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return descriptor


class _LogFile(logging.Handler):
    """A `RotatingFileHandler` that is made for the first record."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._file: RotatingFileHandler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self._file is None:
            self._file = self._made()
        self._file.emit(record)

    def _made(self) -> RotatingFileHandler:
        from logging.handlers import RotatingFileHandler  # deferred: 2 ms, and the first paint has nothing to log

        # opened by the record, as any failure of a handler is its own and not of who logs
        file = RotatingFileHandler(self._path, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8", delay=True)
        file.setFormatter(self.formatter)
        return file

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()


class _Formatter(logging.Formatter):
    """Writes an exception without its message."""

    def formatException(
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        kind, _, trace = ei
        frames = "".join(
            f"  {frame.filename}:{frame.lineno} in {frame.name}\n" for frame in traceback.extract_tb(trace)
        )
        return f"{kind.__name__ if kind else 'error'}, raised at\n{frames}".rstrip()
