"""A disk under SQLite that is watched and that can fail: a VFS in front of the system's, made with ctypes.

It is registered with the very library that the `sqlite3` module uses, as its default, so that the store's own code runs
on it unchanged. Each file stays the system's own; only some of its methods are replaced by ones that note the call, or
fail instead of it. What the store itself writes to its log, around SQLite, is watched as well.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from typing import Any, NamedTuple, TypeAlias
from unittest import mock

IOERR_READ, IOERR_WRITE, IOERR_FSYNC, IOERR_TRUNCATE, IOERR_DELETE = (10 | n << 8 for n in (1, 3, 4, 6, 10))
FULL, CANTOPEN = 13, 14

_CREATE = 0x4
_PWRITE, _FSYNC = os.pwrite, os.fsync

_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, POINTER(c_int))
_Delete = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
_Transfer = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
_Sync = CFUNCTYPE(c_int, c_void_p, c_int)


class _Vfs(Structure):
    _fields_ = [
        ("iVersion", c_int), ("szOsFile", c_int), ("mxPathname", c_int), ("pNext", c_void_p), ("zName", c_char_p),
        ("pAppData", c_void_p), ("xOpen", c_void_p), ("xDelete", c_void_p), ("others", c_void_p * 13),
    ]  # fmt: skip


class _Methods(Structure):
    _fields_ = [
        ("iVersion", c_int), ("xClose", c_void_p), ("xRead", c_void_p), ("xWrite", c_void_p), ("xTruncate", c_void_p),
        ("xSync", c_void_p), ("others", c_void_p * 13),
    ]  # fmt: skip


class Write(NamedTuple):
    path: str
    offset: int
    data: bytes


class Truncate(NamedTuple):
    path: str
    size: int


class Sync(NamedTuple):
    path: str


class FailedSync(NamedTuple):
    """What was written since the last one may never reach the disk, whatever later ones say."""

    path: str


class Create(NamedTuple):
    path: str


class Delete(NamedTuple):
    path: str
    is_synced: bool
    """Whether the folder is written to the disk too."""


class Mark(NamedTuple):
    """Something that the test has noted."""

    what: object


Event: TypeAlias = Write | Truncate | Sync | FailedSync | Create | Delete | Mark

Fault = Callable[[str, str], int]
"""From what is called (`read`, `write`, `sync`, `truncate`, `open`, `delete`) and the file's path to the error to give
instead of doing it; 0 for none."""


class Disk:
    """What happens on the disk while this is in use; see `watched`."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        """Everything that changed a file, in order, while `is_recording`."""
        self.is_recording = False
        self.fault: Fault | None = None
        """Asked before each call."""
        self.errors: list[BaseException] = []
        """What went wrong in here; a callback cannot raise."""
        # the module's own file leads to its library; a Python that has both built in has no such file
        self._library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
        self._library.sqlite3_vfs_find.restype = c_void_p
        self._library.sqlite3_vfs_register.argtypes = (c_void_p, c_int)
        self._library.sqlite3_vfs_unregister.argtypes = (c_void_p,)
        self._system: int = self._library.sqlite3_vfs_find(None)
        self._paths: dict[int, str] = {}
        self._methods: dict[int, _Methods] = {}
        self._kept: list[Any] = []
        self._vfs = _Vfs()
        ctypes.memmove(ctypes.byref(self._vfs), self._system, ctypes.sizeof(_Vfs))
        self._vfs.zName = b"watched"
        self._vfs.pNext = None
        real_open, real_delete = _Open(self._vfs.xOpen), _Delete(self._vfs.xDelete)

        def open_(_: int, name: int, file: int, flags: int, out: Any) -> int:
            path = ctypes.string_at(name).decode() if name else ""
            if error := self._failing("open", path):
                c_void_p.from_address(file).value = None
                return error
            is_new = bool(path) and not os.path.exists(path)
            done: int = real_open(self._system, name, file, flags, out)
            if not done and path:
                if is_new and flags & _CREATE:
                    self._note(Create(path))
                self._watch(file, path)
            return done

        def delete(_: int, name: bytes, sync: int) -> int:
            path = name.decode()
            if error := self._failing("delete", path):
                return error
            done: int = real_delete(self._system, name, sync)
            if not done:
                self._note(Delete(path, bool(sync)))
            return done

        self._vfs.xOpen = self._callback(_Open, open_, CANTOPEN)
        self._vfs.xDelete = self._callback(_Delete, delete, IOERR_DELETE)

    def mark(self, what: object) -> None:
        """Note something of the test's own between the events."""
        self.events.append(Mark(what))

    def start(self) -> None:
        """Become the disk of all connections that are opened from now on."""
        self._library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1)

    def stop(self) -> None:
        """Leave the system's disk in its place. Connections must be closed."""
        self._library.sqlite3_vfs_unregister(ctypes.byref(self._vfs))
        self._library.sqlite3_vfs_register(self._system, 1)

    def written(self, descriptor: int, data: bytes, offset: int) -> int:
        """What stands for `os.pwrite`."""
        done = _PWRITE(descriptor, data, offset)
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        if path.endswith("-wal"):
            self._note(Write(path, offset, data[:done]))
        return done

    def synced(self, descriptor: int) -> None:
        """What stands for `os.fsync`."""
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        if path.endswith("-wal"):
            if self._failing("sync", path):
                self._note(FailedSync(path))
                raise OSError(errno.EIO, os.strerror(errno.EIO), path)
            self._note(Sync(path))
        _FSYNC(descriptor)

    def _note(self, event: Event) -> None:
        if self.is_recording:
            self.events.append(event)

    def _failing(self, call: str, path: str) -> int:
        return self.fault(call, path) if self.fault is not None and path else 0

    def _callback(self, kind: Any, function: Callable[..., int], failure: int) -> int:
        def guarded(*values: Any) -> int:
            try:
                return function(*values)
            except BaseException as error:  # noqa: BLE001  told by `watched`
                self.errors.append(error)
                return failure

        kept = kind(guarded)
        self._kept.append(kept)
        return ctypes.cast(kept, c_void_p).value or 0

    def _watch(self, file: int, path: str) -> None:
        """Put our methods in the place of an open file's own."""
        self._paths[file] = path
        place = c_void_p.from_address(file)
        original = place.value
        if original is None:
            return
        if original not in self._methods:
            self._methods[original] = self._wrapped(_Methods.from_address(original))
        place.value = ctypes.addressof(self._methods[original])

    def _wrapped(self, original: _Methods) -> _Methods:
        methods = _Methods()
        ctypes.memmove(ctypes.byref(methods), ctypes.byref(original), ctypes.sizeof(_Methods))
        real_read, real_write = _Transfer(original.xRead), _Transfer(original.xWrite)
        real_truncate, real_sync = _Truncate(original.xTruncate), _Sync(original.xSync)

        def read(file: int, data: int, size: int, offset: int) -> int:
            return self._failing("read", self._paths[file]) or real_read(file, data, size, offset)

        def write(file: int, data: int, size: int, offset: int) -> int:
            path = self._paths[file]
            if error := self._failing("write", path):
                return error
            done: int = real_write(file, data, size, offset)
            if not done and self.is_recording:
                self._note(Write(path, offset, ctypes.string_at(data, size)))
            return done

        def truncate(file: int, size: int) -> int:
            path = self._paths[file]
            if error := self._failing("truncate", path):
                return error
            done: int = real_truncate(file, size)
            if not done:
                self._note(Truncate(path, size))
            return done

        def sync(file: int, flags: int) -> int:
            path = self._paths[file]
            if error := self._failing("sync", path):
                self._note(FailedSync(path))
                return error
            done: int = real_sync(file, flags)
            if not done:
                self._note(Sync(path))
            return done

        methods.xRead = self._callback(_Transfer, read, IOERR_READ)
        methods.xWrite = self._callback(_Transfer, write, IOERR_WRITE)
        methods.xTruncate = self._callback(_Truncate, truncate, IOERR_TRUNCATE)
        methods.xSync = self._callback(_Sync, sync, IOERR_FSYNC)
        return methods


@contextmanager
def watched() -> Iterator[Disk]:
    """A disk for the connections that are opened within; all of them must be closed within, too."""
    disk = Disk()
    disk.start()
    try:
        with mock.patch.object(os, "pwrite", disk.written), mock.patch.object(os, "fsync", disk.synced):
            yield disk
    finally:
        disk.stop()
    if disk.errors:
        raise AssertionError("the watched disk failed by itself") from disk.errors[0]
