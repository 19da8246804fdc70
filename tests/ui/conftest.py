"""The explorer on a real store, driven by a pilot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.support.clock import FixedClock
from tests.support.corpus import fill, offline
from tracetui.model.trace import TraceSummary
from tracetui.runtime import Runtime
from tracetui.tui.app import TracetuiApp

TURNS = 1_500
"""Turns of the event loop to wait for a condition; far more than any needs."""


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A runtime on an empty database, listening nowhere."""
    runtime = Runtime(offline(tmp_path / "traces.db"))
    runtime.open_store()
    yield runtime
    runtime.stop()


@pytest.fixture
def explore(runtime: Runtime) -> Callable[..., TracetuiApp]:
    """Make the application on a store filled with scenarios."""

    def make(*scenarios: str, query: str = "") -> TracetuiApp:
        fill(runtime, *scenarios)
        return TracetuiApp(runtime, clock=FixedClock(), query=query)

    return make


Until = Callable[[Pilot[str], Callable[[], object]], Awaitable[None]]


@pytest.fixture
def until() -> Until:
    """Wait until a condition holds, and the screen is whole; the feed answers from another thread."""

    async def wait(pilot: Pilot[str], holds: Callable[[], object]) -> None:
        for _ in range(TURNS):
            if is_whole(pilot.app) and holds():
                return
            await pilot.pause(0.002)
        raise AssertionError("the condition never held\n" + screen_text(pilot.app))

    return wait


def is_whole(app: object) -> bool:
    """Whether the explorer has all its widgets."""
    assert isinstance(app, TracetuiApp)
    return app.explorer.is_whole


def screen_text(app: object) -> str:
    """What the screen shows, a line a row."""
    from textual.app import App

    assert isinstance(app, App)
    width, height = app.size
    lines = app.screen._compositor.render_strips(app.size)
    return "\n".join("".join(segment.text for segment in line)[:width] for line in lines[:height])


def is_indexed(app: object) -> bool:
    """Whether the search finds all that is stored."""
    from tracetui.tui.app import TracetuiApp

    assert isinstance(app, TracetuiApp)
    with closing(app._runtime.open_reader()) as reader:
        state = reader.search_state()
        return state.indexed >= state.total > 0


def stored(app: object) -> list[TraceSummary]:
    """Every trace."""
    from tracetui.tui.app import TracetuiApp

    assert isinstance(app, TracetuiApp)
    with closing(app._runtime.open_reader()) as reader:
        return reader.traces(limit=1_000)
