"""Removing traces: nothing of them is left, nothing else is touched, and what comes later begins anew."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tests.contract.conftest import Backend
from tests.contract.test_sessions import conversations
from tests.contract.test_totals import RESOURCES
from tests.factories import SECOND, START, make_batch, make_incoming_log, make_incoming_span, make_trace, trace_id
from tracetui.store.api import SpanReader, all_logs, all_spans
from tracetui.store.conditions import InTrace
from tracetui.store.records import Reason, Rederived

examples = itertools.count(1)


def everything(reader: SpanReader) -> object:
    """All that a reader finds, without row ids."""
    size = reader.size()
    return (
        (size.traces, size.spans, size.logs),
        sorted((row.trace_id, row.span_count, row.session_id, row.cost_total or 0) for row in reader.traces(limit=999)),
        sorted((row.session_id, row.trace_count, row.span_count) for row in reader.sessions(limit=999)),
        sorted((stored.row.trace_id, stored.row.span_id, stored.data) for stored in all_spans(reader)),
        sorted(record.data for record in all_logs(reader)),
    )


def test_a_trace_goes_with_all_that_belongs_to_it(store: Backend) -> None:
    store.writer.write([make_batch(*make_trace(2), logs=[make_incoming_log(9, trace=2)])])
    before = everything(store.reader)
    gone = make_trace(1, spans=5, session_id="s", user_id="u")
    pending = make_incoming_span(8, trace=1, announces="0" * 15 + "7")
    store.writer.write([make_batch(*gone, pending, logs=[make_incoming_log(trace=1), make_incoming_log(2, trace=0)])])
    removed = store.writer.remove([trace_id(1), trace_id(77)])
    assert (removed.traces, removed.spans) == (1, 6)
    reader = store.reader
    assert reader.trace(trace_id(1)) is None
    assert reader.skeleton(trace_id(1)) == []
    assert reader.spans(InTrace(trace_id(1))) == []
    assert reader.find(trace_id(1)) == []
    assert reader.session("s") is None
    assert [record.trace_id for record in all_logs(reader)] == [trace_id(2), ""]
    store.writer.write([make_batch(logs=[make_incoming_log(2, trace=0)])])
    after = everything(reader)
    assert isinstance(after, tuple)
    assert isinstance(before, tuple)
    assert after[1:4] == before[1:4]


def test_a_span_that_comes_later_begins_a_new_trace(store: Backend) -> None:
    store.writer.write([make_batch(*make_trace(1, spans=3, session_id="s"))])
    store.writer.remove([trace_id(1)])
    store.writer.write([make_batch(make_incoming_span(3, trace=1, parent=1, session_id="s"))])
    trace = store.reader.trace(trace_id(1))
    assert trace is not None
    assert (trace.span_count, trace.complete) == (1, False)
    session = store.reader.session("s")
    assert session is not None
    assert (session.trace_count, session.span_count) == (1, 1)


def test_a_huge_trace_goes_at_once_and_its_spans_step_by_step(store: Backend) -> None:
    for start in range(0, 3_500, 500):
        store.writer.write([make_batch(*(make_incoming_span(number + 1) for number in range(start, start + 500)))])
    removed = store.writer.remove([trace_id(1)])
    assert 0 < removed.spans < 3_500
    assert (store.reader.size().traces, store.reader.count_spans(), store.reader.skeleton(trace_id(1))) == (0, 0, [])
    store.writer.write([make_batch(make_incoming_span(1))])
    steps = [removed.spans]
    store.reopen()
    while step := store.writer.purge():
        steps.append(step)
    assert sum(steps) == 3_500
    assert [stored.row.span_id for stored in all_spans(store.reader)] == [make_incoming_span(1).span_id]


def test_the_number_of_a_removed_trace_is_not_used_again(store: Backend) -> None:
    """Its spans are gone, all in one step, but that there are none left has not been seen yet."""
    store.writer.write([make_batch(*(make_incoming_span(number + 1) for number in range(1_000)))])
    assert store.writer.remove([trace_id(1)]).spans == 1_000
    store.reopen()
    store.writer.write([make_batch(*make_trace(2))])
    while store.writer.purge():
        continue
    assert store.reader.count_spans() == len(make_trace(2))


def test_a_pinned_trace_is_removed_for_no_limit(store: Backend) -> None:
    store.writer.write([make_batch(*make_trace(1), *make_trace(2), *make_trace(3))])
    store.writer.pin([trace_id(1), trace_id(3), trace_id(77)])
    assert {row.trace_id for row in store.reader.traces() if row.pinned} == {trace_id(1), trace_id(3)}
    found = store.reader.oldest_traces(ended_before=2**62, running_since=2**62)
    assert [trace.trace_id for trace in found] == [trace_id(2)]
    for reason in (Reason.SIZE, Reason.AGE):  # chosen before it was pinned, say
        assert store.writer.remove([trace_id(1)], reason=reason) == (0, 0, 1)
    store.writer.pin([trace_id(3)], pinned=False)
    assert store.writer.remove([trace_id(3)], reason=Reason.AGE).traces == 1
    store.writer.write([make_batch(*make_trace(1, spans=5))])
    trace = store.reader.trace(trace_id(1))
    assert trace is not None
    assert (trace.pinned, trace.span_count) == (True, 5), "more spans came, the pin stays"
    store.writer.rederive(Rederived(traces=[trace.row_id]))
    assert [row.trace_id for row in store.reader.traces() if row.pinned] == [trace_id(1)]
    assert store.writer.remove([trace_id(1)]).traces == 1, "who asks for it gets it"
    store.writer.write([make_batch(*make_trace(1))])
    assert not any(row.pinned for row in store.reader.traces()), "a pin goes with its trace"


def test_a_trace_that_has_got_spans_since_it_was_chosen_is_spared(store: Backend) -> None:
    store.writer.write([make_batch(*make_trace(1), *make_trace(2), *make_trace(3))])
    seen = store.writer.last_row_id
    store.writer.write([make_batch(make_incoming_span(9, trace=1, parent=1), *make_trace(2))])
    removed = store.writer.remove([trace_id(number) for number in (1, 2, 3, 77)], seen=seen)
    assert (removed.traces, removed.spared) == (2, 1), "a re-sent span changes nothing, so trace 2 goes"
    assert [trace.trace_id for trace in store.reader.traces()] == [trace_id(1)]
    assert store.writer.remove([trace_id(1)], seen=store.writer.last_row_id).traces == 1


def test_what_was_removed_is_accounted_for(store: Backend) -> None:
    assert store.reader.removals() == []
    store.writer.write([make_batch(*make_trace(number, spans=number)) for number in (1, 2, 3, 4)])
    store.writer.remove([trace_id(1), trace_id(2), trace_id(77)], reason=Reason.SIZE, now_nano=START)
    store.writer.remove([trace_id(3)], reason=Reason.SIZE, now_nano=START + 1)
    store.writer.remove([trace_id(4)], now_nano=START + 2)
    store.writer.remove([trace_id(4)], now_nano=START + 3)
    store.reopen()
    assert store.reader.removals() == [("asked", 1, 4, START + 2), ("size", 3, 6, START + 1)]


def with_many_logs(store: Backend, trace: int, logs: int = 6_000) -> None:
    for start in range(0, logs, 2_000):
        # those of later spans first, so that a walk along the spans meets the last record first
        batch = [
            make_incoming_log(number + 1, trace=trace, span=9_000 - number) for number in range(start, start + 2_000)
        ]
        store.writer.write([make_batch(*make_trace(trace), logs=batch)])


def log_traces(store: Backend) -> set[str]:
    return {record.trace_id for record in all_logs(store.reader)}


def test_a_trace_of_very_many_log_records_goes_at_once_and_they_go_step_by_step(store: Backend) -> None:
    for trace in (1, 2, 3):
        with_many_logs(store, trace)
    store.writer.pin([trace_id(3)])
    going = [trace_id(1), trace_id(2), trace_id(3), trace_id(77)]
    assert store.writer.remove(going, reason=Reason.SIZE).traces == 2
    assert {trace.trace_id for trace in store.reader.traces()} == log_traces(store) == {trace_id(3)}
    assert list(all_logs(store.reader, trace_id=trace_id(1))) == []
    steps = []
    while step := store.writer.purge_logs():
        steps.append(step)
        store.reopen()  # the process may end in between
    assert max(steps) <= 5_000
    assert sum(steps) == 12_000
    assert store.reader.count_logs() == 6_000, "a pinned trace keeps its own"


def test_what_arrives_for_a_removed_trace_while_its_log_records_go_stays(store: Backend) -> None:
    """Whose trace is the only one, so that row ids of log records that are gone are given to new ones."""
    with_many_logs(store, 1)
    assert store.writer.remove([trace_id(1)]).traces == 1
    for number in (1, 2, 3):
        store.writer.purge_logs()
        store.writer.write([make_batch(*make_trace(1, spans=1), logs=[make_incoming_log(7_000 + number)])])
        assert len(list(all_logs(store.reader, trace_id=trace_id(1)))) == number
    assert store.writer.purge_logs() == 0
    assert len(list(all_logs(store.reader))) == store.reader.count_logs() == 3


def test_a_trace_that_is_removed_again_takes_what_was_left_of_it_along(store: Backend) -> None:
    with_many_logs(store, 1)
    store.writer.remove([trace_id(1)])
    store.writer.purge_logs()
    store.writer.write([make_batch(*make_trace(1), logs=[make_incoming_log(7_001)])])
    assert store.writer.remove([trace_id(1)]).traces == 1
    assert store.reader.count_logs() == 0, "few are left, and go with it"
    store.writer.write([make_batch(*make_trace(1), logs=[make_incoming_log(7_002)])])
    assert store.writer.purge_logs() == 0
    assert store.reader.count_logs() == len(list(all_logs(store.reader, trace_id=trace_id(1)))) == 1


def test_row_ids_are_not_used_again(store: Backend) -> None:
    store.writer.write([make_batch(*make_trace(1))])
    (last,) = (row.row_id for row in store.reader.spans(after_row_id=2))
    store.writer.remove([trace_id(1)])
    store.writer.write([make_batch(*make_trace(2))])
    assert min(row.row_id for row in store.reader.spans()) > last


def test_the_oldest_that_have_ended_come_first(store: Backend) -> None:
    now = START + 10_000 * SECOND
    store.writer.write(
        [
            make_batch(
                make_incoming_span(30, trace=3),
                make_incoming_span(10, trace=1),
                make_incoming_span(20, trace=2, parent=1),  # its root is not there, and it has been quiet for long
                make_incoming_span(9_990, trace=4),
                make_incoming_span(5, trace=5, parent=1),  # so it is with this one, in which something has just ended
                make_incoming_span(9_995, trace=5, parent=1),
            )
        ]
    )
    hour_ago = now - 3_600 * SECOND
    found = store.reader.oldest_traces(ended_before=now, running_since=hour_ago)
    assert [(trace.trace_id, trace.span_count) for trace in found] == [(trace_id(n), 1) for n in (1, 2, 3, 4)]
    assert len(store.reader.oldest_traces(ended_before=START + 25 * SECOND, running_since=hour_ago)) == 2
    assert len(store.reader.oldest_traces(ended_before=now, running_since=hour_ago, limit=1)) == 1


def test_what_was_removed_takes_no_space(store: Backend) -> None:
    for trace in range(1, 61):
        store.writer.write([make_batch(*make_trace(trace, spans=20, preview="x" * 2_000))])
    store.reopen()
    full, size = store.reader.used_bytes(), store.reader.size().bytes
    store.writer.remove([trace_id(trace) for trace in range(1, 60)])
    assert store.reader.used_bytes() < full / 3
    while store.writer.give_back():
        continue
    store.reopen()
    assert store.reader.size().bytes < size / 3


@given(spans=conversations(), gone=st.sets(st.integers(1, 4)))
def test_what_stays_is_as_if_the_others_had_never_come(
    shared_store: Backend, spans: list[object], gone: set[int]
) -> None:
    names = {trace_id(number): trace_id(number + 10 * next(examples)) for number in range(1, 5)}
    arrived = [span._replace(trace_id=names[span.trace_id]) for span in spans]  # type: ignore[attr-defined]
    taken = {names[trace_id(number)] for number in gone}
    shared_store.writer.remove([row.trace_id for row in shared_store.reader.traces(limit=999)])
    shared_store.writer.write([make_batch(*(s for s in arrived if s.trace_id not in taken), resources=RESOURCES)])
    expected = everything(shared_store.reader)
    shared_store.writer.remove(list(names.values()))
    shared_store.writer.write([make_batch(*arrived, resources=RESOURCES)])
    shared_store.writer.remove(list(taken))
    assert everything(shared_store.reader) == expected
