"""The explorer, driven as a person drives it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable

import pytest
from msgspec.structs import replace
from textual.events import Key
from textual.screen import Screen
from textual.widgets import Input

from tests.support.corpus import requests, send
from tests.ui.conftest import Until, screen_text
from tracetui.model.trace import SpanNode
from tracetui.receivers.incoming import read_request
from tracetui.runtime import Runtime
from tracetui.store.orders import TraceOrder, TraceSort
from tracetui.store.sqlite import SqliteReader
from tracetui.tui.app import TracetuiApp
from tracetui.tui.screens import explorer
from tracetui.tui.screens.explorer import ExplorerScreen

Explore = Callable[..., TracetuiApp]


def cursor_row(app: TracetuiApp) -> tuple[int, str]:
    """Where on the screen the list's cursor stands, and that row without the scroll bar."""
    return next((y, line[:-3]) for y, line in enumerate(screen_text(app).splitlines()) if "▌" in line)


async def test_an_empty_store_teaches(explore: Explore, until: Until) -> None:
    app = explore()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "No traces yet" in screen_text(app))
        assert "see it with a small set of real traces" in screen_text(app)
        await pilot.press("d")
        await pilot.pause()
    assert app.return_value == "demo"


async def test_keys_typed_before_the_first_paint_reach_what_it_did_without(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=(120, 40)) as pilot:
        for key in ("slash", "a", "b"):
            app.post_message(Key(key, None if key == "slash" else key))
        await until(pilot, lambda: app.explorer.bar.text == "ab")
        assert app.explorer.bar.display
        assert app.explorer.is_typing


async def test_the_first_paint_shows_the_list_and_nothing_of_it_moves_after(
    explore: Explore, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = explore("oi-openai-http")
    painted: list[list[str]] = []

    def keep(screen: Screen[object], renderable: object) -> None:
        if renderable is not None and isinstance(screen, ExplorerScreen):
            painted.append(screen_text(app).splitlines())

    monkeypatch.setattr(app, "_display", keep)
    app._feed._first.result(timeout=60)  # the page that is read while the screen is set up
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.explorer.spans.summary is not None and len(painted) > 1)
        rows = app.explorer.traces.page_rows
    first, *later = painted
    assert "18 traces" in first[1]
    assert sum("support-bot" in line for line in first) == rows
    assert "Quit" in first[-1]
    assert all(shown[1 : rows + 3] == first[1 : rows + 3] for shown in later)
    assert all(shown[-1] == first[-1] for shown in later)


async def test_the_list_opens_a_trace_and_the_trace_a_span(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.explorer.traces.total == 18)
        await pilot.press("end")
        await until(pilot, lambda: app.explorer.spans.summary is not None)
        await pilot.press("enter")
        await until(pilot, lambda: "AGENT weather_turn_1" in screen_text(app))
        assert "412→38" not in screen_text(app).splitlines()[0]
        await pilot.press("j", "enter", "1")
        await until(pilot, lambda: "What's the weather in Zürich and São Paulo?" in screen_text(app))
        assert "You are a terse weather assistant." in screen_text(app)
        await pilot.press("escape", "escape")
        assert app.explorer.level == "list"


async def test_arriving_traces_never_move_a_reader_who_has_moved(
    explore: Explore, until: Until, runtime: Runtime
) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=(120, 40)) as pilot:
        traces = app.explorer.traces
        await until(pilot, lambda: traces.total == 18)
        await pilot.press("j", "j", "j")
        await until(pilot, lambda: traces.selected is not None and app.explorer.spans.trace_id)
        chosen = traces.selected
        assert chosen is not None
        shown_before = cursor_row(app)
        send(runtime, *requests("oi-openai-agents")[0])  # captured later: stands above
        await until(pilot, lambda: traces.total > 18)
        await until(pilot, lambda: traces.waiting > 0 or traces.selected != chosen)
        assert traces.selected is not None and traces.selected.trace_id == chosen.trace_id
        assert cursor_row(app) == shown_before
        await until(pilot, lambda: f"↑ {traces.waiting} new" in screen_text(app))
        await pilot.press("f")
        await until(pilot, lambda: traces.cursor == 0 and traces.waiting == 0 and traces.following)
        await until(pilot, lambda: "▶ live" in screen_text(app))


async def test_a_follower_sees_what_arrives(explore: Explore, until: Until, runtime: Runtime) -> None:
    app = explore()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "No traces yet" in screen_text(app))
        send(runtime, *requests("plain-error")[0])
        await until(pilot, lambda: "✖" in screen_text(app) and app.explorer.traces.total == 1)
        assert app.explorer.traces.following


