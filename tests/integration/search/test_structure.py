"""A structure whose sides are common and which is rare: found by going down from the side that has fewer spans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.factories import START
from tests.integration.search.test_answers import LIMITS
from tests.support.searching import index_all
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import read_request
from tracetui.store.conditions import And, Equals, HasAncestor, HasParent, SpanField
from tracetui.store.sqlite import SqliteReader, SqliteWriter
from tracetui.store.sqlite.search import walk
from tracetui.store.sqlite.search.reach import traces_below

TRACES, CHILD, GRANDCHILD = 12, 1, 2
"""Traces; in which one the tool calls a model itself, and in which one by something between them."""


def span(trace: int, place: int, parent: int, kind: str, **attributes: str) -> dict[str, Any]:
    start = str(START + (trace * 100 + place) * 10**9)
    given = {"openinference.span.kind": kind, **{key.replace("_", "."): value for key, value in attributes.items()}}
    return {
        "traceId": f"{trace + 1:032x}", "spanId": f"{trace * 10 + place:016x}", "name": kind,
        "parentSpanId": f"{trace * 10 + parent:016x}" if parent else "", "startTimeUnixNano": start,
        "endTimeUnixNano": start,
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in given.items()],
    }  # fmt: skip


def spans(trace: int) -> list[dict[str, Any]]:
    """An agent with two calls of a model; in every other trace a tool, mostly without anything below."""
    made = [span(trace, 1, 0, "AGENT"), span(trace, 2, 1, "LLM"), span(trace, 3, 1, "LLM")]
    if trace % 2 or trace == GRANDCHILD:
        made.append(span(trace, 4, 1, "TOOL", tool_name="search"))
    if trace == CHILD:
        made.append(span(trace, 5, 4, "LLM"))
    if trace == GRANDCHILD:
        made += [span(trace, 5, 4, "CHAIN"), span(trace, 6, 5, "LLM")]
    return made


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteReader]:
    with closing(SqliteWriter(tmp_path / "a.db", derivation_version=DERIVATION_VERSION)) as writer:
        for trace in range(TRACES):
            body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans(trace)}]}]}).encode()
            writer.write([read_request(Signal.TRACES, body, is_json=True).batch])
    index_all(tmp_path / "a.db")
    for module, limits in LIMITS.items():
        for name, value in limits.items():
            monkeypatch.setattr(module, name, value)
    with closing(SqliteReader(tmp_path / "a.db")) as reader:
        yield reader


@pytest.mark.parametrize("sides, expected", [(HasAncestor, [GRANDCHILD, CHILD]), (HasParent, [CHILD])])
def test_it_is_found_from_above(
    reader: SqliteReader,
    monkeypatch: pytest.MonkeyPatch,
    sides: type[HasAncestor] | type[HasParent],
    expected: list[int],
) -> None:
    gone_down: list[bool] = []

    def noted(*given: Any, **more: Any) -> Any:
        gone_down.append(more["directly"])
        return traces_below(*given, **more)

    monkeypatch.setattr(walk, "traces_below", noted)
    asked = And((Equals(SpanField.KIND, "LLM"), sides(Equals(SpanField.TOOL, "search"))))
    assert [int(trace.trace_id, 16) - 1 for trace in reader.traces(asked)] == expected
    assert gone_down == [sides is HasParent]
