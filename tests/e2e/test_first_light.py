"""From a real instrumented app to the screen, and back after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_openai import ERROR_MESSAGE, STREAMED_ANSWER, TOOL_ANSWER, FakeOpenAI
from tests.support.programs import Explorer, run_app
from tests.support.terminal import Terminal


@pytest.fixture
def openai_url() -> Iterator[str]:
    with FakeOpenAI() as server:
        yield server.base_url


def back_to_the_list(terminal: Terminal) -> None:
    """Escape twice; a terminal takes two escapes in one breath for another key."""
    terminal.press("escape")
    terminal.wait_for("Enter Inspect")
    terminal.press("escape")
    terminal.wait_for("Enter Open")


def read_the_holiday_traces(terminal: Terminal) -> None:
    """Walk through what the Phoenix app sent, as a person would."""
    listed = terminal.wait_for("plan_holiday", "stream_words", "overloaded", "3 traces")
    row = next(line for line in listed.splitlines() if "plan_holiday" in line)
    assert "910→65" in row, "the totals of both LLM calls"

    # newest first: overloaded, stream_words, plan_holiday
    terminal.press("end", "enter")
    tree = terminal.wait_for("AGENT plan_holiday", "LLM ChatCompletion", "TOOL get_weather", "412→38", "498→27")
    assert tree.index("AGENT plan_holiday") < tree.index("LLM ChatCompletion") < tree.index("TOOL get_weather")

    terminal.press("j", "enter", "1")
    terminal.wait_for("gpt-4o-mini-2024-07-18", "You are a travel agent.", "How is the weather in Lisbon?",
                      '→ get_weather {"city": "Lisbon", "unit": "celsius"}')  # fmt: skip
    terminal.press("J", "J")
    terminal.wait_for("← ", "celsius", TOOL_ANSWER)

    back_to_the_list(terminal)
    terminal.press("up")
    terminal.wait_for("CHAIN stream_words", "61→8")
    terminal.press("enter", "j", "enter")
    terminal.wait_for("Say something nice about streaming", STREAMED_ANSWER)

    back_to_the_list(terminal)
    terminal.press("up")
    terminal.wait_for("✖ overloaded")
    terminal.press("enter")
    terminal.wait_for("CHAIN overloaded", "LLM ChatCompletion")
    terminal.press("e", "enter")
    terminal.wait_for("please fail now", ERROR_MESSAGE.split(",")[0])


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_phoenix_app_is_seen_as_it_was(tmp_path: Path, openai_url: str, protocol: str) -> None:
    explorer = Explorer(tmp_path)
    with explorer as terminal:
        terminal.wait_for("No traces yet")
        http = f"http://127.0.0.1:{explorer.http}/v1/traces"
        endpoint = http if protocol == "http/protobuf" else f"http://127.0.0.1:{explorer.grpc}"
        run_app("phoenix_app.py", endpoint, protocol, home=tmp_path, openai_url=openai_url)
        read_the_holiday_traces(terminal)
        terminal.press("q")
        assert terminal.wait_exit() == 0

    with Explorer(tmp_path) as terminal:
        read_the_holiday_traces(terminal)


def test_a_plain_sdk_app_over_http_is_seen(tmp_path: Path) -> None:
    explorer = Explorer(tmp_path)
    with explorer as terminal:
        run_app("plain_app.py", f"http://127.0.0.1:{explorer.http}/v1/traces", home=tmp_path)
        terminal.wait_for("GET /ask", "plain-service", "1.2k→56", "1 trace")
        terminal.press("enter", "j", "enter")
        terminal.wait_for("gpt-4.1", "openai", "What is a span?", "A named, timed piece of work.")


def test_the_narrow_layout_shows_one_pane_at_a_time(tmp_path: Path) -> None:
    explorer = Explorer(tmp_path, size=(80, 24))
    with explorer as terminal:
        run_app("plain_app.py", f"http://127.0.0.1:{explorer.http}/v1/traces", home=tmp_path)
        terminal.wait_for("GET /ask", "1.2k→56")
        terminal.press("enter")
        text = terminal.wait_for("LLM chat gpt-4.1")
        assert "1 trace" not in text
        terminal.press("j", "enter")
        text = terminal.wait_for("What is a span?")
        assert "server GET /ask" not in text
        back_to_the_list(terminal)
        terminal.wait_for("1 trace")
