"""The listeners: accept, decode, hand to the store, answer once it is committed.

Importing this package is cheap; the servers are imported when a `ReceiverSet` starts.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tracetui.config import Access, Address
from tracetui.errors import ReceiverError
from tracetui.receivers.budget import Budget, return_large_blocks
from tracetui.receivers.status import ReceiverCounts, ReceiverState, ReceiverStatus

if TYPE_CHECKING:
    from tracetui.receivers.export import ExportService, Submit
    from tracetui.receivers.ledger import TurnedAway
    from tracetui.receivers.otlp_grpc import GrpcReceiver
    from tracetui.receivers.otlp_http import HttpReceiver

GRACE_S = 5.0
"""Seconds that requests in flight are given when the receivers stop."""

GRPC = "grpc"
HTTP = "http"


class ReceiverSet:
    """All listeners of a process, with one count between them.

    Args:
        grpc: Where OTLP/gRPC listens; None for nowhere.
        http: Where OTLP/HTTP listens; empty for nowhere.
        ingest: The way into the store.
        access: Who may send; this machine's own programs where None.
        budget: Bytes of all requests together; one of its own where None.
    """

    def __init__(
        self,
        grpc: Address | None,
        http: Sequence[Address],
        ingest: Submit,
        access: Access | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._budget = budget
        self._access = access or Access()
        planned = ([(GRPC, grpc)] if grpc else []) + [(HTTP, address) for address in http]
        self._statuses = [ReceiverStatus(protocol, address, ReceiverState.STARTING) for protocol, address in planned]
        self._ingest = ingest
        self._service: ExportService | None = None
        self._grpc: GrpcReceiver | None = None
        self._http: HttpReceiver | None = None

    def start(self) -> None:
        """Open every listener; returns when each listens or has failed. One that fails does not stop the others."""
        from tracetui.receivers.export import ExportService  # deferred: protobuf, and below the servers themselves
        from tracetui.receivers.sockets import allow_many_files

        allow_many_files()
        return_large_blocks()
        service = ExportService(self._ingest, budget=self._budget)
        self._service = service
        # HTTP first: it is there in a tenth of the time that importing gRPC takes
        for index, status in sorted(enumerate(self._statuses), key=lambda item: item[1].protocol == GRPC):
            try:
                address = self._open(status, service)
            except ReceiverError as error:
                self._statuses[index] = replace(status, state=ReceiverState.FAILED, error=str(error))
            else:
                self._statuses[index] = replace(status, state=ReceiverState.LISTENING, address=address)

    def _open(self, status: ReceiverStatus, service: ExportService) -> Address:
        from tracetui.receivers.access import Gate, check_exposure  # deferred: ssl, with the servers

        check_exposure(status.address, self._access)
        gate = Gate(self._access)
        if status.protocol == GRPC:
            from tracetui.receivers.otlp_grpc import GrpcReceiver

            receiver = GrpcReceiver(status.address, service, gate)
            receiver.start()
            self._grpc = receiver
            return receiver.address
        if self._http is None:
            from tracetui.receivers.otlp_http import HttpReceiver

            receiver_http = HttpReceiver(service, gate)
            receiver_http.start()
            self._http = receiver_http
        return self._http.listen(status.address)

    def stop(self) -> None:
        """Take no more requests, answer those in flight (at most `GRACE_S` seconds), close."""
        stopping = [
            threading.Thread(target=receiver.stop, args=(GRACE_S,))
            for receiver in (self._grpc, self._http)
            if receiver is not None
        ]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
        self._statuses = [
            replace(status, state=ReceiverState.STOPPED) if status.state is ReceiverState.LISTENING else status
            for status in self._statuses
        ]

    def statuses(self) -> tuple[ReceiverStatus, ...]:
        """Every listener as it is now, gRPC first, then HTTP as given."""
        return tuple(self._statuses)

    def counts(self) -> ReceiverCounts:
        """What the listeners together have taken and turned away since the start."""
        return self._service.counts() if self._service is not None else ReceiverCounts()

    def turned_away(self) -> tuple[TurnedAway, ...]:
        """What they have turned away, by reason, the most recent first."""
        return self._service.turned_away() if self._service is not None else ()


__all__ = ["ReceiverCounts", "ReceiverSet", "ReceiverState", "ReceiverStatus"]
