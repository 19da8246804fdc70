"""The default backend: one SQLite file."""

from tracetui.store.sqlite.reader import SqliteReader
from tracetui.store.sqlite.writer import SqliteWriter

__all__ = ["SqliteReader", "SqliteWriter"]
