"""Counts the data points of a metrics request, which is all that is done with metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tracetui.errors import MalformedRequest
from tracetui.otlp.json_request import load_json
from tracetui.otlp.protowire import BYTES, fields
from tracetui.otlp.weigh import Scales

_PATH = (frozenset({1}), frozenset({2}), frozenset({2}), frozenset({5, 7, 9, 10, 11}), frozenset({1}))
"""Field numbers from the request down to a data point: resource, scope, metric, its data of any type, the point."""

_JSON_PATH = (
    ("resourceMetrics",),
    ("scopeMetrics",),
    ("metrics",),
    ("gauge", "sum", "histogram", "exponentialHistogram", "summary"),
    ("dataPoints",),
)


MAX_FIELDS = 2_000_000
"""Fields that are looked at in one request."""


def count_data_points(body: bytes, *, is_json: bool = False) -> int:
    """Data points in an ExportMetricsServiceRequest.

    Raises:
        MalformedRequest: The request is unreadable.
        RequestTooLarge: It holds too much.
    """
    if not is_json:
        return _count(body, 0, len(body), 0, Scales(most_walked=MAX_FIELDS))
    given = load_json(body)
    if not isinstance(given, dict):
        raise MalformedRequest("The body is JSON but no object.", hint="An empty request is {}.")
    return _count_json([given], 0)


def _count(body: bytes, start: int, end: int, level: int, scales: Scales) -> int:
    total = 0
    for tag, _, start_value, end_value in fields(body, start, end):
        scales.walked(1)
        if tag & 7 == BYTES and tag >> 3 in _PATH[level]:
            total += 1 if level == len(_PATH) - 1 else _count(body, start_value, end_value, level + 1, scales)
    return total


def _count_json(items: Iterable[Any], level: int) -> int:
    if level == len(_JSON_PATH):
        return sum(1 for _ in items)
    total = 0
    for item in items:
        if not isinstance(item, Mapping):
            raise MalformedRequest("The metrics request holds something that is no object.")
        for key in _JSON_PATH[level]:
            value = item.get(key) or []
            total += _count_json(value if isinstance(value, list) else [value], level + 1)
    return total
