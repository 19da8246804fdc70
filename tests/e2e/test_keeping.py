"""Removing in the real program: what ends it unasked removes nothing, who leaves has removed."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.corpus import CORPUS
from tests.support.programs import Explorer, run_cli
from tracetui.store.sqlite import SqliteReader


def names(db: Path) -> set[str]:
    with closing(SqliteReader(db)) as reader:
        return {trace.name for trace in reader.traces()}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_the_status_says_what_doctor_says(tmp_path: Path, size: tuple[int, int]) -> None:
    explorer = Explorer(tmp_path, "--max-age", "30d", size=size)
    with explorer as terminal:
        terminal.press("i")
        text = terminal.wait_for("Status", "Receiving", f"127.0.0.1:{explorer.grpc} listening", "in order, with notes")
        assert f"127.0.0.1:{explorer.http} listening" in text
        terminal.press("end")
        said = "traces of the last 30 days, pinned traces apart"
        if size == (120, 40):
            terminal.wait_for(said)
            settings = ("--db", str(explorer.db), "--grpc", "off", "--http", "off")
            told = run_cli("doctor", *settings, home=tmp_path, env={"TRACETUI_MAX_AGE": "30d"}).stdout
            assert said in told
            assert f"process {terminal.process.pid} receives" in told
        terminal.press("q")
        terminal.wait_until(lambda text: "Receiving" not in text, "the page is closed")
        terminal.press("q")
        assert terminal.wait_exit() == 0


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
