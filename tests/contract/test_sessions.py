"""Sessions: totals of the traces that name one conversation, exact in any order of arrival; pages; turns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.conftest import Backend
from tests.contract.reference import Totals, final_spans, totals
from tests.contract.test_totals import RESOURCES, columns, cuts, many
from tests.factories import SECOND, START, make_batch, make_incoming_span, make_llm_span, trace_id
from tracetui.model.session import SessionSummary
from tracetui.store.api import END, SpanReader
from tracetui.store.orders import SessionOrder, SessionSort, TraceSort
from tracetui.store.records import IncomingSpan, RowKey

numbers = itertools.count(1)
"""Examples; each has sessions and traces of its own."""


@st.composite
def conversations(draw: st.DrawFn) -> list[IncomingSpan]:
    """Spans of up to four traces that name up to two sessions, some of them in several versions, in some order."""
    spans: list[IncomingSpan] = []
    for trace in range(1, draw(st.integers(1, 4)) + 1):
        for number in range(1, draw(st.integers(1, 3)) + 1):
            for _ in range(draw(st.integers(1, 2))):
                values = draw(columns) | {"user_id": draw(st.sampled_from(["", "", "ann", "bo"]))}
                spans.append(make_incoming_span(number, trace=trace, **values))
    return draw(st.permutations(spans))


def deliver(store: Backend, spans: Sequence[IncomingSpan], cuts: Sequence[int]) -> None:
    """Write the spans, a transaction for each piece between two cuts."""
    ends = sorted({min(cut, len(spans)) for cut in cuts} | {len(spans)})
    for start, end in itertools.pairwise([0, *ends]):
        store.writer.write([make_batch(*spans[start:end], resources=RESOURCES)])


def sum_known(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def check(reader: SpanReader, spans: Sequence[IncomingSpan], session_ids: Sequence[str]) -> None:
    """Hold stored sessions against the sums of their traces, each computed the plain way."""
    by_trace: dict[str, list[IncomingSpan]] = {}
    for span in spans:
        by_trace.setdefault(span.trace_id, []).append(span)
    kept = {trace: final_spans(arrived) for trace, arrived in by_trace.items()}
    every = {trace: totals(final, RESOURCES) for trace, final in kept.items()}
    for session_id in session_ids:
        turns = {trace: each for trace, each in every.items() if each.session_id == session_id}
        found = reader.session(session_id)
        assert (found is not None) == bool(turns)
        if found is not None:
            check_one(reader, found, turns, [user_of(kept[trace].values()) for trace in turns])


def check_one(reader: SpanReader, found: SessionSummary, turns: dict[str, Totals], users: list[str]) -> None:
    starts = [each.start_time_unix_nano for each in turns.values()]
    assert found.trace_count == len(turns)
    assert found.start_time_unix_nano == min((start for start in starts if start), default=0)
    assert found.last_start_time_unix_nano == max(starts)
    assert found.end_time_unix_nano == max(each.end_time_unix_nano for each in turns.values())
    for name in ("span_count", "error_count", "llm_count", "tool_count"):
        assert getattr(found, name) == sum(getattr(each, name) for each in turns.values()), name
    for name in ("input_tokens", "output_tokens"):
        assert getattr(found, name) == sum_known([getattr(each, name) for each in turns.values()]), name
    cost = sum_known([each.cost for each in turns.values()])
    assert found.cost_total == (None if cost is None else pytest.approx(cost))
    counted = {user: users.count(user) for user in users if user}
    assert found.users == tuple(sorted(counted, key=lambda user: (-counted[user], user)))
    listed = reader.session_traces(found.session_id)
    assert sorted(trace.trace_id for trace in listed) == sorted(turns)
    assert [trace.start_time_unix_nano for trace in listed] == sorted(starts)
    assert (found.service, found.complete) == (listed[-1].service, listed[-1].complete)


def user_of(spans: Sequence[IncomingSpan] | object) -> str:
    """The user of a trace: that of the earliest span that names one."""
    assert hasattr(spans, "__iter__")
    named = [span for span in spans if span.user_id]
    return min(named, key=lambda s: (s.start_time_unix_nano or 2**63, s.span_id)).user_id if named else ""


@many
@given(spans=conversations(), cut=cuts)
def test_session_totals_in_any_order_of_arrival_and_version(
    shared_store: Backend, spans: list[IncomingSpan], cut: list[int]
) -> None:
    example = next(numbers)
    own = [
        span._replace(
            trace_id=f"{example:016x}{span.trace_id[16:]}",
            session_id=f"{example} {span.session_id}" if span.session_id else "",
        )
        for span in spans
    ]
    names = [f"{example} s1", f"{example} s2"]
    deliver(shared_store, own, cut)
    check(shared_store.reader, own, names)
    deliver(shared_store, own[::2], [])  # again: nothing grows
    check(shared_store.reader, [*own, *own[::2]], names)


def turn(number: int, session: str = "chat", *, words: str = "", user: str = "ann") -> list[IncomingSpan]:
    """A trace of a root that names session and user, and a call; each begins ten seconds after the one before."""
    start = START + number * 10 * SECOND
    root = make_incoming_span(1, trace=number, start_time_unix_nano=start, session_id=session, user_id=user)
    call = make_llm_span(
        2, trace=number, parent=1, start_time_unix_nano=start + 1, preview=words, cost_total=0.01 * number
    )
    return [root, call]


def test_a_session_id_on_one_span_makes_its_whole_trace_a_turn(store: Backend) -> None:
    store.writer.write([make_batch(*turn(1)), make_batch(*turn(2))])
    found = store.reader.session("chat")
    assert found is not None
    assert (found.trace_count, found.span_count, found.llm_count, found.input_tokens) == (2, 4, 2, 200)
    assert [trace.session_id for trace in store.reader.session_traces("chat")] == ["chat", "chat"]


def test_the_last_words_are_those_of_the_last_turn(store: Backend) -> None:
    store.writer.write([make_batch(*turn(2, words="and on Sunday?")), make_batch(*turn(1, words="will it rain?"))])
    found = store.reader.session("chat")
    assert found is not None and found.last_words == "and on Sunday?"
    store.writer.write([make_batch(make_incoming_span(1, trace=3, session_id="chat", name="POST /chat"))])
    store.writer.write([make_batch(*turn(4, "other"))])
    found = store.reader.session("chat")
    assert found is not None and found.last_words == "and on Sunday?", "the third began earlier"
    other = store.reader.session("other")
    assert other is not None and other.last_words == "span 1", "no words: the turn's name"


def test_a_trace_that_changes_its_session_leaves_the_first(store: Backend) -> None:
    child = make_llm_span(2, parent=1, session_id="second", start_time_unix_nano=START + 5 * SECOND)
    store.writer.write([make_batch(child)])
    assert store.reader.count_sessions() == 1
    root = make_incoming_span(1, session_id="first", start_time_unix_nano=START + SECOND)
    store.writer.write([make_batch(root)])
    assert [session.session_id for session in store.reader.sessions()] == ["first"]
    assert store.reader.session("second") is None
    assert store.reader.session_traces("second") == []


def test_a_session_keeps_its_row_while_its_only_turn_turns_out_to_have_begun_earlier(store: Backend) -> None:
    store.writer.write([make_batch(turn(1)[1]._replace(session_id="chat"))])
    before = store.reader.session("chat")
    store.writer.write([make_batch(turn(1)[0])])
    after = store.reader.session("chat")
    assert before is not None and after is not None
    assert after.row_id == before.row_id
    assert after.start_time_unix_nano < before.start_time_unix_nano


def test_traces_without_a_session_make_none(store: Backend) -> None:
    store.writer.write([make_batch(make_llm_span())])
    assert (store.reader.count_sessions(), store.reader.sessions()) == (0, [])
    assert (store.reader.session(""), store.reader.session_traces(""), store.reader.find_sessions("")) == (None, [], [])


def test_unknown_is_not_zero(store: Backend) -> None:
    store.writer.write([make_batch(make_incoming_span(session_id="s"))])
    found = store.reader.session("s")
    assert found is not None
    assert (found.input_tokens, found.output_tokens, found.cost_total) == (None, None, None)


def test_a_session_says_whether_its_cost_was_estimated(store: Backend) -> None:
    def source(number: int, **columns: Any) -> str:
        store.writer.write([make_batch(make_llm_span(1, trace=number, session_id="s", **columns))])
        found = store.reader.session("s")
        assert found is not None
        return found.cost_source

    assert source(1) == ""
    assert source(2, cost_total=0.5, cost_estimated=True) == "estimated"
    assert source(3) == "estimated", "a turn without a cost changes nothing"
    assert source(4, cost_total=0.5) == "mixed"


@pytest.fixture
def stocked(store: Backend) -> Backend:
    """Thirty sessions of one to three turns."""
    names = [f"session {number % 7}{number:02}" for number in range(30) for _ in range(number % 3 + 1)]
    store.writer.write([make_batch(*turn(number, name)) for number, name in enumerate(names, 1)])
    return store


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("order", list(SessionOrder))
def test_pages_in_every_order(stocked: Backend, order: SessionOrder, descending: bool) -> None:
    reader, sort = stocked.reader, SessionSort(order, descending)
    whole = reader.sessions(sort=sort, limit=1000)
    assert len(whole) == reader.count_sessions() == 30
    values = [reader.session_key(row, sort).value for row in whole]
    folded = [value.casefold() if isinstance(value, str) else value for value in values]
    assert folded == sorted(folded, reverse=descending)
    down: list[SessionSummary] = []
    after: RowKey | None = None
    while page := reader.sessions(sort=sort, after=after, limit=7):
        down += page
        after = reader.session_key(page[-1], sort)
    assert down == whole
    up: list[SessionSummary] = []
    before = END
    while page := reader.sessions(sort=sort, before=before, limit=7):
        up = [*page, *up]
        before = reader.session_key(page[0], sort)
    assert up == whole
    assert [reader.count_sessions(ahead_of=reader.session_key(row, sort), sort=sort) for row in whole] == [*range(30)]


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("order", [SessionOrder.TOKENS, SessionOrder.COST])
def test_sessions_without_tokens_or_cost_come_last(store: Backend, order: SessionOrder, descending: bool) -> None:
    for number, (tokens, cost) in enumerate(((None, None), (5, 0.1), (7, 0.2)), 1):
        call = make_incoming_span(1, trace=number, session_id=str(number), input_tokens=tokens, cost_total=cost)
        store.writer.write([make_batch(call)])
    shown = [session.session_id for session in store.reader.sessions(sort=SessionSort(order, descending))]
    assert shown == (["3", "2", "1"] if descending else ["2", "3", "1"])


def test_the_session_that_was_active_last_comes_first(stocked: Backend) -> None:
    stocked.writer.write([make_batch(*turn(500, "session 000"))])
    assert stocked.reader.sessions(limit=1)[0].session_id == "session 000"


def test_turns_come_in_pages(store: Backend) -> None:
    store.writer.write([make_batch(*turn(number)) for number in (5, 3, 1, 2, 4)])
    reader, sort = store.reader, TraceSort()
    whole = reader.session_traces("chat")
    assert [trace.trace_id for trace in whole] == [trace_id(number) for number in range(1, 6)]
    third = reader.trace_key(whole[2], sort)
    assert reader.session_traces("chat", after=third, limit=1) == whole[3:4]
    assert reader.session_traces("chat", before=third, limit=1) == whole[1:2]
    assert reader.session_traces("chat", before=END, limit=2) == whole[3:]
    assert (reader.count_session_traces("chat"), reader.count_session_traces("chat", ahead_of=third)) == (5, 2)


def test_sessions_are_found_by_the_beginning_of_their_id(store: Backend) -> None:
    names = ["abc", "abd%", "Abe", "ab_x", "é"]
    store.writer.write([make_batch(*turn(number, name)) for number, name in enumerate(names, 1)])
    assert store.reader.find_sessions("ab") == ["ab_x", "abc", "abd%"]
    assert store.reader.find_sessions("ab_") == ["ab_x"]
    assert store.reader.find_sessions("é") == ["é"]
    assert store.reader.find_sessions("ab", limit=1) == ["ab_x"]
