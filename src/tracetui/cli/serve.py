"""`tracetui serve`: the receivers without a screen."""

from __future__ import annotations

import os
import select
import signal
from typing import Self

from tracetui.cli import diagnostics
from tracetui.config import Settings
from tracetui.errors import ReceiverError, StoreLockedError, UsageError
from tracetui.health.publishing import Publisher
from tracetui.logs import open_log
from tracetui.model.numbers import many
from tracetui.receivers.status import ReceiverState, ReceiverStatus
from tracetui.runtime import Runtime, size_hint

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""What ends it; a second one ends it at once."""

LOOK_S = 1.0
"""How often it looks whether a write has met damage."""

PROTOCOLS = {"grpc": "OTLP/gRPC", "http": "OTLP/HTTP"}


def serve(settings: Settings) -> int:
    """Receive until a signal comes, then finish what was taken and commit it.

    Where a write meets damage, it begins once more by itself, on a new file: nobody may be there to do so.

    Raises:
        UsageError: Every listener is off.
        StoreError: The database cannot be used, or another process writes it.
        ReceiverError: Not every listener could be opened; none stays open.
    """
    if settings.grpc is None and not settings.http:
        raise UsageError("Every listener is off.", hint="Give --grpc or --http an address.")
    with _Signals() as signals:
        return _serve(settings, signals)


def _serve(settings: Settings, signals: _Signals) -> int:
    spans, logs, removed = 0, 0, 0
    is_mending = True
    while not signals.came:
        with Runtime(settings, sets_aside=True) as runtime:
            _tell(runtime)
            publisher = Publisher(runtime)
            publisher.start()
            is_mending |= runtime.set_aside is not None
            while not signals.wait(LOOK_S) and not (is_mending and runtime.found_damage):
                continue
            publisher.stop()
            counts = runtime.counts()
            spans, logs, removed = spans + counts.spans, logs + counts.logs, removed + runtime.removed().traces
        if not signals.came:
            diagnostics.note(f"{settings.db} is damaged; starting on it anew")
            is_mending = False  # where nothing is found that can be set aside, once is enough
    if removed:
        diagnostics.note(f"the limits removed {many(removed, 'trace')}")
    diagnostics.note(f"stopped: {many(spans, 'span')} and {many(logs, 'log record')} received")
    return diagnostics.DONE


class _Signals:
    """Waits for a signal that ends it; a second one ends it at once.

    A signal can come in the very moment before a wait begins: then nothing would interrupt the wait. So it also writes
    to a pipe, which is what is waited for. An event would not do for that; setting it in a handler can wait for itself.
    """

    def __init__(self) -> None:
        self.came = False
        """Whether one has come."""
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def __enter__(self) -> Self:
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup`: the end of the terminal is nothing to us
                signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)
        os.close(self._read)
        os.close(self._write)

    def wait(self, seconds: float) -> bool:
        """Wait for one, at most so long; returns whether it has come."""
        if select.select([self._read], [], [], seconds)[0]:
            os.read(self._read, 64)
        return self.came

    def _handle(self, number: int, frame: object) -> None:
        if self.came:
            os._exit(128 + number)
        self.came = True


def _tell(runtime: Runtime) -> None:
    """Say what it listens on and what else there is to know, once it is ready.

    Raises:
        StoreError: This process does not write the database.
        ReceiverError: Not every listener could be opened.
    """
    settings = runtime.settings
    if runtime.read_only is not None:
        raise runtime.read_only
    if not runtime.is_writer:
        owner = f" (pid {runtime.owner.pid})" if runtime.owner and runtime.owner.pid else ""
        raise StoreLockedError(
            f"Another tracetui{owner} is writing {settings.db}.", hint="Stop it, or choose another --db."
        )
    if runtime.set_aside is not None:
        diagnostics.note(str(runtime.set_aside))
    os.close(open_log(settings.db))  # its own words go to stderr, what went wrong inside to the log
    statuses = runtime.statuses()
    check_listening(statuses)
    for status in statuses:
        diagnostics.note(f"ready: {PROTOCOLS[status.protocol]} on {status.address.url}")
    for address in runtime.open_to_anyone():
        diagnostics.note(f"warning: anyone who reaches this machine may send to {address}")
    for problem in runtime.price_problems():
        diagnostics.note(problem)
    if hint := size_hint(settings, settings.db.stat().st_size):
        diagnostics.note(hint)


def check_listening(statuses: tuple[ReceiverStatus, ...]) -> None:
    """Make sure that every listener listens.

    Raises:
        ReceiverError: One does not; says why, for each.
    """
    failed = [status for status in statuses if status.state is not ReceiverState.LISTENING]
    if failed:
        raise ReceiverError(
            "\n".join(
                status.error or f"{PROTOCOLS[status.protocol]} on {status.address} did not start." for status in failed
            )
        )
