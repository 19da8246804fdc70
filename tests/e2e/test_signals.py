"""The end of the program, and terminals of every kind: it leaves the terminal as it was, in time, and never spins."""

from __future__ import annotations

import fcntl
import os
import pty
import random
import signal
import struct
import subprocess
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.programs import Explorer, environment, json_lines, run_app, run_cli, tracetui
from tests.support.terminal import Terminal

RESTORED = b"\x1b[?1049l"
"""What leaves the alternate screen."""


def stored_names(explorer: Explorer, home: Path) -> set[object]:
    listed = run_cli("spans", "--db", str(explorer.db), "--json", home=home)
    return {span["name"] for span in json_lines(listed.stdout)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_restores_the_terminal_and_all_that_was_acknowledged_is_stored(tmp_path: Path, number: int) -> None:
    explorer = Explorer(tmp_path)
    with explorer as terminal:
        run_app("plain_app.py", f"http://127.0.0.1:{explorer.http}/v1/traces", home=tmp_path)
        terminal.process.send_signal(number)
        assert terminal.wait_exit(5) == 0
        assert RESTORED in terminal.output and b"Traceback" not in terminal.output
    assert stored_names(explorer, tmp_path) == {"GET /ask", "chat gpt-4.1"}


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    explorer = Explorer(tmp_path)
    with explorer as terminal:
        run_app("plain_app.py", f"http://127.0.0.1:{explorer.http}/v1/traces", home=tmp_path)
        for _ in range(5):
            terminal.process.send_signal(signal.SIGTERM)
        terminal.wait_exit(5)
        assert RESTORED in terminal.output
    assert stored_names(explorer, tmp_path) == {"GET /ask", "chat gpt-4.1"}


@pytest.mark.parametrize("has_signal", [True, False], ids=["with SIGHUP", "without SIGHUP"])
def test_a_terminal_that_is_gone_ends_it(tmp_path: Path, has_signal: bool) -> None:
    explorer = Explorer(tmp_path, controls=has_signal)
    with explorer as terminal:
        terminal.hang_up()
        terminal.wait_exit(5)
    assert b"Traceback" not in terminal.output


def test_a_storm_of_resizes_leaves_a_working_screen(tmp_path: Path) -> None:
    explorer = Explorer(tmp_path)
    with explorer as terminal:
        run_app("plain_app.py", f"http://127.0.0.1:{explorer.http}/v1/traces", home=tmp_path)
        terminal.wait_for("GET /ask")
        rng = random.Random(5)
        for _ in range(50):
            terminal.resize(rng.randint(1, 200), rng.randint(1, 60))
            terminal.press(rng.choice(("j", "k", "enter", "tab", "5", "c", "?")))
        terminal.resize(120, 40)
        terminal.wait_until(lambda text: "tracetui" in text.split("\n")[0], "the header")
        for _ in range(10):  # it may close the help first
            terminal.press("q")
            with suppress(subprocess.TimeoutExpired):
                terminal.wait_exit(2)
                break
        assert terminal.process.poll() == 0
        assert RESTORED in terminal.output and b"Traceback" not in terminal.output


@pytest.mark.parametrize(
    ("size", "env"),
    [
        ((120, 40), {"TERM": "dumb", "COLORTERM": ""}),
        ((120, 40), {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
        ((20, 5), {}),
        pytest.param((1, 1), {}, marks=pytest.mark.slow),
        pytest.param((120, 40), {"TERM": "linux", "COLORTERM": "", "NO_COLOR": "1"}, marks=pytest.mark.slow),
    ],
    ids=["dumb", "no UTF-8", "20x5", "1x1", "no colour"],
)
def test_poor_terminals_are_drawn_on_and_left(tmp_path: Path, size: tuple[int, int], env: dict[str, str]) -> None:
    done = run_cli("import", str(Path(__file__).parents[1] / "corpus/plain-weird/traces.pb"),
                   "--db", str(tmp_path / "traces.db"), home=tmp_path)  # fmt: skip
    assert done.returncode == 0
    command = tracetui("--db", str(tmp_path / "traces.db"), "--no-receive")
    with Terminal(command, size=size, env=environment(tmp_path, **env)) as terminal:
        terminal.wait_until(lambda _: len(terminal.output) > 200, "something drawn")
        terminal.press("j", "enter", "enter", "5", "c")
        terminal.press("q", "\x03")
        assert terminal.wait_exit(10) == 0
        assert RESTORED in terminal.output and b"Traceback" not in terminal.output


def test_what_a_library_prints_goes_to_the_log(tmp_path: Path) -> None:
    code = (
        "import os, sys, threading\n"
        "from tracetui.cli.main import run_command_line\n"
        "def say():\n"
        "    for _ in range(40):\n"
        "        os.write(2, b'a library says\\n')\n"
        "        threading.Event().wait(0.05)\n"
        "threading.Timer(1.5, say).start()\n"
        f"sys.exit(run_command_line(['--db', {str(tmp_path / 'traces.db')!r}, '--no-receive']))\n"
    )
    log = tmp_path / "traces.db.log"
    with Terminal([sys.executable, "-c", code], env=environment(tmp_path)) as terminal:
        terminal.wait_until(lambda _: log.exists() and b"a library says" in log.read_bytes(), "the words in the log")
        assert b"a library says" not in terminal.output
        terminal.press("q")
        assert terminal.wait_exit(10) == 0


def test_without_a_terminal_under_nohup_it_says_what_to_use(tmp_path: Path) -> None:
    command = ["nohup", *tracetui("--db", str(tmp_path / "traces.db"))]
    done = subprocess.run(command, env=environment(tmp_path), capture_output=True, stdin=subprocess.DEVNULL, timeout=20,
                          check=False)  # fmt: skip
    assert done.returncode == 2 and b"tracetui serve" in done.stderr


def test_serve_under_nohup_outlives_its_terminal_and_ends_on_a_signal(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    ready = tmp_path / "ready"
    with ready.open("wb") as out:
        process = subprocess.Popen(
            ["nohup", *tracetui("serve", "--db", str(tmp_path / "t.db"), "--grpc", "off", "--http", "127.0.0.1:0")],
            env=environment(tmp_path), stdin=slave, stdout=slave, stderr=out, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), cwd=tmp_path,
        )  # fmt: skip
    os.close(slave)
    try:
        deadline = time.monotonic() + 20
        while b"ready" not in ready.read_bytes():
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.02)
        os.close(master)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.wait()
