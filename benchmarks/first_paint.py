"""From the start of the process to the first complete paint, against a bare Textual application, turn by turn."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import bare_app
from benchmarks.context import Context
from benchmarks.processes import explorer, start_environment
from benchmarks.report import Measure
from benchmarks.screen import Program, Shows, shows

RATIO = 1.4
BARE = [sys.executable, str(Path(bare_app.__file__))]


def run(context: Context) -> list[Measure]:
    """An empty file (as a new user has), a large one, and the bare application."""
    large = context.large()
    rounds = context.samples(31, 3)
    taken: dict[str, list[float]] = {"bare": [], "empty": [], "large": []}
    for number in range(rounds + 1):
        home = context.home()
        env = start_environment(home, context.bytecode)
        seconds = {
            "bare": _seconds(BARE, env, shows(bare_app.TEXT)),
            "empty": _seconds(explorer(home / "new.db")[0], env, shows("No traces yet", "Quit")),
            "large": _seconds(explorer(large)[0], env, shows(" traces", "answer_customer", "Quit")),
        }
        for name, value in seconds.items() if number else ():  # the first round compiles the modules
            taken[name].append(value)
    medians = {name: statistics.median(values) for name, values in taken.items()}
    return [
        Measure(
            f"first paint, {what}",
            medians[name],
            "s",
            RATIO,
            of_ratio=True,
            baseline=medians["bare"],
            baseline_name="bare Textual app",
            note=f"median of {rounds}, best {min(taken[name]):.2f} beside {min(taken['bare']):.2f}",
        )
        for name, what in (("empty", "new database"), ("large", "200,000 spans"))
    ]


def _seconds(command: Sequence[str], env: Mapping[str, str], complete: Shows) -> float:
    with Program(command, env) as program:
        return program.wait_for(complete) - program.started
