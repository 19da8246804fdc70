"""What was acknowledged survives `kill -9`, once."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.support.programs import environment, free_port, tracetui
from tracetui.store.sqlite import SqliteReader

SENDERS = 3


class Server:
    """`tracetui serve` on fixed ports, to be killed."""

    def __init__(self, home: Path) -> None:
        self.db = home / "traces.db"
        self.grpc, self.http = free_port(), free_port()
        self._env = environment(home)

    def start(self) -> subprocess.Popen[bytes]:
        """Start it and wait until it says that it is ready."""
        process = subprocess.Popen(
            tracetui("serve", "--db", str(self.db), "--grpc", f"127.0.0.1:{self.grpc}",
                     "--http", f"127.0.0.1:{self.http}"),
            env=self._env, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if b"ready" in line:
                return process
        raise AssertionError(f"serve ended with {process.wait()}")

    def exporters(self) -> list[SpanExporter]:
        """Stock exporters, by turns over gRPC and HTTP."""
        grpc = f"http://127.0.0.1:{self.grpc}"
        http = f"http://127.0.0.1:{self.http}/v1/traces"
        return [GrpcExporter(grpc, insecure=True, timeout=5) if number % 2 else HttpExporter(http, timeout=5)
                for number in range(SENDERS)]  # fmt: skip


def some_spans(count: int) -> list[ReadableSpan]:
    """Ended spans of the SDK, in one trace."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "victim"}))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("victim")
    with tracer.start_as_current_span("root"):
        for number in range(count - 1):
            with tracer.start_as_current_span(f"step {number}") as span:
                span.set_attribute("payload", "x" * 500)
    return list(memory.get_finished_spans())


def ids(spans: list[ReadableSpan]) -> set[tuple[str, str]]:
    found = set()
    for span in spans:
        context = span.get_span_context()
        assert context is not None
        found.add((f"{context.trace_id:032x}", f"{context.span_id:016x}"))
    return found


def send_until_killed(server: Server, process: subprocess.Popen[bytes], rng: random.Random) -> set[tuple[str, str]]:
    """Send from several threads, kill the server the moment an export succeeds; returns what was acknowledged."""
    acknowledged: set[tuple[str, str]] = set()
    lock = threading.Lock()
    victim_after = rng.randint(1, 6)
    done = threading.Event()

    def send(exporter: SpanExporter) -> None:
        nonlocal victim_after
        while not done.is_set():
            spans = some_spans(rng.randint(1, 40))
            if exporter.export(spans) is not SpanExportResult.SUCCESS:
                return
            with lock:
                acknowledged.update(ids(spans))
                victim_after -= 1
                if victim_after == 0:
                    os.kill(process.pid, signal.SIGKILL)
                    done.set()

    exporters = server.exporters()
    threads = [threading.Thread(target=send, args=(exporter,)) for exporter in exporters]
    for thread in threads:
        thread.start()
    done.wait(timeout=30)
    process.kill()
    process.wait()
    for exporter in exporters:
        exporter.shutdown()
    for thread in threads:
        thread.join(timeout=30)
    return acknowledged


@contextlib.contextmanager
def running(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    process = server.start()
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def kill_rounds(home: Path, rounds: int) -> None:
    seed = random.randrange(2**32)
    rng = random.Random(seed)
    server = Server(home)
    acknowledged: set[tuple[str, str]] = set()
    for number in range(rounds):
        with running(server) as process:
            acknowledged |= send_until_killed(server, process, rng)
        with running(server):  # listens again, and the file is whole
            pass
        reader = SqliteReader(server.db)
        stored = [(row.trace_id, row.span_id) for row in reader.spans(limit=1_000_000)]
        counted = sum(trace.span_count for trace in reader.traces(limit=1_000_000))
        reader.close()
        assert len(stored) == len(set(stored)) == counted, f"round {number}, seed {seed}"
        assert acknowledged <= set(stored), f"round {number}, seed {seed}: {acknowledged - set(stored)} lost"


@pytest.mark.filterwarnings("ignore")
def test_twenty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    kill_rounds(tmp_path, 20)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_two_hundred_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    kill_rounds(tmp_path, 200)
