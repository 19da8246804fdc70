"""Spans with more attributes, events or links than anyone can use, cut to a number that cannot hurt.

The only place where the bytes of a span are changed: what is taken away is counted in the span's own dropped counts, as
an SDK with limits would have done it (contract, section 5).
"""

from __future__ import annotations

from tracetui.errors import InvalidSpan, MalformedRequest
from tracetui.otlp.protowire import fields, read_varint, uint_field
from tracetui.otlp.weigh import Scales

MOST = 10_000
"""Attributes, and events, and links, that a span keeps."""

SMALLEST = 2 * MOST
"""Bytes of the smallest span that can have more: an empty field takes two."""

MANY = 100_000
"""Fields after which the scales are asked."""

_KINDS = {0x4A: ("attributes", 10), 0x5A: ("events", 12), 0x6A: ("links", 14)}
"""Tag of each repeated field of `Span`, with its name and the number of the field that counts what was dropped."""


def trim(data: bytes, scales: Scales | None = None) -> tuple[bytes, str]:
    """A span with at most `MOST` attributes, events and links, and what to say of it; the span itself where it has.

    Args:
        data: The span.
        scales: Counts the fields that were looked at, where given.

    Raises:
        InvalidSpan: The bytes are no message.
        RequestTooLarge: The request has more fields than can be looked at.
    """
    if len(data) < SMALLEST:
        return data, ""
    counts = dict.fromkeys(_KINDS, 0)
    kept: list[bytes] = []
    dropped_before = dict.fromkeys(_KINDS, 0)
    start = walked = 0
    try:
        for tag, field, value, end in fields(data):
            walked += 1
            if walked == MANY and scales is not None:
                scales.walked(walked)
                walked = 0
            if tag in counts:
                counts[tag] += 1
                if counts[tag] > MOST:
                    kept.append(data[start:field])
                    start = end
            else:
                for repeated, (_, number) in _KINDS.items():
                    if tag == number << 3:
                        dropped_before[repeated] = read_varint(data, value)[0]
    except MalformedRequest as error:
        raise InvalidSpan("The span is not a protobuf message.") from error
    extra = {tag: count - MOST for tag, count in counts.items() if count > MOST}
    if not extra:
        return data, ""
    kept.append(data[start:])
    for tag, count in extra.items():  # of a field that stands twice the last is believed
        kept.append(uint_field(_KINDS[tag][1], min(dropped_before[tag] + count, 2**32 - 1)))
    names = " and ".join(_KINDS[tag][0] for tag in extra)
    return b"".join(kept), f"A span keeps {MOST:,} {names} at most; the others were dropped and are counted in it."
