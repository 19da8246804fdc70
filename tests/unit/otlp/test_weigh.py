"""Messages that are small on the wire and huge once they are decoded."""

from __future__ import annotations

import json
import re
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracetui.errors import InvalidSpan, MalformedRequest, RequestTooLarge
from tracetui.otlp import json_request, metrics, trim, weigh, wire
from tracetui.otlp.json_request import load_json
from tracetui.otlp.metrics import count_data_points
from tracetui.otlp.protowire import bytes_field
from tracetui.otlp.weigh import LOG_RECORD, SPAN, Scales
from tracetui.otlp.wire import Signal, slice_request
from tracetui.receivers.incoming import read_request

IDS = bytes_field(1, b"a" * 16) + bytes_field(2, b"b" * 8)
EMPTY = b"\x0a\x00"
MOST_VALUES, SMALLEST = 20_000, 30_000
FLOOD = EMPTY * (MOST_VALUES + 1)


@pytest.fixture(autouse=True)
def _smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fiftieth of the real limits: they are there because walking up to them takes a second."""
    for module, name, value in (
        (weigh, "MOST_VALUES", MOST_VALUES), (weigh, "SMALLEST", SMALLEST), (weigh, "MOST_WALKED", 4 * MOST_VALUES),
        (trim, "MANY", 1_000), (wire, "MAX_OTHER_FIELDS", 20_000), (metrics, "MAX_FIELDS", 40_000),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)


def request(*spans: bytes, resource: bytes = b"") -> bytes:
    scope = b"".join(bytes_field(2, span) for span in spans)
    return bytes_field(1, (bytes_field(1, resource) if resource else b"") + bytes_field(2, scope))


def attribute(value: bytes) -> bytes:
    return bytes_field(9, bytes_field(1, b"k") + bytes_field(2, value))


@pytest.mark.parametrize(
    "flood",
    [
        attribute(bytes_field(5, FLOOD)),
        attribute(bytes_field(6, FLOOD)),
        attribute(bytes_field(5, bytes_field(1, bytes_field(5, FLOOD)))),
        bytes_field(11, b"\x1a\x00" * (MOST_VALUES + 1)),
        bytes_field(13, b"\x22\x00" * (MOST_VALUES + 1)),
        b"\xa0\x06\x00" * (MOST_VALUES + 1),
    ],
    ids=["list", "map", "list in a list", "event", "link", "unknown fields"],
)
def test_a_span_that_would_become_a_million_objects_is_rejected_alone(flood: bytes) -> None:
    incoming = read_request(Signal.TRACES, request(IDS + flood, IDS))
    assert len(incoming.batch.spans) == 1 and incoming.rejected == 1
    assert incoming.reasons == (f"It holds more than {MOST_VALUES:,} values. Record less in one span.",)


def test_a_span_of_long_texts_or_many_numbers_is_none() -> None:
    long = attribute(bytes_field(1, b"x" * 2 * SMALLEST))
    numbers = attribute(bytes_field(5, b"".join(bytes_field(1, b"\x21" + b"12345678") for _ in range(9_000))))
    incoming = read_request(Signal.TRACES, request(IDS + long, bytes_field(1, b"c" * 16) + IDS[18:] + numbers))
    assert len(incoming.batch.spans) == 2 and incoming.rejected == 0


def test_a_resource_that_would_is_an_error_of_the_request() -> None:
    with pytest.raises(MalformedRequest, match="values"):
        read_request(Signal.TRACES, request(IDS, resource=FLOOD))


def test_a_log_record_that_would_is_rejected() -> None:
    with pytest.raises(InvalidSpan, match="values"):
        Scales().weigh(bytes_field(5, bytes_field(5, FLOOD)), LOG_RECORD)


def test_many_that_stay_below_it_are_too_large_together() -> None:
    scales = Scales(most_walked=25_000)
    span = IDS + attribute(bytes_field(5, EMPTY * 18_000))
    scales.weigh(span, SPAN)
    with pytest.raises(RequestTooLarge, match="too many values"):
        scales.weigh(span, SPAN)


def test_spans_of_many_unknown_fields_are_too_large_together() -> None:
    spans = [IDS + b"\xa0\x06\x00" * 18_000] * 6
    with pytest.raises(RequestTooLarge, match="too many values"):
        read_request(Signal.TRACES, request(*spans))


@pytest.mark.parametrize("place", [lambda flood: flood, lambda flood: bytes_field(1, bytes_field(2, flood))])
def test_an_envelope_of_unknown_fields_is_too_large(place: object) -> None:
    assert callable(place)
    with pytest.raises(RequestTooLarge):
        slice_request(place(b"\x20\x00" * 22_000))


def test_metrics_of_too_many_fields_are_too_large() -> None:
    with pytest.raises(RequestTooLarge):
        count_data_points(b"\x20\x00" * 42_000)


def test_a_large_span_that_is_no_message_is_rejected() -> None:
    with pytest.raises(InvalidSpan):
        Scales().weigh(attribute(b"\x2a\x05" + b"x" * SMALLEST), SPAN)


@pytest.mark.parametrize(
    "body",
    [
        b'{"resourceSpans":[' + b"{}," * 9_000 + b"{}]}",
        b'{"a":[' + b'"ab",' * 30_000 + b'""]}',
        b"[" + b"[]," * 15_000 + b"[]]",
    ],
    ids=["objects", "texts", "lists"],
)
def test_json_that_would_fill_the_memory_is_too_large_before_it_is_decoded(body: bytes) -> None:
    with pytest.raises(RequestTooLarge, match="in memory"):
        load_json(body, most_unfolded=json_request.MAX_UNFOLDED // 100)
    load_json(body)


def test_a_request_of_such_json_is_refused() -> None:
    with pytest.raises(RequestTooLarge, match="in memory"):
        read_request(Signal.TRACES, b'{"resourceSpans":[' + b"{}," * 600_000 + b"{}]}", is_json=True)


def test_marks_within_texts_do_not_count() -> None:
    text = "{,[" * 2_000_000
    assert load_json(b'{"a":"' + text.encode() + b'"}') == {"a": text}


def test_json_is_weighed_in_little_memory() -> None:
    body = json.dumps({"a": [{f"k{number}": "v"} for number in range(200_000)]}).encode()
    tracemalloc.start()
    with pytest.raises(RequestTooLarge):
        load_json(body, most_unfolded=len(body))
    with pytest.raises(MalformedRequest, match="deeper"):
        load_json(body + b"[" * 1_000, most_unfolded=1 << 40)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * len(body), "the body that is longer, and little more"


@settings(max_examples=300)
@given(st.lists(st.sampled_from([b'"', b"\\", b"a", b"[", b"}", b",", b'"abc"', b'\\"', b"\n"])), st.integers(1, 9))
def test_what_stands_outside_strings_is_found_in_pieces(parts: list[bytes], size: int) -> None:
    body = b"".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_request, "_PIECE", size)
        found = b"".join(json_request._outside_strings(body))
    assert found == re.sub(rb'(?s)"(?:[^"\\]|\\.)*(?:"|\\?\Z)', b"", body)
