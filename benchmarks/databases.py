"""Databases to measure on, built through the reading of requests and the writer, as a receiver would."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks import many_traces as many_traces_of
from benchmarks import payloads
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import read_request
from tracetui.store.api import IncomingBatch
from tracetui.store.sqlite import SqliteWriter

LARGE = 200_000
"""Spans of the large database."""

_PART = 200
"""Traces that one process makes at a time."""


def large(folder: Path) -> Path:
    """A database of many traces; built once in a folder."""
    return _built(folder / f"spans-{LARGE}.db", payloads.requests(LARGE))


def big_trace(folder: Path, spans: int) -> Path:
    """A database with a trace of so many spans and a newer small one; built once in a folder."""
    after = payloads.START_NANO + 10**15
    small = payloads.requests(payloads.SPANS_PER_TRACE, seed=8, start_nano=after)
    return _built(folder / f"trace-{spans}.db", itertools.chain(payloads.one_trace(spans), small))


def many_traces(folder: Path, traces: int) -> Path:
    """A database of traces of many applications, some 20 spans each, made in two processes; built once in a folder."""
    path = folder / f"many-{traces}.db"
    if path.exists():
        return path
    making = path.with_suffix(".making")
    writer = SqliteWriter(making, derivation_version=DERIVATION_VERSION)
    parts = [(first, min(_PART, traces - first)) for first in range(0, traces, _PART)]
    try:
        with ProcessPoolExecutor(2, get_context("spawn")) as pool:
            for batches in pool.map(_read_part, parts):
                writer.write(batches)
    finally:
        writer.close()
    return making.rename(path)


def _read_part(part: tuple[int, int]) -> list[IncomingBatch]:
    first, traces = part
    return [read_request(Signal.TRACES, body).batch for body in many_traces_of.requests(traces, first=first)]


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
