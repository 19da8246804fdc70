"""From a key written to the terminal to the first byte back, and how many bytes are written, quiet and under load."""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from benchmarks import bare_list, databases
from benchmarks.context import Context, percentile
from benchmarks.processes import Sender, explorer, start_environment
from benchmarks.report import Measure
from benchmarks.screen import Program, shows
from benchmarks.sender import Send, http_senders

RATE = 1_000
RUN = 12
"""Cursor keys down, then as many up: they stay on the screen."""
OWN_S, FOLLOWING_S = 0.06, 0.3
"""After a key: its own pane has painted by the first; panes that follow the cursor, once it rests, by the second."""
KB = 1_000
SEEN = "seen "
"""What the spans are called whose way to the screen is measured."""


@dataclass
class Keys:
    """What keys brought."""

    latency_ms: list[float] = field(default_factory=list)
    own_bytes: list[int] = field(default_factory=list)
    all_bytes: list[int] = field(default_factory=list)

    def press(self, program: Program, key: str, pause_s: float = 0.0) -> None:
        """Press a key, and watch what it brings."""
        first = len(program.chunks)
        at = program.press(key)
        if not program.read(at + 5):
            raise RuntimeError("a key brought nothing in five seconds")
        self.latency_ms.append((program.chunks[first][0] - at) * 1000)
        self.own_bytes.append(program.run_for(OWN_S) + len(program.chunks[first][1]))
        self.all_bytes.append(self.own_bytes[-1] + program.run_for(FOLLOWING_S - OWN_S))
        program.run_for(pause_s)


def run(context: Context) -> list[Measure]:
    """The bare list, then the explorer quiet, then with spans arriving."""
    chance = random.Random(3)
    count = context.samples(120, 24)
    env = start_environment(context.home(), context.bytecode)
    with Program([sys.executable, str(Path(bare_list.__file__))], env) as program:
        program.wait_for(shows("line       0"))
        program.wait_quiet()
        bare = _cursor_keys(program, count, chance)
    db = context.large()
    databases.remove_traces(db, SEEN)
    command, http = explorer(db)
    with Program(command, env) as program:
        program.wait_for(shows("● http", "answer_customer", "Quit"))
        program.wait_quiet()
        idle_s = context.samples(10, 3)
        idle = program.run_for(idle_s) / idle_s
        quiet = _cursor_keys(program, count, chance)
        scrolling = _scroll_keys(program, context.samples(30, 8))
        program.press("g")
        program.wait_quiet()
        program.press("f")
        seconds = context.samples(10, 4)
        busy, following, held, noticed = _busy(program, http, count, chance, seconds, databases.new_seed(db))
    return [
        *_latencies("quiet", quiet, bare, (20, None)),
        *_latencies(f"{RATE:,} spans/s arriving", busy, bare, (50, 150)),
        Measure("terminal output, idle", idle, "B/s", 0),
        *_outputs("a cursor key", quiet, 1),
        *_outputs("a scrolling key", scrolling, 8),
        Measure(f"terminal output, {RATE:,} spans/s, following", following / KB, "KB/s", 16),
        Measure(f"terminal output, {RATE:,} spans/s, held", held / KB, "KB/s", 16),
        Measure(
            f"an acknowledged span is on the screen, {RATE:,} spans/s arriving, p95",
            percentile(noticed, 95),
            "ms",
            250,
            note=f"p50 {percentile(noticed, 50):.0f}, worst {max(noticed):.0f} of {len(noticed)}",
        ),
    ]


def _latencies(when: str, keys: Keys, bare: Keys, targets: tuple[float, float | None]) -> list[Measure]:
    def at(percent: float, target: float | None) -> Measure:
        return Measure(
            f"key to first byte, {when}, {'worst' if percent == 100 else f'p{percent:.0f}'}",
            percentile(keys.latency_ms, percent),
            "ms",
            target,
            baseline_name="bare line list, quiet",
            baseline=percentile(bare.latency_ms, percent),
            note=f"{len(keys.latency_ms)} keys",
        )

    return [at(50, None), at(95, targets[0]), at(100, targets[1])]


def _outputs(what: str, keys: Keys, target: float) -> list[Measure]:
    return [
        Measure(
            f"terminal output, {what}{then}",
            statistics.median(counts) / KB,
            "KB",
            bound,
            note=f"median, worst {max(counts) / KB:.1f}",
        )
        for then, counts, bound in (("", keys.own_bytes, target), (" and the pane that follows", keys.all_bytes, None))
    ]


def _cursor_keys(program: Program, count: int, chance: random.Random) -> Keys:
    keys = Keys()
    for number in range(count):
        keys.press(program, "j" if number // RUN % 2 == 0 else "k", chance.uniform(0, 0.1))
    return keys


def _scroll_keys(program: Program, count: int) -> Keys:
    program.press("\x1b[6~" * 2)
    program.wait_quiet()
    keys = Keys()
    for _ in range(count):
        keys.press(program, "j")
    return keys


def _busy(
    program: Program, http: int, count: int, chance: random.Random, seconds: int, seed: int
) -> tuple[Keys, float, float, list[float]]:
    """Keys while spans arrive, the bytes a second before the first and after the last, and how soon spans are seen."""
    sender = Sender("http", http, rate=RATE, seed=seed)
    sender.start()
    program.run_for(2)
    following = program.run_for(seconds) / seconds
    keys = _cursor_keys(program, count, chance)
    held = program.run_for(seconds) / seconds
    program.press("f")
    (send,) = http_senders(http, 1)
    noticed = [_seen_after(program, send, number, chance) for number in range(2 * seconds)]
    result = sender.finish()
    sent = result["acked"] / result["seconds"]
    if sent < 0.9 * RATE:
        print(f"  (only {sent:,.0f} spans/s were taken)")
    return keys, following, held, noticed


def _seen_after(program: Program, send: Send, number: int, chance: random.Random) -> float:
    """Milliseconds from the answer to a trace, the latest of all, until the list shows it."""
    name = f"{SEEN}{number}."
    span = Span(
        trace_id=os.urandom(16),
        span_id=os.urandom(8),
        name=name,
        start_time_unix_nano=time.time_ns() + (3_600 + number) * 10**9,
    )
    span.end_time_unix_nano = span.start_time_unix_nano + 10**6
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.append(span)
    program.run_for(chance.uniform(0.2, 0.5))
    if not send(request.SerializeToString()):
        raise RuntimeError("a span was not taken")
    acknowledged = time.perf_counter()
    program.run_for(1.0)
    for at, screen in program.interpreted():
        if shows(name)(screen):
            return (at - acknowledged) * 1_000
    raise RuntimeError(f"{name!r} was never on the screen:\n" + "\n".join(program.screen.display))
