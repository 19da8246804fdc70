"""The bodies of answers, in both encodings, against the official messages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, Parse
from google.rpc import error_details_pb2  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tracetui.otlp.wire import Signal
from tracetui.receivers import answers
from tracetui.receivers.answers import MAX_MESSAGE_LENGTH, Answer

RESPONSES: dict[Signal, Any] = {
    Signal.TRACES: ExportTraceServiceResponse,
    Signal.LOGS: ExportLogsServiceResponse,
    Signal.METRICS: ExportMetricsServiceResponse,
}


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize(
    "answer",
    [
        answers.stored(3, 0, (), ()),
        answers.stored(3, 2, ("Bad id.",), ()),
        answers.stored(3, 0, (), ("Odd time.",)),
        answers.stored(0, 200_000, ("é",), ("Odd.",)),
    ],
)
def test_a_success_reads_the_same_in_both_encodings(signal: Signal, answer: Answer) -> None:
    from_protobuf = RESPONSES[signal].FromString(answer.body(signal, is_json=False))
    assert Parse(answer.body(signal, is_json=True), RESPONSES[signal]()) == from_protobuf
    assert from_protobuf.HasField("partial_success") == bool(answer.message)
    assert from_protobuf.partial_success.error_message == answer.message


@pytest.mark.parametrize(
    "answer",
    [
        answers.malformed("No."),
        answers.busy("Later."),
        answers.busy("Later.", retry_after_s=5),
        answers.too_large("No."),
        answers.not_found("There."),
        answers.not_post(),
        answers.forbidden("No."),
        answers.bad_host(),
        answers.unsupported_type(),
        answers.unsupported_encoding(),
        answers.shutting_down(),
        answers.headers_too_large("No."),
    ],
)
def test_a_failure_is_a_status_that_reads_the_same_in_both_encodings(answer: Answer) -> None:
    status = Status.FromString(answer.body(Signal.TRACES, is_json=False))
    assert MessageToDict(status) == json.loads(answer.body(Signal.TRACES, is_json=True))
    assert (status.code, status.message) == (answer.code, answer.message)
    assert all(
        detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR) or detail.Is(error_details_pb2.BadRequest.DESCRIPTOR)
        for detail in status.details
    )
    is_temporary = answer.http_status == 503
    assert (answer.code is answers.Code.UNAVAILABLE) == is_temporary == (0 < answer.retry_after_s <= 5)


def test_a_message_is_shortened() -> None:
    answer = answers.malformed("x" * 1_000_000)
    assert len(Status.FromString(answer.body(Signal.LOGS, is_json=False)).message) == MAX_MESSAGE_LENGTH
    assert len(answer.body(Signal.LOGS, is_json=True)) < 64 * 1024
