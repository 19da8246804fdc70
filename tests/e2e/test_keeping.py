"""Removing in the real program: what ends it unasked removes nothing, who leaves has removed."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path

from tests.support.corpus import CORPUS
from tests.support.programs import Explorer, run_cli
from tracetui.store.sqlite import SqliteReader


def names(db: Path) -> set[str]:
    with closing(SqliteReader(db)) as reader:
        return {trace.name for trace in reader.traces()}


def test_a_killed_program_has_removed_nothing_and_one_that_was_left_has(tmp_path: Path) -> None:
    db = tmp_path / "traces.db"
    files = [str(path) for path in sorted((CORPUS / "plain-error").glob("*.pb"))]
    assert run_cli("import", "--db", str(db), *files, home=tmp_path).returncode == 0
    before = names(db)
    assert len(before) == 1

    with Explorer(tmp_path) as terminal:
        terminal.wait_for(*before, "1 trace")
        terminal.press("x")
        terminal.wait_for("u brings it back", "No traces yet")
        os.kill(terminal.process.pid, signal.SIGKILL)
        terminal.wait_exit()
    assert names(db) == before

    with Explorer(tmp_path) as terminal:
        terminal.wait_for(*before)
        terminal.press("p")
        terminal.wait_for("★")
        terminal.press("x")
        terminal.wait_for("This trace is pinned")
        terminal.press("p")
        terminal.wait_until(lambda text: "★" not in text, "no pin")
        terminal.press("x")
        terminal.wait_for("u brings it back", "No traces yet")
        terminal.press("u")
        terminal.wait_for("1 trace", "is back", "Enter Open")
        terminal.press("x")
        terminal.wait_for("u brings it back", "No traces yet")
        terminal.press("q")
        assert terminal.wait_exit() == 0
    assert names(db) == set()
