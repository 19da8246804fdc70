"""Limits over all requests and connections, and deadlines (section 5 of the contract)."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import grpc
import pytest

from tests.integration.receivers.conftest import ANY_PORT
from tests.integration.receivers.http_client import PROTOBUF, Reply, send
from tests.integration.receivers.ingest import HeldIngest, bytes_call
from tests.integration.receivers.test_access import EXPORT
from tests.integration.receivers.test_http import BODY
from tracetui.config import Address
from tracetui.otlp.wire import Signal
from tracetui.receivers import connections, otlp_grpc
from tracetui.receivers.access import Gate
from tracetui.receivers.budget import Budget
from tracetui.receivers.export import ExportService
from tracetui.receivers.incoming import ROW_SIZE
from tracetui.receivers.otlp_grpc import GrpcReceiver
from tracetui.receivers.otlp_http import HttpReceiver

MEBIBYTE = 1024 * 1024
HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"


@pytest.fixture
def service(ingest: HeldIngest) -> ExportService:
    """A service with room for 4 MiB of requests."""
    return ExportService(ingest, budget=Budget(4 * MEBIBYTE))


@pytest.fixture
def http(service: ExportService) -> Iterator[Address]:
    """HTTP with at most three connections."""
    receiver = HttpReceiver(service, Gate(), max_connections=3)
    receiver.start()
    yield receiver.listen(ANY_PORT)
    receiver.stop(5)


@pytest.fixture
def over_grpc(service: ExportService) -> Iterator[Address]:
    receiver = GrpcReceiver(ANY_PORT, service, Gate())
    receiver.start()
    yield receiver.address
    receiver.stop(5)


def until(condition: Callable[[], object], patience: float = 15.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.005)


def connected(http: Address, data: bytes = b"") -> socket.socket:
    """A connection that has sent this."""
    connection = socket.create_connection(http, timeout=15)
    connection.sendall(data)
    return connection


def is_ended(connection: socket.socket) -> bool:
    """Whether the other side has closed a connection, without an answer."""
    try:
        return connection.recv(10) == b""
    except ConnectionResetError:  # with bytes unread
        return True


def busy(reply: Reply) -> bool:
    return (reply.status, reply.headers.get("retry-after")) == (503, "1")


# Memory


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"Content-Length: 3145728\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"300000\r\n" + bytes(3 * MEBIBYTE) + b"\r\n",
    ],
    ids=["declared", "chunked"],
)
def test_bodies_that_are_being_received_have_a_limit_together(
    http: Address, service: ExportService, ingest: HeldIngest, head: bytes
) -> None:
    with connected(http, head):
        until(lambda: service.budget.held == 3 * MEBIBYTE)
        assert busy(send(http, bytes(2 * MEBIBYTE)))
        assert service.counts().refused == 1
        assert send(http, BODY).status == 200
    until(lambda: service.budget.held == 0)
    assert len(ingest.batches) == 1


def test_what_a_body_inflates_to_counts_too(http: Address, service: ExportService) -> None:
    assert busy(send(http, gzip.compress(bytes(5 * MEBIBYTE)), Content_Encoding="gzip"))
    assert service.budget.held == 0


def test_a_body_that_is_never_handed_over_is_given_back(
    http: Address, service: ExportService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no decoder takes anything any more")

    monkeypatch.setattr(service, "export", fail)
    assert busy(send(http, BODY))
    assert service.budget.held == 0


def test_grpc_calls_count_too(over_grpc: Address, service: ExportService, ingest: HeldIngest) -> None:
    with grpc.insecure_channel(str(over_grpc)) as channel:
        call = bytes_call(channel, EXPORT)
        with service.budget.hold() as others:
            others.grow(4 * MEBIBYTE - 1)
            with pytest.raises(grpc.RpcError) as refused:
                call(BODY, timeout=10)
            assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        call(BODY, timeout=10)
    assert (service.budget.held, len(ingest.batches)) == (0, 1)


def test_a_body_that_waits_for_its_commit_holds_what_its_rows_take(
    http: Address, service: ExportService, ingest: HeldIngest
) -> None:
    ingest.holds = True
    request = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    with connected(http, request) as connection:
        ingest.wait(lambda it: it.waiting)
        assert service.budget.held > ROW_SIZE
        ingest.release()
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    until(lambda: service.budget.held == 0)
    assert len(ingest.batches) == 1


# Connections


def test_a_connection_that_asks_for_nothing_makes_room(http: Address) -> None:
    with ExitStack() as stack:
        first, *others = [stack.enter_context(connected(http, b"POST /v1")) for _ in range(3)]
        assert send(http, BODY).status == 200
        assert is_ended(first), "the one that waited longest is closed"
        others[0].sendall(b"/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        assert others[0].recv(65536).startswith(b"HTTP/1.1 415")


def test_where_all_are_in_the_middle_of_a_request_the_next_is_told_so(http: Address, service: ExportService) -> None:
    with ExitStack() as stack:
        head = HEAD + b"Content-Length: 9\r\n\r\n"
        held = [stack.enter_context(connected(http, head)) for _ in range(3)]
        until(lambda: service.budget.held == 27)
        reply = send(http, BODY)
        assert busy(reply)
        assert (reply.headers["connection"], reply.json["code"]) == ("close", 14)
        held[0].close()
        until(lambda: send(http, BODY).status == 200)


def test_headers_must_be_complete_in_time(http: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_TIMEOUT_S", 1.0)
    with connected(http) as idle, connected(http, b"POST /v1/traces HT") as slow:
        assert is_ended(slow)
        idle.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
        assert idle.recv(65536).startswith(b"HTTP/1.1 200"), "only a request that has begun is timed"


def test_thousands_of_slow_connections_do_not_keep_a_sender_out(http_address: Address, ingest: HeldIngest) -> None:
    with ExitStack() as stack:
        for _ in range(1_500):
            connection = stack.enter_context(socket.create_connection(http_address, timeout=15))
            connection.sendall(b"POST /v1/traces HTTP/1.1\r\nX: ")
        assert send(http_address, BODY, content_type=PROTOBUF).status == 200
    assert len(ingest.batches) == 1


def test_a_span_with_a_million_attributes_is_cut_and_taken(http_address: Address, ingest: HeldIngest) -> None:
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    from tracetui.otlp.protowire import bytes_field

    span = Span(trace_id=b"t" * 16, span_id=b"s" * 8, name="ask").SerializeToString() + b"\x4a\x00" * 1_000_000
    reply = send(http_address, bytes_field(1, bytes_field(2, bytes_field(2, span))))
    assert reply.partial_success.rejected_spans == 0
    assert "10,000 attributes" in reply.partial_success.error_message
    (batch,) = ingest.batches
    assert "10,000 attributes" in batch.spans[0].warnings


def never_sent(release: threading.Event) -> Iterator[bytes]:
    """The messages of a call that begins and then says nothing."""
    release.wait(60)
    yield from ()


def test_calls_that_send_nothing_do_not_keep_a_sender_out(
    over_grpc: Address, ingest: HeldIngest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp_grpc, "CROWDED_RECEIVE_S", 0.1)
    release = threading.Event()
    with grpc.insecure_channel(str(over_grpc)) as channel:
        slow = [channel.stream_unary(EXPORT, None, None).future(never_sent(release)) for _ in range(4)]
        bytes_call(channel, EXPORT)(BODY, timeout=30)
        release.set()
        assert any(call.code() is grpc.StatusCode.CANCELLED for call in slow)
    assert len(ingest.batches) == 1


def test_a_call_without_a_message_is_an_invalid_argument(over_grpc: Address) -> None:
    with grpc.insecure_channel(str(over_grpc)) as channel, pytest.raises(grpc.RpcError) as refused:
        channel.stream_unary(EXPORT, None, None)(iter(()), timeout=20)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_body_is_let_go_once_it_is_cut(ingest: HeldIngest, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[list[bytes]] = []
    take = ExportService._take

    def noted(self: ExportService, signal: Signal, body: list[bytes], *rest: object) -> None:
        held.append(body)
        take(self, signal, body, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(ExportService, "_take", noted)
    assert ExportService(ingest).export(Signal.TRACES, BODY).result(10).is_success
    assert held == [[]]
