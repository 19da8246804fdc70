"""The inspector: folds, live updates, long values, where a value came from."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.support import travel
from tests.support.corpus import send
from tests.ui.conftest import Until
from tracetui.model.chat import NormalisedSpan
from tracetui.otlp.wire import Signal
from tracetui.pricing import PriceBook
from tracetui.runtime import Runtime
from tracetui.tui.app import TracetuiApp
from tracetui.tui.render.details import TABS
from tracetui.tui.widgets.inspector import Inspector

QUESTION = travel.QUESTION[:20]
"""As much of the question as stands on one row."""

Read = Callable[[Pilot[str], str], Awaitable[Inspector]]


@pytest.fixture
def read(until: Until) -> Read:
    """Open a span of the travel agent's trace."""

    async def open_it(pilot: Pilot[str], span_id: str) -> Inspector:
        assert isinstance(pilot.app, TracetuiApp)
        explorer = pilot.app.explorer
        await until(pilot, lambda: explorer.traces.total > 0)
        explorer.spans.open(travel.TRACE_ID)
        await until(pilot, lambda: explorer.spans.trace and explorer.spans.trace.trace_id == travel.TRACE_ID)
        explorer.go("trace")
        assert explorer.spans.trace is not None
        explorer.spans.move_to(explorer.spans.trace.positions[span_id])
        explorer.go("inspect")
        inspector = explorer.inspector
        inspector.open(travel.TRACE_ID, span_id)
        await until(pilot, lambda: inspector.opened and inspector.opened.normalised.span.span_id == span_id)
        await until(pilot, lambda: inspector.size.width > 30)  # the pane has been given its place
        await pilot.pause()
        return inspector

    return open_it


def move_to(inspector: Inspector, text: str) -> int:
    """Put the cursor on the first line that holds this text."""
    lines = inspector.text.split("\n")
    row = next(number for number, line in enumerate(lines) if text in line)
    inspector.move_to(row)
    return row


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_every_tab_has_its_name(
    explore: Callable[..., TracetuiApp], runtime: Runtime, read: Read, size: tuple[int, int]
) -> None:
    send(runtime, Signal.TRACES, travel.request(), is_json=True)
    async with explore().run_test(size=size) as pilot:
        inspector = await read(pilot, travel.ANSWER)
        tabs = inspector.render_header(inspector.size.width)[0].text
        named = re.findall(r"(\d) ?([A-Z][A-Za-z/]*)", tabs)
        assert [(number, name) for number, name in named] == [
            (str(number), tab.short) for number, tab in enumerate(TABS, 1)
        ]


async def test_what_the_call_before_sent_is_folded_and_its_change_marked(
    explore: Callable[..., TracetuiApp], runtime: Runtime, read: Read
) -> None:
    send(runtime, Signal.TRACES, travel.request(), is_json=True)
    async with explore().run_test(size=(120, 40)) as pilot:
        inspector = await read(pilot, travel.ANSWER)
        assert "≠ changed since the call before" in inspector.text
        assert "▸ 1 earlier message" in inspector.text and QUESTION not in inspector.text
        move_to(inspector, "1 earlier message")
        await pilot.press("enter")
        assert "▾ 1 earlier message" in inspector.text and QUESTION in inspector.text
        await pilot.press("space")
        assert QUESTION not in inspector.text


async def test_results_stand_at_their_calls_from_messages_and_from_tool_spans(
    explore: Callable[..., TracetuiApp], runtime: Runtime, read: Read
) -> None:
    send(runtime, Signal.TRACES, travel.request(), is_json=True)
    async with explore().run_test(size=(120, 40)) as pilot:
        for span_id in (travel.PLAN, travel.ANSWER):
            inspector = await read(pilot, span_id)
            text = inspector.text
            assert text.index("→ search_hotels") < text.index("Lisboa Tejo") < text.index("→ search_flights")
            assert text.index("→ search_flights") < text.index("TP 532")
        inspector = await read(pilot, travel.BOOKING)
        assert "✖ timed out after 2000 ms" in inspector.text


