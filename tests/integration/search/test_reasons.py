"""Why a row matched, what is there to choose from, rows as they are found, and an end to a long search."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories import START
from tests.support.searching import index_all
from tracetui.errors import SearchCancelled, UsageError
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import read_request
from tracetui.runtime import derive_span
from tracetui.store.conditions import (
    Attribute,
    Compare,
    Comparison,
    Condition,
    Equals,
    Has,
    HasAncestor,
    Like,
    Matches,
    Not,
    SpanField,
    Words,
)
from tracetui.store.records import Hit, SearchState
from tracetui.store.sqlite import SqliteReader, SqliteWriter
from tracetui.store.sqlite.search import walk

LONG = "word " * 300 + "the refund policy of the shop " + "end " * 300
ROUTES = ["/users", "/users", "/Orders", "/orders/list"]


def attribute(key: str, value: Any) -> dict[str, Any]:
    kind = "stringValue" if isinstance(value, str) else "doubleValue" if isinstance(value, float) else "intValue"
    return {"key": key, "value": {kind: str(value) if kind == "intValue" else value}}


def span(trace: int, number: int, name: str, parent: int = 0, **attributes: Any) -> dict[str, Any]:
    return {
        "traceId": f"{trace:032x}",
        "spanId": f"{number:016x}",
        "parentSpanId": f"{parent:016x}" if parent else "",
        "name": name,
        "startTimeUnixNano": str(START + trace * 10**9),
        "endTimeUnixNano": str(START + trace * 10**9 + 5 * 10**8),
        "attributes": [attribute(key.replace("__", "."), value) for key, value in attributes.items()],
    }


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteReader]:
    path = tmp_path_factory.mktemp("reasons") / "a.db"
    spans = [
        span(1, 1, "plan trip", openinference__span__kind="AGENT"),
        span(1, 2, "ask", parent=1, openinference__span__kind="LLM", input__value=LONG, llm__model_name="GPT-4o"),
        span(2, 1, "find refunds", metadata=json.dumps({"tier": "gold"}), app__budget=7.5),
        span(3, 1, "naïve Übung", note="ÜBUNG macht den Meister " * 20),
        *(span(4 + n, 1, "GET", http__route=route, Http__Route="other") for n, route in enumerate(ROUTES)),
    ]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()
    writer = SqliteWriter(path, derivation_version=DERIVATION_VERSION, derive=derive_span)
    writer.write([read_request(Signal.TRACES, body, is_json=True).batch])
    writer.close()
    index_all(path)
    reader = SqliteReader(path)
    yield reader
    reader.close()


def hit(reader: SqliteReader, condition: Condition) -> Hit | None:
    """Why the one trace that matches does."""
    [trace] = reader.traces(condition)
    [(row_id, found)] = reader.hits([1, 2, 3, 4, 5, 6, 7], condition).items()
    assert row_id == trace.row_id
    return found


def test_a_hit_shows_the_words_in_a_long_text(reader: SqliteReader) -> None:
    for condition in (Words("refund policy", whole=True), Words("policy shop"), Words("poli", within=SpanField.INPUT)):
        found = hit(reader, condition)
        assert found is not None
        assert (found.span_id, found.field) == (f"{2:016x}", "input")
        assert "policy of the shop" in found.text
        assert len(found.text) <= 200


def test_a_hit_is_found_under_accents_and_case(reader: SqliteReader) -> None:
    found = hit(reader, Words("meister"))
    assert found is not None
    assert found.field == "@note"
    assert "Meister" in found.text
    assert hit(reader, Words("naive ubung", whole=True)) == Hit(f"{1:016x}", "name", "naïve Übung")


def test_a_hit_names_the_field_or_the_attribute_with_its_value(reader: SqliteReader) -> None:
    second, first = f"{2:016x}", f"{1:016x}"
    assert hit(reader, Like(SpanField.MODEL, ("gpt", ""))) == Hit(second, "model", "GPT-4o")
    assert hit(reader, Equals(Attribute("metadata.tier"), "GOLD")) == Hit(first, "@metadata.tier", "gold")
    assert hit(reader, Compare(Attribute("app.budget"), Comparison.MORE, 7)) == Hit(first, "@app.budget", "7.5")
    assert hit(reader, Matches(SpanField.NAME, "^find")) == Hit(first, "name", "find refunds")
    assert hit(reader, Has(Attribute("app.budget"))) == Hit(first, "@app.budget", "7.5")


def test_where_only_numbers_or_the_structure_decide_there_is_nothing_to_show(reader: SqliteReader) -> None:
    assert hit(reader, HasAncestor(Equals(SpanField.KIND, "AGENT"))) is None
    assert hit(reader, Compare(SpanField.START, Comparison.LESS, START + 2 * 10**9)) is None


def test_keys_come_by_frequency_as_they_were_sent(reader: SqliteReader) -> None:
    assert reader.frequent_keys("ht") == [("http.route", 4)]
    assert ("Http.Route", 4) in reader.frequent_keys("H")
    assert ("metadata.tier", 1) in reader.frequent_keys()
    assert reader.frequent_keys(limit=1)[0][1] == 4
    assert reader.frequent_keys("nowhere") == []


def test_values_of_an_attribute_come_by_frequency(reader: SqliteReader) -> None:
    route = Attribute("http.route")
    assert reader.frequent_values(route) == [("/users", 2), ("/orders", 1), ("/orders/list", 1)]
    assert reader.frequent_values(route, "/ORD") == [("/orders", 1), ("/orders/list", 1)]
    assert reader.frequent_values(SpanField.MODEL, "g") == [("GPT-4o", 1)]
    assert reader.frequent_values(Attribute("nowhere")) == []


def test_rows_come_as_they_are_found(reader: SqliteReader) -> None:
    pieces = reader.traces_as_found(Equals(SpanField.NAME, "GET"), limit=3)
    found = [trace for some in pieces for trace in some]
    assert found == reader.traces(Equals(SpanField.NAME, "GET"))[:3]
    assert reader.search_state() == SearchState(8, 8)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*)*x", "a{1000}" * 9])
def test_a_hostile_expression_ends_soon(reader: SqliteReader, pattern: str) -> None:
    began = time.monotonic()
    reader.traces(Matches(SpanField.INPUT, pattern))
    reader.traces(Matches(Attribute("note"), pattern))
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("pattern", ["(", "(?=a)", "(a)\\1", "a{1001}", "x" * 20_000])
def test_an_expression_that_is_none_says_so(reader: SqliteReader, pattern: str) -> None:
    with pytest.raises(UsageError, match="regular expression"):
        reader.traces(Matches(SpanField.NAME, pattern))
    assert reader.traces(limit=1)


def test_a_search_ends_between_its_pieces_too(reader: SqliteReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "_GLANCED", 1)
    pieces = reader.traces_as_found(Not(Words("nowhere")))
    assert len(next(pieces)) == 1
    reader.interrupt()
    with pytest.raises(SearchCancelled):
        list(pieces)
    assert len(reader.traces(Not(Words("nowhere")))) == 7


def test_a_database_is_searched_by_path(tmp_path: Path) -> None:
    SqliteWriter(tmp_path / "a.db").close()
    reader = SqliteReader(tmp_path / "a.db")
    assert reader.traces(Words("x")) == []
    assert reader.hits([1], Words("x")) == {}
    reader.close()
