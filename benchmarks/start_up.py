"""How long commands take that answer at once: from the start of the process to its end."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from benchmarks import databases
from benchmarks.context import Context
from benchmarks.processes import installed, start_environment
from benchmarks.report import Measure

VERSION_S = 0.25
SPANS_S = 0.5


def run(context: Context) -> list[Measure]:
    """`--version`, and `spans --json` on a database that holds nothing, beside an interpreter that does nothing."""
    env = start_environment(context.home(), context.bytecode)
    db = databases.empty(context.home() / "empty.db")
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "tracetui --version": installed("--version"),
        "tracetui spans --json, empty file": installed("spans", "--json", "--db", str(db)),
    }
    for command in commands.values():
        _seconds(command, env)
    rounds = context.samples(15, 5)
    taken = {name: [] for name in commands}  # type: dict[str, list[float]]
    for _ in range(rounds):
        for name, command in commands.items():
            taken[name].append(_seconds(command, env))
    medians = {name: statistics.median(values) for name, values in taken.items()}
    (bare, bare_s), *ours = medians.items()
    return [
        Measure(name, seconds, "s", target, baseline=bare_s, baseline_name=bare, note=f"median of {rounds}")
        for (name, seconds), target in zip(ours, (VERSION_S, SPANS_S), strict=True)
    ]


def _seconds(command: Sequence[str], env: Mapping[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=env, check=True, capture_output=True)
    return time.perf_counter() - started
