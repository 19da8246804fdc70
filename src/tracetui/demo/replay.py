"""Recordings played as if they happened now: fresh ids, fresh times, sent span by span as each one ends."""

from __future__ import annotations

import copy
import heapq
import itertools
import json
import logging
import random
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tracetui.demo.captures import RecordedItem, Recording, load_recordings
from tracetui.errors import TracetuiError
from tracetui.model.clock import NANOS_PER_SECOND, Clock, SystemClock
from tracetui.otlp.wire import Signal

log = logging.getLogger(__name__)

Send = Callable[[bytes, str], object]
"""Takes the body of an OTLP/JSON export request and its signal, `traces` or `logs`. May raise `TracetuiError`."""

CONTENT_TYPE = "application/json"
"""Media type of the bodies."""

SHORTEST_S, LONGEST_S = 1.5, 8.0
"""How long a trace may take to play. Against the stand-ins most took a tenth of a second, too short to watch."""

SECONDS_PER_SPAN = 0.35
"""How long a trace that is stretched takes, per span."""

PLAY_S = 75.0
"""How long new traces begin, before the replay falls silent."""

PAUSE_S = 0.8
"""Between the middle of one trace and the beginning of the next, so that they overlap a little."""

HISTORY_GAP_S = 3.0
"""Between the ends of traces that are sent all at once."""


class Step(NamedTuple):
    """One request to send."""

    due_unix_nano: int
    signal: str
    body: bytes


class FreshIds:
    """New ids for old ones, the same new one for the same old one, so that parents, links and logs still fit.

    Args:
        seed: Makes the ids repeatable; None for ids never seen before.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)
        self._known: dict[str, str] = {}

    def forget(self) -> None:
        """From now on every old id gets another new one."""
        self._known.clear()

    def fresh(self, old: str) -> str:
        """The new id; of the same length as the old one, empty for none."""
        if old and old not in self._known:
            self._known[old] = f"{self._random.getrandbits(len(old) * 4) or 1:0{len(old)}x}"
        return self._known.get(old, "")


def play_length_s(recording: Recording) -> float:
    """How long a recording takes to play: as long as it took when that can be watched, else by its size."""
    begin, end = _bounds(recording)
    took = (end - begin) / NANOS_PER_SECOND
    if took < SHORTEST_S:
        took = SHORTEST_S + SECONDS_PER_SPAN * len(recording.spans)
    return min(took, LONGEST_S)


def plan(recording: Recording, ids: FreshIds, begin_unix_nano: int, length_s: float) -> list[Step]:
    """The requests that play a recording, in order: each span at its end, each log record at its time.

    Args:
        recording: What to play; left as it is.
        ids: Where its new ids come from.
        begin_unix_nano: When its first span starts.
        length_s: How long it takes, from the first start to the last end.
    """
    old_begin, old_end = _bounds(recording)
    factor = length_s * NANOS_PER_SECOND / max(old_end - old_begin, 1)

    def moved(old: str) -> str:
        return str(begin_unix_nano + round((int(old) - old_begin) * factor)) if int(old) else old

    steps = [_step(item, ids, moved) for item in (*recording.spans, *recording.logs)]
    return sorted(steps, key=lambda step: step.due_unix_nano)


def send_all(send: Send, *, clock: Clock | None = None, seed: int | None = None) -> int:
    """Send every recording at once, the last one ending now, the others before it.

    Returns:
        How many traces were sent.
    """
    recordings = load_recordings()
    ids = FreshIds(seed)
    end = (clock or SystemClock()).now_nano()
    for recording in reversed(recordings):
        length_s = play_length_s(recording)
        for step in plan(recording, ids, end - round(length_s * NANOS_PER_SECOND), length_s):
            send(step.body, step.signal)
        end -= round(HISTORY_GAP_S * NANOS_PER_SECOND)
    return len(recordings)


class Replayer:
    """Plays the recordings over and over in a thread of its own, for a while.

    Args:
        send: Where the requests go; called in that thread. A `TracetuiError` or `OSError` from it ends the replay.
        clock: What time it is.
        seed: Makes the ids repeatable.
        play_s: How long new traces begin.
    """

    def __init__(
        self, send: Send, *, clock: Clock | None = None, seed: int | None = None, play_s: float = PLAY_S
    ) -> None:
        self._send = send
        self._clock = clock or SystemClock()
        self._ids = FreshIds(seed)
        self._play_s = play_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tracetui-demo", daemon=True)

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more, and wait for the request under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def wait(self, timeout_s: float) -> bool:
        """Wait until the replay has fallen silent; whether it has."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def is_playing(self) -> bool:
        """Whether requests are still to come."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._play(load_recordings())
        except (TracetuiError, OSError) as error:
            log.warning("the demo's replay ended: %s", error)

    def _play(self, recordings: Sequence[Recording]) -> None:
        waiting: list[Step] = []
        playlist = itertools.cycle(recordings)
        begin = self._clock.now_nano()
        last_begin = begin + round(self._play_s * NANOS_PER_SECOND)
        while not self._stopping.is_set() and (waiting or begin <= last_begin):
            if begin <= last_begin and (not waiting or begin <= waiting[0].due_unix_nano):
                if not self._wait_until(begin):
                    return
                recording = next(playlist)
                length_s = play_length_s(recording)
                self._ids.forget()
                for step in plan(recording, self._ids, begin, length_s):
                    heapq.heappush(waiting, step)
                begin += round((length_s / 2 + PAUSE_S) * NANOS_PER_SECOND)
            else:
                step = heapq.heappop(waiting)
                if not self._wait_until(step.due_unix_nano):
                    return
                self._send(step.body, step.signal)

    def _wait_until(self, moment_unix_nano: int) -> bool:
        """Wait for a moment; False when told to stop before it."""
        left_s = (moment_unix_nano - self._clock.now_nano()) / NANOS_PER_SECOND
        return not self._stopping.wait(max(left_s, 0))


def _bounds(recording: Recording) -> tuple[int, int]:
    starts = [int(item.fields["startTimeUnixNano"]) for item in recording.spans]
    ends = [int(item.fields["endTimeUnixNano"]) for item in recording.spans]
    return min(starts), max(ends)


def _step(item: RecordedItem, ids: FreshIds, moved: Callable[[str], str]) -> Step:
    fresh = RecordedItem(item.signal, copy.deepcopy(item.request))
    fields = fresh.fields
    for reference in (fields, *fields.get("links", ())):
        _renew(reference, ids)
    for timed in (fields, *fields.get("events", ())):
        for key in ("startTimeUnixNano", "endTimeUnixNano", "timeUnixNano", "observedTimeUnixNano"):
            if key in timed:
                timed[key] = moved(timed[key])
    due = (
        fields.get("endTimeUnixNano")
        if item.signal is Signal.TRACES
        else (fields.get("timeUnixNano") or fields.get("observedTimeUnixNano"))
    )
    body = json.dumps(fresh.request, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return Step(int(due or 0), item.signal.value, body)


def _renew(reference: dict[str, Any], ids: FreshIds) -> None:
    for key in ("traceId", "spanId", "parentSpanId"):
        if reference.get(key):
            reference[key] = ids.fresh(reference[key])
