"""The corpus of real exports as model spans with the log records that belong to them."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tracetui.model.span import LogRecord, Span
from tracetui.otlp import decode
from tracetui.otlp.wire import slice_request

CORPUS = Path(__file__).parents[2] / "corpus"
SCENARIOS = sorted(path.parent.name for path in CORPUS.glob("*/expect.json"))


class Scenario(NamedTuple):
    """What a scenario exported, and what must be seen of it."""

    spans: list[tuple[Span, list[LogRecord]]]
    facts: list[dict[str, Any]]


@cache
def scenario(name: str) -> Scenario:
    """Decode a scenario's export; each log record goes to the span it names."""
    folder = CORPUS / name
    logs: dict[tuple[str, str], list[LogRecord]] = defaultdict(list)
    if (folder / "logs.pb").exists():
        for resource in slice_request((folder / "logs.pb").read_bytes()).resources:
            owner = decode.resource(resource.data, resource.schema_url)
            for scope in resource.scopes:
                library = decode.scope(scope.data, scope.schema_url)
                for item in scope.items:
                    record = decode.log_record(item, owner, library)
                    logs[record.trace_id, record.span_id].append(record)
    spans: dict[tuple[str, str], tuple[Span, list[LogRecord]]] = {}
    for resource in slice_request((folder / "traces.pb").read_bytes()).resources:
        owner = decode.resource(resource.data, resource.schema_url)
        for scope in resource.scopes:
            library = decode.scope(scope.data, scope.schema_url)
            for item in scope.items:
                span = decode.span(item, owner, library)
                # Some scenarios deliver a span twice; the store keeps it once.
                spans[span.trace_id, span.span_id] = (span, logs[span.trace_id, span.span_id])
    return Scenario(list(spans.values()), json.loads((folder / "expect.json").read_text(encoding="utf-8"))["facts"])
