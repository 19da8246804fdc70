"""Pictures of every tab of the inspector. `--snapshot-update -n 0` draws them again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from tests.support import travel
from tests.support.clock import FixedClock
from tests.support.corpus import offline, send
from tests.ui.conftest import Until
from tracetui.otlp.wire import Signal
from tracetui.runtime import Runtime
from tracetui.store.records import StoreSize
from tracetui.tui.app import TracetuiApp
from tracetui.tui.pulse import Pulse

TABS = {
    "chat": (travel.ANSWER, 1),
    "io": (travel.SEARCH, 2),
    "tools": (travel.PLAN, 3),
    "documents": (travel.SEARCH, 4),
    "attributes": (travel.FAILED, 5),
    "error": (travel.FAILED, 6),
    "logs": (travel.PLAN, 7),
    "raw": (travel.FAILED, 8),
    "tokens": (travel.ANSWER, 9),
}
"""Each tab, with the span that has most to show there."""


class Compare(Protocol):
    def __call__(
        self, app: TracetuiApp, *, terminal_size: tuple[int, int], run_before: Callable[[Pilot[str]], Awaitable[None]]
    ) -> bool: ...


@pytest.mark.parametrize("theme", ["tracetui-dark", "tracetui-light"])
@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
@pytest.mark.parametrize("tab", TABS)
def test_tab(
    tab: str,
    size: tuple[int, int],
    theme: str,
    snap_compare: Compare,
    tmp_path: Path,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Pulse, "take_size", lambda self, size: setattr(self, "_size", StoreSize(0, 0, 0, 1_200_000)))
    span_id, number = TABS[tab]
    runtime = Runtime(replace(offline(tmp_path / "traces.db"), theme=theme))
    runtime.open_store()
    try:
        send(runtime, Signal.TRACES, travel.request(), is_json=True)
        send(runtime, Signal.LOGS, travel.logs(travel.PLAN, "cache was cold"), is_json=True)
        app = TracetuiApp(runtime, clock=FixedClock())

        async def show(pilot: Pilot[str]) -> None:
            explorer = app.explorer
            await until(pilot, lambda: explorer.traces.total > 0)
            explorer.spans.open(travel.TRACE_ID)
            await until(pilot, lambda: explorer.spans.trace and explorer.spans.summary)
            assert explorer.spans.trace is not None
            explorer.go("trace")
            explorer.spans.move_to(explorer.spans.trace.positions[span_id])
            explorer.go("inspect")
            inspector = explorer.inspector
            inspector.open(travel.TRACE_ID, span_id)
            await until(pilot, lambda: inspector.opened and inspector.opened.normalised.span.span_id == span_id)
            await pilot.press(str(number))
            await until(pilot, lambda: tab != "raw" or "spanId" in inspector.text)
            if tab == "tokens":
                await pilot.press("w", *"jjj")
            await pilot.pause()

        assert snap_compare(app, terminal_size=size, run_before=show)
    finally:
        runtime.stop()
