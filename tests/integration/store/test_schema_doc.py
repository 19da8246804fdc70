"""`docs/schema.md` tells of every table, view, index and column, and its examples run."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.factories import make_batch, make_llm_span
from tracetui.store.sqlite import SqliteWriter

PAGE = (Path(__file__).parents[3] / "docs" / "schema.md").read_text(encoding="utf-8")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    writer = SqliteWriter(tmp_path / "a.db")
    writer.write([make_batch(make_llm_span())])
    writer.close()
    return tmp_path / "a.db"


def test_everything_is_documented(database: Path) -> None:
    with closing(sqlite3.connect(database)) as opened:
        named = {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")}
        tables = {
            name
            for (name,) in opened.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%sqlite_%'"
            )
        }
        for table in tables:
            named |= {column[1] for column in opened.execute(f"PRAGMA table_xinfo({table})")}
    mentioned = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`\n]+)`", PAGE))))
    assert named - mentioned - {"idx__sqlite_migrations_migration_set_name"} == set()


def test_examples_run(database: Path) -> None:
    block = re.search(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    with closing(sqlite3.connect(database)) as opened:
        rows = [opened.execute(statement).fetchall() for statement in block[1].split(";")[:-1]]
    assert [len(found) for found in rows] == [1, 1, 0]
