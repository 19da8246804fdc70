"""Damaged files: a message in words, never a traceback, a hang or a changed original; a new file, and what can be read
of the old one.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.factories import make_batch, make_trace
from tests.support.corpus import fill, offline
from tracetui.errors import DamagedError, StoreError
from tracetui.runtime import Runtime
from tracetui.store.api import all_logs, all_spans
from tracetui.store.orders import SessionSort, TraceSort
from tracetui.store.sqlite import SqliteReader
from tracetui.store.sqlite.salvage import Content

MESSAGE_S = 5.0
"""How long it may take until the person knows."""


class Files(NamedTuple):
    """A database file and its write-ahead log."""

    data: bytes
    log: bytes

    def put(self, path: Path) -> Path:
        path.write_bytes(self.data)
        path.with_name(path.name + "-wal").write_bytes(self.log)
        return path

    @classmethod
    def of(cls, path: Path) -> Files:
        log = path.with_name(path.name + "-wal")
        return cls(path.read_bytes(), log.read_bytes() if log.exists() else b"")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A database of real captures with everything in it, a part of it in the log alone."""
    path = tmp_path_factory.mktemp("whole") / "traces.db"
    runtime = Runtime(offline(path))
    runtime.open_store()
    fill(runtime, "oi-openai-http", "otel-openai-latest-event_only", "oi-langchain")
    runtime.stop()
    runtime = Runtime(offline(path))
    runtime.open_store()
    fill(runtime, "pydantic-ai-default", "plain-huge")
    files = Files.of(path)
    runtime.stop()
    return files


Damage = Callable[[bytearray, random.Random], None]


def flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 3, 30, 1_000))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def zero(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    end = min(start + chance.choice((16, 512, 4096, 100_000)), len(data))
    data[start:end] = bytes(end - start)


def all_zero(data: bytearray, chance: random.Random) -> None:
    data[:] = bytes(chance.choice((len(data), 32_768, 512, 1)))


def overwrite(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    words = b"this is a letter to somebody else. " * chance.choice((1, 100, 1_000))
    data[start : start + len(words)] = words[: len(data) - start]


def text(data: bytearray, chance: random.Random) -> None:
    data[:] = b"Dear Sir or Madam, " * chance.choice((1, 100, 10_000))


def header(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(100)] = chance.randrange(256)


def swap_pages(data: bytearray, chance: random.Random) -> None:
    size = 16_384
    one, other = (chance.randrange(len(data) // size) * size for _ in range(2))
    data[one : one + size], data[other : other + size] = data[other : other + size], data[one : one + size]


def nothing(data: bytearray, chance: random.Random) -> None:
    data.clear()


DAMAGES: tuple[Damage, ...] = (flip, cut, zero, overwrite, header, swap_pages, text, all_zero, nothing)


def damaged(whole: Files, seed: int) -> Files:
    """The files with damage to the one or the other, without the log now and then."""
    chance = random.Random(seed)
    damage = DAMAGES[seed % len(DAMAGES)]
    to_log = seed // len(DAMAGES) % 4 == 3
    changed = bytearray(whole.log if to_log else whole.data)
    damage(changed, chance)
    if to_log:
        return Files(whole.data, bytes(changed))
    return Files(bytes(changed), whole.log if chance.random() < 0.6 else b"")


def told(path: Path, seed: int) -> Runtime | None:
    """Start on a file as the explorer and `serve` do; None where that ends with a message."""
    runtime = Runtime(offline(path), sets_aside=True)
    started = time.monotonic()
    try:
        runtime.open_store()
    except StoreError as error:
        assert str(path) in error.message, f"seed {seed}"
        assert error.hint
        return None
    finally:
        assert time.monotonic() - started < MESSAGE_S, f"seed {seed}"
    return runtime


@pytest.mark.parametrize("files", [54, pytest.param(2_000, marks=pytest.mark.slow)])
def test_a_damaged_file_is_told_kept_and_read(memory: Path, whole: Files, files: int) -> None:
    """Whatever the damage: the start says so or succeeds, the bytes are kept, and what is left is read."""
    for seed in range(files):
        broken = damaged(whole, seed)
        path = broken.put(memory / f"{seed}.db")
        try:
            read_or_refused(path)
            if broken.data[60:64] == whole.data[60:64]:  # else it looks like one of an earlier version, and is mended
                assert Files.of(path) == broken, f"seed {seed}: reading has changed it"
            broken.put(path)
            runtime = told(path, seed)
            if runtime is None:
                assert Files.of(path) == broken, f"seed {seed}: the refused file has changed"
            elif runtime.set_aside is not None:
                assert Files.of(runtime.set_aside.kept_as) == broken, f"seed {seed}: what was set aside has changed"
                fill(runtime, "oi-openai-http")
            if runtime is not None:
                runtime.stop()
            kept = broken.put(memory / f"{seed}-again.db")
            with Content(kept, lambda data, name, version: False) as content:
                for _ in (*content.spans(), *content.logs()):
                    pass
        except (AssertionError, StoreError):
            raise
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
        for file in memory.iterdir():
            file.unlink()


def read_or_refused(path: Path) -> None:
    """Read everything, or be told in words why not."""
    try:
        read_everything(path)
    except StoreError as error:
        assert str(path) in error.message
        assert error.hint


def read_everything(path: Path) -> None:
    """What the explorer and the command line read of a file."""
    reader = SqliteReader(path)
    try:
        reader.size()
        for trace in reader.traces(sort=TraceSort(), limit=50):
            reader.skeleton(trace.trace_id)
            reader.unseen(trace.trace_id)
            reader.span(trace.trace_id, trace.root_span_id)
        for stored in all_spans(reader):
            reader.usage_below(stored.row.trace_id, stored.row.span_id)
        list(all_logs(reader))
        reader.sessions(sort=SessionSort())
        reader.count_outdated(10**6)
        reader.resources()
        reader.find("00")
    finally:
        reader.close()


def test_without_its_write_ahead_log_a_file_is_as_it_was_checkpointed(tmp_path: Path, whole: Files) -> None:
    read_everything(whole._replace(log=b"not a log" * 1_000).put(tmp_path / "traces.db"))


def test_what_was_set_aside_is_told_with_how_to_get_it_back(tmp_path: Path, whole: Files) -> None:
    path = whole._replace(data=whole.data[:200_000]).put(tmp_path / "a file.db")
    runtime = told(path, 0)
    assert runtime is not None and runtime.set_aside is not None
    kept = runtime.set_aside.kept_as
    assert kept.parent == path.parent and kept.name.startswith("a file.db.damaged-2")
    assert f"`tracetui salvage '{kept}'`" in str(runtime.set_aside)
    assert path.stat().st_mode & 0o777 == 0o600
    runtime.stop()
    again = Runtime(offline(path), sets_aside=True)
    again.open_store()
    assert again.set_aside is None, "once"
    again.stop()


def test_only_who_may_sets_aside(tmp_path: Path, whole: Files) -> None:
    """A command that was not asked to receive leaves the file where it is."""
    broken = whole._replace(data=whole.data[:200_000])
    path = broken.put(tmp_path / "traces.db")
    with pytest.raises(DamagedError, match="salvage"):
        Runtime(offline(path)).open_store()
    assert Files.of(path) == broken


def test_damage_that_only_a_write_finds_is_looked_for_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    make_many(path)
    damage_leaves(path, "spans_by_parent")
    runtime = Runtime(offline(path), sets_aside=True)
    runtime.open_store()
    assert runtime.set_aside is None, "its beginning and its end are whole"
    again = [runtime.ingest.submit(make_batch(*make_trace(number, spans=6))) for number in (3, 200, 395)]
    assert any(isinstance(answer.exception(timeout=20), DamagedError) for answer in again)
    assert "damaged" in runtime.trouble()
    runtime.stop()
    runtime = Runtime(offline(path), sets_aside=True)
    runtime.open_store()
    assert runtime.set_aside is not None
    assert runtime.ingest.submit(make_batch(*make_trace(1))).result(timeout=20).new_spans == 3
    runtime.stop()


def make_many(path: Path) -> None:
    """A database with traces 1 to 399."""
    runtime = Runtime(offline(path))
    runtime.open_store()
    for first in range(1, 400, 21):
        spans = [span for number in range(first, first + 21) for span in make_trace(number, spans=5, name="n" * 300)]
        runtime.ingest.submit(make_batch(*spans)).result(timeout=20)
    runtime.stop()


def damage_leaves(path: Path, index: str) -> None:
    """Make every leaf page of an index unreadable."""
    with closing(sqlite3.connect(path)) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (index,)).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    data = bytearray(path.read_bytes())
    at = (root - 1) * size
    data[at : at + 2] = b"\x07\x07"
    path.write_bytes(data)
