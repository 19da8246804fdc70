"""Databases to measure on, built through the reading of requests and the writer, as a receiver would."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

from benchmarks import many_traces as many_traces_of
from benchmarks import payloads
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import read_request
from tracetui.store.document import document
from tracetui.store.follower import Follower
from tracetui.store.ingest import NoSenders, WriterThread
from tracetui.store.records import IncomingBatch, IndexedRow
from tracetui.store.sqlite import SqliteReader, SqliteWriter

LARGE = 200_000
"""Spans of the large database."""

_PART = 200
"""Traces that one process makes at a time."""
_SPANS = 5_000
"""Spans that one process makes documents of at a time."""


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
    _index(making)
    return making.rename(path)


def _index(path: Path) -> None:
    """Give the search index every span, from two processes: one follower would take as long as the spans themselves."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=off")
        last = connection.execute("SELECT max(id) FROM spans").fetchone()[0]
        parts = [(path, first, first + _SPANS) for first in range(1, last + 1, _SPANS)]
        with ProcessPoolExecutor(2, get_context("spawn")) as pool:
            for documents in pool.map(_documents, parts):
                connection.executemany("INSERT INTO span_terms (rowid, terms) VALUES (?, ?)", documents)
                connection.commit()
        while True:  # as the follower leaves it
            before = connection.total_changes
            connection.execute("INSERT INTO span_terms (span_terms, rank) VALUES ('merge', 1000)")
            connection.commit()
            if connection.total_changes - before < 2:
                break
        connection.execute(
            "UPDATE search_index SET backlog = 0, through = ?, derivation_version = ?", (last, DERIVATION_VERSION)
        )
        connection.commit()


def _documents(part: tuple[Path, int, int]) -> list[tuple[int, str]]:
    path, first, end = part
    columns = ", ".join(
        {"row_id": "s.id", "scope_name": "c.name"}.get(name, f"s.{name}") for name in IndexedRow._fields
    )
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            f"SELECT {columns}, d.data FROM spans s JOIN span_data d ON d.id = s.id JOIN scopes c ON c.id = s.scope_id"
            " WHERE s.id >= ? AND s.id < ? ORDER BY s.id",
            (first, end),
        )
        return [(row[0], document(IndexedRow(*row[:-1]), row[-1]).text) for row in rows]


def _read_part(part: tuple[int, int]) -> list[IncomingBatch]:
    first, traces = part
    return [read_request(Signal.TRACES, body).batch for body in many_traces_of.requests(traces, first=first)]


def empty(path: Path) -> Path:
    """A database with nothing in it."""
    return _built(path, ())


def new_seed(path: Path) -> int:
    """A seed for spans that a kept database does not hold yet: every run makes the file grow."""
    return path.stat().st_size % 1_000_003


def remove_traces(path: Path, name: str) -> None:
    """Take out of a kept database those of the newest traces whose name begins so: a run before has left them."""
    with closing(SqliteReader(path)) as reader:
        left = [trace.trace_id for trace in reader.traces(limit=1_000) if trace.name.startswith(name)]
    if left:
        with closing(SqliteWriter(path, derivation_version=DERIVATION_VERSION)) as writer:
            writer.remove(left)


def index(path: Path, writer: WriterThread) -> None:
    """Bring the search index up to what is stored, as the follower does."""
    Follower(lambda: SqliteReader(path), writer, version=DERIVATION_VERSION, at_rest=False).run()


def _built(path: Path, bodies: Iterable[bytes]) -> Path:
    if path.exists():
        return path
    making = path.with_suffix(".making")
    writer = SqliteWriter(making, derivation_version=DERIVATION_VERSION)
    try:
        for body in bodies:
            writer.write([read_request(Signal.TRACES, body).batch])
        index(making, NoSenders(writer))
    finally:
        writer.close()
    return making.rename(path)
