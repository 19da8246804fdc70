"""Pictures of the filter. `uv run pytest tests/ui/test_filter_pictures.py --snapshot-update -n 0` draws them again."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from tests.support.clock import FixedClock
from tests.support.corpus import fill, offline
from tests.ui.conftest import Until, is_indexed, screen_text
from tests.ui.test_filter import keys
from tests.ui.test_snapshots import Compare
from tracetui.runtime import Runtime
from tracetui.store.records import StoreSize
from tracetui.tui.app import TracetuiApp
from tracetui.tui.pulse import Pulse
from tracetui.tui.widgets.completion import CompletionPopup
from tracetui.tui.widgets.query_error import QueryErrorRow

SCENARIOS = ("oi-openai-http", "oi-langchain", "plain-error", "oi-manual")


@pytest.fixture(autouse=True)
def _size_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """How large the write-ahead log is depends on how commits fell together."""
    monkeypatch.setattr(Pulse, "take_size", lambda self, size: setattr(self, "_size", StoreSize(0, 0, 0, 1_200_000)))


async def find(pilot: Pilot[str], until: Until, text: str, *, total: int | None = None) -> None:
    """Put a text into the filter at once, and wait until all that it brings is on the screen."""
    assert isinstance(pilot.app, TracetuiApp)
    explorer, app = pilot.app.explorer, pilot.app
    await until(pilot, lambda: explorer.traces.loaded and explorer.traces.total > 0)
    await until(pilot, lambda: is_indexed(app))
    await pilot.press("slash")
    explorer.bar.field.cursor_blink = False
    explorer.set_filter(text)
    traces = explorer.traces
    await until(pilot, lambda: traces.is_current and traces.counted and (total is None or traces.total == total))
    await until(pilot, lambda: " of " in screen_text(app).splitlines()[1])


async def results(pilot: Pilot[str], until: Until, app: TracetuiApp) -> None:
    """A filter, its count, and why each row matched."""
    await find(pilot, until, "refund -status:error")
    traces = app.explorer.traces
    await until(
        pilot, lambda: all(trace.row_id in traces._hits for row in range(traces.total) if (trace := traces.at(row)))
    )
    if app.size.width > 100:
        await until(pilot, lambda: app.explorer.spans.matches is not None and traces.selected is not None
                    and app.explorer.spans.trace_id == traces.selected.trace_id)  # fmt: skip
        await until(pilot, lambda: "◆" in screen_text(app))


async def suggestions(pilot: Pilot[str], until: Until, app: TracetuiApp) -> None:
    """What could stand at the cursor, the second chosen."""
    await find(pilot, until, "kind:LLM")
    await pilot.press("space", *keys("tokens"))
    popup = app.explorer.query_one(CompletionPopup)
    await until(pilot, lambda: popup.is_open)
    await pilot.press("down", "down")
    await until(pilot, lambda: app.explorer.traces.is_current and app.explorer.traces.counted)
    await settle(pilot, until, app)


async def a_mistake(pilot: Pilot[str], until: Until, app: TracetuiApp) -> None:
    """What is wrong, under its place."""
    await find(pilot, until, "kind:LLM")
    await settle(pilot, until, app)
    app.explorer.set_filter("kind:LLM modle:gpt-4o tokens>100")
    await until(pilot, lambda: app.explorer.query_one(QueryErrorRow).said)


async def marks(pilot: Pilot[str], until: Until, app: TracetuiApp) -> None:
    """The marked tree, the cursor on a match."""
    await find(pilot, until, "support_agent")
    await pilot.press("enter", "enter")
    spans = app.explorer.spans
    await until(pilot, lambda: spans.summary is not None and spans.summary.name == "support_agent")
    app.explorer.set_filter("kind:LLM OR kind:TOOL")
    await until(pilot, lambda: spans.matches is not None and len(spans.matches) == 3)
    await pilot.press("n", "n")
    await until(pilot, lambda: "match 2 ·" in screen_text(app))
    await settle(pilot, until, app)


async def nothing(pilot: Pilot[str], until: Until, app: TracetuiApp) -> None:
    """Nothing matches."""
    await find(pilot, until, "kind:LLM model:gpt-4o-mini xylophone", total=0)
    await until(pilot, lambda: "xylophone" in screen_text(app) and "no trace" in screen_text(app))
    terms = ("kind:LLM", "model:gpt-4o-mini", "xylophone")
    await until(pilot, lambda: all(counted(app, term) for term in terms))
    if app.size.width > 100:
        await until(pilot, lambda: not app.explorer.spans.trace_id and not app.explorer.spans.row_count)


def counted(app: TracetuiApp, term: str) -> bool:
    """Whether the list says how many traces a term matches by itself."""
    return any(line[1:].lstrip().startswith(term) and "trace" in line for line in screen_text(app).splitlines()[3:])


async def settle(pilot: Pilot[str], until: Until, app: TracetuiApp) -> None:
    """Wait for the panes below the list."""
    explorer = app.explorer
    if explorer._arrangement.shows("trace"):
        await until(pilot, lambda: explorer.level != "list" or (
            explorer.traces.selected is not None and explorer.spans.trace_id == explorer.traces.selected.trace_id
        ))  # fmt: skip
        await until(pilot, lambda: explorer.spans.trace is not None and explorer.spans.matches is not None)
    if explorer._arrangement.shows("inspect"):
        inspector = explorer.inspector
        await until(pilot, lambda: inspector.opened is not None
                    and inspector.opened.normalised.span.span_id == explorer.spans.selected_span_id)  # fmt: skip
    await pilot.pause()


PICTURES = {"results": results, "suggestions": suggestions, "mistake": a_mistake, "marks": marks, "nothing": nothing}


@pytest.mark.parametrize("theme", ["tracetui-dark", "tracetui-light"])
@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
@pytest.mark.parametrize("picture", PICTURES)
def test_picture(
    picture: str, size: tuple[int, int], theme: str, snap_compare: Compare, tmp_path: Path, until: Until
) -> None:
    runtime = Runtime(replace(offline(tmp_path / "traces.db"), theme=theme))
    runtime.open_store()
    try:
        fill(runtime, *SCENARIOS)
        app = TracetuiApp(runtime, clock=FixedClock())

        async def press(pilot: Pilot[str]) -> None:
            await PICTURES[picture](pilot, until, app)
            await pilot.pause()

        assert snap_compare(app, terminal_size=size, run_before=press)
    finally:
        runtime.stop()
