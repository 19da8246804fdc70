"""A burst collapses: the first of many requests is done at once, the rest as one when the interval is over."""

from __future__ import annotations

from collections.abc import Callable

from textual.message_pump import MessagePump

from tracetui.model.clock import Clock


class Throttle:
    """Does something at most once in an interval.

    Args:
        owner: Runs the timer.
        clock: Tells how long ago the last time was.
        act: What is done.
    """

    def __init__(self, owner: MessagePump, clock: Clock, act: Callable[[], None]) -> None:
        self._owner = owner
        self._clock = clock
        self._act = act
        self._last = float("-inf")
        self._waiting = False

    def ask(self, interval_s: float) -> None:
        """Do it now if the last time is `interval_s` ago, else once as soon as it is."""
        if self._waiting:
            return
        rest = self._last + interval_s - self._clock.monotonic()
        if rest <= 0:
            self._run()
        else:
            self._waiting = True
            self._owner.set_timer(rest, self._run)

    def _run(self) -> None:
        self._waiting = False
        self._last = self._clock.monotonic()
        self._act()
