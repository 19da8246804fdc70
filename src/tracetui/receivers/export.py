"""The export service behind every transport: a body in, an answer once what it holds is committed.

An answer of success means committed. Nothing here raises: whatever happens becomes an answer, and is counted.
"""

from __future__ import annotations

import logging
import threading
import traceback
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Protocol

from msgspec.structs import replace

from tracetui.errors import DiskFullError, IngestBusyError, MalformedRequest, RequestTooLarge, StoreError
from tracetui.otlp.metrics import count_data_points
from tracetui.otlp.wire import Signal
from tracetui.receivers import answers
from tracetui.receivers.answers import Answer
from tracetui.receivers.budget import LARGE, Budget, Hold, return_small_blocks
from tracetui.receivers.incoming import cut_request, read_sliced, weight
from tracetui.receivers.inflate import MAX_BODY_SIZE, inflate
from tracetui.receivers.ledger import Ledger, TurnedAway
from tracetui.receivers.status import ReceiverCounts
from tracetui.store.records import Commit, IncomingBatch

logger = logging.getLogger(__name__)


class Submit(Protocol):
    """What is needed of the way into the store."""

    def submit(self, batch: IncomingBatch) -> Future[Commit]:
        """Queue a batch; the future resolves once it is committed.

        Raises:
            IngestBusyError: Not now.
        """
        ...


