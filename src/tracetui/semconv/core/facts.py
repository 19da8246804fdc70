"""What the way in hands over of a span."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tracetui.model.attributes import Attributes
from tracetui.model.span import SpanEvent


class SpanFacts(NamedTuple):
    """The parts of a span that its columns come from; events are decoded only when asked for."""

    name: str
    scope_name: str
    attributes: Attributes
    status_code: int
    status_message: str
    events: Callable[[], Sequence[SpanEvent]]


def no_events() -> Sequence[SpanEvent]:
    """The events of a span that has none."""
    return ()
