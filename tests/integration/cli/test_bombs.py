"""Requests that are small to send and large to hold: exact answers, bounded memory, and the program lives."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from tests.integration.cli.conftest import Cli, Server
from tests.integration.receivers.http_client import JSON, send
from tests.integration.receivers.ingest import bytes_call
from tracetui.config import Address
from tracetui.otlp.protowire import bytes_field

MEBIBYTE = 1024 * 1024
IDS = bytes_field(1, b"a" * 16) + bytes_field(2, b"b" * 8)
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


def request(*spans: bytes) -> bytes:
    return bytes_field(1, bytes_field(2, b"".join(bytes_field(2, span) for span in spans)))


def attribute(key: bytes, value: bytes) -> bytes:
    return bytes_field(9, bytes_field(1, key) + bytes_field(2, value))


def deep() -> bytes:
    value = bytes_field(1, b"x")
    for _ in range(10_000):
        value = bytes_field(5, bytes_field(1, value))
    return request(IDS + attribute(b"k", value))


def large(size: int) -> bytes:
    return request(IDS + attribute(b"k", bytes_field(1, b"x" * size)))


def bare(count: int) -> bytes:
    """Spans of which nothing is known but their ids, each of a trace of its own."""
    return request(
        *(bytes_field(1, number.to_bytes(16)) + bytes_field(2, number.to_bytes(8)) for number in range(1, count + 1))
    )


Bomb = Callable[[], tuple[bytes, dict[str, str]]]

BOMBS: dict[str, tuple[int, Bomb]] = {
    "inflates a thousandfold": (413, lambda: (gzip.compress(bytes(64 * MEBIBYTE + 1)), {"Content_Encoding": "gzip"})),
    "4 MB of empty spans": (413, lambda: (request(*[b""] * (2 * MEBIBYTE)), {})),
    "a value 10,000 deep": (200, lambda: (deep(), {})),
    "a million attributes": (
        200,
        lambda: (request(IDS + b"".join(attribute(b"k%d" % n, bytes_field(1, b"v")) for n in range(1_000_000))), {}),
    ),
    "a value of ten million values": (
        200,
        lambda: (request(IDS + attribute(b"k", bytes_field(5, b"\x0a\x00" * 10_000_000))), {}),
    ),
    "an event of ten million attributes": (200, lambda: (request(IDS + bytes_field(11, b"\x1a\x00" * 10_000_000)), {})),
    "ten million unknown fields": (413, lambda: (b"\x20\x00" * 10_000_000, {})),
    "twenty million empty objects": (
        413,
        lambda: (b'{"resourceSpans":[' + b"{}," * 20_000_000 + b"{}]}", {"content_type": JSON}),
    ),
    "190,000 bare spans": (200, lambda: (bare(190_000), {})),
    "a body over the limit": (413, lambda: (bytes(64 * MEBIBYTE + 1), {})),
    "64 MiB in one text": (200, lambda: (large(63 * MEBIBYTE), {})),
    "64 MiB in one text, compressed": (
        200,
        lambda: (gzip.compress(large(63 * MEBIBYTE)), {"Content_Encoding": "gzip"}),
    ),
}

SMALL = ("inflates a thousandfold", "4 MB of empty spans", "a value 10,000 deep", "a value of ten million values",
         "ten million unknown fields")  # fmt: skip
"""Those of the short form."""


def megabytes(process: int, line: str) -> int:
    """A line of what the system knows of a process's memory."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    return next(int(row.split()[1]) for row in status.splitlines() if row.startswith(line)) // 1024


@pytest.fixture
def idle(cli: Cli) -> Iterator[tuple[Server, Address, int]]:
    """A server that has answered, where it listens, and what it takes in memory."""
    with Server(cli) as server:
        address = Address("127.0.0.1", server.http)
        assert send(address, request(IDS)).status == 200
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc}") as channel:
            bytes_call(channel, EXPORT)(request(IDS), timeout=20)
        yield server, address, megabytes(server.process.pid, "VmRSS")


def check(server: Server, address: Address, before: int, name: str) -> None:
    status, make = BOMBS[name]
    body, how = make()
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5", "ascii")  # the highest mark begins anew
    assert send(address, body, **how).status == status, name
    assert megabytes(server.process.pid, "VmHWM") - before <= 300, name
    begun = time.monotonic()
    assert send(address, request(bytes_field(1, b"c" * 16) + IDS[18:])).status == 200
    assert time.monotonic() - begun < 5, name


def test_bombs_have_their_answers_and_the_memory_stays(idle: tuple[Server, Address, int]) -> None:
    for name in SMALL:
        check(*idle, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_each_bomb_has_its_answer_and_the_memory_stays(idle: tuple[Server, Address, int], name: str) -> None:
    check(*idle, name)


LARGE_CALLS = 8


def over_http(server: Server, body: bytes) -> bool:
    reply = send(Address("127.0.0.1", server.http), body)
    assert reply.status == 200 or (reply.status, reply.headers["retry-after"]) == (503, "1")
    return reply.status == 200


def over_grpc(server: Server, body: bytes) -> bool:
    unlimited = [("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc}", options=unlimited) as channel:
        try:
            bytes_call(channel, EXPORT)(body, timeout=120)
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.UNAVAILABLE
            assert "grpc-status-details-bin" in str(error.trailing_metadata())
            return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("send_one", [over_http, over_grpc])
def test_many_large_requests_at_once_are_taken_or_told_to_come_again_and_the_memory_stays(
    idle: tuple[Server, Address, int], send_one: Callable[[Server, bytes], bool]
) -> None:
    server, address, before = idle
    found: list[bool] = []
    body = large(63 * MEBIBYTE)
    senders = [threading.Thread(target=lambda: found.append(send_one(server, body))) for _ in range(LARGE_CALLS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(found) == LARGE_CALLS and any(found)
    assert megabytes(server.process.pid, "VmHWM") - before <= 300
    assert send(address, request(IDS)).status == 200
