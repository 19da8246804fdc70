"""What a process that receives does at this moment: listeners, rates, queue, commits, what it turned away."""

from __future__ import annotations

from collections.abc import Iterator

from tracetui.health.findings import NOTE, OK, PROBLEM, Finding
from tracetui.model.clock import format_duration, format_moment
from tracetui.model.numbers import format_bytes, many
from tracetui.receivers.status import ReceiverState
from tracetui.runtime import Runtime
from tracetui.store.ingest import RATE_S

SHOWN_REASONS = 8
"""Reasons for which something was turned away that are listed."""

_MARKS = {
    ReceiverState.LISTENING: OK,
    ReceiverState.STARTING: NOTE,
    ReceiverState.FAILED: PROBLEM,
    ReceiverState.STOPPED: NOTE,
}


def listeners(runtime: Runtime) -> Iterator[Finding]:
    """Each listener with its address and its state."""
    statuses = runtime.statuses()
    for status in statuses:
        text = status.error.splitlines() if status.error else [f"{status.address} {status.state.value}"]
        yield Finding(status.protocol, _MARKS[status.state], text[0], " ".join(text[1:]))
    if not statuses:
        yield Finding(
            "receivers", NOTE, "this process receives nothing", "It was started with --no-receive, or as a demo."
        )
    for address in runtime.open_to_anyone():
        yield Finding(
            "access", PROBLEM, f"anyone who reaches this machine may send to {address}", "See docs/access.md."
        )


def traffic(runtime: Runtime) -> Iterator[Finding]:
    """What came, how fast, and how long it took to store."""
    stats = runtime.ingest_stats()
    if stats is None:
        return
    counts = runtime.counts()
    what = f"{many(counts.spans, 'span')}, {many(counts.logs, 'log record')} in {many(counts.requests, 'request')}"
    yield Finding("received", OK, what if counts.requests else "nothing since the start")
    yield Finding("rate", OK, f"{stats.items_per_second():,.1f} a second in the last {RATE_S:.0f} s")
    waiting = f"{stats.queued_items:,} spans and log records wait ({format_bytes(stats.queued_bytes)})"
    yield Finding("queue", OK, waiting if stats.queued_items else "empty")
    if stats.trouble:
        yield Finding("storing", PROBLEM, stats.trouble, "Senders are told to come again.")
    if stats.latest:
        median, high, longest = (format_duration(int(stats.commit_seconds(share) * 1e9)) for share in (0.5, 0.95, 1))
        among = f"of the last {len(stats.latest):,}" if len(stats.latest) > 1 else "of one"
        yield Finding("commits", OK, f"p50 {median}, p95 {high}, worst {longest} {among}")
    else:
        yield Finding("commits", OK, "none yet")


def turned_away(runtime: Runtime) -> Iterator[Finding]:
    """What senders were told that it was not taken, by reason."""
    entries = runtime.turned_away()
    if not entries:
        yield Finding("turned away", OK, "nothing since the start")
    for entry in entries[:SHOWN_REASONS]:
        last = format_moment(entry.last_unix_nano)
        yield Finding(entry.kind, NOTE, f"{entry.times:,}, last {last}: {entry.example}")
    if (rest := len(entries) - SHOWN_REASONS) > 0:
        yield Finding("turned away", NOTE, f"for {rest} other reasons too")


def retention(runtime: Runtime) -> Iterator[Finding]:
    """Whether the limits can be kept."""
    if trouble := runtime.retention_trouble():
        yield Finding("limits", PROBLEM, f"not kept: {trouble}")
