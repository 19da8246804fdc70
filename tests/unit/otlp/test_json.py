"""OTLP/JSON requests: the contract's §4, row by row."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from tests.unit.otlp.messages import CORPUS, SPAN_ID, TRACE_ID, AnyValue, Span, items_of
from tracetui.errors import DecodeError, MalformedRequest, RequestTooLarge
from tracetui.otlp import decode
from tracetui.otlp.json_request import MAX_JSON_DEPTH, load_json, slice_json_request
from tracetui.otlp.wire import Signal, SlicedRequest, slice_request

IDS = {"traceId": TRACE_ID.hex(), "spanId": SPAN_ID.hex()}


def send(*spans: object, resource: object = None) -> SlicedRequest:
    return send_text(json.dumps(request(*spans, resource=resource)))


def send_text(text: str) -> SlicedRequest:
    return slice_json_request(Signal.TRACES, text.encode())


def request(*spans: object, resource: object = None) -> dict[str, Any]:
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}


def one_span(span: dict[str, Any]) -> Any:
    """The message a JSON span becomes."""
    sliced = send(IDS | span)
    assert not sliced.rejected
    return Span.FromString(items_of([sliced])[0].data)


def rejection(span: object) -> str:
    """Why a JSON span is rejected, while the one beside it is kept."""
    sliced = send(span, IDS | {"name": "the other"})
    assert [Span.FromString(item.data).name for item in items_of([sliced])] == ["the other"]
    (error,) = sliced.rejected
    return str(error)


def value_of(value: object) -> Any:
    """The AnyValue message a JSON value becomes."""
    return one_span({"attributes": [{"key": "k", "value": value}]}).attributes[0].value


def value_rejection(value: object) -> str:
    return rejection(IDS | {"attributes": [{"key": "k", "value": value}]})


@pytest.mark.parametrize(
    ("pattern", "pb"), [("otlp-json/*.json", "otlp-json/traces.pb"), ("vercel-ai5/*.json", "vercel-ai5/traces.pb")]
)
def test_captured_json_and_its_protobuf_twin_are_equal(pattern: str, pb: str) -> None:
    bodies = [path.read_bytes() for path in sorted(CORPUS.glob(pattern)) if path.name != "expect.json"]
    from_json = items_of(slice_json_request(Signal.TRACES, body) for body in bodies)
    from_protobuf = items_of([slice_request((CORPUS / pb).read_bytes())])
    assert from_json
    assert sorted(from_json) == sorted(from_protobuf)


def test_snake_case_and_unknown_keys_are_ignored_at_every_level() -> None:
    given_request = request(
        IDS
        | {
            "name": "n",
            "start_time_unix_nano": "5",
            "newThing": {"a": [1]},
            "attributes": [{"key": "k", "value": {"stringValue": "v", "string_value": 5, "later": 1}, "new": None}],
        }
    )
    given_request["resourceSpans"][0]["scope_spans"] = [{"spans": [IDS]}]
    given_request["extra"] = True
    (item,) = items_of([send_text(json.dumps(given_request))])
    span = Span.FromString(item.data)
    assert (span.name, span.start_time_unix_nano, span.attributes[0].value.string_value) == ("n", 0, "v")


def test_ids_are_hex_of_any_case() -> None:
    span = one_span(
        {
            "traceId": TRACE_ID.hex().upper(),
            "parentSpanId": "00F067aa0ba902B7",
            "links": [{"traceId": TRACE_ID.hex().upper(), "spanId": SPAN_ID.hex()}],
        }
    )
    assert (span.trace_id, span.parent_span_id.hex()) == (TRACE_ID, "00f067aa0ba902b7")
    assert (span.links[0].trace_id, span.links[0].span_id) == (TRACE_ID, SPAN_ID)


@pytest.mark.parametrize(
    "bad",
    [
        {"traceId": base64.b64encode(TRACE_ID).decode()},
        {"traceId": "0a f7"},
        {"spanId": "abc"},
        {"spanId": 5},
        {"parentSpanId": "é0"},
        {"links": [{"traceId": "xy"}]},
    ],
)
def test_ids_that_are_not_hex_reject_the_span(bad: dict[str, Any]) -> None:
    assert "hexadecimal" in rejection(IDS | bad)


@pytest.mark.parametrize(
    "bad", [{"kind": "SPAN_KIND_CLIENT"}, {"status": {"code": "STATUS_CODE_ERROR"}}, {"kind": "3"}]
)
def test_enum_names_reject_the_span(bad: dict[str, Any]) -> None:
    assert "names are not used" in rejection(IDS | bad)


def test_unknown_enum_numbers_are_kept() -> None:
    span = one_span({"kind": 77, "status": {"code": -1}})
    assert (span.kind, span.status.code) == (77, -1)


@pytest.mark.parametrize(
    ("given_value", "kept"),
    [("18446744073709551615", 2**64 - 1), (18446744073709551615, 2**64 - 1), ("0", 0), (12.0, 12), (None, 0)],
)
def test_64_bit_integers_are_text_or_numbers(given_value: object, kept: int) -> None:
    assert one_span({"endTimeUnixNano": given_value}).end_time_unix_nano == kept


@pytest.mark.parametrize(
    "bad", ["18446744073709551616", -1, "-1", 1.5, "1.5", "1e3", " 1", "+1", "1_0", "٣", "", True, [], {}, "9" * 500]
)
def test_other_64_bit_integers_reject_the_span(bad: object) -> None:
    assert "endTimeUnixNano" in rejection(IDS | {"endTimeUnixNano": bad})


@pytest.mark.parametrize("bad", [{"flags": 2**32}, {"flags": -1}, {"droppedAttributesCount": 2**32}, {"kind": 2**31}])
def test_32_bit_integers_have_their_range(bad: dict[str, Any]) -> None:
    assert "between" in rejection(IDS | bad)


@pytest.mark.parametrize(
    ("given_value", "kept"),
    [
        ({"stringValue": ""}, AnyValue(string_value="")),
        ({"boolValue": False}, AnyValue(bool_value=False)),
        ({"intValue": "-9223372036854775808"}, AnyValue(int_value=-(2**63))),
        ({"intValue": 0}, AnyValue(int_value=0)),
        ({"doubleValue": 1}, AnyValue(double_value=1.0)),
        ({"doubleValue": -0.0}, AnyValue(double_value=-0.0)),
        ({"doubleValue": "Infinity"}, AnyValue(double_value=float("inf"))),
        ({"doubleValue": "-Infinity"}, AnyValue(double_value=float("-inf"))),
        ({"bytesValue": "AP/+"}, AnyValue(bytes_value=b"\x00\xff\xfe")),
        ({"bytesValue": ""}, AnyValue(bytes_value=b"")),
        ({"stringValueStrindex": 4}, AnyValue(string_value_strindex=4)),
        ({}, AnyValue()),
        ({"stringValue": None, "intValue": 4}, AnyValue(int_value=4)),
    ],
)
def test_values_become_their_messages_exactly(given_value: object, kept: Any) -> None:
    assert value_of(given_value).SerializeToString() == kept.SerializeToString()


def test_values_may_hold_values_and_be_nan() -> None:
    value = value_of(
        {
            "arrayValue": {
                "values": [
                    {"intValue": 1},
                    {},
                    {"kvlistValue": {"values": [{"key": "nan", "value": {"doubleValue": "NaN"}}, {"key": "none"}]}},
                    {"arrayValue": {}},
                ]
            }
        }
    )
    assert [item.WhichOneof("value") for item in value.array_value.values] == [
        "int_value",
        None,
        "kvlist_value",
        "array_value",
    ]
    pairs = value.array_value.values[2].kvlist_value.values
    assert str(pairs[0].value.double_value) == "nan"
    assert not pairs[1].HasField("value")


@pytest.mark.parametrize(
    "bad",
    [
        {"stringValue": "a", "intValue": 1},
        {"stringValue": 5},
        {"boolValue": 1},
        {"boolValue": "true"},
        {"intValue": "9223372036854775808"},
        {"intValue": 0.5},
        {"doubleValue": "1.5"},
        {"doubleValue": True},
        {"doubleValue": 10**400},
        {"bytesValue": "_-8="},
        {"bytesValue": "a"},
        {"bytesValue": 5},
        {"bytesValue": "AP/+\n"},
        {"arrayValue": []},
        {"arrayValue": {"values": [5]}},
        {"kvlistValue": {"values": {}}},
        "text",
    ],
)
def test_values_that_are_none_reject_the_span(bad: object) -> None:
    assert value_rejection(bad)


def test_a_number_beyond_doubles_rejects_the_span() -> None:
    text = json.dumps(request(IDS | {"attributes": [{"key": "k", "value": {"doubleValue": 123456}}]}))
    assert len(send_text(text.replace("123456", "1e999")).rejected) == 1


@pytest.mark.parametrize(
    "bad", [5, "span", [], True, {**IDS, "attributes": {}}, {**IDS, "events": [5]}, {**IDS, "name": 5}]
)
def test_what_is_no_span_is_rejected_alone(bad: object) -> None:
    assert rejection(bad)


def test_null_is_absent() -> None:
    span = one_span({"name": None, "kind": None, "flags": None, "attributes": None, "status": None, "events": [None]})
    assert span.SerializeToString() == Span(trace_id=TRACE_ID, span_id=SPAN_ID).SerializeToString()
    assert send_text('{"resourceSpans": null}').resources == []
    assert send_text('{"resourceSpans": [null, {"scopeSpans": [null, {"spans": null}]}]}').resources == []


def test_of_a_repeated_json_key_the_last_one_stands() -> None:
    text = json.dumps(request(IDS | {"name": "first"})).replace('"name": "first"', '"name": "first", "name": "last"')
    assert Span.FromString(items_of([send_text(text)])[0].data).name == "last"


def test_half_a_surrogate_pair_is_replaced_with_a_warning() -> None:
    text = json.dumps(request(IDS | {"name": "NAME", "attributes": [{"key": "k", "value": {"stringValue": "😀"}}]}))
    sliced = send_text(text.replace("NAME", r"a\ud83dz"))
    span = Span.FromString(items_of([sliced])[0].data)
    assert (span.name, span.attributes[0].value.string_value) == ("a\ufffdz", "😀")
    assert [text for text in sliced.warnings if "surrogate" in text]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"{}x", "not JSON"),
        (b"[]", "no object"),
        (b"5", "no object"),
        (b'{"a": NaN}', "bare NaN"),
        (b'{"a": -Infinity}', "bare -Infinity"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": %s}' % (b"9" * 1001), "1,000 digits"),
        (b'{"a": 0.%s}' % (b"9" * 1001), "1,000 digits"),
        (b'{"resourceSpans": {}}', "not a list"),
        (b'{"resourceSpans": [5]}', "not an object"),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": {}}]}]}', "not a list"),
        (b'{"resourceSpans": [{"scopeSpans": [{"scope": 5}]}]}', "not an object"),
        (b'{"resourceSpans": [{"schemaUrl": 5}]}', "not text"),
        (
            b'{"resourceSpans": [{"resource": {"attributes": [{"key": "k", "value": {"intValue": "x"}}]}}]}',
            "whole number",
        ),
    ],
)
def test_what_is_wrong_outside_any_span_spoils_the_request(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedRequest, match=reason):
        slice_json_request(Signal.TRACES, body)


@pytest.mark.parametrize(
    "body", [b"{}", b'{"resourceSpans": []}', b'\xef\xbb\xbf{"resourceSpans": [{}]}', b' {"resourceLogs": 5} ']
)
def test_empty_requests_hold_nothing(body: bytes) -> None:
    assert slice_json_request(Signal.TRACES, body) == SlicedRequest([])


def test_values_nest_forty_levels_and_deeper_ones_reject_their_span() -> None:
    def nested(levels: int) -> dict[str, Any]:
        value: dict[str, Any] = {"stringValue": "deep"}
        for _ in range(levels - 1):
            value = {"kvlistValue": {"values": [{"key": "k", "value": value}]}}
        return IDS | {"attributes": [{"key": "k", "value": value}]}

    (item,) = items_of([send(nested(40))])
    value = decode.parse_span(item.data).attributes["k"]
    for _ in range(39):
        assert isinstance(value, dict)
        value = value["k"]
    assert value == "deep"
    assert "nested deeper than 40" in rejection(nested(41))


@pytest.mark.parametrize(
    "body", [b'{"a":' * 401 + b"1" + b"}" * 401, b"[" * 500_000, b'{"a":' * 500_000, b"[" * 100_000 + b"]" * 100_000]
)
def test_json_nested_too_deep_spoils_the_request(body: bytes) -> None:
    with pytest.raises(MalformedRequest, match=f"deeper than {MAX_JSON_DEPTH}"):
        load_json(body)


def test_brackets_in_texts_and_brackets_side_by_side_are_not_depth() -> None:
    deep_looking = {"text": '[{"\\' * 2_000, "list": [[]] * 2_000, "escaped": '\\"[' * 600}
    assert load_json(json.dumps(deep_looking).encode()) == deep_looking


@pytest.mark.parametrize("tail", [b'"', b'"\\', b'"\\"\\"\\"' * 20_000])
def test_a_text_without_end_is_refused_quickly(tail: bytes) -> None:
    with pytest.raises(MalformedRequest, match="not JSON"):
        load_json(b"[" + b"[]," * 500 + tail)


def test_too_many_spans_are_too_large() -> None:
    body = json.dumps(request(IDS, IDS, IDS)).encode()
    with pytest.raises(RequestTooLarge):
        slice_json_request(Signal.TRACES, body, max_items=2)


def test_logs_and_resources_have_every_field() -> None:
    record = {
        "timeUnixNano": "1",
        "observedTimeUnixNano": 2,
        "severityNumber": 9,
        "severityText": "INFO",
        "eventName": "e",
        "body": {"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": True}}]}},
        "attributes": [{"key": "a", "value": {"intValue": 1}}],
        "droppedAttributesCount": 3,
        "flags": 1,
        **IDS,
    }
    resource = {
        "attributes": [{"key": "service.name", "value": {"stringValue": "s"}}],
        "droppedAttributesCount": 2,
        "entityRefs": [{"schemaUrl": "u", "type": "host", "idKeys": ["a", "b"], "descriptionKeys": ["c"]}],
    }
    body = {
        "resourceLogs": [
            {
                "resource": resource,
                "schemaUrl": "r",
                "scopeLogs": [{"scope": {"name": "n", "version": "v"}, "schemaUrl": "s", "logRecords": [record, 5]}],
            }
        ]
    }
    sliced = slice_json_request(Signal.LOGS, json.dumps(body).encode())
    (item,) = items_of([sliced])
    assert len(sliced.rejected) == 1
    log = decode.log_record(item.data)
    assert (log.time_unix_nano, log.observed_time_unix_nano, log.severity_number, log.event_name) == (1, 2, 9, "e")
    assert (log.body, log.attributes, log.trace_id, log.flags) == ({"k": True}, {"a": 1}, TRACE_ID.hex(), 1)
    assert (item.resource_schema_url, item.scope_schema_url) == ("r", "s")
    assert decode.scope(item.scope).version == "v"
    assert list(Resource.FromString(item.resource).entity_refs[0].id_keys) == ["a", "b"]


CAPTURED = (CORPUS / "otlp-json" / "001-traces.json").read_bytes()


@given(st.data())
def test_damaged_json_raises_nothing_but_decode_errors(data: st.DataObject) -> None:
    body = bytearray(CAPTURED)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        slice_json_request(Signal.TRACES, bytes(body))
    except DecodeError as error:
        assert str(error)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "traceId",
                    "kind",
                    "attributes",
                    "key",
                    "value",
                    "status",
                    "events",
                    "links",
                    "stringValue",
                    "intValue",
                    "arrayValue",
                    "values",
                    "tracetui.bytes",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_in_place_of_a_span_costs_only_itself(span: object) -> None:
    sliced = send(span, IDS | {"name": "the other"})
    assert Span.FromString(items_of([sliced])[-1].data).name == "the other"
