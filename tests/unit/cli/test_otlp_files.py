"""What is found in a file of OTLP data, and what is said of one that holds something else."""

from __future__ import annotations

import gzip
import io
import json

import pytest

from tests.support.corpus import CORPUS
from tracetui.cli.otlp_files import FileFormat, Problem, requests_in
from tracetui.otlp.encode import ExportItem, json_line, json_requests
from tracetui.otlp.wire import Signal, slice_request

TRACES = (CORPUS / "otel-openai-default" / "traces.pb").read_bytes()
LOGS = (CORPUS / "otel-openai-default" / "logs.pb").read_bytes()
SPAN_COUNT, LOG_COUNT = 9, 16


def as_json(signal: Signal, body: bytes) -> str:
    items = [
        ExportItem(data, resource.data, resource.schema_url, scope.data, scope.schema_url)
        for resource in slice_request(body).resources
        for scope in resource.scopes
        for data in scope.items
    ]
    return "\n".join(json_line(request) for request in json_requests(signal, items))


TRACES_JSON = as_json(Signal.TRACES, TRACES)
LOGS_JSON = as_json(Signal.LOGS, LOGS)


def counts(data: bytes, form: FileFormat | None = None) -> tuple[int, int, list[Problem]]:
    """Spans, log records and problems of a file."""
    parts = list(requests_in(io.BytesIO(data), form))
    problems = [part for part in parts if isinstance(part, Problem)]
    batches = [part.batch for part in parts if not isinstance(part, Problem)]
    return sum(len(batch.spans) for batch in batches), sum(len(batch.logs) for batch in batches), problems


def prefixed(*bodies: bytes) -> bytes:
    """As the Collector's file exporter writes `format: proto`."""
    return b"".join(len(body).to_bytes(4, "big") + body for body in bodies)


@pytest.mark.parametrize(
    ("data", "spans", "logs"),
    [
        pytest.param(TRACES, SPAN_COUNT, 0, id="protobuf traces"),
        pytest.param(LOGS, 0, LOG_COUNT, id="protobuf logs"),
        pytest.param(prefixed(TRACES, LOGS), SPAN_COUNT, LOG_COUNT, id="length before each message"),
        pytest.param(TRACES_JSON.encode(), SPAN_COUNT, 0, id="one JSON object"),
        pytest.param(f"{TRACES_JSON}\n{LOGS_JSON}\n".encode(), SPAN_COUNT, LOG_COUNT, id="JSON lines"),
        pytest.param(f"\n\n{TRACES_JSON}\r\n\r\n{LOGS_JSON}".encode(), SPAN_COUNT, LOG_COUNT, id="blank lines"),
        pytest.param(b"\xef\xbb\xbf" + TRACES_JSON.encode(), SPAN_COUNT, 0, id="byte order mark"),
        pytest.param(json.dumps(json.loads(TRACES_JSON), indent=2).encode(), SPAN_COUNT, 0, id="pretty-printed"),
        pytest.param(
            json.dumps(json.loads(TRACES_JSON) | json.loads(LOGS_JSON)).encode(), SPAN_COUNT, LOG_COUNT,
            id="both in one object",
        ),
        pytest.param(b"", 0, 0, id="empty"),
        pytest.param(b" \n\n", 0, 0, id="blank"),
        pytest.param(b"{}", 0, 0, id="empty object"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_the_format_is_found(data: bytes, spans: int, logs: int, packed: bool) -> None:
    assert counts(gzip.compress(data) if packed else data) == (spans, logs, [])


@pytest.mark.parametrize(
    ("data", "where", "what"),
    [
        pytest.param(b"hello world, no telemetry", "", "neither OTLP/JSON nor", id="text"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(90), "", "neither OTLP/JSON nor", id="picture"),
        pytest.param(TRACES[:-5], "", "neither OTLP/JSON nor", id="cut off protobuf"),
        pytest.param(b'{"resourceSpans": [', "line 1", "not JSON", id="cut off JSON"),
        pytest.param(b'{\n "resourceSpans": [}\n}', "line 2", "column 20", id="broken pretty JSON"),
        pytest.param(b'{"spans": []}', "line 1", "neither resourceSpans nor resourceLogs", id="other JSON"),
        pytest.param(b"[1, 2]", "line 1", "no OTLP request", id="JSON list"),
        pytest.param(b'{"resourceMetrics": []}', "line 1", "metrics", id="metrics"),
        pytest.param(gzip.compress(TRACES)[:-20], "", "gzip data are damaged", id="cut off gzip"),
        pytest.param(b"\x1f\x8bnonsense", "", "gzip data are damaged", id="bad gzip"),
        pytest.param(b"\x28\xb5\x2f\xfd1234", "", "zstd", id="zstd"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_place(data: bytes, where: str, what: str) -> None:
    spans, logs, problems = counts(data)
    assert (spans, logs, len(problems)) == (0, 0, 1)
    assert problems[0].where == where
    assert what in problems[0].what


def test_a_bad_line_does_not_keep_the_others_out() -> None:
    data = f"{TRACES_JSON}\n{{bad\n{LOGS_JSON}\n".encode()
    spans, logs, problems = counts(data)
    assert (spans, logs) == (SPAN_COUNT, LOG_COUNT)
    assert [problem.where for problem in problems] == ["line 2"]


def test_a_bad_first_line_does_not_either() -> None:
    assert counts(f'{{"resourceSpans": [\n{TRACES_JSON}\n'.encode())[0] == SPAN_COUNT


def test_a_message_that_is_cut_off_does_not_lose_those_before_it() -> None:
    spans, _, problems = counts(prefixed(TRACES) + prefixed(LOGS)[:-3])
    assert spans == SPAN_COUNT
    assert problems == [Problem("message 2", "It is cut off.")]


def test_the_format_can_be_given() -> None:
    assert counts(TRACES_JSON.encode(), FileFormat.PROTO)[2][0].what.startswith("It is neither")
    assert counts(TRACES_JSON.encode(), FileFormat.JSON)[0] == SPAN_COUNT
