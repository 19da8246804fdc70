"""What it costs to listen for log records that say something of a span: nothing where none does."""

from __future__ import annotations

from pathlib import Path

from tests.contract.conftest import derive
from tests.factories import make_batch, make_incoming_log, make_trace
from tracetui.store.records import IncomingSpan
from tracetui.store.sqlite import SqliteWriter, statements


def statements_of(writer: SqliteWriter, spans: list[IncomingSpan]) -> list[str]:
    """The statements of the transaction that stores these spans."""
    found: list[str] = []
    writer._connection.set_trace_callback(found.append)
    writer.write([make_batch(*spans)])
    writer._connection.set_trace_callback(None)
    return found


def test_without_such_records_nothing_is_asked(tmp_path: Path) -> None:
    deaf, listening = SqliteWriter(tmp_path / "deaf.db"), SqliteWriter(tmp_path / "listening.db", derive=derive)
    for writer in (deaf, listening):
        writer.write([make_batch(*make_trace(1), logs=[make_incoming_log(1, trace=1)])])
    asked = [len(statements_of(writer, make_trace(2, spans=40))) for writer in (deaf, listening)]
    assert asked[0] == asked[1]
    deaf.close()
    listening.close()


def test_records_of_other_traces_cost_one_look_up_a_transaction(tmp_path: Path) -> None:
    writer = SqliteWriter(tmp_path / "a.db", derive=derive)
    writer.write([make_batch(*make_trace(3))])  # resource and scope are known from here on
    before = len(statements_of(writer, make_trace(1, spans=40)))
    writer.write([make_batch(logs=[make_incoming_log(1, trace=9, tells=True, body_text="{}")])])
    assert len(statements_of(writer, make_trace(2, spans=40))) == before + 1
    writer.close()


def test_the_look_ups_use_their_index(tmp_path: Path) -> None:
    writer = SqliteWriter(tmp_path / "a.db", derive=derive)
    for statement in (statements.HAS_LOGS_THAT_TELL, statements.TOLD_SPANS, statements.LOGS_THAT_TELL):
        values = ("{}",) if "?" in statement else ()
        plan = [row[3] for row in writer._connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
        on_logs = [step for step in plan if "logs" in step or " l " in step]
        assert on_logs
        assert all("logs_that_tell" in step for step in on_logs), plan
    writer.close()
