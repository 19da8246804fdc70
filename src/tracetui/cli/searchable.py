"""Brings the search index up to what is stored, for commands that write without a runtime."""

from __future__ import annotations

from tracetui.cli import diagnostics
from tracetui.config import Settings
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.model.numbers import many
from tracetui.store.follower import Follower
from tracetui.store.ingest import WriterThread
from tracetui.store.records import SearchState
from tracetui.store.sqlite import SqliteReader


def make_searchable(settings: Settings, writer: WriterThread) -> int:
    """Index what is stored and not yet indexed, showing how far it has come.

    Returns:
        How many spans that were.

    Raises:
        StoreError: The database cannot be read or written.
    """
    reader = SqliteReader(settings.db)
    try:
        state = reader.search_state()
    finally:
        reader.close()
    Follower(lambda: SqliteReader(settings.db), writer, version=DERIVATION_VERSION, at_rest=False).run(show_searchable)
    if state.indexed < state.total:
        diagnostics.end_progress()
    return state.total - state.indexed


def show_searchable(state: SearchState) -> None:
    """Show how far the search index has come."""
    diagnostics.show_progress(state.indexed / max(state.total, 1), f"{many(state.total, 'span')} searchable")
