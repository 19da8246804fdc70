"""`doctor`: what is in order, what is not, and what to do."""

from __future__ import annotations

import json
import socket
from typing import Any

from tests.integration.cli.conftest import Cli, Server
from tests.support.programs import free_port

OFF: dict[str, Any] = {"TRACETUI_GRPC": "off", "TRACETUI_HTTP": "off"}


def checks(cli: Cli, code: int = 0, **env: Any) -> list[dict[str, Any]]:
    """What it finds; fails unless it ends with this code."""
    done = cli("doctor", "--json", **env)
    assert done.returncode == code, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["ok"] == (code == 0)
    assert all(check["hint"] for check in found["checks"] if check["state"] == "problem")
    return list(found["checks"])


def named(found: list[dict[str, Any]], name: str, state: str = "") -> list[str]:
    """The texts of the checks of this name, and state."""
    return [check["text"] for check in found if check["name"] == name and state in ("", check["state"])]


def test_a_place_where_nothing_has_been_started(cli: Cli) -> None:
    found = checks(cli, **OFF)
    assert named(found, "database", "note") == [f"{cli.db} does not exist yet"]
    assert named(found, "receivers", "note")
    assert not cli.db.exists()


def test_a_database_and_its_counts(stocked: Cli) -> None:
    (text,) = named(checks(stocked, **OFF), "database", "ok")
    traces, spans = (len(stocked.objects(name)) for name in ("traces", "spans"))
    assert f"{traces} traces, {spans} spans" in text


def test_a_running_one_is_asked(cli: Cli, server: Server) -> None:
    found = checks(cli, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://localhost:{server.http}")
    assert named(found, "receivers") == [f"process {server.process.pid} receives"]
    assert f"127.0.0.1:{server.http} answers" in named(found, "http", "ok")
    assert named(found, "environment") == ["OTEL_EXPORTER_OTLP_ENDPOINT points here"]


def test_a_shell_that_exports_elsewhere_or_not_at_all(cli: Cli) -> None:
    elsewhere = "https://collector.example:4318"
    found = checks(cli, 1, OTEL_EXPORTER_OTLP_ENDPOINT=elsewhere, OTEL_SDK_DISABLED="TRUE", **OFF)
    points, silent = named(found, "environment", "problem")
    assert elsewhere in points
    assert "OTEL_SDK_DISABLED" in silent


def test_a_port_that_another_program_holds(cli: Cli) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = checks(cli, 1, TRACETUI_GRPC="off", TRACETUI_HTTP=f"127.0.0.1:{port},127.0.0.1:{free_port()}")
    assert named(found, "http", "problem") == [f"127.0.0.1:{port} is in use by another program."]


def test_a_file_that_others_may_read_and_one_that_is_damaged(cli: Cli) -> None:
    assert cli("import", "-", stdin=b'{"resourceSpans": []}').returncode == 0
    cli.db.chmod(0o644)
    assert named(checks(cli, 1, **OFF), "permissions", "problem") == [f"Others may read {cli.db}."]
    cli.db.chmod(0o600)
    cli.db.write_bytes(cli.db.read_bytes()[:4096].ljust(40_000, b"\xff"))
    assert str(cli.db) in named(checks(cli, 1, **OFF), "database", "problem")[0]


def test_a_person_reads_it_as_lines(cli: Cli) -> None:
    done = cli("doctor", OTEL_SDK_DISABLED="true", **OFF)
    assert done.returncode == 1
    assert "✖ environment" in done.stdout
    assert "unset OTEL_SDK_DISABLED" in done.stdout
