"""The quick reading of a span says what the full one says, or leaves the span to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.otlp.messages import CAPTURES, AnyValue, KeyValue, Span, make_span, nested_in, signal_of
from tracetui.errors import DecodeError
from tracetui.otlp import decode, quick
from tracetui.otlp.decode import ParsedSpan
from tracetui.otlp.protowire import bytes_field, uint_field
from tracetui.otlp.wire import Signal, slice_request


def slices(path: Path) -> list[bytes]:
    request = slice_request(path.read_bytes())
    return [data for resource in request.resources for scope in resource.scopes for data in scope.items]


SPANS = [data for path in CAPTURES if signal_of(path) is Signal.TRACES for data in slices(path)[:50]]


def outcome(read: Any, data: bytes) -> object:
    """What a reading comes to: all that the way in takes, or the error."""
    try:
        span: ParsedSpan = read(data)
    except DecodeError as error:
        return str(error)
    message = span.message
    return (
        span._replace(message=None, attributes=None)._asdict(),  # type: ignore[arg-type]
        repr({key: span.attributes[key] for key in sorted(span.attributes)}),
        (message.name, message.kind, message.status.code, message.status.message),
        repr(decode.events(message)),
    )


def same(data: bytes) -> bool:
    return outcome(decode.scan_span, data) == outcome(decode.parse_span, data)


def test_captured_spans_read_the_same_and_nearly_all_quickly() -> None:
    assert all(map(same, SPANS))
    assert sum(quick.parse(data) is None for data in SPANS) <= len(SPANS) // 100


def value(**field: Any) -> Any:
    return AnyValue(**field)


PAIRS = {
    "empty text": KeyValue(key="k", value=value(string_value="")),
    "zero": KeyValue(key="k", value=value(int_value=0)),
    "negative": KeyValue(key="k", value=value(int_value=-5)),
    "false": KeyValue(key="k", value=value(bool_value=False)),
    "double": KeyValue(key="k", value=value(double_value=0.0)),
    "nan": KeyValue(key="k", value=value(double_value=float("nan"))),
    "bytes": KeyValue(key="k", value=value(bytes_value=b"\xff\0")),
    "array": KeyValue(key="k", value=value(array_value={"values": [value(int_value=1), value(string_value="a")]})),
    "map": KeyValue(key="k", value=value(kvlist_value={"values": [KeyValue(key="a", value=value(int_value=1))]})),
    "no value": KeyValue(key="k"),
    "empty value": KeyValue(key="k", value=value()),
    "no key": KeyValue(value=value(string_value="x")),
    "value index": KeyValue(key="k", value=value(string_value_strindex=3)),
    "key index": KeyValue(key="k", value=value(string_value="x"), key_strindex=3),
    "an at sign": KeyValue(key="k", value=value(string_value="a@b.example ****************************")),
}


@pytest.mark.parametrize("name", PAIRS)
def test_every_form_of_a_value_reads_the_same(name: str) -> None:
    assert same(make_span(attributes=[PAIRS[name]]).SerializeToString())
    assert same(make_span(events=[{"name": "e", "attributes": [PAIRS[name]]}]).SerializeToString())


@pytest.mark.parametrize("inner_maps", [0, 5, 15, 16, 17, 100])
@pytest.mark.parametrize("place", ["attributes", "event", "link"])
def test_depth_is_judged_the_same(place: str, inner_maps: int) -> None:
    for levels in (1, 24, 25, 26, 30, 39, 40, 41, 42, 45, 48, 49, 60):
        assert same(nested_in(place, levels, inner_maps=inner_maps)), levels


@pytest.mark.parametrize(
    "more",
    [
        KeyValue(key="k", value=value(string_value="x")).SerializeToString(),
        KeyValue(key="k", value=value(int_value=7)).SerializeToString(),
        KeyValue(key="k").SerializeToString(),
    ],
)
def test_a_repeated_key_is_left_to_the_full_reading(more: bytes) -> None:
    data = make_span(attributes=[PAIRS["zero"]]).SerializeToString() + bytes_field(9, more)
    assert quick.parse(data) is None
    assert same(data)


@pytest.mark.parametrize(
    "more", [uint_field(6, 0), bytes_field(5, b""), bytes_field(5, b"later"), b"\xa0\x06\x01", b"\x52"]
)
def test_fields_written_twice_unusually_or_in_vain_read_the_same(more: bytes) -> None:
    assert same(make_span().SerializeToString() + more)


def test_an_attribute_that_is_missing_stays_missing() -> None:
    attributes = decode.scan_span(make_span(attributes=[PAIRS["zero"]]).SerializeToString()).attributes
    assert (attributes.get("other"), "other" in attributes, list(attributes)) == (None, False, ["k"])
    with pytest.raises(KeyError):
        attributes["other"]


@given(st.data())
def test_damaged_spans_read_the_same(draw: st.DataObject) -> None:
    data = bytearray(draw.draw(st.sampled_from(SPANS[:200])))
    for _ in range(draw.draw(st.integers(0, 3))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    cut = draw.draw(st.integers(0, len(data)))
    assert same(bytes(data))
    assert same(bytes(data[:cut]))


def test_a_span_is_a_message_of_the_same_fields() -> None:
    ours, theirs = quick._Span.DESCRIPTOR, Span.DESCRIPTOR
    assert {field.name: field.number for field in ours.fields} == {field.name: field.number for field in theirs.fields}
