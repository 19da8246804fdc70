"""The pages of a database file as its last commit left them: those of the write-ahead log stand over those of the file.

The formats are those of https://sqlite.org/fileformat2.html; nothing read here is trusted.
"""

from __future__ import annotations

import array
import mmap
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

_MAGIC = b"SQLite format 3\0"
_LOG_MAGIC = (0x377F0682, 0x377F0683)
_LOG_HEADER = 32
_FRAME_HEADER = 24
_SIZES = frozenset(1 << power for power in range(9, 17))
"""The sizes that a page can have."""


class PageFile:
    """A database file and its write-ahead log, read only.

    Args:
        path: The database file; the log is looked for beside it.
        usual_size: The size of a page, where the file does not say.

    Raises:
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path, usual_size: int) -> None:
        self._open = ExitStack()
        try:
            self._data = self._mapped(path)
            log = path.with_name(path.name + "-wal")
            self._log = self._mapped(log) if log.is_file() else b""
        except BaseException:
            self._open.close()
            raise
        self.size = self._page_size() or usual_size
        """Bytes of a page."""
        reserved = self._data[20] if self.has_header else 0
        self.usable = self.size - reserved if reserved < self.size // 2 else self.size
        """Bytes of a page that SQLite uses."""
        self._latest: dict[int, int] = {}
        self._loose: list[int] = []
        self._read_log()
        stored = -(-len(self._data) // self.size)
        self.count = max([stored, *self._latest])
        """Pages of the file; the first has the number 1."""

    @property
    def has_header(self) -> bool:
        """Whether the file begins as an SQLite database does."""
        return bool(self._data[:16] == _MAGIC and len(self._data) >= 100)

    @property
    def missing(self) -> int:
        """Pages that the file says it has and that are not there."""
        return max(int.from_bytes(self.page(1)[28:32], "big") - self.count, 0) if self.has_header else 0

    @property
    def last(self) -> int:
        """The last number that `page` knows: behind the pages of the file come those of the log behind the place up to
        which it is whole, which may belong to a commit or not.
        """
        return self.count + len(self._loose)

    def page(self, number: int) -> bytes:
        """A page as the last commit left it; empty where there is none of this number."""
        if number > self.count:
            at = self._loose[number - self.count - 1] if number <= self.last else len(self._log)
            return bytes(self._log[at : at + self.size])
        if (logged := self._latest.get(number)) is not None:
            return bytes(self._log[logged : logged + self.size])
        return bytes(self._data[(number - 1) * self.size : number * self.size]) if number > 0 else b""

    def close(self) -> None:
        """Close the files."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _mapped(self, path: Path) -> mmap.mmap | bytes:
        with path.open("rb") as file:
            if not path.stat().st_size:
                return b""
            return self._open.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def _page_size(self) -> int:
        if self.has_header:
            size = int.from_bytes(self._data[16:18], "big")
            size = 65536 if size == 1 else size
            if size in _SIZES:
                return size
        logged = int.from_bytes(self._log[8:12], "big")
        return logged if logged in _SIZES else 0

    def _read_log(self) -> None:
        header = self._log[:_LOG_HEADER]
        if len(header) < _LOG_HEADER or int.from_bytes(header[:4], "big") not in _LOG_MAGIC:
            return
        order = "big" if int.from_bytes(header[:4], "big") & 1 else "little"
        salts, sums = header[16:24], _checksum(header[:24], (0, 0), order)
        whole = sums == _pair(header[24:32])
        waiting: dict[int, int] = {}
        for at in range(_LOG_HEADER, len(self._log) - _FRAME_HEADER - self.size + 1, _FRAME_HEADER + self.size):
            frame, body = self._log[at : at + _FRAME_HEADER], at + _FRAME_HEADER
            if frame[8:16] != salts:
                break  # of an earlier round of the log
            if whole:
                sums = _checksum(self._log[body : body + self.size], _checksum(frame[:8], sums, order), order)
                whole = sums == _pair(frame[16:24])
            if not whole:
                self._loose.append(body)
                continue
            waiting[int.from_bytes(frame[:4], "big")] = body
            if int.from_bytes(frame[4:8], "big"):  # the last of a commit
                self._latest.update(waiting)
                waiting.clear()


def _pair(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")


def _checksum(data: bytes, start: tuple[int, int], order: str) -> tuple[int, int]:
    words = array.array("I", data)
    if order != sys.byteorder:
        words.byteswap()
    one, two = start
    numbers = iter(words)
    for first, second in zip(numbers, numbers, strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two
