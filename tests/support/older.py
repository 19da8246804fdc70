"""Files as earlier versions made them, with what a file of today holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from tracetui.store.sqlite import connection, migrations, schema

TABLES = ("resources", "scopes", "traces", "spans", "span_data", "logs")
"""What a file of the first version has."""


def make_older(path: Path, version: int) -> None:
    """Put a file with the schema of an earlier version in the place of one of today, with the same rows."""
    older = path.with_name(path.name + ".older")
    with closing(sqlite3.connect(older, isolation_level=None)) as made:
        made.execute(f"PRAGMA page_size={connection.PAGE_SIZE}")
        made.execute("PRAGMA auto_vacuum=incremental")
        made.execute(f"PRAGMA application_id={connection.APPLICATION_ID}")
        stop = schema.NAMES[version] if version < len(schema.NAMES) else None
        migrations.MIGRATIONS.apply(Database(made, execute_plugins=False, recursive_triggers=False), stop_before=stop)
        made.execute("ATTACH ? AS today", (str(path),))
        made.execute("BEGIN")
        for table in TABLES:
            columns = ",".join(_columns(made, f"main.{table}") & _columns(made, f"today.{table}"))
            made.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM today.{table}")
        made.execute("COMMIT")
        made.execute("DETACH today")
        made.execute("PRAGMA journal_mode=wal")
    older.replace(path)


def _columns(made: sqlite3.Connection, table: str) -> set[str]:
    """The columns of a table that are stored."""
    database, name = table.split(".")
    found = made.execute(f"PRAGMA {database}.table_xinfo({name})").fetchall()
    return {column for _, column, *_, hidden in found if not hidden}
