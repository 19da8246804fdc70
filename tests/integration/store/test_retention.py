"""Limits of size and age, kept while spans arrive."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories import (
    SECOND,
    START,
    FixedClock,
    make_batch,
    make_incoming_log,
    make_incoming_span,
    make_trace,
    trace_id,
)
from tests.support.waiting import wait_until
from tracetui.errors import StoreError
from tracetui.store.api import SpanWriter
from tracetui.store.conditions import Words
from tracetui.store.follower import Follower
from tracetui.store.ingest import Ingest
from tracetui.store.retention import LOOK_EVERY_S, Limits, Retention
from tracetui.store.sqlite import SqliteReader, SqliteWriter

DAY = 86_400


@pytest.fixture
def ingest(tmp_path: Path) -> Iterator[Ingest]:
    running = Ingest(SqliteWriter(tmp_path / "traces.db"))
    running.start()
    yield running
    running.stop()


def retention(ingest: Ingest, path: Path, limits: Limits, days: float = 0) -> Retention:
    """Limits some days after the start of all traces."""
    clock = FixedClock(START + round(days * DAY) * SECOND)
    return Retention(lambda: SqliteReader(path), ingest, limits, at_rest=False, clock=clock)


def traces(path: Path) -> set[str]:
    reader = SqliteReader(path)
    found = {trace.trace_id for trace in reader.traces(limit=10_000)}
    reader.close()
    return found


def test_what_is_too_old_goes(ingest: Ingest, tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    for day in range(10):
        spans = [make_incoming_span(1 + day * DAY, trace=day + 1)]
        ingest.submit(make_batch(*spans)).result()
    removed = retention(ingest, path, Limits(max_age_nano=5 * DAY * SECOND), days=8.5).keep()
    assert removed.traces == 4
    assert traces(path) == {trace_id(day + 1) for day in range(4, 10)}


def test_a_running_trace_is_spared_whatever_its_size(ingest: Ingest, tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    ingest.submit(make_batch(make_incoming_span(5, trace=1, parent=1))).result()
    ingest.submit(make_batch(*make_trace(2))).result()
    keeper = retention(ingest, path, Limits(max_bytes=1))
    assert keeper.keep().traces == 1
    assert traces(path) == {trace_id(1)}


def test_pinned_traces_are_spared_and_it_is_said_that_the_limit_is_not_kept(ingest: Ingest, tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    ingest.submit(make_batch(*(span for number in (1, 2, 3) for span in make_trace(number)))).result()
    ingest.run(lambda writer: writer.pin([trace_id(2)])).result()
    keeper = retention(ingest, path, Limits(max_bytes=1, max_age_nano=SECOND), days=1)
    assert keeper.keep().traces == 2
    assert traces(path) == {trace_id(2)}
    assert "pinned or running" in keeper.trouble
    reader = SqliteReader(path)
    ((reason, *counts, last),) = reader.removals()
    reader.close()
    assert (reason, counts, last) == ("age", [2, 6], START + DAY * SECOND)
    assert retention(ingest, path, Limits(max_bytes=10**9)).trouble == ""


def test_a_failure_is_told_and_forgotten_once_it_has_passed(ingest: Ingest, tmp_path: Path) -> None:
    def fails() -> SqliteReader:
        raise StoreError("The disk is on strike.")

    broken = Retention(fails, ingest, Limits(max_bytes=10**9))
    broken.start()
    wait_until(lambda: broken.trouble == "The disk is on strike.")
    broken._open_reader = lambda: SqliteReader(tmp_path / "traces.db")
    broken.wake()
    wait_until(lambda: broken.trouble == "")
    broken.stop()


def test_no_step_removes_very_much(ingest: Ingest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender waits for the end of a step."""
    path = tmp_path / "traces.db"
    for start in range(0, 12_000, 2_000):
        logs = [make_incoming_log(number + 1, trace=1) for number in range(start, start + 2_000)]
        spans = [make_incoming_span(number + 1) for number in range(start, start + 1_000)]
        ingest.submit(make_batch(*spans, logs=logs)).result()
    changes: list[int] = []
    run = Ingest.run

    def counted(self: Ingest, work: Callable[[SpanWriter], object], **options: float) -> object:
        def counting(writer: SpanWriter) -> object:
            assert isinstance(writer, SqliteWriter)
            before = writer._connection.total_changes
            done = work(writer)
            changes.append(writer._connection.total_changes - before)
            return done

        return run(self, counting, **options)

    monkeypatch.setattr(Ingest, "run", counted)
    assert retention(ingest, path, Limits(max_age_nano=SECOND), days=1).keep().traces == 1
    reader = SqliteReader(path)
    assert (reader.count_logs(), reader.count_spans()) == (0, 0)
    reader.close()
    assert sum(changes) > 20_000
    assert max(changes) < 10_000


