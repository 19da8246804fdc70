"""`serve`: ready when all is bound, done when all is committed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import time

import pytest

from tests.integration.cli.conftest import Cli, Server
from tests.support.corpus import CORPUS
from tests.support.programs import free_port

TRACES = (CORPUS / "otel-openai-default" / "traces.pb").read_bytes()


def post(port: int, body: bytes) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_with_everything_kept(cli: Cli, number: signal.Signals) -> None:
    with Server(cli) as server:
        assert post(server.http, TRACES) == 200
        assert server.end(number, timeout=5) == 0
        assert server.err() == "stopped: 9 spans and 0 log records received\n"
    assert len(cli.objects("spans")) == 9


def test_it_keeps_the_limits_of_its_flags_and_says_what_they_took(filled: Cli) -> None:
    before = len(filled.objects("traces"))
    words = ("serve", "--max-age", "1m", "--max-size", "off", "--grpc", "off", "--http", f"127.0.0.1:{free_port()}")
    with filled.start(*words) as served:
        assert served.err().startswith("ready: ")
        deadline = time.monotonic() + 20
        while len(left := filled.objects("traces")) > 5:
            assert time.monotonic() < deadline
        assert served.end(signal.SIGTERM, timeout=5) == 0
        assert served.err() == f"the limits removed {before - len(left)} traces\n"
    (removed,) = (
        check for check in json.loads(filled("doctor", "--json").stdout)["checks"] if check["name"] == "removed"
    )
    assert removed["text"].startswith(f"{before - len(left)} traces (")


def test_what_was_acknowledged_survives_a_kill(cli: Cli, server: Server) -> None:
    assert post(server.http, TRACES) == 200
    server.end(signal.SIGKILL)
    assert len(cli.objects("spans")) == 9


def test_a_partial_start_is_a_failed_start(cli: Cli) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port, free = taken.getsockname()[1], free_port()
        done = cli("serve", "--grpc", "off", "--http", f"127.0.0.1:{free}", "--http", f"127.0.0.1:{port}")
    assert done.returncode == 1
    assert "ready" not in done.stderr
    assert f"127.0.0.1:{port}" in done.stderr
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", free)) != 0


def test_a_second_one_on_the_same_database_is_refused(cli: Cli, server: Server) -> None:
    done = cli("serve", "--grpc", "off", "--http", f"127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert f"pid {server.process.pid}" in done.stderr
    assert str(cli.db) in done.stderr


def test_nothing_to_listen_on_is_wrong_usage(cli: Cli) -> None:
    assert cli("serve", "--grpc", "off", "--http", "off").returncode == 2


def test_env_tells_where_the_running_one_listens(cli: Cli, server: Server) -> None:
    done = cli("env")
    shell = subprocess.run(
        ["sh", "-c", done.stdout + "\necho $OTEL_EXPORTER_OTLP_ENDPOINT $PHOENIX_GRPC_PORT"],
        capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert shell.stdout == f"http://127.0.0.1:{server.http} {server.grpc}\n"
    assert f"pid {server.process.pid}" in done.stdout


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("sh", "export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"),
        ("fish", "set -gx OTEL_EXPORTER_OTLP_ENDPOINT http://127.0.0.1:4318"),
        ("powershell", "$env:OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:4318'"),
    ],
)
def test_env_speaks_the_shells_language(cli: Cli, shell: str, line: str) -> None:
    assert line in cli("env", "--shell", shell).stdout.splitlines()


def test_an_address_for_everyone_needs_a_guard_or_a_wish(cli: Cli) -> None:
    done = cli("serve", "--grpc", "off", "--http", "0.0.0.0:0")
    assert done.returncode == 1
    assert "0.0.0.0:0 can be reached from other machines" in done.stderr
    assert "TRACETUI_TOKEN" in done.stderr
    assert "ready" not in done.stderr
