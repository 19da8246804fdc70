"""How many fields a message has, before a library builds an object for each: two bytes on the wire become a hundred.

Only large messages are weighed; small ones cannot hold enough to matter, and long texts count as one field.
"""

from __future__ import annotations

from tracetui.errors import InvalidSpan, MalformedRequest, RequestTooLarge
from tracetui.otlp.protowire import fields

SMALLEST = 1024 * 1024
"""Bytes of the smallest message that is weighed."""

MOST_VALUES = 500_000
"""Values, of attributes and within lists and maps, that a span, log record or resource may hold."""

MOST_WALKED = 2_000_000
"""Fields that are looked at one by one in all large messages of a request."""

_DEEPEST = 200
"""Messages within messages that are followed; the libraries stop at 100."""

_Kind = dict[int, "_Kind"]

_VALUE: _Kind = {}
_PAIR: _Kind = {0x12: _VALUE}
_VALUE |= {0x2A: {0x0A: _VALUE}, 0x32: {0x0A: _PAIR}}

SPAN: _Kind = {0x4A: _PAIR, 0x5A: {0x1A: _PAIR}, 0x6A: {0x22: _PAIR}}
"""Tags in a `Span` behind which there are more messages, and so on within them."""
LOG_RECORD: _Kind = {0x2A: _VALUE, 0x32: _PAIR}
OWNER: _Kind = {0x0A: _PAIR, 0x1A: _PAIR}
"""A `Resource` or an `InstrumentationScope`."""


class Scales:
    """Weighs the large messages of one request.

    Args:
        most_walked: Fields that are looked at one by one; `MOST_WALKED` unless given.
    """

    def __init__(self, *, most_walked: int = 0) -> None:
        self._left = most_walked or MOST_WALKED

    def walked(self, count: int) -> None:
        """Count fields that were looked at.

        Raises:
            RequestTooLarge: The request holds too many.
        """
        self._left -= count
        if self._left < 0:
            raise RequestTooLarge(
                "The request holds too many values.", hint="Lower the exporter's batch size, or send fewer attributes."
            )

    def weigh(self, data: bytes, kind: _Kind) -> None:
        """Make sure that a message holds no more than can be decoded.

        Raises:
            InvalidSpan: It does, or it is no message.
            RequestTooLarge: The request as a whole does.
        """
        if len(data) < SMALLEST:
            return
        try:
            values = self._count(data, 0, len(data), kind, MOST_VALUES, 0)
        except MalformedRequest as error:
            raise InvalidSpan("The span is not a protobuf message.") from error
        if values > MOST_VALUES:
            raise InvalidSpan(f"It holds more than {MOST_VALUES:,} values.", hint="Record less in one span.")

    def _count(self, data: bytes, start: int, end: int, kind: _Kind, most: int, depth: int) -> int:
        """The fields of a message and of those within it, or some number over `most`."""
        found = 0
        for tag, _, value, stop in fields(data, start, end):
            found += 1
            inner = kind.get(tag)
            if inner is not None and value < stop and depth < _DEEPEST:
                found += self._count(data, value, stop, inner, most - found, depth + 1)
            if found > most:
                break
        if depth == 0:
            self.walked(min(found, most))
        return found
