"""What arrives late, on the command line: pending spans, log records without their span, calls that nobody traced."""

from __future__ import annotations

import json
from typing import Any

from tests.integration.cli.conftest import Cli, find
from tests.support.corpus import CORPUS

PENDING = CORPUS / "logfire-app-pending" / "traces.pb"
ANNOUNCED, ANNOUNCER = "a7d2e8899148a166", "724de594684a402c"
TRACE = "0af7651916cd43dd8448eb211c80319c"
START = 1_700_000_000_000_000_000


def send(cli: Cli, kind: str, scope: str, items: list[dict[str, Any]]) -> None:
    """Import spans or log records as OTLP/JSON."""
    body = {f"resource{kind}": [{f"scope{kind}": [{scope: items}]}]}
    done = cli("import", "-", stdin=json.dumps(body).encode())
    assert done.returncode == 0, done.stderr


def span(
    number: int, parent: int = 0, attributes: dict[str, int | str] | None = None, *, end: bool = True
) -> dict[str, Any]:
    """A span as OTLP/JSON."""
    return {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "parentSpanId": f"{parent:016x}" if parent else "",
        "name": f"span {number}",
        "startTimeUnixNano": str(START + number),
        "endTimeUnixNano": str(START + 100) if end else "0",
        "attributes": [
            {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
            for key, value in (attributes or {}).items()
        ],
    }


def test_a_pending_span_is_one_row_with_the_real_one(cli: Cli) -> None:
    assert cli("import", str(PENDING)).returncode == 0
    traces = cli.objects("traces")
    assert sum(int(str(trace["span_count"])) for trace in traces) == 7
    trace = find(traces, lambda trace: str(trace["name"]).startswith("long running"))
    assert (trace["span_count"], trace["complete"], trace["root_span_id"]) == (1, True, ANNOUNCED)
    tree = cli("show", str(trace["trace_id"])).stdout
    assert tree.count("long running") == 2, "the head line and one row"
    assert ANNOUNCED[:8] in tree and ANNOUNCER[:8] not in tree and "◌" not in tree


def test_a_pending_span_is_listed_and_exported_as_it_came(cli: Cli) -> None:
    assert cli("import", str(PENDING)).returncode == 0
    spans = cli.objects("spans")
    assert len(spans) == 8
    pending = find(spans, lambda span: span["span_id"] == ANNOUNCER)
    assert (pending["announces"], pending["parent_span_id"]) == (ANNOUNCED, ANNOUNCED)
    assert "counted" not in pending
    assert ANNOUNCER in cli("export", "--format", "otlp-json").stdout
    assert f"stands for span {ANNOUNCED}" in cli("show", ANNOUNCER).stdout


def test_a_span_that_is_only_announced_is_running(cli: Cli) -> None:
    send(cli, "Spans", "spans", [
        span(9, 1, {"logfire.span_type": "pending_span", "logfire.pending_parent_id": "0" * 16}),
        span(2, 1),
    ])  # fmt: skip
    (trace,) = cli.objects("traces")
    assert (trace["span_count"], trace["status"], trace["name"]) == (1, "running", "span 2")
    lines = cli("show", TRACE).stdout.splitlines()
    assert any(line.startswith("◌ span 9") and "00000000" in line for line in lines)
    assert any(line.startswith("└─ span 2") for line in lines)
    assert "not ended yet" in cli("show", f"{1:016x}").stdout


def test_a_span_without_an_end_is_running(cli: Cli) -> None:
    send(cli, "Spans", "spans", [span(1, end=False)])
    assert cli.objects("traces")[0]["status"] == "running"
    shown = cli("show", TRACE).stdout
    assert "◌ span 1" in shown and "still running" in shown
    send(cli, "Spans", "spans", [span(1)])
    assert cli.objects("traces")[0]["status"] == "ok"
    assert "◌" not in cli("show", TRACE).stdout


def test_log_records_of_a_span_that_never_came_can_be_found(cli: Cli) -> None:
    send(cli, "Spans", "spans", [span(1)])
    record = {"traceId": TRACE, "spanId": f"{7:016x}", "timeUnixNano": str(START), "body": {"stringValue": "lost?"}}
    send(cli, "Logs", "logRecords", [record])
    assert [log["body"] for log in cli.objects("logs")] == ["lost?"]
    assert f"{7:016x} has not arrived" in cli("show", TRACE).stdout


def test_a_log_record_fills_the_columns_of_its_span(cli: Cli) -> None:
    send(cli, "Spans", "spans", [span(1, 0, {"gen_ai.operation.name": "chat"})])
    told = {"gen_ai.response.model": "gpt-4o", "user.id": "ada"}
    record = {
        "traceId": TRACE,
        "spanId": f"{1:016x}",
        "timeUnixNano": str(START),
        "eventName": "gen_ai.client.inference.operation.details",
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in told.items()],
    }
    send(cli, "Logs", "logRecords", [record])
    assert cli.objects("traces")[0]["models"] == ["gpt-4o"]
    (found,) = cli.objects("spans")
    assert (found["model"], found["user_id"]) == ("gpt-4o", "ada")
    assert "gpt-4o" in cli("spans").stdout


def test_a_report_beyond_what_is_counted_is_shown_beside_it(cli: Cli) -> None:
    usage: dict[str, Any] = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 10}
    send(cli, "Spans", "spans", [
        span(1, 0, {"gen_ai.operation.name": "invoke_agent", **usage, "gen_ai.usage.input_tokens": 500}),
        span(2, 1, {"gen_ai.operation.name": "chat", **usage}),
        span(3, 0, {"gen_ai.operation.name": "invoke_agent", **usage}),
        span(4, 3, {"gen_ai.operation.name": "chat", **usage}),
    ])  # fmt: skip
    more, same = cli("show", f"{1:016x}").stdout, cli("show", f"{3:016x}").stdout
    assert "500→10" in more
    assert "reports more than the 100→10 of the spans below" in more
    assert "not counted: the spans below have 100→10" in same
    assert "reports more" not in same


def test_a_file_that_is_derived_anew_keeps_what_its_log_records_say(cli: Cli) -> None:
    for path in sorted((CORPUS / "google-adk-content").glob("*.pb")):
        assert cli("import", str(path)).returncode == 0
    before = cli("spans", "--csv", "--limit", "0").stdout
    assert "LLM" in before
    done = cli("reindex", "--all")
    assert done.returncode == 0, done.stderr
    assert cli("spans", "--csv", "--limit", "0").stdout == before
