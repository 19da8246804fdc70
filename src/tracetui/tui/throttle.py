"""A burst collapses: into the first of many requests and one after the interval, or into one after the last."""

from __future__ import annotations

from collections.abc import Callable

from textual.message_pump import MessagePump
from textual.timer import Timer

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


class Delay:
    """Does something once nobody has asked for it for some time.

    Args:
        owner: Runs the timer.
        act: What is done.
    """

    def __init__(self, owner: MessagePump, act: Callable[[], None]) -> None:
        self._owner = owner
        self._act = act
        self._timer: Timer | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether it has been asked for and not been done."""
        return self._timer is not None

    def ask(self, seconds: float) -> None:
        """Do it after some time, and not at the time that was asked for before."""
        self.stop()
        self._timer = self._owner.set_timer(seconds, self._run)

    def stop(self) -> None:
        """Do not do it."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _run(self) -> None:
        self._timer = None
        self._act()
