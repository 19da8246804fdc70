"""The terminal and the process: signals, a second process, a foreign port, hostile text."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from tests.support.programs import Explorer, environment, free_port, run_app, run_cli, tracetui
from tests.support.terminal import Terminal


def test_ctrl_z_says_why_it_does_not_stop_a_receiver(tmp_path: Path) -> None:
    explorer = Explorer(tmp_path)
    with explorer as terminal:
        terminal.press("\x1a")
        terminal.wait_for("would stop the receivers")
        run_app("plain_app.py", f"http://127.0.0.1:{explorer.http}/v1/traces", home=tmp_path)
        terminal.wait_for("GET /ask")


def test_a_second_explorer_views_what_the_first_writes(tmp_path: Path) -> None:
    explorer = Explorer(tmp_path)
    with explorer as first, Terminal(tracetui("--db", str(explorer.db)), env=environment(tmp_path)) as second:
        second.wait_for(f"viewer of process {first.process.pid}")
        run_app("plain_app.py", f"http://127.0.0.1:{explorer.http}/v1/traces", home=tmp_path)
        second.wait_for("GET /ask", "1.2k→56")
        second.press("q")
        assert second.wait_exit() == 0
        assert first.process.poll() is None


def test_a_port_in_use_is_named_and_the_other_listener_works(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port, http = taken.getsockname()[1], free_port()
        command = tracetui("--db", str(tmp_path / "t.db"), "--grpc", f"127.0.0.1:{port}", "--http", f"127.0.0.1:{http}")
        with Terminal(command, env=environment(tmp_path)) as terminal:
            text = terminal.wait_for(f"grpc {port}", f"http {http}", "in use")
            assert "✖ grpc" in text and "● http" in text
            run_app("plain_app.py", f"http://127.0.0.1:{http}/v1/traces", home=tmp_path)
            terminal.wait_for("GET /ask")


def test_an_idle_screen_writes_nothing(tmp_path: Path) -> None:
    explorer = Explorer(tmp_path)
    with explorer as terminal:
        run_app("plain_app.py", f"http://127.0.0.1:{explorer.http}/v1/traces", home=tmp_path)
        terminal.wait_for("GET /ask")
        written = [(time.monotonic(), len(terminal.output))]

        def silent(_: str) -> bool:
            if len(terminal.output) != written[-1][1]:
                written.append((time.monotonic(), len(terminal.output)))
            return time.monotonic() - written[-1][0] > 4

        terminal.wait_until(silent, f"four seconds without a byte, {written}")


def test_the_explorer_without_a_terminal_names_serve(tmp_path: Path) -> None:
    done = run_cli(home=tmp_path)
    assert done.returncode == 2
    assert "tracetui serve" in done.stderr and done.stdout == ""
    assert os.listdir(tmp_path) == [] or "data" not in os.listdir(tmp_path)