def test_without_limits_it_sleeps_until_it_is_woken_and_forgets_a_failure_that_has_passed(
    ingest: Ingest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = retention(ingest, tmp_path / "traces.db", Limits())
    slept: list[float | None] = []
    wait = keeper._wanted.wait

    def sleep(timeout: float | None = None) -> bool:
        slept.append(timeout)
        return wait(timeout)

    monkeypatch.setattr(keeper._wanted, "wait", sleep)
    writer: Any = ingest._writer
    purge = writer.purge

    def fails() -> int:
        raise StoreError("The disk is on strike.")

    writer.purge = fails
    keeper.start()
    wait_until(lambda: keeper.trouble == "The disk is on strike." and len(slept) == 1)
    writer.purge = purge
    keeper.wake()
    wait_until(lambda: keeper.trouble == "" and len(slept) == 2)
    keeper.stop()
    assert slept == [LOOK_EVERY_S, None], "it looks again after a failure, and else sleeps"


def test_without_limits_what_was_left_of_a_removed_trace_goes(ingest: Ingest, tmp_path: Path) -> None:
    for start in range(0, 3_000, 500):
        spans = [make_incoming_span(number + 1) for number in range(start, start + 500)]
        ingest.submit(make_batch(*spans)).result()
    reader = SqliteReader(tmp_path / "traces.db")
    full = reader.used_bytes()
    keeper = retention(ingest, tmp_path / "traces.db", Limits())
    keeper.start()
    wait_until(lambda: not ingest.run(lambda writer: writer.purge()).result())
    ingest.run(lambda writer: writer.remove([trace_id(1)])).result()
    keeper.wake()
    left = "SELECT count(*) FROM removed_traces"
    wait_until(lambda: reader._connection.execute(left).fetchone() == (0,))
    assert reader.used_bytes() < full / 2
    keeper.stop()
    assert not keeper._thread.is_alive()  # type: ignore[union-attr]
    reader.close()


def test_the_size_is_kept_while_senders_go_on(ingest: Ingest, tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    limit = 4_000_000
    keeper = retention(ingest, path, Limits(max_bytes=limit), days=1)
    stop = threading.Event()
    waits: list[float] = []

    def send() -> None:
        trace = 0
        while not stop.is_set():
            trace += 1
            started = time.monotonic()
            ingest.submit(make_batch(*make_trace(trace, spans=20, preview="x" * 900))).result()
            waits.append(time.monotonic() - started)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        while keeper.removed.traces < 300:
            keeper.keep()
    finally:
        stop.set()
        sender.join()
    keeper.keep()
    reader = SqliteReader(path)
    assert reader.used_bytes() <= limit
    found = sorted(traces(path))
    assert found == [trace_id(number) for number in range(len(waits) - len(found) + 1, len(waits) + 1)]
    reader.close()


def test_no_more_goes_than_must(ingest: Ingest, tmp_path: Path) -> None:
    """Of large spans a few are too much, and a thousand, as one step may take, would be all that there is."""
    path = tmp_path / "traces.db"
    for trace in range(1, 301):  # the older ones are the larger ones
        spans = make_trace(
            trace, start_time_unix_nano=START + trace * SECOND, data=bytes(70_000 if trace < 60 else 900)
        )
        ingest.submit(make_batch(*spans)).result()
    reader = SqliteReader(path)
    limit = int(reader.used_bytes() * 0.8)
    retention(ingest, path, Limits(max_bytes=limit), days=1).keep()
    assert limit * 0.85 < reader.used_bytes() <= limit
    assert 260 < len(traces(path)) < 300
    reader.close()


def test_listeners_hear_of_what_is_gone(ingest: Ingest, tmp_path: Path) -> None:
    heard: set[str] = set()
    ingest.submit(make_batch(*make_trace(1))).result()
    ingest.add_listener(lambda commit: heard.update(commit.trace_ids))
    retention(ingest, tmp_path / "traces.db", Limits(max_age_nano=SECOND), days=1).keep()
    assert heard == {trace_id(1)}


def test_an_index_of_mostly_removed_spans_is_made_anew(
    ingest: Ingest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracetui.store.retention.FEWEST_STALE", 30)
    path = tmp_path / "traces.db"
    for trace in range(1, 11):
        ingest.submit(make_batch(*make_trace(trace, spans=10), make_incoming_span(trace * DAY, trace=trace))).result()
    follower = Follower(lambda: SqliteReader(path), ingest, version=1, at_rest=False)
    follower.run()
    keeper = retention(ingest, path, Limits(max_age_nano=5 * DAY * SECOND), days=8)
    assert keeper.keep().traces == 2, "most of it is there still"
    reader = SqliteReader(path)
    assert reader.search_state() == (88, 88)
    keeper = retention(ingest, path, Limits(max_age_nano=5 * DAY * SECOND), days=12)
    keeper.keep()
    assert reader.search_state().indexed == 0
    follower.run()
    assert reader.search_state().indexed == reader.count_spans() == 44
    assert reader.count_spans(Words("span")) == 44
    reader.close()
