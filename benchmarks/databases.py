"""Databases to measure on, built through the reading of requests and the writer, as a receiver would."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

from benchmarks import payloads
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import read_request
from tracetui.store.sqlite import SqliteWriter

LARGE = 200_000
"""Spans of the large database."""


def large(folder: Path) -> Path:
    """A database of many traces; built once in a folder."""
    return _built(folder / f"spans-{LARGE}.db", payloads.requests(LARGE))


def big_trace(folder: Path, spans: int) -> Path:
    """A database with a trace of so many spans and a newer small one; built once in a folder."""
    after = payloads.START_NANO + 10**15
    small = payloads.requests(payloads.SPANS_PER_TRACE, seed=8, start_nano=after)
    return _built(folder / f"trace-{spans}.db", itertools.chain(payloads.one_trace(spans), small))


def empty(path: Path) -> Path:
    """A database with nothing in it."""
    return _built(path, ())


def new_seed(path: Path) -> int:
    """A seed for spans that a kept database does not hold yet: every run makes the file grow."""
    return path.stat().st_size % 1_000_003


def _built(path: Path, bodies: Iterable[bytes]) -> Path:
    if path.exists():
        return path
    making = path.with_suffix(".making")
    writer = SqliteWriter(making, derivation_version=DERIVATION_VERSION)
    try:
        for body in bodies:
            writer.write([read_request(Signal.TRACES, body).batch])
    finally:
        writer.close()
    return making.rename(path)
