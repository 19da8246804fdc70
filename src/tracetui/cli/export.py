"""`tracetui export`: what is stored as a file, without loss."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tracetui.cli import diagnostics
from tracetui.cli.lists import Counted, logs_of, matching_logs, span_objects
from tracetui.cli.output import Output
from tracetui.cli.reading import all_rows, conditions, open_reader
from tracetui.config import Settings
from tracetui.errors import TracetuiError, UsageError
from tracetui.model.numbers import many
from tracetui.store.api import SpanReader, all_spans
from tracetui.store.records import StoredLog, StoredSpan

if TYPE_CHECKING:
    from tracetui.otlp.encode import ExportItem
    from tracetui.store.conditions import Condition

FORMATS = ("otlp-json", "jsonl")
"""What `--format` takes: OTLP requests that `import` reads again, or the span objects of `--json`."""

STDOUT = "-"
"""The file name that means stdout."""


def export(
    settings: Settings,
    query: str,
    file: str,
    form: str,
    *,
    since: str = "",
    limit: int = 0,
    fail_empty: bool = False,
) -> int:
    """Write the spans that match, and their log records, to a file.

    Without a query every log record is written, those that belong to no span too.

    Args:
        settings: Where the database is.
        query: Which spans; empty for all.
        file: Path to write, replaced only when all is written; `-` for stdout.
        form: One of `FORMATS`.
        since: Only spans that began then or later; empty for all.
        limit: At most this many spans; 0 for all.
        fail_empty: Whether to exit with 3 when nothing matches.

    Raises:
        UsageError: The format or the file cannot be meant.
        TracetuiError: The file cannot be written.
    """
    if form not in FORMATS:
        raise UsageError(f"--format {form} is not known.", hint=f"One of {', '.join(FORMATS)}.")
    where = conditions(settings, query, since)
    if file != STDOUT and Path(file).resolve() == settings.db.resolve():
        raise UsageError(f"{file} is the database itself.", hint="Give --output another file.")
    spans = logs = 0
    with open_reader(settings, searching=where is not None) as reader, _open_output(file) as output:
        if reader is not None:
            write = _write_objects if form == "jsonl" else _write_requests
            spans, logs = write(output, reader, where, limit or None)
        output.flush()
    if file != STDOUT:
        diagnostics.note(f"Wrote {many(spans, 'span')} and {many(logs, 'log record')} to {file}.")
    return diagnostics.NOTHING_MATCHED if fail_empty and not spans and not logs else diagnostics.DONE


def _write_requests(output: Output, reader: SpanReader, where: Condition | None, limit: int | None) -> tuple[int, int]:
    from tracetui.otlp.encode import json_requests
    from tracetui.otlp.wire import Signal

    spans = Counted(islice(all_spans(reader, where), limit))
    if limit is None:
        logs = Counted(matching_logs(reader, where))
    else:
        logs = Counted(logs_of(reader, islice(all_rows(reader, where), limit)))
    for signal, stored in ((Signal.TRACES, spans), (Signal.LOGS, logs)):
        for request in json_requests(signal, _items(stored)):
            output.json(request, compact=True)
    return spans.count, logs.count


def _write_objects(output: Output, reader: SpanReader, where: Condition | None, limit: int | None) -> tuple[int, int]:
    spans = 0
    for value in span_objects(reader, islice(all_rows(reader, where), limit)):
        output.json(value)
        spans += 1
    return spans, 0


def _items(stored: Iterable[StoredSpan | StoredLog]) -> Iterator[ExportItem]:
    from tracetui.otlp.encode import ExportItem

    for item in stored:
        yield ExportItem(
            item.data, item.resource.data, item.resource.schema_url, item.scope.data, item.scope.schema_url
        )


@contextmanager
def _open_output(file: str) -> Iterator[Output]:
    """Stdout, or a file that takes its name only once it is whole; pipes and devices are written as they are."""
    if file == STDOUT:
        yield Output(sys.stdout)
        return
    path = Path(file)
    try:
        if path.is_dir():
            raise UsageError(f"{file} is a folder.", hint="Give --output a file.")
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            with path.open("w", encoding="utf-8", newline="\n") as stream:
                yield Output(stream)
            return
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with part.open("x", encoding="utf-8", newline="\n") as stream:
                yield Output(stream)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise TracetuiError(
            f"{file} cannot be written: {error.strerror or error}.",
            hint="Give --output a file in a folder you may write to.",
        ) from error
