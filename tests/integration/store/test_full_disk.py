"""A disk that is filled up under senders, again and again: they are told to come again, and lose nothing."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Protocol

import grpc
import pytest

from tests.integration.receivers.http_client import send
from tests.integration.receivers.ingest import bytes_call
from tests.support import disk
from tests.support.disk import Disk, watched
from tests.support.ledger import Ledger
from tests.unit.otlp.messages import make_request, make_span
from tracetui.config import Address, Settings
from tracetui.errors import StoreError
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import read_request
from tracetui.runtime import Runtime
from tracetui.store.records import Reason
from tracetui.store.sqlite import SqliteReader

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
ANY_PORT = Address("127.0.0.1", 0)
BACK_S = 5.0
"""How soon after there is room a sender must be served."""
MOST_BYTES = 3 << 20
"""What the database is kept at, so that it fits on the small disk."""


class SmallDisk(Protocol):
    """A disk that can be filled up."""

    def fill(self, chance: Random) -> None:
        """Leave little or no room."""
        ...

    def free(self) -> None:
        """Make room again."""
        ...


class FailingDisk:
    """A disk that says of each write that it is full."""

    def __init__(self, watch: Disk) -> None:
        self._watch = watch

    def fill(self, chance: Random) -> None:
        writes = chance.randint(0, 30)
        lock = threading.Lock()

        def fault(call: str, _: str) -> int:
            nonlocal writes
            with lock:
                writes -= call == "write"
                return disk.FULL if call == "write" and writes < 0 else 0

        self._watch.fault = fault

    def free(self) -> None:
        self._watch.fault = None


class MountedDisk:
    """16 MB of memory as a file system of its own."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self, chance: Random) -> None:
        left = chance.choice((0, 4096, 50_000, 200_000, 900_000))
        with self._filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(65_536)) == 65_536:
                    continue
            except OSError:
                pass
            file.truncate(max(file.tell() - left, 0))

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)


class Senders:
    """Two that send without a pause, over HTTP and gRPC, and note what they are told."""

    def __init__(self, runtime: Runtime, ledger: Ledger, number: int) -> None:
        statuses = runtime.statuses()
        self._http = next(status.address for status in statuses if status.protocol == "http")
        self._grpc = next(status.address for status in statuses if status.protocol == "grpc")
        self._ledger = ledger
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._number = number * 1_000_000
        self.codes: Counter[object] = Counter()
        self.sent: list[str] = []
        """Traces that were sent."""
        self.failure: BaseException | None = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._work, args=(how,)) for how in (self._over_http, self._over_grpc)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()
        if self.failure is not None:
            raise self.failure

    def _work(self, how: Callable[[], Callable[[bytes], object]]) -> None:
        try:
            export = how()
            while not self._stopping.is_set():
                with self._lock:
                    self._number += 1
                    number = self._number
                self.send(export, number)
                self._stopping.wait(0.01)
        except BaseException as error:  # noqa: BLE001  raised by `at_work`
            self.failure = error

    def send(self, export: Callable[[bytes], object], number: int) -> object:
        """One trace of three spans."""
        trace = number.to_bytes(16, "big")
        spans = [make_span(n, trace_id=trace, name="x" * 4_000) for n in (1, 2, 3)]
        body = make_request(*spans).SerializeToString()
        batch = read_request(Signal.TRACES, body).batch
        with self._lock:
            self._ledger.sending(batch)
        code = export(body)
        with self._lock:
            self.codes[code] += 1
            if code in (200, grpc.StatusCode.OK):
                self._ledger.acknowledged(batch)
                self.sent.append(trace.hex())
        return code

    def _over_http(self) -> Callable[[bytes], object]:
        return lambda body: send(self._http, body).status

    def _over_grpc(self) -> Callable[[bytes], object]:
        channel = grpc.insecure_channel(str(self._grpc))
        call = bytes_call(channel, EXPORT)

        def export(body: bytes) -> object:
            try:
                call(body, timeout=20)
            except grpc.RpcError as error:
                return error.code()
            return grpc.StatusCode.OK

        return export

    def is_served_within(self, seconds: float) -> bool:
        """Whether somebody is served in that time from now on."""
        before = self._served()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._served() > before:
                return True
            self._stopping.wait(0.01)
        return False

    def _served(self) -> int:
        with self._lock:
            return self.codes[200] + self.codes[grpc.StatusCode.OK]


RIGHT = {200, 503, grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}


def fill_up(small: SmallDisk, folder: Path, rounds: int, seed: int) -> Counter[object]:
    """Fill the disk under senders in each round; returns what these were told."""
    chance, ledger, told = Random(seed), Ledger(), Counter[object]()
    path = folder / "traces.db"
    runtime = Runtime(Settings(db=path, grpc=ANY_PORT, http=(ANY_PORT,)))
    stored: list[str] = []
    with runtime:
        for number in range(1, rounds + 1):
            where = f"seed {seed}, round {number}"
            senders = Senders(runtime, ledger, number)
            with senders.at_work():
                assert senders.is_served_within(BACK_S), f"{where}: before the disk is full"
                small.fill(chance)
                time.sleep(chance.random() / 5)
                view(path)
                if number % 3 == 0:
                    prune(runtime, ledger, stored)
                small.free()
                assert senders.is_served_within(BACK_S), f"{where}: not served again: {runtime.trouble()}"
            told.update(senders.codes)
            assert senders.codes.keys() <= RIGHT, f"{where}: {senders.codes}"
            stored += senders.sent
            while used(path) > MOST_BYTES and stored:
                prune(runtime, ledger, stored)
        view(path)
    ledger.check(path)
    return told


def prune(runtime: Runtime, ledger: Ledger, stored: list[str]) -> None:
    """Remove the oldest traces, as far as the disk lets."""
    gone, stored[:] = stored[:30], stored[30:]
    ledger.removing(gone)
    try:
        runtime.ingest.run(lambda writer: writer.remove(gone, reason=Reason.ASKED)).result(timeout=20)
        ledger.removed(gone)
        while runtime.ingest.run(lambda writer: writer.give_back()).result(timeout=20):
            continue
    except StoreError:
        return


def used(path: Path) -> int:
    reader = SqliteReader(path)
    try:
        return reader.used_bytes()
    finally:
        reader.close()


def view(path: Path) -> None:
    """What an explorer reads."""
    reader = SqliteReader(path)
    try:
        for trace in reader.traces(limit=3):
            reader.skeleton(trace.trace_id)
            assert reader.span(trace.trace_id, trace.root_span_id or "0" * 15 + "1") is not None
    finally:
        reader.close()


def test_senders_are_told_to_come_again_while_the_disk_is_full(memory: Path) -> None:
    with watched() as watch:
        told = fill_up(FailingDisk(watch), memory, 12, 1)
    assert told[503] and told[grpc.StatusCode.UNAVAILABLE], "the disk was full for both"


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MB; mounting needs the right to."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "none", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
def test_a_real_disk_is_filled_up_and_freed_two_hundred_times(mounted: Path) -> None:
    told = fill_up(MountedDisk(mounted), mounted, 200, 2)
    assert told[503] and told[grpc.StatusCode.UNAVAILABLE], "the disk was full for both"
