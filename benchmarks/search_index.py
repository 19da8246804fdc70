"""What the search index costs: for each span, on disk, while spans arrive, and while a file is indexed."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from benchmarks import databases
from benchmarks.context import Context, percentile
from benchmarks.payloads import SPAN_BYTES
from benchmarks.processes import Sender, serve
from benchmarks.report import Measure
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.store.api import SpanWriter
from tracetui.store.document import document
from tracetui.store.follower import tidy
from tracetui.store.ingest import NoSenders
from tracetui.store.records import IndexMarks
from tracetui.store.sqlite import SqliteReader, SqliteWriter

T = TypeVar("T")

RATE = 1_000
LAG_S, STEP_MS, DISK_RATIO = 1.0, 250, 1.4
TEXT_US = 40
LOOK_EVERY_S = 0.02
CHECKPOINTS = "some end with a checkpoint of 16 MB"

_LAG = "SELECT (SELECT ifnull(max(id), 0) FROM spans) - through FROM search_index"


class Timed(NoSenders):
    """A writer without senders that notes how long each piece of work takes, all and those that merge."""

    def __init__(self, writer: SpanWriter) -> None:
        super().__init__(writer)
        self.millis: list[float] = []
        self.merging: list[float] = []

    def run(self, work: Callable[[SpanWriter], T], *, patience_s: float = 0) -> Future[T]:
        started = time.perf_counter()
        answer = super().run(work)
        took = (time.perf_counter() - started) * 1e3
        (self.merging if work is tidy else self.millis).append(took)
        return answer


def run(context: Context) -> list[Measure]:
    """On a copy of the large database, then on a `serve` to which spans come at a steady rate."""
    path = context.home() / "copy.db"
    shutil.copy(context.large(), path)
    with closing(SqliteReader(path)) as reader:
        spans = reader.count_spans()
    writer = SqliteWriter(path, derivation_version=DERIVATION_VERSION)
    try:
        writer.clear_index()
        timed = Timed(writer)
        started = time.perf_counter()
        databases.index(path, timed)
        took = time.perf_counter() - started
    finally:
        writer.close()
    with closing(sqlite3.connect(path)) as opened:
        (index_bytes,) = opened.execute("SELECT sum(length(block)) FROM span_terms_data").fetchone()
    disk = path.stat().st_size / (spans * SPAN_BYTES)
    text = _text_micros(path, context.samples(20_000, 4_000))
    path.unlink()
    lags, peak = _lags(context.home(), context.samples(15, 5))
    note = f"{RATE:,} spans/s arriving for {context.samples(15, 5)} s, {len(lags):,} looks"
    return [
        Measure("words and terms of a span", text, "µs", TEXT_US, note="processor time of the follower's thread"),
        Measure("a file indexed by itself", spans / took, "spans/s", note=f"{spans:,} spans"),
        Measure(
            "a transaction of the index, p95", percentile(timed.millis, 95), "ms", note=f"of {len(timed.millis):,}"
        ),
        Measure("a transaction of the index, worst", max(timed.millis), "ms", STEP_MS, note=CHECKPOINTS),
        Measure("a merge of the index, p95", percentile(timed.merging, 95), "ms", note=f"of {len(timed.merging):,}"),
        Measure("a merge of the index, worst", max(timed.merging), "ms", STEP_MS, note=CHECKPOINTS),
        Measure("the index, a span", index_bytes / spans, "bytes"),
        Measure("bytes on disk per byte received, index included", disk, "", DISK_RATIO, note=f"{spans:,} spans"),
        Measure("until a span is searchable, p50", percentile(lags, 50), "s", note=note),
        Measure("until a span is searchable, worst", peak, "s", LAG_S, note=note),
    ]


def _text_micros(path: Path, spans: int) -> float:
    """Microseconds of this thread for what a span is found by."""
    marks, seconds, count = IndexMarks(0, 0, 0), 0.0, 0
    with closing(SqliteReader(path)) as reader:
        while count < spans and (found := reader.unindexed(0, after=marks, limit=512)):
            started = time.thread_time()
            for span in found.spans:
                document(span.row, span.data, span.telling)
            seconds += time.thread_time() - started
            count += len(found.spans)
            marks = found.marks
    return seconds / count * 1e6


def _lags(folder: Path, seconds: int) -> tuple[list[float], float]:
    """How far the index is behind what is stored, in seconds of spans that arrive: all looks, the worst."""
    with serve(folder / "a.db") as serving, closing(sqlite3.connect(f"file:{folder / 'a.db'}?mode=ro", uri=True)) as db:
        sender = Sender("http", serving.http, rate=RATE)
        sender.start()
        lags = []
        ends = time.perf_counter() + seconds
        while time.perf_counter() < ends:
            time.sleep(LOOK_EVERY_S)
            lags.append(db.execute(_LAG).fetchone()[0] / RATE)
        sender.finish()
    return lags, max(lags)
