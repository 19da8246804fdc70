"""Primitives of the protobuf encoding: reading fields out of bytes, and writing them.

Reading is by position, without copying, so that a request is walked once and only its leaves are sliced. Writing gives
what the official libraries give: fields by number, defaults left out, minimal varints.
Follows https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tracetui.errors import MalformedRequest

VARINT, FIXED64, BYTES, START_GROUP, END_GROUP, FIXED32 = range(6)
"""Wire types by number."""

MAX_GROUP_DEPTH = 100
"""Groups within groups that are followed; protobuf libraries stop there too."""

_fixed64 = struct.Struct("<Q").pack
_fixed32 = struct.Struct("<I").pack
_double = struct.Struct("<d").pack


def fields(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int, int]]:
    """The fields of an encoded message in the order they stand.

    Args:
        data: The bytes that hold the message.
        start: Where the message starts in them.
        end: Where it ends; None for the end of the data.

    Yields:
        (tag, position of the tag, start of the value, end of the value). The tag is `number << 3 | wire type`; for
        length-delimited fields the value excludes the length.

    Raises:
        MalformedRequest: The bytes are no message; names the offset.
    """
    size = len(data) if end is None else end
    position = start
    try:
        while position < size:
            field = position
            tag = data[position]
            position += 1
            if tag >= 0x80:
                tag, position = read_varint(data, field)
            if tag & 7 == BYTES:
                length = data[position]
                position += 1
                if length >= 0x80:
                    length, position = read_varint(data, position - 1)
                value, position = position, position + length
            else:
                value, position = position, _skip(data, position, tag)
            if position > size or not 8 <= tag < 1 << 32:
                raise _malformed(field)
            yield tag, field, value, position
    except IndexError:
        raise _malformed(position) from None


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """A base-128 number and the position after it.

    Raises:
        MalformedRequest: It is longer than ten bytes.
        IndexError: The data end within it.
    """
    value = 0
    for shift in range(0, 70, 7):
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position
    raise _malformed(position)


def _skip(data: bytes, position: int, tag: int, depth: int = 0) -> int:
    """The position after a field that is not length-delimited."""
    match tag & 7:
        case 0:
            return read_varint(data, position)[1]
        case 1:
            return position + 8
        case 5:
            return position + 4
        case 3 if depth < MAX_GROUP_DEPTH:
            return _skip_group(data, position, tag, depth)
        case _:
            raise _malformed(position)


def _skip_group(data: bytes, position: int, start_tag: int, depth: int) -> int:
    while True:
        tag, position = read_varint(data, position)
        if tag & 7 == END_GROUP:
            if tag >> 3 != start_tag >> 3:
                raise _malformed(position)
            return position
        if tag & 7 == BYTES:
            length, position = read_varint(data, position)
            position += length
        else:
            position = _skip(data, position, tag, depth + 1)


def _malformed(position: int) -> MalformedRequest:
    return MalformedRequest(f"The body is not a protobuf message: unreadable at byte {position}.")


def varint(number: int) -> bytes:
    """A non-negative number, base 128."""
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def uint_field(number: int, value: int) -> bytes:
    """An integer, enum or bool field, even where it is 0; negative values as protobuf's int32 and int64 have them."""
    return varint(number << 3 | VARINT) + varint(value & 0xFFFF_FFFF_FFFF_FFFF)


def bytes_field(number: int, value: bytes) -> bytes:
    """A bytes, string or message field, even where it is empty."""
    return varint(number << 3 | BYTES) + varint(len(value)) + value


def fixed64_field(number: int, value: int) -> bytes:
    """A fixed64 field, even where it is 0."""
    return varint(number << 3 | FIXED64) + _fixed64(value)


def fixed32_field(number: int, value: int) -> bytes:
    """A fixed32 field, even where it is 0."""
    return varint(number << 3 | FIXED32) + _fixed32(value)


def double_field(number: int, value: float) -> bytes:
    """A double field, even where it is 0."""
    return varint(number << 3 | FIXED64) + _double(value)
