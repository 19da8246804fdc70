"""One OTLP/JSON object to the protobuf slice it stands for.

The slice is what the official libraries encode for the same content, so that a JSON request and its protobuf twin store
equal rows. Keys are lowerCamelCase, unknown ones are ignored, null is the same as absent.
Follows https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding, which differs from protobuf's own JSON
mapping: ids are hex, enums are numbers.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from tracetui.errors import InvalidSpan
from tracetui.otlp.messages import MAX_VALUE_DEPTH, TOO_DEEP
from tracetui.otlp.protowire import bytes_field, double_field, fixed32_field, fixed64_field, uint_field

JSONObject: TypeAlias = Mapping[str, Any]
"""A decoded JSON object."""

SURROGATE_WARNING = "A text held half of a surrogate pair, which became U+FFFD."

_SURROGATE = re.compile("[\ud800-\udfff]")
_DECIMAL = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_SPECIAL_DOUBLES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_INT32 = range(-(2**31), 2**31)
_INT64 = range(-(2**63), 2**63)
_UINT32 = range(2**32)
_UINT64 = range(2**64)
_VALUE_MEMBERS = (
    "stringValue",
    "boolValue",
    "intValue",
    "doubleValue",
    "arrayValue",
    "kvlistValue",
    "bytesValue",
    "stringValueStrindex",
)


class JSONParser:
    """Turns objects into slices and remembers what it had to change."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        """What was changed, one sentence each, one per object."""

    def span(self, given: JSONObject) -> bytes:
        """A `Span`.

        Raises:
            InvalidSpan: A field has a value it cannot have; names the field.
        """
        return b"".join(
            (
                self._hex(1, given, "traceId"),
                self._hex(2, given, "spanId"),
                self._text(3, given, "traceState"),
                self._hex(4, given, "parentSpanId"),
                self._text(5, given, "name"),
                self._varint(6, given, "kind", _INT32, strings=False),
                self._fixed64(7, given, "startTimeUnixNano"),
                self._fixed64(8, given, "endTimeUnixNano"),
                self._attributes(9, given),
                self._varint(10, given, "droppedAttributesCount", _UINT32),
                *(bytes_field(11, self._event(event)) for event in objects(given, "events")),
                self._varint(12, given, "droppedEventsCount", _UINT32),
                *(bytes_field(13, self._link(link)) for link in objects(given, "links")),
                self._varint(14, given, "droppedLinksCount", _UINT32),
                *(bytes_field(15, self._status(status)) for status in _optional(given, "status")),
                self._fixed32(16, given, "flags"),
            )
        )

    def log_record(self, given: JSONObject) -> bytes:
        """A `LogRecord`.

        Raises:
            InvalidSpan: A field has a value it cannot have; names the field.
        """
        return b"".join(
            (
                self._fixed64(1, given, "timeUnixNano"),
                self._varint(2, given, "severityNumber", _INT32, strings=False),
                self._text(3, given, "severityText"),
                *(bytes_field(5, self._value(body, 1)) for body in _optional(given, "body")),
                self._attributes(6, given),
                self._varint(7, given, "droppedAttributesCount", _UINT32),
                self._fixed32(8, given, "flags"),
                self._hex(9, given, "traceId"),
                self._hex(10, given, "spanId"),
                self._fixed64(11, given, "observedTimeUnixNano"),
                self._text(12, given, "eventName"),
            )
        )

    def resource(self, given: JSONObject) -> bytes:
        """A `Resource`.

        Raises:
            InvalidSpan: A field has a value it cannot have; names the field.
        """
        return b"".join(
            (
                self._attributes(1, given),
                self._varint(2, given, "droppedAttributesCount", _UINT32),
                *(bytes_field(3, self._entity(entity)) for entity in objects(given, "entityRefs")),
            )
        )

    def scope(self, given: JSONObject) -> bytes:
        """An `InstrumentationScope`.

        Raises:
            InvalidSpan: A field has a value it cannot have; names the field.
        """
        return b"".join(
            (
                self._text(1, given, "name"),
                self._text(2, given, "version"),
                self._attributes(3, given),
                self._varint(4, given, "droppedAttributesCount", _UINT32),
            )
        )

    def text(self, given: JSONObject, key: str) -> str:
        """A text member; empty where absent.

        Raises:
            InvalidSpan: It is something else.
        """
        return self._whole_text(given.get(key), key)

    def _event(self, given: JSONObject) -> bytes:
        return b"".join(
            (
                self._fixed64(1, given, "timeUnixNano"),
                self._text(2, given, "name"),
                self._attributes(3, given),
                self._varint(4, given, "droppedAttributesCount", _UINT32),
            )
        )

    def _link(self, given: JSONObject) -> bytes:
        return b"".join(
            (
                self._hex(1, given, "traceId"),
                self._hex(2, given, "spanId"),
                self._text(3, given, "traceState"),
                self._attributes(4, given),
                self._varint(5, given, "droppedAttributesCount", _UINT32),
                self._fixed32(6, given, "flags"),
            )
        )

    def _status(self, given: JSONObject) -> bytes:
        return self._text(2, given, "message") + self._varint(3, given, "code", _INT32, strings=False)

    def _entity(self, given: JSONObject) -> bytes:
        return b"".join(
            (
                self._text(1, given, "schemaUrl"),
                self._text(2, given, "type"),
                *(
                    bytes_field(number, self._whole_text(item, key).encode())
                    for number, key in ((3, "idKeys"), (4, "descriptionKeys"))
                    for item in list_items(given, key)
                ),
            )
        )

    def _attributes(self, number: int, given: JSONObject) -> bytes:
        return b"".join([bytes_field(number, self._pair(pair, 1)) for pair in objects(given, "attributes")])

    def _pair(self, given: JSONObject, depth: int) -> bytes:
        return b"".join(
            (
                self._text(1, given, "key"),
                *(bytes_field(2, self._value(value, depth)) for value in _optional(given, "value")),
                self._varint(3, given, "keyStrindex", _INT32),
            )
        )

    def _value(self, given: JSONObject, depth: int) -> bytes:
        """An `AnyValue`; `depth` is 1 for an attribute's own value."""
        if depth > MAX_VALUE_DEPTH:
            raise InvalidSpan(f"{TOO_DEEP}.", hint="Send it flatter, or as JSON text.")
        members = [key for key in _VALUE_MEMBERS if given.get(key) is not None]
        if not members:
            return b""
        if len(members) > 1:
            raise InvalidSpan("A value has two members.", hint="An AnyValue has exactly one of them.")
        key = members[0]
        value = given[key]
        match key:
            case "stringValue":
                return bytes_field(1, self._whole_text(value, key).encode())
            case "boolValue":
                if not isinstance(value, bool):
                    raise _wrong(key, "true or false")
                return uint_field(2, value)
            case "intValue":
                return uint_field(3, _integer(value, key, _INT64))
            case "doubleValue":
                return double_field(4, _double(value))
            case "arrayValue":
                return bytes_field(
                    5,
                    b"".join(
                        [
                            bytes_field(1, self._value(item, depth + 1))
                            for item in objects(_object(value, key), "values")
                        ]
                    ),
                )
            case "kvlistValue":
                return bytes_field(
                    6,
                    b"".join(
                        [bytes_field(1, self._pair(item, depth + 1)) for item in objects(_object(value, key), "values")]
                    ),
                )
            case "bytesValue":
                return bytes_field(7, _base64(value))
            case _:
                return uint_field(8, _integer(value, key, _INT32))

    def _whole_text(self, value: object, key: str) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            raise _wrong(key, "text")
        if not value.isascii() and _SURROGATE.search(value):
            if SURROGATE_WARNING not in self.warnings:
                self.warnings.append(SURROGATE_WARNING)
            return _SURROGATE.sub("\ufffd", value)
        return value

    def _text(self, number: int, given: JSONObject, key: str) -> bytes:
        text = self._whole_text(given.get(key), key)
        return bytes_field(number, text.encode()) if text else b""

    def _hex(self, number: int, given: JSONObject, key: str) -> bytes:
        text = given.get(key)
        if text is None or text == "":
            return b""
        try:
            # binascii, unlike bytes.fromhex, takes no white space
            return bytes_field(number, binascii.unhexlify(text))
        except (TypeError, ValueError):
            raise _wrong(key, "hexadecimal text") from None

    def _varint(self, number: int, given: JSONObject, key: str, allowed: range, *, strings: bool = True) -> bytes:
        value = given.get(key)
        if value is None:
            return b""
        if isinstance(value, str) and not strings:
            raise _wrong(key, "a number: names are not used in OTLP/JSON")
        whole = _integer(value, key, allowed)
        return uint_field(number, whole) if whole else b""

    def _fixed64(self, number: int, given: JSONObject, key: str) -> bytes:
        value = given.get(key)
        whole = 0 if value is None else _integer(value, key, _UINT64)
        return fixed64_field(number, whole) if whole else b""

    def _fixed32(self, number: int, given: JSONObject, key: str) -> bytes:
        value = given.get(key)
        whole = 0 if value is None else _integer(value, key, _UINT32)
        return fixed32_field(number, whole) if whole else b""


