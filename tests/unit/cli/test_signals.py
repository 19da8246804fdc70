"""`serve` ends at a signal, whichever thread the system gives it to, and whenever."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from tracetui.cli.serve import SIGNALS, _Signals


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = [signal.getsignal(number) for number in SIGNALS]
    yield
    for number, handler in zip(SIGNALS, before, strict=True):
        signal.signal(number, handler)


def test_one_that_came_before_the_wait_ends_it() -> None:
    with _Signals() as signals:
        signal.raise_signal(signal.SIGTERM)
        assert signals.wait(20)


def test_one_that_another_thread_gets_ends_it() -> None:
    """Nothing interrupts the wait then, as nothing does where it comes just before the wait begins."""
    with _Signals() as signals:
        other = threading.Timer(0.05, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM))
        other.start()
        started = time.monotonic()
        assert signals.wait(20)
        assert time.monotonic() - started < 10
        other.join()


def test_without_one_it_waits_its_time() -> None:
    with _Signals() as signals:
        assert not signals.wait(0.01)
        assert not signals.came
