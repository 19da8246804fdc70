"""Sessions in a real terminal: from the list to a conversation, into a turn's trace and back, while turns arrive."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.corpus import CORPUS
from tests.support.programs import Explorer, run_cli


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_a_session_is_read_and_its_turn_opened(tmp_path: Path, size: tuple[int, int]) -> None:
    explorer = Explorer(tmp_path, size=size)
    with explorer as terminal:
        terminal.wait_for("No traces yet")
        terminal.press("c")
        terminal.wait_for("No traces yet. A session joins", "gen_ai.conversation.id")
        done = run_cli("import", str(CORPUS / "oi-openai-http" / "traces.pb"), "--db", str(explorer.db), home=tmp_path)
        assert done.returncode == 0, done.stderr
        terminal.wait_for("1 session", "thanks", "1.4k→73")
        terminal.press("enter")
        read = terminal.wait_for(
            "Enter Open trace", "sess-7f3a-multi-turn · 2 turns · user-42", "You are welcome! Anything else?"
        )
        assert read.count("thanks") == 1
        terminal.press("K", " ")
        terminal.wait_for("→ get_weather", '"sky": "drizzle"')
        terminal.press("enter")
        terminal.wait_for("AGENT weather_turn_1", "412→38")
        terminal.press("escape")
        terminal.wait_for("Enter Open trace", '"sky": "drizzle"')
        terminal.press("escape")
        terminal.wait_for("Enter Read", "1 session")
        terminal.press("c")
        terminal.wait_for("18 traces")
        terminal.press("q")
        assert terminal.wait_exit() == 0
