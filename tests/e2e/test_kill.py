"""`kill -9` of the whole program at any moment, with stock exporters sending: what was acknowledged is there, once."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.factories import make_batch, make_trace
from tests.support.nursery import Child, Nursery
from tests.support.older import make_older
from tests.support.programs import environment, free_port, tracetui
from tracetui.store.sqlite import SqliteReader, SqliteWriter, connection

SENDERS = 4
AGAIN_S = 2.0
"""How soon after a kill it listens again."""
ROUNDS_PER_FILE = 25
MAX_SIZE = "20MB"
OLDER_TRACES = 400

Ids = set[tuple[str, str]]


def some_spans(count: int, payload: int = 500) -> list[ReadableSpan]:
    """Ended spans of the SDK, in one trace."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "victim"}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("victim")
    with tracer.start_as_current_span("root"):
        for number in range(count - 1):
            with tracer.start_as_current_span(f"step {number}") as span:
                span.set_attribute("payload", "x" * payload)
    return list(memory.get_finished_spans())


def ids(spans: list[ReadableSpan]) -> Ids:
    found = set()
    for span in spans:
        context = span.get_span_context()
        assert context is not None
        found.add((f"{context.trace_id:032x}", f"{context.span_id:016x}"))
    return found


class Senders:
    """Stock exporters, by turns over gRPC and HTTP, that send until they are refused."""

    def __init__(self, grpc: int, http: int, chance: random.Random, payload: int) -> None:
        self._exporters: list[SpanExporter] = [
            GrpcExporter(f"http://127.0.0.1:{grpc}", insecure=True, timeout=5) if number % 2
            else HttpExporter(f"http://127.0.0.1:{http}/v1/traces", timeout=5)
            for number in range(SENDERS)
        ]  # fmt: skip
        self._payload = payload
        self._done = threading.Event()
        self._changed = threading.Condition()
        self.acknowledged: Ids = set()
        self.starts: dict[str, int] = {}
        """When each acknowledged trace began."""
        self._successes = 0
        sizes = [chance.randint(1, 40) for _ in range(64)]
        self._threads = [
            threading.Thread(target=self._send, args=(exporter, sizes[place:]))
            for place, exporter in enumerate(self._exporters)
        ]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._done.set()
            for exporter in self._exporters:
                exporter.shutdown()
            for thread in self._threads:
                thread.join(timeout=30)

    def wait_for(self, successes: int) -> None:
        """Wait until so many exports have been acknowledged."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._successes >= successes, timeout=30), "nobody is served"

    def _send(self, exporter: SpanExporter, sizes: list[int]) -> None:
        for size in sizes:
            spans = some_spans(size, self._payload)
            try:
                if self._done.is_set() or exporter.export(spans) is not SpanExportResult.SUCCESS:
                    return
            except ValueError:  # what gRPC says once the exporter has been shut down
                return
            with self._changed:
                self.acknowledged |= ids(spans)
                self.starts[next(iter(ids(spans)))[0]] = min(span.start_time or 0 for span in spans)
                self._successes += 1
                self._changed.notify_all()


class Victim:
    """`tracetui serve`, started and killed over and over on one file after another."""

    def __init__(self, home: Path, nursery: Nursery, seed: int) -> None:
        self._home = home
        self._nursery = nursery
        self._seed = seed
        self._chance = random.Random(seed)
        self._grpc, self._http = free_port(), free_port()
        self._db = home / "none.db"
        self._acknowledged: Ids = set()
        self._starts: dict[str, int] = {}
        self._older: Path | None = None
        self.starts: list[float] = []
        """Seconds until it listened, of each start."""
        self.pruned = 0
        """Traces that the limit of size has taken."""

    def run(self, rounds: int) -> None:
        manners: tuple[Callable[[], None], ...] = (
            self._ingest, self._prune, self._shutdown, self._start, self._ingest, self._migration, self._prune,
            self._ingest, self._checkpoint, self._start,
        )  # fmt: skip
        for number in range(rounds):
            if number % ROUNDS_PER_FILE == 0:
                self._use(self._home / f"{number}.db")
            manner = manners[number % len(manners)]
            try:
                manner()
                self._check()
            except AssertionError as error:
                raise AssertionError(f"seed {self._seed}, round {number}, {manner.__name__}: {error}") from error

    def _use(self, db: Path) -> None:
        for old in self._home.glob("*.db*"):
            old.unlink()
        self._db, self._acknowledged, self._starts = db, set(), {}

    def _start_program(self, **environment: str) -> Child:
        words = ("serve", "--db", str(self._db), "--grpc", f"127.0.0.1:{self._grpc}",
                 "--http", f"127.0.0.1:{self._http}")  # fmt: skip
        return self._nursery.start(*words, **environment)

    def _ready(self, **environment: str) -> Child:
        started = time.monotonic()
        child = self._start_program(**environment)
        assert child.wait_for(b"ready: OTLP/HTTP"), child.ended()
        self.starts.append(time.monotonic() - started)
        return child

    def _senders(self, payload: int = 40_000) -> Senders:
        return Senders(self._grpc, self._http, self._chance, payload)

    def _kill(self, child: Child, senders: Senders | None = None) -> None:
        child.send(signal.SIGKILL)
        child.ended()
        if senders is not None:
            self._acknowledged |= senders.acknowledged
            self._starts |= senders.starts

    def _pause(self, most: float) -> None:
        time.sleep(self._chance.random() * most)

    # Manners of being killed

    def _ingest(self) -> None:
        """Right after a success, or a little later."""
        child, senders = self._ready(), self._senders()
        with senders.at_work():
            senders.wait_for(self._chance.randint(1, 8))
            self._pause(self._chance.choice((0, 0.03)))
            child.send(signal.SIGKILL)
        self._kill(child, senders)

    def _checkpoint(self) -> None:
        """When the file changes, which only a checkpoint does."""
        child, senders = self._ready(), self._senders(100_000)
        before = self._db.stat().st_mtime_ns
        with senders.at_work():
            deadline = time.monotonic() + 30
            while self._db.stat().st_mtime_ns == before and time.monotonic() < deadline:
                time.sleep(0.0005)
            assert time.monotonic() < deadline, "no checkpoint came"
            self._pause(0.02)
            child.send(signal.SIGKILL)
        self._kill(child, senders)

    def _shutdown(self) -> None:
        """While it ends because it was asked to."""
        child, senders = self._ready(), self._senders()
        with senders.at_work():
            senders.wait_for(self._chance.randint(1, 4))
            child.send(signal.SIGTERM)
            self._pause(0.1)
            child.send(signal.SIGKILL)
        self._kill(child, senders)

    def _start(self) -> None:
        """While it starts, on what the last kill has left."""
        child = self._start_program()
        self._pause(0.15)
        self._kill(child)

    def _prune(self) -> None:
        """While it removes the oldest traces, beside senders or without."""
        child = self._ready(TRACETUI_MAX_SIZE=MAX_SIZE)
        if self._chance.random() < 0.5:
            self._pause(0.6)
            self._kill(child)
        else:
            senders = self._senders(500)
            with senders.at_work():
                self._pause(1.5)  # work between senders waits a second for a moment without them
                child.send(signal.SIGKILL)
            self._kill(child, senders)
        self._forget_pruned()

    def _migration(self) -> None:
        """While it brings an older file up to date."""
        kept, acknowledged, self._db = self._db, self._acknowledged, self._home / "migrated.db"
        shutil.copy(self._older_file(), self._db)
        child = self._start_program()
        self._pause(0.5)
        self._kill(child)
        child = self._ready()
        child.send(signal.SIGTERM)
        child.ended()
        with closing(sqlite3.connect(self._db)) as read:
            assert read.execute("PRAGMA user_version").fetchone() == (connection.SCHEMA_VERSION,)
            assert read.execute("SELECT count(*), sum(span_count) FROM traces").fetchone() == (
                OLDER_TRACES, 10 * OLDER_TRACES,
            )  # fmt: skip
            assert read.execute("SELECT count(*) FROM spans JOIN span_data USING (id)").fetchone() == (
                10 * OLDER_TRACES,
            )
            assert read.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        self._db.unlink()
        self._db, self._acknowledged = kept, acknowledged

    def _older_file(self) -> Path:
        if self._older is None:
            self._older = self._home / "older"
            writer = SqliteWriter(self._older)
            for first in range(1, OLDER_TRACES, 40):
                spans = [span for trace in range(first, first + 40) for span in make_trace(
                    trace, spans=10, session_id=f"s{trace % 7}", data=bytes([trace % 251]) * 1_000)]  # fmt: skip
                writer.write([make_batch(*spans)])
            writer.close()
            make_older(self._older, 1)
        return self._older

    # What must hold after it

    def _read(self) -> tuple[Ids, dict[str, tuple[int, int]]]:
        """The stored spans, and of each trace its start and its number of spans."""
        reader = SqliteReader(self._db)
        try:
            rows = [(row.trace_id, row.span_id) for row in reader.spans(limit=1_000_000)]
            traces = {
                trace.trace_id: (trace.start_time_unix_nano, trace.span_count)
                for trace in reader.traces(limit=1_000_000)
            }
        finally:
            reader.close()
        assert len(rows) == len(set(rows)), "a span is there twice"
        assert len(rows) == sum(count for _, count in traces.values()), "totals are not those of the spans"
        return set(rows), traces

    def _check(self) -> None:
        stored, _ = self._read()
        lost = self._acknowledged - stored
        assert not lost, f"{len(lost)} acknowledged spans are lost"
        with closing(sqlite3.connect(self._db)) as read:
            assert read.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    def _forget_pruned(self) -> None:
        """Take what the limit has taken as gone: whole traces, the oldest."""
        _, traces = self._read()
        gone = {trace: start for trace, start in self._starts.items() if trace not in traces}
        left = [start for trace, start in self._starts.items() if trace in traces]
        assert not gone or not left or max(gone.values()) <= min(left), "others than the oldest went"
        self.pruned += len(gone)
        self._starts = {trace: start for trace, start in self._starts.items() if trace in traces}
        self._acknowledged = {(trace, span) for trace, span in self._acknowledged if trace not in gone}


def kills(home: Path, rounds: int, seed: int) -> Victim:
    with Nursery(environment(home, PYTHONWARNINGS="ignore")) as nursery:
        victim = Victim(home, nursery, seed)
        victim.run(rounds)
    return victim


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("rounds", "seed"), [(50, 1), pytest.param(2_000, 2, marks=pytest.mark.slow)])
def test_kills_at_any_moment_lose_nothing_that_was_acknowledged(tmp_path: Path, rounds: int, seed: int) -> None:
    """While it takes spans, checkpoints, prunes, starts, brings a file up to date and ends."""
    victim = kills(tmp_path, rounds, seed)
    assert victim.pruned, "the limit was never reached"


@pytest.mark.parametrize("rounds", [2, pytest.param(30, marks=pytest.mark.slow)])
@pytest.mark.filterwarnings("ignore")
def test_after_a_kill_it_listens_again_within_two_seconds(tmp_path: Path, rounds: int) -> None:
    """The program as it is started, with everything that has to be read for that."""
    grpc, http = free_port(), free_port()
    words = tracetui("serve", "--db", str(tmp_path / "traces.db"), "--grpc", f"127.0.0.1:{grpc}",
                     "--http", f"127.0.0.1:{http}")  # fmt: skip
    acknowledged: Ids = set()
    took = []
    for number in range(rounds + 1):
        started = time.monotonic()
        with subprocess.Popen(words, env=environment(tmp_path), stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            for _ in range(2):
                assert b"ready" in process.stderr.readline()
            took.append(time.monotonic() - started)
            senders = Senders(grpc, http, random.Random(number), 20_000)
            with senders.at_work():
                senders.wait_for(6)
                process.kill()
            acknowledged |= senders.acknowledged
    reader = SqliteReader(tmp_path / "traces.db")
    assert acknowledged <= {(row.trace_id, row.span_id) for row in reader.spans(limit=1_000_000)}
    reader.close()
    assert statistics.median(took[1:]) < AGAIN_S, took
