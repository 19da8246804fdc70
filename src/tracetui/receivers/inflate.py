"""Decompression of request bodies, in pieces and up to a limit."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from tracetui.errors import MalformedRequest, RequestTooLarge

MAX_BODY_SIZE = 64 * 1024 * 1024
"""Bytes of a message, before and after decompression."""

ENCODINGS = ("gzip", "deflate")
"""Content encodings that are understood, beside none and `identity`."""

_PIECE = 1024 * 1024
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_ZLIB_WINDOW = zlib.MAX_WBITS


def _free(size: int) -> None:
    """Room for more bytes, where nobody counts them."""


def inflate(body: bytes, encoding: str, *, limit: int = MAX_BODY_SIZE, grow: Callable[[int], None] = _free) -> bytes:
    """The decompressed body; several gzip members count as one.

    Args:
        body: The body as received.
        encoding: `gzip`, `deflate` (zlib's format), or empty or `identity` for none.
        limit: Bytes that may come out.
        grow: Called with the size of each piece before it is kept; may raise.

    Raises:
        MalformedRequest: It is truncated, damaged, or followed by something else.
        RequestTooLarge: More than `limit` bytes come out.
    """
    if encoding not in ENCODINGS:
        return body
    window = _GZIP_WINDOW if encoding == "gzip" else _ZLIB_WINDOW
    pieces: list[bytes] = []
    left = limit
    view = memoryview(body)
    decompressor = zlib.decompressobj(window)
    position = 0
    # until a stream has ended its checksum is left to read, so there is input while there is output
    while position < len(view):
        if decompressor.eof:
            if encoding != "gzip":
                raise MalformedRequest("The compressed body is followed by something else.")
            decompressor = zlib.decompressobj(window)
        room = min(_PIECE, left + 1)
        piece, used = _step(decompressor, view[position : position + _PIECE], room)
        position += used
        left -= len(piece)
        if left < 0:
            raise message_too_large(limit)
        grow(len(piece))
        pieces.append(piece)
    if not decompressor.eof:
        raise MalformedRequest("The compressed body is truncated.")
    return b"".join(pieces)


def _step(decompressor: zlib._Decompress, data: memoryview, room: int) -> tuple[bytes, int]:
    """Some output, and how much input it took."""
    try:
        piece = decompressor.decompress(data, room)
    except zlib.error as error:
        raise MalformedRequest("The compressed body is damaged.") from error
    rest = decompressor.unused_data if decompressor.eof else decompressor.unconsumed_tail
    return piece, len(data) - len(rest)


def message_too_large(limit: int = MAX_BODY_SIZE) -> RequestTooLarge:
    """The error for a message over the limit."""
    return RequestTooLarge(
        f"The message is larger than {limit // (1024 * 1024)} MiB.", hint="Lower the exporter's batch size."
    )
