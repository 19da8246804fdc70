"""One slice to what the way in needs of it, for the spans that hold nothing unusual: nearly all.

`decode.parse_span` turns every attribute into a Python value; most are never asked for on the way in. Here a span is
parsed as a message of our own, with the wire format of `Span` but its attributes as a protobuf map: looking one up
costs nothing for the others. What such a message does not hold exactly (a repeated key, a field written twice) makes
its size differ from the slice's; such a span, and one that may nest too deep, is left to `decode`, which judges it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError as ProtobufError
from google.protobuf.unknown_fields import UnknownFieldSet

from tracetui.model.attributes import AttributeValue
from tracetui.otlp.messages import MAX_VALUE_DEPTH

_FieldType = descriptor_pb2.FieldDescriptorProto
_BYTES, _TEXT, _BOOL, _INT32, _UINT32, _INT64, _DOUBLE, _FIXED32, _FIXED64 = (
    _FieldType.TYPE_BYTES,
    _FieldType.TYPE_STRING,
    _FieldType.TYPE_BOOL,
    _FieldType.TYPE_INT32,
    _FieldType.TYPE_UINT32,
    _FieldType.TYPE_INT64,
    _FieldType.TYPE_DOUBLE,
    _FieldType.TYPE_FIXED32,
    _FieldType.TYPE_FIXED64,
)

_MESSAGES: Mapping[str, Mapping[str, tuple[int, object]]] = {
    "AnyValue": {
        "string_value": (1, _TEXT),
        "bool_value": (2, _BOOL),
        "int_value": (3, _INT64),
        "double_value": (4, _DOUBLE),
        "array_value": (5, "ArrayValue"),
        "kvlist_value": (6, "KeyValueList"),
        "bytes_value": (7, _BYTES),
        "string_value_strindex": (8, _INT32),
    },
    "ArrayValue": {"values": (1, ["AnyValue"])},
    "KeyValueList": {"values": (1, ["KeyValue"])},
    "KeyValue": {"key": (1, _TEXT), "value": (2, "AnyValue"), "key_strindex": (3, _INT32)},
    "Status": {"message": (2, _TEXT), "code": (3, _INT32)},
    "Event": {
        "time_unix_nano": (1, _FIXED64),
        "name": (2, _TEXT),
        "attributes": (3, ["KeyValue"]),
        "dropped_attributes_count": (4, _UINT32),
    },
    "Link": {
        "trace_id": (1, _BYTES),
        "span_id": (2, _BYTES),
        "trace_state": (3, _TEXT),
        "attributes": (4, ["KeyValue"]),
        "dropped_attributes_count": (5, _UINT32),
        "flags": (6, _FIXED32),
    },
    "Span": {
        "trace_id": (1, _BYTES),
        "span_id": (2, _BYTES),
        "trace_state": (3, _TEXT),
        "parent_span_id": (4, _BYTES),
        "name": (5, _TEXT),
        "kind": (6, _INT32),
        "start_time_unix_nano": (7, _FIXED64),
        "end_time_unix_nano": (8, _FIXED64),
        "attributes": (9, {"AnyValue"}),
        "dropped_attributes_count": (10, _UINT32),
        "events": (11, ["Event"]),
        "dropped_events_count": (12, _UINT32),
        "links": (13, ["Link"]),
        "dropped_links_count": (14, _UINT32),
        "status": (15, "Status"),
        "flags": (16, _FIXED32),
    },
}
"""opentelemetry-proto 1.x: a list is repeated, a set is a map by text."""

_ONE_OF = frozenset({"AnyValue"})
"""Messages of which one field is set."""

_STRING_INDEX = re.compile(rb"\x12[\x02-\x0b]\x40", re.DOTALL)
"""How a value that is a string index stands in its pair; it is absent, and `decode` says so."""

_ARRAY_TAG = b"\x2a"
"""Tag of `AnyValue.array_value`."""

_NESTING = ("array_value", "kvlist_value")

LARGEST = 4 * 1024 * 1024
"""Bytes of the largest span that is parsed so: its size is found by encoding it again, twice over in memory."""

_FEWEST_ARRAYS = 25
"""Fewest arrays in a value that is too deep and still parses: 41 levels of arrays (2 messages each) and maps (3 each)
within the 100 messages that the protobuf library follows."""

_PACKAGE = "tracetui.quick"


def _span_class() -> Any:
    """The class of our `Span`."""
    file = descriptor_pb2.FileDescriptorProto(name="tracetui/quick.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        if name in _ONE_OF:
            message.oneof_decl.add(name="value")
        for field_name, (number, kind) in fields.items():
            field = message.field.add(name=field_name, number=number, label=_FieldType.LABEL_OPTIONAL)
            match kind:
                case int():
                    field.type = _FieldType.Type.ValueType(kind)
                case str():
                    field.type_name = f".{_PACKAGE}.{kind}"
                case [str(other)]:
                    field.label, field.type_name = _FieldType.LABEL_REPEATED, f".{_PACKAGE}.{other}"
                case _:
                    entry = message.nested_type.add(name="AttributesEntry")
                    entry.options.map_entry = True
                    entry.field.add(name="key", number=1, type=_TEXT, label=_FieldType.LABEL_OPTIONAL)
                    entry.field.add(
                        name="value", number=2, type_name=f".{_PACKAGE}.AnyValue", label=_FieldType.LABEL_OPTIONAL
                    )
                    field.label, field.type_name = _FieldType.LABEL_REPEATED, f".{_PACKAGE}.{name}.AttributesEntry"
            if name in _ONE_OF:
                field.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Span"))


_Span = _span_class()


class QuickAttributes(Mapping[str, AttributeValue]):
    """Attributes that become Python values one by one, when they are asked for."""

    __slots__ = ("_find", "_map")

    def __init__(self, attributes: Any) -> None:
        self._map = attributes
        self._find = attributes.get

    def __getitem__(self, key: str) -> AttributeValue:
        value = self._find(key)
        if value is None:
            raise KeyError(key)
        return value.string_value or value.int_value or any_value(value)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key; the inherited method would raise and catch for each that is missing."""
        value = self._find(key)
        return default if value is None else value.string_value or value.int_value or any_value(value)

    def __contains__(self, key: object) -> bool:
        return key in self._map

    def __iter__(self) -> Iterator[str]:
        return iter(self._map)

    def __len__(self) -> int:
        return len(self._map)


