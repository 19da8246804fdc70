"""Senders that are faster than the disk: refused, told to come again, and in the end all is stored."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from tests.e2e.test_kill import ids, some_spans
from tests.integration.receivers.conftest import ANY_PORT
from tracetui.receivers import ReceiverSet
from tracetui.store.ingest import Ingest
from tracetui.store.records import Commit, IncomingBatch
from tracetui.store.sqlite import SqliteReader, SqliteWriter

SPANS = 50
"""Spans of an export."""

SECONDS_A_SPAN = 0.001
"""What the writer takes for each; senders without a pause send several times as many."""

WAITING = 6
"""Exports that may wait for it: fewer than there are exporters, which is rare where 50,000 spans may."""


class SlowWriter(SqliteWriter):
    """A disk that takes its time."""

    def write(self, batches: Sequence[IncomingBatch]) -> Commit:
        time.sleep(sum(len(batch.spans) for batch in batches) * SECONDS_A_SPAN)
        return super().write(batches)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seconds", [1.5, pytest.param(60, marks=pytest.mark.slow)])
def test_stock_exporters_deliver_all_to_a_writer_half_as_fast(tmp_path: Path, seconds: float) -> None:
    db = tmp_path / "traces.db"
    ingest = Ingest(SlowWriter(db), max_spans=WAITING * SPANS)
    ingest.start()
    receivers = ReceiverSet(ANY_PORT, (ANY_PORT,), ingest)
    receivers.start()
    over_grpc, over_http = (status.address.port for status in receivers.statuses())
    exporters: list[SpanExporter] = [
        *(GrpcExporter(f"http://127.0.0.1:{over_grpc}", insecure=True) for _ in range(4)),
        *(HttpExporter(f"http://127.0.0.1:{over_http}/v1/traces") for _ in range(4)),
    ]
    sent: set[tuple[str, str]] = set()
    failed: list[SpanExporter] = []
    until = time.monotonic() + seconds

    def send(exporter: SpanExporter) -> None:
        while time.monotonic() < until:
            spans = some_spans(SPANS)
            if exporter.export(spans) is not SpanExportResult.SUCCESS:
                failed.append(exporter)
            sent.update(ids(spans))

    threads = [threading.Thread(target=send, args=(exporter,)) for exporter in exporters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = receivers.counts().refused
    receivers.stop()
    assert ingest.stop(30)
    assert failed == []
    assert refused > 0
    with closing(SqliteReader(db)) as reader:
        stored = [(row.trace_id, row.span_id) for row in reader.spans(limit=1_000_000)]
    assert len(stored) == len(set(stored))
    assert set(stored) == sent
