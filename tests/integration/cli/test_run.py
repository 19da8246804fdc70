"""`run -- CMD`: the app as it is, its telemetry here."""

from __future__ import annotations

import signal
import socket
import sys
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Cli, Server, find
from tests.support.programs import free_port

APP = Path(__file__).with_name("apps.py")

WAITER = """
import signal, sys
def heard(*_):
    print("heard", flush=True)
    sys.exit(9)
signal.signal(int(sys.argv[1]), heard)
print("up", flush=True)
signal.pause()
"""


def ports() -> list[str]:
    return ["--grpc", f"127.0.0.1:{free_port()}", "--http", f"127.0.0.1:{free_port()}"]


def check_greeting(cli: Cli, stdout: str, stderr: str) -> None:
    """The app's output untouched, its trace stored and summed up."""
    assert stdout == "the app's own words\n"
    assert "1 trace, 2 spans, 1 error, 1.2k→34 tokens" in stderr
    row = next(line for line in stderr.splitlines() if "greet" in line)
    assert row.startswith("✖") and "1.2k→34" in row
    greet = find(cli.objects("spans"), lambda span: span["name"] == "greet")
    assert greet["service"] == "apps"
    assert greet["attributes"] == {"said": "hello from stdin"}
    assert f"tracetui show {str(greet['trace_id'])[:8]} --db {cli.db}" in stderr


def test_an_app_is_received_and_summed_up(cli: Cli) -> None:
    done = cli("run", *ports(), "--", sys.executable, str(APP), stdin=b"hello from stdin\n")
    assert done.returncode == 5
    check_greeting(cli, done.stdout, done.stderr)


def test_a_running_server_receives_it_instead(cli: Cli, server: Server) -> None:
    done = cli("run", "--", sys.executable, str(APP), stdin=b"hello from stdin\n")
    assert done.returncode == 5
    check_greeting(cli, done.stdout, done.stderr)
    assert server.end(signal.SIGTERM) == 0
    assert "stopped: 2 spans" in server.err()


def test_ports_that_are_taken_do_not_matter(cli: Cli) -> None:
    with socket.socket() as http, socket.socket() as grpc:
        for taken in (http, grpc):
            taken.bind(("127.0.0.1", 0))
            taken.listen()
        addresses = [f"127.0.0.1:{taken.getsockname()[1]}" for taken in (grpc, http)]
        done = cli("run", "--grpc", addresses[0], "--http", addresses[1], "--", sys.executable, str(APP),
                   stdin=b"hello from stdin\n")  # fmt: skip
    check_greeting(cli, done.stdout, done.stderr)


def test_only_what_arrived_during_the_run_is_told(cli: Cli) -> None:
    for _ in range(2):
        done = cli("run", *ports(), "--", sys.executable, str(APP), stdin=b"hello from stdin\n")
        assert "1 trace, 2 spans" in done.stderr
    assert len(cli.objects("traces")) == 2


def test_an_app_that_sends_nothing_is_told_why(cli: Cli) -> None:
    done = cli("run", *ports(), "--", "sh", "-c", "echo out; echo err >&2")
    assert (done.returncode, done.stdout) == (0, "out\n")
    assert done.stderr.startswith("err\n")
    assert "no spans arrived" in done.stderr


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 77", 77), ("kill -TERM $$", 143)])
def test_the_exit_code_is_passed_on(cli: Cli, script: str, code: int) -> None:
    assert cli("run", *ports(), "--", "sh", "-c", script).returncode == code


def test_no_such_command(cli: Cli, tmp_path: Path) -> None:
    done = cli("run", *ports(), "--", "no-such-command-anywhere")
    assert done.returncode == 127
    assert "no-such-command-anywhere: no such command" in done.stderr
    assert "no spans" not in done.stderr
    assert cli("run", *ports(), "--", str(tmp_path)).returncode == 126
    assert cli("run").returncode == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_reach_the_app(cli: Cli, number: signal.Signals) -> None:
    with cli.start("run", *ports(), "--", sys.executable, "-c", WAITER, str(int(number))) as started:
        assert started.out() == "up\n"
        assert started.end(number) == 9
        assert started.out() == "heard\n"
