"""A trace that somebody removes goes in steps that hold no sender up, however many log records it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.factories import make_batch, make_incoming_log, make_incoming_span, make_trace, trace_id
from tracetui.config import Settings
from tracetui.runtime import Runtime
from tracetui.store.api import all_logs
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
        return len(list(all_logs(reader)))


def test_no_step_removes_very_many_log_records(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[int] = []
    thin = Remover.thin

    def noted(self: Remover, trace_ids: list[str], seen: int | None) -> int:
        left.append(stored_logs(runtime))  # what was committed until now
        return thin(self, trace_ids, seen)

    monkeypatch.setattr(Remover, "thin", noted)
    assert runtime.remove(trace_id(1), seen=runtime.last_row_id).result(20).traces == 1
    assert left == [47, 37, 27, 17, 7]
    assert stored_logs(runtime) == 0
    with closing(runtime.open_reader()) as reader:
        assert reader.trace(trace_id(1)) is None
        assert reader.trace(trace_id(2)) is not None


def test_senders_come_between_the_steps_and_what_they_bring_spares_the_trace(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, thin = runtime.last_row_id, Remover.thin

    def with_a_sender(self: Remover, trace_ids: list[str], seen: int | None) -> int:
        if stored_logs(runtime) == LOGS:
            runtime.ingest.submit(make_batch(make_incoming_span(9, trace=1)))
        return thin(self, trace_ids, seen)

    monkeypatch.setattr(Remover, "thin", with_a_sender)
    assert runtime.remove(trace_id(1), seen=seen).result(20).spared == 1
    assert stored_logs(runtime) == LOGS - STEP


def test_a_trace_that_has_grown_keeps_its_log_records(runtime: Runtime) -> None:
    seen = runtime.last_row_id
    runtime.ingest.submit(make_batch(make_incoming_span(9, trace=1))).result(20)
    assert runtime.remove(trace_id(1), seen=seen).result(20).spared == 1
    assert stored_logs(runtime) == LOGS
