"""Who may send: tokens, TLS, client certificates, names, pages (section 10 of the contract)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from http.client import HTTPSConnection
from pathlib import Path

import grpc
import pytest
import trustme
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter

from tests.integration.receivers.conftest import ANY_PORT
from tests.integration.receivers.http_client import send
from tests.integration.receivers.ingest import HeldIngest, bytes_call
from tests.integration.receivers.test_http import BODY
from tracetui.config import Access, Address
from tracetui.receivers import ReceiverSet, ReceiverState

TOKEN = "correct-horse-7"
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

Start = Callable[[Access], ReceiverSet]


@pytest.fixture
def start(ingest: HeldIngest) -> Iterator[Start]:
    """Start receivers on both protocols with rules of access."""
    started: list[ReceiverSet] = []

    def make(access: Access) -> ReceiverSet:
        receivers = ReceiverSet(ANY_PORT, (ANY_PORT,), ingest, access)
        receivers.start()
        started.append(receivers)
        return receivers

    yield make
    for receivers in started:
        receivers.stop()


def addresses(receivers: ReceiverSet) -> tuple[Address, Address]:
    """Where gRPC and HTTP listen."""
    over_grpc, over_http = receivers.statuses()
    assert over_grpc.state is over_http.state is ReceiverState.LISTENING, (over_grpc.error, over_http.error)
    return over_grpc.address, over_http.address


def export(exporter: SpanExporter) -> None:
    """One span through a stock exporter."""
    provider = TracerProvider(resource=Resource({"service.name": "shop"}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    provider.get_tracer("t").start_span("ask").end()
    provider.shutdown()


# Tokens


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {TOKEN}"},
        {"authorization": f"bEARER   {TOKEN}"},
        {"x_api_key": TOKEN},
        {"X_API_KEY": TOKEN, "Authorization": f"Bearer {TOKEN}"},
        {"x_api_key": TOKEN, "Authorization": "Basic cGs6c2s="},
    ],
)
def test_a_sender_with_the_token_is_taken(start: Start, ingest: HeldIngest, headers: dict[str, str]) -> None:
    _, http = addresses(start(Access(token=TOKEN)))
    assert send(http, BODY, **headers).status == 200
    assert len(ingest.batches) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"x_api_key": TOKEN[:-1]},
        {"x_api_key": TOKEN, "Authorization": "Bearer other"},
        {"x_api_key": "caf\u00e9"},
    ],
)
def test_a_sender_without_it_is_401_and_stores_nothing(
    start: Start, ingest: HeldIngest, headers: dict[str, str]
) -> None:
    receivers = start(Access(token=TOKEN))
    _, http = addresses(receivers)
    reply = send(http, BODY, **headers)
    assert (reply.status, reply.headers["www-authenticate"], reply.error.code) == (401, "Bearer", 16)
    assert TOKEN not in reply.error.message
    assert (ingest.batches, receivers.counts().malformed) == ([], 1)


def test_the_token_is_asked_for_after_path_and_method_and_before_the_type(start: Start) -> None:
    _, http = addresses(start(Access(token=TOKEN)))
    assert send(http, path="/v1/profiles").status == 404
    assert send(http, method="GET").status == 405
    assert send(http, content_type="text/plain").status == 401
    assert send(http, content_type="text/plain", x_api_key=TOKEN).status == 415


def test_tokens_over_grpc(start: Start, ingest: HeldIngest) -> None:
    over_grpc, _ = addresses(start(Access(token=TOKEN)))
    with grpc.insecure_channel(str(over_grpc)) as channel:
        call = bytes_call(channel, EXPORT)
        for metadata in ((), (("authorization", "Bearer no"),), (("api_key", TOKEN), ("x-api-key", "other"))):
            with pytest.raises(grpc.RpcError) as refused:
                call(BODY, metadata=metadata, timeout=10)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert ingest.batches == []
        for metadata in ((("authorization", f"Bearer {TOKEN}"),), (("api_key", TOKEN),), (("x-api-key", TOKEN),)):
            call(BODY, metadata=metadata, timeout=10)
    assert len(ingest.batches) == 3


def test_stock_exporters_send_it_as_a_header(start: Start, ingest: HeldIngest) -> None:
    over_grpc, http = addresses(start(Access(token=TOKEN)))
    headers = {"authorization": f"Bearer {TOKEN}"}
    export(HttpExporter(f"{http.url}/v1/traces", headers=headers))
    export(GrpcExporter(str(over_grpc), insecure=True, headers=headers))
    assert len(ingest.batches) == 2


def test_without_a_token_what_a_vendors_client_sends_does_not_matter(http_address: Address) -> None:
    assert send(http_address, BODY, Authorization="Basic cGs6c2s=", x_api_key="a").status == 200


# Names and pages


def test_a_configured_name_and_page_are_taken(start: Start) -> None:
    access = Access(hosts=("traces.example",), origins=("https://app.example",))
    over_grpc, http = addresses(start(access))
    assert send(http, BODY, Host="Traces.example:4318").status == 200
    assert send(http, BODY, Origin="https://app.example", Sec_Fetch_Site="cross-site").status == 200
    assert send(http, BODY, Host="other.example").status == 403
    assert send(http, BODY, Origin="https://app.example.evil").status == 403
    assert send(http, BODY, Origin="null").status == 403


@pytest.mark.parametrize(("authority", "taken"), [("localhost", True), ("shop", True), ("evil.example", False)])
def test_a_grpc_call_for_another_machine_is_refused(
    grpc_address: Address, ingest: HeldIngest, authority: str, taken: bool
) -> None:
    with grpc.insecure_channel(str(grpc_address), options=[("grpc.default_authority", authority)]) as channel:
        call = bytes_call(channel, EXPORT)
        if taken:
            call(BODY, timeout=10)
        else:
            with pytest.raises(grpc.RpcError) as refused:
                call(BODY, timeout=10)
            assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert len(ingest.batches) == taken


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Access:
    """Access over TLS with files as a user has them."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # would win over the file that the exporter is given
        monkeypatch.delenv(name, raising=False)
    issued = authority.issue_cert("localhost", "127.0.0.1")
    cert, key, ca = (tmp_path / name for name in ("cert.pem", "key.pem", "ca.pem"))
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    key.chmod(0o600)
    ca.write_bytes(authority.cert_pem.bytes())
    return Access(tls_cert=cert, tls_key=key, tls_client_ca=ca)


