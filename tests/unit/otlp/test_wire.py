"""Slicing spans and log records out of a request."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.otlp.messages import (
    CAPTURES,
    ExportLogsServiceRequest,
    ExportTraceServiceRequest,
    make_log,
    make_log_request,
    make_request,
    make_span,
    signal_of,
)
from tracetui.errors import DecodeError, MalformedRequest, RequestTooLarge
from tracetui.otlp.protowire import bytes_field, fixed32_field, fixed64_field, uint_field, varint
from tracetui.otlp.wire import Signal, slice_request

GROUP = varint(20 << 3 | 3) + uint_field(1, 300) + bytes_field(2, b"x" * 200) + varint(20 << 3 | 4)
UNKNOWN = uint_field(90, 2**63) + fixed64_field(91, 1) + fixed32_field(92, 1) + bytes_field(93, b"new") + GROUP


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_slices_of_every_capture_are_the_messages_inside(path: Path) -> None:
    body = path.read_bytes()
    traces = signal_of(path) is Signal.TRACES
    message = (ExportTraceServiceRequest if traces else ExportLogsServiceRequest).FromString(body)
    resources = message.resource_spans if traces else message.resource_logs
    expected = [
        (
            owner.resource.SerializeToString(),
            owner.schema_url,
            scope.scope.SerializeToString(),
            scope.schema_url,
            item.SerializeToString(),
        )
        for owner in resources
        for scope in (owner.scope_spans if traces else owner.scope_logs)
        for item in (scope.spans if traces else scope.log_records)
    ]

    sliced = [
        (owner.data, owner.schema_url, scope.data, scope.schema_url, item)
        for owner in slice_request(body).resources
        for scope in owner.scopes
        for item in scope.items
    ]

    assert expected
    assert sliced == expected


def test_a_log_request_has_the_same_shape() -> None:
    record = make_log()
    (resource,) = slice_request(make_log_request(record).SerializeToString()).resources
    assert resource.scopes[0].items == [record.SerializeToString()]


def test_fields_after_the_spans_and_repeated_ones_count_as_protobuf_has_them() -> None:
    first, second = make_span(1).SerializeToString(), make_span(2).SerializeToString()
    request = make_request()
    resource = request.resource_spans[0].resource.SerializeToString()
    more = bytes_field(1, bytes_field(1, b"extra"))
    scope = (
        bytes_field(3, b"old")
        + bytes_field(2, first)
        + UNKNOWN
        + bytes_field(2, second)
        + bytes_field(1, bytes_field(1, b"scope"))
        + bytes_field(3, b"https://scope/1")
        + bytes_field(1, bytes_field(2, b"1.0"))
    )
    body = (
        bytes_field(
            1,
            UNKNOWN
            + bytes_field(2, scope)
            + bytes_field(3, b"https://resource/1")
            + bytes_field(1, resource)
            + bytes_field(1, more),
        )
        + UNKNOWN
    )
    whole = ExportTraceServiceRequest.FromString(body).resource_spans[0]

    (sliced,) = slice_request(body).resources

    assert sliced.schema_url == whole.schema_url == "https://resource/1"
    assert sliced.data == resource + more
    (sliced_scope,) = sliced.scopes
    assert sliced_scope.schema_url == whole.scope_spans[0].schema_url == "https://scope/1"
    assert type(whole.scope_spans[0].scope).FromString(sliced_scope.data) == whole.scope_spans[0].scope
    assert sliced_scope.items == [first, second]


@pytest.mark.parametrize("body", [b"", bytes_field(1, b""), bytes_field(1, bytes_field(2, b"")), UNKNOWN])
def test_empty_envelopes_hold_nothing(body: bytes) -> None:
    assert slice_request(body).resources == []


@pytest.mark.parametrize(
    ("body", "offset"),
    [
        (b"\x0a", 1),  # a length is missing
        (b"\x0a\x05abc", 0),  # shorter than it says
        (b"\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11),  # a length of eleven bytes
        (b"\x02\x00", 0),  # field number 0
        (b"\x0f\x00", 1),  # wire type 7
        (b"\x0c", 1),  # end of a group that never began
        (b"\x0b\x14", 2),  # end of another group
        (b"\x0a\x03\x12\x05a", 2),  # an inner message reaches beyond its outer one
        (b"\x8a\x80\x80\x80\x80\x80\x01\x00", 0),  # a field number beyond 29 bits
        (b"\x0d\x01\x02", 0),  # a fixed32 cut short
    ],
)
def test_garbage_is_refused_with_its_offset(body: bytes, offset: int) -> None:
    with pytest.raises(MalformedRequest, match=rf"byte {offset}\."):
        slice_request(body)


def test_a_schema_url_that_is_no_text_is_refused() -> None:
    with pytest.raises(MalformedRequest, match="schema_url"):
        slice_request(bytes_field(1, bytes_field(3, b"\xff")))


def test_groups_within_groups_end_somewhere() -> None:
    with pytest.raises(MalformedRequest):
        slice_request(varint(20 << 3 | 3) * 5_000)


def test_a_request_of_too_many_spans_is_too_large() -> None:
    body = make_request(*[make_span(number) for number in range(4)]).SerializeToString()
    assert len(slice_request(body, max_items=4).resources[0].scopes[0].items) == 4
    with pytest.raises(RequestTooLarge):
        slice_request(body, max_items=3)
    with pytest.raises(RequestTooLarge):
        slice_request(body + body, max_items=6)


def test_a_flood_of_empty_resources_is_too_large() -> None:
    with pytest.raises(RequestTooLarge):
        slice_request(bytes_field(1, b"") * 11, max_items=10)


SMALL = [path.read_bytes() for path in CAPTURES if path.stat().st_size < 8_000]


@given(st.data())
def test_damaged_requests_raise_nothing_but_decode_errors(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(SMALL)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        slice_request(bytes(body))
    except DecodeError as error:
        assert str(error)


@given(st.binary(max_size=200))
def test_noise_raises_nothing_but_decode_errors(body: bytes) -> None:
    try:
        slice_request(body)
    except DecodeError as error:
        assert str(error)
