"""An interrupt that comes as late as it can: at the end of a read's transaction."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.factories import make_batch, make_trace
from tests.support.searching import index_all
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.store.conditions import Equals, SpanField
from tracetui.store.sqlite import SqliteReader, SqliteWriter


class Interrupted:
    """A connection whose commits are interrupted so many times, as `Connection.interrupt` from another thread does."""

    def __init__(self, connection: sqlite3.Connection, times: int) -> None:
        self._connection = connection
        self._left = times

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        if statement == "COMMIT" and self._left:
            self._left -= 1
            error = sqlite3.OperationalError("interrupted")
            error.sqlite_errorcode = sqlite3.SQLITE_INTERRUPT
            raise error
        return self._connection.execute(statement, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@pytest.mark.parametrize("times", [1, 3, 10_000])
def test_an_interrupted_end_leaves_no_transaction_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    condition = Equals(SpanField.NAME, "span 1")
    with closing(SqliteWriter(tmp_path / "a.db", derivation_version=DERIVATION_VERSION)) as writer:
        writer.write([make_batch(*make_trace(1))])
    index_all(tmp_path / "a.db")
    with closing(SqliteReader(tmp_path / "a.db")) as reader:
        connection = reader._connection
        monkeypatch.setattr(reader, "_connection", Interrupted(connection, times))
        assert reader.count_traces(condition) == 1
        assert not connection.in_transaction
        monkeypatch.setattr(reader, "_connection", connection)
        assert reader.count_traces(condition) == len(reader.traces(condition)) == 1
