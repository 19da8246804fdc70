"""Attribute values as OTLP's AnyValue has them, without loss.

An AnyValue is a string, a bool, an int, a double, bytes, an array, a key-value list or nothing at all; in Python these
are `str`, `bool`, `int`, `float`, `bytes`, `list`, `dict` and `None`, which keep apart all that OTLP keeps apart.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

AttributeValue: TypeAlias = (
    "str | bool | int | float | bytes | Sequence[AttributeValue] | Mapping[str, AttributeValue] | None"
)
"""One value of an attribute."""

Attributes: TypeAlias = Mapping[str, AttributeValue]
"""Attributes in the order they arrived; of a repeated key the last value stands."""

JSONValue: TypeAlias = "str | bool | int | float | list[JSONValue] | dict[str, JSONValue] | None"
"""What `json.dumps` takes."""


def json_value(value: object) -> JSONValue:
    """Turn an attribute value (or decoded JSON) into strict JSON.

    Bytes become `{"bytesValue": "<base64>"}`, NaN and the infinities become the strings that OTLP/JSON uses, lone
    surrogates become U+FFFD; everything else is itself.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, bytes):
        return {"bytesValue": base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {str(json_value(str(key))): json_value(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [json_value(item) for item in value]
    raise TypeError(f"not an attribute value: {type(value).__name__}")


def type_name(value: object) -> str:
    """The short name of a value's OTLP type: `string bool int double bytes array map empty`."""
    match value:
        case None:
            return "empty"
        case bool():
            return "bool"
        case str():
            return "string"
        case int():
            return "int"
        case float():
            return "double"
        case bytes():
            return "bytes"
        case Mapping():
            return "map"
        case _:
            return "array"
