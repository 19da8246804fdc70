"""How fast the store takes spans, against a bare `executemany` of the same rows into the same tables and indexes.

    python benchmarks/ingest_store.py [--spans 40000] [--size 2400] [--trace 20] [--spread] [--busy] [--one-trace]

LLM-like spans of 2.4 KB come in batches of 512 with random trace ids, 20 spans a trace; `--spread` deals the spans of
each trace out over many batches, so that nearly every one meets a trace that is there already. The rates are the
writer's alone, from batches that are ready: no wire, no decoding. `--busy` adds a thread that computes all the while.
`--one-trace` times instead single traces of growing size, their spans in random order, 120 in a transaction.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tracetui.store.records import IncomingBatch, IncomingSpan, ResourceRecord, ScopeRecord
from tracetui.store.sqlite import SqliteWriter, statements
from tracetui.store.sqlite.connection import open_for_writing

BATCH = 512
RESOURCE = ResourceRecord(os.urandom(300), "", "bench", "default")
SCOPE = ScopeRecord(b"\n\x06openai", "", "openinference.instrumentation.openai", "0.1.30")


def make_spans(count: int, size: int, per_trace: int, spread: bool) -> list[IncomingSpan]:
    randomness = random.Random(7)
    spans = []
    for number in range(count):
        if number % per_trace == 0:
            trace_id, parents = randomness.randbytes(16).hex(), [""]
        span_id = randomness.randbytes(8).hex()
        llm = number % per_trace % 3 == 2
        start = 1_790_000_000_000_000_000 + number * 1_000_000
        spans.append(
            IncomingSpan(
                trace_id,
                span_id,
                parents[-1 if number % 2 else 0] if parents[0] else "",
                "ChatCompletion",
                1,
                start,
                start + 900_000_000,
                1,
                "",
                "LLM" if llm else "CHAIN",
                False,
                "gpt-4o-mini-2024-07-18" if llm else "",
                "openai" if llm else "",
                1200 if llm else None,
                310 if llm else None,
                None,
                None,
                None,
                0.000366 if llm else None,
                0.00018 if llm else None,
                0.000186 if llm else None,
                llm,
                "session-1234",
                "",
                "",
                "",
                "What is the refund policy for orders that were delivered late? " * 2,
                0,
                0,
                "",
                randomness.randbytes(size),
            )
        )
        parents = [span_id] if parents == [""] else [*parents[:2], span_id]
    if spread:
        randomness.shuffle(spans)
    return spans


def batches(spans: list[IncomingSpan]) -> Iterator[IncomingBatch]:
    for start in range(0, len(spans), BATCH):
        yield IncomingBatch((RESOURCE,), (SCOPE,), spans[start : start + BATCH])


def time_writer(folder: Path, spans: list[IncomingSpan]) -> float:
    writer = SqliteWriter(folder / "writer.db")
    started = time.perf_counter()
    for batch in batches(spans):
        writer.write([batch])
    elapsed = time.perf_counter() - started
    writer.close()
    return elapsed


def time_bare(folder: Path, spans: list[IncomingSpan]) -> float:
    """The rows that the writer made, as it made them, by `executemany` into a fresh file of the same schema."""
    with sqlite3.connect(folder / "writer.db") as made:
        span_rows = made.execute(f"SELECT {','.join(statements.SPAN_COLUMNS)} FROM spans ORDER BY id").fetchall()
        data_rows = made.execute("SELECT id, encoding, data FROM span_data ORDER BY id").fetchall()
        trace_rows = made.execute(f"SELECT {','.join(statements.TRACE_COLUMNS)} FROM traces ORDER BY id").fetchall()
    made.close()
    bare = open_for_writing(folder / "bare.db")
    share = -(-len(trace_rows) * BATCH // len(span_rows))
    started = time.perf_counter()
    for number, start in enumerate(range(0, len(span_rows), BATCH)):
        bare.execute("BEGIN")
        bare.executemany(statements.insert_spans(1), span_rows[start : start + BATCH])
        bare.executemany(statements.insert_data(1), data_rows[start : start + BATCH])
        bare.executemany(statements.insert_traces(1), trace_rows[number * share : (number + 1) * share])
        bare.execute("COMMIT")
    elapsed = time.perf_counter() - started
    bare.close()
    return elapsed


def time_one_trace(folder: Path, count: int) -> float:
    """A trace of so many spans, each below a random earlier one."""
    randomness = random.Random(7)
    spans = make_spans(count, 100, count, spread=False)
    spans = [
        span._replace(parent_span_id=spans[randomness.randrange(number)].span_id if number else "")
        for number, span in enumerate(spans)
    ]
    randomness.shuffle(spans)
    writer = SqliteWriter(folder / f"one-{count}.db")
    started = time.perf_counter()
    for start in range(0, count, 120):
        writer.write([IncomingBatch((RESOURCE,), (SCOPE,), spans[start : start + 120])])
    elapsed = time.perf_counter() - started
    writer.close()
    return elapsed


def compute(stop: threading.Event) -> None:
    while not stop.is_set():
        sum(i * i for i in range(200))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=40_000)
    parser.add_argument("--size", type=int, default=2_400)
    parser.add_argument("--trace", type=int, default=20)
    parser.add_argument("--spread", action="store_true")
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--one-trace", action="store_true")
    given = parser.parse_args()
    if given.one_trace:
        with tempfile.TemporaryDirectory(prefix="tracetui-bench-") as name:
            for count in (12_500, 25_000, 50_000):
                elapsed = time_one_trace(Path(name), count)
                print(f"a trace of {count:6,} spans  {elapsed:6.2f} s  {elapsed / count * 1e6:6.1f} µs a span")
        return
    spans = make_spans(given.spans, given.size, given.trace, given.spread)
    stop = threading.Event()
    if given.busy:
        threading.Thread(target=compute, args=(stop,), daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="tracetui-bench-") as name:
        ours = time_writer(Path(name), spans)
        size = (Path(name) / "writer.db").stat().st_size / (given.spans * given.size)
        stop.set()
        bare = time_bare(Path(name), spans)
    print(
        f"machine      {platform.machine()} {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}"
    )
    print(f"writer       {given.spans / ours:8,.0f} spans/s   {ours / given.spans * 1e6:6.1f} µs a span")
    print(f"executemany  {given.spans / bare:8,.0f} spans/s   {bare / given.spans * 1e6:6.1f} µs a span")
    print(f"ratio        {bare / ours:8.2f}")
    print(f"disk         {size:8.2f} bytes a byte of span")


if __name__ == "__main__":
    main()
