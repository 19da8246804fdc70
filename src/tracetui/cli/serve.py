"""`tracetui serve`: the receivers without a screen."""

from __future__ import annotations

import os
import signal
import threading

from tracetui.cli import diagnostics
from tracetui.config import Settings
from tracetui.errors import ReceiverError, StoreLockedError, UsageError
from tracetui.health.publishing import Publisher
from tracetui.logs import open_log
from tracetui.receivers.status import ReceiverState, ReceiverStatus
from tracetui.runtime import Runtime, size_hint

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""What ends it; a second one ends it at once."""

PROTOCOLS = {"grpc": "OTLP/gRPC", "http": "OTLP/HTTP"}


def serve(settings: Settings) -> int:
    """Receive until a signal comes, then finish what was taken and commit it.

    Raises:
        UsageError: Every listener is off.
        StoreError: The database cannot be used, or another process writes it.
        ReceiverError: Not every listener could be opened; none stays open.
    """
    if settings.grpc is None and not settings.http:
        raise UsageError("Every listener is off.", hint="Give --grpc or --http an address.")
    stop = threading.Event()

    def on_signal(number: int, frame: object) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` says that the end of the terminal is nothing to us
            signal.signal(number, on_signal)
    with Runtime(settings, sets_aside=True) as runtime:
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
        publisher = Publisher(runtime)
        publisher.start()
        stop.wait()
        publisher.stop()
        counts, removed = runtime.counts(), runtime.removed()
    if removed.traces:
        diagnostics.note(f"the limits removed {diagnostics.many(removed.traces, 'trace')}")
    diagnostics.note(f"stopped: {counts.spans:,} spans and {counts.logs:,} log records received")
    return diagnostics.DONE


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
