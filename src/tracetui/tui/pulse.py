"""What the header says, worked out from the runtime once a second: listeners, rate, size, what was turned away."""

from __future__ import annotations

import shlex
from collections import deque

from tracetui.config import Settings
from tracetui.model.clock import Clock
from tracetui.receivers.status import ReceiverCounts, ReceiverState
from tracetui.runtime import Runtime, size_hint
from tracetui.store.conditions import Condition
from tracetui.store.lock import read_owner
from tracetui.store.records import StoreSize
from tracetui.tui.widgets.header import HeaderState

RATE_WINDOW_S = 3.0
"""Seconds over which spans per second are averaged."""

OWNER_EVERY_S = 2.0
"""How often a viewer looks whether the process that writes is still there."""

SIZE_EVERY_S = 5.0
"""How often the store's size is asked for while spans arrive."""


class Pulse:
    """Turns the runtime's counts into a header."""

    def __init__(self, runtime: Runtime, clock: Clock, *, role: str = "") -> None:
        self._runtime = runtime
        self._clock = clock
        self._role = role
        self._size = StoreSize(0, 0, 0, 0)
        self._stored = 0
        self._samples: deque[tuple[float, int]] = deque()
        self._size_at = clock.monotonic()
        self._size_of = -1
        self._told: set[str] = set()
        self._hinted = False
        self._traces = 0
        self._owner_at = clock.monotonic()
        self._owner_gone = False

    def stored(self, spans: int) -> None:
        """Count spans that a commit has stored."""
        self._stored += spans

    def take_size(self, size: StoreSize) -> None:
        """Take the store's size."""
        self._size = size
        self._traces = size.traces

    def trace_total(self, listed: int, where: Condition | None) -> int:
        """Traces in the whole store, for `128 of 18,204`."""
        self._traces = listed if where is None else max(self._traces, listed, self._size.traces)
        return self._traces

    @property
    def has_traces(self) -> bool:
        """Whether any trace is stored, as far as is known."""
        return max(self._traces, self._size.traces, self._stored) > 0

    def wants_size(self) -> bool:
        """Whether to ask for the size again: spans have arrived since, and the last answer is some seconds old."""
        now = self._clock.monotonic()
        if self._stored == self._size_of or now - self._size_at < SIZE_EVERY_S:
            return False
        self._size_at, self._size_of = now, self._stored
        return True

    def header(self, *, following: bool, waiting: int) -> HeaderState:
        """The header of now."""
        return HeaderState(
            statuses=self._runtime.statuses(),
            role=self.role,
            spans_per_second=self._rate() if self._runtime.is_writer else None,
            store_bytes=self._size.bytes,
            counts=self._counts(),
            following=following,
            waiting=waiting,
            open_to_anyone=tuple(map(str, self._runtime.open_to_anyone())),
            trouble=self._trouble(),
            pruned=self._runtime.removed().traces,
            reindexed=self._reindexed(),
        )

    def _trouble(self) -> str:
        """What is wrong as long as the header says so."""
        if stored := self._runtime.trouble():
            return f"nothing is stored: {stored}"
        kept = self._runtime.retention_trouble()
        return f"the limits are not kept: {kept}" if kept else ""

    def _reindexed(self) -> int | None:
        """How much of an older file is up to date, in whole per cent; None once all of it is."""
        progress = self._runtime.reindexing()
        return None if progress is None else int(progress.share * 100)

    @property
    def role(self) -> str:
        """What this process is, where it is not the usual."""
        if self._role:
            return self._role
        if self._runtime.read_only is not None:
            return "read only · nothing is received"
        owner = self._runtime.owner
        if owner is None:
            return "" if self._runtime.settings.receive else "not receiving"
        self._look_at_owner()
        if self._owner_gone:
            return "✖ nobody receives · W takes over"
        ports = " ".join(address.rpartition(":")[2] for address in (owner.grpc, *owner.http) if address)
        return f"viewer of process {owner.pid}" + (f" on {ports}" if ports else "")

    def _look_at_owner(self) -> None:
        now = self._clock.monotonic()
        if now - self._owner_at >= OWNER_EVERY_S:
            self._owner_at = now
            found = read_owner(self._runtime.settings.db)
            self._owner_gone = found is None
            if found is not None and self._runtime.owner is not None:
                self._runtime.owner = found  # another one may have taken its place

    @property
    def database_option(self) -> str:
        """`--db PATH ` where the database is not the usual one, for lines to paste."""
        path = self._runtime.settings.db
        return "" if path == Settings().db else f"--db {shlex.quote(str(path))} "

    def notices(self) -> list[str]:
        """What the user should be told once: a file that was set aside, a listener that failed, metrics not kept."""
        told = [str(self._runtime.set_aside)] if self._runtime.set_aside else []
        if self._runtime.found_damage:
            told.append(
                "The database is damaged: nothing more is stored. Start tracetui again, and it begins a new one."
            )
        if (why := self._runtime.read_only) is not None:
            told.append(f"{why.message} It is only read, and nothing is received. {why.hint}")
        told += [status.error for status in self._runtime.statuses() if status.state is ReceiverState.FAILED]
        if self._runtime.counts().metrics:
            told.append("An app sends metrics; tracetui keeps traces and logs only.")
        told += self._runtime.price_problems()
        if self._owner_gone and (owner := self._runtime.owner) is not None:
            told.append(f"Process {owner.pid}, which received, has ended. W has this one receive in its place.")
        if error := self._runtime.reindexing_error():
            told.append(f"What an earlier version stored is not up to date: {error}")
        fresh = [text for text in told if text not in self._told]
        self._told.update(fresh)
        if not self._hinted and (hint := size_hint(self._runtime.settings, self._size.bytes)):
            self._hinted = True
            fresh.append(hint)
        return fresh

    def _counts(self) -> ReceiverCounts:
        counts = self._runtime.counts()
        return ReceiverCounts(rejected=counts.rejected, malformed=counts.malformed, refused=counts.refused)

    def _rate(self) -> float:
        now = self._clock.monotonic()
        if not self._samples or now - self._samples[-1][0] >= 0.5:
            self._samples.append((now, self._stored))
        while len(self._samples) > 2 and now - self._samples[0][0] > RATE_WINDOW_S:
            self._samples.popleft()
        (first_at, first), (last_at, last) = self._samples[0], self._samples[-1]
        return (last - first) / (last_at - first_at) if last_at > first_at else 0.0
