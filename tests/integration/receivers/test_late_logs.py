"""Real exports whose log records carry the conversation: the same columns in any order of arrival."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.support.corpus import requests
from tests.unit.semconv.scenarios import scenario as decoded
from tracetui.model.trace import SpanRow
from tracetui.receivers.incoming import derive_span, read_request
from tracetui.semconv import summary_with_logs
from tracetui.store.records import IncomingBatch
from tracetui.store.sqlite import SqliteReader, SqliteWriter

SCENARIOS = ["otel-openai-default", "otel-openai-latest-event_only", "pydantic-ai-1.x-v1-logs", "google-adk-content"]


def pieces(scenario: str) -> list[IncomingBatch]:
    """Every span and log record of a scenario in a batch of its own."""
    found = []
    for signal, body in requests(scenario):
        batch = read_request(signal, body).batch
        found += [IncomingBatch(batch.resources, batch.scopes, spans=[span]) for span in batch.spans]
        found += [IncomingBatch(batch.resources, batch.scopes, logs=[log]) for log in batch.logs]
    return found


def stored(path: Path, transactions: list[list[IncomingBatch]]) -> dict[tuple[str, str], SpanRow]:
    """The rows of all spans after these transactions."""
    writer = SqliteWriter(path, derive=derive_span)
    for batches in transactions:
        writer.write(batches)
    reader = SqliteReader(path)
    rows = reader.spans(limit=1_000)
    reader.close()
    writer.close()
    return {(row.trace_id, row.span_id): row for row in rows}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_columns_do_not_depend_on_the_order_of_arrival(tmp_path: Path, scenario: str) -> None:
    batches = pieces(scenario)
    spans, logs = [b for b in batches if b.spans], [b for b in batches if b.logs]
    shuffled = random.Random(7).sample(batches, len(batches))
    orders = {
        "together": [batches],
        "spans first": [spans, logs],
        "logs first": [logs, spans],
        "one by one": [[batch] for batch in batches],
    }
    found = {name: stored(tmp_path / f"{name}.db", order) for name, order in orders.items()}
    for span, records in decoded(scenario).spans:
        expected = summary_with_logs(span, records)
        for name, rows in found.items():
            row = rows[span.trace_id, span.span_id]
            assert (row.preview, row.model, row.kind) == (expected.preview, expected.model, expected.kind), name
            assert (row.user_id, row.session_id) == (expected.user_id, expected.session_id), name
            assert (row.input_tokens, row.output_tokens, row.is_error) == (
                expected.tokens.input,
                expected.tokens.output,
                expected.is_error,
            ), name
    calls = [row for row in found["together"].values() if row.kind == "LLM"]
    assert any(row.preview for row in calls)
    if scenario == "pydantic-ai-1.x-v1-logs":  # the only one of equal times whose messages have an index
        mixed = stored(tmp_path / "mixed.db", [[batch] for batch in shuffled])
        assert {ids: row.preview for ids, row in mixed.items()} == {
            ids: row.preview for ids, row in found["together"].items()
        }


def test_a_user_that_only_a_log_record_names(tmp_path: Path) -> None:
    rows = stored(tmp_path / "a.db", [[batch] for batch in pieces("google-adk-content")])
    assert {row.user_id for row in rows.values() if row.kind == "LLM"} != {""}
