"""Sessions in the explorer, driven as a person drives them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from tests.factories import SECOND, START, span_id, trace_id
from tests.support.clock import FixedClock
from tests.support.corpus import requests
from tests.ui.conftest import Until, screen_text
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import read_request
from tracetui.runtime import Runtime
from tracetui.sanitise import sanitise
from tracetui.store.orders import SessionOrder, SessionSort
from tracetui.store.records import IncomingBatch
from tracetui.tui.app import TracetuiApp
from tracetui.tui.screens.sessions import SessionsScreen
from tracetui.tui.widgets.conversation import Conversation
from tracetui.tui.widgets.filter_bar import FilterBar

Explore = Callable[..., TracetuiApp]


async def to_sessions(app: TracetuiApp, pilot: Pilot[str], until: Until, total: int) -> SessionsScreen:
    """Press the key, and wait for the list."""
    await until(pilot, lambda: app.explorer.traces.loaded)
    await pilot.press("c")
    await until(pilot, lambda: app.sessions is not None and app.sessions.sessions.loaded)
    screen = app.sessions
    assert screen is not None
    await until(pilot, lambda: screen.sessions.total == total)
    return screen


async def read(screen: SessionsScreen, pilot: Pilot[str], until: Until, session_id: str) -> Conversation:
    """Put the list's cursor on a session and open it."""
    rows = range(screen.sessions.total)
    found = [row for row in rows if (at := screen.sessions.at(row)) is not None and at.session_id == session_id]
    screen.sessions.move_to(found[0])
    await pilot.press("enter")
    view = screen.conversation
    await until(pilot, lambda: view.session is not None and view.session.session_id == session_id)
    return view


def shows(app: TracetuiApp, text: str) -> bool:
    """Whether the text is on the screen."""
    return text in screen_text(app)


def begins_with(file: Path, text: str) -> bool:
    """Whether the first line of a file, if it is there, has the text in it."""
    return file.exists() and text in file.read_text("utf-8").split("\n")[0]


async def test_a_session_reads_as_one_conversation(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http", "strands-agents")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await to_sessions(app, pilot, until, 2)
        view = await read(screen, pilot, until, "sess-7f3a-multi-turn")
        await until(pilot, lambda: "You are welcome! Anything else?" in screen_text(app))
        text = screen_text(app)
        said = ["What's the weather in Zürich and São Paulo?", "In Zürich it is 7.5 °C", "thanks", "You are welcome!"]
        assert [text.count(words) for words in said] == [1, 1, 1, 1]
        assert "▸ get_weather ×2" in text and "drizzle ☔" in text
        assert '"sky"' not in text, "what happened in between is folded"
        title, turn = (next(row for row in text.splitlines() if name in row) for name in ("2 turns", "weather_turn_1"))
        assert "~$0.0002" in title and "~$0.0001" in turn, "costs are estimated, and marked so"
        await pilot.press("home", "space")
        await until(pilot, lambda: '"sky": "drizzle"' in screen_text(app))
        assert view.cursor == 0
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: '"sky"' not in screen_text(app))