class ExportService:
    """Takes export requests of every signal. Any thread may call it.

    Args:
        ingest: The way into the store.
        max_body_size: Bytes of a message, before and after decompression.
        budget: Bytes of all requests together that may be held from their receipt to their commit.
    """

    def __init__(self, ingest: Submit, *, max_body_size: int = MAX_BODY_SIZE, budget: Budget | None = None) -> None:
        self.max_body_size = max_body_size
        """Bytes of a message, before and after decompression."""
        self.budget = budget or Budget()
        """What requests hold; each transport holds the bodies that it receives, and hands that over with them."""
        self._ingest = ingest
        self._lock = threading.Lock()
        # decoding holds the interpreter's lock: two at once are no faster, and both stand in the writer's way
        self._decoding = threading.Lock()
        # and of a large one there are copies in memory from here to its rows
        self._copying = threading.Lock()
        self._counts = ReceiverCounts()
        self._ledger = Ledger()

    def export(
        self,
        signal: Signal,
        body: bytes | list[bytes],
        *,
        encoding: str = "",
        is_json: bool = False,
        hold: Hold | None = None,
    ) -> Future[Answer]:
        """Take one request.

        Args:
            signal: What it carries.
            body: The body as received, or its pieces, which are taken out of the list.
            encoding: How it is compressed: `gzip`, `deflate`, empty or `identity`.
            is_json: Whether it is OTLP/JSON rather than protobuf.
            hold: What the budget has for the body; given back once the request needs nothing any more.

        Returns:
            Resolves to the answer once it may be sent; never raises. The callbacks of the future may run in the
            writer's thread.
        """
        answer: Future[Answer] = Future()
        pieces = body if isinstance(body, list) else [body]
        del body  # whoever cuts it into slices lets it go: a large one is in memory often enough without it
        hold = hold or self.budget.hold()
        answer.add_done_callback(_releases(hold))
        try:
            self._take(signal, pieces, encoding, is_json, hold, answer)
        except Exception as error:  # noqa: BLE001  (the boundary of a request: every failure is an answer)
            answer.set_result(self.count(_failure(error)))
        return answer

    def count(self, answer: Answer) -> Answer:
        """Count an answer that was decided before or after the request was read; returns it."""
        with self._lock:
            before = self._counts
            after = replace(before, requests=before.requests + 1)
            if answer.code is answers.Code.UNAVAILABLE:
                after = replace(after, refused=before.refused + 1)
                self._ledger.note("refused", answer.message)
            elif not answer.is_success:
                after = replace(after, malformed=before.malformed + 1)
                self._ledger.note("malformed", answer.message)
            if not answer.is_success:
                after = replace(after, last_error=answer.message)
            self._counts = after
        return answer

    def turned_away(self) -> tuple[TurnedAway, ...]:
        """What was turned away so far, by reason, the most recent first."""
        with self._lock:
            return self._ledger.entries()

    def counts(self) -> ReceiverCounts:
        """What was taken and turned away so far."""
        return self._counts

    def _take(
        self, signal: Signal, pieces: list[bytes], encoding: str, is_json: bool, hold: Hold, answer: Future[Answer]
    ) -> None:
        with ExitStack() as alone:
            if hold.size >= LARGE:
                alone.enter_context(self._copying)

            def grow(size: int) -> None:
                is_small = hold.size < LARGE
                hold.grow(size)
                if is_small and hold.size >= LARGE:
                    alone.enter_context(self._copying)

            held = [inflate(_joined(pieces), encoding, limit=self.max_body_size, grow=grow)]
            if signal is Signal.METRICS:
                with self._decoding:
                    points = count_data_points(held.pop(), is_json=is_json)
                answer.set_result(self._count_success(signal, answers.metrics_declined(points)))
                return
            with self._decoding:
                request = cut_request(signal, held.pop(), is_json=is_json)
                hold.change(*weight(request))
                incoming = read_sliced(signal, request)
                del request
        batch = incoming.batch
        hold.keep(batch.byte_size)
        stored = answers.stored(
            len(batch.spans) + len(batch.logs), incoming.rejected, incoming.reasons, incoming.warnings
        )
        if not stored.accepted:
            answer.set_result(self._count_success(signal, stored))
            return

        def settle(commit: Future[Commit]) -> None:
            error = commit.exception()
            answer.set_result(self.count(_failure(error)) if error else self._count_success(signal, stored))

        self._ingest.submit(batch).add_done_callback(settle)

    def _count_success(self, signal: Signal, answer: Answer) -> Answer:
        self.count(answer)
        with self._lock:
            counts = self._counts
            match signal:
                case Signal.TRACES:
                    counts = replace(counts, spans=counts.spans + answer.accepted)
                case Signal.LOGS:
                    counts = replace(counts, logs=counts.logs + answer.accepted)
                case Signal.METRICS:
                    counts = replace(counts, metrics=counts.metrics + answer.rejected)
            if answer.rejected and signal is not Signal.METRICS:
                counts = replace(counts, rejected=counts.rejected + answer.rejected, last_error=answer.message)
                self._ledger.note("rejected", answer.message, answer.rejected)
            self._counts = counts
        return answer


def _joined(pieces: list[bytes]) -> bytes:
    """The body; its pieces are let go."""
    if len(pieces) == 1:
        return pieces.pop()
    body = b"".join(pieces)
    pieces.clear()
    if len(body) >= LARGE:
        return_small_blocks()
    return body


def _releases(hold: Hold) -> Callable[[Future[Answer]], None]:
    return lambda _: hold.release()


def _failure(error: BaseException) -> Answer:
    """The answer to a request that failed."""
    match error:
        case MalformedRequest():
            return answers.malformed(str(error))
        case RequestTooLarge():
            return answers.too_large(str(error))
        case IngestBusyError():
            return answers.busy(str(error), retry_after_s=error.retry_after_s)
        case DiskFullError():
            return answers.busy(str(error), retry_after_s=answers.FULL_RETRY_S)
        case StoreError():
            return answers.busy(str(error))
        case _:
            return internal_error(error)


def internal_error(error: BaseException) -> Answer:
    """The answer to a failure that nobody foresaw; the log has its place under the same id, but no received values."""
    error_id = uuid.uuid4().hex[:8]
    where = "".join(traceback.format_tb(error.__traceback__))
    logger.error("internal error %s: %s at\n%s", error_id, type(error).__name__, where)
    return answers.busy(f"internal error {error_id}")
