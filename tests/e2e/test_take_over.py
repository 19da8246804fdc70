"""Two real processes on one database: one writes, the other views, and takes its place when it is asked to."""

from __future__ import annotations

import os
import re
import signal
from contextlib import ExitStack, closing
from pathlib import Path

from tests.support.programs import Explorer, run_app
from tests.support.terminal import Terminal
from tracetui.store.lock import read_owner
from tracetui.store.sqlite import SqliteReader


def spans(db: Path) -> int:
    with closing(SqliteReader(db)) as reader:
        return reader.count_spans()


def send(explorer: Explorer, home: Path) -> None:
    run_app("plain_app.py", f"http://127.0.0.1:{explorer.http}/v1/traces", home=home)


def test_a_viewer_takes_over_when_the_writer_was_killed_and_never_before(tmp_path: Path) -> None:
    with ExitStack() as stack:
        first = Explorer(tmp_path)
        writer = stack.enter_context(first)
        second = Explorer(tmp_path)
        viewer = stack.enter_context(second.terminal)
        viewer.wait_for(f"viewer of process {writer.process.pid}")
        send(first, tmp_path)
        viewer.wait_for("GET /ask", "1 trace")
        before = spans(first.db)

        viewer.press("W")
        viewer.wait_for("This process stays a viewer", f"(pid {writer.process.pid})")
        owner = read_owner(first.db)
        assert owner is not None and owner.pid == writer.process.pid

        os.kill(writer.process.pid, signal.SIGKILL)
        writer.wait_exit()
        viewer.wait_for("nobody receives", f"Process {writer.process.pid}, which received, has ended")
        assert read_owner(first.db) is None, "it does not take over unasked"

        viewer.press("W")
        viewer.wait_for("receives and writes now")
        viewer.wait_until(lambda text: bool(re.search(r"● grpc \d+ +● http \d+", text)), "listeners")
        owner = read_owner(first.db)
        assert owner is not None and owner.pid == viewer.process.pid
        send(second, tmp_path)
        viewer.wait_for("2 traces")
        assert spans(first.db) == 2 * before
        viewer.press("q")
        assert viewer.wait_exit() == 0
    assert spans(first.db) == 2 * before


def test_of_two_viewers_that_are_asked_at_once_one_takes_over(tmp_path: Path) -> None:
    with ExitStack() as stack:
        first = Explorer(tmp_path)
        writer = stack.enter_context(first)
        viewers = [stack.enter_context(Explorer(tmp_path).terminal) for _ in range(2)]
        for viewer in viewers:
            viewer.wait_for(f"viewer of process {writer.process.pid}")
        writer.press("q")
        assert writer.wait_exit() == 0
        for viewer in viewers:
            viewer.wait_for("nobody receives")
        for viewer in viewers:
            viewer.press("W")
        outcomes = [
            viewer.wait_until(lambda text: "writes now" in text or "stays a viewer" in text, "an outcome")
            for viewer in viewers
        ]
        winners = [viewer for viewer, text in zip(viewers, outcomes, strict=True) if "writes now" in text]
        assert len(winners) == 1
        owner = read_owner(first.db)
        assert owner is not None and owner.pid == winners[0].process.pid
        (loser,) = (viewer for viewer in viewers if viewer is not winners[0])
        loser.wait_for(f"viewer of process {winners[0].process.pid}")
        check_leaves(winners[0])
        loser.wait_for("nobody receives")
        loser.press("W")
        loser.wait_for("receives and writes now")
        check_leaves(loser)


def check_leaves(terminal: Terminal) -> None:
    terminal.press("q")
    assert terminal.wait_exit() == 0