def without_client_ca(access: Access) -> Access:
    return Access(tls_cert=access.tls_cert, tls_key=access.tls_key)


def test_stock_exporters_over_tls(start: Start, ingest: HeldIngest, tls: Access, authority: trustme.CA) -> None:
    over_grpc, http = addresses(start(without_client_ca(tls)))
    export(HttpExporter(f"https://localhost:{http.port}/v1/traces", certificate_file=str(tls.tls_client_ca)))
    credentials = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
    export(GrpcExporter(f"localhost:{over_grpc.port}", insecure=False, credentials=credentials))
    assert len(ingest.batches) == 2


def test_client_certificates_are_required_where_an_authority_is_named(
    start: Start, ingest: HeldIngest, tls: Access, authority: trustme.CA, tmp_path: Path
) -> None:
    over_grpc, http = addresses(start(tls))
    mine = authority.issue_cert("client@example.org")
    files = tmp_path / "client.pem", tmp_path / "client.key"
    files[0].write_bytes(b"".join(blob.bytes() for blob in mine.cert_chain_pems))
    files[1].write_bytes(mine.private_key_pem.bytes())
    ca = authority.cert_pem.bytes()

    context = ssl.create_default_context(cadata=ca.decode())
    connection = HTTPSConnection("localhost", http.port, context=context, timeout=10)
    with pytest.raises(OSError):  # at once or, with TLS 1.3, when the answer is read
        connection.request("POST", "/v1/traces", BODY)
        connection.getresponse()
    connection.close()
    with (
        grpc.secure_channel(f"localhost:{over_grpc.port}", grpc.ssl_channel_credentials(ca)) as channel,
        pytest.raises(grpc.RpcError),
    ):
        bytes_call(channel, EXPORT)(BODY, timeout=5)
    assert ingest.batches == []

    export(
        HttpExporter(
            f"https://localhost:{http.port}/v1/traces",
            certificate_file=str(tls.tls_client_ca),
            client_certificate_file=str(files[0]),
            client_key_file=str(files[1]),
        )
    )
    credentials = grpc.ssl_channel_credentials(ca, files[1].read_bytes(), files[0].read_bytes())
    export(GrpcExporter(f"localhost:{over_grpc.port}", insecure=False, credentials=credentials))
    assert len(ingest.batches) == 2


def test_plain_http_is_not_answered_over_tls(start: Start, ingest: HeldIngest, tls: Access) -> None:
    _, http = addresses(start(without_client_ca(tls)))
    with pytest.raises(OSError):
        send(http, BODY)
    assert ingest.batches == []


def test_old_tls_is_refused(start: Start, tls: Access) -> None:
    _, http = addresses(start(without_client_ca(tls)))
    context = ssl.create_default_context(cafile=tls.tls_client_ca)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("localhost", http.port), timeout=10) as plain,
        pytest.raises(OSError),
        context.wrap_socket(plain, server_hostname="localhost"),
    ):
        pass


def test_a_key_that_others_may_read_opens_no_listener(start: Start, tls: Access) -> None:
    assert tls.tls_key is not None
    tls.tls_key.chmod(0o640)
    statuses = start(tls).statuses()
    assert {status.state for status in statuses} == {ReceiverState.FAILED}
    assert all("chmod 600" in status.error and str(tls.tls_key) in status.error for status in statuses)


def test_files_that_are_no_certificates_are_named(start: Start, tls: Access) -> None:
    assert tls.tls_cert is not None
    tls.tls_cert.write_text("not a certificate")
    statuses = start(tls).statuses()
    assert {status.state for status in statuses} == {ReceiverState.FAILED}
    assert all(str(tls.tls_cert) in status.error for status in statuses)


# Open addresses


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "fe80::1", "build-box", "127.evil.example", ""])
def test_an_address_that_others_can_reach_is_exposed(host: str) -> None:
    assert Address(host, 4318).is_exposed


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"])
def test_loopback_is_not(host: str) -> None:
    assert not Address(host, 4318).is_exposed


@pytest.mark.parametrize(
    ("access", "opens"),
    [
        (Access(), False),
        (Access(hosts=("traces.example",)), False),
        (Access(token=TOKEN), True),
        (Access(allow_unauthenticated=True), True),
    ],
)
def test_it_is_opened_only_with_a_guard_or_by_an_explicit_wish(ingest: HeldIngest, access: Access, opens: bool) -> None:
    everywhere = Address("0.0.0.0", 0)
    receivers = ReceiverSet(everywhere, (everywhere,), ingest, access)
    receivers.start()
    try:
        for status in receivers.statuses():
            assert (status.state is ReceiverState.LISTENING) == opens
            assert opens or "TRACETUI_TOKEN" in status.error
    finally:
        receivers.stop()
