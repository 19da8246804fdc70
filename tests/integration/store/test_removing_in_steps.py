"""A trace that somebody removes goes in steps that hold no sender up, however many log records it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

import pytest

from tests.factories import make_batch, make_incoming_log, make_incoming_span, make_trace, trace_id
from tests.support.waiting import wait_until
from tracetui.config import Settings
from tracetui.runtime import Runtime
from tracetui.store.api import all_logs
from tracetui.store.records import Commit
from tracetui.store.sqlite import removal
from tracetui.store.sqlite.removal import Remover

LOGS = 47
STEP = 10


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """One whose database has a trace with more log records than go in a step, and another."""
    monkeypatch.setattr(removal, "LOGS_AT_ONCE", STEP)
    runtime = Runtime(Settings(db=tmp_path / "traces.db", grpc=None, http=()))
    runtime.open_store()
    logs = [make_incoming_log(number) for number in range(LOGS)]
    runtime.ingest.submit(make_batch(*make_trace(1), *make_trace(2), logs=logs)).result(20)
    yield runtime
    runtime.stop()


def stored_logs(runtime: Runtime) -> int:
    with closing(runtime.open_reader()) as reader:
        return reader.count_logs()


def shown_logs(runtime: Runtime) -> int:
    with closing(runtime.open_reader()) as reader:
        return len(list(all_logs(reader)))


def removed_logs(runtime: Runtime, monkeypatch: pytest.MonkeyPatch, between: Callable[[], None]) -> list[int]:
    """Removes a trace; how many of its log records each step takes, before which something happens."""
    steps: list[int] = []
    purge_logs = Remover.purge_logs

    def noted(self: Remover) -> int:
        between()
        steps.append(purge_logs(self))
        return steps[-1]

    monkeypatch.setattr(Remover, "purge_logs", noted)
    assert runtime.remove(trace_id(1), seen=runtime.last_row_id).result(20).traces == 1
    assert shown_logs(runtime) == 0
    with closing(runtime.open_reader()) as reader:
        assert reader.trace(trace_id(1)) is None
        assert reader.trace(trace_id(2)) is not None
    runtime.start_reindexing()  # and with it what removes what is left
    wait_until(lambda: steps[-1:] == [0])
    return steps


def test_no_step_removes_very_many_log_records(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert removed_logs(runtime, monkeypatch, lambda: None) == [10, 10, 10, 10, 7, 0]
    assert stored_logs(runtime) == 0


def test_senders_come_between_the_steps_and_what_they_bring_stays(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought: list[Future[Commit]] = []

    def send() -> None:
        if len(brought) < 3:
            batch = make_batch(make_incoming_span(9, trace=1), logs=[make_incoming_log(100 + len(brought))])
            brought.append(runtime.ingest.submit(batch))

    removed_logs(runtime, monkeypatch, send)
    assert all(sent.result(20).new_logs == 1 for sent in brought)
    wait_until(lambda: stored_logs(runtime) == 3)
    assert shown_logs(runtime) == 3
    with closing(runtime.open_reader()) as reader:
        trace = reader.trace(trace_id(1))
        assert trace is not None
        assert trace.span_count == 1


def test_a_trace_that_has_grown_keeps_its_log_records(runtime: Runtime) -> None:
    seen = runtime.last_row_id
    runtime.ingest.submit(make_batch(make_incoming_span(9, trace=1))).result(20)
    assert runtime.remove(trace_id(1), seen=seen).result(20).spared == 1
    assert stored_logs(runtime) == LOGS
