"""The filter in a real terminal, from the first key to the way back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.corpus import CORPUS
from tests.support.programs import Explorer, run_cli

SCENARIOS = ("oi-openai-http", "oi-manual", "plain-error", "plain-weird")


@pytest.fixture
def stocked(tmp_path: Path) -> Path:
    """A home with real exports in its database."""
    for scenario in SCENARIOS:
        file = str(CORPUS / scenario / "traces.pb")
        done = run_cli("import", file, "--db", str(tmp_path / "traces.db"), home=tmp_path)
        assert done.returncode == 0, done.stderr
    return tmp_path


def bar(text: str) -> str:
    """The filter's row."""
    return text.split("\n")[1]


def below(text: str) -> str:
    """The rows of the list."""
    return "\n".join(text.split("\n")[4:18])


def test_the_whole_flow(stocked: Path) -> None:
    explorer = Explorer(stocked)
    with explorer as terminal:
        terminal.wait_for("handler", "support_agent")
        terminal.press("j", "j", "j")
        terminal.wait_until(lambda text: "▌" in text.split("\n")[6], "the cursor on the fourth row")
        before = terminal.text.split("\n")[6]

        terminal.press("/", "drizzle kin")  # a word of a tool's result, and the beginning of a field
        terminal.wait_for("What the span does.", "Tab takes")
        terminal.press("tab")
        terminal.wait_until(lambda text: "drizzle kind:" in bar(text), "the field was taken")
        terminal.wait_for("LLM", "TOOL")
        terminal.press("LLM")
        terminal.wait_until(lambda text: " of " in bar(text) and "drizzle" in below(text), "why a row matched")

        terminal.press(" modle:x")
        terminal.wait_until(lambda text: "╰─" in text.split("\n")[2] and "model" in text.split("\n")[2], "the mistake")
        rows = terminal.text.split("\n")
        assert rows[1].index("modle") == rows[2].index("╰")
        terminal.press(*["\x7f"] * len(" modle:x"), "enter")
        terminal.wait_until(lambda text: "╰─" not in text.split("\n")[2] and "Enter Open" in text, "back in the list")

        terminal.press("enter")
        terminal.wait_until(lambda text: "◆" in text and " match" in text, "marks in the trace")
        terminal.press("n")
        terminal.wait_until(lambda text: any("▌◆" in line for line in text.split("\n")), "the cursor on a match")
        terminal.press("H")
        terminal.wait_for("others hidden")

        terminal.press("escape")
        terminal.wait_for("Enter Open")
        terminal.press("escape")
        terminal.wait_until(lambda text: " of " not in bar(text) and before in text.split("\n"), "the same row again")
        terminal.press("q")
        assert terminal.wait_exit() == 0


def test_what_was_typed_comes_back_in_the_next_run(stocked: Path) -> None:
    with Explorer(stocked) as terminal:
        terminal.wait_for("support_agent")
        terminal.press("/", "status:error", "enter")
        terminal.wait_for("Enter Open")
        terminal.press("q")
        assert terminal.wait_exit() == 0
    with Explorer(stocked, size=(80, 24)) as terminal:
        terminal.wait_for("support_agent")
        terminal.press("/")
        terminal.wait_for("F1 explains")
        terminal.press("up")
        terminal.wait_until(lambda text: "status:error" in bar(text), "the query typed before")
        terminal.press("\x1bOP")
        terminal.wait_for("Query language")
        terminal.press("escape")
        terminal.wait_until(lambda text: "Query language" not in text, "the help is gone")
        terminal.press("escape")
        terminal.wait_until(lambda text: "status:error" not in bar(text), "the filter is gone")
        terminal.press("q")
        assert terminal.wait_exit() == 0


def test_hostile_values_are_offered_and_typed_as_text_alone(stocked: Path) -> None:
    with Explorer(stocked) as terminal:
        terminal.wait_for("support_agent")
        terminal.press("/", "name:")
        hostile = r'"\u001b[31mred\u001b[0m ansi name"'
        terminal.wait_for(hostile)
        terminal.press("\x1b[B" * 6)
        terminal.wait_for(f"▌{hostile}")
        terminal.press("enter")
        terminal.wait_until(lambda text: f"name:{hostile}" in bar(text) and "1 of 21" in bar(text), "it was taken")
        terminal.press("enter")
        terminal.wait_for("Enter Open")
        written = bytes(terminal.output)
        assert b"\x1b]0;" not in written and b"\x1b]52" not in written
        terminal.press("q")
        assert terminal.wait_exit() == 0


def test_it_opens_on_a_query_and_on_a_saved_one(stocked: Path) -> None:
    saved = stocked / "config" / "tracetui" / "filters.toml"
    saved.parent.mkdir(parents=True)
    saved.write_text('rain = "drizzle kind:LLM"\n', encoding="utf-8")
    for query in ("drizzle kind:LLM", "@rain"):
        with Explorer(stocked, query) as terminal:
            terminal.wait_until(lambda text: "drizzle kind:LLM" in bar(text) and "2 of 21 traces" in bar(text), query)
            terminal.press("escape")
            terminal.wait_until(lambda text: "21 traces" in text and "drizzle" not in bar(text), "everything")
            terminal.press("q")
            assert terminal.wait_exit() == 0
