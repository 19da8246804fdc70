"""Draw every picture of the README again, from fixed data: `uv run python screenshots/make.py`.

The bundled captures are stored with repeatable ids under a clock that stands still; a pilot presses keys, and what
the screen then shows is saved as SVG, and as PNG where `rsvg-convert` is installed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from textual.pilot import Pilot

from tracetui.config import Address, Settings
from tracetui.demo.replay import send_all
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import read_request
from tracetui.receivers.status import ReceiverState, ReceiverStatus
from tracetui.runtime import Runtime
from tracetui.tui.app import TracetuiApp
from tracetui.tui.screens.explorer import ExplorerScreen

HERE = Path(__file__).parent
NOON = int(datetime(2026, 11, 22, 12, 5, tzinfo=UTC).timestamp()) * 1_000_000_000


class StandingClock:
    """A clock that stands still."""

    def now_nano(self) -> int:
        return NOON

    def monotonic(self) -> float:
        return 0.0


class ListeningRuntime(Runtime):
    """A runtime that says it listens on the usual ports, whatever else runs on this machine."""

    def statuses(self) -> tuple[ReceiverStatus, ...]:
        ports = (("grpc", 4317), ("http", 4318), ("http", 6006))
        return tuple(ReceiverStatus(name, Address("127.0.0.1", port), ReceiverState.LISTENING) for name, port in ports)

    def start_receivers(self) -> None:
        """Listen nowhere."""


Press = Callable[[Pilot[str], ExplorerScreen], Awaitable[None]]


async def until(pilot: Pilot[str], holds: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    for _ in range(1_500):
        if holds():
            await pilot.pause()
            return
        await pilot.pause(0.01)
    raise TimeoutError("the screen never came to show it")


def is_indexed(app: TracetuiApp) -> bool:
    """Whether the search finds all that is stored."""
    with closing(app._runtime.open_reader()) as reader:
        state = reader.search_state()
        return state.indexed >= state.total > 0


async def open_trace(pilot: Pilot[str], explorer: ExplorerScreen, name: str) -> None:
    """Filter for a trace by name, open it, remove the filter."""
    assert isinstance(explorer.app, TracetuiApp)
    app = explorer.app
    await until(pilot, lambda: is_indexed(app))
    explorer.set_filter(f'trace.name:"{name}"')
    await until(pilot, lambda: explorer.traces.is_current and explorer.traces.selected is not None)
    await until(pilot, lambda: name in (explorer.traces.selected.name if explorer.traces.selected else ""))
    await pilot.press("enter")
    await until(pilot, lambda: explorer.spans.trace is not None and explorer.spans.selected_row is not None)
    await pilot.press("slash", "escape")
    await until(pilot, lambda: explorer.spans.matches is None)


async def go_to(pilot: Pilot[str], explorer: ExplorerScreen, kind: str, tab: int) -> None:
    """Open the first span of a kind on a tab of the inspector."""
    spans = explorer.spans
    spans.action_find_kind(kind, 1)
    await until(pilot, lambda: spans.selected_row is not None and spans.selected_row.kind == kind)
    await pilot.press("enter")
    span_id = spans.selected_span_id
    await until(pilot, lambda: explorer.inspector.opened is not None
                and explorer.inspector.opened.normalised.span.span_id == span_id)  # fmt: skip
    await pilot.press(str(tab))


async def the_list(pilot: Pilot[str], explorer: ExplorerScreen) -> None:
    await pilot.press("j", "j")
    await until(pilot, lambda: explorer.spans.selected_row is not None)
    await pilot.pause(0.3)


async def a_chat(pilot: Pilot[str], explorer: ExplorerScreen) -> None:
    await open_trace(pilot, explorer, "weather_turn_1")
    explorer.spans.action_find_kind("LLM", 1)
    await go_to(pilot, explorer, "LLM", 1)


async def tokens(pilot: Pilot[str], explorer: ExplorerScreen) -> None:
    await a_chat(pilot, explorer)
    await pilot.press("9", "w", *"jjjj")


async def documents(pilot: Pilot[str], explorer: ExplorerScreen) -> None:
    await open_trace(pilot, explorer, "rag_chain")
    await go_to(pilot, explorer, "RETRIEVER", 4)


async def an_error(pilot: Pilot[str], explorer: ExplorerScreen) -> None:
    await open_trace(pilot, explorer, "handler")
    await pilot.press("e", "enter", "1")
    await until(pilot, lambda: explorer.inspector.opened is not None)


async def a_session(pilot: Pilot[str], explorer: ExplorerScreen) -> None:
    app = explorer.app
    assert isinstance(app, TracetuiApp)
    await pilot.press("c")
    await until(pilot, lambda: app.sessions is not None and app.sessions.sessions.total > 0)
    screen = app.sessions
    assert screen is not None
    rows = range(screen.sessions.total)
    chats = [row for row in rows if (at := screen.sessions.at(row)) and at.session_id == "sess-7f3a-multi-turn"]
    screen.sessions.move_to(chats[0])
    await pilot.press("enter")
    await until(pilot, lambda: len(screen.conversation._turns) == 2)
    await pilot.press("home", "space")
    await pilot.pause(0.3)


async def a_filter(pilot: Pilot[str], explorer: ExplorerScreen) -> None:
    app, traces = explorer.app, explorer.traces
    assert isinstance(app, TracetuiApp)
    await until(pilot, lambda: is_indexed(app))
    await pilot.press("slash")
    explorer.bar.field.cursor_blink = False
    explorer.set_filter("kind:LLM weather -status:error")
    await until(pilot, lambda: traces.is_current and traces.counted and traces.total > 0)
    shown = range(min(traces.total, traces.page_rows))
    await until(pilot, lambda: all((trace := traces.at(row)) and trace.row_id in traces._hits for row in shown))
    await until(pilot, lambda: explorer.spans.matches and traces.selected is not None
                and explorer.spans.trace_id == traces.selected.trace_id)  # fmt: skip
    await pilot.pause(0.3)


async def nothing(pilot: Pilot[str], _explorer: ExplorerScreen) -> None:
    await pilot.pause(0.3)


async def the_help(pilot: Pilot[str], explorer: ExplorerScreen) -> None:
    await the_list(pilot, explorer)
    await pilot.press("enter", "question_mark")
    await pilot.pause(0.3)


PICTURES: tuple[tuple[str, tuple[int, int], str, bool, Press], ...] = (
    ("list", (120, 36), "tracetui-dark", True, the_list),
    ("filter", (120, 36), "tracetui-dark", True, a_filter),
    ("chat", (120, 36), "tracetui-dark", True, a_chat),
    ("tokens", (120, 36), "tracetui-dark", True, tokens),
    ("session", (120, 36), "tracetui-dark", True, a_session),
    ("documents", (120, 36), "tracetui-dark", True, documents),
    ("error", (120, 36), "tracetui-dark", True, an_error),
    ("light", (120, 36), "tracetui-light", True, a_chat),
    ("everything", (190, 48), "tracetui-dark", True, the_list),
    ("narrow", (80, 24), "tracetui-dark", True, nothing),
    ("help", (120, 40), "tracetui-dark", True, the_help),
    ("welcome", (100, 30), "tracetui-dark", False, nothing),
)
"""Name, size, theme, whether there are traces, and what to press."""


def store(runtime: Runtime, body: bytes, signal: str) -> None:
    """Store one request and wait for its commit."""
    runtime.ingest.submit(read_request(Signal(signal), body, is_json=True).batch).result()


async def draw(name: str, size: tuple[int, int], theme: str, filled: bool, press: Press, folder: Path) -> None:
    """Draw one picture."""
    os.environ["XDG_DATA_HOME"] = str(folder / name)  # the usual database, as a user's; but not the user's
    runtime = ListeningRuntime(Settings(theme=theme), clock=StandingClock())
    runtime.open_store()
    try:
        if filled:
            send_all(partial(store, runtime), clock=StandingClock(), seed=7)
        app = TracetuiApp(runtime, clock=StandingClock())
        async with app.run_test(size=size) as pilot:
            explorer = app.explorer
            await until(pilot, lambda: explorer.traces.loaded)
            await until(pilot, lambda: explorer.traces.total > 0 or not filled)
            await press(pilot, explorer)
            (HERE / f"{name}.svg").write_text(app.export_screenshot(title="tracetui"), encoding="utf-8")
    finally:
        runtime.stop()
    if converter := shutil.which("rsvg-convert"):
        subprocess.run([converter, "-z", "1", "-o", str(HERE / f"{name}.png"), str(HERE / f"{name}.svg")], check=True)


def main() -> None:
    """Draw them all."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    with tempfile.TemporaryDirectory() as folder:
        for picture in PICTURES:
            asyncio.run(draw(*picture, folder=Path(folder)))
            print(HERE / f"{picture[0]}.svg")


if __name__ == "__main__":
    main()
