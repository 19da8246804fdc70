"""Mutated bodies through decoding, over HTTP and over gRPC into a real store: always an answer, and never a failure."""

from __future__ import annotations

import gc
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import BinaryIO, NamedTuple

import grpc
import pytest

from tests.integration.receivers.conftest import ANY_PORT
from tests.integration.receivers.http_client import JSON, PROTOBUF
from tests.integration.receivers.ingest import bytes_call
from tests.support.fuzz import Body, bodies, seeds
from tracetui import semconv
from tracetui.config import Address, Settings
from tracetui.errors import DecodeError
from tracetui.otlp import decode
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import read_request
from tracetui.receivers.inflate import inflate
from tracetui.runtime import Runtime
from tracetui.store.api import all_spans

SEED = int(os.environ.get("FUZZ_SEED", "20261126"))
"""Recorded, so that what was found can be made again; another one looks elsewhere."""

LONG = int(os.environ.get("FUZZ_BODIES", "1000000"))
"""Bodies of the long form through decoding, and through HTTP; a tenth of it over gRPC."""

STEP = 2_000
"""Bodies after which the long form says how far it is."""

PIPELINED = 8
"""Requests on a connection before the first answer is read."""

MEMORY = 300
"""MB that the process may grow by."""

SERVICES = {Signal.TRACES: ("trace", "TraceService"), Signal.LOGS: ("logs", "LogsService")}
GRPC_CODES = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED}


class Running(NamedTuple):
    """A runtime that receives."""

    runtime: Runtime
    http: Address
    grpc: Address


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    runtime = Runtime(Settings(db=tmp_path / "traces.db", grpc=ANY_PORT, http=(ANY_PORT,)))
    runtime.open_store()
    runtime.start_receivers()
    where = {status.protocol: status.address for status in runtime.statuses()}
    yield Running(runtime, where["http"], where["grpc"])
    runtime.stop()


@pytest.fixture(autouse=True)
def _memory() -> Iterator[None]:
    seeds()
    gc.collect()
    before = memory()
    yield
    gc.collect()
    assert memory() - before < MEMORY


def memory() -> int:
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(row.split()[1]) for row in status.splitlines() if row.startswith("VmRSS")) // 1024


def decode_all(count: int) -> None:
    taken = 0
    for number, body in bodies(SEED, 0, count):
        begun = time.process_time()
        try:
            incoming = read_request(body.signal, inflate(body.data, body.encoding), is_json=body.is_json)
        except DecodeError:
            continue
        except Exception as error:
            raise AssertionError(f"body {number} of seed {SEED}: {type(error).__name__}") from error
        finally:
            assert time.process_time() - begun < 10, f"body {number} of seed {SEED} took too long"
        taken += bool(incoming.batch.spans or incoming.batch.logs)
    assert taken > count / 10, "bodies that nobody can read prove little"


def over_http(address: Address, first: int, count: int, failed: list[str]) -> None:
    """Send bodies over one connection after the other, several at a time before the first answer is read."""
    waiting: deque[tuple[int, Body]] = deque()
    left = bodies(SEED, first, count)
    while True:
        with socket.create_connection(address, timeout=60) as connection, connection.makefile("rb") as replies:
            while waiting or (waiting := deque(islice(left, PIPELINED))):
                try:
                    connection.sendall(b"".join(as_http(body) for _, body in waiting))
                except OSError:  # it was closed after an answer that says so, which is read below
                    pass
                if is_closed(replies, waiting, failed):
                    break
            else:
                return
        if len(failed) > 20:
            return


def as_http(body: Body) -> bytes:
    """A request as it stands on the wire."""
    encoding = f"Content-Encoding: {body.encoding}\r\n" if body.encoding else ""
    kind = JSON if body.is_json else PROTOBUF
    head = f"POST /v1/{body.signal} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n{encoding}"
    return f"{head}Content-Length: {len(body.data)}\r\n\r\n".encode() + body.data


