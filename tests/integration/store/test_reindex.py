"""Deriving anew: an older file becomes what a fresh import of the same bytes would be, whatever comes between."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.support.corpus import SCENARIOS, requests
from tests.support.programs import environment, tracetui
from tests.support.waiting import wait_until
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import read_request
from tracetui.reindex import Reindexer
from tracetui.store.api import SpanWriter
from tracetui.store.ingest import Ingest
from tracetui.store.records import Commit, IncomingBatch
from tracetui.store.sqlite import SqliteReader, SqliteWriter

T = TypeVar("T")

TABLES = ("spans", "span_data", "pending_spans", "traces", "resources", "scopes", "logs", "sessions", "session_users")

CORRUPTED = (
    "UPDATE spans SET kind = 'TOOL', name = 'old', model = 'old', provider = '', input_tokens = 7, cost_total = 9.5,"
    " output_tokens = NULL, cost_input = NULL, session_id = 'old', user_id = 'old', tool_name = 'old',"
    " preview = '', is_error = 1, below = 7, under_tool = 1, derivation_version = 1 WHERE id % :every = :rest",
    "UPDATE traces SET name = 'old', llm_count = 99, tool_count = 0, input_tokens = NULL, input_count = 0,"
    " cost_picodollars = 1, cost_count = 3, models = '[]', model_counts = NULL, session_id = 'old', user_id = 'old',"
    " pending_count = 0, derivation_version = 1"
    " WHERE id IN (SELECT trace FROM spans WHERE derivation_version = 1)",
    "DELETE FROM pending_spans WHERE id % :every = :rest",
    "UPDATE resources SET service = 'old', project = 'old'",
    "UPDATE logs SET event_name = 'old', body_text = '', tells = 0, derivation_version = 1 WHERE id % :every = :rest",
)


class Direct:
    """A `WriterThread` without a thread; `before` is called before each piece of work, to interfere."""

    def __init__(self, writer: SpanWriter, before: Callable[[], None] = lambda: None) -> None:
        self.writer = writer
        self.before = before
        self.told: set[str] = set()

    def run(self, work: Callable[[SpanWriter], T], *, patience_s: float = 0) -> Future[T]:
        self.before()
        answer: Future[T] = Future()
        answer.set_result(work(self.writer))
        return answer

    def tell(self, commit: Commit) -> None:
        self.told |= commit.trace_ids


def batches(scenario: str) -> list[IncomingBatch]:
    return [read_request(signal, body).batch for signal, body in requests(scenario)]


def fresh(path: Path, *scenarios: str) -> Path:
    """A database of these scenarios as this version stores them."""
    writer = SqliteWriter(path, derivation_version=DERIVATION_VERSION)
    for scenario in scenarios:
        for batch in batches(scenario):
            writer.write([batch])
    writer.close()
    return path


def corrupt(path: Path, *, every: int = 1, rest: int = 0) -> None:
    """Make it what another version might have derived: of every so many rows one, and the totals of their traces."""
    with closing(sqlite3.connect(path)) as opened:
        for statement in CORRUPTED:
            opened.execute(statement, {"every": every, "rest": rest} if ":every" in statement else {})
        opened.commit()


def content(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, generated columns included; rows of sessions without their numbers."""
    with closing(sqlite3.connect(path)) as opened:
        found = {}
        for table in TABLES:
            columns = [row[1] for row in opened.execute(f"PRAGMA table_xinfo({table})")]
            if table == "sessions":  # numbered in order of arrival, which deriving anew does not repeat
                columns.remove("id")
            found[table] = sorted(opened.execute(f"SELECT {','.join(columns)} FROM {table}"), key=repr)
        return found


def reindex(path: Path, *, before: Callable[[SpanWriter], None] = lambda writer: None) -> Reindexer:
    writer = SqliteWriter(path, derivation_version=DERIVATION_VERSION)
    reindexer = Reindexer(lambda: SqliteReader(path), Direct(writer, lambda: before(writer)), at_rest=False)
    assert reindexer.run()
    writer.close()
    return reindexer


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_older_file_becomes_what_a_fresh_import_would_be(tmp_path: Path, scenario: str) -> None:
    path = fresh(tmp_path / "a.db", scenario)
    expected = content(path)
    corrupt(path)
    assert content(path) != expected
    reindex(path)
    assert content(path) == expected


