"""What was sent to a store and what it has acknowledged, and whether it holds to that."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tracetui.store.api import all_logs, all_spans
from tracetui.store.records import IncomingBatch
from tracetui.store.sqlite import SqliteReader

SpanKey = tuple[str, str]


class Ledger:
    """What a store must hold."""

    def __init__(self) -> None:
        self._sent: dict[SpanKey, list[bytes]] = {}
        """Every version of each span that it may hold, the last acknowledged first."""
        self._acknowledged: set[SpanKey] = set()
        self._logs: set[tuple[str, bytes]] = set()
        """Acknowledged log records with their traces."""
        self._open: list[IncomingBatch] = []
        """Sent and not yet answered: to be there whole or not at all."""
        self._leaving: set[str] = set()
        """Traces of which removal was asked for."""
        self._removed: set[str] = set()

    def sending(self, batch: IncomingBatch) -> None:
        """It was sent."""
        self._open.append(batch)
        for span in batch.spans:
            self._sent.setdefault((span.trace_id, span.span_id), []).append(span.data)

    def acknowledged(self, batch: IncomingBatch) -> None:
        """It was answered."""
        self._open.remove(batch)
        for span in batch.spans:
            key = (span.trace_id, span.span_id)
            versions = self._sent[key]
            del versions[: versions.index(span.data)]
            self._acknowledged.add(key)
        self._logs.update((log.trace_id, log.data) for log in batch.logs)

    def removing(self, trace_ids: Sequence[str]) -> None:
        """Removal was asked for."""
        self._leaving.update(trace_ids)

    def removed(self, trace_ids: Sequence[str]) -> None:
        """Removal was answered."""
        self._removed.update(trace_ids)

    def check(self, path: Path) -> None:
        """Read a store that nobody writes, and hold it against what it has acknowledged."""
        reader = SqliteReader(path)
        try:
            spans = list(all_spans(reader))
            totals = {trace.trace_id: trace.span_count for trace in reader.traces(limit=100_000)}
            logs = {(log.trace_id, log.data) for log in all_logs(reader)}
        finally:
            reader.close()
        stored = {(span.row.trace_id, span.row.span_id): span.data for span in spans}
        assert len(stored) == len(spans), "a span is there twice"
        counted: dict[str, int] = {}
        for trace_id, _ in stored:
            counted[trace_id] = counted.get(trace_id, 0) + 1
        assert totals == counted, "totals are not those of the spans"
        staying = {key for key in self._acknowledged if key[0] not in self._leaving}
        assert not staying - stored.keys(), f"{len(staying - stored.keys())} acknowledged spans are lost"
        assert all(data in self._sent[key] for key, data in stored.items()), "a span is not as it was sent"
        assert not self._removed & totals.keys(), "a removed trace is back"
        assert {log for log in self._logs if log[0] not in self._leaving} <= logs, "an acknowledged log record is lost"
        for batch in self._open:
            self._check_whole(batch, stored)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    def _check_whole(self, batch: IncomingBatch, stored: dict[SpanKey, bytes]) -> None:
        there = [
            stored.get((span.trace_id, span.span_id)) == span.data
            for span in batch.spans
            if span.trace_id not in self._leaving
        ]
        assert all(there) or not any(there), "a request is there by halves"
