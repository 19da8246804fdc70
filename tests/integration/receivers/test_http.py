"""OTLP/HTTP over real sockets: the contract's §1, §3, §6, §7, and what is here already of §2, §5 and §10."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.rpc.error_details_pb2 import BadRequest, RetryInfo  # type: ignore[import-untyped]
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from tests.integration.receivers.http_client import JSON, PROTOBUF, Reply, send, send_on, send_raw
from tests.integration.receivers.ingest import HeldIngest
from tests.unit.otlp.messages import make_log, make_log_request, make_request, make_span
from tracetui.config import Address
from tracetui.errors import IngestBusyError, StoreError
from tracetui.receivers import ReceiverSet
from tracetui.receivers.inflate import MAX_BODY_SIZE

BODY: bytes = make_request(make_span(name="kept")).SerializeToString()
HALF_BAD: bytes = make_request(
    make_span(1, name="kept"), make_span(trace_id=b"short"), make_span(span_id=b"")
).SerializeToString()
ODD: bytes = make_request(make_span(name="odd", end_time_unix_nano=0)).SerializeToString()


@pytest.mark.parametrize(
    "path",
    [
        "/v1/traces",
        "/v1/traces/",
        "/api/public/otel/v1/traces",
        "/otel/v1/traces",
        "/v1/traces?x=1",
        "/any/thing/v1/traces/",
    ],
)
def test_traces_are_taken_at_every_path_that_ends_right(
    http_addresses: tuple[Address, ...], ingest: HeldIngest, path: str
) -> None:
    for address in http_addresses:
        reply = send(address, BODY, path=path, Authorization="Basic cGs6c2s=", x_api_key="lsv2")
        assert (reply.status, reply.body, reply.headers["content-type"]) == (200, b"", PROTOBUF)
    assert ingest.names == ["kept", "kept"]


def test_logs_are_taken(http_address: Address, ingest: HeldIngest) -> None:
    body = make_log_request(make_log()).SerializeToString()
    assert send(http_address, body, path="/v1/logs").body == b""
    (log,) = ingest.logs
    assert (log.body_text, log.severity_number) == ("hello", 9)


def test_metrics_are_declined_with_success(http_address: Address, receivers: ReceiverSet) -> None:
    request = ExportMetricsServiceRequest()
    request.resource_metrics.add().scope_metrics.add().metrics.add().gauge.data_points.add()
    reply = send(http_address, request.SerializeToString(), path="/v1/metrics")
    partial = ExportMetricsServiceResponse.FromString(reply.body).partial_success
    assert (reply.status, partial.rejected_data_points) == (200, 1)
    assert "metrics" in partial.error_message
    assert receivers.counts().metrics == 1
    assert send(http_address, b"", path="/v1/metrics").body == b""


@pytest.mark.parametrize("content_type", ["APPLICATION/X-Protobuf", "application/x-protobuf; charset=utf-8"])
def test_the_content_type_has_any_case_and_parameters(http_address: Address, content_type: str) -> None:
    reply = send(http_address, BODY, content_type=content_type)
    assert (reply.status, reply.headers["content-type"]) == (200, PROTOBUF)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/protobuf", "application/grpc"])
def test_other_content_types_are_415(http_address: Address, content_type: str | None) -> None:
    reply = send(http_address, BODY, content_type=content_type)
    assert (reply.status, reply.json["code"]) == (415, 3)
    assert "application/x-protobuf" in reply.json["message"]


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("identity", bytes),
        ("gzip", lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:])),
    ],
)
def test_bodies_may_be_compressed(http_address: Address, ingest: HeldIngest, encoding: str, encode: Any) -> None:
    reply = send(http_address, encode(BODY), Content_Encoding=encoding)
    assert (reply.status, reply.headers.get("content-encoding")) == (200, None)
    assert ingest.names == ["kept"]


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip, deflate"])
def test_other_encodings_are_415_and_told_which_are_known(http_address: Address, encoding: str) -> None:
    reply = send(http_address, BODY, Content_Encoding=encoding)
    assert (reply.status, reply.headers["accept-encoding"], reply.error.code) == (415, "gzip, deflate", 3)


@pytest.mark.parametrize("body", [gzip.compress(BODY)[:-1], gzip.compress(BODY) + b"garbage", b"plain", b""])
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_damaged_compression_is_400(http_address: Address, body: bytes, encoding: str) -> None:
    assert send(http_address, body, Content_Encoding=encoding).status == 400


@pytest.mark.parametrize(
    ("body", "content_type", "status", "answer"),
    [
        (b"", PROTOBUF, 200, b""),
        (b"\x0a\x00", PROTOBUF, 200, b""),
        (b"{}", JSON, 200, b"{}"),
        (b'{"resourceSpans":[]}', JSON, 200, b"{}"),
        (b"", JSON, 400, None),
    ],
)
def test_empty_requests(
    http_address: Address, ingest: HeldIngest, body: bytes, content_type: str, status: int, answer: bytes | None
) -> None:
    reply = send(http_address, body, content_type=content_type)
    assert reply.status == status
    assert answer is None or reply.body == answer
    assert ingest.batches == []


def test_invalid_spans_are_rejected_alone(http_address: Address, ingest: HeldIngest, receivers: ReceiverSet) -> None:
    partial = send(http_address, HALF_BAD).partial_success
    assert partial.rejected_spans == 2
    assert "trace_id has 5 bytes" in partial.error_message
    assert "span_id has 0 bytes" in partial.error_message
    assert ingest.names == ["kept"]
    counts = receivers.counts()
    assert (counts.requests, counts.spans, counts.rejected, counts.malformed) == (1, 1, 2, 0)
    assert "trace_id" in counts.last_error


def test_a_request_of_invalid_spans_only_is_a_success_without_a_commit(
    http_address: Address, ingest: HeldIngest
) -> None:
    body = make_request(make_span(trace_id=b"")).SerializeToString()
    assert send(http_address, body).partial_success.rejected_spans == 1
    assert ingest.batches == []


def test_a_warning_rejects_nothing(http_address: Address, ingest: HeldIngest) -> None:
    partial = send(http_address, ODD).partial_success
    assert (partial.rejected_spans, ingest.names) == (0, ["odd"])
    assert "end time is 0" in partial.error_message
    assert "end time is 0" in ingest.spans[0].warnings


def test_json_is_answered_in_json(http_address: Address, ingest: HeldIngest) -> None:
    good = {"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "json", "startTimeUnixNano": "1", "endTimeUnixNano": "2"}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [good, good | {"kind": "CLIENT"}]}]}]}
    reply = send(http_address, json.dumps(body).encode(), content_type=JSON)
    partial = reply.json["partialSuccess"]
    assert (reply.status, partial["rejectedSpans"], ingest.names) == (200, "1", ["json"])
    assert "kind" in partial["errorMessage"]


def test_malformed_requests_are_400_with_a_bad_request_detail(http_address: Address, receivers: ReceiverSet) -> None:
    reply = send(http_address, b"\x0a\x05abc")
    assert (reply.status, reply.error.code) == (400, 3)
    detail = BadRequest()
    assert reply.error.details[0].Unpack(detail)
    assert "byte 0" in detail.field_violations[0].description
    reply = send(http_address, b"[", content_type=JSON)
    assert (reply.status, reply.json["code"]) == (400, 3)
    assert reply.json["details"][0]["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    counts = receivers.counts()
    assert (counts.requests, counts.malformed, counts.spans) == (2, 2, 0)


@pytest.mark.parametrize("path", ["/", "/v1/profiles", "/v1development/profiles", "/v1/tracesx", "/xv1/traces"])
def test_other_paths_are_404_and_told_the_right_ones(http_address: Address, path: str) -> None:
    reply = send(http_address, BODY, path=path, content_type=JSON)
    assert (reply.status, reply.json["code"]) == (404, 12)
    assert "/v1/traces" in reply.json["message"]
    assert send(http_address, BODY, path=path).error.code == 12


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_other_methods_are_405(http_address: Address, receivers: ReceiverSet, method: str) -> None:
    reply = send(http_address, method=method)
    assert (reply.status, reply.headers["allow"]) == (405, "POST")
    assert method == "HEAD" or reply.error.code == 12
    assert receivers.counts().requests == 0


@pytest.mark.parametrize(
    ("error", "retry_after"),
    [(IngestBusyError("The queue is full."), 1), (IngestBusyError("The disk is full.", retry_after_s=5), 5)],
)
def test_a_busy_store_is_503_with_a_time_to_retry(
    http_address: Address, ingest: HeldIngest, receivers: ReceiverSet, error: Exception, retry_after: int
) -> None:
    ingest.refuses = error
    reply = send(http_address, BODY)
    assert (reply.status, reply.headers["retry-after"], reply.error.code) == (503, str(retry_after), 14)
    detail = RetryInfo()
    assert reply.error.details[0].Unpack(detail)
    assert detail.retry_delay.seconds == retry_after
    reply = send(http_address, json.dumps({"resourceSpans": []}).encode(), content_type=JSON)
    assert reply.status == 200, "nothing to store, nothing to wait for"
    assert receivers.counts().refused == 1


def test_a_failed_commit_fails_the_whole_request(
    http_address: Address, ingest: HeldIngest, receivers: ReceiverSet
) -> None:
    ingest.fails = StoreError("The database is locked.")
    reply = send(http_address, HALF_BAD)
    assert (reply.status, reply.error.code) == (503, 14)
    assert (receivers.counts().spans, receivers.counts().rejected) == (0, 0)


@pytest.mark.parametrize("where", ["refuses", "fails"])
def test_an_unforeseen_error_is_503_and_tells_nothing(
    http_address: Address, ingest: HeldIngest, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    setattr(ingest, where, ZeroDivisionError("secret value"))
    reply = send(http_address, BODY)
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")
    words = reply.error.message.split()
    assert words[:2] == ["internal", "error"]
    assert len(words) == 3
    assert words[2] in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert "secret" not in caplog.text


def test_success_is_not_sent_before_the_commit(http_address: Address, ingest: HeldIngest) -> None:
    ingest.holds = True
    with ThreadPoolExecutor(1) as pool:
        reply = pool.submit(send, http_address, BODY)
        ingest.wait(lambda it: it.waiting)
        assert not reply.done()
        ingest.release()
        assert reply.result(timeout=20).status == 200


def test_others_are_answered_while_a_commit_is_awaited(http_address: Address, ingest: HeldIngest) -> None:
    ingest.holds = True
    with ThreadPoolExecutor(20) as pool:
        replies = [pool.submit(send, http_address, BODY) for _ in range(20)]
        ingest.wait(lambda it: it.waiting == 20)
        assert send(http_address, b"").status == 200
        ingest.release()
        assert {reply.result(timeout=20).status for reply in replies} == {200}


def test_a_sender_that_goes_away_does_not_undo_the_commit(
    http_address: Address, ingest: HeldIngest, receivers: ReceiverSet
) -> None:
    ingest.holds = True
    connection = http.client.HTTPConnection(*http_address)
    connection.request("POST", "/v1/traces", BODY, {"Content-Type": PROTOBUF})
    ingest.wait(lambda it: it.waiting)
    connection.close()
    ingest.release()
    ingest.wait(lambda it: it.names == ["kept"])
    assert send(http_address, b"").status == 200


def test_a_connection_is_kept_for_many_requests_also_after_refusals(http_address: Address, ingest: HeldIngest) -> None:
    connection = http.client.HTTPConnection(*http_address, timeout=20)
    assert send_on(connection, BODY).status == 200
    port = connection.sock.getsockname()
    for refused in ({"path": "/nowhere"}, {"content_type": "text/plain"}, {"method": "PUT"}):
        assert send_on(connection, b"x" * 3_000_000, **refused).status in (404, 405, 415)
    assert send_on(connection, b"\x0a\x05").status == 400
    assert send_on(connection, BODY).status == 200
    assert connection.sock.getsockname() == port
    connection.close()
    assert ingest.names == ["kept", "kept"]


def head(*lines: str, method: str = "POST", path: str = "/v1/traces", host: str = "Host: localhost") -> bytes:
    """The bytes of a request's head."""
    return "\r\n".join((f"{method} {path} HTTP/1.1", host, f"Content-Type: {PROTOBUF}", *lines)).encode() + b"\r\n\r\n"


