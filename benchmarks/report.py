"""What a benchmark yields, where it was measured, and how it is written down."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tracetui.model.clock import SystemClock

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results"
TABLE = FOLDER / "RESULTS.md"


@dataclass(frozen=True)
class Measure:
    """One number."""

    what: str
    """What was measured, for a reader."""
    value: float
    unit: str
    target: float | None = None
    """The bound that the design sets."""
    at_least: bool = False
    """Whether the target is a lower bound."""
    of_ratio: bool = False
    """Whether the target is for the ratio to the baseline."""
    baseline: float | None = None
    """What the same machine gave in the same run for what is named next."""
    baseline_name: str = ""
    note: str = ""
    """Samples, spread, what else helps to judge the number."""

    @property
    def ratio(self) -> float | None:
        """Value to baseline."""
        return self.value / self.baseline if self.baseline else None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None without one."""
        judged = self.ratio if self.of_ratio else self.value
        if self.target is None or judged is None:
            return None
        return judged >= self.target if self.at_least else judged <= self.target


def compared(measure: Measure, baseline: float, name: str) -> Measure:
    """The same measure beside its baseline."""
    return replace(measure, baseline=baseline, baseline_name=name)


def machine() -> str:
    """The machine and the versions that matter."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor() or platform.machine(),
    )
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, Textual {version('textual')}"
    )


def commit() -> str:
    """The commit, marked where the program differs from it."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=FOLDER, capture_output=True, text=True, check=True).stdout.strip()

    return git("rev-parse", "--short", "HEAD") + ("-dirty" if git("status", "--porcelain", "--", "../src") else "")


def save(benchmark: str, measures: Sequence[Measure]) -> None:
    """Put a benchmark's numbers into this day's and commit's file, and write the table anew."""
    now = datetime.fromtimestamp(SystemClock().now_nano() / 1e9, UTC)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y-%m-%d}-{commit()}.json"
    run: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"commit": commit(), "benchmarks": {}}
    run["benchmarks"][benchmark] = {
        "at": now.isoformat(timespec="seconds"),
        "machine": machine(),
        "load": round(os.getloadavg()[0], 2),
        "measures": [asdict(measure) | {"ratio": measure.ratio, "met": measure.is_met} for measure in measures],
    }
    path.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n")
    TABLE.write_text(_table())


def _table() -> str:
    """The newest numbers of every benchmark, from all files."""
    newest: dict[str, tuple[str, dict[str, Any]]] = {}
    for path in RESULTS.glob("*.json"):
        run = json.loads(path.read_text())
        for name, found in run["benchmarks"].items():
            if name not in newest or found["at"] > newest[name][1]["at"]:
                newest[name] = run["commit"], found
    lines = [
        "# Benchmark results",
        "",
        "Written by `uv run python -m benchmarks`. Targets are those of the design; "
        "baselines are of the same run. The newest run of each benchmark:",
    ]
    for name, (commit_name, found) in sorted(newest.items()):
        lines += [
            "",
            f"## {name}",
            "",
            f"{found['at']}, commit {commit_name}, load {found['load']}  ",
            f"{found['machine']}",
            "",
            *markdown(found["measures"]),
        ]
    return "\n".join(lines) + "\n"


def markdown(measures: Iterable[dict[str, Any]]) -> list[str]:
    """Rows of a table."""
    lines = ["| | value | baseline | ratio | target | met | |", "|---|---:|---:|---:|---:|:-:|---|"]
    for row in measures:
        bound = "" if row["target"] is None else f"{'≥' if row['at_least'] else '≤'} {_number(row['target'])}"
        bound += " ×" if row["of_ratio"] and bound else ""
        baseline = "" if row["baseline"] is None else f"{_number(row['baseline'])} {row['baseline_name']}"
        met = {True: "yes", False: "**no**", None: ""}[row["met"]]
        lines.append(
            f"| {row['what']} | {_number(row['value'])} {row['unit']} | {baseline} | {_number(row['ratio'])} "
            f"| {bound} | {met} | {row['note']} |"
        )
    return lines


def _number(value: object) -> str:
    if not isinstance(value, int | float):
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def show(measures: Iterable[Measure]) -> None:
    """Print numbers for a person."""
    for measure in measures:
        ratio = (
            ""
            if measure.ratio is None
            else (f"  {measure.ratio:.2f} × {_number(measure.baseline)} of {measure.baseline_name}")
        )
        met = {True: "  ok", False: "  MISSED", None: ""}[measure.is_met]
        bound = (
            ""
            if measure.target is None
            else (
                "  target "
                + ("≥ " if measure.at_least else "≤ ")
                + _number(measure.target)
                + (" ×" if measure.of_ratio else "")
            )
        )
        print(
            f"  {measure.what:58} {_number(measure.value):>9} {measure.unit:10}{ratio}{bound}{met}"
            f"{'  (' + measure.note + ')' if measure.note else ''}",
            flush=True,
        )
