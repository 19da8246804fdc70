"""A reader that leaves traces out finds what a reader finds where they have been removed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.contract.test_sessions import conversations
from tests.contract.test_totals import RESOURCES
from tests.factories import make_batch, make_incoming_log, make_trace, trace_id
from tracetui.store.api import END, SpanReader
from tracetui.store.conditions import Condition, Equals, InTrace, Not, SpanField, Words
from tracetui.store.follower import Follower
from tracetui.store.ingest import NoSenders
from tracetui.store.orders import SessionSort, TraceOrder, TraceSort
from tracetui.store.records import IncomingSpan, RowKey
from tracetui.store.sqlite import SqliteReader, SqliteWriter
from tracetui.store.sqlite.without import SqliteReaderWithout
from tracetui.store.withheld import Withheld

numbers = itertools.count(1)
FILTERS: tuple[Condition | None, ...] = (
    None,
    Equals(SpanField.KIND, "LLM"),
    Not(Equals(SpanField.NAME, "nobody")),
    Words("span"),
)


def pages(read: Any, key: Any, limit: int) -> list[list[Any]]:
    """A list read page by page from its start, then from its end."""
    forward: list[Any] = []
    while page := read(after=key(forward[-1]) if forward else None, limit=limit):
        assert len(page) <= limit
        forward += page
    backward: list[Any] = []
    while page := read(before=key(backward[0]) if backward else END, limit=limit):
        backward = page + backward
    assert backward == forward
    return [forward]


def found(reader: SpanReader, sort: TraceSort, limit: int) -> object:
    """All that a screen finds."""
    size = reader.size()
    facts: list[object] = [replace(size, bytes=0)]
    for where in FILTERS:
        (rows,) = pages(
            lambda where=where, **page: reader.traces(where, sort=sort, **page),
            lambda row: reader.trace_key(row, sort),
            limit,
        )
        keys = [reader.trace_key(row, sort) for row in rows]
        facts += [rows, reader.count_traces(where)]
        facts += [reader.count_traces(where, ahead_of=key, sort=sort) for key in keys]
        if where is not None:
            facts.append(reader.hits([row.row_id for row in rows], where))
    for row in reader.traces(sort=TraceSort()):
        facts += [row.trace_id, reader.trace(row.trace_id), sorted(reader.skeleton(row.trace_id))]
    sessions = reader.sessions(limit=99)
    facts.append(sorted((replace(session, row_id=0) for session in sessions), key=lambda session: session.session_id))
    facts.append((reader.count_sessions(), len(pages_of_sessions(reader, limit))))
    for session in sorted(sessions, key=lambda session: session.session_id):
        facts.append(replace(reader.session(session.session_id) or session, row_id=0))
        (turns,) = pages(
            lambda id_=session.session_id, **page: reader.session_traces(id_, **page),
            lambda row: RowKey(row.start_time_unix_nano, row.row_id),
            limit,
        )
        facts += [turns, reader.count_session_traces(session.session_id)]
        facts += [
            reader.count_session_traces(session.session_id, ahead_of=RowKey(turn.start_time_unix_nano, turn.row_id))
            for turn in turns
        ]
    return facts


def pages_of_sessions(reader: SpanReader, limit: int) -> list[Any]:
    sort = SessionSort()
    (rows,) = pages(lambda **page: reader.sessions(sort=sort, **page), lambda row: reader.session_key(row, sort), limit)
    places = [reader.count_sessions(ahead_of=reader.session_key(row, sort), sort=sort) for row in rows]
    assert places == list(range(len(rows)))
    return list(rows)


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteWriter]:
    writer = SqliteWriter(tmp_path_factory.mktemp("without") / "traces.db")
    yield writer
    writer.close()


@settings(max_examples=40)
@given(
    spans=conversations(),
    gone=st.sets(st.integers(1, 4), min_size=1),
    order=st.sampled_from(TraceOrder),
    descending=st.booleans(),
    limit=st.integers(1, 4),
)
def test_it_is_as_if_they_had_been_removed(
    writer: SqliteWriter, spans: Sequence[IncomingSpan], gone: set[int], order: TraceOrder, descending: bool, limit: int
) -> None:
    names = {trace_id(number): trace_id(number + 10 * next(numbers)) for number in range(1, 5)}
    plain = SqliteReader(writer.path)
    writer.remove([row.trace_id for row in plain.traces(limit=999)])
    logs = [make_incoming_log(number)._replace(trace_id=name) for number, name in enumerate(names.values())]
    writer.write(
        [make_batch(*(span._replace(trace_id=names[span.trace_id]) for span in spans), logs=logs, resources=RESOURCES)]
    )
    Follower(lambda: SqliteReader(writer.path), NoSenders(writer), version=1, at_rest=False).run()
    withheld = Withheld()
    reader = SqliteReaderWithout(writer.path, withheld)
    sort = TraceSort(order, descending)
    assert plain.count_traces(FILTERS[2]) == plain.count_traces(), "the search finds all that is there"
    assert found(reader, sort, limit) == found(plain, sort, limit), "nothing is left out"
    for number in gone:
        withheld.add(names[trace_id(number)])
    held = [row.row_id for row in plain.traces(limit=99) if row.trace_id in withheld.trace_ids]
    every = Not(Equals(SpanField.NAME, "nobody"))
    assert (len(plain.hits(held, every)), reader.hits(held, every)) == (len(held), {})
    before = found(reader, sort, limit)
    writer.remove(list(withheld.trace_ids))
    assert before == found(plain, sort, limit)
    assert found(reader, sort, limit) == before
    reader.close()
    plain.close()


def test_nothing_of_such_a_trace_is_read_and_it_comes_back(writer: SqliteWriter) -> None:
    name = trace_id(10 * next(numbers))
    writer.write([make_batch(*(span._replace(trace_id=name) for span in make_trace(1)))])
    withheld = Withheld()
    reader = SqliteReaderWithout(writer.path, withheld)
    nodes = reader.skeleton(name)
    ids = [node.row_id for node in nodes]
    assert (len(reader.rows(ids)), len(reader.stored_spans(ids)), len(reader.matching(name, InTrace(name)))) == (
        3,
        3,
        3,
    )
    withheld.add(name)
    assert (reader.trace(name), reader.skeleton(name), reader.unseen(name)) == (None, [], [])
    assert (reader.rows(ids), reader.stored_spans(ids), reader.matching(name, InTrace(name))) == ([], [], [])
    assert reader.span(name, nodes[0].span_id) is None
    withheld.discard(name)
    assert reader.skeleton(name) == nodes
    assert reader.span(name, nodes[0].span_id) is not None
    reader.close()
