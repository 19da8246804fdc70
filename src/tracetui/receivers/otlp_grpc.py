"""OTLP/gRPC: the three collector services on raw bytes, answered by the export service.

The library hands over bytes, not messages, so that unreadable requests get our codes. Importing gRPC takes a while,
therefore nothing else imports it, and this module is imported by the thread that needs it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeAlias

# its native log goes to file descriptor 2, which may be the terminal that a screen is drawn on
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc

from tracetui.config import Access, Address
from tracetui.errors import IngestBusyError, ReceiverError
from tracetui.otlp.wire import Signal
from tracetui.receivers import answers
from tracetui.receivers.access import Gate, server_tls
from tracetui.receivers.answers import Answer
from tracetui.receivers.budget import LARGE, Hold, Stage, return_small_blocks
from tracetui.receivers.export import ExportService, internal_error
from tracetui.receivers.sockets import listening_sockets

WORKERS = 32
"""Calls handled at once; most of their time is waiting for the commit they share."""

RECEIVE_S, CROWDED_RECEIVE_S = 10.0, 2.0
"""Seconds that a call may take to send its message, and where others wait for their turn."""

SENDING_S = 1.0
"""Seconds for the last answers to leave, once they are known."""

ROOM_S = 5.0
"""Seconds that a call waits for room for its message; exporters give up after ten, and come again if they are told."""

MAX_METADATA_SIZE = 32 * 1024
"""Bytes of a call's metadata."""

_METHODS = {
    f"/opentelemetry.proto.collector.{package}.v1.{service}/Export": signal
    for package, service, signal in (
        ("trace", "TraceService", Signal.TRACES),
        ("logs", "LogsService", Signal.LOGS),
        ("metrics", "MetricsService", Signal.METRICS),
    )
}
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_OPTION = "--grpc HOST:PORT"

_RETRY_INFO = "google.rpc.retryinfo-bin"
"""Where OpenTelemetry's exporter for Python looks for it; without, it waits twice as long each time, and gives up."""


class GrpcReceiver:
    """One OTLP/gRPC listener.

    Args:
        address: Where to listen; port 0 lets the system choose.
        service: What answers.
        gate: Who may send.
    """

    def __init__(self, address: Address, service: ExportService, gate: Gate) -> None:
        self.address = address
        """Where it listens; the real port once started."""
        self._service = service
        self._gate = gate
        self._turns = _Turns()
        self._handlers = _Handlers(service, gate, self._turns)
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="tracetui-grpc")
        self._server: grpc.Server | None = None

    def start(self) -> None:
        """Open the address and begin to answer.

        Raises:
            ReceiverError: The address cannot be opened, or TLS's files cannot be used; says why and what to do.
        """
        credentials = _credentials(self._gate.access)
        server = grpc.server(self._workers, handlers=[self._handlers], options=_options(self._service.max_body_size))
        # gRPC tells of a failed bind only on file descriptor 2, so the ports are tried without it first
        tried = listening_sockets(self.address, option=_OPTION)
        places = [Address(*opened.getsockname()[:2]) for opened in tried]
        for opened in tried:
            opened.close()
        for place in places:
            try:
                if credentials is None:
                    server.add_insecure_port(str(place))
                else:
                    server.add_secure_port(str(place), credentials)
            except RuntimeError as error:
                raise ReceiverError(f"{place} cannot be opened.", hint=f"Choose another with {_OPTION}.") from error
        server.start()
        self._turns.start()
        self._server = server
        self.address = Address(self.address.host, places[0].port)

    def stop(self, grace_s: float) -> None:
        """Turn new calls away, give those in flight this many seconds, and end."""
        if self._server is None:
            return
        # the library leaves a call that comes in this moment without an answer until the end, so we answer it first
        self._handlers.drain(grace_s)
        # bounded here too: the library waits for handlers, and one may wait for a commit that never comes
        self._server.stop(SENDING_S).wait(2 * SENDING_S)
        self._turns.stop()
        self._workers.shutdown(wait=False)
        self._server = None


def _credentials(access: Access) -> grpc.ServerCredentials | None:
    """How the listener speaks TLS; None where it does not."""
    if access.tls_cert is None or access.tls_key is None:
        return None
    server_tls(access)  # finds out what is wrong with the files, which gRPC would keep to itself
    ca = access.tls_client_ca.read_bytes() if access.tls_client_ca else None
    pair = access.tls_key.read_bytes(), access.tls_cert.read_bytes()
    return grpc.ssl_server_credentials([pair], root_certificates=ca, require_client_auth=ca is not None)


def _options(max_body_size: int) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # else two processes share the port without any error
        ("grpc.max_receive_message_length", max_body_size),
        ("grpc.max_metadata_size", MAX_METADATA_SIZE),
        ("grpc.absolute_max_metadata_size", MAX_METADATA_SIZE),
        ("grpc.http2.min_ping_interval_without_data_ms", 9_000),  # senders ping every 10 s
        ("grpc.http2.max_ping_strikes", 0),
        ("grpc.keepalive_permit_without_calls", 1),
    ]


_Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"


