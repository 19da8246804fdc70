"""The filter, driven as a person drives it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from tests.support.corpus import requests, send
from tests.ui.conftest import Until, screen_text, stored
from tracetui.runtime import Runtime
from tracetui.store.records import SearchState
from tracetui.store.sqlite.reader import SqliteReader
from tracetui.tui.app import TracetuiApp
from tracetui.tui.messages import CompletionsLoaded, SearchStateLoaded
from tracetui.tui.screens.explorer import ExplorerScreen
from tracetui.tui.screens.filter_keys import FilterKeys
from tracetui.tui.widgets.completion import CompletionPopup
from tracetui.tui.widgets.live_list import LiveList
from tracetui.tui.widgets.query_error import QueryErrorRow

Explore = Callable[..., TracetuiApp]

SIZE = (120, 40)


def keys(text: str) -> list[str]:
    """A text as the keys that type it."""
    named = {" ": "space", ":": "colon", ">": "greater_than_sign", "*": "asterisk", "@": "at", "-": "minus",
             "!": "exclamation_mark", ".": "full_stop", '"': "quotation_mark"}  # fmt: skip
    return [named.get(character, character) for character in text]


def bar_row(app: TracetuiApp) -> str:
    """The filter's row."""
    return screen_text(app).splitlines()[1]


def underlined(app: TracetuiApp, row: int) -> str:
    """What is underlined in a row of the screen."""
    strip = app.screen._compositor.render_strips(app.size)[row]
    return "".join(segment.text for segment in strip if segment.style is not None and segment.style.underline)


def typing(app: TracetuiApp) -> bool:
    """Whether the keyboard is in the filter."""
    return app.explorer.is_typing


async def filled(app: TracetuiApp, pilot: Pilot[str], until: Until, total: int) -> None:
    await until(pilot, lambda: app.explorer.traces.loaded and app.explorer.traces.total == total)


# Typing