@pytest.mark.parametrize("seed", range(6))
def test_a_file_that_was_partly_derived_anew_becomes_it_too(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr("tracetui.reindex.FIRST_SIZE", chance.choice([8, 50, 512]))
    path = fresh(tmp_path / "a.db", *chance.sample(SCENARIOS, 8))
    expected = content(path)
    every = chance.randrange(2, 9)
    corrupt(path, every=every, rest=chance.randrange(every))
    done = reindex(path)
    assert content(path) == expected
    assert done.progress.done <= done.progress.total


def test_what_arrives_meanwhile_stands(tmp_path: Path) -> None:
    """Between the reading of a span and the writing of its columns, a later version of it and new spans arrive."""
    scenario = "oi-langchain"
    path = fresh(tmp_path / "a.db", scenario)
    corrupt(path)
    (batch, *_) = batches(scenario)
    later = [span._replace(name="later", data=span.data + b"\x18\x00") for span in batch.spans[:40]]
    arriving = iter(later)

    def interfere(writer: SpanWriter) -> None:
        for span in arriving:
            writer.write([IncomingBatch(batch.resources, batch.scopes, [span])])
            return

    reindex(path, before=interfere)
    rest = list(arriving)
    writer = SqliteWriter(path, derivation_version=DERIVATION_VERSION)
    for span in rest:
        writer.write([IncomingBatch(batch.resources, batch.scopes, [span])])
    writer.close()
    expected = SqliteWriter(tmp_path / "b.db", derivation_version=DERIVATION_VERSION)
    for each in batches(scenario):
        expected.write([each])
    for span in later:
        expected.write([IncomingBatch(batch.resources, batch.scopes, [span])])
    expected.close()
    assert len(rest) < len(later), "some came while it went on"
    assert content(path) == content(tmp_path / "b.db")


def test_spans_that_cannot_be_read_any_more_keep_their_columns(tmp_path: Path) -> None:
    path = fresh(tmp_path / "a.db", "oi-langchain")
    with closing(sqlite3.connect(path)) as opened:
        opened.execute("UPDATE span_data SET data = x'ff' WHERE id = 1")
        opened.execute("UPDATE spans SET derivation_version = 1")
        opened.execute("UPDATE traces SET derivation_version = 1")
        opened.commit()
    before = content(path)
    reindex(path)
    after = content(path)
    name = [row[6] for row in before["spans"] if row[0] == 1]
    assert [row[6] for row in after["spans"] if row[0] == 1] == name
    assert reindex(path).progress.total == 0, "it is not tried again and again"


def test_everything_can_be_marked_as_outdated(tmp_path: Path) -> None:
    path = fresh(tmp_path / "a.db", "oi-langchain", "pydantic-ai-v3")
    expected = content(path)
    writer = SqliteWriter(path, derivation_version=DERIVATION_VERSION)
    thread = Direct(writer)
    reindexer = Reindexer(lambda: SqliteReader(path), thread, at_rest=False)
    reindexer.outdate_all()
    with closing(SqliteReader(path)) as reader:
        assert reader.count_outdated(DERIVATION_VERSION) == len(expected["spans"]) + len(expected["logs"])
    assert reindexer.run()
    with closing(SqliteReader(path)) as reader:
        assert thread.told == {trace.trace_id for trace in reader.traces(limit=1_000)}
    writer.close()
    assert content(path) == expected


def test_the_way_in_stays_open_and_is_served_first(tmp_path: Path) -> None:
    path = fresh(tmp_path / "a.db", *SCENARIOS[:12])
    corrupt(path)
    ingest = Ingest(SqliteWriter(path, derivation_version=DERIVATION_VERSION))
    ingest.start()
    reindexer = Reindexer(lambda: SqliteReader(path), ingest)
    reindexer.start()
    waits = []
    arriving = [span for batch in batches(SCENARIOS[-1]) for span in batch.spans]
    batch = batches(SCENARIOS[-1])[0]
    for span in arriving * 3:
        started = time.perf_counter()
        ingest.submit(IncomingBatch(batch.resources, batch.scopes, [span])).result(timeout=30)
        waits.append(time.perf_counter() - started)
    while not reindexer.wait(10):
        pass
    assert reindexer.error == ""
    assert ingest.stop(timeout=30)
    with closing(SqliteReader(path)) as reader:
        assert reader.count_outdated(DERIVATION_VERSION) == 0
    assert sorted(waits)[len(waits) // 2] < 0.5, "an answer waits for one small transaction, not for the whole pass"


def many(path: Path, copies: int) -> Path:
    """A database of a scenario many times over, each time as other traces."""
    writer = SqliteWriter(path, derivation_version=DERIVATION_VERSION)
    body = dict(requests("oi-langchain"))[Signal.TRACES]
    ids = {span.trace_id for span in read_request(Signal.TRACES, body).batch.spans}
    for copy in range(copies):
        changed = body
        for number, trace_id in enumerate(sorted(ids)):
            other = f"{copy + 1:08x}{number:024x}"
            changed = changed.replace(bytes.fromhex(trace_id), bytes.fromhex(other))
        writer.write([read_request(Signal.TRACES, changed).batch])
    writer.close()
    return path


def test_it_goes_on_after_kill_9_where_it_was(tmp_path: Path) -> None:
    path = many(tmp_path / "a.db", copies=60)
    expected = content(path)
    corrupt(path)
    command = tracetui("serve", "--db", str(path), "--grpc", "off", "--http", "127.0.0.1:0")
    total = left = len(expected["spans"])
    for share in (0.9, 0.5):
        before = left
        program = subprocess.Popen(command, env=environment(tmp_path), stderr=subprocess.DEVNULL)
        try:
            with closing(SqliteReader(path)) as reader:
                wait_until(lambda: reader.count_outdated(DERIVATION_VERSION) < min(before, total * share))  # noqa: B023
        finally:
            program.send_signal(signal.SIGKILL)
            program.wait()
        with closing(sqlite3.connect(path)) as opened:
            outdated = "SELECT count(*) FROM spans WHERE derivation_version < ?"
            (left,) = opened.execute(outdated, (DERIVATION_VERSION,)).fetchone()
        assert left < before, "what was done stays done"
    done = reindex(path)
    assert left <= done.progress.total < total
    assert content(path) == expected
