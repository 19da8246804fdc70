"""Lists and trees on a real terminal, where width is short: what a pipe gets whole is told in less."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from rich.cells import cell_len

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


def failed_trace() -> list[dict[str, object]]:
    """A trace of four spans, each below the one before: two with long names, two with long errors."""
    names = ("ask", "retrieve " + "documents " * 12 + "end", "漢字" * 40, "answer")
    errors = ("the model is gone " * 9 + "end", "", "", "no answer " * 20 + "end")
    return [
        one(
            number, 1_700_000_000_000_000_000, traceId="1" * 32, spanId=f"{number}a" * 8, name=name,
            parentSpanId=f"{number - 1}a" * 8 if number > 1 else "",
            status={"code": 2, "message": error} if error else {},
        )
        for number, (name, error) in enumerate(zip(names, errors, strict=True), 1)
    ]  # fmt: skip


@pytest.mark.parametrize("columns", [60, 80, 100, 200])
def test_a_span_of_a_trace_is_one_line_whose_numbers_stand_in_their_columns(cli: Cli, columns: int) -> None:
    stock(cli, failed_trace())
    tree = on_terminal(cli, "show", "1111", columns=columns)[-4:]
    assert all(cell_len(line) <= columns for line in tree), tree
    assert len({cell_len(line.split("1.0ms")[0]) for line in tree}) == 1, tree
    assert [f"{number}a" * 4 in line for number, line in enumerate(tree, 1)] == [True] * 4, tree
    assert "  the" in tree[0] and "  no " in tree[3] and tree[0].endswith("…") and tree[3].endswith("…"), tree
    assert all("… " in line for line in tree[1:3]) or columns == 200, tree


def test_a_pipe_gets_names_and_errors_of_a_trace_whole(cli: Cli) -> None:
    stock(cli, failed_trace())
    tree = cli("show", "1111").stdout.splitlines()[-4:]
    for line, span in zip(tree, failed_trace(), strict=True):
        status = span["status"]
        assert isinstance(status, dict)
        assert str(span["name"]) in line and status.get("message", "") in line
    assert "…" not in "".join(tree)


def test_each_level_of_a_deep_trace_has_its_name_on_a_narrow_terminal(stocked: Cli) -> None:
    (trace,) = (trace for trace in stocked.objects("traces") if trace["name"] == "level 01")
    tree = on_terminal(stocked, "show", str(trace["trace_id"]), columns=70)[-64:]
    assert all(cell_len(line) <= 70 for line in tree)
    assert [f" level {level:02d} " in f" {line}" for level, line in enumerate(tree, 1)] == [True] * 64
