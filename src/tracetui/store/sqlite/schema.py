"""The schema as the numbered files of `ddl` make it, and a new file made of their outcome.

An older file is brought up to date by `migrations`, with sqlite-utils. A new one needs no history: importing
sqlite-utils and altering what has just been made would take a fifth of the time to the first paint. It gets the same
tables and the same records.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

SET = "tracetui"
"""The name of our migrations among those that sqlite-utils keeps records of."""

NAMES = ("001_initial", "002_costs", "003_sessions", "004_late", "005_search", "006_keeping", "007_removed_logs")
"""The migrations in order; number N leaves `user_version` at N."""

WHOLE = "whole"
"""What they all leave, as one file, which docs/make_schema.py writes."""

_FILES = Path(__file__).parent / "ddl"  # `importlib.resources` would take 3 ms of a new file's first paint

_RECORD = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, datetime('now'))"


def create(connection: sqlite3.Connection) -> bool:
    """Give an empty file the whole schema in one transaction.

    Returns:
        Whether it was empty; any other file is left alone.

    Raises:
        sqlite3.Error: It failed; the file is as it was.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            connection.execute("ROLLBACK")
            return False
        for statement in statements_of(WHOLE):
            connection.execute(statement)
        connection.executemany(_RECORD, [(SET, name) for name in NAMES])
        connection.execute(f"PRAGMA user_version = {len(NAMES)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return True


def statements_of(name: str) -> Iterator[str]:
    """The statements of `ddl/<name>.sql`; `executescript` would commit the transaction it runs in."""
    text = (_FILES / f"{name}.sql").read_text(encoding="utf-8")
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if line.rstrip().endswith(";") and sqlite3.complete_statement(statement):
            yield statement
            statement = ""
