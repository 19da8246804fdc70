"""What benchmarks share: folders, large databases, and small statistics."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import databases


@dataclass
class Context:
    """One run of the command."""

    folder: Path
    """Removed after the run."""
    data: Path
    """Where large databases are kept."""
    quick: bool
    """Whether few samples do."""
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def samples(self, usual: int, quick: int) -> int:
        """How many to take."""
        return quick if self.quick else usual

    def home(self) -> Path:
        """A new empty folder for a process."""
        home = self.folder / f"home-{next(self._numbers)}"
        home.mkdir()
        return home

    @property
    def bytecode(self) -> Path:
        """Where the processes of this run keep compiled modules."""
        return self.folder / "bytecode"

    def large(self) -> Path:
        """A database of `databases.LARGE` spans."""
        return databases.large(self._kept())

    def big_trace(self, spans: int) -> Path:
        """A database with a trace of so many spans and a newer small one."""
        return databases.big_trace(self._kept(), spans)

    def many_traces(self, traces: int) -> Path:
        """A database of so many traces of many applications."""
        return databases.many_traces(self._kept(), traces)

    def _kept(self) -> Path:
        self.data.mkdir(parents=True, exist_ok=True)
        return self.data


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * int(percent * 10) // 1000) - 1))]
