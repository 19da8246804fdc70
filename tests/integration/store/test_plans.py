"""Statements that must not walk a whole table use the index made for them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.factories import make_batch, make_trace, trace_id
from tracetui.store.orders import SessionSort, TraceSort
from tracetui.store.records import RowKey
from tracetui.store.sqlite import SqliteReader, SqliteWriter, statements
from tracetui.store.sqlite.search.pages import page_statement
from tracetui.store.sqlite.search.spans import page_of_spans
from tracetui.store.sqlite.sessions import sessions_statement, turns_statement


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteReader]:
    path = tmp_path_factory.mktemp("plans") / "a.db"
    writer = SqliteWriter(path)
    writer.write([make_batch(*(span for number in range(1, 50) for span in make_trace(number)))])
    reader = SqliteReader(path)
    yield reader
    reader.close()
    writer.close()


def plan(reader: SqliteReader, statement: str, *values: object) -> str:
    steps = reader._connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
    return "\n".join(step[3] for step in steps)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("key", ["after", "before", None])
def test_the_default_page_walks_the_index_by_start(reader: SqliteReader, descending: bool, key: str | None) -> None:
    at = RowKey(5, 5)
    statement, values = page_statement(
        TraceSort(descending=descending), at if key == "after" else None, at if key == "before" else None
    )
    found = plan(reader, statement, *values, 100)
    assert "USING INDEX traces_by_start" in found
    assert ("SEARCH" in found) == (key is not None)
    assert "TEMP B-TREE" not in found


@pytest.mark.parametrize("key", ["after", "before", None])
def test_the_default_page_of_sessions_walks_the_index_by_last_turn(reader: SqliteReader, key: str | None) -> None:
    at = RowKey(5, 5)
    statement, values = sessions_statement(
        SessionSort(), at if key == "after" else None, at if key == "before" else None
    )
    found = plan(reader, statement, *values, 100)
    assert "sessions_by_last" in found
    assert ("SEARCH" in found) == (key is not None)
    assert "TEMP B-TREE" not in found


@pytest.mark.parametrize("key", [RowKey(5, 5), None])
def test_a_page_of_turns_searches_its_session(reader: SqliteReader, key: RowKey | None) -> None:
    statement, values = turns_statement("s", key, None)
    found = plan(reader, statement, *values, 100)
    assert "SEARCH t USING INDEX traces_by_session (session_id=?" in found
    assert "TEMP B-TREE" not in found


def test_rows_of_sessions_search(reader: SqliteReader) -> None:
    found = plan(reader, statements.SESSION_ROWS, "[1]")
    assert "SEARCH x USING INTEGER PRIMARY KEY" in found
    assert "SEARCH spans USING INDEX spans_by_trace (trace=?)" in found
    assert "SEARCH u USING PRIMARY KEY (session_id=?)" in found


def test_a_skeleton_reads_its_trace_in_order_of_arrival(reader: SqliteReader) -> None:
    assert "SEARCH spans USING INDEX spans_by_trace (trace=?)" in plan(reader, statements.SKELETON, trace_id(1))


def test_a_page_of_all_spans_starts_at_its_key(reader: SqliteReader) -> None:
    text, values = page_of_spans(None, 7)
    assert "USING INTEGER PRIMARY KEY (rowid>?)" in plan(reader, text, *values, 100)


def test_one_span_is_found_by_its_identity(reader: SqliteReader) -> None:
    found = plan(reader, statements.SPAN_ROW_ID, trace_id(1), "x")
    assert "spans_by_identity (trace=? AND span_id=?)" in found


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (statements.SPAN_STATES, "spans_by_identity (trace=? AND span_id=?)"),
        (statements.CHILD_STATES, "spans_by_parent (trace=? AND parent_span_id=?)"),
    ],
)
def test_the_writers_look_ups_search(reader: SqliteReader, statement: str, index: str) -> None:
    found = plan(reader, statement, json.dumps({1: ["a"]}))
    assert index in found
    assert "SCAN s" not in found


def test_the_writer_finds_traces_by_id(reader: SqliteReader) -> None:
    assert "SEARCH traces USING INDEX" in plan(reader, statements.TRACES_BY_ID, "[]")


def test_find_searches_traces_and_walks_an_index_of_spans(reader: SqliteReader) -> None:
    assert "SEARCH traces USING COVERING INDEX" in plan(reader, statements.FIND_TRACES, "a", "b", 10)
    assert "SCAN s USING COVERING INDEX spans_by_identity" in plan(reader, statements.FIND_SPANS, "a", "b", 10)


def test_logs_of_a_span_search(reader: SqliteReader) -> None:
    statement = statements.LOGS % " AND trace_id = ? AND trace_id <> '' AND span_id = ?"
    assert "logs_by_span (trace_id=? AND span_id=?" in plan(reader, statement, 0, trace_id(1), "x", 100)


def test_rows_are_fetched_by_id(reader: SqliteReader) -> None:
    for statement in (statements.ROWS_BY_ID, statements.STORED_BY_ID):
        found = plan(reader, statement, "[1]")
        assert "SEARCH s USING INTEGER PRIMARY KEY" in found
        assert "SCAN" not in found.replace("SCAN json_each", "")
