"""Write `ddl/whole.sql`, from which a new file is made, from what the numbered migrations leave in an empty one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tracetui.store.sqlite import schema
from tracetui.store.sqlite.migrations import migrate

FILE = Path(schema.__file__).with_name("ddl") / f"{schema.WHOLE}.sql"

HEAD = """-- The schema of a new file: what the numbered migrations make of an empty one, without the way there.
-- Written by docs/make_schema.py from them; what is meant by each part is said there and in docs/schema.md.
"""

_OPTIONS = "SELECT k, v FROM {0}_config WHERE k <> 'version' ORDER BY k"


def whole_schema() -> str:
    """The text of the file as it should be now."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        return "\n".join([HEAD, *(f"{statement};\n" for statement in _statements(connection))])


def _statements(connection: sqlite3.Connection) -> Iterator[str]:
    """Everything in the order in which it was made, each followed by the rows it begins with."""
    made = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql <> '' ORDER BY rowid").fetchall()
    searched = [name for _, name, sql in made if sql.startswith("CREATE VIRTUAL TABLE")]
    for kind, name, sql in made:
        if any(name.startswith(f"{table}_") for table in searched):  # FTS5 makes these
            continue
        yield sql
        if name in searched:
            for option, value in connection.execute(_OPTIONS.format(name)):
                yield f"INSERT INTO {name} ({name}, rank) VALUES ({_literal(option)}, {_literal(value)})"
        elif kind == "table" and name != "_sqlite_migrations":
            for row in connection.execute(f"SELECT * FROM {name}"):
                yield f"INSERT INTO {name} VALUES ({', '.join(map(_literal, row))})"


def _literal(value: object) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else "NULL" if value is None else str(value)


if __name__ == "__main__":
    FILE.write_text(whole_schema(), encoding="utf-8")
