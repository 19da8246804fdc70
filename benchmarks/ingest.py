"""Spans a second from another process, acknowledged after the commit, against a bare `executemany` of the same rows.

The bare insert has the same tables, indexes and settings, copied from the file that was made, the search index with
them; so has its transaction as many spans as a request. It is given the rows ready: no wire, no decoding, no totals,
no looking for words.
"""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.context import Context
from benchmarks.payloads import SPAN_BYTES, SPANS_PER_REQUEST
from benchmarks.processes import Sender, serve
from benchmarks.report import Measure, compared
from tracetui.store.document import document
from tracetui.store.records import IndexMarks
from tracetui.store.sqlite import SqliteReader
from tracetui.store.sqlite.connection import open_for_writing

RATIO, SPANS_PER_S, DISK_RATIO = 0.5, 12_000, 1.4
IN_FLIGHT = 4
LOOK_EVERY_S = 0.02
PRAGMAS = (
    "page_size",
    "journal_mode",
    "synchronous",
    "cache_size",
    "wal_autocheckpoint",
    "journal_size_limit",
    "secure_delete",
    "temp_store",
    "foreign_keys",
)


def run(context: Context) -> list[Measure]:
    """Turn by turn gRPC, HTTP and bare, each into a new file."""
    spans = context.samples(30_000, 10_000) // SPANS_PER_REQUEST * SPANS_PER_REQUEST
    rounds = context.samples(5, 2)
    rates: dict[str, list[float]] = {"grpc": [], "http": [], "bare": [], "grpc searchable": [], "http searchable": []}
    disk = 0.0
    for number in range(rounds):
        for protocol in ("grpc", "http"):
            folder = context.home()
            acked, searchable = _received(folder, protocol, spans)
            rates[protocol].append(acked)
            rates[f"{protocol} searchable"].append(searchable)
            disk = sum(file.stat().st_size for file in folder.glob("received.db*")) / (spans * SPAN_BYTES)
            if protocol == "http":
                rates["bare"].append(spans / _bare_seconds(folder / "received.db", folder / f"bare-{number}.db"))
            for file in folder.glob("*.db*"):
                file.unlink()
    medians = {name: statistics.median(values) for name, values in rates.items()}
    measures = []
    for protocol, name in (("grpc", "gRPC"), ("http", "HTTP/protobuf")):
        note = f"median of {rounds} × {spans:,} spans, best {max(rates[protocol]):,.0f}, {IN_FLIGHT} requests in flight"
        rate = Measure(f"ingest over {name}", medians[protocol], "spans/s", SPANS_PER_S, at_least=True, note=note)
        against = Measure(
            f"ingest over {name}, against bare sqlite3",
            medians[protocol],
            "spans/s",
            RATIO,
            at_least=True,
            of_ratio=True,
        )
        later = Measure(
            f"ingest over {name}, until all is searchable too",
            medians[f"{protocol} searchable"],
            "spans/s",
            note=f"best {max(rates[f'{protocol} searchable']):,.0f}",
        )
        measures += [rate, compared(against, medians["bare"], "bare executemany"), later]
    return [*measures, Measure("bytes on disk per byte received, at once", disk, "", DISK_RATIO)]


def _received(folder: Path, protocol: str, spans: int) -> tuple[float, float]:
    """Spans a second over one protocol, until all of them are acknowledged, and until a search finds them."""
    with serve(folder / "received.db") as serving, closing(SqliteReader(folder / "received.db")) as reader:
        port = serving.grpc if protocol == "grpc" else serving.http
        sender = Sender(protocol, port, spans=spans, in_flight=IN_FLIGHT)
        sender.start()
        sent = sender.finish()
        acked = time.perf_counter()
        while (state := reader.search_state()).indexed < state.total:
            time.sleep(LOOK_EVERY_S)
        searchable = sent["seconds"] + time.perf_counter() - acked
    if sent["acked"] != spans:
        raise RuntimeError(f"{sent['refused']:,.0f} spans were refused")
    return spans / sent["seconds"], spans / searchable


def _bare_seconds(made: Path, path: Path) -> float:
    """Seconds for the rows of a file into a new one, a request's worth a transaction."""
    with closing(sqlite3.connect(made)) as source:
        tables = [
            _rows(source, name)
            for (name,) in source.execute(
                "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
                " AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_%' ESCAPE '\\'"
            )
        ]
        names = [f"'{insert.split()[2]}'" for insert, _ in tables] + ["'span_terms'"]
        schema = [
            sql
            for (sql,) in source.execute(
                f"SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql NOT NULL"
                f" AND tbl_name IN ({','.join(names)}) ORDER BY type DESC"
            )
        ]
    tables.append(("INSERT INTO span_terms (rowid, terms) VALUES (?,?)", _documents(made)))
    with closing(open_for_writing(path.with_suffix(".like"))) as like:
        settings = [(name, like.execute(f"PRAGMA {name}").fetchone()[0]) for name in PRAGMAS]
    with closing(sqlite3.connect(path, isolation_level=None)) as bare:
        for name, value in settings:
            bare.execute(f"PRAGMA {name}={value}")
        for sql in schema:
            bare.execute(sql)
        bare.execute("INSERT INTO span_terms (span_terms, rank) VALUES ('automerge', 0)")  # as ours, merged apart
        requests = max(len(rows) for _, rows in tables) // SPANS_PER_REQUEST
        started = time.perf_counter()
        for number in range(requests):
            bare.execute("BEGIN")
            for insert, rows in tables:
                bare.executemany(insert, _share(rows, number, requests))
            bare.execute("COMMIT")
        return time.perf_counter() - started


def _rows(source: sqlite3.Connection, table: str) -> tuple[str, list[tuple[object, ...]]]:
    """The statement that inserts into a table, and all its rows."""
    columns = [name for _, name, *_ in source.execute(f"PRAGMA table_info({table})")]  # leaves out generated ones
    insert = f"INSERT INTO {table} ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})"
    return insert, source.execute(f"SELECT {','.join(columns)} FROM {table}").fetchall()  # in the table's own order


def _documents(made: Path) -> list[tuple[object, ...]]:
    """What the search index of a file was given."""
    documents: list[tuple[object, ...]] = []
    marks = IndexMarks(0, 0, 0)
    with closing(SqliteReader(made)) as reader:
        while found := reader.unindexed(0, after=marks, limit=SPANS_PER_REQUEST):
            documents += [(span.row.row_id, document(span.row, span.data).text) for span in found.spans]
            marks = found.marks
    return documents


def _share(rows: Sequence[tuple[object, ...]], number: int, parts: int) -> Sequence[tuple[object, ...]]:
    return rows[len(rows) * number // parts : len(rows) * (number + 1) // parts]