def statuses(received: bytes) -> list[int]:
    return [int(line.split()[1]) for line in received.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


def test_requests_may_be_pipelined_chunked_and_wait_for_100(http_address: Address, ingest: HeldIngest) -> None:
    length = f"Content-Length: {len(BODY)}"
    chunked = f"{len(BODY):x}\r\n".encode() + BODY + b"\r\n0\r\n\r\n"
    received = send_raw(
        http_address,
        (head(length) + BODY) * 2
        + head("Transfer-Encoding: chunked")
        + chunked
        + head(length, "Expect: 100-continue", "Connection: close")
        + BODY,
    )
    assert statuses(received) == [200, 200, 200, 100, 200]
    assert len(ingest.names) == 4


def test_who_waits_for_100_gets_the_refusal_instead(http_address: Address) -> None:
    received = send_raw(http_address, head("Content-Length: 50000000", "Expect: 100-continue", path="/nowhere"))
    assert statuses(received) == [404]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (head("Content-Length: 0", host="X: y"), 400),  # no Host
        (head("Content-Length: 0", host="Host: a b"), 400),
        (head("Content-Length: 0", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
        (head("Content-Length: 1", "Content-Length: 2") + b"ab", 400),
        (head("Content-Length: x"), 400),
        (head("Content-Length: 0", "X: " + "a" * 33_000), 431),
        (head("Content-Length: 0", "X: " + "a" * 200_000), 431),
        (head("Content-Length: 0", *(f"X-{number}: y" for number in range(101))), 431),
        (head(f"Content-Length: {MAX_BODY_SIZE + 1}"), 413),
    ],
)
def test_what_must_not_be_is_refused_and_the_connection_closed(http_address: Address, data: bytes, status: int) -> None:
    assert statuses(send_raw(http_address, data)) == [status]


def test_endless_headers_close_the_connection(http_address: Address) -> None:
    with socket.create_connection(http_address, timeout=20) as connection, pytest.raises(OSError):
        while True:
            connection.sendall(b"X: " + b"a" * 100_000 + b"\r\n")


def test_the_limit_holds_after_decompression_and_without_a_declared_length(
    http_address: Address, receivers: ReceiverSet
) -> None:
    too_large = bytes(MAX_BODY_SIZE + 1)
    reply = send(http_address, gzip.compress(too_large, 1), Content_Encoding="gzip")
    assert (reply.status, reply.error.code, len(reply.error.details)) == (413, 8, 0)
    assert "64 MiB" in reply.error.message

    chunk = b"100000\r\n" + bytes(0x100000) + b"\r\n"
    received = send_raw(http_address, head("Transfer-Encoding: chunked") + chunk * 65 + b"0\r\n\r\n")
    assert statuses(received) == [413]
    assert receivers.counts().malformed == 2


def test_a_sender_in_the_middle_of_a_body_too_large_gets_to_see_why(http_address: Address) -> None:
    reply = send(http_address, bytes(MAX_BODY_SIZE + 1))
    assert (reply.status, reply.headers["connection"]) == (413, "close")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:4318"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_web_pages_and_foreign_names_are_403(
    http_address: Address, ingest: HeldIngest, headers: dict[str, str]
) -> None:
    reply = send(http_address, BODY, **headers)
    assert (reply.status, reply.error.code) == (403, 7)
    assert ingest.batches == []