async def test_a_growing_trace_keeps_cursor_and_folds(explore: Explore, until: Until, runtime: Runtime) -> None:
    app = explore()
    batch = read_request(*requests("plain-deep")[0]).batch
    later, earlier = batch.spans[-3:], batch.spans[:-3]  # a parent ends after its children: the root comes last
    async with app.run_test(size=(120, 40)) as pilot:
        runtime.ingest.submit(replace(batch, spans=earlier)).result()
        spans = app.explorer.spans
        await until(pilot, lambda: app.explorer.traces.total == 1 and spans.row_count == len(earlier))
        await pilot.press("enter", "j", "j", "j", "j", "space")
        await until(pilot, lambda: spans.row_count == 5)
        folded = spans.selected_span_id
        runtime.ingest.submit(replace(batch, spans=later)).result()
        await until(pilot, lambda: spans.trace is not None and len(spans.trace) == len(batch.spans))
        assert (spans.selected_span_id, spans.row_count, spans.cursor) == (folded, 8, 7)


async def test_the_filter_narrows_and_escape_restores(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http", "plain-error")
    async with app.run_test(size=(120, 40)) as pilot:
        traces = app.explorer.traces
        await until(pilot, lambda: traces.total == 19)
        await pilot.press("slash", *"weather_turn")
        await until(pilot, lambda: traces.total == 2)
        await until(pilot, lambda: "2 of 19 traces" in screen_text(app))
        assert screen_text(app).splitlines()[-1].split()[:5] == ["Enter", "Keep", "it", "Esc", "Clear"]
        await pilot.press("enter")
        assert app.focused is traces
        await until(pilot, lambda: "q Quit" in screen_text(app) and "Esc Back" not in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: traces.total == 19)


async def test_folding_and_finding_errors(explore: Explore, until: Until) -> None:
    app = explore("plain-wide")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        spans = app.explorer.spans
        await until(pilot, lambda: app.explorer.traces.total == 1 and spans.row_count == 2000)
        await pilot.press("enter", "m")
        await until(pilot, lambda: "There is no LLM span in this trace." in screen_text(app))
        await pilot.press("e")
        await until(pilot, lambda: spans.selected_row is not None and spans.selected_row.is_error)
        await pilot.press("left_square_bracket")
        assert spans.row_count < 2000
        await pilot.press("right_square_bracket")
        assert spans.row_count == 2000
        await pilot.press("end")
        await until(pilot, lambda: spans.cursor == 1999 and spans.selected_row is not None)


async def test_mouse_opens_tabs_and_traces(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.explorer.traces.total == 18)
        await pilot.click("#traces", offset=(30, 5))
        await pilot.click("#traces", offset=(30, 5))
        await until(pilot, lambda: app.explorer.level == "trace" and app.explorer.inspector.opened is not None)
        await pilot.click("#inspector", offset=(2, 1))
        assert app.explorer.inspector.tab == 0


async def test_every_theme_and_help_and_palette_open(explore: Explore, until: Until) -> None:
    app = explore("plain-error")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.explorer.traces.total == 1)
        for _ in range(3):
            await pilot.press("T")
            await pilot.pause()
        await pilot.press("question_mark")
        await until(pilot, lambda: "Keys · Esc closes" in screen_text(app))
        await pilot.press("escape")
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "Find traces and spans" in screen_text(app))


async def test_the_help_keeps_long_texts_in_their_column(explore: Explore, until: Until) -> None:
    app = explore("plain-error")
    async with app.run_test(size=(60, 40)) as pilot:
        await until(pilot, lambda: app.explorer.traces.total == 1)
        await pilot.press("enter", "enter", "question_mark")
        await until(pilot, lambda: "Keys · Esc closes" in screen_text(app))
        rows = screen_text(app).splitlines()
        number, column = next(
            (n, row.index("Show from which")) for n, row in enumerate(rows) if "Show from which" in row
        )
        assert rows[number + 1][:column].strip("│▌ ") == "" and rows[number + 1][column].isalpha()
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "Show from which attribute, event or log the value under" in screen_text(app))


async def test_clearing_a_filter_that_matched_nothing_leaves_the_keyboard_in_the_field(
    explore: Explore, until: Until
) -> None:
    app = explore("plain-error")
    async with app.run_test(size=(120, 40)) as pilot:
        traces = app.explorer.traces
        await until(pilot, lambda: traces.total == 1)
        await pilot.press("slash", *"zzz")
        await until(pilot, lambda: traces.loaded and traces.total == 0)
        await pilot.press("ctrl+u")
        await until(pilot, lambda: traces.loaded and traces.total == 1)
        await pilot.press("q")
        await pilot.pause()
        assert app.explorer.is_typing and app.return_code is None
        assert app.explorer.query_one(Input).value == "q"


async def test_keys_typed_ahead_of_the_filter_reach_the_list(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=(120, 40)) as pilot:
        traces = app.explorer.traces
        await until(pilot, lambda: traces.total == 18)
        await pilot.press("slash", *"chat", "enter", "j", "j")
        await until(pilot, lambda: traces.view.where is not None and traces.loaded)
        assert app.explorer.query_one(Input).value == "chat"
        assert not app.explorer.is_typing