def is_closed(replies: BinaryIO, waiting: deque[tuple[int, Body]], failed: list[str]) -> bool:
    """Read the answers to what waits for one; returns whether the server ended the connection after one of them."""
    while waiting:
        number, _ = waiting.popleft()
        try:
            status, answer, closes = read_reply(replies)
        except (OSError, ValueError) as error:
            failed.append(f"body {number} of seed {SEED}: {error!r}")
            return True
        if status not in (200, 400, 413) or b"internal error" in answer:
            failed.append(f"body {number} of seed {SEED}: {status} {answer[:200]!r}")
        if closes:
            return True
    return False


def read_reply(replies: BinaryIO) -> tuple[int, bytes, bool]:
    """Status, body, and whether it is the connection's last."""
    _, status, _ = replies.readline().split(b" ", 2)
    headers: dict[bytes, bytes] = {}
    while line := replies.readline().strip():
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip()
    return int(status), replies.read(int(headers[b"content-length"])), headers.get(b"connection") == b"close"


def over_grpc(address: Address, first: int, count: int, failed: list[str]) -> None:
    with grpc.insecure_channel(str(address)) as channel:
        for number, body in bodies(SEED, first, count):
            package, service = SERVICES[body.signal]
            call = bytes_call(channel, f"/opentelemetry.proto.collector.{package}.v1.{service}/Export")
            packed = grpc.Compression.Gzip if number % 5 == 0 else None
            try:
                call(body.data, timeout=30, compression=packed)
            except grpc.RpcError as error:
                if error.code() not in GRPC_CODES or "internal error" in str(error.details()):
                    failed.append(f"body {number} of seed {SEED}: {error.code()} {error.details()}")


Send = Callable[[Address, int, int, list[str]], None]


def in_threads(work: Send, address: Address, count: int, first: int, threads: int = 8) -> list[str]:
    """Send from several threads, which share the commits; each has bodies of its own. Returns what went wrong."""
    failed: list[str] = []
    share = count // threads
    senders = [
        threading.Thread(target=work, args=(address, first + number * share, share, failed))
        for number in range(threads)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return failed


def in_processes(work: Send, address: Address, count: int, first: int) -> list[str]:
    """The same from processes beside this one, which has enough to do with receiving; says how far it is."""
    steps = range(first, first + count, STEP)
    failed: list[str] = []
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        done = [processes.submit(in_threads, work, address, STEP, at, 16) for at in steps]
        for at, step in zip(steps, done, strict=True):
            failed += step.result()
            print(f"{at + STEP - first:,} of {count:,}, {memory()} MB", *failed, flush=True)
    return failed


def read_again(runtime: Runtime) -> int:
    """Read all that was stored as the explorer does; returns how much that is."""
    count = 0
    with closing(runtime.open_reader()) as reader:
        for stored in all_spans(reader):
            resource = decode.resource(stored.resource.data, stored.resource.schema_url)
            scope = decode.scope(stored.scope.data, stored.scope.schema_url)
            semconv.normalise(decode.span(stored.data, resource, scope), [])
            count += 1
    return count


def test_mutated_bodies_are_decoded_or_refused() -> None:
    decode_all(2_500)


def test_mutated_bodies_over_http_and_grpc_are_answered_and_what_is_stored_can_be_read(running: Running) -> None:
    assert in_threads(over_http, running.http, 800, first=1_000_000) == []
    assert in_threads(over_grpc, running.grpc, 400, first=2_000_000) == []
    assert read_again(running.runtime) > 50


@pytest.mark.slow
def test_mutated_bodies_by_the_million_are_decoded_or_refused() -> None:
    decode_all(LONG)


@pytest.mark.slow
def test_mutated_bodies_by_the_million_over_http_are_answered(running: Running) -> None:
    assert in_processes(over_http, running.http, LONG, first=10_000_000) == []
    assert read_again(running.runtime) > 50


@pytest.mark.slow
def test_mutated_bodies_by_the_hundred_thousand_over_grpc_are_answered(running: Running) -> None:
    assert in_processes(over_grpc, running.grpc, LONG // 10, first=20_000_000) == []
    assert read_again(running.runtime) > 50


def test_a_body_is_made_again_by_its_number() -> None:
    assert [body for _, body in bodies(1, 5, 3)] == [body for _, body in bodies(1, 5, 3)]
    assert len({body for _, body in bodies(1, 0, 200)}) > 190
    assert isinstance(seeds()[0], Body)