async def test_enter_on_a_turn_opens_its_trace_and_escape_comes_back_to_the_row(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await to_sessions(app, pilot, until, 1)
        view = await read(screen, pilot, until, "sess-7f3a-multi-turn")
        await pilot.press("K", "j", "j")
        assert view.turn is not None
        chosen, row = view.turn.trace, view.cursor
        assert (chosen.name, row) == ("weather_turn_1", 2)
        await pilot.press("enter")
        await until(pilot, lambda: app.explorer.spans.trace_id == chosen.trace_id)
        assert app.screen is app.explorer and app.explorer.level == "trace"
        await until(pilot, lambda: "AGENT weather_turn_1" in screen_text(app))
        await pilot.press("enter", "escape", "escape")
        assert app.sessions is screen and app.focused is view
        assert (screen.reading, view.cursor) == (True, row)
        await pilot.press("escape", "escape")
        assert app.screen is app.explorer and app.explorer.level == "list"


async def test_a_turn_opened_twice_in_one_breath_is_opened_once(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http", "strands-agents")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await to_sessions(app, pilot, until, 2)
        view = await read(screen, pilot, until, screen.sessions.at(0).session_id)  # type: ignore[union-attr]
        await until(pilot, lambda: view.turn is not None)
        screen.action_open_turn()
        screen.action_open_turn()
        await until(pilot, lambda: app.sessions is None and app.explorer.level == "trace")
        await pilot.pause()
        assert app.is_running and not app.failure


async def test_a_slash_among_sessions_filters_the_traces_and_no_letter_after_it_is_a_key(
    explore: Explore, until: Until
) -> None:
    app = explore("oi-openai-http", "strands-agents")
    async with app.run_test(size=(120, 40)) as pilot:
        await to_sessions(app, pilot, until, 2)
        await pilot.press("slash", *"squad")
        assert app.sessions is None
        assert app.explorer.query_one(FilterBar).text == "squad"
        assert app.is_running


async def test_escape_in_a_trace_opened_from_the_list_stays_with_the_traces(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await to_sessions(app, pilot, until, 1)
        await read(screen, pilot, until, "sess-7f3a-multi-turn")
        await until(pilot, lambda: screen.conversation.turn is not None)
        await pilot.press("enter", "shift+tab", "enter", "escape")
        await pilot.pause()
        assert app.screen is app.explorer and app.explorer.level == "list"


@pytest.mark.parametrize("stored", [False, True])
async def test_without_sessions_the_screen_says_how_apps_send_them(
    stored: bool, explore: Explore, until: Until
) -> None:
    app = explore(*(("plain-error",) if stored else ()))
    async with app.run_test(size=(80, 24)) as pilot:
        await to_sessions(app, pilot, until, 0)
        await until(pilot, lambda: "gen_ai.conversation.id" in screen_text(app))
        await until(pilot, lambda: ("No trace here names a session" in screen_text(app)) == stored)
        await pilot.press("escape")
        assert app.sessions is None


async def test_a_narrow_terminal_shows_one_pane_at_a_time(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await to_sessions(app, pilot, until, 1)
        assert not screen.conversation.display
        await read(screen, pilot, until, "sess-7f3a-multi-turn")
        assert not screen.sessions.display
        await until(pilot, lambda: "You are welcome!" in screen_text(app))


async def test_copying_and_sorting(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http", "strands-agents")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await to_sessions(app, pilot, until, 2)
        await pilot.press("y")
        selected = screen.sessions.selected
        assert selected is not None and app.clipboard == selected.session_id
        await pilot.press("s", "s")
        assert screen.sessions.view.sort.order is SessionOrder.TURNS
        await until(pilot, lambda: screen.sessions.loaded)
        await pilot.press("Y")
        assert '"trace_count": 3' in app.clipboard
        await pilot.press("question_mark")
        await until(pilot, lambda: "Read the conversation." in screen_text(app))
        assert "Find traces and spans" in screen_text(app)
        assert "Give the pane in focus" not in screen_text(app)


async def test_names_are_sorted_from_a_and_numbers_from_the_largest(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http", "strands-agents")
    async with app.run_test(size=(393, 50)) as pilot:  # wide enough for every column
        screen = await to_sessions(app, pilot, until, 2)
        sorts: list[SessionSort] = []
        while not sorts or sorts[-1] != SessionSort():
            await pilot.press("s")
            sorts.append(screen.sessions.view.sort)
        assert {sort.order for sort in sorts if not sort.descending} == {SessionOrder.SOURCE, SessionOrder.SESSION}
        assert {SessionOrder.LAST, SessionOrder.TURNS} <= {sort.order for sort in sorts}


async def test_o_opens_the_turn_under_the_cursor_in_the_pager(
    explore: Explore, until: Until, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "paged.txt"
    monkeypatch.setenv("PAGER", f"""sh -c 'cp "$0" {copy}'""")
    monkeypatch.setattr(TracetuiApp, "suspend", lambda _: nullcontext())  # no terminal here to be given away
    app = explore("oi-openai-http", "strands-agents")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = await to_sessions(app, pilot, until, 2)
        await pilot.press("o")
        await until(pilot, lambda: "Open a session first;" in screen_text(app))
        assert not copy.exists()
        view = await read(screen, pilot, until, "sess-7f3a-multi-turn")
        await until(pilot, lambda: view.turn is not None)
        for key, name, said, other in (
            ("home", "weather_turn_1", "In Zürich it is 7.5 °C", "You are welcome!"),
            ("end", "weather_turn_2", "You are welcome!", "In Zürich it is 7.5 °C"),
        ):
            await pilot.press(key, "o")
            await until(pilot, partial(begins_with, copy, name))
            text = copy.read_text("utf-8")
            assert said in text and other not in text


# Long sessions, and live ones


def turns(numbers: Iterable[int], *, session: str = "long", name: str = "turn") -> IncomingBatch:
    """Traces of one span each; a turn every ten seconds."""
    spans = [
        {
            "traceId": trace_id(number + 1),
            "spanId": span_id(1),
            "name": f"{name} {number}",
            "startTimeUnixNano": str(START + number * 10 * SECOND),
            "endTimeUnixNano": str(START + number * 10 * SECOND + SECOND),
            "attributes": [{"key": "session.id", "value": {"stringValue": session}}],
        }
        for number in numbers
    ]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()
    return read_request(Signal.TRACES, body, is_json=True).batch


@pytest.fixture
def long_runtime(runtime: Runtime) -> Iterator[Runtime]:
    """A store with a session of 2,000 turns."""
    runtime.ingest.submit(turns(range(1, 2_001))).result(timeout=30)
    yield runtime


async def test_a_long_session_holds_only_what_is_near(long_runtime: Runtime, until: Until) -> None:
    app = TracetuiApp(long_runtime, clock=FixedClock())
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await to_sessions(app, pilot, until, 1)
        view = await read(screen, pilot, until, "long")
        await until(pilot, lambda: "turn 2000" in screen_text(app))
        for key, name in (("home", "turn 1 "), ("end", "turn 2000 ")):
            await pilot.press(key)
            await until(pilot, partial(shows, app, name))
            assert len(view._turns) <= 40 and len(view._flows) < 200
        view.scroll_rows(-view.row_count // 2)
        middle = view.place(view.top).turn
        await until(pilot, lambda: view._first <= middle < view._first + len(view._turns))
        await until(pilot, lambda: view._line_at(view.top) is not None)
        assert 900 < view.place(view.top).turn < 1_100
        assert len(view._turns) <= 40


async def test_walking_up_a_long_session_meets_every_turn_once(long_runtime: Runtime, until: Until) -> None:
    app = TracetuiApp(long_runtime, clock=FixedClock())
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await to_sessions(app, pilot, until, 1)
        view = await read(screen, pilot, until, "long")
        await until(pilot, lambda: view.turn is not None)
        met = []
        for _ in range(60):
            await until(pilot, lambda: view.turn is not None)
            assert view.turn is not None
            met.append(view.turn.trace.name)
            await pilot.press("K")
        assert met == [f"turn {number}" for number in range(2_000, 1_940, -1)]


async def test_turns_that_arrive_never_move_a_reader_who_has_moved(long_runtime: Runtime, until: Until) -> None:
    app = TracetuiApp(long_runtime, clock=FixedClock())
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await to_sessions(app, pilot, until, 1)
        view = await read(screen, pilot, until, "long")
        await until(pilot, lambda: view.turn is not None)
        await pilot.press("K", "K", "K", "j")
        await until(pilot, lambda: view.turn is not None)
        assert view.turn is not None
        held, row = view.turn.trace.trace_id, view.cursor - view.top
        long_runtime.ingest.submit(turns(range(2_001, 2_004))).result(timeout=30)
        long_runtime.ingest.submit(turns([0])).result(timeout=30)  # begins before all others
        await until(pilot, lambda: view.total == 2_004)
        assert view.turn is not None
        assert (view.turn.trace.trace_id, view.cursor - view.top) == (held, row)
        await until(pilot, lambda: "↓ 4 new" in screen_text(app))
        await pilot.press("f")
        await until(pilot, lambda: "turn 2003" in screen_text(app) and view.waiting == 0)


async def test_a_follower_sees_the_next_turn(explore: Explore, until: Until, runtime: Runtime) -> None:
    batch = read_request(*requests("oi-openai-http")[0]).batch
    later = next(span for span in batch.spans if span.name == "weather_turn_2")
    app = explore()
    first = replace(batch, spans=[span for span in batch.spans if span.trace_id != later.trace_id])
    runtime.ingest.submit(first).result()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await to_sessions(app, pilot, until, 1)
        await read(screen, pilot, until, "sess-7f3a-multi-turn")
        await until(pilot, lambda: "7.5 °C with drizzle" in screen_text(app))
        runtime.ingest.submit(replace(batch, spans=[s for s in batch.spans if s not in first.spans])).result()
        await until(pilot, lambda: "You are welcome! Anything else?" in screen_text(app))
        assert screen.conversation.following


async def test_nothing_received_reaches_the_screen_raw(runtime: Runtime, until: Until) -> None:
    hostile = "\x1b[31mred\x07 [bold]x[/]"
    runtime.ingest.submit(turns(range(1, 4), session=hostile, name=hostile)).result()
    app = TracetuiApp(runtime, clock=FixedClock())
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await to_sessions(app, pilot, until, 1)
        view = await read(screen, pilot, until, hostile)
        await until(pilot, lambda: view.turn is not None)
        text = screen_text(app)
        assert text == sanitise(text, keep_newlines=True)
        assert "[bold]x[/]" in text
