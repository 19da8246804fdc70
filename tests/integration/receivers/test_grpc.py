"""OTLP/gRPC over real channels: the contract's §1, §6, §7 and the keep-alive row of §11."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from tests.integration.receivers.ingest import HeldIngest, bytes_call
from tests.unit.otlp.messages import make_log, make_log_request, make_request, make_span
from tracetui.config import Address
from tracetui.errors import IngestBusyError, StoreError
from tracetui.receivers import ReceiverSet
from tracetui.receivers.inflate import MAX_BODY_SIZE

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
GOOD = make_request(make_span(name="kept"))


@pytest.fixture
def channel(grpc_address: Address) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(str(grpc_address), options=[("grpc.max_send_message_length", -1)]) as opened:
        yield opened


@pytest.fixture
def traces(channel: grpc.Channel) -> Any:
    return TraceServiceStub(channel)


def failure(channel: grpc.Channel, body: bytes, method: str = EXPORT) -> tuple[grpc.StatusCode, Any]:
    """The code and the google.rpc.Status of a call that fails."""
    with pytest.raises(grpc.RpcError) as caught:
        bytes_call(channel, method)(body, timeout=20)
    trailing: Any = caught.value.trailing_metadata() or ()
    details = dict(trailing).get("grpc-status-details-bin")
    return caught.value.code(), Status.FromString(details) if details is not None else None


def trailer(channel: grpc.Channel, name: str) -> bytes | None:
    """A trailer of a call that fails."""
    with pytest.raises(grpc.RpcError) as caught:
        bytes_call(channel, EXPORT)(GOOD.SerializeToString(), timeout=20)
    trailing: Any = caught.value.trailing_metadata() or ()
    found: bytes | None = dict(trailing).get(name)
    return found


def test_traces_logs_and_metrics_are_answered(
    channel: grpc.Channel, traces: Any, ingest: HeldIngest, receivers: ReceiverSet
) -> None:
    assert not traces.Export(GOOD).HasField("partial_success")
    assert not LogsServiceStub(channel).Export(make_log_request(make_log())).HasField("partial_success")
    request = ExportMetricsServiceRequest()
    request.resource_metrics.add().scope_metrics.add().metrics.add().sum.data_points.add()
    assert MetricsServiceStub(channel).Export(request).partial_success.rejected_data_points == 1
    assert (ingest.names, [log.body_text for log in ingest.logs]) == (["kept"], ["hello"])
    counts = receivers.counts()
    assert (counts.requests, counts.spans, counts.logs, counts.metrics) == (3, 1, 1, 1)


def test_gzip_is_taken(traces: Any, ingest: HeldIngest) -> None:
    traces.Export(GOOD, compression=grpc.Compression.Gzip)
    assert ingest.names == ["kept"]


def test_invalid_spans_and_warnings_are_told(traces: Any, ingest: HeldIngest) -> None:
    partial = traces.Export(make_request(make_span(name="kept"), make_span(span_id=b""))).partial_success
    assert partial.rejected_spans == 1
    assert "span_id" in partial.error_message
    partial = traces.Export(make_request(make_span(name="odd", start_time_unix_nano=0))).partial_success
    assert partial.rejected_spans == 0
    assert "start time is 0" in partial.error_message
    assert ingest.names == ["kept", "odd"]


def test_malformed_requests_are_invalid_arguments(channel: grpc.Channel) -> None:
    code, status = failure(channel, b"\x0a\x05abc")
    detail = BadRequest()
    assert (code, status.code) == (grpc.StatusCode.INVALID_ARGUMENT, 3)
    assert status.details[0].Unpack(detail)
    assert "byte 0" in detail.field_violations[0].description


@pytest.mark.parametrize(
    "method",
    [
        "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
        "/opentelemetry.proto.collector.trace.v1.TraceService/Delete",
    ],
)
def test_unknown_services_are_unimplemented_and_told_the_known_ones(channel: grpc.Channel, method: str) -> None:
    code, status = failure(channel, b"", method)
    assert (code, status.code) == (grpc.StatusCode.UNIMPLEMENTED, 12)
    assert EXPORT in status.message


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (IngestBusyError("The queue is full."), 1),
        (IngestBusyError("The disk is full.", retry_after_s=5), 5),
        (StoreError("The database is locked."), 1),
        (ZeroDivisionError("secret"), 1),
    ],
)
@pytest.mark.parametrize("where", ["refuses", "fails"])
def test_temporary_trouble_is_unavailable_with_retry_info(
    channel: grpc.Channel, ingest: HeldIngest, where: str, error: Exception, seconds: int
) -> None:
    setattr(ingest, where, error)
    code, status = failure(channel, GOOD.SerializeToString())
    detail = RetryInfo()
    assert (code, status.code) == (grpc.StatusCode.UNAVAILABLE, 14)
    assert status.details[0].Unpack(detail)
    assert detail.retry_delay.seconds == seconds
    assert trailer(channel, "google.rpc.retryinfo-bin") == detail.SerializeToString(), "what the Python SDK reads"
    assert "secret" not in status.message


def test_messages_over_the_limit_are_exhausted_without_retry_info(channel: grpc.Channel) -> None:
    code, status = failure(channel, bytes(MAX_BODY_SIZE + 1))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert status is None


def test_messages_over_the_limit_once_inflated_too(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        bytes_call(channel, EXPORT)(bytes(MAX_BODY_SIZE + 1), timeout=20, compression=grpc.Compression.Gzip)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_success_is_not_sent_before_the_commit(traces: Any, ingest: HeldIngest) -> None:
    ingest.holds = True
    call = traces.Export.future(GOOD)
    ingest.wait(lambda it: it.waiting)
    assert not call.done()
    ingest.release()
    assert not call.result(timeout=20).HasField("partial_success")


def test_one_connection_carries_many_calls_at_once(traces: Any, ingest: HeldIngest) -> None:
    ingest.holds = True
    calls = [traces.Export.future(GOOD) for _ in range(12)]
    ingest.wait(lambda it: it.waiting == 12)
    ingest.release()
    assert [call.result(timeout=20).HasField("partial_success") for call in calls] == [False] * 12


def test_a_cancelled_call_does_not_undo_the_commit(traces: Any, ingest: HeldIngest) -> None:
    ingest.holds = True
    call = traces.Export.future(GOOD)
    ingest.wait(lambda it: it.waiting)
    call.cancel()
    ingest.release()
    ingest.wait(lambda it: it.names == ["kept"])


def test_keep_alive_pings_without_calls_are_tolerated(grpc_address: Address) -> None:
    """A bare HTTP/2 connection: as many pings as it likes, each acknowledged, and no GOAWAY."""
    ping, goaway = 6, 7
    with socket.create_connection(grpc_address, timeout=20) as connection, connection.makefile("rb") as received:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))
        for number in range(20):
            payload = number.to_bytes(8)
            connection.sendall(bytes((0, 0, 8, ping, 0, 0, 0, 0, 0)) + payload)
            kind, answer = 0, b""
            while (kind, answer) != (ping, payload):
                head = received.read(9)
                kind, answer = head[3], received.read(int.from_bytes(head[:3]))
                assert kind != goaway, answer


def test_ipv6_loopback_is_served_too(grpc_address: Address, ingest: HeldIngest) -> None:
    with grpc.insecure_channel(str(Address("::1", grpc_address.port))) as channel:
        TraceServiceStub(channel).Export(GOOD, timeout=20)
    assert ingest.names == ["kept"]


def test_while_stopping_calls_in_flight_are_answered(traces: Any, ingest: HeldIngest, receivers: ReceiverSet) -> None:
    ingest.holds = True
    call = traces.Export.future(GOOD)
    ingest.wait(lambda it: it.waiting)
    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(receivers.stop)
        with pytest.raises(grpc.RpcError) as caught:
            while True:
                traces.Export(make_request(), timeout=20)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        ingest.release()
        assert not call.result(timeout=20).HasField("partial_success")
        stopped.result(timeout=20)
