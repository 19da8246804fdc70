"""Where imported data go: into the database, or to the tracetui that is writing it."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from tracetui.cli.endpoints import not_listening, running_endpoints
from tracetui.cli.reading import use_prices
from tracetui.cli.searchable import make_searchable
from tracetui.config import Address, Settings
from tracetui.errors import ReceiverError
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.otlp.encode import ExportItem, protobuf_requests
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import derive_span
from tracetui.sanitise import one_line
from tracetui.store.api import SpanReader
from tracetui.store.ingest import NoSenders
from tracetui.store.records import IncomingBatch, IncomingLog, IncomingSpan
from tracetui.store.sqlite.reader import SqliteReader
from tracetui.store.sqlite.writer import SqliteWriter

TIMEOUT_S = 60.0
"""How long one request to a running tracetui may take."""

ATTEMPTS = 10
"""How often a busy one is asked again."""

BUSY = (429, 503)
"""HTTP statuses that ask to try again later."""


class Stored(NamedTuple):
    """What became of a batch."""

    spans: int = 0
    """Spans that are new, or replaced an earlier version."""
    logs: int = 0
    unchanged: int = 0
    """Spans and log records that were there already."""


class Sink(Protocol):
    """Takes batches and tells what became of them."""

    def store(self, batches: Sequence[IncomingBatch]) -> Stored:
        """Store batches; on return they are durable.

        Raises:
            TracetuiError: They are not stored.
        """
        ...

    def pin(self, trace_ids: Sequence[str]) -> bool:
        """Keep traces whatever the limits; returns whether that can be done this way."""
        ...


@contextmanager
def open_sink(settings: Settings) -> Iterator[Sink]:
    """The way into the database.

    Raises:
        StoreError: The database cannot be used, or its writer takes nothing over HTTP.
    """
    running = running_endpoints(settings)
    if running is None:
        use_prices(settings)
        writer = SqliteWriter(settings.db, derivation_version=DERIVATION_VERSION, derive=derive_span)
        try:
            yield DatabaseSink(writer)
            make_searchable(settings, NoSenders(writer))
        finally:
            writer.close()
        return
    if not running.http:
        raise not_listening(settings, running)
    reader = SqliteReader(settings.db)
    try:
        yield ProcessSink(running.http[0], reader)
    finally:
        reader.close()


class DatabaseSink:
    """Writes the database itself."""

    def __init__(self, writer: SqliteWriter) -> None:
        self._writer = writer

    def store(self, batches: Sequence[IncomingBatch]) -> Stored:
        """Store batches in one transaction."""
        commit = self._writer.write(batches)
        known_logs = sum(len(batch.logs) for batch in batches) - commit.new_logs
        return Stored(commit.new_spans + commit.replaced_spans, commit.new_logs, commit.unchanged_spans + known_logs)

    def pin(self, trace_ids: Sequence[str]) -> bool:
        """Keep traces whatever the limits."""
        self._writer.pin(trace_ids)
        return True


class ProcessSink:
    """Sends to the tracetui that writes the database, over OTLP/HTTP."""

    def __init__(self, address: Address, reader: SpanReader) -> None:
        self._address = address
        self._reader = reader

    def store(self, batches: Sequence[IncomingBatch]) -> Stored:
        """Send batches; the answer comes after the commit."""
        spans = {(span.trace_id, span.span_id): span for batch in batches for span in batch.spans}
        logs = {log: None for batch in batches for log in batch.logs}
        known_spans = sum(self._has_span(span) for span in spans.values())
        known_logs = sum(self._has_log(log) for log in logs)
        for body in protobuf_requests(_item(batch, span) for batch in batches for span in batch.spans):
            post(self._address, Signal.TRACES, body)
        for body in protobuf_requests(_item(batch, log) for batch in batches for log in batch.logs):
            post(self._address, Signal.LOGS, body)
        return Stored(len(spans) - known_spans, len(logs) - known_logs, known_spans + known_logs)

    def pin(self, trace_ids: Sequence[str]) -> bool:
        """Its protocol has no word for it."""
        return False

    def _has_span(self, span: IncomingSpan) -> bool:
        stored = self._reader.span(span.trace_id, span.span_id)
        return stored is not None and stored.data == span.data

    def _has_log(self, log: IncomingLog) -> bool:
        return any(
            stored.data == log.data
            for stored in self._reader.logs(trace_id=log.trace_id, span_id=log.span_id, limit=1000)
        )


def post(address: Address, signal: Signal, body: bytes, content_type: str = "application/x-protobuf") -> None:
    """Send one export request over OTLP/HTTP, again while the receiver is busy.

    Raises:
        ReceiverError: It was not taken.
    """
    for attempt in range(ATTEMPTS):
        status, retry_after_s, reason = _post_once(address, signal, body, content_type)
        if status == 200:
            return
        if status not in BUSY or attempt == ATTEMPTS - 1:
            raise ReceiverError(f"{address.url} answered with HTTP {status} {one_line(reason, 100)}.")
        time.sleep(retry_after_s)


def _post_once(address: Address, signal: Signal, body: bytes, content_type: str) -> tuple[int, float, str]:
    connection = http.client.HTTPConnection(address.host, address.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", f"/v1/{signal.value}", body, {"Content-Type": content_type})
        answer = connection.getresponse()
        answer.read()
        retry_after = answer.headers.get("Retry-After", "1")
        return answer.status, float(retry_after) if retry_after.isdigit() else 1.0, answer.reason
    except (OSError, http.client.HTTPException) as error:
        raise ReceiverError(
            f"The tracetui at {address.url} cannot be reached: {error!s}.", hint="Is it still running?"
        ) from error
    finally:
        connection.close()


def _item(batch: IncomingBatch, item: IncomingSpan | IncomingLog) -> ExportItem:
    resource, scope = batch.resources[item.resource_index], batch.scopes[item.scope_index]
    return ExportItem(item.data, resource.data, resource.schema_url, scope.data, scope.schema_url)
