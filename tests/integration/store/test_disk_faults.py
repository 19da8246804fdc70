"""A disk that fails or is full, at any call: an error in words, nothing by halves; all goes on once it works again."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from tests.factories import make_batch, make_incoming_span, make_trace, trace_id
from tests.support import disk
from tests.support.disk import Disk, watched
from tests.support.ledger import Ledger
from tracetui.errors import DiskFullError, StoreError
from tracetui.store.follower import Follower
from tracetui.store.ingest import NoSenders
from tracetui.store.records import IncomingBatch
from tracetui.store.sqlite import SqliteReader, SqliteWriter, connection

FAULTS = {
    "read": disk.IOERR_READ,
    "write": disk.IOERR_WRITE,
    "sync": disk.IOERR_FSYNC,
    "truncate": disk.IOERR_TRUNCATE,
    "open": disk.CANTOPEN,
    "delete": disk.IOERR_DELETE,
}
"""The error that each call fails with."""


OFTEN, MANY, FEW = ("read", "write"), 67, 3
"""Kinds of which one step makes many calls; how many calls are tried of those, and of the others."""


class Failing:
    """A fault that comes at a certain call of a kind, and stays for some calls or until it is lifted."""

    def __init__(self, disk: Disk, kind: str, error: int) -> None:
        self._kind = kind
        self._error = error
        self._at = 0
        self._calls = 0
        self._until = 0.0
        self.failed = 0
        """Calls that have failed."""
        disk.fault = self

    def arm(self, at: int, calls: float = 1) -> None:
        """Fail from the call with this number on, counted from now, for so many calls."""
        self._calls, self._at, self._until = 0, at, at + calls

    def lift(self) -> None:
        """Fail no more."""
        self._until = 0

    def __call__(self, kind: str, path: str) -> int:
        if kind != self._kind:
            return 0
        self._calls += 1
        if self._at <= self._calls < self._until:
            self.failed += 1
            return self._error
        return 0


class Sender:
    """Sends, and sends again what was not acknowledged, as exporters do."""

    def __init__(self, path: Path, chance: Random) -> None:
        self._path = path
        self._chance = chance
        self._number = 0
        self._traces: list[int] = []
        self.ledger = Ledger()
        self.writer = self.opened()

    def opened(self) -> SqliteWriter:
        return SqliteWriter(self._path, derivation_version=2)

    def operations(self) -> Iterator[Callable[[], None]]:
        """What a store does, over and over; each can be tried again."""
        for number in itertools.count():
            yield self._sending()
            if number % 3 == 2:
                yield self._index
            if number % 4 == 3:
                yield self._removing()
            if number % 7 == 6:
                yield self.restart
            if number % 11 == 10:
                yield self.writer.clear_index
            yield self._read

    def _sending(self) -> Callable[[], None]:
        batches = []
        for _ in range(self._chance.randint(1, 3)):
            self._number += 1
            self._traces.append(self._number)
            data = self._chance.randbytes(self._chance.choice((60, 3_000, 30_000)))
            spans = [span._replace(data=bytes([n]) + data) for n, span in enumerate(make_trace(self._number, spans=5))]
            batches.append(make_batch(*spans))
        if self._chance.random() < 0.3:
            again = make_incoming_span(1, trace=self._chance.choice(self._traces), data=self._chance.randbytes(90))
            batches.append(make_batch(again))
        for batch in batches:
            self.ledger.sending(batch)
        return lambda: self._send(batches)

    def _send(self, batches: list[IncomingBatch]) -> None:
        self.writer.write(batches)
        for batch in batches:
            self.ledger.acknowledged(batch)

    def _removing(self) -> Callable[[], None]:
        self._chance.shuffle(self._traces)
        gone, self._traces = self._traces[:4], self._traces[4:] or self._traces[-1:]
        ids = [trace_id(trace) for trace in gone]
        self.ledger.removing(ids)

        def remove() -> None:
            self.writer.remove(ids)
            self.ledger.removed(ids)
            while self.writer.purge() or self.writer.purge_logs():
                continue
            while self.writer.give_back():
                continue

        return remove

    def _index(self) -> None:
        Follower(lambda: SqliteReader(self._path), NoSenders(self.writer), version=2, at_rest=False).run()

    def restart(self) -> None:
        try:
            self.writer.close()
        finally:
            self.writer = self.opened()

    def _read(self) -> None:
        reader = SqliteReader(self._path)
        try:
            reader.traces(limit=5)
            reader.size()
        finally:
            reader.close()


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints after half a megabyte rather than sixteen, so that most of the calls are theirs."""
    monkeypatch.setattr(connection, "_CHECKPOINT_BYTES", 1 << 19)


def fail(path: Path, kind: str, error: int, steps: int, *, calls: float) -> Counter[str]:
    """Let the disk fail in each step at another call; returns what the store said, and how often."""
    said: Counter[str] = Counter()
    with watched() as watch:
        sender = Sender(path, Random(steps))
        failing = Failing(watch, kind, error)
        for step, operation in enumerate(itertools.islice(sender.operations(), steps)):
            failing.arm(step % (MANY if kind in OFTEN else FEW) + 1, calls)
            try:
                operation()
            except StoreError as refused:
                assert str(path) in refused.message
                said[type(refused).__name__] += 1
                failing.lift()
                try:
                    operation()
                except StoreError as again:
                    raise AssertionError(f"step {step}: it works again, and yet: {again}") from again
            failing.lift()
            if step % 40 == 39:
                sender.writer.close()
                sender.ledger.check(path)
                sender.writer = sender.opened()
        sender.writer.close()
        sender.ledger.check(path)
        assert failing.failed
    return said


@pytest.mark.parametrize("steps", [134, pytest.param(3_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", FAULTS)
def test_a_call_that_fails_loses_nothing(memory: Path, kind: str, steps: int) -> None:
    said = fail(memory / "traces.db", kind, FAULTS[kind], steps, calls=1)
    assert said.keys() <= {"StoreError"}


@pytest.mark.parametrize("steps", [134, pytest.param(3_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("calls", [1, float("inf")])
def test_a_disk_that_fills_up_at_any_write_loses_nothing(memory: Path, calls: float, steps: int) -> None:
    said = fail(memory / "traces.db", "write", disk.FULL, steps, calls=calls)
    assert said.keys() == {DiskFullError.__name__}
