"""One slice to a checked message and to the model: the contract's §8, row by row."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from tests.unit.otlp.messages import (
    CAPTURES,
    PARENT_ID,
    SPAN_ID,
    START,
    TRACE_ID,
    AnyValue,
    KeyValue,
    Span,
    make_log,
    make_span,
    nested,
    nested_in,
    signal_of,
)
from tracetui.errors import DecodeError, InvalidSpan, MalformedRequest
from tracetui.otlp import decode
from tracetui.otlp.protowire import bytes_field
from tracetui.otlp.wire import Signal, slice_request

LATEST = 2**63 - 1


def attribute(value: Any, key: str = "k") -> Any:
    return KeyValue(key=key, value=value)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"trace_id": b""}, "trace_id has 0 bytes instead of 16"),
        ({"trace_id": TRACE_ID[:8]}, "trace_id has 8 bytes instead of 16"),
        ({"trace_id": bytes(16)}, "trace_id is all zeros"),
        ({"span_id": b""}, "span_id has 0 bytes instead of 8"),
        ({"span_id": TRACE_ID}, "span_id has 16 bytes instead of 8"),
        ({"span_id": bytes(8)}, "span_id is all zeros"),
    ],
)
def test_a_span_without_proper_ids_is_rejected(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidSpan, match=reason) as caught:
        decode.parse_span(make_span(**fields).SerializeToString())
    assert caught.value.hint


@pytest.mark.parametrize(
    ("parent", "kept", "warned"),
    [
        (PARENT_ID, PARENT_ID.hex(), False),
        (b"", "", False),
        (bytes(8), "", False),
        (b"abc", "", True),
        (bytes(16), "", True),
    ],
)
def test_a_parent_that_cannot_be_one_makes_a_root(parent: bytes, kept: str, warned: bool) -> None:
    parsed = decode.parse_span(make_span(parent_span_id=parent).SerializeToString())
    assert parsed.parent_span_id == kept
    assert any("parent_span_id" in text for text in parsed.warnings) == warned


@pytest.mark.parametrize(
    ("start", "end", "warning"),
    [
        (0, START, "start time is 0"),
        (START, 0, "end time is 0"),
        (START, START - 1, "before the start"),
        (START, 2**63, "2262"),
        (2**64 - 1, 2**64 - 1, "2262"),
    ],
)
def test_odd_times_are_kept_with_a_warning_and_no_duration(start: int, end: int, warning: str) -> None:
    span = decode.span(make_span(start_time_unix_nano=start, end_time_unix_nano=end).SerializeToString())
    assert any(warning in text for text in span.problems)
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (min(start, LATEST), min(end, LATEST))
    if max(start, end) <= LATEST:
        assert span.duration_nano is None


def test_a_span_of_no_length_is_not_odd() -> None:
    span = decode.span(make_span(end_time_unix_nano=START).SerializeToString())
    assert (span.problems, span.duration_nano) == ((), 0)


VALUES = [
    (AnyValue(string_value="text"), "text"),
    (AnyValue(string_value=""), ""),
    (AnyValue(bool_value=False), False),
    (AnyValue(int_value=0), 0),
    (AnyValue(int_value=-(2**63)), -(2**63)),
    (AnyValue(double_value=0.0), 0.0),
    (AnyValue(bytes_value=b"\x00\xff"), b"\x00\xff"),
    (AnyValue(bytes_value=b""), b""),
    (AnyValue(array_value={}), []),
    (AnyValue(kvlist_value={}), {}),
    (AnyValue(), None),
    (AnyValue(array_value={"values": [AnyValue(int_value=1), AnyValue(string_value="a"), AnyValue()]}), [1, "a", None]),
    (AnyValue(kvlist_value={"values": [attribute(AnyValue(bool_value=True), "in")]}), {"in": True}),
]


@pytest.mark.parametrize(("sent", "kept"), VALUES, ids=lambda value: repr(value).replace("\n", " ")[:40])
def test_every_value_keeps_its_type(sent: Any, kept: object) -> None:
    parsed = decode.parse_span(make_span(attributes=[attribute(sent)]).SerializeToString())
    assert parsed.attributes == {"k": kept}
    assert type(parsed.attributes["k"]) is type(kept)
    assert parsed.warnings == ()


def test_an_attribute_without_value_is_empty_and_nan_is_nan() -> None:
    span = make_span(attributes=[KeyValue(key="none"), attribute(AnyValue(double_value=math.nan), "nan")])
    attributes = decode.parse_span(span.SerializeToString()).attributes
    assert attributes["none"] is None
    assert isinstance(attributes["nan"], float)
    assert math.isnan(attributes["nan"])


@pytest.mark.parametrize("place", ["span", "map", "event", "link"])
def test_of_a_repeated_key_the_last_value_stands_with_a_warning(place: str) -> None:
    pairs = [attribute(AnyValue(int_value=1)), attribute(AnyValue(int_value=2))]
    outer = attribute(AnyValue(kvlist_value={"values": pairs}), "map")
    fields: dict[str, Any] = {
        "span": {"attributes": pairs},
        "map": {"attributes": [outer]},
        "event": {"events": [Span.Event(attributes=pairs)]},
        "link": {"links": [Span.Link(attributes=pairs)]},
    }
    span = decode.span(make_span(**fields[place]).SerializeToString())
    assert [text for text in span.problems if "repeated" in text]
    found = {
        "span": span.attributes,
        "map": span.attributes.get("map"),
        "event": span.events and span.events[0].attributes,
        "link": span.links and span.links[0].attributes,
    }
    assert found[place] == {"k": 2}


@pytest.mark.parametrize(
    ("pair", "kept"),
    [
        (KeyValue(key="k", value=AnyValue(string_value_strindex=7)), {"k": None}),
        (KeyValue(key="k", value=AnyValue(int_value=1), key_strindex=7), {"k": 1}),
        (KeyValue(value=AnyValue(int_value=1), key_strindex=7), {"": 1}),
    ],
)
def test_string_indexes_without_their_table_are_absent(pair: Any, kept: dict[str, object]) -> None:
    parsed = decode.parse_span(make_span(attributes=[pair]).SerializeToString())
    assert parsed.attributes == kept
    assert [text for text in parsed.warnings if "strindex" in text]


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("place", ["attributes", "event", "link"])
def test_values_nest_forty_levels_and_no_deeper(place: str, maps: bool) -> None:
    span = decode.span(nested_in(place, 40, maps=maps))
    attributes = {
        "attributes": span.attributes,
        "event": span.events and span.events[0].attributes,
        "link": span.links and span.links[0].attributes,
    }[place]
    value = dict(attributes or {})["k"]
    for _ in range(39):
        value = value["k"] if isinstance(value, dict) else value[0]  # type: ignore[index]
    assert value == "deep"

    for levels in (41, 200):
        with pytest.raises(InvalidSpan, match="nested deeper than 40"):
            decode.parse_span(nested_in(place, levels, maps=maps))


@pytest.mark.parametrize(
    "damage",
    [
        bytes_field(5, b"\xff"),  # name
        bytes_field(9, bytes_field(1, b"k") + bytes_field(2, bytes_field(1, b"\xc3("))),  # attribute value
        bytes_field(11, bytes_field(2, b"\xed\xa0\x80")),  # event name: an encoded surrogate
    ],
)
def test_text_that_is_not_utf8_rejects_the_span(damage: bytes) -> None:
    with pytest.raises(InvalidSpan, match="not UTF-8"):
        decode.parse_span(make_span().SerializeToString() + damage)


def test_a_span_cut_short_is_rejected() -> None:
    with pytest.raises(InvalidSpan, match="unreadable"):
        decode.parse_span(make_span().SerializeToString()[:-3])


def test_unknown_fields_kinds_flags_and_control_characters_are_kept() -> None:
    span = make_span(name="a\x00b\x1b[31m", kind=77, flags=0xFFFFFFFF, trace_state="k=v", status={"code": 9})
    read = decode.span(span.SerializeToString() + bytes_field(900, b"later"))
    assert (read.name, read.otel_kind, read.flags, read.trace_state) == ("a\x00b\x1b[31m", 77, 0xFFFFFFFF, "k=v")
    assert read.status.code == 9
    assert read.problems == ()


def test_names_may_be_empty_and_links_invalid() -> None:
    span = decode.span(make_span(name="", links=[Span.Link(trace_id=b"abc")]).SerializeToString())
    assert span.name == ""
    assert (span.links[0].trace_id, span.links[0].is_valid) == ("616263", False)


def test_a_span_is_read_whole() -> None:
    resource = Resource(attributes=[attribute(AnyValue(string_value="shop"), "service.name")])
    scope = InstrumentationScope(name="lib", version="2", dropped_attributes_count=1)
    message = make_span(
        parent_span_id=PARENT_ID,
        status={"code": 2, "message": "boom"},
        dropped_attributes_count=1,
        dropped_events_count=2,
        dropped_links_count=3,
        events=[Span.Event(name="exception", time_unix_nano=START, dropped_attributes_count=4)],
        links=[Span.Link(trace_id=TRACE_ID, span_id=SPAN_ID, trace_state="a=b", flags=1, dropped_attributes_count=5)],
    )
    span = decode.span(
        message.SerializeToString(),
        decode.resource(resource.SerializeToString(), "https://schema/1"),
        decode.scope(scope.SerializeToString(), "https://schema/2"),
    )
    assert (span.trace_id, span.span_id, span.parent_span_id) == (TRACE_ID.hex(), SPAN_ID.hex(), PARENT_ID.hex())
    assert (span.status.is_error, span.status.message) == (True, "boom")
    assert (span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count) == (1, 2, 3)
    assert (span.events[0].name, span.events[0].dropped_attributes_count) == ("exception", 4)
    assert (span.links[0].span_id, span.links[0].flags, span.links[0].trace_state) == (SPAN_ID.hex(), 1, "a=b")
    assert (span.resource.service, span.resource.schema_url) == ("shop", "https://schema/1")
    assert (span.scope.name, span.scope.version, span.scope.schema_url) == ("lib", "2", "https://schema/2")


@pytest.mark.parametrize("read", [decode.resource, decode.scope])
def test_an_unreadable_resource_or_scope_spoils_the_request(read: object) -> None:
    assert callable(read)
    with pytest.raises(MalformedRequest):
        read(b"\x0a\x05abc")


def test_a_log_record_is_read_whole() -> None:
    record = make_log(
        observed_time_unix_nano=START + 1,
        severity_text="INFO",
        event_name="gen_ai.choice",
        flags=1,
        attributes=[attribute(AnyValue(int_value=3))],
        dropped_attributes_count=2,
        body=nested(3, maps=True),
    )
    log = decode.log_record(record.SerializeToString())
    assert (log.trace_id, log.span_id) == (TRACE_ID.hex(), SPAN_ID.hex())
    assert (log.time_unix_nano, log.observed_time_unix_nano) == (START, START + 1)
    assert (log.severity_number, log.severity_text, log.event_name, log.flags) == (9, "INFO", "gen_ai.choice", 1)
    assert (log.body, log.attributes, log.dropped_attributes_count) == ({"k": {"k": "deep"}}, {"k": 3}, 2)


@pytest.mark.parametrize(
    ("trace_id", "span_id", "kept", "warned"),
    [
        (b"", b"", ("", ""), False),
        (bytes(16), bytes(8), ("", ""), False),
        (TRACE_ID, b"", (TRACE_ID.hex(), ""), False),
        (b"abc", SPAN_ID, ("", SPAN_ID.hex()), True),
    ],
)
def test_a_log_record_may_belong_to_no_span(
    trace_id: bytes, span_id: bytes, kept: tuple[str, str], warned: bool
) -> None:
    parsed = decode.parse_log(make_log(trace_id=trace_id, span_id=span_id).SerializeToString())
    assert (parsed.trace_id, parsed.span_id) == kept
    assert bool(parsed.warnings) == warned


def test_a_log_body_nested_too_deep_is_rejected() -> None:
    with pytest.raises(InvalidSpan, match="nested deeper"):
        decode.parse_log(make_log(body=nested(41)).SerializeToString())


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_everything_captured_can_be_read(path: Path) -> None:
    for resource in slice_request(path.read_bytes()).resources:
        owner = decode.resource(resource.data, resource.schema_url)
        for scope in resource.scopes:
            for data in scope.items:
                if signal_of(path) is Signal.TRACES:
                    assert decode.span(data, owner, decode.scope(scope.data)).trace_id
                else:
                    assert decode.log_record(data, owner).time_unix_nano >= 0


SPAN = make_span(
    attributes=[attribute(nested(4)), attribute(AnyValue(int_value=300), "n")],
    events=[Span.Event(name="e")],
    status={"code": 2},
).SerializeToString()


@given(st.data())
def test_damaged_spans_raise_nothing_but_decode_errors(data: st.DataObject) -> None:
    body = bytearray(SPAN)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        decode.span(bytes(body))
    except DecodeError as error:
        assert isinstance(error, InvalidSpan)
