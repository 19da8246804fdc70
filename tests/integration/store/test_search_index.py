"""The search index is, in the end, what indexing everything from scratch gives; whatever came between, in any order."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.factories import make_batch, make_incoming_log, make_incoming_span, span_id, trace_id
from tests.support.corpus import SCENARIOS, requests
from tests.support.waiting import wait_until
from tests.unit.store.test_document import make_log, make_slice
from tracetui.errors import StoreError
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.receivers.incoming import derive_span, read_request
from tracetui.reindex import Reindexer
from tracetui.store import document, terms
from tracetui.store import follower as following
from tracetui.store.api import SpanWriter
from tracetui.store.conditions import SpanField
from tracetui.store.follower import Follower
from tracetui.store.ingest import Ingest, NoSenders
from tracetui.store.records import Commit, IncomingBatch, IncomingLog, IncomingSpan, Indexed, IndexedRow, Rederived
from tracetui.store.sqlite import SqliteReader, SqliteWriter

T = TypeVar("T")

WAIT = 30.0

Index = dict[tuple[str, str], set[str]]
"""The tokens of each span."""


class Noting(NoSenders):
    """Notes what is handed to the writer, and what is told."""

    def __init__(self, writer: SpanWriter) -> None:
        super().__init__(writer)
        self.characters = 0
        self.transactions = 0
        self.told: list[Commit] = []
        index = writer.index

        def noting(work: Indexed) -> bool:
            self.characters += sum(len(text) for _, text in work.documents)
            self.transactions += 1
            return index(work)

        writer.index = noting  # type: ignore[method-assign]

    def tell(self, commit: Commit) -> None:
        self.told.append(commit)


class Once(NoSenders):
    """Does one piece of work, and ends the follower with the next."""

    is_done = False

    def run(self, work: Callable[[SpanWriter], T], *, patience_s: float = 0) -> Future[T]:
        if self.is_done:
            raise StoreError("enough")
        self.is_done = True
        return super().run(work)


class Store:
    """A database with its one writer."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer = SqliteWriter(path, derivation_version=DERIVATION_VERSION, derive=derive_span)
        self.thread = Noting(self.writer)

    def write(self, *spans: IncomingSpan, logs: Sequence[IncomingLog] = ()) -> None:
        self.writer.write([make_batch(*spans, logs=logs)])

    def follower(self, thread: NoSenders | None = None) -> Follower:
        reader = lambda: SqliteReader(self.path)  # noqa: E731
        return Follower(reader, thread or self.thread, version=DERIVATION_VERSION, at_rest=False)

    def one_step(self) -> None:
        """One transaction of the follower, then its end."""
        with suppress(StoreError):
            self.follower(Once(self.writer)).run()

    def index(self) -> Index:
        """What is found, after all has been indexed."""
        self.follower().run()
        return index_of(self.path)

    def from_scratch(self) -> Index:
        self.writer.clear_index()
        return self.index()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "a.db")
    yield made
    made.writer.close()


def index_of(path: Path) -> Index:
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    with closing(sqlite3.connect(path)) as opened:
        opened.execute("CREATE VIRTUAL TABLE temp.tokens USING fts5vocab(main, span_terms, instance)")
        for trace_id, span_id, token in opened.execute(
            "SELECT t.trace_id, s.span_id, v.term FROM temp.tokens v JOIN spans s ON s.id = v.doc"
            " JOIN traces t ON t.id = s.trace"
        ):
            found[trace_id, span_id].add(token)
    return dict(found)


def span(number: int = 1, words: str = "", **columns: Any) -> IncomingSpan:
    return make_incoming_span(number, data=make_slice({"text": words}, name=f"span {number}"), **columns)


def late(number: int, words: str, **columns: Any) -> IncomingLog:
    return make_incoming_log(number, data=make_log(words), **columns)


def found(store: Store, word: str) -> list[str]:
    return sorted(span_id for (_, span_id), tokens in store.index().items() if word in tokens)


