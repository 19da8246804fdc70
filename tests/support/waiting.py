"""Waiting for what other threads do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def wait_until(holds: Callable[[], bool], *, within_s: float = 90) -> None:
    """Wait until something holds.

    Raises:
        AssertionError: It does not, after all that time.
    """
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it does not come to hold"
        threading.Event().wait(0.01)
