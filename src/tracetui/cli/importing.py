"""`tracetui import`: files of OTLP data into the database."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from tracetui.cli import diagnostics
from tracetui.cli.otlp_files import FileFormat, Problem, requests_in
from tracetui.cli.sinks import Sink, open_sink
from tracetui.config import Settings
from tracetui.errors import UsageError
from tracetui.model.numbers import many
from tracetui.store.records import IncomingBatch

STDIN = "-"
"""The file name that means stdin."""

ITEMS_PER_WRITE = 1_000
"""Spans and log records stored in one transaction."""

MOST_SHOWN = 10
"""Unreadable parts of one file that are told one by one."""


class Report:
    """What became of one file, or of all."""

    def __init__(self) -> None:
        self.spans = 0
        """Spans stored: new ones, and new versions of old ones."""
        self.logs = 0
        """Log records stored."""
        self.unchanged = 0
        """Spans and log records that were there already."""
        self.rejected: Counter[str] = Counter()
        """Reason to spans and log records refused one by one."""
        self.problems = 0
        """Parts that could not be read."""

    def add(self, other: Report) -> None:
        """Count another report in."""
        self.spans += other.spans
        self.logs += other.logs
        self.unchanged += other.unchanged
        self.rejected += other.rejected
        self.problems += other.problems

    def sentence(self) -> str:
        """The counts in words."""
        parts = [
            many(self.spans, "span"),
            f"{many(self.logs, 'log record')} stored",
        ]
        if self.unchanged:
            parts.append(f"{self.unchanged:,} unchanged")
        if self.rejected:
            parts.append(f"{self.rejected.total():,} rejected")
        return ", ".join(parts)


def import_files(settings: Settings, files: Sequence[str], form: str | None) -> int:
    """Read files and store what they hold; a file that cannot be read does not keep the others out.

    Args:
        settings: Which database.
        files: Paths; `-` for stdin.
        form: One of `FileFormat`; None to find out for each file.

    Returns:
        1 where anything could not be read or was rejected.

    Raises:
        UsageError: No file, or a format that is not known.
        StoreError: The database cannot be used.
    """
    if form is not None and form not in list(FileFormat):
        raise UsageError(f"--format {form} is not known.", hint=f"One of {', '.join(FileFormat)}.")
    if not files and sys.stdin.isatty():
        raise UsageError("No file is given.", hint="Name files, or - to read from stdin.")
    total = Report()
    with open_sink(settings) as sink:
        for file in files or [STDIN]:
            total.add(_import_file(sink, file, FileFormat(form) if form else None))
    diagnostics.note(f"{total.sentence()}.")
    return diagnostics.FAILED if total.problems or total.rejected else diagnostics.DONE


def _import_file(sink: Sink, file: str, form: FileFormat | None) -> Report:
    report = Report()
    batches: list[IncomingBatch] = []
    name = "stdin" if file == STDIN else file
    try:
        with _opened(file) as stream:
            for part in requests_in(stream, form):
                if isinstance(part, Problem):
                    report.problems += 1
                    if report.problems <= MOST_SHOWN:
                        diagnostics.note(f"{name}: {part.where + ': ' if part.where else ''}{part.what}")
                    continue
                if part.rejected:
                    report.rejected[" ".join(part.reasons)] += part.rejected
                batches.append(part.batch)
                if sum(len(batch.spans) + len(batch.logs) for batch in batches) >= ITEMS_PER_WRITE:
                    _store(sink, batches, report)
            _store(sink, batches, report)
    except OSError as error:
        report.problems += 1
        diagnostics.note(f"{name}: It cannot be read: {error.strerror or error}.")
    if report.problems > MOST_SHOWN:
        diagnostics.note(f"{name}: … and {report.problems - MOST_SHOWN:,} more parts that cannot be read.")
    for reason, count in report.rejected.most_common(MOST_SHOWN):
        diagnostics.note(f"{name}: {count:,} rejected: {reason}")
    return report


def _store(sink: Sink, batches: list[IncomingBatch], report: Report) -> None:
    """Store what has been collected, and forget it."""
    if batches:
        stored = sink.store(batches)
        report.spans += stored.spans
        report.logs += stored.logs
        report.unchanged += stored.unchanged
        batches.clear()


@contextmanager
def _opened(file: str) -> Iterator[IO[bytes]]:
    if file == STDIN:
        yield sys.stdin.buffer
        return
    with open(file, "rb") as stream:
        yield stream
