"""What was turned away, by reason, with the last example of each."""

from __future__ import annotations

import re
from typing import NamedTuple

from tracetui.model.clock import Clock, SystemClock

MAX_REASONS = 32
"""Reasons that are told apart; whatever else comes is counted together."""

OTHER = "other reasons"

_NUMBERS = re.compile(r"\b[0-9a-f]{8}\b|[0-9][0-9,.]*")


class TurnedAway(NamedTuple):
    """Requests, or spans and log records, that were turned away for one reason."""

    kind: str
    """`rejected`: items, the rest of whose request was stored; `malformed`: requests that no re-send could help;
    `refused`: requests that may come again."""
    times: int
    """Items where they were rejected, else requests."""
    example: str
    """What the last sender was told. Never holds received values."""
    last_unix_nano: int


class Ledger:
    """Counts what is turned away; the caller sees to it that one thread does so at a time."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock: Clock = clock or SystemClock()
        self._reasons: dict[tuple[str, str], TurnedAway] = {}

    def note(self, kind: str, message: str, count: int = 1) -> None:
        """Count once more what a sender was told; messages that differ in numbers alone have one reason."""
        key = (kind, _NUMBERS.sub("#", message))
        if key not in self._reasons and len(self._reasons) >= MAX_REASONS:
            key = (kind, OTHER)
        before = self._reasons[key].times if key in self._reasons else 0
        self._reasons[key] = TurnedAway(kind, before + count, message, self._clock.now_nano())

    def entries(self) -> tuple[TurnedAway, ...]:
        """Every reason, the most recent first."""
        return tuple(sorted(self._reasons.copy().values(), key=lambda entry: -entry.last_unix_nano))
