"""The power goes at any moment: what was acknowledged is there, once, whatever became of the rest on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeVar

import pytest

from tests.factories import make_batch, make_incoming_log, make_incoming_span, make_trace, trace_id
from tests.support.disk import IOERR_FSYNC, Disk, Event, Mark, watched
from tests.support.ledger import Ledger
from tests.support.older import make_older
from tests.support.power import Power
from tracetui.errors import StoreError
from tracetui.store.follower import Follower
from tracetui.store.ingest import NoSenders
from tracetui.store.records import IncomingBatch
from tracetui.store.sqlite import SqliteReader, SqliteWriter, connection

Step = Callable[[Ledger], None]
T = TypeVar("T")


class Run(NamedTuple):
    """A recorded run: what happened on the disk, and between that what was sent and answered."""

    events: list[Event]
    before: dict[str, bytes]
    name: str


class Recorder:
    """The store's own code at work, on a disk that is watched."""

    def __init__(self, path: Path, disk: Disk, chance: Random) -> None:
        self._path = path
        self._disk = disk
        self._chance = chance
        self._writer = self._open()
        self._number = 0
        self._traces: list[int] = []

    def _open(self) -> SqliteWriter:
        return SqliteWriter(self._path, derivation_version=2)

    def _close(self) -> None:
        with suppress(StoreError):
            self._writer.close()

    def _again(self, work: Callable[[], T]) -> T:
        """Do it until it succeeds."""
        for _ in range(50):
            with suppress(StoreError):
                return work()
        return work()

    def _note(self, step: Step) -> None:
        self._disk.mark(step)

    def work(self, rounds: int) -> None:
        """Ingest, replacement, removal, the search index, restarts."""
        for number in range(rounds):
            self._write()
            if number % 9 == 5:
                self._replace()
            if number % 5 == 3:
                self._index()
            if number % 12 == 10:
                self._remove()
            if number % 25 == 22:
                self._close()
                self._writer = self._again(self._open)
            if number % 30 == 17:
                self._again(self._writer.clear_index)
        self._close()

    def _write(self) -> None:
        batches = []
        for _ in range(self._chance.randint(1, 4)):
            self._number += 1
            self._traces.append(self._number)
            preview = "p" * self._chance.randint(0, 900)
            data = self._chance.randbytes(self._chance.choice((50, 400, 3_000, 40_000)))
            spans = make_trace(self._number, spans=self._chance.randint(1, 12), preview=preview, data=data)
            spans = [span._replace(data=bytes([n]) + span.data) for n, span in enumerate(spans)]
            logs = [make_incoming_log(n, trace=self._number, span=1) for n in range(self._chance.randint(0, 3))]
            batches.append(make_batch(*spans, logs=logs))
        self._send(batches)

    def _replace(self) -> None:
        trace = self._chance.choice(self._traces)
        data = self._chance.randbytes(80)
        self._send([make_batch(make_incoming_span(1, trace=trace, name=f"again {self._number}", data=data))])

    def _send(self, batches: Sequence[IncomingBatch]) -> None:
        for batch in batches:
            self._note(lambda ledger, batch=batch: ledger.sending(batch))  # type: ignore[misc]
        self._again(lambda: self._writer.write(batches))
        for batch in batches:
            self._note(lambda ledger, batch=batch: ledger.acknowledged(batch))  # type: ignore[misc]

    def _remove(self) -> None:
        self._chance.shuffle(self._traces)
        gone, self._traces = self._traces[:6], self._traces[6:] or self._traces[-1:]
        ids = [trace_id(trace) for trace in gone]
        self._note(lambda ledger: ledger.removing(ids))
        self._again(lambda: self._writer.remove(ids))
        self._note(lambda ledger: ledger.removed(ids))
        while self._again(self._writer.purge):
            continue
        while self._again(self._writer.give_back):
            continue

    def _index(self) -> None:
        follower = Follower(lambda: SqliteReader(self._path), NoSenders(self._writer), version=2, at_rest=False)
        self._again(follower.run)


