"""Rows of the receiver contract that have no better place: the order of checks, deadlines, browsers."""

from __future__ import annotations

import gzip
import hmac
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import grpc
import pytest

from tests.integration.receivers.conftest import ANY_PORT
from tests.integration.receivers.http_client import PROTOBUF, send, send_raw
from tests.integration.receivers.ingest import HeldIngest, bytes_call
from tests.integration.receivers.test_access import EXPORT
from tests.integration.receivers.test_http import BODY, statuses
from tests.integration.receivers.test_limits import until
from tracetui.config import Access, Address, Settings
from tracetui.receivers import access as access_module
from tracetui.receivers import http_request, otlp_http
from tracetui.receivers.access import Gate
from tracetui.receivers.budget import Budget
from tracetui.receivers.export import ExportService
from tracetui.receivers.otlp_http import HttpReceiver
from tracetui.runtime import Runtime

TOKEN = "correct-horse-7"
MEBIBYTE = 1024 * 1024


@pytest.fixture
def service(ingest: HeldIngest) -> ExportService:
    return ExportService(ingest, max_body_size=MEBIBYTE, budget=Budget(MEBIBYTE // 2))


@pytest.fixture
def guarded(service: ExportService) -> Iterator[Address]:
    """HTTP that asks for a token, takes 1 MiB, and holds half of that at once."""
    receiver = HttpReceiver(service, Gate(Access(token=TOKEN)))
    receiver.start()
    yield receiver.listen(ANY_PORT)
    receiver.stop(5)


@pytest.fixture
def http(service: ExportService) -> Iterator[Callable[[], Address]]:
    """Starts HTTP without a token, once a test has set its deadlines."""
    started: list[HttpReceiver] = []

    def start() -> Address:
        receiver = HttpReceiver(service, Gate())
        receiver.start()
        started.append(receiver)
        return receiver.listen(ANY_PORT)

    yield start
    for receiver in started:
        receiver.stop(5)


# 2. Order of checks


def test_the_first_check_that_fails_decides_in_the_order_of_the_contract(guarded: Address, ingest: HeldIngest) -> None:
    """A request that is wrong in every way, and then in one way less each time."""
    wrong = {
        "X-Large": "x" * 33_000,
        "Host": "evil.example",
        "Origin": "http://evil.example",
        "Content-Type": "text/plain",
        "Content-Encoding": "br",
        "Content-Length": str(2 * MEBIBYTE),
    }
    path, method, body = "/nowhere", "PUT", b""
    seen: list[int] = []

    def ask() -> None:
        lines = [
            f"{method} {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in wrong.items()),
            "Connection: close",
            "Expect: 100-continue",  # a refusal comes before the body then
        ]
        received = send_raw(guarded, "\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        seen.append(statuses(received)[-1])

    ask()
    wrong["X-Large"] = "x"
    ask()
    wrong["Host"] = "localhost"
    ask()
    del wrong["Origin"]
    wrong["Content-Length"] = "0"
    ask()
    path = "/v1/traces"
    ask()
    method = "POST"
    ask()
    wrong["Authorization"] = f"Bearer {TOKEN}"
    ask()
    wrong["Content-Type"] = PROTOBUF
    ask()
    wrong["Content-Encoding"] = "gzip"
    wrong["Content-Length"] = str(2 * MEBIBYTE)
    ask()
    wrong["Content-Length"] = str(MEBIBYTE - 1)
    ask()
    body = b"no gzip"
    wrong["Content-Length"] = str(len(body))
    ask()
    body = gzip.compress(b"\xff")
    wrong["Content-Length"] = str(len(body))
    ask()
    body = gzip.compress(BODY)
    wrong["Content-Length"] = str(len(body))
    ask()
    assert seen == [431, 403, 403, 404, 405, 401, 415, 415, 413, 503, 400, 400, 200]
    assert len(ingest.batches) == 1


# 3. Response compression


def test_answers_are_never_compressed(guarded: Address) -> None:
    reply = send(guarded, BODY, x_api_key=TOKEN, Accept_Encoding="gzip, deflate")
    assert (reply.status, reply.headers.get("content-encoding")) == (200, None)


# 5. Deadlines


def ends(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"


def test_a_body_must_be_complete_in_time(
    http: Callable[[], Address], service: ExportService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_request, "BODY_TIMEOUT_S", 0.2)
    with socket.create_connection(http(), timeout=20) as connection:
        connection.sendall(HEAD + b"Content-Length: 100\r\n\r\nhalf")
        assert ends(connection) == b""
    until(lambda: service.budget.held == 0)


def test_a_connection_that_asks_for_nothing_is_closed(
    http: Callable[[], Address], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp_http, "IDLE_TIMEOUT_S", 0.2)
    with socket.create_connection(http(), timeout=20) as connection:
        connection.sendall(HEAD + b"Content-Length: 0\r\n\r\n")
        assert ends(connection).startswith(b"HTTP/1.1 200")


@pytest.mark.slow  # it takes ten thousand answers to fill what the system holds of them
def test_a_sender_that_does_not_read_its_answers_is_let_go(
    http: Callable[[], Address], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_request, "WRITE_TIMEOUT_S", 0.3)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(20)
        connection.connect(http())
        ask = b"GET /" + b"x" * 1_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with pytest.raises(OSError):  # reset, or broken: nobody takes any more
            while True:
                connection.sendall(ask * 100)


def test_metadata_over_the_limit_ends_the_call(grpc_address: Address, ingest: HeldIngest) -> None:
    with grpc.insecure_channel(str(grpc_address)) as channel:
        with pytest.raises(grpc.RpcError) as refused:
            bytes_call(channel, EXPORT)(BODY, metadata=(("x-large", "x" * 40_000),), timeout=20)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert ingest.batches == []


# 10. Browsers, and the token

FORM = {"content_type": "text/plain", "Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"}

ATTACKS: dict[str, tuple[int, dict[str, str]]] = {
    "a simple POST of a page": (403, FORM),
    "the same without an origin": (403, {"content_type": "text/plain", "Sec_Fetch_Site": "cross-site"}),
    "a form": (403, {**FORM, "content_type": "application/x-www-form-urlencoded"}),
    "a simple POST of an old browser": (415, {"content_type": "text/plain"}),
    "a beacon with a blob": (403, {**FORM, "content_type": "application/json"}),
    "a name that was rebound": (403, {"Host": "rebound.example:4318", "Sec_Fetch_Site": "same-origin"}),
    "a name that was rebound, without its port": (403, {"Host": "rebound.example"}),
    "an address hidden in a name": (403, {"Host": "127.0.0.1.evil.example"}),
    "a name that ends like ours": (403, {"Host": "evil.notlocalhost.example"}),
    "a file or a sandbox": (403, {"Origin": "null"}),
    "another port of this machine": (403, {"Origin": "http://localhost:8000", "Sec_Fetch_Site": "same-site"}),
    "our own address as origin": (403, {"Origin": "http://127.0.0.1:4318"}),
    "a same site": (403, {"Sec_Fetch_Site": "same-site"}),
    "a site of an unknown kind": (403, {"Sec_Fetch_Site": "whatever"}),
    "a preflight": (403, {"method": "OPTIONS", "Origin": "https://evil.example"}),
    "a script tag": (403, {"method": "GET", "Sec_Fetch_Site": "cross-site"}),
}  # fmt: skip


def test_nothing_that_a_browser_can_send_is_stored(tmp_path: Path) -> None:
    runtime = Runtime(Settings(db=tmp_path / "traces.db", grpc=None, http=(ANY_PORT,)))
    runtime.open_store()
    runtime.start_receivers()
    try:
        (status,) = runtime.statuses()
        for name, (code, how) in ATTACKS.items():
            reply = send(status.address, BODY, **how)
            assert reply.status == code, name
            assert not [header for header in reply.headers if header.startswith("access-control")], name
        with closing(runtime.open_reader()) as reader:
            assert reader.size().spans == 0
        assert send(status.address, BODY).status == 200
        with closing(runtime.open_reader()) as reader:
            assert reader.size().spans == 1
    finally:
        runtime.stop()


def test_two_different_tokens_are_refused_whichever_of_them_is_right(guarded: Address, ingest: HeldIngest) -> None:
    for number in range(10):
        reply = send(guarded, BODY, x_api_key=TOKEN, Authorization=f"Bearer other-{number}")
        assert (reply.status, reply.error.message) == (401, "Two different tokens were sent.")
    assert ingest.batches == []


def test_tokens_are_compared_in_constant_time(guarded: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(first: bytes, second: bytes) -> bool:
        compared.append((first, second))
        return hmac.compare_digest(first, second)

    monkeypatch.setattr(access_module, "hmac", type("Hmac", (), {"compare_digest": staticmethod(compare)}))
    assert send(guarded, BODY, x_api_key="x").status == 401
    assert send(guarded, BODY, x_api_key=TOKEN).status == 200
    assert compared == [(b"x", TOKEN.encode()), (TOKEN.encode(), TOKEN.encode())]
