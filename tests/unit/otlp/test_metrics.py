"""Counting the data points of metrics."""

from __future__ import annotations

import json

import pytest
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from tracetui.errors import MalformedRequest
from tracetui.otlp.metrics import count_data_points


def every_kind() -> ExportMetricsServiceRequest:
    """Two points each of every kind of metric, in two scopes."""
    request = ExportMetricsServiceRequest()
    for _ in range(2):
        metrics = request.resource_metrics.add().scope_metrics.add().metrics
        for kind in ("gauge", "sum", "histogram", "exponential_histogram", "summary"):
            getattr(metrics.add(name=kind), kind).data_points.add(time_unix_nano=1)
    return request


def test_points_of_every_kind_count() -> None:
    request = every_kind()
    assert count_data_points(request.SerializeToString()) == 10
    assert count_data_points(MessageToJson(request).encode(), is_json=True) == 10


@pytest.mark.parametrize(("body", "is_json"), [(b"", False), (b"{}", True), (b'{"resourceMetrics": null}', True)])
def test_empty_requests_have_none(body: bytes, is_json: bool) -> None:
    assert count_data_points(body, is_json=is_json) == 0


@pytest.mark.parametrize(
    ("body", "is_json"),
    [(b"\x0a\x05", False), (b"", True), (b"[]", True), (json.dumps({"resourceMetrics": [5]}).encode(), True)],
)
def test_unreadable_requests_are_refused(body: bytes, is_json: bool) -> None:
    with pytest.raises(MalformedRequest):
        count_data_points(body, is_json=is_json)
