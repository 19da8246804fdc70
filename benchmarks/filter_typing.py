"""Typing a filter over a million spans, quiet and while spans arrive: each key to its paint, the last to the count."""

from __future__ import annotations

import random
from pathlib import Path

import pyte

from benchmarks import databases
from benchmarks.context import Context, percentile
from benchmarks.key_to_paint import RATE, Keys
from benchmarks.processes import Sender, explorer, start_environment
from benchmarks.report import Measure
from benchmarks.screen import Program, shows
from tracetui.tui.theme import DARK_PALETTE

TRACES = 50_000
"""A million spans."""

QUERIES = (
    "model:gpt-4* kind:LLM platypus",
    "http.status_code>=500 xylophone",
    'tokens>1k "refund policy" order',
    "-status:error quagmire trace.llm>1",
)
"""Rare and common words, fields, an attribute, a phrase; about 30 characters each."""

PAUSES_S = (0.06, 0.18)
"""Between two keys of somebody who types fast."""

INDEX_S = 900
"""How long to wait for the index of a database that is searched for the first time."""


def run(context: Context) -> list[Measure]:
    """Type each query some times, quiet, then while spans arrive."""
    db = databases.many_traces(context.data, context.samples(TRACES, 1_000))
    rounds = context.samples(3, 1)
    command, http = explorer(db)
    env = start_environment(context.home(), context.bytecode)
    chance = random.Random(5)
    with Program(command, env) as program:
        program.wait_for(shows("● http", "Quit"))
        _wait_for_index(program)
        quiet, quiet_rows = _type(program, rounds, chance)
        sender = Sender("http", http, rate=RATE, seed=databases.new_seed(Path(db)))
        sender.start()
        program.run_for(2)
        busy, busy_rows = _type(program, rounds, chance)
        result = sender.finish()
    sent = result["acked"] / result["seconds"]
    if sent < 0.9 * RATE:
        print(f"  (only {sent:,.0f} spans/s were taken)")
    return [
        *_measures("quiet", quiet, quiet_rows, 20),
        *_measures(f"{RATE:,} spans/s arriving", busy, busy_rows, 50),
    ]


def _measures(when: str, keys: Keys, rows_ms: list[float], target: float) -> list[Measure]:
    note = f"{len(keys.latency_ms)} keys"
    return [
        Measure(f"key of a filter to first byte, {when}, p50", percentile(keys.latency_ms, 50), "ms", None, note=note),
        Measure(
            f"key of a filter to first byte, {when}, p95", percentile(keys.latency_ms, 95), "ms", target, note=note
        ),
        Measure(f"key of a filter to first byte, {when}, worst", max(keys.latency_ms), "ms", None, note=note),
        Measure(
            f"last key of a filter to its count, {when}, p50",
            percentile(rows_ms, 50),
            "ms",
            None,
            note=f"worst {max(rows_ms):.0f}, {len(rows_ms)} queries",
        ),
    ]


def _type(program: Program, rounds: int, chance: random.Random) -> tuple[Keys, list[float]]:
    """Latency of each key, and the time from the last key of each query to its count."""
    keys, rows_ms = Keys(), []
    for text in QUERIES * rounds:
        program.press("/")
        program.run_for(0.3)
        for character in text:
            first = len(program.chunks)
            at = program.press(character)
            if not program.read(at + 5):
                raise RuntimeError("a key brought nothing in five seconds")
            keys.latency_ms.append((program.chunks[first][0] - at) * 1000)
            program.run_for(chance.uniform(*PAUSES_S))
        rows_ms.append((program.wait_for(_counted) - at) * 1000)
        program.press("\x1b")
        program.run_for(0.2)
        if "/ " in program.screen.display[1]:  # the first Esc closed suggestions
            program.press("\x1b")
        program.run_for(0.5)
    return keys, rows_ms


def _wait_for_index(program: Program) -> None:
    program.press("/")
    for character in "kind:LLM":
        program.press(character)
    program.run_for(1)
    program.wait_for(lambda screen: _counted(screen) and "index" not in screen.display[1], patience=INDEX_S)
    program.press("\x1b")
    program.run_for(0.2)
    program.press("\x1b")
    program.run_for(1)


def _counted(screen: pyte.Screen) -> bool:
    """Whether the bar says how many traces match what is typed: the count of before is fainter."""
    line = screen.display[1].rstrip()
    is_old = screen.buffer[1][len(line) - 1].fg == DARK_PALETTE.faint.removeprefix("#")
    return " of " in line and "+ of" not in line and "searching" not in line and not is_old
