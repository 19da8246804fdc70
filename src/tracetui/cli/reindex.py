"""`tracetui reindex`: derives the columns of an older file anew."""

from __future__ import annotations

import time

from tracetui.cli import diagnostics
from tracetui.cli.reading import use_prices
from tracetui.cli.searchable import make_searchable, show_searchable
from tracetui.config import Settings
from tracetui.errors import StoreError, StoreLockedError
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.model.numbers import many
from tracetui.receivers.incoming import derive_span
from tracetui.reindex import Progress, Reindexer
from tracetui.store.ingest import Ingest
from tracetui.store.lock import read_owner
from tracetui.store.sqlite import SqliteReader, SqliteWriter

LOOK_EVERY_S = 0.5
"""How often progress is looked at."""


def reindex(settings: Settings, *, everything: bool = False) -> int:
    """Bring columns and totals up to date, showing how far it has come.

    Args:
        settings: Which database.
        everything: Also what this version has derived itself, by newer prices for instance.

    Returns:
        1 where it ended early.

    Raises:
        StoreError: The database cannot be used.
    """
    if not settings.db.exists():
        raise StoreError(f"There is no database {settings.db}.", hint="Name one with --db.")
    try:
        writer = SqliteWriter(settings.db, derivation_version=DERIVATION_VERSION, derive=derive_span)
    except StoreLockedError as locked:
        if everything:
            raise StoreLockedError(locked.message, hint="Stop it to derive everything anew.") from locked
        return _follow(settings)
    use_prices(settings)
    ingest = Ingest(writer)
    ingest.start()
    reindexer = Reindexer(lambda: SqliteReader(settings.db), ingest, at_rest=False)
    try:
        if everything:
            ingest.run(lambda writer: writer.clear_index()).result()
            reindexer.outdate_all()
        reindexer.start()
        while not reindexer.wait(LOOK_EVERY_S):
            _show(reindexer.progress)
        if reindexer.error:
            raise StoreError(reindexer.error)
        _done(reindexer.progress.total, make_searchable(settings, ingest))
        return diagnostics.DONE
    except KeyboardInterrupt:
        diagnostics.note("Stopped; the next `tracetui reindex`, or the explorer, goes on from here.")
        return diagnostics.INTERRUPTED
    finally:
        reindexer.stop()
        ingest.stop()


def _follow(settings: Settings) -> int:
    """Watch the tracetui that writes this database, which does it by itself."""
    reader = SqliteReader(settings.db)
    try:
        total = left = reader.count_outdated(DERIVATION_VERSION)
        while left:
            _show(Progress(total - left, total))
            _wait(settings)
            left = reader.count_outdated(DERIVATION_VERSION)
        state = reader.search_state()
        waiting = state.total - state.indexed
        while state.indexed < state.total:
            show_searchable(state)
            _wait(settings)
            state = reader.search_state()
    finally:
        reader.close()
    _done(total, waiting)
    return diagnostics.DONE


def _wait(settings: Settings) -> None:
    if read_owner(settings.db) is None:
        raise StoreError("The tracetui that was at it has ended.", hint="Call `tracetui reindex` again.")
    time.sleep(LOOK_EVERY_S)


def _show(progress: Progress) -> None:
    if progress.total:
        diagnostics.show_progress(progress.share, f"{progress.total:,} spans and log records")


def _done(total: int, indexed: int) -> None:
    if total:
        diagnostics.end_progress()
        diagnostics.note(f"{total:,} spans and log records derived anew.")
    elif indexed:
        diagnostics.note(f"{many(indexed, 'span')} made searchable.")
    else:
        diagnostics.note("Everything is up to date already.")
