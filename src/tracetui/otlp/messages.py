"""Bytes to protobuf messages, also where they nest deeper than the protobuf library follows.

The library stops at 100 messages within messages; 40 levels of nested maps, which the contract allows, are 120. What it
refuses is therefore put together piece by piece before it is called invalid.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError as ProtobufError

from tracetui.errors import InvalidSpan, MalformedRequest
from tracetui.otlp.protowire import BYTES, fields

MAX_VALUE_DEPTH = 40
"""Levels of values within values; an attribute's own value is the first."""

_MAX_MESSAGE_DEPTH = 3 * (MAX_VALUE_DEPTH + 1) + 5
"""Messages within messages: a map's value is three below the map, and a span's attributes are a few below the span."""

_ENCODER = "The sender's encoder is at fault."

TOO_DEEP = f"An attribute is nested deeper than {MAX_VALUE_DEPTH} levels"


def parse_message(message_class: Any, data: bytes) -> Any:
    """Decode one message.

    Args:
        message_class: The generated class, `Span` for example.
        data: The encoded message.

    Raises:
        InvalidSpan: The bytes are no such message, hold invalid UTF-8, or nest too deep.
    """
    try:
        return message_class.FromString(data)
    except ProtobufError:
        message = message_class()
        _merge(message, data, 0)
        return message


def _merge(message: Any, data: bytes, depth: int) -> None:
    """Merge encoded fields into a message, level by level."""
    if depth > _MAX_MESSAGE_DEPTH:
        raise InvalidSpan(f"{TOO_DEEP}.", hint="Send it flatter, or as JSON text.")
    known = message.DESCRIPTOR.fields_by_number
    try:
        for tag, start, start_value, end in fields(data):
            field = known.get(tag >> 3)
            if field is None or field.message_type is None or tag & 7 != BYTES:
                message.MergeFromString(data[start:end])
                continue
            child = getattr(message, field.name)
            if field.is_repeated:
                child = child.add()
            else:
                child.SetInParent()
            _merge(child, data[start_value:end], depth + 1)
    except ProtobufError as error:
        what = "holds text that is not UTF-8" if "UTF-8" in str(error) else "is unreadable"
        raise InvalidSpan(f"A {message.DESCRIPTOR.name} {what}.", hint=_ENCODER) from error
    except MalformedRequest as error:
        raise InvalidSpan(f"A {message.DESCRIPTOR.name} is unreadable.", hint=_ENCODER) from error
