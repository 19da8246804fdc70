"""The spans that the index names, where traces stand in another order than they came."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.factories import START
from tests.support.searching import index_all
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import read_request
from tracetui.store.conditions import SpanField, Words
from tracetui.store.orders import TraceOrder, TraceSort
from tracetui.store.sqlite import SqliteReader, SqliteWriter
from tracetui.store.sqlite.search import candidates, count, look, walk

NEW, IMPORTED = 6, 40
"""Traces of today, and those of a year ago that an import brings afterwards."""


def span(trace: int, number: int, **other: Any) -> dict[str, Any]:
    """One in three says the two words together, the others apart."""
    said = "a late answer" if (trace + number) % 3 == 0 else "an answer came late"
    start = str(START + (trace if trace < NEW else trace - 10**6) * 10**9)
    attribute = {"key": "input.value", "value": {"stringValue": said}}
    return {"traceId": f"{trace + 1:032x}", "spanId": f"{trace * 10 + number + 1:016x}", "name": "chat",
            "startTimeUnixNano": start, "endTimeUnixNano": start, "attributes": [attribute], **other}  # fmt: skip


def write(writer: SqliteWriter, *spans: dict[str, Any]) -> None:
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()
    writer.write([read_request(Signal.TRACES, body, is_json=True).batch])


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[SqliteReader]:
    writer = SqliteWriter(tmp_path / "a.db", derivation_version=DERIVATION_VERSION)
    for trace in range(NEW + IMPORTED):
        write(writer, *(span(trace, number) for number in range(2)))
    writer.close()
    index_all(tmp_path / "a.db")
    reader = SqliteReader(tmp_path / "a.db")
    yield reader
    reader.close()


@pytest.mark.parametrize("far", [1, 10, 1_000])
@pytest.mark.parametrize("within", [None, SpanField.INPUT])
def test_what_an_import_put_above_them_hides_no_traces(
    reader: SqliteReader, far: int, within: SpanField | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, value in (
        (candidates, "_FAR", far), (candidates, "_CHUNK", 3), (candidates, "_MOST", 6), (look, "_TOGETHER", 3),
        (walk, "FEW", 2), (walk, "_FIRST_STEP", 2), (walk, "_LAST_STEP", 8),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    expected = [trace for trace in range(NEW + IMPORTED) if trace % 3 == 0 or (trace + 1) % 3 == 0]
    newest_first = sorted(expected, key=lambda trace: trace if trace < NEW else trace - 10**6, reverse=True)
    for sort, ordered in (
        (TraceSort(), newest_first),
        (TraceSort(TraceOrder.START, descending=False), newest_first[::-1]),
    ):
        found = reader.traces(Words("late answer", whole=True, within=within), sort=sort, limit=100)
        assert [int(trace.trace_id, 16) - 1 for trace in found] == ordered
    assert reader.count_traces(Words("late answer", whole=True, within=within)) == len(expected)


def test_a_count_is_of_one_moment_though_spans_are_replaced_meanwhile(
    reader: SqliteReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later version of a span has a row id of its own, above those that are left to be looked at."""
    words = Words("late answer", whole=True)
    monkeypatch.setattr(count, "_AT_ONCE", 10)
    expected = reader.count_traces(words)
    shut_out = look.shut_out

    def while_one_is_replaced(*given: Any) -> set[int]:
        monkeypatch.setattr(count, "shut_out", shut_out)
        with closing(SqliteWriter(tmp_path / "a.db", derivation_version=DERIVATION_VERSION)) as writer:
            write(writer, span(0, 0, kind=3))
        return shut_out(*given)

    monkeypatch.setattr(count, "shut_out", while_one_is_replaced)
    assert reader.count_traces(words) == expected
