"""The numbered migrations. Imported only when one is pending, because sqlite-utils takes a third of a second to import.

Each migration runs in one transaction together with the record of it and the new `user_version`.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

from tracetui.store.sqlite.schema import NAMES, SET, statements_of

MIGRATIONS = Migrations(SET)
"""All of them, in order; migration N leaves `user_version` at N."""


@MIGRATIONS(name="001_initial")
def initial(db: Database) -> None:
    """Spans, traces, resources, scopes and logs."""
    _run(db, "001_initial")


@MIGRATIONS(name="002_costs")
def costs(db: Database) -> None:
    """Estimated costs, costs of input and output, and what was derived by which version."""
    _run(db, "002_costs")


@MIGRATIONS(name="003_sessions")
def sessions(db: Database) -> None:
    """Sessions with their totals and users; the user of a trace."""
    _run(db, "003_sessions")


@MIGRATIONS(name="004_late")
def late(db: Database) -> None:
    """Pending spans, and log records that columns depend on."""
    _run(db, "004_late")


@MIGRATIONS(name="005_search")
def search(db: Database) -> None:
    """The search index."""
    _run(db, "005_search")


@MIGRATIONS(name="006_keeping")
def keeping(db: Database) -> None:
    """Pins, and an account of what was removed."""
    _run(db, "006_keeping")


@MIGRATIONS(name="007_removed_logs")
def removed_logs(db: Database) -> None:
    """Log records that are yet to go after their trace."""
    _run(db, "007_removed_logs")


def migrate(connection: sqlite3.Connection) -> None:
    """Apply what is pending.

    Raises:
        sqlite3.Error: A migration failed; the file is as the one before it left it.
    """
    MIGRATIONS.apply(Database(connection, execute_plugins=False, recursive_triggers=False))


def _run(db: Database, name: str) -> None:
    for statement in statements_of(name):
        db.conn.execute(statement)
    # never back: a file may hold a later migration already, made where this one was not known
    reached = int(db.conn.execute("PRAGMA user_version").fetchone()[0])
    db.conn.execute(f"PRAGMA user_version = {max(reached, NAMES.index(name) + 1)}")