async def test_no_fact_of_the_head_line_is_cut(
    explore: Callable[..., TracetuiApp], runtime: Runtime, read: Read
) -> None:
    send(runtime, Signal.TRACES, travel.request(), is_json=True)
    async with explore().run_test(size=(120, 40)) as pilot:
        inspector = await read(pilot, travel.PLAN)
        whole = inspector.render_header(200)[1].text.split("  ")
        assert len([fact for fact in whole if fact.strip()]) >= 6
        for width in range(len(whole[0]), 120):
            head = inspector.render_header(width)[1]
            assert head.cell_length == width
            assert set(head.text.rstrip().split("  ")) <= {fact.rstrip() for fact in whole}, head.text


async def test_a_click_turns_a_fold(explore: Callable[..., TracetuiApp], runtime: Runtime, read: Read) -> None:
    send(runtime, Signal.TRACES, travel.request(), is_json=True)
    async with explore().run_test(size=(120, 40)) as pilot:
        inspector = await read(pilot, travel.PLAN)
        row = move_to(inspector, "reasoning")
        inspector.move_to(0)
        await pilot.click(inspector, offset=(8, 1 + inspector.header_rows + row))
        assert "▾ reasoning" in inspector.text
        assert inspector.cursor == row


async def test_folds_cursor_and_place_survive_what_arrives(
    explore: Callable[..., TracetuiApp], runtime: Runtime, read: Read, until: Until
) -> None:
    send(runtime, Signal.TRACES, travel.request(until=travel.PLAN), is_json=True)
    async with explore().run_test(size=(120, 40)) as pilot:
        inspector = await read(pilot, travel.PLAN)
        move_to(inspector, "reasoning")
        await pilot.press("enter")
        move_to(inspector, "→ search_flights")
        assert "Lisboa Tejo" not in inspector.text
        send(runtime, Signal.TRACES, travel.request(), is_json=True)
        await until(pilot, lambda: "Lisboa Tejo" in inspector.text)
        assert "▾ reasoning" in inspector.text
        assert inspector.line is not None and "→ search_flights" in inspector.line.strip.text


async def test_a_log_record_that_comes_late_shows_in_the_open_inspector(
    explore: Callable[..., TracetuiApp], runtime: Runtime, read: Read, until: Until
) -> None:
    send(runtime, Signal.TRACES, travel.request(), is_json=True)
    async with explore().run_test(size=(120, 40)) as pilot:
        inspector = await read(pilot, travel.PLAN)
        await pilot.press("7")
        assert "No log records" in inspector.text
        send(runtime, Signal.LOGS, travel.logs(travel.PLAN, "cache was cold"), is_json=True)
        await until(pilot, lambda: "cache was cold" in inspector.text)


async def test_w_tells_where_the_value_under_the_cursor_came_from(
    explore: Callable[..., TracetuiApp], runtime: Runtime, read: Read
) -> None:
    send(runtime, Signal.TRACES, travel.request(), is_json=True)
    async with explore().run_test(size=(120, 40)) as pilot:
        inspector = await read(pilot, travel.ANSWER)
        await pilot.press("9", "w")
        rows = inspector.page_rows

        def footer() -> str:
            height = inspector.size.height
            return " ".join("".join(inspector.render_line(y).text for y in range(height - 3, height)).split())

        move_to(inspector, "cached input")
        assert "tokens.cache_read ← gen_ai.usage.cache_read.input_tokens (int) · as sent" in footer()
        move_to(inspector, "total")
        assert "tokens.total ← computed: input + output" in footer()
        await pilot.press("1")
        move_to(inspector, "Three days")
        assert "output_messages ← gen_ai.output.messages (string) · JSON text decoded" in footer()
        await pilot.press("w")
        assert inspector.page_rows == rows + 3