def parse(data: bytes) -> Any:
    """Our message of one encoded `Span`; None where only `decode` can tell what the span holds."""
    if len(data) > LARGEST:
        return None
    try:
        message = _Span.FromString(data)
    except ProtobufError:
        return None
    # a pair with a key's string index is no entry of a map, so it stands among the unknown fields
    if message.ByteSize() != len(data) or len(UnknownFieldSet(message)) or _STRING_INDEX.search(data):
        return None
    return None if _may_be_deep(data) and _is_deep(message) else message


def any_value(message: Any) -> AttributeValue:
    """The value of an `AnyValue` of ours."""
    kind = message.WhichOneof("value")
    if kind is None or kind == "string_value_strindex":
        return None
    if kind == "array_value":
        return [any_value(item) for item in message.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: any_value(pair.value) for pair in message.kvlist_value.values}
    scalar: AttributeValue = getattr(message, kind)
    return scalar


def _may_be_deep(data: bytes) -> bool:
    """Whether the bytes could hold that many arrays; `bytes.count` takes longer."""
    at = -1
    for _ in range(_FEWEST_ARRAYS):
        at = data.find(_ARRAY_TAG, at + 1)
        if at < 0:
            return False
    return True


def _is_deep(message: Any) -> bool:
    """Whether a value may be nested deeper than is allowed."""
    level = [value for key in message.attributes if (value := message.attributes[key]).WhichOneof("value") in _NESTING]
    for pairs in (message.events, message.links):
        level += [pair.value for item in pairs for pair in item.attributes]
    for _ in range(MAX_VALUE_DEPTH):
        level = [
            item
            for value in level
            for item in (*value.array_value.values, *(pair.value for pair in value.kvlist_value.values))
        ]
        if not level:
            return False
    return True
