"""The queue in front of the writer, with a writer that does as it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future

import pytest
from msgspec.structs import replace

from tests.factories import FixedClock, make_batch, make_incoming_log, make_incoming_span
from tracetui.errors import IngestBusyError, StoreError
from tracetui.store.ingest import Ingest, IngestStats, RecentCommit
from tracetui.store.records import Commit, IncomingBatch, Indexed, Reason, Rederived, Removed

WAIT = 10.0


class ScriptedWriter:
    """A `SpanWriter` that notes what it is given, and can be held or made to fail."""

    def __init__(self) -> None:
        self.groups: list[list[IncomingBatch]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.closed = False
        self.fails: Callable[[Sequence[IncomingBatch]], Exception | None] = lambda batches: None

    def write(self, batches: Sequence[IncomingBatch]) -> Commit:
        self.entered.release()
        assert self.gate.wait(WAIT)
        if error := self.fails(batches):
            raise error
        self.groups.append(list(batches))
        return Commit(len(self.groups), frozenset(), sum(len(batch.spans) for batch in batches), 0, 0, 0)

    def rederive(self, work: Rederived) -> frozenset[str]:
        raise NotImplementedError

    def outdate(self, first_row_id: int, last_row_id: int) -> None:
        raise NotImplementedError

    def index(self, work: Indexed) -> bool:
        raise NotImplementedError

    def tidy_index(self) -> bool:
        raise NotImplementedError

    def pin(self, trace_ids: Sequence[str], *, pinned: bool = True) -> None:
        raise NotImplementedError

    @property
    def last_row_id(self) -> int:
        raise NotImplementedError

    def remove(
        self, trace_ids: Sequence[str], *, reason: Reason = Reason.ASKED, now_nano: int = 0, seen: int | None = None
    ) -> Removed:
        raise NotImplementedError

    def purge(self) -> int:
        raise NotImplementedError

    def purge_logs(self) -> int:
        raise NotImplementedError

    def give_back(self) -> bool:
        raise NotImplementedError

    def clear_index(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True

    def hold(self, ingest: Ingest) -> Future[Commit]:
        """Let one batch be taken and keep the writer inside it."""
        self.gate.clear()
        future = ingest.submit(batch(0))
        assert self.entered.acquire(timeout=WAIT)
        return future


def batch(spans: int = 1, *, byte_size: int = 0) -> IncomingBatch:
    made = make_batch(*(make_incoming_span(number) for number in range(1, spans + 1)))
    return IncomingBatch(made.resources, made.scopes, made.spans, (), byte_size)


@pytest.fixture
def writer() -> ScriptedWriter:
    return ScriptedWriter()


@pytest.fixture
def ingest(writer: ScriptedWriter) -> Iterator[Ingest]:
    ingest = Ingest(writer, max_spans=100, max_bytes=1_000, max_commit_spans=10, clock=FixedClock())
    ingest.start()
    yield ingest
    writer.gate.set()
    ingest.stop(WAIT)


def test_a_lone_batch_is_written_at_once(ingest: Ingest, writer: ScriptedWriter) -> None:
    commit = ingest.submit(batch(3)).result(WAIT)
    assert commit.new_spans == 3
    assert [len(group) for group in writer.groups] == [1]


def test_nothing_is_answered_before_its_commit(ingest: Ingest, writer: ScriptedWriter) -> None:
    future = writer.hold(ingest)
    assert not future.done()
    writer.gate.set()
    assert future.result(WAIT).sequence == 1


def test_what_gathers_during_a_commit_shares_the_next_up_to_the_limit(ingest: Ingest, writer: ScriptedWriter) -> None:
    writer.hold(ingest)
    futures = [ingest.submit(batch(4)) for _ in range(5)]
    writer.gate.set()
    commits = [future.result(WAIT).sequence for future in futures]
    assert [len(group) for group in writer.groups] == [1, 2, 2, 1], "two batches of 4 fit into 10"
    assert commits == [2, 2, 3, 3, 4]


def test_a_batch_larger_than_a_commit_goes_whole(ingest: Ingest, writer: ScriptedWriter) -> None:
    assert ingest.submit(batch(50)).result(WAIT).new_spans == 50


@pytest.mark.parametrize("full", [batch(100), batch(1, byte_size=1_000)], ids=["spans", "bytes"])
def test_a_full_queue_says_busy_and_recovers(ingest: Ingest, writer: ScriptedWriter, full: IncomingBatch) -> None:
    writer.hold(ingest)
    waiting = ingest.submit(full)
    with pytest.raises(IngestBusyError) as busy:
        ingest.submit(batch(1, byte_size=1))
    assert busy.value.retry_after_s >= 1
    writer.gate.set()
    waiting.result(WAIT)
    assert ingest.submit(batch(1)).result(WAIT).sequence


def test_a_batch_counts_until_it_is_committed(ingest: Ingest, writer: ScriptedWriter) -> None:
    writer.gate.clear()
    first = ingest.submit(batch(100))
    assert writer.entered.acquire(timeout=WAIT)
    with pytest.raises(IngestBusyError):
        ingest.submit(batch(1))
    writer.gate.set()
    first.result(WAIT)


def test_a_single_batch_beyond_the_bounds_is_taken_when_nothing_waits(ingest: Ingest) -> None:
    assert ingest.submit(batch(500, byte_size=5_000)).result(WAIT).new_spans == 500


def test_logs_count_like_spans(ingest: Ingest, writer: ScriptedWriter) -> None:
    writer.hold(ingest)
    ingest.submit(replace(make_batch(logs=[make_incoming_log(number) for number in range(100)]), byte_size=0))
    assert ingest.stats().queued_items == 100
    with pytest.raises(IngestBusyError):
        ingest.submit(batch(1))


def test_one_bad_batch_fails_alone(ingest: Ingest, writer: ScriptedWriter) -> None:
    writer.fails = lambda batches: StoreError("bad") if any(len(each.spans) == 3 for each in batches) else None
    writer.hold(ingest)
    good, bad, also_good = ingest.submit(batch(1)), ingest.submit(batch(3)), ingest.submit(batch(2))
    writer.gate.set()
    assert good.result(WAIT).sequence
    assert also_good.result(WAIT).sequence
    with pytest.raises(StoreError, match="bad"):
        bad.result(WAIT)


def test_a_database_that_lets_wait_fails_the_whole_group_once(writer: ScriptedWriter) -> None:
    clock = FixedClock()
    ingest = Ingest(writer, clock=clock)
    attempts = []

    def locked(batches: Sequence[IncomingBatch]) -> StoreError:
        attempts.append(len(batches))
        clock.advance(5)
        return StoreError("locked")

    ingest.start()
    writer.hold(ingest)
    futures = [ingest.submit(batch(1)) for _ in range(3)]
    writer.fails = locked
    writer.gate.set()
    for future in futures:
        with pytest.raises(StoreError, match="locked"):
            future.result(WAIT)
    assert attempts == [1, 3]
    ingest.stop(WAIT)


def test_a_fault_in_the_writer_is_a_store_error_and_not_the_end(ingest: Ingest, writer: ScriptedWriter) -> None:
    writer.fails = lambda batches: RuntimeError("a bug")
    with pytest.raises(StoreError, match="RuntimeError"):
        ingest.submit(batch(1)).result(WAIT)
    writer.fails = lambda batches: None
    assert ingest.submit(batch(1)).result(WAIT).sequence


def test_listeners_hear_of_a_commit_before_its_senders(ingest: Ingest) -> None:
    heard: list[tuple[int, bool]] = []
    futures: list[Future[Commit]] = []
    ready = threading.Event()

    def listen(commit: Commit) -> None:
        assert ready.wait(WAIT)
        heard.append((commit.sequence, futures[0].done()))

    ingest.add_listener(listen)
    futures.append(ingest.submit(batch(1)))
    ready.set()
    futures[0].result(WAIT)
    assert heard == [(1, False)]


def test_a_listener_that_fails_stops_nobody(ingest: Ingest) -> None:
    heard: list[int] = []

    def fail(commit: Commit) -> None:
        raise RuntimeError("no screen")

    ingest.add_listener(fail)
    ingest.add_listener(lambda commit: heard.append(commit.sequence))
    assert ingest.submit(batch(1)).result(WAIT).sequence
    assert heard == [1]


def test_a_sender_that_goes_away_takes_nothing_back(ingest: Ingest, writer: ScriptedWriter) -> None:
    writer.hold(ingest)
    future = ingest.submit(batch(2))
    assert not future.cancel()
    writer.gate.set()
    assert future.result(WAIT).new_spans == 2


def test_stop_stores_all_that_was_accepted_and_closes(ingest: Ingest, writer: ScriptedWriter) -> None:
    writer.hold(ingest)
    futures = [ingest.submit(batch(6)) for _ in range(4)]
    stopped: list[bool] = []
    stopping = threading.Thread(target=lambda: stopped.append(ingest.stop(WAIT)))
    stopping.start()
    while True:  # until the stop has begun, which only a refusal shows
        try:
            futures.append(ingest.submit(batch(1)))
        except IngestBusyError:
            break
    writer.gate.set()
    stopping.join(WAIT)
    assert stopped == [True]
    assert all(future.result(0).sequence for future in futures)
    assert writer.closed


def test_stop_gives_up_after_its_time_and_says_so(ingest: Ingest, writer: ScriptedWriter) -> None:
    inside = writer.hold(ingest)
    waiting = ingest.submit(batch(1))
    assert ingest.stop(0.01) is False
    writer.gate.set()
    assert inside.result(WAIT).sequence, "what was being written is answered as what it is"
    with pytest.raises(StoreError, match="stopped"):
        waiting.result(WAIT)
    assert ingest.stop(WAIT)
    assert writer.closed


def test_stop_without_start_closes(writer: ScriptedWriter) -> None:
    ingest = Ingest(writer)
    ingest.submit(batch(1))
    ingest.stop()
    assert writer.closed


def test_counters(ingest: Ingest, writer: ScriptedWriter) -> None:
    ingest.submit(batch(2)).result(WAIT)
    writer.hold(ingest)
    ingest.submit(batch(3, byte_size=30))
    stats = ingest.stats()
    assert (stats.commits, stats.queued_batches, stats.queued_items, stats.queued_bytes) == (1, 2, 3, 30)


def note_order(writer: ScriptedWriter, order: list[str]) -> None:
    """Note each transaction of senders."""

    def note(_: Sequence[IncomingBatch]) -> None:
        order.append("batch")

    writer.fails = note


def test_work_in_the_background_waits_for_a_moment_without_senders(writer: ScriptedWriter, ingest: Ingest) -> None:
    order: list[str] = []
    note_order(writer, order)
    first = writer.hold(ingest)
    work = ingest.run(lambda _: order.append("work"))
    later = [ingest.submit(batch(1)) for _ in range(3)]
    writer.gate.set()
    work.result(WAIT)
    assert all(future.done() for future in (first, *later))
    assert order == ["batch", "batch", "work"], "those that waited share a transaction, and go first"


def test_work_that_waits_long_is_done_before_the_next_batch(writer: ScriptedWriter) -> None:
    clock = FixedClock()
    ingest = Ingest(writer, clock=clock)
    ingest.start()
    order: list[str] = []
    note_order(writer, order)
    first = writer.hold(ingest)
    work = ingest.run(lambda _: order.append("work"))
    later = ingest.submit(batch(1))
    clock.advance(1.5)
    writer.gate.set()
    for future in (first, later):
        future.result(WAIT)
    work.result(WAIT)
    assert order == ["batch", "work", "batch"]
    ingest.stop()


def test_work_that_fails_fails_alone(writer: ScriptedWriter, ingest: Ingest) -> None:
    def fail(_: object) -> None:
        raise StoreError("no")

    with pytest.raises(StoreError, match="no"):
        ingest.run(fail).result(WAIT)
    assert ingest.submit(batch(1)).result(WAIT).sequence


def test_work_is_given_up_when_it_stops(writer: ScriptedWriter, ingest: Ingest) -> None:
    held = writer.hold(ingest)
    work = ingest.run(lambda _: None)
    stopper = threading.Thread(target=ingest.stop)
    stopper.start()
    while True:  # until it refuses, which is to say it is stopping
        try:
            ingest.run(lambda _: None)
        except IngestBusyError:
            break
    writer.gate.set()
    stopper.join(WAIT)
    held.result(WAIT)
    with pytest.raises(StoreError, match="stopped"):
        work.result(WAIT)


def test_the_last_commits_tell_latency_and_rate() -> None:
    clock = FixedClock()
    stats = IngestStats(0, 0, 0, 0, 0)
    assert (stats.commit_seconds(0.95), stats.items_per_second()) == (0, 0)
    commits = [RecentCommit(clock.monotonic() + second, (100 - second) / 1_000, 10) for second in range(100)]
    stats = replace(stats, latest=commits, now_s=clock.monotonic() + 99)
    assert [stats.commit_seconds(share) for share in (0.5, 0.95, 1)] == [0.05, 0.095, 0.1]
    assert stats.items_per_second() == 10.0
    many = [RecentCommit(float(number) / 256, 0.001, 5) for number in range(512)]
    assert replace(stats, latest=many, now_s=2.0).items_per_second() == 5 * 512 / 2, "they reach back two seconds"


def test_a_commit_is_remembered_with_what_it_took(writer: ScriptedWriter) -> None:
    clock = FixedClock()
    ingest = Ingest(writer, clock=clock)
    ingest.start()
    writer.fails = lambda _: clock.advance(0.25)
    ingest.submit(batch(3)).result(WAIT)
    ingest.stop()
    (commit,) = ingest.stats().latest
    assert (round(commit.seconds, 6), commit.items) == (0.25, 3)


def test_a_trouble_that_lasts_is_logged_once(
    writer: ScriptedWriter, ingest: Ingest, caplog: pytest.LogCaptureFixture
) -> None:
    """Senders come again and again; the log would be full of them."""
    writer.fails = lambda batches: StoreError("The disk is full.")
    for _ in range(3):
        assert ingest.submit(make_batch(make_incoming_span(1))).exception(WAIT)
    assert [record.getMessage() for record in caplog.records] == ["1 requests could not be stored: The disk is full."]
