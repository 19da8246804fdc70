"""Pictures of the main screens. `uv run pytest tests/ui/test_snapshots.py --snapshot-update -n 0` draws them again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from tests.support.clock import FixedClock
from tests.support.corpus import fill, offline
from tests.ui.conftest import Until
from tracetui.runtime import Runtime
from tracetui.store.records import StoreSize
from tracetui.tui.app import TracetuiApp
from tracetui.tui.pulse import Pulse

SCENARIOS = ("oi-openai-http", "oi-langchain", "plain-error", "oi-manual")

Keys = Callable[[Pilot[str]], Awaitable[None]]


class Compare(Protocol):
    def __call__(self, app: TracetuiApp, *, terminal_size: tuple[int, int], run_before: Keys) -> bool: ...


@pytest.fixture(autouse=True)
def _size_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """How large the write-ahead log is depends on how commits fell together."""
    monkeypatch.setattr(Pulse, "take_size", lambda self, size: setattr(self, "_size", StoreSize(0, 0, 0, 1_200_000)))


async def open_span(pilot: Pilot[str], until: Until, trace: str, kind: str, tab: int) -> None:
    """Filter for a trace, open it, read its first span of a kind; the filter is removed on the way."""
    assert isinstance(pilot.app, TracetuiApp)
    explorer = pilot.app.explorer
    await until(pilot, lambda: explorer.traces.total > 0)
    await pilot.press("slash", *trace, "enter")
    await until(pilot, lambda: explorer.traces.loaded and explorer.traces.view.where is not None)
    await until(pilot, lambda: explorer.traces.selected and explorer.traces.selected.name == trace)
    await pilot.press("enter")
    await until(pilot, lambda: explorer.spans.summary and explorer.spans.summary.name == trace)
    await pilot.press("slash", "escape")
    await until(pilot, lambda: explorer.traces.loaded and explorer.spans.matches is None)
    explorer.spans.action_find_kind(kind, 1)
    await pilot.press("enter", str(tab))
    span_id = explorer.spans.selected_span_id
    inspector = explorer.inspector
    await until(pilot, lambda: inspector.opened and inspector.opened.normalised.span.span_id == span_id)
    await until(pilot, lambda: explorer.spans.selected_row is not None)
    explorer.query_one("#filter").blink = False  # type: ignore[attr-defined]
    await pilot.pause()


async def open_sessions(pilot: Pilot[str], until: Until, *, read: bool) -> None:
    """Show the sessions, with the cursor on the second; or read it, its first turn unfolded."""
    assert isinstance(pilot.app, TracetuiApp)
    await until(pilot, lambda: pilot.app.explorer.traces.loaded)  # type: ignore[attr-defined]
    await until(pilot, lambda: pilot.app._pulse.has_traces)  # type: ignore[attr-defined]
    await pilot.press("c")
    await until(pilot, lambda: pilot.app.sessions and pilot.app.sessions.sessions.loaded)  # type: ignore[attr-defined]
    screen = pilot.app.sessions
    assert screen is not None
    await until(pilot, lambda: screen.sessions.total > 0)
    row = next(row for row in range(9) if (at := screen.sessions.at(row)) and at.session_id == "sess-7f3a-multi-turn")
    for _ in range(row):
        await pilot.press("j")
    if read:
        await pilot.press("enter")
    view = screen.conversation
    if view.display:
        await until(pilot, lambda: view.session and view.session.session_id == "sess-7f3a-multi-turn")
        await until(pilot, lambda: len(view._turns) == 2 and not view._asked)
    if read:
        await pilot.press("home", "space")
    await pilot.pause()


@pytest.mark.parametrize("theme", ["tracetui-dark", "tracetui-light", "tracetui-ansi"])
@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
@pytest.mark.parametrize("picture", ["list", "chat", "documents", "welcome", "sessions", "conversation"])
def test_picture(
    picture: str, size: tuple[int, int], theme: str, snap_compare: Compare, tmp_path: Path, until: Until
) -> None:
    runtime = Runtime(replace(offline(tmp_path / "traces.db"), theme=theme))
    runtime.open_store()
    try:
        if picture != "welcome":
            fill(runtime, *SCENARIOS)
        app = TracetuiApp(runtime, clock=FixedClock())

        async def press(pilot: Pilot[str]) -> None:
            explorer = app.explorer
            await until(pilot, lambda: explorer.traces.loaded)
            if picture == "chat":
                await open_span(pilot, until, "weather_turn_1", "LLM", 1)
            elif picture == "documents":
                await open_span(pilot, until, "support_agent", "RETRIEVER", 4)
            elif picture in ("sessions", "conversation"):
                await open_sessions(pilot, until, read=picture == "conversation")
            elif picture == "list":
                await pilot.press("j", "j")
                chosen = explorer.traces.selected
                assert chosen is not None
                if size[0] > 100:
                    await until(
                        pilot, lambda: explorer.spans.summary and explorer.spans.summary.trace_id == chosen.trace_id
                    )
            await pilot.pause()

        assert snap_compare(app, terminal_size=size, run_before=press)
    finally:
        runtime.stop()
