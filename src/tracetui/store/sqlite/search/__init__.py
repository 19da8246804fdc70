"""The search of the SQLite store."""

from tracetui.store.sqlite.search.reads import SearchReads

__all__ = ["SearchReads"]