class _Turns:
    """Lets one call after the other receive its message, and ends those that take too long to send it.

    How large a message is shows when it is there, when the library has it three times; so room is kept for the largest
    before it is asked for, which is when its sender may begin.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._receiving: dict[grpc.ServicerContext, float] = {}
        self._waiting = 0
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to look after slow senders."""
        threading.Thread(target=self._watch, name="tracetui-grpc-turns", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    @contextmanager
    def turn(self, context: grpc.ServicerContext, hold: Hold, size: int) -> Iterator[None]:
        """A turn to receive a message, once there is room for one of this size.

        Raises:
            IngestBusyError: None came in time.
        """
        with self._lock:
            self._waiting += 1
        try:
            hold.reserve(size, ROOM_S)
        finally:
            with self._lock:
                self._waiting -= 1
        with self._lock:
            self._receiving[context] = time.monotonic()
        try:
            yield
        finally:
            self.received(context)

    def received(self, context: grpc.ServicerContext) -> None:
        """The call's message is there."""
        with self._lock:
            self._receiving.pop(context, None)

    def _watch(self) -> None:
        while not self._stopped.wait(CROWDED_RECEIVE_S / 4):
            now = time.monotonic()
            with self._lock:
                allowed = CROWDED_RECEIVE_S if self._waiting else RECEIVE_S
                slow = [context for context, since in self._receiving.items() if now - since > allowed]
            for context in slow:
                self.received(context)
                context.cancel()  # type: ignore[no-untyped-call]


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in its stubs, not when it runs
    """Finds the handler of a method; an unknown one is told the right names."""

    def __init__(self, service: ExportService, gate: Gate, turns: _Turns) -> None:
        self._service = service
        self._gate = gate
        self._turns = turns
        # on the wire a unary call is a stream of one message; taken as a stream, it is received when we ask for it,
        # which a call that is refused never sees
        self._handlers = {
            method: grpc.stream_unary_rpc_method_handler(self._handler(signal)) for method, signal in _METHODS.items()
        }
        self._unknown = grpc.stream_unary_rpc_method_handler(self._refuse)
        self._changed = threading.Condition()
        self._in_flight = 0
        self._is_draining = False

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> _Handler:
        """The handler for a call."""
        return self._handlers.get(handler_call_details.method, self._unknown)

    def drain(self, grace_s: float) -> None:
        """Turn new calls away and wait until those in flight are answered, at most this long."""
        with self._changed:
            self._is_draining = True
            self._changed.wait_for(lambda: not self._in_flight, timeout=grace_s)

    def _handler(self, signal: Signal) -> Callable[[Iterator[bytes], grpc.ServicerContext], bytes]:
        def handle(messages: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
            refusal = self._refusal(context)
            answer = self._service.count(refusal) if refusal else self._export(signal, messages, context)
            return _send(answer, context)

        return handle

    def _refusal(self, context: grpc.ServicerContext) -> Answer | None:
        """The answer to a call that may not be made, or None."""
        metadata = [(name, value) for name, value in context.invocation_metadata() if isinstance(value, str)]
        return self._gate.foreign(_authority(context)) or self._gate.stranger(metadata)

    def _export(self, signal: Signal, messages: Iterator[bytes], context: grpc.ServicerContext) -> Answer:
        with self._changed:
            if self._is_draining:
                return self._service.count(answers.shutting_down())
            self._in_flight += 1
        try:
            hold = self._service.budget.hold()
            try:
                with self._turns.turn(context, hold, self._service.max_body_size):
                    held = _message(messages)
                if not held:
                    return self._service.count(answers.malformed("The call ended before its message was there."))
                hold.keep(size := len(held[0]))
                if size >= LARGE:
                    return_small_blocks()
                    hold.reserve(size, ROOM_S, Stage.DECODING)
                return self._service.export(signal, held, hold=hold).result()
            finally:
                hold.release()
        except IngestBusyError as error:
            return self._service.count(answers.busy(str(error)))
        except Exception as error:  # noqa: BLE001  (the boundary of a call: every failure is an answer)
            return self._service.count(internal_error(error))
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def _refuse(self, _messages: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        return _send(
            self._service.count(answers.not_found(f"Unknown method. Known: {', '.join(sorted(_METHODS))}.")), context
        )


def _message(messages: Iterator[bytes]) -> list[bytes]:
    """The one message of a call, for the receiver to take out; nothing where the call ends without."""
    try:
        return list(islice(messages, 1))
    except grpc.RpcError:  # cancelled, by its sender or for being slow
        return []


def _authority(context: grpc.ServicerContext) -> str:
    """The name that the sender called, `:authority`; the library has no public way to it."""
    host = context._rpc_event.call_details.host  # type: ignore[attr-defined]
    return host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)


def _send(answer: Answer, context: grpc.ServicerContext) -> bytes:
    if answer.is_success:
        return answer.response_message()
    trailing = [("grpc-status-details-bin", answer.status_message())]
    if answer.retry_after_s:
        trailing.append((_RETRY_INFO, answer.retry_info()))
    context.set_trailing_metadata(tuple(trailing))
    context.abort(_CODES[answer.code], answer.message)