def test_a_span_is_found_by_its_words_and_columns(store: Store) -> None:
    store.write(span(1, "Refund policy", model="gpt-4o"), span(2, "退款"))
    assert found(store, "refund") == [span_id(1)]
    assert found(store, "退款") == [span_id(2)]
    assert found(store, terms.value(SpanField.MODEL, "gpt-4o")) == [span_id(1)]
    assert found(store, terms.EVERY) == [span_id(1), span_id(2)]


def test_a_later_version_is_found_by_its_own_words_alone(store: Store) -> None:
    store.write(span(1, "first", end_time_unix_nano=0), span(2, "other"))
    assert found(store, "first") == [span_id(1)]
    store.write(span(1, "second"))
    assert found(store, "second") == [span_id(1)]
    assert found(store, "first") == []
    assert found(store, "other") == [span_id(2)]


@pytest.mark.parametrize("order", ["span first", "log first", "together"])
def test_log_records_belong_to_what_their_span_is_found_by(store: Store, order: str) -> None:
    if order == "span first":
        store.write(span(1), span(2))
        store.index()
        store.write(logs=[late(1, "needle", span=1)])
    elif order == "log first":
        store.write(logs=[late(1, "needle", span=1)])
        store.index()
        store.write(span(1), span(2))
    else:
        store.write(span(1), span(2), logs=[late(1, "needle", span=1)])
    assert found(store, "needle") == [span_id(1)]
    assert store.index() == store.from_scratch()


def test_a_log_record_stays_with_later_versions_of_its_span(store: Store) -> None:
    store.write(span(1, "first", end_time_unix_nano=0), logs=[late(1, "needle")])
    store.index()
    store.write(span(1, "second"))
    assert found(store, "needle") == [span_id(1)]