async def test_a_message_of_megabytes_is_laid_out_as_far_as_it_is_read_and_copied_whole(
    explore: Callable[..., TracetuiApp], runtime: Runtime, read: Read
) -> None:
    words = " ".join(f"word{number}" for number in range(600_000))
    message = json.dumps([{"role": "user", "parts": [{"type": "text", "content": words}]}])
    attributes = {**travel.MODEL, "gen_ai.input.messages": message}
    send(runtime, Signal.TRACES, travel.export([travel.span("a" * 16, "", "long", 0, 5, attributes)]), is_json=True)
    async with explore().run_test(size=(120, 40)) as pilot:
        inspector = await read(pilot, "a" * 16)
        assert inspector.row_count < 100 and "more · Enter unfolds" in inspector.text
        inspector.move_to(1)
        await pilot.press("enter")
        before = len(inspector.text)
        assert before < 64 * 1024
        for _ in range(4):
            await pilot.press("G")
        assert before < len(inspector.text) < 128 * 1024
        assert "word0 word1" in inspector.text
        assert inspector.line is not None and inspector.line.value == words
        await pilot.press("home", "j", "enter")
        assert inspector.row_count < 100


async def test_o_opens_the_page_in_the_pager(
    explore: Callable[..., TracetuiApp],
    runtime: Runtime,
    read: Read,
    until: Until,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy = tmp_path / "paged.txt"
    monkeypatch.setenv("PAGER", f"""sh -c 'cp "$0" {copy}'""")
    monkeypatch.setattr(TracetuiApp, "suspend", lambda _: nullcontext())  # no terminal here to be given away
    send(runtime, Signal.TRACES, travel.request(), is_json=True)
    async with explore().run_test(size=(120, 40)) as pilot:
        inspector = await read(pilot, travel.PLAN)
        await pilot.press("o")
        await until(pilot, lambda: copy.exists() and copy.read_text("utf-8") == inspector.text)
        await pilot.press("8")
        await until(pilot, lambda: inspector.raw_json)
        await pilot.press("o")
        await until(pilot, lambda: copy.read_text("utf-8") == inspector.raw_json)


async def test_the_raw_tab_shows_the_stored_span_once_it_is_wanted(
    explore: Callable[..., TracetuiApp], runtime: Runtime, read: Read, until: Until
) -> None:
    send(runtime, Signal.TRACES, travel.request(), is_json=True)
    async with explore().run_test(size=(120, 40)) as pilot:
        inspector = await read(pilot, travel.PLAN)
        await pilot.press("8")
        await until(pilot, lambda: '"spanId"' in inspector.text)
        assert json.loads(inspector.raw_json)["spanId"] == travel.PLAN


async def test_a_span_opens_before_the_price_list_is_in_memory_and_its_cost_follows(
    explore: Callable[..., TracetuiApp], runtime: Runtime, read: Read, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    attributes: dict[str, object] = {
        **travel.MODEL,
        "gen_ai.provider.name": "openai",
        "gen_ai.response.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 1_000,
        "gen_ai.usage.output_tokens": 100,
    }
    send(runtime, Signal.TRACES, travel.export([travel.span("b" * 16, "", "call", 0, 5, attributes)]), is_json=True)
    priced = threading.Event()
    with_cost = PriceBook.with_cost

    def slow(self: PriceBook, span: NormalisedSpan) -> NormalisedSpan:
        assert priced.wait(20)
        return with_cost(self, span)

    monkeypatch.setattr(PriceBook, "is_loaded", False)
    monkeypatch.setattr(PriceBook, "with_cost", slow)
    async with explore().run_test(size=(120, 40)) as pilot:
        inspector = await read(pilot, "b" * 16)
        await pilot.press("9")
        assert "estimated" not in inspector.text
        priced.set()
        await until(pilot, lambda: "estimated · openai gpt-4o" in inspector.text)
