"""The lock file: one writer, visible to others, gone with its process."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories import START, FixedClock
from tracetui.errors import StoreLockedError
from tracetui.store.lock import Owner, acquire, lock_path, read_owner

HOLDER = """
import sys
from pathlib import Path
from tracetui.store.lock import acquire
lock = acquire(Path(sys.argv[1]))
lock.update(grpc="127.0.0.1:4317", http=("127.0.0.1:4318", "127.0.0.1:6006"))
print("held", flush=True)
sys.stdin.read()
"""


def test_who_holds_it_can_be_read(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    assert read_owner(database) is None
    lock = acquire(database, clock=FixedClock())
    assert read_owner(database) == Owner(os.getpid(), "", (), START)
    lock.update(grpc="127.0.0.1:4317", http=["127.0.0.1:4318", "[::1]:6006"])
    assert read_owner(database) == Owner(os.getpid(), "127.0.0.1:4317", ("127.0.0.1:4318", "[::1]:6006"), START)
    lock.update()
    assert read_owner(database) == Owner(os.getpid(), "", (), START)
    written = json.loads(lock_path(database).read_text())
    assert written == {"pid": os.getpid(), "grpc": "", "http": [], "started_unix_nano": START}, "nothing is left over"
    lock.release()
    lock.release()
    assert read_owner(database) is None


def test_there_is_one_holder(tmp_path: Path) -> None:
    lock = acquire(tmp_path / "a.db")
    with pytest.raises(StoreLockedError, match=str(os.getpid())):
        acquire(tmp_path / "a.db")
    acquire(tmp_path / "b.db").release()
    lock.release()
    acquire(tmp_path / "a.db").release()


def test_the_lock_ends_with_a_killed_process(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        owner = read_owner(database)
        assert owner and owner.pid == holder.pid
        assert owner.http == ("127.0.0.1:4318", "127.0.0.1:6006")
        with pytest.raises(StoreLockedError, match=str(holder.pid)):
            acquire(database)
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
    assert read_owner(database) is None
    acquire(database).release()


@pytest.mark.parametrize("content", [b"", b"{", b'{"pid": "x"}', b"[]", b"\xff"])
def test_a_holder_whose_file_cannot_be_read_is_still_a_holder(tmp_path: Path, content: bytes) -> None:
    database = tmp_path / "a.db"
    lock = acquire(database)
    lock_path(database).write_bytes(content)
    assert read_owner(database) == Owner(0)
    lock.release()


def test_the_lock_file_is_private_and_no_link_is_followed(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        lock = acquire(tmp_path / "a.db")
    finally:
        os.umask(before)
    assert lock_path(tmp_path / "a.db").stat().st_mode & 0o777 == 0o600
    lock.release()
    target = tmp_path / "precious"
    target.write_text("content")
    lock_path(tmp_path / "b.db").symlink_to(target)
    with pytest.raises(Exception, match="lock file"):
        acquire(tmp_path / "b.db")
    assert target.read_text() == "content"


def test_a_full_disk_does_not_keep_it_from_being_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        lock = acquire(tmp_path / "a.db")
    assert read_owner(tmp_path / "a.db") == Owner(0)
    lock.update(grpc="127.0.0.1:4317")
    assert read_owner(tmp_path / "a.db") == Owner(os.getpid(), "127.0.0.1:4317", (), read_started(tmp_path / "a.db"))
    lock.release()


def read_started(database: Path) -> int:
    started: int = json.loads(lock_path(database).read_bytes())["started_unix_nano"]
    return started