def objects(given: JSONObject, key: str) -> Iterable[JSONObject]:
    """The objects of a list member; none where absent.

    Raises:
        InvalidSpan: It is no list, or holds something else.
    """
    return [_object(item, key) for item in list_items(given, key)]


def list_items(given: JSONObject, key: str) -> list[Any]:
    """What a list member holds, nulls left out; none where absent.

    Raises:
        InvalidSpan: It is no list.
    """
    value = given.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong(key, "a list")
    return [item for item in value if item is not None]


def _optional(given: JSONObject, key: str) -> tuple[JSONObject, ...]:
    """An object member as one item, or none where it is absent."""
    value = given.get(key)
    return () if value is None else (_object(value, key),)


def _object(value: object, key: str) -> JSONObject:
    if not isinstance(value, dict):
        raise _wrong(key, "an object")
    return value


def _integer(value: object, key: str, allowed: range) -> int:
    """A whole number: a JSON number, or decimal text."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        whole = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        whole = value
    elif isinstance(value, float) and value.is_integer():
        whole = int(value)
    else:
        raise _wrong(key, "a whole number")
    if whole not in allowed:
        raise _wrong(key, f"between {allowed.start} and {allowed.stop - 1}")
    return whole


def _double(value: object) -> float:
    if isinstance(value, str) and value in _SPECIAL_DOUBLES:
        return _SPECIAL_DOUBLES[value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise _wrong("doubleValue", "a number that a double can hold, or NaN, Infinity, -Infinity as text")


def _base64(value: object) -> bytes:
    try:
        return base64.b64decode(value, validate=True)  # type: ignore[arg-type]  # a TypeError is part of the answer
    except (TypeError, ValueError):
        raise _wrong("bytesValue", "standard base64") from None


def _wrong(key: str, wanted: str) -> InvalidSpan:
    return InvalidSpan(f"The JSON field {key} is not {wanted}.", hint="See the OTLP/JSON encoding.")
