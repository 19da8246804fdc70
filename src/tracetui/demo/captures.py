"""The bundled captures: real exports of real libraries, cut into one recording per trace."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, NamedTuple

from msgspec import Struct

from tracetui.otlp.encode import ExportItem, json_requests
from tracetui.otlp.json_request import REQUEST_KEYS
from tracetui.otlp.wire import Signal, slice_request


class Scene(NamedTuple):
    """Which trace of which capture is played."""

    capture: str
    root: str
    """Name of the trace's root span."""
    number: int = 1
    """Which of the traces of that name, in the capture's order."""


PLAYLIST = (
    Scene("oi-openai-http", "weather_turn_1"),
    Scene("oi-langchain", "rag_chain"),
    Scene("oi-openai-agents", "Support workflow"),
    Scene("plain-web-two-services", "GET /order/{oid}", 3),
    Scene("oi-anthropic", "messages.create"),
    Scene("vercel-ai5", "ai.generateText"),
    Scene("oi-llama-index", "RetrieverQueryEngine.query"),
    Scene("oi-pydantic-ai", "invoke_agent planner"),
    Scene("oi-langchain", "weather_agent", 2),
    Scene("otel-openai-latest-span_and_event", "POST /ask"),
    Scene("oi-openai-http", "weather_turn_2"),
    Scene("google-adk-content", "invoke_workflow weather_agent"),
    Scene("oi-manual", "support_agent"),
    Scene("strands-agents", "invoke_agent weather_agent"),
    Scene("plain-error", "handler"),
    Scene("oi-langchain", "parallel_graph"),
)
"""What is played, in this order: agents, retrieval, tools, plain web services, and things going wrong."""


class RecordedItem(NamedTuple):
    """A span or log record as an OTLP/JSON request of its own."""

    signal: Signal
    request: dict[str, Any]

    @property
    def fields(self) -> dict[str, Any]:
        """The span's or log record's own object, inside the request."""
        keys = REQUEST_KEYS[self.signal]
        fields: dict[str, Any] = self.request[keys.resources][0][keys.scopes][0][keys.items][0]
        return fields


class Recording(Struct, frozen=True):
    """One trace with its log records."""

    name: str
    spans: tuple[RecordedItem, ...]
    logs: tuple[RecordedItem, ...] = ()


def load_recordings() -> tuple[Recording, ...]:
    """The recordings of the playlist, in its order."""
    captures = {name: _traces(name) for name in dict.fromkeys(scene.capture for scene in PLAYLIST)}
    return tuple(_find(captures[scene.capture], scene) for scene in PLAYLIST)


def _find(recordings: list[Recording], scene: Scene) -> Recording:
    return [recording for recording in recordings if recording.name == scene.root][scene.number - 1]


def _traces(capture: str) -> list[Recording]:
    spans: dict[str, list[RecordedItem]] = defaultdict(list)
    logs: dict[str, list[RecordedItem]] = defaultdict(list)
    for item in _items(capture, Signal.TRACES):
        spans[item.fields["traceId"]].append(item)
    for item in _items(capture, Signal.LOGS):
        logs[item.fields.get("traceId", "")].append(item)
    return [Recording(_root_name(items), tuple(items), tuple(logs[trace_id])) for trace_id, items in spans.items()]


def _root_name(items: list[RecordedItem]) -> str:
    return next((item.fields["name"] for item in items if not item.fields.get("parentSpanId")), "")


def _items(capture: str, signal: Signal) -> Iterator[RecordedItem]:
    path = files("tracetui.demo") / "data" / f"{capture}.{signal.value}.pb.gz"
    if not path.is_file():
        return
    for resource in slice_request(gzip.decompress(path.read_bytes())).resources:
        for scope in resource.scopes:
            for data in scope.items:
                item = ExportItem(data, resource.data, resource.schema_url, scope.data, scope.schema_url)
                yield RecordedItem(signal, next(json_requests(signal, [item])))
