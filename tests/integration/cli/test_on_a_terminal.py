"""Lists on a real terminal, where width is short and nobody greps: what a pipe gets whole is told in less."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from tests.integration.cli.conftest import Cli
from tests.support.programs import environment, tracetui
from tests.support.terminal import output_of


def on_terminal(cli: Cli, *arguments: str, columns: int = 160) -> list[str]:
    """The lines that a command writes to a terminal of a width."""
    env = environment(cli.home, TRACETUI_DB=str(cli.db), NO_COLOR="1")
    code, written = output_of(tracetui(*arguments), env=env, size=(columns, 50))
    assert code == 0, written
    return written.decode().replace("\r\n", "\n").splitlines()


def stock(cli: Cli, spans: Sequence[dict[str, object]], *, with_logs: bool = False) -> None:
    """Import spans, each with a log record of its start if wanted."""
    scope: dict[str, object] = {"scopeSpans": [{"spans": spans}]}
    requests: list[dict[str, object]] = [{"resourceSpans": [scope]}]
    if with_logs:
        records = [
            {"timeUnixNano": span["startTimeUnixNano"], "body": {"stringValue": span["name"]},
             "traceId": span["traceId"], "spanId": span["spanId"]}
            for span in spans
        ]  # fmt: skip
        requests.append({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
    done = cli("import", "-", stdin="\n".join(map(json.dumps, requests)).encode())
    assert done.returncode == 0, done.stderr


def one(number: int, start: int, **more: object) -> dict[str, object]:
    """A span that is a trace and a session of its own."""
    return {
        "traceId": f"{number:032x}", "spanId": f"{number:016x}", "name": f"call {number}",
        "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + 1_000_000),
        "attributes": [{"key": "session.id", "value": {"stringValue": f"session {number}"}}], **more,
    }  # fmt: skip


@pytest.mark.parametrize("command", ["traces", "spans", "sessions", "logs"])
def test_a_time_of_another_day_tells_the_day(cli: Cli, command: str) -> None:
    ago = datetime.fromtimestamp(time.time_ns() // 10**9 - 3 * 86_400, UTC)
    far = datetime(2100, 3, 1, tzinfo=UTC)
    spans = [one(number, int(when.timestamp()) * 10**9 + 250_000_000) for number, when in ((1, ago), (2, far))]
    stock(cli, spans, with_logs=True)
    lines = on_terminal(cli, command)
    told = [f"{ago:%a %H:%M}", "Mar 2100"]
    if command == "logs":
        told = [f"{ago:%a %H:%M:%S}.250", "2100-03-01 00:00:00.250"]
    name = "session" if command == "sessions" else "call"
    for number, day in enumerate(told, 1):
        row = next(line for line in lines if f"{name} {number}" in line)
        assert f"{day}  " in row, lines
