"""Spans with far too many attributes, events or links."""

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tracetui.errors import InvalidSpan
from tracetui.otlp import decode
from tracetui.otlp.trim import MOST, SMALLEST, trim


def span(attributes: int = 0, events: int = 0, links: int = 0, **more: int) -> Span:
    """A span with so many of each."""
    made = Span(trace_id=b"t" * 16, span_id=b"s" * 8, name="ask", **more)  # type: ignore[arg-type]
    for number in range(attributes):
        made.attributes.add(key=f"k{number}").value.int_value = number
    for number in range(events):
        made.events.add(name=f"e{number}")
    for number in range(links):
        made.links.add(trace_id=b"l" * 16, span_id=number.to_bytes(8, "big"))
    return made


def test_a_span_at_the_limit_stays_as_it_is() -> None:
    data = span(MOST, MOST, MOST).SerializeToString()
    assert trim(data) == (data, "")


@pytest.mark.parametrize("name", ["attributes", "events", "links"])
def test_what_is_over_it_is_dropped_and_counted(name: str) -> None:
    counted = f"dropped_{name}_count"
    given = span(**{name: MOST + 7, counted: 5})
    data, warning = trim(given.SerializeToString())
    kept = Span.FromString(data)
    assert getattr(kept, counted) == 12
    assert list(getattr(kept, name)) == list(getattr(given, name))[:MOST]
    assert name in warning
    getattr(given, name).MergeFrom([])
    given.ClearField(name)  # type: ignore[arg-type]
    kept.ClearField(name)  # type: ignore[arg-type]
    setattr(given, counted, 12)
    assert kept == given


def test_a_million_attributes_become_a_span_that_can_be_read() -> None:
    one = b"\x4a\x00"
    data, warning = trim(span().SerializeToString() + one * 1_000_000)
    assert warning
    assert len(data) < SMALLEST + 100
    assert decode.span(data).dropped_attributes_count == 990_000


def test_what_is_no_message_is_an_invalid_span() -> None:
    with pytest.raises(InvalidSpan):
        trim(b"\xff" * SMALLEST)