async def test_escape_goes_back_to_the_same_trace_at_the_same_place(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http", "plain-error", "oi-langchain", "openai-v2")
    async with app.run_test(size=(120, 24)) as pilot:
        traces = app.explorer.traces
        await until(pilot, lambda: traces.loaded and traces.total > 20)
        total = traces.total
        await pilot.press(*"jjjjjjjjjjjjjjkk")
        before, place = traces.selected, (traces.cursor, traces.top)
        assert before is not None and traces.top > 0
        await pilot.press("slash", *keys("weather_turn"))
        await until(pilot, lambda: traces.loaded and 0 < traces.total < 10)
        await until(pilot, lambda: f"{traces.total} of {total} traces" in bar_row(app))
        await pilot.press("enter", "j", "escape")
        await until(pilot, lambda: traces.loaded and traces.total == total)
        assert traces.selected is not None and traces.selected.trace_id == before.trace_id
        assert (traces.cursor, traces.top) == place and not traces.following
        assert "of 2" not in bar_row(app) and not app.explorer.bar.has_class("-open")


async def test_a_follower_follows_again_after_the_filter(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http", "plain-error")
    async with app.run_test(size=SIZE) as pilot:
        traces = app.explorer.traces
        await filled(app, pilot, until, 19)
        await pilot.press("slash", *keys("kind:LLM"))
        await until(pilot, lambda: traces.loaded and traces.total < 19)
        await pilot.press("enter", "j", "j", "escape")
        await until(pilot, lambda: traces.loaded and traces.total == 19)
        assert traces.following and traces.cursor == 0


async def test_it_opens_on_a_query_and_escape_shows_everything(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http", "plain-error", query="kind:LLM tokens>100")
    async with app.run_test(size=SIZE) as pilot:
        traces = app.explorer.traces
        await until(pilot, lambda: traces.loaded and traces.counted and 0 < traces.total < 19)
        await until(pilot, lambda: f"{traces.total} of 19 traces" in bar_row(app) and "✓ LLM" in bar_row(app))
        await pilot.press("escape")
        await filled(app, pilot, until, 19)


async def test_a_mistake_is_shown_under_its_place_and_the_list_stays(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http", "plain-error")
    async with app.run_test(size=SIZE) as pilot:
        traces = app.explorer.traces
        await filled(app, pilot, until, 19)
        await pilot.press("slash", *keys("kind:LLM"))
        await until(pilot, lambda: traces.is_current and traces.counted and 0 < traces.total < 19)
        found, screen = traces.total, screen_text(app).splitlines()
        app.explorer.bar.field.post_message(events.Paste(" modle:gpt-4o"))
        await until(pilot, lambda: app.explorer.query_one(QueryErrorRow).said)
        await pilot.pause()
        rows = screen_text(app).splitlines()
        assert rows[1].index("modle") == rows[2].index("╰"), "not under the character"
        assert "model" in rows[2] and "modle" in underlined(app, 1)
        assert rows[3:12] == screen[3:12] and traces.total == found, "the list has moved"
        await pilot.press("enter")
        assert typing(app), "a query that means nothing was accepted"
        await pilot.press(*["backspace"] * len(" modle:gpt-4o"))
        await until(pilot, lambda: f"{found} of 19 traces" in bar_row(app))
        assert not app.explorer.query_one(QueryErrorRow).said


async def test_what_is_only_unfinished_is_no_mistake_until_the_keyboard_rests(explore: Explore, until: Until) -> None:
    app = explore("plain-error")
    async with app.run_test(size=SIZE) as pilot:
        await filled(app, pilot, until, 1)
        await pilot.press("slash", *keys("model:"))
        await pilot.pause()
        row = app.explorer.query_one(QueryErrorRow)
        assert not row.said
        await until(pilot, lambda: row.said)
        assert not underlined(app, 1)


async def test_a_stale_result_is_never_shown_under_a_newer_text(
    explore: Explore, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = explore("oi-openai-http", "plain-error")
    held, go, done = threading.Event(), threading.Event(), threading.Event()
    interrupted: list[bool] = []
    real = SqliteReader.traces

    def slow(self: SqliteReader, where: Any = None, **options: Any) -> Any:
        if "'weather'" not in repr(where):
            return real(self, where, **options)
        held.set()
        assert go.wait(timeout=20)
        found = real(self, where, **options)
        done.set()
        return found

    monkeypatch.setattr(SqliteReader, "traces", slow)
    monkeypatch.setattr(SqliteReader, "interrupt", lambda self: interrupted.append(True))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.explorer.is_whole)
        traces, field = app.explorer.traces, app.explorer.bar.field
        await filled(app, pilot, until, 19)
        before = traces.at(0)
        await pilot.press("slash")
        field.post_message(events.Paste("weather"))
        await until(pilot, held.is_set)
        await until(pilot, lambda: "searching…" in bar_row(app))
        assert traces.at(0) is not None and traces.at(0) == before, "the list was not left as it was"
        monkeypatch.setattr("tracetui.tui.screens.filtering.TYPING_PAUSE_S", 3_600)
        field.value = "kind:LLM"  # from here on the keyboard does not rest
        await until(pilot, lambda: interrupted)
        go.set()
        await until(pilot, done.is_set)
        for _ in range(20):
            await pilot.pause(0.005)
            assert traces.total == 19 and traces.at(0) == before, "what was found under another text was shown"
        monkeypatch.setattr("tracetui.tui.screens.filtering.TYPING_PAUSE_S", 0.01)
        field.value = "kind:TOOL"
        await until(pilot, lambda: traces.is_current and "of 19 traces" in bar_row(app))
        assert traces.total == sum(trace.tool_count > 0 for trace in stored(app))


async def test_rows_come_before_they_are_counted(
    explore: Explore, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = explore("oi-openai-http", "plain-wide", "plain-error", "openai-v2", "oi-langchain")
    go = threading.Event()
    real = SqliteReader.count_traces

    def slow(self: SqliteReader, where: Any = None, **options: Any) -> int:
        if where is not None:
            assert go.wait(timeout=20)
        return real(self, where, **options)

    monkeypatch.setattr(SqliteReader, "count_traces", slow)
    monkeypatch.setattr("tracetui.tui.widgets.live_list.MARGIN", 0)
    async with app.run_test(size=(80, 16)) as pilot:
        traces = app.explorer.traces
        await until(pilot, lambda: traces.loaded and traces.total > 20)
        await pilot.press("slash", *keys("has:name"))
        await until(pilot, lambda: traces.is_current and traces.view.where is not None)
        await until(pilot, lambda: f"{traces.total}+ of " in bar_row(app))
        assert not traces.counted and traces.at(0) is not None
        go.set()
        await until(pilot, lambda: traces.counted)
        await until(pilot, lambda: "+ of" not in bar_row(app))


async def test_an_index_that_is_behind_says_how_far_it_is(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=SIZE) as pilot:
        await filled(app, pilot, until, 18)
        await pilot.press("slash", *keys("kind:LLM"))
        await until(pilot, lambda: "of 18 traces" in bar_row(app))
        app.explorer.on_search_state_loaded(SearchStateLoaded(SearchState(43_000, 100_000)))
        await until(pilot, lambda: "index 43 %" in bar_row(app))
        await until(pilot, lambda: "index" not in bar_row(app))  # the real one is not behind


async def test_what_the_index_has_caught_up_with_is_read(
    explore: Explore, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=SIZE) as pilot:
        await filled(app, pilot, until, 18)
        await pilot.press("slash", *keys("kind:LLM"))
        await until(pilot, lambda: "of 18 traces" in bar_row(app))
        await until(pilot, lambda: not app.explorer._index_poll.is_waiting)
        reloads: list[bool] = []
        monkeypatch.setattr(LiveList, "reload", lambda self: reloads.append(True))
        app.explorer.on_search_state_loaded(SearchStateLoaded(app.explorer._index))
        await pilot.pause(0.05)
        assert not reloads, "nothing has changed"
        app.explorer.on_search_state_loaded(SearchStateLoaded(SearchState(99_999, 99_999)))
        await until(pilot, lambda: reloads)


async def test_new_matches_appear_others_do_not_and_the_cursor_stays(
    explore: Explore, until: Until, runtime: Runtime
) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=SIZE) as pilot:
        traces = app.explorer.traces
        await filled(app, pilot, until, 18)
        await pilot.press("slash", *keys("status:error"), "enter")
        await until(pilot, lambda: traces.is_current and traces.counted and traces.total < 18)
        found = traces.total
        await pilot.press("j")
        chosen = traces.selected
        assert chosen is not None
        send(runtime, *requests("oi-manual")[0])
        send(runtime, *requests("plain-error")[0])
        failed = sum(trace.error_count > 0 for trace in stored(app))
        assert failed > found
        await until(pilot, lambda: traces.total == failed)
        assert traces.selected is not None and traces.selected.trace_id == chosen.trace_id
        assert all((trace := traces.at(row)) is None or trace.error_count for row in range(traces.total))


async def test_every_character_is_text_in_the_field(explore: Explore, until: Until) -> None:
    app = explore("oi-manual")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.explorer.traces.total > 0)
        typed = "-=!LRCunNH+<>?*@[]/dfqtTyYosSjkg1"
        named = {"-": "minus", "=": "equals_sign", "!": "exclamation_mark", "+": "plus", "<": "less_than_sign",
                 ">": "greater_than_sign", "?": "question_mark", "*": "asterisk", "@": "at", "/": "slash",
                 "[": "left_square_bracket", "]": "right_square_bracket"}  # fmt: skip
        await pilot.press("slash", *(named.get(character, character) for character in typed))
        assert app.explorer.bar.text == typed and typing(app)


# Completion


async def test_suggestions_are_chosen_with_arrows_and_taken_with_enter(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.explorer.is_whole)
        popup = app.explorer.query_one(CompletionPopup)
        await filled(app, pilot, until, 18)
        await pilot.press("slash", *"mode")
        await until(pilot, lambda: popup.is_open and "The model that answered" in screen_text(app))
        await pilot.press("down", "enter")
        assert app.explorer.bar.text == "model:"
        await until(pilot, lambda: popup.is_open)
        first = popup.suggestions[0].candidate.text
        assert first.startswith("gpt-4o") and first in screen_text(app)
        await pilot.press("tab")
        assert app.explorer.bar.text == f"model:{first} " and not popup.is_open
        await until(pilot, lambda: app.explorer.traces.is_current and "of 18 traces" in bar_row(app))


async def test_a_popup_that_is_only_open_takes_no_enter(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.explorer.is_whole)
        popup = app.explorer.query_one(CompletionPopup)
        await filled(app, pilot, until, 18)
        await pilot.press("slash", *"too")
        await until(pilot, lambda: popup.is_open)
        await pilot.press("enter")
        assert app.explorer.bar.text == "too" and not typing(app) and not popup.is_open


async def test_escape_closes_the_suggestions_first_and_they_stay_closed(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.explorer.is_whole)
        popup = app.explorer.query_one(CompletionPopup)
        await filled(app, pilot, until, 18)
        await pilot.press("slash", *"to")
        await until(pilot, lambda: popup.is_open)
        await pilot.press("escape", "o")
        await pilot.pause()
        assert typing(app) and app.explorer.bar.text == "too" and not popup.is_open
        await pilot.press("tab")
        await until(pilot, lambda: popup.is_open)
        await pilot.press("escape", "escape")
        assert not typing(app) and app.explorer.bar.text == ""


async def test_values_of_spans_are_offered_with_how_often_they_occur(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http", "oi-manual")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.explorer.is_whole)
        popup = app.explorer.query_one(CompletionPopup)
        await until(pilot, lambda: app.explorer.traces.total > 18)
        await pilot.press("slash", *keys("tool:"))
        await until(pilot, lambda: any(suggestion.spans for suggestion in popup.suggestions))
        counts = [suggestion.spans or 0 for suggestion in popup.suggestions]
        assert counts == sorted(counts, reverse=True)
        assert "get_weather" in screen_text(app)


async def test_a_click_takes_a_suggestion(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.explorer.is_whole)
        popup = app.explorer.query_one(CompletionPopup)
        await filled(app, pilot, until, 18)
        await pilot.press("slash", *"provi")
        await until(pilot, lambda: popup.is_open)
        await pilot.click(CompletionPopup, offset=(4, 1))
        await until(pilot, lambda: app.explorer.bar.text == "provider:")


async def test_what_is_still_being_read_opens_no_popup_over_the_list(
    explore: Explore, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever types or pastes, and accepts or leaves at once, is in the list before the values have been read."""
    app = explore("oi-openai-http")
    asked, go_on = threading.Event(), threading.Event()
    taken: list[CompletionsLoaded] = []
    frequent_values, loaded = SqliteReader.frequent_values, FilterKeys.on_completions_loaded

    def slow(*arguments: Any, **named: Any) -> Any:
        asked.set()
        go_on.wait(20)
        return frequent_values(*arguments, **named)

    def noted(self: FilterKeys, message: CompletionsLoaded) -> None:
        loaded(self, message)
        taken.append(message)

    monkeypatch.setattr(SqliteReader, "frequent_values", slow)
    monkeypatch.setattr(FilterKeys, "on_completions_loaded", noted)
    async with app.run_test(size=SIZE) as pilot:
        await filled(app, pilot, until, 18)
        for leave in ("enter", "escape"):
            asked.clear()
            go_on.clear()
            taken.clear()
            await pilot.press("slash", "ctrl+u", *keys("name:C"))
            await until(pilot, asked.is_set)
            await pilot.press(leave)
            await until(pilot, lambda: not typing(app))
            go_on.set()
            await until(pilot, lambda: taken[-1:] != [] and bool(taken[-1].found))
            await pilot.pause()
            assert not app.explorer.popup.is_open, leave


# History, saved filters, help


async def test_up_brings_back_what_was_typed_before(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=SIZE) as pilot:
        await filled(app, pilot, until, 18)
        for text in ("kind:LLM", "weather"):
            await pilot.press("slash", *keys(text), "enter", "escape")
        await pilot.press("slash", "up")
        assert app.explorer.bar.text == "weather"
        await pilot.press("up")
        assert app.explorer.bar.text == "kind:LLM"
        await until(pilot, lambda: app.explorer.traces.is_current and "of 18 traces" in bar_row(app))
        await pilot.press("down", "down")
        assert app.explorer.bar.text == ""
        await pilot.press("x", "up")
        assert app.explorer.bar.text == "x", "a text that is being typed was replaced"


async def test_a_filter_is_saved_called_and_deleted(explore: Explore, until: Until, tmp_path: Path) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        traces = app.explorer.traces
        await filled(app, pilot, until, 18)
        await pilot.press("slash", *keys("kind:LLM weather"), "enter")
        await pilot.press("ctrl+p", *"save filter")
        await until(pilot, lambda: "Give the filter a name" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Save the filter" in screen_text(app))
        await pilot.press(*"mine", "enter")
        await until(pilot, lambda: "@mine stands for it" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: traces.loaded and traces.total == 18)
        await pilot.press("slash", *keys("@m"))
        await until(pilot, lambda: "@mine" in screen_text(app) and "kind:LLM weather" in screen_text(app))
        await pilot.press("tab")
        await until(pilot, lambda: app.explorer.bar.text == "@mine" and traces.is_current and traces.total < 18)
        few = traces.total
        await pilot.press("enter")
        assert app.explorer.bar.text == "kind:LLM weather"
        await until(pilot, lambda: traces.is_current and traces.total == few)
        await pilot.press("slash", "ctrl+u", *keys("-@mine"))
        await until(pilot, lambda: traces.is_current and 0 < traces.total < 18)
        await pilot.press("enter")
        assert app.explorer.bar.text == "-(kind:LLM weather)"
        await pilot.press("ctrl+p", *"delete filter")
        await until(pilot, lambda: "Delete filter: mine" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Deleted the filter mine" in screen_text(app))
        await pilot.press("slash", "ctrl+u", *keys("@mine"), "enter")
        await until(pilot, lambda: "no saved filter" in app.explorer.query_one(QueryErrorRow).said)


@pytest.mark.parametrize("key", ["f1", "ctrl+underscore", "question_mark"])
async def test_the_language_is_explained_from_the_field(key: str, explore: Explore, until: Until) -> None:
    app = explore("plain-error")
    async with app.run_test(size=(80, 24)) as pilot:
        await filled(app, pilot, until, 1)
        await pilot.press("slash", key)
        await until(pilot, lambda: "Query language" in screen_text(app) and "both words, anywhere" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: typing(app))
        await pilot.press(*keys("what"), "question_mark")
        assert app.explorer.bar.text == "what?"


# Commands that write the query


async def test_toggles_write_the_query_and_show_in_the_bar(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http", "plain-error")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.explorer.is_whole)
        traces, bar = app.explorer.traces, app.explorer.bar
        await filled(app, pilot, until, 19)
        await pilot.press("exclamation_mark")
        assert bar.text == "status:error" and not typing(app)
        await until(pilot, lambda: "✓ errors" in bar_row(app) and traces.is_current and traces.total < 19)
        await pilot.press("L")
        assert bar.text == "status:error kind:LLM"
        await pilot.press("slash", "f2")
        assert bar.text == "kind:LLM" and typing(app)
        await until(pilot, lambda: "✓ LLM" in bar_row(app) and "✓ errors" not in bar_row(app))
        await pilot.press("f3")
        assert bar.text == ""
        await until(pilot, lambda: traces.loaded and traces.total == 19)
        await pilot.press("f4")
        assert bar.text == "start>-15m"


async def test_a_value_is_filtered_by_and_left_out_with_one_key(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=SIZE) as pilot:
        explorer = app.explorer
        await filled(app, pilot, until, 18)
        await pilot.press("slash", *"weather_turn_1", "enter", "enter")
        await until(pilot, lambda: explorer.spans.selected_row is not None and explorer.level == "trace")
        await pilot.press("slash", "ctrl+u", "enter", "m")
        await until(pilot, lambda: explorer.spans.selected_row and explorer.spans.selected_row.kind == "LLM")
        name = explorer.spans.selected_row.name  # type: ignore[union-attr]
        await pilot.press("equals_sign")
        assert explorer.bar.text == f"name:{name}"
        await pilot.press("minus")
        assert explorer.bar.text == f"-name:{name}"
        await pilot.press("slash", "ctrl+u", "enter", "enter", "5")
        await until(pilot, lambda: explorer.inspector.opened is not None and "model_name" in screen_text(app))
        lines = explorer.inspector._document.lines
        explorer.inspector.move_to(next(n for n, line in enumerate(lines) if line.block.endswith("llm.model_name")))
        await pilot.press("equals_sign")
        assert explorer.bar.text == "llm.model_name:gpt-4o-mini"


async def test_same_session_and_same_tool(explore: Explore, until: Until) -> None:
    app = explore("oi-manual")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        explorer = app.explorer
        await until(pilot, lambda: explorer.traces.total > 0)
        await pilot.press("slash", *"support_agent", "enter", "enter")
        await until(pilot, lambda: explorer.spans.trace is not None and explorer.level == "trace")
        await pilot.press("slash", "ctrl+u", "enter")
        explorer.spans.action_find_kind("TOOL", 1)
        await until(pilot, lambda: explorer.spans.selected_row and explorer.spans.selected_row.kind == "TOOL")
        await pilot.press("U")
        assert explorer.bar.text == "tool:get_weather"
        row = explorer.spans.selected_row
        assert row is not None
        await pilot.press("C")
        if row.session_id:
            assert explorer.bar.text == f"tool:get_weather session:{row.session_id}"
        else:
            await until(pilot, lambda: "belongs to no session" in screen_text(app))


# In a trace


async def test_matches_are_marked_counted_and_walked(explore: Explore, until: Until) -> None:
    app = explore("oi-manual")
    async with app.run_test(size=SIZE) as pilot:
        spans = app.explorer.spans
        await until(pilot, lambda: app.explorer.traces.total > 0)
        await pilot.press("slash", *keys("kind:LLM"), "enter", "enter")
        await until(pilot, lambda: spans.matches is not None and spans.trace is not None)
        assert spans.trace is not None and spans.matches is not None
        llm = [node.span_id for node in spans.trace.nodes if node.kind == "LLM"]
        await until(pilot, lambda: f"{len(llm)} of {len(spans.trace or ())} match" in screen_text(app))
        rows = screen_text(app).splitlines()
        assert sum("◆" in row for row in rows) == len(llm)
        marked = next(number for number, row in enumerate(rows) if "◆" in row)
        assert "model call" in underlined(app, marked)
        await pilot.press("n")
        assert spans.selected_span_id == llm[0]
        await pilot.press("n")
        assert spans.selected_span_id == llm[1]
        await pilot.press("N", "N")
        assert spans.selected_span_id == llm[-1]
        await until(pilot, lambda: f"match {len(llm)} ·" in screen_text(app))
        await pilot.press("H")
        assert spans.row_count == len(llm) + 1, "the root holds them, nothing else is left"
        assert spans.selected_span_id == llm[-1]
        await until(pilot, lambda: "others hidden" in screen_text(app))
        await pilot.press("H")
        assert spans.row_count == len(spans.trace)


async def test_a_fold_over_a_match_says_so_and_n_opens_it(explore: Explore, until: Until) -> None:
    app = explore("oi-manual")
    async with app.run_test(size=SIZE) as pilot:
        spans = app.explorer.spans
        await until(pilot, lambda: app.explorer.traces.total > 0)
        await pilot.press("slash", *keys("kind:LLM"), "enter", "enter")
        await until(pilot, lambda: spans.matches is not None)
        await pilot.press("home", "space")
        await until(pilot, lambda: "◇" in screen_text(app))
        await pilot.press("n")
        assert spans.selected_row is not None and spans.selected_row.kind == "LLM"


async def test_a_filter_typed_in_a_trace_marks_it_and_goes_back_to_it(explore: Explore, until: Until) -> None:
    app = explore("oi-manual")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        spans = app.explorer.spans
        await until(pilot, lambda: app.explorer.traces.total > 0)
        await pilot.press("slash", *"support_agent", "enter", "enter")
        await until(pilot, lambda: app.explorer.level == "trace" and spans.trace is not None)
        await pilot.press("slash", "ctrl+u", *keys("kind:TOOL"))
        await until(pilot, lambda: "◆" in screen_text(app) and "TOOL" in screen_text(app))
        await pilot.press("enter")
        assert app.focused is spans
        await pilot.press("slash", "escape")
        assert app.focused is spans
        await until(pilot, lambda: spans.matches is None and "◆" not in screen_text(app))
        await pilot.press("n")
        await until(pilot, lambda: "There is no filter" in screen_text(app))


async def test_a_growing_trace_keeps_its_marks(explore: Explore, until: Until, runtime: Runtime) -> None:
    from msgspec.structs import replace

    from tracetui.receivers.incoming import read_request

    app = explore()
    batch = read_request(*requests("oi-manual")[0]).batch
    trace_id = max({span.trace_id for span in batch.spans}, key=lambda t: sum(s.trace_id == t for s in batch.spans))
    mine = [span for span in batch.spans if span.trace_id == trace_id]
    async with app.run_test(size=SIZE) as pilot:
        runtime.ingest.submit(replace(batch, spans=mine[:-3])).result()
        spans = app.explorer.spans
        await until(pilot, lambda: app.explorer.traces.total == 1 and spans.trace is not None)
        await pilot.press("slash", *keys("kind:LLM OR kind:AGENT"), "enter", "enter")
        await until(pilot, lambda: spans.matches is not None)
        runtime.ingest.submit(replace(batch, spans=mine[-3:])).result()
        wanted = {span.span_id for span in mine if span.kind in ("LLM", "AGENT")}
        await until(pilot, lambda: spans.trace is not None and len(spans.trace) == len(mine))

        def marked() -> set[str]:
            assert spans.trace is not None and spans.matches is not None
            return {spans.trace.nodes[position].span_id for position in spans.matches.positions}

        await until(pilot, lambda: marked() == wanted)


# In the list


async def test_a_row_says_why_it_matched(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=SIZE) as pilot:
        await filled(app, pilot, until, 18)
        await pilot.press("slash", *keys("drizzle"), "enter")
        await until(pilot, lambda: app.explorer.traces.is_current and 0 < app.explorer.traces.total < 18)
        await until(pilot, lambda: "drizzle" in underlined(app, 4))
        assert " match " in screen_text(app).splitlines()[3]
        await pilot.press("escape")
        await until(pilot, lambda: app.explorer.traces.total == 18)
        assert " match " not in screen_text(app).splitlines()[2]


async def test_an_empty_result_says_which_term_is_to_blame(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=(80, 24)) as pilot:
        await filled(app, pilot, until, 18)
        await pilot.press("slash", *keys("kind:LLM nosuchword"))
        await until(pilot, lambda: "No trace matches." in screen_text(app))
        llm = sum(trace.llm_count > 0 for trace in stored(app))
        await until(pilot, lambda: f"kind:LLM    {llm} traces" in screen_text(app))
        await until(pilot, lambda: "nosuchword  no trace" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.explorer.traces.total == 18 and "No trace" not in screen_text(app))


async def test_an_empty_result_says_how_its_term_could_find_more(explore: Explore, until: Until) -> None:
    app = explore("oi-openai-http")
    async with app.run_test(size=(80, 24)) as pilot:
        await filled(app, pilot, until, 18)
        await pilot.press("slash", *keys("model:gpt"))
        await until(pilot, lambda: "whole value; model:gpt* asks for its beginning." in screen_text(app))
        assert "beginning of a word" not in screen_text(app)
        await pilot.press("asterisk")
        await until(pilot, lambda: app.explorer.traces.is_current and app.explorer.traces.total > 0)
        await pilot.press(*keys(" service:nosuch"))
        await until(pilot, lambda: "service:nosuch* asks for its beginning." in screen_text(app))


async def test_an_empty_result_tells_what_a_saved_filter_finds_alone(
    explore: Explore, until: Until, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "filters.toml"
    saved.write_text('mine = "kind:LLM"\n')
    monkeypatch.setattr(ExplorerScreen, "filters_file", saved)
    app = explore("oi-openai-http")
    async with app.run_test(size=(80, 24)) as pilot:
        await filled(app, pilot, until, 18)
        await pilot.press("slash", *keys("@mine nosuchword"))
        llm = sum(trace.llm_count > 0 for trace in stored(app))
        await until(pilot, lambda: f"(kind:LLM)  {llm} traces" in screen_text(app))
        assert app.explorer.bar.text == "@mine nosuchword"


async def test_going_to_a_hidden_span_shows_it(explore: Explore, until: Until) -> None:
    app = explore("oi-langchain")
    async with app.run_test(size=SIZE) as pilot:
        spans = app.explorer.spans
        await until(pilot, lambda: app.explorer.traces.loaded and app.explorer.traces.total > 0)
        await pilot.press("slash", *keys("kind:RETRIEVER"), "enter")
        await until(pilot, lambda: app.explorer.traces.is_current and app.explorer.traces.total > 0)
        failed = next(row for row in range(9) if (trace := app.explorer.traces.at(row)) and trace.error_count)
        await pilot.press(*"j" * failed, "enter")
        await until(pilot, lambda: spans.matches is not None and app.explorer.level == "trace")
        await until(pilot, lambda: spans.selected_span_id)
        await pilot.press("n", "H")
        assert spans.trace is not None and spans.row_count < len(spans.trace)
        await pilot.press("e")
        await until(pilot, lambda: spans.selected_row is not None and spans.selected_row.is_error)
