"""Text that is markup to somebody, in every widget: shown as it is, and clicking on it does nothing of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual import events
from textual.pilot import Pilot
from textual.screen import Screen

from tests.support.clock import FixedClock
from tests.support.corpus import offline, send
from tests.support.hostile import MARKUP, Hostile
from tests.ui.conftest import Until, screen_text
from tracetui.otlp.wire import Signal
from tracetui.runtime import Runtime
from tracetui.tui.app import TracetuiApp

SIZE = (120, 40)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[TracetuiApp]:
    """The explorer on a database, and with saved filters, that hold every such text."""
    filters = tmp_path / "filters.toml"
    filters.write_text("".join(f"f{n:02d} = {json.dumps(text)}\n" for n, text in enumerate(MARKUP)), "utf-8")
    runtime = Runtime(replace(offline(tmp_path / "traces.db"), filters=filters))
    runtime.open_store()
    hostile = Hostile(MARKUP)
    send(runtime, Signal.TRACES, hostile.traces())
    send(runtime, Signal.LOGS, hostile.logs())
    yield TracetuiApp(runtime, clock=FixedClock())
    runtime.stop()


def meant_to_act(screen: Screen[object]) -> list[str]:
    """Text on the screen that is a link, or acts when it is clicked."""
    found = []
    for strip in screen._compositor.render_strips(screen.size):
        for segment in strip:
            style = segment.style
            if style is None or not re.search(r"[\w\[]", segment.text):  # the toolkit's scrollbars act when clicked
                continue
            if style.link or any(key.startswith("@") for key in style.meta):
                found.append(segment.text)
    return found


async def click_every_cell(app: TracetuiApp, pilot: Pilot[str]) -> None:
    """Press and release the left button on every cell, but for the keys at the bottom."""
    for y in range(SIZE[1] - 1):
        for x in range(SIZE[0]):
            for kind in (events.MouseDown, events.MouseUp):
                place = {"x": x, "y": y, "delta_x": 0, "delta_y": 0, "screen_x": x, "screen_y": y}
                app.screen._forward_event(
                    kind(widget=None, button=1, shift=False, meta=False, ctrl=False, style=None, **place)
                )
        if y % 10 == 9:
            await pilot.pause()


OURS = {"screen.open_trace", "screen.open_span", "screen.open_session", "screen.open_turn"}
"""What a click of ours does: two on a row open it."""


async def test_no_markup_acts_wherever_it_is_shown(app: TracetuiApp, until: Until) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.explorer.traces.total == len(MARKUP) + 1)
        await look_everywhere(app, pilot, until)


@pytest.mark.slow
async def test_a_click_on_markup_does_nothing_of_its_own(app: TracetuiApp, until: Until) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.explorer.traces.total == len(MARKUP) + 1)
        actions: set[object] = set()
        run_action = app.run_action

        async def noted(action: object, *rest: object, **more: object) -> bool:
            actions.add(action)
            return await run_action(action, *rest, **more)  # type: ignore[arg-type]

        for keys in (["end"], ["enter", "end", "k", "k"], ["enter", "1"], ["5"], ["escape", "escape", "c"]):
            await pilot.press(*keys)
            await pilot.pause()
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(app, "run_action", noted)
                await click_every_cell(app, pilot)
        assert actions <= OURS
        assert app.is_running and not app.failure


async def look_everywhere(app: TracetuiApp, pilot: Pilot[str], until: Until) -> None:
    """Go through screens, tabs, palette, popups and notes; nothing on any of them may act."""

    def is_plain() -> None:
        assert meant_to_act(app.screen) == []

    is_plain()
    for start in range(0, len(MARKUP), 10):
        app.notify("\n".join(MARKUP[start : start + 10]), title=MARKUP[start])
    await until(pilot, lambda: "<b>&amp;</b>" in screen_text(app))
    is_plain()
    app.clear_notifications()
    await pilot.press("end", "enter")
    await until(pilot, lambda: app.explorer.level == "trace" and "n001" in screen_text(app))
    is_plain()
    await pilot.press("end", "k", "k", "enter")
    for tab in "123456789":
        await pilot.press(tab)
        for _ in range(3):
            await pilot.press("pagedown")
            await pilot.pause()
            is_plain()
    await pilot.press("w")
    await pilot.pause()
    is_plain()
    await pilot.press("w", "escape", "escape", "c")
    await until(pilot, lambda: "sessions" in screen_text(app))
    await pilot.press("end", "enter", "pagedown", "pagedown")
    await pilot.pause()
    is_plain()
    await pilot.press("c")
    await open_palette(pilot, app, until, is_plain)
    app.explorer.set_filter(" ".join(json.dumps(text) for text in MARKUP[:8]))
    await pilot.pause()
    is_plain()
    app.explorer.save_filter()
    await until(pilot, lambda: "Save the filter" in screen_text(app))
    assert "[@click" in screen_text(app) or "[red]x[/]" in screen_text(app)
    is_plain()
    await pilot.press("escape")
    app.explorer.clear_filter()
    await pilot.pause()


async def open_palette(pilot: Pilot[str], app: TracetuiApp, until: Until, is_plain: Callable[[], None]) -> None:
    await pilot.press("ctrl+p")
    await until(pilot, lambda: "Search for commands" in screen_text(app))
    is_plain()
    await pilot.press(*"Filter: f0")
    await until(pilot, lambda: "[red]x[/]" in screen_text(app))
    is_plain()
    await pilot.press("escape")
