"""`tracetui prune` and `tracetui delete`: removal, shown before it happens."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tracetui.cli import diagnostics
from tracetui.cli.lists import TRACES, write_table
from tracetui.cli.output import Output
from tracetui.cli.reading import all_traces, conditions
from tracetui.config import Settings
from tracetui.errors import StoreError, StoreLockedError, UsageError
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.model.numbers import format_bytes, many
from tracetui.model.trace import TraceSummary
from tracetui.store.ingest import Ingest
from tracetui.store.records import OldTrace, Removed
from tracetui.store.retention import Limits, Retention
from tracetui.store.sqlite import SqliteReader, SqliteWriter

SHOWN = 10
"""Traces of those to be deleted that are listed."""


def prune(settings: Settings) -> int:
    """Remove the oldest traces until the database is within its limits.

    Raises:
        UsageError: No limit is set.
        StoreError: The database cannot be used, or another process writes it.
    """
    limits = Limits(settings.max_size, settings.max_age)
    if not limits:
        raise UsageError("No limit is set.", hint="Give --max-size 2GB or --max-age 30d.")
    with _removing(settings, limits) as retention:
        removed = retention.keep()
    _tell(settings, removed)
    if retention.trouble:
        diagnostics.note(f"{retention.trouble[:1].upper()}{retention.trouble[1:]}.")
    return diagnostics.DONE


def delete(settings: Settings, query: str, *, confirmed: bool, pinned: bool = False) -> int:
    """Remove the traces that match, after showing them and asking.

    Args:
        settings: Which database.
        query: What they match; must not be empty.
        confirmed: Whether to go ahead without asking.
        pinned: Whether pinned traces go too.

    Returns:
        1 where the person does not want to, 3 where nothing matches that may go.

    Raises:
        UsageError: The query is empty or wrong, or there is nobody to ask.
        StoreError: The database cannot be used, or another process writes it.
    """
    where = conditions(settings, query)
    if where is None:
        raise UsageError("Say which traces.", hint="`tracetui delete 'start<-30d'`; `*` in a name stands for anything.")
    if not settings.db.exists():
        raise StoreError(f"There is no database {settings.db}.", hint="Name one with --db.")
    reader = SqliteReader(settings.db)
    try:
        going: list[OldTrace] = []
        shown: list[TraceSummary] = []
        spared = 0
        for trace in all_traces(reader, where):
            if trace.pinned and not pinned:
                spared += 1
                continue
            going.append(OldTrace(trace.trace_id, trace.span_count))
            if len(shown) < SHOWN:
                shown.append(trace)
    finally:
        reader.close()
    if spared:
        them = "it" if spared == 1 else "them"
        diagnostics.note(f"{many(spared, 'pinned trace')} spared; --pinned removes {them} too.")
    if not going:
        diagnostics.note("Nothing to remove." if spared else "No traces match.")
        return diagnostics.NOTHING_MATCHED
    output = Output()
    write_table(output, TRACES, shown)
    output.flush()
    more = f", {len(going) - len(shown):,} of them not shown" if len(going) > len(shown) else ""
    spans = sum(trace.span_count for trace in going)
    what = f"{many(len(going), 'trace')} with {many(spans, 'span')}{more}"
    if not confirmed and not _agrees(what):
        diagnostics.note("Nothing was deleted.")
        return diagnostics.FAILED
    with _removing(settings, Limits()) as retention:
        retention.remove(going)
        retention.keep()
        removed = retention.removed
    _tell(settings, removed)
    return diagnostics.DONE


@contextmanager
def _removing(settings: Settings, limits: Limits) -> Iterator[Retention]:
    """The database with this process as its writer."""
    if not settings.db.exists():
        raise StoreError(f"There is no database {settings.db}.", hint="Name one with --db.")
    try:
        writer = SqliteWriter(settings.db, derivation_version=DERIVATION_VERSION)
    except StoreLockedError as locked:
        hint = "Stop it first; or start it with --max-size or --max-age (max_size, max_age in its configuration)."
        raise StoreLockedError(locked.message, hint=hint) from locked
    ingest = Ingest(writer)
    ingest.start()
    try:
        yield Retention(lambda: SqliteReader(settings.db), ingest, limits, at_rest=False)
    finally:
        ingest.stop()


def _agrees(what: str) -> bool:
    """Ask; anything but a yes is a no.

    Raises:
        UsageError: Nobody can answer.
    """
    if not sys.stdin.isatty():
        raise UsageError(f"This deletes {what}.", hint="Give --yes to do so without being asked.")
    diagnostics.note(f"Delete {what}? [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _tell(settings: Settings, removed: Removed) -> None:
    size = format_bytes(settings.db.stat().st_size)
    what = f"{many(removed.traces, 'trace')} with {many(removed.spans, 'span')}"
    diagnostics.note(f"{what} removed; {settings.db} now has {size}." if removed.traces else "Nothing to remove.")