async def test_the_cursor_stays_on_its_trace_in_every_order(explore: Explore, until: Until, runtime: Runtime) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=(120, 40)) as pilot:
        traces = app.explorer.traces
        await until(pilot, lambda: traces.total == 18)
        for _ in range(3):
            await pilot.press("s")
        await until(pilot, lambda: traces.loaded and traces.view.sort.order is TraceOrder.DURATION)
        await pilot.press("j", "j", "j", "j")
        chosen = traces.selected
        assert chosen is not None
        row = traces.cursor - traces.top
        send(runtime, *requests("plain-web-two-services")[0])
        await until(pilot, lambda: traces.total == 28)
        await until(pilot, lambda: traces.selected is not None)
        assert traces.selected is not None and traces.selected.trace_id == chosen.trace_id
        assert traces.cursor - traces.top == row or traces.top == 0


async def test_names_are_sorted_from_a_and_numbers_from_the_largest(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=(120, 40)) as pilot:
        traces = app.explorer.traces
        await until(pilot, lambda: traces.total == 18)
        sorts: list[TraceSort] = []
        while not sorts or traces.view.sort != TraceSort():
            await pilot.press("s")
            sorts.append(traces.view.sort)
        assert {sort.order for sort in sorts if not sort.descending} == {TraceOrder.NAME, TraceOrder.SOURCE}
        assert {TraceOrder.START, TraceOrder.DURATION, TraceOrder.COST} <= {sort.order for sort in sorts}


async def test_the_collector_works_again_after_the_first_paint(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    gc.disable()
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, gc.isenabled)
    finally:
        gc.enable()
        gc.unfreeze()


async def test_an_open_span_takes_in_the_log_records_that_arrive(
    explore: Explore, until: Until, runtime: Runtime
) -> None:
    (traces, spans), (logs, records) = requests("otel-openai-default")
    send(runtime, traces, spans)
    app = explore()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.explorer.traces.total > 0)
        await pilot.press("end", "enter", "j", "enter", "1")
        await until(pilot, lambda: app.explorer.inspector.opened is not None)
        opened = app.explorer.inspector.opened
        assert opened is not None and not opened.normalised.logs
        assert "What's the weather in Zürich?" not in screen_text(app)
        send(runtime, logs, records)
        await until(pilot, lambda: "What's the weather in Zürich?" in screen_text(app))


async def test_a_pending_span_gives_way_to_the_real_one_under_the_cursor(
    explore: Explore, until: Until, runtime: Runtime
) -> None:
    batch = read_request(*requests("logfire-app-pending")[0]).batch
    pending = [span for span in batch.spans if span.announces]
    real = [span for span in batch.spans if span.span_id == pending[0].announces]
    runtime.ingest.submit(replace(batch, spans=pending)).result(timeout=20)
    app = explore()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.explorer.traces.total == 1)
        await pilot.press("enter")
        await until(pilot, lambda: "◌ long running" in screen_text(app))
        assert app.explorer.spans.selected_span_id == real[0].span_id
        runtime.ingest.submit(replace(batch, spans=real)).result(timeout=20)
        await until(pilot, lambda: "◌ long running" not in screen_text(app))
        assert app.explorer.spans.row_count == 1
        assert app.explorer.spans.selected_span_id == real[0].span_id


@pytest.mark.parametrize("patience", [60.0, 0.001])
async def test_a_trace_that_is_opened_is_painted_once_it_has_been_read_or_patience_ends(
    explore: Explore, until: Until, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    app = explore("oi-openai-http")
    painted: list[str] = []
    go_on = threading.Event()
    read = SqliteReader.skeleton

    def slowly(self: SqliteReader, trace_id: str) -> list[SpanNode]:
        assert go_on.wait(timeout=60)
        return read(self, trace_id)

    def keep(screen: Screen[object], renderable: object) -> None:
        if renderable is not None and isinstance(screen, ExplorerScreen) and screen.level == "trace":
            painted.append(screen_text(app))

    monkeypatch.setattr(explorer, "OPEN_S", patience)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.explorer.spans.summary is not None)
        before = app.explorer.spans.trace_id
        monkeypatch.setattr(SqliteReader, "skeleton", slowly)
        monkeypatch.setattr(app, "_display", keep)
        await pilot.press("end", "enter")
        await until(pilot, lambda: app.explorer.level == "trace")
        assert app.explorer.spans.trace_id != before
        if patience < 1:
            await until(pilot, lambda: painted)
        await pilot.pause()
        assert bool(painted) == (patience < 1)
        go_on.set()
        await until(pilot, lambda: not app.explorer.spans.is_reading and painted)
        summary = app.explorer.spans.summary
        assert summary is not None and summary.trace_id != before
        await until(pilot, lambda: summary.name in painted[-1].splitlines()[1])
        if patience > 1:
            assert summary.name in painted[0].splitlines()[1], "nothing else was painted before"
