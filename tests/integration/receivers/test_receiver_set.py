"""All listeners together: what starts, what fails, what is counted, what is imported."""

from __future__ import annotations

import errno
import http.client
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from tests.integration.receivers.conftest import ANY_PORT
from tests.integration.receivers.http_client import send
from tests.integration.receivers.ingest import HeldIngest, bytes_call
from tests.unit.otlp.messages import make_request, make_span
from tracetui.config import Address
from tracetui.errors import ReceiverError
from tracetui.receivers import ReceiverCounts, ReceiverSet, ReceiverState
from tracetui.receivers.access import Gate
from tracetui.receivers.export import ExportService
from tracetui.receivers.otlp_grpc import GrpcReceiver
from tracetui.receivers.sockets import cannot_listen, listening_sockets


def states(receivers: ReceiverSet) -> list[tuple[str, str]]:
    return [(status.protocol, status.state.value) for status in receivers.statuses()]


def test_a_life_from_start_to_stop(ingest: HeldIngest) -> None:
    receivers = ReceiverSet(ANY_PORT, (ANY_PORT,), ingest)
    assert states(receivers) == [("grpc", "starting"), ("http", "starting")]
    assert receivers.counts() == ReceiverCounts()
    receivers.start()
    assert states(receivers) == [("grpc", "listening"), ("http", "listening")]
    assert all(status.address.port for status in receivers.statuses())
    receivers.stop()
    receivers.stop()
    assert states(receivers) == [("grpc", "stopped"), ("http", "stopped")]


def test_nothing_planned_is_nothing_done(ingest: HeldIngest) -> None:
    receivers = ReceiverSet(None, (), ingest)
    receivers.start()
    assert receivers.statuses() == ()
    receivers.stop()


def test_a_port_that_is_taken_is_named_and_the_others_work(ingest: HeldIngest) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = Address(*other.getsockname())
        receivers = ReceiverSet(taken, (taken, ANY_PORT), ingest)
        receivers.start()
        grpc_status, http_status, working = receivers.statuses()
        for status, option in ((grpc_status, "--grpc"), (http_status, "--http")):
            assert status.state is ReceiverState.FAILED
            assert f"{taken} is in use" in status.error
            assert option in status.error
        assert send(working.address, make_request(make_span()).SerializeToString()).status == 200
        receivers.stop()
        assert states(receivers) == [("grpc", "failed"), ("http", "failed"), ("http", "stopped")]


def test_grpc_does_not_share_its_port_with_another_process_that_would(ingest: HeldIngest) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ReceiverError, match="in use"):
            GrpcReceiver(Address(*other.getsockname()), ExportService(ingest), Gate()).start()


def test_two_grpc_receivers_do_not_share_a_port(ingest: HeldIngest) -> None:
    first = GrpcReceiver(ANY_PORT, ExportService(ingest), Gate())
    first.start()
    with pytest.raises(ReceiverError, match="in use"):
        GrpcReceiver(first.address, ExportService(ingest), Gate()).start()
    first.stop(0)


def test_both_loopback_addresses_have_one_port_and_one_taken_fails_both() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
        with pytest.raises(ReceiverError, match=r"\[::1\]:\d+ is in use"):
            listening_sockets(Address("127.0.0.1", other.getsockname()[1]), option="--http")
    opened = listening_sockets(ANY_PORT, option="--http")
    ports = {listening.getsockname()[1] for listening in opened}
    for listening in opened:
        listening.close()
    assert (len(opened), len(ports)) == (2, 1)


def test_all_addresses_are_listened_on_over_both_protocols() -> None:
    (opened,) = listening_sockets(Address("::", 0), option="--http")
    with opened:
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, opened.getsockname()[1]), timeout=20).close()


@pytest.mark.parametrize("address", [Address("192.0.2.1", 4318), Address("no.such.host.invalid", 4318)])
def test_an_address_of_another_machine_is_an_error_in_words(address: Address) -> None:
    with pytest.raises(ReceiverError, match="cannot be opened") as caught:
        listening_sockets(address, option="--http HOST:PORT")
    assert "--http" in caught.value.hint


def test_a_port_that_needs_rights_is_an_error_in_words() -> None:
    error = cannot_listen(Address("127.0.0.1", 80), PermissionError(errno.EACCES, "denied"), option="--http")
    assert "1024" in error.hint


def test_all_listeners_share_one_count(
    receivers: ReceiverSet, grpc_address: Address, http_addresses: tuple[Address, ...]
) -> None:
    body = make_request(make_span()).SerializeToString()
    for address in http_addresses:
        send(address, body)
    with grpc.insecure_channel(str(grpc_address)) as channel:
        bytes_call(channel, "/opentelemetry.proto.collector.trace.v1.TraceService/Export")(body, timeout=20)
    assert receivers.counts() == ReceiverCounts(requests=3, spans=3)


def test_no_thread_outlives_stop(ingest: HeldIngest) -> None:
    receivers = ReceiverSet(ANY_PORT, (ANY_PORT,), ingest)
    receivers.start()
    send(receivers.statuses()[1].address, make_request(make_span()).SerializeToString())
    assert [thread for thread in threading.enumerate() if thread.name.startswith("tracetui-http")]
    receivers.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("tracetui-http", "tracetui-dec"))]


def test_stop_ends_although_a_commit_never_comes(ingest: HeldIngest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracetui.receivers.GRACE_S", 0.05)
    monkeypatch.setattr("tracetui.receivers.otlp_grpc.SENDING_S", 0.05)
    ingest.holds = True
    receivers = ReceiverSet(ANY_PORT, (ANY_PORT,), ingest)
    receivers.start()
    grpc_status, http_status = receivers.statuses()
    body = make_request(make_span()).SerializeToString()
    with grpc.insecure_channel(str(grpc_status.address)) as channel, ThreadPoolExecutor(1) as pool:
        call = bytes_call(channel, "/opentelemetry.proto.collector.trace.v1.TraceService/Export").future(body)
        sent = pool.submit(send, http_status.address, body)
        ingest.wait(lambda it: it.waiting == 2)
        receivers.stop()
        with pytest.raises(http.client.HTTPException):
            sent.result(timeout=20)
        ingest.release()
        assert isinstance(call.exception(timeout=20), grpc.RpcError)


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("tracetui.receivers", ("grpc", "tornado", "google.protobuf")),
        ("tracetui.receivers.export", ("grpc", "tornado")),
        ("tracetui.receivers.otlp_http", ("grpc",)),
        ("tracetui.receivers.otlp_grpc", ("tornado",)),
    ],
)
def test_servers_are_imported_only_by_what_needs_them(module: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*[name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == ""