def recorded(folder: Path, seed: int, rounds: int) -> Run:
    """One run from an empty file on."""
    path = folder / "traces.db"
    with watched() as disk:
        disk.is_recording = True
        Recorder(path, disk, Random(seed)).work(rounds)
    return Run(disk.events, {}, path.name)


def doubtful(folder: Path, seed: int, rounds: int) -> Run:
    """A run in which a sync fails now and then, after which the disk says that all is well."""
    path = folder / "traces.db"
    chance = Random(seed)
    with watched() as disk:
        disk.is_recording = True
        recorder = Recorder(path, disk, chance)
        disk.fault = lambda call, _: IOERR_FSYNC if call == "sync" and chance.random() < SYNC_FAILS else 0
        recorder.work(rounds)
    return Run(disk.events, {}, path.name)


def migrated(folder: Path, seed: int, rounds: int) -> Run:
    """A run that begins with a file of the first version."""
    path = folder / "older.db"
    with watched() as disk:
        Recorder(path, disk, Random(seed)).work(rounds)
    ledger_steps = [event for event in disk.events if isinstance(event, Mark)]
    make_older(path, 1)
    before = {str(path): path.read_bytes()}
    with watched() as disk:
        disk.events.extend(ledger_steps)
        disk.is_recording = True
        SqliteWriter(path, derivation_version=2).close()
    return Run(disk.events, before, path.name)


SYNC_FAILS = 0.1
"""Share of the syncs that fail, where some do."""

BEGINNING = 60
"""Events in which a file is made, and out of which every fifth moment is chosen."""

SLOW = [pytest.param(seed, 150, 450, marks=pytest.mark.slow) for seed in range(2, 12)]


def moments(run: Run, chance: Random, images: int) -> Iterator[int]:
    """When the power goes: mostly while something is under way."""
    first = next(place for place, event in enumerate(run.events) if not isinstance(event, Mark))
    ends = [len(run.events)] * 4 + [min(first + BEGINNING, len(run.events))]
    yield from sorted(chance.randint(first, chance.choice(ends)) for _ in range(images))


def lose_power(run: Run, folder: Path, seed: int, images: int) -> None:
    """Make images of a run, start on each, and hold each against what was acknowledged by then."""
    chance = Random(seed)
    power, ledger, told = Power(run.events, run.before), Ledger(), 0
    for moment in moments(run, chance, images):
        power.advance(moment)
        for event in run.events[told:moment]:
            if isinstance(event, Mark):
                event.what(ledger)  # type: ignore[operator]
        told = moment
        folder.mkdir()
        power.image(folder, chance)
        try:
            SqliteWriter(folder / run.name, derivation_version=2).close()
            ledger.check(folder / run.name)
        except Exception as error:
            raise AssertionError(f"seed {seed}, event {moment} of {len(run.events)}: {error}") from error
        shutil.rmtree(folder)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints after a megabyte rather than sixteen: sixteen times as many of them, in images a tenth as large."""
    monkeypatch.setattr(connection, "_CHECKPOINT_BYTES", 1 << 20)


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize(("seed", "rounds", "images"), [(1, 40, 160), *SLOW])
def test_the_power_goes_at_any_moment(memory: Path, seed: int, rounds: int, images: int) -> None:
    lose_power(recorded(memory, seed, rounds), memory / "image", seed, images)


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize(("seed", "images"), [(1, 40), pytest.param(2, 500, marks=pytest.mark.slow)])
def test_the_power_goes_while_an_older_file_is_brought_up_to_date(memory: Path, seed: int, images: int) -> None:
    lose_power(migrated(memory, seed, 30), memory / "image", seed, images)


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize(
    ("seed", "rounds", "images"),
    [(1, 40, 60), *(pytest.param(seed, 150, 250, marks=pytest.mark.slow) for seed in range(2, 6))],
)
def test_a_failed_sync_is_not_trusted_to_a_later_one(memory: Path, seed: int, rounds: int, images: int) -> None:
    """What a failed sync has left in doubt must not stand between what is certain and what is acknowledged later."""
    lose_power(doubtful(memory, seed, rounds), memory / "image", seed, images)
