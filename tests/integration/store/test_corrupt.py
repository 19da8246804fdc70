"""Damaged files: an error in words, never a traceback, a hang or a changed original."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.corpus import fill, offline
from tracetui.errors import StoreError
from tracetui.runtime import Runtime
from tracetui.store.api import SessionSort, TraceSort, all_logs, all_spans
from tracetui.store.sqlite import SqliteReader

Damage = Callable[[bytearray, random.Random], None]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of real captures with everything in it."""
    path = tmp_path_factory.mktemp("whole") / "traces.db"
    runtime = Runtime(offline(path))
    runtime.open_store()
    fill(runtime, "oi-openai-http", "otel-openai-latest-event_only", "pydantic-ai-default")
    runtime.stop()
    return path


def flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 3, 30, 1_000))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def zero(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    data[start : start + chance.choice((16, 512, 4096, 100_000))] = bytes(
        len(data[start : start + chance.choice((16, 512, 4096, 100_000))])
    )


def overwrite(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    words = b"this is a letter to somebody else. " * chance.choice((1, 100, 1_000))
    data[start : start + len(words)] = words[: len(data) - start]


def header(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(100)] = chance.randrange(256)


def swap_pages(data: bytearray, chance: random.Random) -> None:
    size = 16_384
    one, other = (chance.randrange(len(data) // size) * size for _ in range(2))
    data[one : one + size], data[other : other + size] = data[other : other + size], data[one : one + size]


DAMAGES: tuple[Damage, ...] = (flip, cut, zero, overwrite, header, swap_pages)


@pytest.mark.parametrize("files", [72, pytest.param(2_000, marks=pytest.mark.slow)])
def test_a_damaged_file_is_an_error_or_is_read(tmp_path: Path, whole: Path, files: int) -> None:
    version = whole.read_bytes()[60:64]
    for seed in range(files):
        chance = random.Random(seed)
        data = bytearray(whole.read_bytes())
        damage = DAMAGES[seed % len(DAMAGES)]
        damage(data, chance)
        path = tmp_path / f"{seed}-{damage.__name__}.db"
        path.write_bytes(data)
        try:
            read_everything(path)
        except StoreError as error:
            assert str(path) in error.message
            assert error.hint
        except Exception as error:
            raise AssertionError(f"seed {seed}, {damage.__name__}: {type(error).__name__}: {error}") from error
        if data[60:64] == version:  # else it looks like a file of an earlier version, which is brought up to date
            assert path.read_bytes() == data, "reading has changed it"
        path.unlink()


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


def test_without_its_write_ahead_log_a_file_is_as_it_was_checkpointed(tmp_path: Path, whole: Path) -> None:
    path = tmp_path / "traces.db"
    shutil.copy(whole, path)
    path.with_name("traces.db-wal").write_bytes(b"not a log" * 1_000)
    read_everything(path)
