"""A way into the store that tests hold in their hand, and one into gRPC for bytes of theirs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tracetui.store.records import Commit, IncomingBatch, IncomingLog, IncomingSpan


def bytes_call(channel: Any, method: str) -> Any:
    """A gRPC method that takes and gives bytes as they are."""
    return channel.unary_unary(method)


class HeldIngest:
    """Keeps what is submitted; commits at once, unless told to hold or to fail."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._batches: list[IncomingBatch] = []
        self._held: list[tuple[IncomingBatch, Future[Commit]]] = []
        self.holds = False
        """Whether commits wait for `release`."""
        self.refuses: Exception | None = None
        """Raised by `submit`, where set."""
        self.fails: Exception | None = None
        """What commits end in, where set."""

    def submit(self, batch: IncomingBatch) -> Future[Commit]:
        if self.refuses is not None:
            raise self.refuses
        answer: Future[Commit] = Future()
        with self._changed:
            self._held.append((batch, answer))
            self._changed.notify_all()
        if not self.holds:
            self.release()
        return answer

    def release(self) -> None:
        """Commit, or fail, all that waits."""
        with self._changed:
            held, self._held = self._held, []
            if self.fails is None:
                self._batches.extend(batch for batch, _ in held)
            self._changed.notify_all()
        for batch, answer in held:
            if self.fails is not None:
                answer.set_exception(self.fails)
            else:
                answer.set_result(Commit(1, frozenset(), len(batch.spans), 0, 0, len(batch.logs)))

    def wait(self, condition: Callable[[HeldIngest], object]) -> None:
        """Wait until something holds of this object."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), timeout=15)

    @property
    def waiting(self) -> int:
        """Batches not committed yet."""
        return len(self._held)

    @property
    def batches(self) -> list[IncomingBatch]:
        """What is committed."""
        return list(self._batches)

    @property
    def spans(self) -> list[IncomingSpan]:
        """The spans committed, in order."""
        return [span for batch in self._batches for span in batch.spans]

    @property
    def logs(self) -> list[IncomingLog]:
        """The log records committed, in order."""
        return [log for batch in self._batches for log in batch.logs]

    @property
    def names(self) -> list[str]:
        """Names of the spans committed."""
        return [span.name for span in self.spans]

    def message(self, name: str) -> Any:
        """The committed `Span` message of this name."""
        (data,) = [span.data for span in self.spans if span.name == name]
        return Span.FromString(data)
