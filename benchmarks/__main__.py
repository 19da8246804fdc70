"""Measure, print, write down.

    uv run python -m benchmarks [NAME...] [--quick] [--data DIR]

Without names everything is measured. The numbers go to benchmarks/results/ and the table benchmarks/RESULTS.md.
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
from pathlib import Path

from benchmarks import report
from benchmarks.context import Context

NAMES = (
    "start_up",
    "first_paint",
    "key_to_paint",
    "filter_typing",
    "open_trace",
    "memory",
    "ingest",
    "ingest_steps",
    "search_index",
    "search",
)
"""Every benchmark: a module beside this one with `run(context)`."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="few samples, for a first look; nothing is written")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the large databases here for the next run")
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(NAMES)}")
    print(f"{report.machine()}, commit {report.commit()}")
    missed = 0
    with tempfile.TemporaryDirectory(prefix="tracetui-bench-") as folder:
        context = Context(Path(folder), given.data or Path(folder), given.quick)
        for name in given.names or NAMES:
            print(f"{name}:", flush=True)
            measures = importlib.import_module(f"benchmarks.{name}").run(context)
            report.show(measures)
            missed += sum(measure.is_met is False for measure in measures)
            if not given.quick:
                report.save(name, measures)
    print(f"{missed} targets missed" if missed else "all targets met")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