@pytest.mark.parametrize(
    "host", ["localhost:4318", "app.localhost", "127.0.0.1", "[::1]:4318", "tracetui", "LOCALHOST"]
)
def test_own_names_are_taken(http_address: Address, host: str) -> None:
    assert send(http_address, BODY, Host=host, Sec_Fetch_Site="same-origin").status == 200


def test_localhost_is_reached_over_both_protocols(http_address: Address) -> None:
    assert send(Address("::1", http_address.port), BODY).status == 200


def test_while_stopping_requests_in_flight_are_answered_and_new_ones_turned_away(
    http_address: Address, ingest: HeldIngest, receivers: ReceiverSet
) -> None:
    ingest.holds = True
    idle = http.client.HTTPConnection(*http_address, timeout=20)
    assert send_on(idle, b"").status == 200
    with ThreadPoolExecutor(2) as pool:
        in_flight = pool.submit(send, http_address, BODY)
        ingest.wait(lambda it: it.waiting)
        stopped = pool.submit(receivers.stop)
        refused = until_refused(idle)
        assert (refused.status, refused.headers["connection"], refused.headers["retry-after"]) == (503, "close", "1")
        assert not stopped.done()
        ingest.release()
        assert in_flight.result(timeout=20).status == 200
        stopped.result(timeout=20)
    idle.close()
    with pytest.raises(ConnectionRefusedError):
        send(http_address, BODY)
    assert "tracetui-http" not in {thread.name for thread in threading.enumerate()}


def until_refused(connection: http.client.HTTPConnection) -> Reply:
    """Send empty requests until one is turned away."""
    while (reply := send_on(connection, b"")).status == 200:
        pass
    return reply
