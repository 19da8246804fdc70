"""OTLP/HTTP, protobuf and JSON, on any number of addresses. The server is tornado's; docs/adr/001 says why.

One thread runs an event loop for all connections; bodies are decoded in a small pool beside it, and commits are awaited
without holding either. The checks of a single request are in `http_request`.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from tornado import httputil
from tornado.http1connection import HTTP1Connection

from tracetui.config import Address
from tracetui.receivers.access import Gate, server_tls
from tracetui.receivers.connections import MAX_CONNECTIONS, LimitedServer
from tracetui.receivers.export import ExportService
from tracetui.receivers.http_request import READ_HEADER_SIZE, ExportRequest
from tracetui.receivers.sockets import listening_sockets

IDLE_TIMEOUT_S = 60.0
"""Seconds until a connection that sends no complete header block is closed."""

DECODERS = 2
"""Bodies decoded at once."""

OPTION = "--http HOST:PORT"
"""How a person chooses another address."""

_UNLIMITED = 1 << 62

Result = TypeVar("Result")


class HttpReceiver:
    """OTLP/HTTP on any number of addresses, in one thread.

    Args:
        service: What answers.
        gate: Who may send.
        max_connections: Connections that may be open at once.

    Raises:
        ReceiverError: TLS is wanted and its files cannot be used; says which.
    """

    def __init__(self, service: ExportService, gate: Gate, *, max_connections: int = MAX_CONNECTIONS) -> None:
        self._service = service
        self._gate = gate
        self._max_connections = max_connections
        self._tls = server_tls(gate.access)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; it listens nowhere yet."""
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run_thread, args=(started,), name="tracetui-http", daemon=True)
        self._thread.start()
        started.result()

    def listen(self, address: Address) -> Address:
        """Open one more address.

        Args:
            address: Where; port 0 lets the system choose.

        Returns:
            The address with its real port.

        Raises:
            ReceiverError: It cannot be opened; says why and what to do.
        """
        sockets = listening_sockets(address, option=OPTION)
        port: int = sockets[0].getsockname()[1]
        self._call(self._add(sockets))
        return Address(address.host, port)

    def stop(self, grace_s: float) -> None:
        """Take no more requests, give those in flight this many seconds, and end the thread."""
        if self._thread is None:
            return
        self._call(self._drain(grace_s))
        self._thread.join()
        self._thread = None

    def _run_thread(self, started: Future[None]) -> None:
        asyncio.run(self._run(started))

    async def _run(self, started: Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        with ThreadPoolExecutor(DECODERS, thread_name_prefix="tracetui-decode") as decoders:
            self._application = _Application(self._service, self._gate, decoders)
            self._server = LimitedServer(
                self._application,
                max_connections=self._max_connections,
                ssl_options=self._tls,
                idle_connection_timeout=IDLE_TIMEOUT_S,
                max_header_size=READ_HEADER_SIZE,
                max_body_size=_UNLIMITED,
            )
            self._application.server = self._server
            started.set_result(None)
            await self._ended.wait()
            self._server.stop_looking()

    async def _add(self, sockets: list[socket.socket]) -> None:
        self._server.add_sockets(sockets)

    async def _drain(self, grace_s: float) -> None:
        self._server.stop()
        await self._application.drain(grace_s)
        await self._server.close_all_connections()
        self._ended.set()

    def _call(self, work: Coroutine[object, object, Result]) -> Result:
        """Run something in the receiver's own thread and wait for it."""
        if self._loop is None:
            raise RuntimeError("the HTTP receiver is not started")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class _Application(httputil.HTTPServerConnectionDelegate):
    """Makes the requests of every connection, and knows which are not answered yet."""

    def __init__(self, service: ExportService, gate: Gate, decoders: ThreadPoolExecutor) -> None:
        self._service = service
        self.gate = gate
        """Who may send."""
        self.server: LimitedServer | None = None
        """Hears which connections ask for something."""
        self._decoders = decoders
        self._open: set[ExportRequest] = set()
        self._is_draining = False
        self._changed = asyncio.Event()

    def start_request(self, server_conn: object, request_conn: httputil.HTTPConnection) -> ExportRequest:
        """A connection is ready for its next request."""
        if not isinstance(request_conn, HTTP1Connection):
            raise TypeError("only HTTP/1 connections are served")
        return ExportRequest(request_conn, self._service, self._decoders, self)

    @property
    def is_draining(self) -> bool:
        """Whether new requests are turned away."""
        return self._is_draining

    def opened(self, request: ExportRequest) -> None:
        """A request's headers have arrived."""
        self._open.add(request)
        if self.server is not None:
            self.server.asked(request.stream)

    def closed(self, request: ExportRequest) -> None:
        """A request is answered, or its connection is gone."""
        self._open.discard(request)
        self._changed.set()

    async def drain(self, grace_s: float) -> None:
        """Turn new requests away and wait until the open ones are answered, at most this long."""
        self._is_draining = True
        try:
            async with asyncio.timeout(grace_s):
                while self._open:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return
