"""The inspector in a real terminal: folds by key and by mouse, and where a value came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import travel
from tests.support.programs import Explorer, run_cli
from tests.support.terminal import Terminal


@pytest.fixture
def stocked(tmp_path: Path) -> Path:
    """A home with the travel agent's trace in its database."""
    file = tmp_path / "trace.json"
    file.write_bytes(travel.request())
    done = run_cli("import", str(file), "--db", str(tmp_path / "traces.db"), home=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path


def open_answer(terminal: Terminal) -> None:
    """Zoom into the second LLM call of the trace."""
    terminal.wait_for("invoke_agent travel")
    terminal.press("enter")
    terminal.wait_for("LLM answer")
    terminal.press("m", "m", "enter", "+")
    terminal.wait_for("≠ changed since the call before", "▸ 1 earlier message", "→ search_hotels")


def click(terminal: Terminal, text: str) -> None:
    """Press and release the left button on the first row that shows this text."""
    rows = terminal.text.split("\n")
    row = next(number for number, line in enumerate(rows) if text in line)
    column = rows[row].index(text) + 1
    terminal.press(f"\x1b[<0;{column};{row + 1}M", f"\x1b[<0;{column};{row + 1}m")


def test_folds_turn_by_key_and_by_mouse(stocked: Path) -> None:
    explorer = Explorer(stocked)
    with explorer as terminal:
        open_answer(terminal)
        assert travel.QUESTION not in terminal.text
        click(terminal, "1 earlier message")
        terminal.wait_for("▾ 1 earlier message", travel.QUESTION)
        terminal.press("enter")
        terminal.wait_until(lambda text: travel.QUESTION not in text, "the fold shut")
        click(terminal, "reasoning ·")
        terminal.wait_for("▾ reasoning", "Then add it all up.")
        terminal.press("q")
        assert terminal.wait_exit() == 0


def test_w_tells_where_the_value_under_the_cursor_came_from(stocked: Path) -> None:
    explorer = Explorer(stocked)
    with explorer as terminal:
        open_answer(terminal)
        terminal.press("9", "w", "j", "j", "j")
        terminal.wait_for("where from", "tokens.cache_read ← gen_ai.usage.cache_read.input_tokens (int) · as sent")
        terminal.press("j")
        terminal.wait_for("computed: tokens.input − tokens.cache_read")
        terminal.press("w")
        terminal.wait_until(lambda text: "where from" not in text.lower().replace("w where from", ""), "the bar gone")


TABS = (
    (2, "1", "Chat", ("Plan three days in Lisbon", "reasoning ·", "→ search_hotels")),
    (1, "2", "Input/Output", ("input", "quiet hotels near tram 28")),
    (2, "3", "Tools", ("search_hotels", "search_flights")),
    (1, "4", "Documents", ("guide",)),
    (7, "5", "Attributes", ("operation.name", "execute_tool")),
    (7, "6", "Events", ("exception", "httpx.ReadTimeout")),
    (2, "7", "Logs", ("cache was cold",)),
    (7, "8", "Raw", ('"spanId"',)),
    (5, "9", "Tokens", ("cached input", "1,792", "no price", "output rate")),
)
"""The row of a span in the tree, the key of a tab, its title, and words that stand there."""


@pytest.mark.parametrize("theme", ["tracetui-dark", "tracetui-light"])
@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
def test_every_tab(stocked: Path, size: tuple[int, int], theme: str) -> None:
    file = stocked / "logs.json"
    file.write_bytes(travel.logs(travel.PLAN, "cache was cold"))
    assert run_cli("import", str(file), "--db", str(stocked / "traces.db"), home=stocked).returncode == 0
    explorer = Explorer(stocked, "--theme", theme, size=size)
    with explorer as terminal:
        terminal.wait_for("invoke_agent travel")
        terminal.press("enter")
        terminal.wait_for("LLM answer", "Inspect")
        assert is_light(terminal) == (theme == "tracetui-light")
        for row, key, title, wanted in TABS:
            terminal.press(*"j" * row, "enter", key)
            terminal.wait_for(f"─ {title} ─", "Where from")
            terminal.wait_for(*wanted)
            terminal.press("escape")
            terminal.wait_for("LLM answer", "Inspect")
            terminal.press(*"k" * row)
        terminal.press("q")
        assert terminal.wait_exit() == 0


def is_light(terminal: Terminal) -> bool:
    """Whether most of the screen is bright."""
    grounds = [cell.bg for row in terminal.screen.buffer.values() for cell in row.values() if len(cell.bg) == 6]
    bright = [ground for ground in grounds if sum(bytes.fromhex(ground)) > 3 * 128]
    assert len(grounds) > 500
    return 2 * len(bright) > len(grounds)
