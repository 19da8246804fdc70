"""Pins, and traces that are removed with a way back, as a person does it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from tests.support.clock import FixedClock
from tests.support.corpus import offline, requests, send
from tests.ui.conftest import Until, is_indexed, screen_text, stored
from tracetui.errors import StoreError
from tracetui.receivers.incoming import read_request
from tracetui.runtime import Runtime
from tracetui.store.retention import Limits, Retention
from tracetui.tui import keeping
from tracetui.tui.app import TracetuiApp

Explore = Callable[..., TracetuiApp]


def toasts(app: TracetuiApp) -> str:
    """What is being said."""
    return "\n".join(notification.message for notification in app._notifications)


def listed(app: TracetuiApp) -> list[str]:
    """Trace ids in the order of the list."""
    traces = app.explorer.traces
    return [row.trace_id for index in range(traces.total) if (row := traces.at(index)) is not None]


async def begin(app: TracetuiApp, pilot: Pilot[str], until: Until, total: int) -> list[str]:
    """Wait for the whole list; returns its ids."""
    await until(pilot, lambda: app.explorer.traces.total == total and len(listed(app)) == total)
    return listed(app)


async def test_a_removed_trace_leaves_at_once_and_comes_back(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=(120, 40)) as pilot:
        before = await begin(app, pilot, until, 18)
        await pilot.press("j", "j", "x", "x")  # the second removes the one that has moved up
        assert listed(app) == before[:2] + before[4:]
        assert app.explorer.traces.total == 16, "it is counted before it is read again"
        selected = app.explorer.traces.selected
        assert selected is not None and selected.trace_id == before[4], "the cursor is on what has moved up"
        assert len(app._notifications) == 1, "one notice for both"
        assert "and 1 more are removed" in toasts(app) and "u brings back the last" in toasts(app)
        await until(pilot, lambda: "16 traces" in screen_text(app))
        await until(pilot, lambda: app.explorer.spans.trace_id == before[4])
        assert len(stored(app)) == 18, "nothing is removed before the time is up"
        await pilot.press("u")
        await until(pilot, lambda: listed(app) == before[:2] + before[3:])
        assert "is back" in toasts(app)
        await pilot.press("u")
        await until(pilot, lambda: listed(app) == before)
        await until(pilot, lambda: app.explorer.traces.selected and app.explorer.traces.selected.trace_id == before[2])
        assert app.explorer.traces.cursor == 2, "the cursor is where it was"
        await pilot.press("u")
        assert "nothing to bring back" in toasts(app)


async def test_all_other_reads_leave_it_out(explore: Explore, until: Until, runtime: Runtime) -> None:
    app = explore("pydantic-ai-default", "oi-manual", "google-adk-content")
    async with app.run_test(size=(120, 40)) as pilot:
        total = len(stored(app))
        await begin(app, pilot, until, total)
        with closing(runtime.open_reader()) as reader:
            session = min(reader.sessions(), key=lambda found: found.trace_count)
            turns = {trace.trace_id for trace in reader.session_traces(session.session_id)}
            sessions = reader.count_sessions()
        for _ in range(total):
            selected = app.explorer.traces.selected
            assert selected is not None
            await pilot.press("x" if selected.trace_id in turns else "j")
        await until(pilot, lambda: len(listed(app)) == total - len(turns))
        await pilot.press("c")
        await until(pilot, lambda: app.sessions is not None and app.sessions.sessions.total == sessions - 1)
        await pilot.press("u")
        await until(pilot, lambda: app.sessions is not None and app.sessions.sessions.total == sessions)


async def test_it_works_in_a_filtered_list(explore: Explore, until: Until, runtime: Runtime) -> None:
    app = explore("oi-openai-http", "plain-error")
    async with app.run_test(size=(120, 40)) as pilot:
        await begin(app, pilot, until, 19)
        runtime.start_reindexing()
        await until(pilot, lambda: is_indexed(app))
        await pilot.press("slash", *"weather_turn", "enter")
        await until(pilot, lambda: "2 of 19 traces" in screen_text(app))
        await pilot.press("x")
        await until(pilot, lambda: "1 of 18 traces" in screen_text(app))
        await pilot.press("x")
        await until(pilot, lambda: "0 of 17 traces" in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: "1 of 18 traces" in screen_text(app))


async def test_it_is_removed_once_it_cannot_be_brought_back(
    explore: Explore, until: Until, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "GRACE_S", 0.05)
    app = explore("oi-openai-http")
    async with app.run_test(size=(120, 40)) as pilot:
        before = await begin(app, pilot, until, 18)
        await pilot.press("x")
        await until(pilot, lambda: len(stored(app)) == 17)
        await until(pilot, lambda: not app._withheld.trace_ids)
        assert {row.trace_id for row in stored(app)} == set(before[1:])
        with closing(runtime.open_reader()) as reader:
            ((reason, traces, *_),) = reader.removals()
        assert (reason, traces) == ("asked", 1)
        await until(pilot, lambda: listed(app) == before[1:])


async def test_what_was_brought_back_stays_when_the_time_is_up(
    explore: Explore, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "GRACE_S", 0.5)
    app = explore("oi-openai-http")
    async with app.run_test(size=(120, 40)) as pilot:
        before = await begin(app, pilot, until, 18)
        await pilot.press("x", "u")
        await until(pilot, lambda: listed(app) == before)
        await pilot.press("end", "x")  # whose time is up later
        await until(pilot, lambda: len(stored(app)) == 17)
        assert {row.trace_id for row in stored(app)} == set(before[:-1])
        await until(pilot, lambda: listed(app) == before[:-1])


async def test_a_trace_that_gets_spans_meanwhile_stays(
    explore: Explore, until: Until, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "GRACE_S", 0.4)
    app = explore()
    batch = read_request(*requests("plain-deep")[0]).batch
    runtime.ingest.submit(replace(batch, spans=batch.spans[:-1])).result()
    async with app.run_test(size=(120, 40)) as pilot:
        await begin(app, pilot, until, 1)
        await pilot.press("x")
        assert listed(app) == []
        runtime.ingest.submit(replace(batch, spans=batch.spans[-1:])).result()
        await until(pilot, lambda: "has got more spans" in toasts(app))
        await until(pilot, lambda: len(listed(app)) == 1)
        (trace,) = stored(app)
        assert trace.span_count == len(batch.spans)


async def test_leaving_removes_it_and_a_signal_does_not(explore: Explore, until: Until, runtime: Runtime) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=(120, 40)) as pilot:
        await begin(app, pilot, until, 18)
        await pilot.press("x")
        app._end()  # a signal
    app.settle()
    assert len(stored(app)) == 18
    app = TracetuiApp(runtime, clock=FixedClock())
    async with app.run_test(size=(120, 40)) as pilot:
        await begin(app, pilot, until, 18)
        await pilot.press("x", "x", "q")
    app.settle()
    assert len(stored(app)) == 16


async def test_a_removal_that_fails_is_told_and_the_trace_is_back(
    explore: Explore, until: Until, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "GRACE_S", 0.05)
    app = explore("oi-openai-http")

    def fails(*_: object, **__: object) -> None:
        raise StoreError("The disk is on strike.")

    async with app.run_test(size=(120, 40)) as pilot:
        await begin(app, pilot, until, 18)
        monkeypatch.setattr(runtime._writer, "remove", fails)
        await pilot.press("x")
        await until(pilot, lambda: "could not be removed: The disk is on strike." in toasts(app))
        await until(pilot, lambda: len(listed(app)) == 18)


async def test_a_pin_is_kept_shown_and_protects(explore: Explore, until: Until, runtime: Runtime) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=(120, 40)) as pilot:
        before = await begin(app, pilot, until, 18)
        await pilot.press("j", "p")
        await until(pilot, lambda: "★" in screen_text(app))
        assert [row.trace_id for row in stored(app) if row.pinned] == [before[1]]
        await pilot.press("x")
        assert "pinned" in toasts(app)
        assert len(listed(app)) == 18
        Retention(runtime.open_reader, runtime.ingest, Limits(max_age_nano=1), at_rest=False).keep()
        await until(pilot, lambda: listed(app) == [before[1]])
        await pilot.press("p")
        await until(pilot, lambda: "★" not in screen_text(app))
        assert not any(row.pinned for row in stored(app))


async def test_a_viewer_can_do_neither_and_says_so(runtime: Runtime, tmp_path: Path, until: Until) -> None:
    send(runtime, *requests("plain-error")[0])
    viewer = Runtime(offline(tmp_path / "traces.db"))
    viewer.open_store()
    app = TracetuiApp(viewer, clock=FixedClock())
    async with app.run_test(size=(120, 40)) as pilot:
        await begin(app, pilot, until, 1)
        await pilot.press("x")
        assert "This is a viewer" in toasts(app) and "removes" in toasts(app)
        await pilot.press("p")
        assert "pins" in toasts(app)
        assert len(listed(app)) == 1
    viewer.stop()
