"""A clock that stands still until it is told to go."""

from __future__ import annotations

from datetime import UTC, datetime

CORPUS_EVENING = int(datetime(2026, 11, 22, 18, 0, tzinfo=UTC).timestamp()) * 1_000_000_000
"""Some hours after the corpus was captured."""


class FixedClock:
    """The `Clock` of tests."""

    def __init__(self, now_nano: int = CORPUS_EVENING) -> None:
        self._now = now_nano
        self._monotonic = 0.0

    def now_nano(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += round(seconds * 1e9)
        self._monotonic += seconds