def test_a_pending_span_is_found_by_the_log_records_of_the_one_it_announces(store: Store) -> None:
    store.write(span(9, announces=span_id(1)))
    store.index()
    store.write(logs=[late(1, "needle", span=1)])
    assert found(store, "needle") == [span_id(9)]
    assert store.index() == store.from_scratch()


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3, 4))])
def test_any_order_ends_where_indexing_from_scratch_does(
    store: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real exports in pieces, some sent again changed, steps of the follower at any moment between."""
    chance = random.Random(seed)
    monkeypatch.setattr(following, "_FIRST_SIZE", chance.choice([1, 3, 20]))
    monkeypatch.setattr(following, "_MOST_TEXT", chance.choice([500, 1_000_000]))
    pieces: list[IncomingBatch] = []
    for scenario in chance.sample(SCENARIOS, 10):
        for signal_, body in requests(scenario):
            whole = read_request(signal_, body).batch
            spans = [
                piece
                for one in whole.spans
                for piece in (
                    [one, one._replace(name="again", data=one.data + b"\x18\x00")] if chance.random() < 0.1 else [one]
                )
            ]
            pieces += [IncomingBatch(whole.resources, whole.scopes, [one]) for one in spans]
            pieces += [IncomingBatch(whole.resources, whole.scopes, logs=[one]) for one in whole.logs]
    chance.shuffle(pieces)
    reader = SqliteReader(store.path)
    for piece in pieces:
        store.writer.write([piece])
        if chance.random() < 0.2:
            store.one_step()
    state = reader.search_state()
    assert 0 < state.indexed <= state.total
    grown = store.index()
    state = reader.search_state()
    reader.close()
    assert state.indexed == state.total == len(grown) > 50
    assert grown == store.from_scratch()


def test_a_chatty_span_costs_in_proportion(store: Store) -> None:
    """Each of its log records is read and indexed once, however late it comes."""
    store.write(span(1, "long " * 1_000))
    follower, words = store.follower(), 40
    for number in range(100):
        store.write(logs=[late(number, " ".join(f"w{number}x{place}" for place in range(words)))])
        follower.run()
    assert found(store, "w99x39") == [span_id(1)]
    assert store.thread.characters < 6_000 + 100 * words * 10


def test_very_much_is_indexed_in_several_transactions(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_MOST_TEXT", 2_000)
    monkeypatch.setattr(following, "_MOST_LOG_BYTES", 1_000)
    store.write(span(1), logs=[late(number, f"word{number} " * 50) for number in range(50)])
    assert {f"word{number}" for number in range(50)} <= store.index()["0" * 31 + "1", span_id(1)]
    assert store.thread.transactions > 5


def test_spans_with_more_than_is_searched_are_counted(store: Store) -> None:
    long = make_slice({"text": "needle " + "hay " * 100_000 + "lost"})
    store.write(span(1), make_incoming_span(2, data=long), make_incoming_span(3, data=long + b"\x18\x00"))
    assert found(store, "needle") == [span_id(2), span_id(3)]
    assert found(store, "lost") == []
    with closing(sqlite3.connect(store.path)) as opened:
        assert opened.execute("SELECT cut_spans FROM search_index").fetchone() == (2,)


def test_what_many_transactions_leave_is_merged(store: Store) -> None:
    """A little at a time: FTS5 by itself would merge as a part of some insert, as much as there is."""
    for number in range(1, 120):
        store.write(span(number, f"word{number}"))
        store.one_step()
    assert segments(store) > 100, "none is merged as part of an insert"
    assert len(store.index()) == 119
    assert segments(store) < 10


def segments(store: Store) -> int:
    with closing(sqlite3.connect(store.path)) as opened:
        (count,) = opened.execute("SELECT count(DISTINCT segid) FROM span_terms_idx").fetchone()
    return int(count)


def test_one_span_that_cannot_be_worked_out_does_not_keep_others_out(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = document.document

    def failing(row: IndexedRow, data: bytes, telling: Sequence[bytes] = ()) -> document.Document:
        if row.name == "bad":
            raise ValueError("nobody thought of this")
        return real(row, data, telling)

    monkeypatch.setattr(document, "document", failing)
    store.write(span(1, "one"), span(2, "two", name="bad", model="gpt-4o"), span(3, "three"))
    assert found(store, "three") == [span_id(3)]
    assert found(store, terms.value(SpanField.MODEL, "gpt-4o")) == [span_id(2)]
    assert "could not be worked out" in caplog.text


def test_another_version_of_the_code_makes_the_index_anew(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db")
    store.write(*[span(number, f"word{number}") for number in range(1, 21)])
    store.index()
    store.writer.close()
    newer = SqliteWriter(store.path, derivation_version=DERIVATION_VERSION + 1)
    assert index_of(store.path) == {}
    reader = SqliteReader(store.path)
    assert reader.search_state() == (0, 20)
    thread = NoSenders(newer)
    follower = Follower(lambda: SqliteReader(store.path), thread, version=DERIVATION_VERSION + 1)
    follower.run()
    assert reader.search_state() == (0, 20), "what an earlier version derived waits"
    newer.write([make_batch(span(21, "fresh"))])
    follower.run()
    assert reader.search_state() == (1, 21), "but what arrives does not wait for it"
    spans = [(row_id, None) for row_id in range(11, 21)]
    newer.rederive(Rederived(spans=spans))
    follower.run()
    assert {key[1] for key in index_of(store.path)} == {span_id(number) for number in range(11, 22)}
    newer.rederive(Rederived(spans=[(row_id, None) for row_id in range(1, 11)]))
    follower.run()
    assert reader.search_state() == (21, 21)
    reader.close()
    newer.close()


def test_the_newest_of_what_was_there_before_come_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_FIRST_SIZE", 5)
    store.write(*[span(number) for number in range(1, 21)])
    store.writer.clear_index()
    store.one_step()
    assert {key[1] for key in index_of(store.path)} == {span_id(number) for number in range(16, 21)}


def test_row_ids_that_the_index_knows_are_not_given_again(store: Store) -> None:
    store.write(span(1, "first"), span(2, "second"))
    store.index()
    with closing(sqlite3.connect(store.path)) as other:
        other.execute("DELETE FROM spans")
        other.execute("DELETE FROM traces")
        other.commit()
    store.writer.close()
    again = Store(store.path)
    again.write(span(3, "third"))
    assert again.index().keys() == {("0" * 31 + "1", span_id(3))}
    assert found(again, "third") == [span_id(3)]
    assert found(again, "first") == []
    again.writer.close()


def test_what_was_read_before_the_index_was_emptied_is_left_out(store: Store) -> None:
    store.write(*[span(number, f"word{number}") for number in range(1, 30)])
    store.index()
    store.write(span(30, "word30"))

    class Emptying(NoSenders):
        is_new = True

        def run(self, work: Callable[[SpanWriter], T], *, patience_s: float = 0) -> Future[T]:
            if self.is_new:
                self.is_new = False
                store.writer.clear_index()
            return super().run(work)

    store.follower(Emptying(store.writer)).run()
    assert len(index_of(store.path)) == 30
    assert index_of(store.path) == store.from_scratch()


def test_reindexing_all_makes_the_index_anew(store: Store) -> None:
    for signal_, body in requests("oi-langchain"):
        store.writer.write([read_request(signal_, body).batch])
    expected = store.index()
    store.writer.clear_index()
    Reindexer(lambda: SqliteReader(store.path), store.thread, at_rest=False).outdate_all()
    assert store.index() == {}
    assert Reindexer(lambda: SqliteReader(store.path), store.thread, at_rest=False).run()
    assert store.index() == expected


class Running:
    """A follower in its thread behind a real queue."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ingest = Ingest(SqliteWriter(path, derivation_version=DERIVATION_VERSION, derive=derive_span))
        self.ingest.start()
        self.told: list[Commit] = []
        self.follower = Follower(lambda: SqliteReader(path), self.ingest, version=DERIVATION_VERSION)
        self.ingest.add_listener(self.follower.heard)
        self.ingest.add_listener(self.told.append)
        self.follower.start()

    def send(self, *spans: IncomingSpan) -> None:
        self.ingest.submit(make_batch(*spans)).result(timeout=WAIT)

    def wait(self) -> None:
        with closing(SqliteReader(self.path)) as reader:
            wait_until(lambda: reader.search_state().indexed == reader.search_state().total)

    def stop(self) -> None:
        self.follower.stop()
        assert self.ingest.stop(timeout=WAIT)


def test_an_index_that_is_damaged_is_made_anew(tmp_path: Path) -> None:
    """All of it is derived: what is stored is no worse for it."""
    path = tmp_path / "traces.db"
    writer = SqliteWriter(path)
    writer.write([make_batch(span(1, "before"), span(2, "more"))])
    Follower(lambda: SqliteReader(path), NoSenders(writer), version=1, at_rest=False).run()
    writer.close()
    with closing(sqlite3.connect(path)) as harm:
        harm.execute("UPDATE span_terms_data SET block = zeroblob(7) WHERE id > 1")
        harm.commit()
    writer = SqliteWriter(path)
    writer.write([make_batch(span(3, "after"))])
    follower = Follower(lambda: SqliteReader(path), NoSenders(writer), version=1, at_rest=False)
    follower.run()
    follower.run()
    assert not writer.found_damage
    writer.close()
    reader = SqliteReader(path)
    state = reader.search_state()
    reader.close()
    assert (state.indexed, state.total) == (3, 3)
    assert index_of(path).keys() == {(trace_id(1), span_id(number)) for number in (1, 2, 3)}


def test_it_follows_and_tells(tmp_path: Path) -> None:
    running = Running(tmp_path / "a.db")
    for number in range(1, 6):
        running.send(span(number, f"word{number}", trace=number))
        running.wait()
    wait_until(lambda: sum(commit.sequence == 0 for commit in running.told) == 5)
    running.stop()
    told = [commit for commit in running.told if commit.sequence == 0]
    assert [commit.trace_ids for commit in told] == [{trace_id(number)} for number in range(1, 6)]
    assert all((commit.new_spans, commit.new_logs) == (0, 0) for commit in told)
    assert len(index_of(running.path)) == 5


def test_it_is_silent_while_nothing_arrives(tmp_path: Path) -> None:
    running = Running(tmp_path / "a.db")
    running.send(*[span(number) for number in range(1, 50)])
    running.wait()
    thread = running.follower._thread
    assert thread is not None
    woken = running.follower._woken
    wait_until(lambda: not woken.is_set())
    with closing(SqliteReader(running.path)) as reader:
        settled = Settled(reader)
        wait_until(settled)
        before = reader.data_version()
        threading.Event().wait(0.5)
        assert reader.data_version() == before
    running.stop()
    assert not thread.is_alive()


class Settled:
    """Whether nothing has been committed between two looks."""

    def __init__(self, reader: SqliteReader) -> None:
        self._reader = reader
        self._seen = -1

    def __call__(self) -> bool:
        before, self._seen = self._seen, self._reader.data_version()
        threading.Event().wait(0.2)
        return before == self._seen == self._reader.data_version()


def test_senders_go_first(tmp_path: Path) -> None:
    """The writer is asked for a moment between batches, and waits for one."""
    running = Running(tmp_path / "a.db")
    running.send(*[span(number, "word " * 200) for number in range(1, 2_000)])
    answers = [running.ingest.submit(make_batch(span(2_000 + number))) for number in range(20)]
    for answer in answers:
        answer.result(timeout=WAIT)
    running.wait()
    running.stop()
    assert len(index_of(running.path)) == 2_019


def test_stopping_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    running = Running(tmp_path / "a.db")
    running.send(*[span(number, f"word{number}") for number in range(1, 2_000)])
    running.stop()
    store = Store(tmp_path / "a.db")
    assert len(store.index()) == 1_999
    store.writer.close()


KILLED = """
import sys
from pathlib import Path
from tracetui.errors import StoreError
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.store import follower
from tracetui.store.ingest import Ingest
from tracetui.store.sqlite import SqliteReader, SqliteWriter
follower._TELL_EVERY_S = 0.0
path = Path(sys.argv[1])
ingest = Ingest(SqliteWriter(path, derivation_version=DERIVATION_VERSION))
ingest.start()
follower.Follower(lambda: SqliteReader(path), ingest, version=DERIVATION_VERSION, at_rest=False).run(
    lambda state: print(state.indexed, flush=True)
)
"""


def test_it_goes_on_after_kill_9_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = Store(path)
    spans = [span(number, f"word{number} common", trace=number // 10) for number in range(1, 6_001)]
    store.write(*spans[:3_000])
    store.writer.clear_index()
    store.write(*spans[3_000:])
    store.writer.close()
    indexed = [0]
    for steps in (3, 5):
        program = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
        assert program.stdout is not None
        for _ in range(steps):
            program.stdout.readline()
        program.send_signal(signal.SIGKILL)
        program.wait()
        program.stdout.close()
        with closing(SqliteReader(path)) as reader:
            indexed.append(reader.search_state().indexed)
    assert indexed == sorted(set(indexed)), "what was done stays done"
    assert indexed[-1] < 6_000
    store = Store(path)
    grown = store.index()
    assert store.thread.transactions > 0
    assert len(grown) == 6_000
    assert all("common" in tokens for tokens in grown.values())
    assert grown == store.from_scratch()
    store.writer.close()


def test_an_older_file_is_indexed(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = Store(path)
    store.write(span(1, "needle"), logs=[late(1, "thread")])
    store.writer.close()
    with closing(sqlite3.connect(path)) as older:
        older.execute("DROP TABLE span_terms")
        older.execute("DROP TABLE search_index")
        for table in ("removals", "removed_traces", "removed_logs"):
            older.execute(f"DROP TABLE {table}")
        older.execute("ALTER TABLE traces DROP COLUMN pinned")
        older.execute("DELETE FROM _sqlite_migrations WHERE name >= '005'")
        older.execute("PRAGMA user_version = 4")
        older.commit()
    store = Store(path)
    assert found(store, "needle") == found(store, "thread") == [span_id(1)]
    store.writer.close()
