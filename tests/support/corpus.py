"""The corpus of real exports, and databases made of it."""

from __future__ import annotations

from pathlib import Path

from tracetui.config import Settings
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import Incoming, read_request
from tracetui.runtime import Runtime

CORPUS = Path(__file__).parents[1] / "corpus"

SCENARIOS = tuple(sorted(folder.name for folder in CORPUS.iterdir() if folder.is_dir()))


def requests(scenario: str) -> list[tuple[Signal, bytes]]:
    """The export requests of a scenario."""
    found = []
    for name, signal in (("traces.pb", Signal.TRACES), ("logs.pb", Signal.LOGS)):
        path = CORPUS / scenario / name
        if path.exists():
            found.append((signal, path.read_bytes()))
    return found


def send(runtime: Runtime, signal: Signal, body: bytes, *, is_json: bool = False) -> Incoming:
    """Put a request into the store as a receiver would, and wait for the commit."""
    incoming = read_request(signal, body, is_json=is_json)
    runtime.ingest.submit(incoming.batch).result(timeout=20)
    return incoming


def fill(runtime: Runtime, *scenarios: str) -> None:
    """Store scenarios."""
    for scenario in scenarios:
        for signal, body in requests(scenario):
            send(runtime, signal, body)


def offline(db: Path) -> Settings:
    """Settings of a runtime that writes a database and listens nowhere."""
    return Settings(db=db, grpc=None, http=(), receive=False)
