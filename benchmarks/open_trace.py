"""From the key that opens a large trace to its rows on the screen."""

from __future__ import annotations

import statistics

import pyte

from benchmarks.context import Context
from benchmarks.processes import explorer, start_environment
from benchmarks.report import Measure
from benchmarks.screen import Program, shows

TARGETS_MS = {10_000: 150, 100_000: 600}
ROWS = 10
"""So many rows with their columns make a usable tree; while these are read, rows are blank."""


def run(context: Context) -> list[Measure]:
    """The large trace is the second of the list: one write of `j` and Enter moves there and opens it."""
    return [measure for spans, target in TARGETS_MS.items() for measure in _open(context, spans, target)]


def _open(context: Context, spans: int, target: float) -> list[Measure]:
    title = f"{spans:,} spans"

    def is_usable(screen: pyte.Screen) -> bool:
        rows = sum("LLM ChatC" in line for line in screen.display)
        return rows >= ROWS and any(title in line for line in screen.display)

    command, _ = explorer(context.big_trace(spans))
    taken = []
    with Program(command, start_environment(context.home(), context.bytecode)) as program:
        program.wait_for(shows("2 traces", "20 spans", "Quit", "● http"))
        program.wait_quiet()
        for _ in range(context.samples(9, 3)):
            pressed = program.press("j\r")
            taken.append((program.wait_for(is_usable) - pressed) * 1000)
            program.press("\x1b")  # by itself, else it is alt+k
            program.wait_for(shows("2 traces"))
            program.press("k")
            program.wait_for(shows("20 spans"))
            program.wait_quiet()
    return [
        Measure(
            f"open a trace of {spans:,} spans",
            statistics.median(taken),
            "ms",
            target,
            note=f"median of {len(taken)}, first {taken[0]:.0f}, worst {max(taken):.0f}",
        )
    ]
