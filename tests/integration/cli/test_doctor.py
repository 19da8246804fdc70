"""`doctor`: what is in order, what is not, and what to do."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.conftest import Cli, Server
from tests.support.corpus import offline
from tests.support.programs import free_port
from tracetui.health.publishing import Publisher, health_path, published
from tracetui.runtime import Runtime
from tracetui.store.sqlite import SqliteWriter

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
    assert f"127.0.0.1:{server.grpc} is listened on by process {server.process.pid}" in named(found, "grpc", "ok")
    assert all(check["text"] and check.get("hint") != "" for check in found), "what is empty is left out"
    for name in ("version", "platform", "configuration", "access", "disk", "database", "limits"):
        assert named(found, name, "ok")
    ports: dict[str, Any] = {"TRACETUI_GRPC": f"127.0.0.1:{server.grpc}", "TRACETUI_HTTP": f"127.0.0.1:{server.http}"}
    found = checks(cli, **ports)
    assert not [text for text in named(found, "grpc") + named(found, "http") if "in use" in text]


def test_a_listener_that_does_not_answer_or_wants_a_token_and_limits_of_its_own(cli: Cli) -> None:
    cli.db.parent.mkdir(exist_ok=True)
    writer = SqliteWriter(cli.db)
    writer.lock.update(http=[f"127.0.0.1:{free_port()}"])
    (text,) = named(checks(cli, 1, **OFF), "http", "problem")
    assert "does not answer" in text
    writer.close()
    port = free_port()
    words = ("serve", "--grpc", "off", "--http", f"127.0.0.1:{port}", "--max-age", "30d")
    with cli.start(*words, TRACETUI_TOKEN="secret") as served:
        assert served.err().startswith("ready")
        assert named(checks(cli, 1, **OFF), "http", "problem") == [f"127.0.0.1:{port} answers 401"]
        deadline = time.monotonic() + 20
        while not published(cli.db, served.process.pid):
            assert time.monotonic() < deadline
        found = checks(cli, TRACETUI_TOKEN="secret", TRACETUI_MAX_SIZE="2GB", **OFF)
        assert named(found, "http", "ok") == [f"127.0.0.1:{port} answers"]
        kept = ["traces of the last 30 days, pinned traces apart"]
        assert named(found, "limits") == kept, "those of the process that keeps them"


def test_a_running_one_tells_of_its_traffic_and_of_what_it_turned_away(cli: Cli, server: Server) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.http}/v1/traces", b"{", {"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(request, timeout=20)
    deadline = time.monotonic() + 20
    while not any(finding.name == "malformed" for finding in published(cli.db, server.process.pid)):
        assert time.monotonic() < deadline
    assert stat.S_IMODE(health_path(cli.db).stat().st_mode) == 0o600
    found = checks(cli)
    (malformed,) = named(found, "malformed", "note")
    assert malformed.startswith("1, last ")
    assert named(found, "queue") == ["empty"]
    assert named(found, "rate") == ["0.0 a second in the last 10 s"]
    assert named(found, "commits") and named(found, "received")[0].endswith(" in 1 request")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"pid": 1}', '{"pid": 7, "findings": [["a", "ok", "said by another"]]}', "\xff", "nul"]
)
def test_what_a_running_one_says_is_taken_from_it_alone_and_may_be_torn(tmp_path: Path, text: str) -> None:
    health_path(tmp_path / "a.db").write_text(text, encoding="latin-1")
    assert published(tmp_path / "a.db", 1) == []
    assert published(tmp_path / "b.db", 1) == []


def test_what_it_says_ends_with_it(tmp_path: Path) -> None:
    runtime = Runtime(offline(tmp_path / "a.db"))
    runtime.open_store()
    publisher = Publisher(runtime, every_s=0.01)
    publisher.start()
    while not published(tmp_path / "a.db", os.getpid()):
        assert publisher._thread.is_alive()
    publisher.stop()
    runtime.stop()
    assert not health_path(tmp_path / "a.db").exists()


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    health_path(tmp_path / "a.db").symlink_to(tmp_path / "precious")
    runtime = Runtime(offline(tmp_path / "a.db"))
    runtime.open_store()
    publisher = Publisher(runtime, every_s=0.01)
    publisher.start()
    publisher._thread.join(20)
    runtime.stop()
    assert (tmp_path / "precious").read_text() == "precious"


def test_limits_and_what_they_removed(filled: Cli) -> None:
    assert named(checks(filled, **OFF), "limits") == ["none: nothing is removed by itself"]
    assert named(checks(filled, **OFF), "removed") == ["nothing so far"]
    assert filled("prune", "--max-age", "1m").returncode == 0
    found = checks(filled, TRACETUI_MAX_SIZE="2GB", TRACETUI_MAX_AGE="36h", **OFF)
    assert named(found, "limits") == ["at most 2.0 GB and traces of the last 1d 12h, pinned traces apart"]
    (removed,) = named(found, "removed")
    assert re.fullmatch(r"\d+ traces \(\d+ spans\) for their age, last \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", removed)


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
