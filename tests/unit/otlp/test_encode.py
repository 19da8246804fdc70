"""Slices back into requests, and from those the same slices again."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.otlp.messages import (
    CAPTURES,
    SPAN_ID,
    TRACE_ID,
    AnyValue,
    ExportTraceServiceRequest,
    KeyValue,
    Span,
    items_of,
    make_span,
    nested,
    signal_of,
)
from tracetui.otlp import encode
from tracetui.otlp.encode import ExportItem
from tracetui.otlp.json_request import slice_json_request
from tracetui.otlp.objects import EXACT
from tracetui.otlp.protowire import bytes_field, fixed64_field, uint_field
from tracetui.otlp.wire import Signal, slice_request


def through_json(signal: Signal, items: list[ExportItem]) -> list[ExportItem]:
    lines = [encode.json_line(request) for request in encode.json_requests(signal, items)]
    assert all("\n" not in line for line in lines)
    return items_of(slice_json_request(signal, line.encode()) for line in lines)


def item(data: bytes, **owner: Any) -> ExportItem:
    return ExportItem(
        **{"data": data, "resource": b"", "resource_schema_url": "", "scope": b"", "scope_schema_url": "", **owner}
    )


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_captures_come_back_from_json_and_protobuf_byte_for_byte(path: Path) -> None:
    items = items_of([slice_request(path.read_bytes())])
    assert sorted(through_json(signal_of(path), items)) == sorted(items)
    assert sorted(items_of([slice_request(b"".join(encode.protobuf_requests(items)))])) == sorted(items)


def test_what_python_sdks_send_needs_no_exact_bytes() -> None:
    for path in CAPTURES:
        items = items_of([slice_request(path.read_bytes())])
        assert EXACT not in "".join(map(encode.json_line, encode.json_requests(signal_of(path), items)))


SPAN = make_span(attributes=[KeyValue(key="k", value=AnyValue(int_value=5))])
PLAIN: bytes = SPAN.SerializeToString()
NAN_WITH_PAYLOAD = bytes_field(9, bytes_field(1, b"k") + bytes_field(2, fixed64_field(4, 0x7FF8_0000_0000_1234)))

ODD = {
    "unknown field": PLAIN + bytes_field(900, b"later"),
    "other order": bytes_field(5, b"name first") + PLAIN,
    "default written out": PLAIN + uint_field(10, 0),
    "long varint": PLAIN + b"\x50\x85\x80\x00",
    "nan with a payload": PLAIN + NAN_WITH_PAYLOAD,
    "two values in one": PLAIN + bytes_field(9, bytes_field(2, uint_field(3, 1) + bytes_field(1, b"x"))),
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD.keys())
def test_odd_encodings_come_back_byte_for_byte(data: bytes) -> None:
    assert encode.span_object(data)[EXACT] == base64.b64encode(data).decode()
    items = [item(data, resource=bytes_field(70, b"r"), scope=bytes_field(70, b"s"))]
    assert through_json(Signal.TRACES, items) == items


def test_deep_values_come_back() -> None:
    data = PLAIN
    value: bytes = nested(1).SerializeToString()
    for _ in range(39):
        value = bytes_field(6, bytes_field(1, bytes_field(1, b"k") + bytes_field(2, value)))
    data += bytes_field(9, bytes_field(1, b"deep") + bytes_field(2, value))
    assert through_json(Signal.TRACES, [item(data)]) == [item(data)]


def test_exact_bytes_are_believed_only_while_they_say_what_the_object_says() -> None:
    exported = encode.span_object(ODD["unknown field"])

    def reimported(span: dict[str, Any]) -> bytes:
        body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
        return items_of([slice_json_request(Signal.TRACES, json.dumps(body).encode())])[0].data

    assert reimported(exported) == ODD["unknown field"]
    edited = Span.FromString(reimported(exported | {"name": "edited"}))
    assert edited.name == "edited"
    other = make_span(number=9).SerializeToString() + bytes_field(900, b"")
    assert reimported(exported | {EXACT: base64.b64encode(other).decode()}) == PLAIN
    for nonsense in ("%%%", base64.b64encode(b"\x0a\xff").decode(), "", 5, None):
        assert reimported(exported | {EXACT: nonsense}) == PLAIN


def test_the_json_is_what_the_specification_says() -> None:
    span = make_span(
        parent_span_id=SPAN_ID,
        flags=256,
        status={"code": 2},
        attributes=[
            KeyValue(key="int", value=AnyValue(int_value=2**60)),
            KeyValue(key="nan", value=AnyValue(double_value=float("nan"))),
            KeyValue(key="bytes", value=AnyValue(bytes_value=b"\xff")),
            KeyValue(key="none"),
        ],
        events=[Span.Event(name="e", time_unix_nano=7)],
    )
    assert encode.span_object(span.SerializeToString()) == {
        "traceId": TRACE_ID.hex(),
        "spanId": SPAN_ID.hex(),
        "parentSpanId": SPAN_ID.hex(),
        "flags": 256,
        "name": "chat",
        "kind": 3,
        "startTimeUnixNano": "1700000000000000000",
        "endTimeUnixNano": "1700000000001000000",
        "attributes": [
            {"key": "int", "value": {"intValue": "1152921504606846976"}},
            {"key": "nan", "value": {"doubleValue": "NaN"}},
            {"key": "bytes", "value": {"bytesValue": "/w=="}},
            {"key": "none"},
        ],
        "events": [{"timeUnixNano": "7", "name": "e"}],
        "status": {"code": 2},
    }


def test_requests_group_by_resource_and_scope_and_are_bounded_and_lazy() -> None:
    drawn = 0

    def endless() -> Iterator[ExportItem]:
        nonlocal drawn
        while True:
            drawn += 1
            yield item(
                make_span(drawn).SerializeToString(),
                resource=bytes_field(1, b"") * (drawn % 2),
                scope=bytes_field(1, b"s" + b"t" * (drawn % 3)),
                resource_schema_url="r",
                scope_schema_url="s",
            )

    first = next(encode.json_requests(Signal.TRACES, endless()))
    assert drawn == encode.ITEMS_PER_REQUEST
    assert [len(resource["scopeSpans"]) for resource in first["resourceSpans"]] == [3, 3]
    assert first["resourceSpans"][0]["schemaUrl"] == "r"
    message = ExportTraceServiceRequest.FromString(next(encode.protobuf_requests(endless())))
    assert [len(resource.scope_spans) for resource in message.resource_spans] == [3, 3]
    assert message.resource_spans[0].scope_spans[0].schema_url == "s"


def test_large_items_close_a_request_early() -> None:
    data = make_span(name="x" * 3_000_000).SerializeToString()
    assert [len(items_of([slice_request(body)])) for body in encode.protobuf_requests([item(data)] * 3)] == [2, 1]
    assert not [*encode.protobuf_requests([]), *encode.json_requests(Signal.LOGS, [])]


def key_values(pairs: list[tuple[str, Any]]) -> list[Any]:
    return [KeyValue(key=key, value=value) for key, value in pairs]


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.builds(AnyValue)
    | st.builds(AnyValue, string_value=st.text())
    | st.builds(AnyValue, bool_value=st.booleans())
    | st.builds(AnyValue, int_value=st.integers(-(2**63), 2**63 - 1))
    | st.builds(AnyValue, double_value=st.floats())
    | st.builds(AnyValue, bytes_value=st.binary()),
    lambda inner: (
        st.builds(lambda values: AnyValue(array_value={"values": values}), st.lists(inner, max_size=3))
        | st.builds(
            lambda pairs: AnyValue(kvlist_value={"values": key_values(pairs)}),
            st.lists(st.tuples(st.text(), inner), max_size=3),
        )
    ),
    max_leaves=8,
)


@given(
    st.lists(st.tuples(st.text(), VALUES), max_size=4),
    st.text(),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=9),
)
def test_any_span_comes_back(
    pairs: list[tuple[str, Any]], name: str, kind: int, end: int, count: int, link: bytes
) -> None:
    attributes = key_values(pairs)
    data: bytes = make_span(
        name=name,
        kind=kind,
        end_time_unix_nano=end,
        dropped_links_count=count,
        attributes=attributes,
        links=[Span.Link(trace_id=link, flags=count, attributes=attributes)],
    ).SerializeToString()
    assert through_json(Signal.TRACES, [item(data)]) == [item(data)]
