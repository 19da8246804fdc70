"""The HTTP server's connections: how many, and how long one may take to say what it wants.

Tornado has one deadline for the headers of a request and for an idle connection. Here a request whose first byte has
come gets a shorter one, and when there are too many connections, one that asks for nothing makes room for the next.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from tornado import httputil
from tornado.http1connection import HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream, StreamClosedError

MAX_CONNECTIONS = 1_000
"""Open HTTP connections of a process."""

HEADER_TIMEOUT_S = 10.0
"""Seconds from the first byte of a request to the end of its headers."""

_LOOK_EVERY_S = 1.0
_LINGER_S = 2.0
_MOST_TURNED_AWAY = 100
"""Connections that are told why there is no room for them; more are just closed."""

_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Type: application/json\r\n"
    b"Content-Length: 61\r\n\r\n"
    b'{"code": 14, "message": "Too many connections are open now."}'
)


class LimitedServer(HTTPServer):
    """Tornado's server with a limit of connections and a deadline for headers.

    `initialize` is how tornado's configurable classes are made; `max_connections` is ours.
    """

    def initialize(self, *args: Any, max_connections: int = MAX_CONNECTIONS, **kwargs: Any) -> None:
        """Set up the server."""
        super().initialize(*args, **kwargs)
        self._max_connections = max_connections
        self._streams: set[IOStream] = set()
        """All connections that are served."""
        self._turned_away: set[asyncio.Task[None]] = set()
        self._waiting: dict[IOStream, float] = {}
        """Connections that have asked for nothing yet, or for nothing more, the longest first; since when bytes of a
        request are there, or 0."""
        self._looking: asyncio.Task[None] | None = None

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Take a connection, if need be in the place of one that asks for nothing."""
        if len(self._streams) >= self._max_connections:
            if not self._waiting:
                task = asyncio.get_running_loop().create_task(self._turn_away(stream))
                self._turned_away.add(task)
                task.add_done_callback(self._turned_away.discard)
                return
            longest = next(iter(self._waiting))
            self._forget(longest)
            longest.close()
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._look())
        self._streams.add(stream)
        self._waiting[stream] = 0.0
        super().handle_stream(stream, address)

    async def _turn_away(self, stream: IOStream) -> None:
        """Say that there is no room, and let the sender read it: closed at once, what it still sends would reset it."""
        try:
            if len(self._turned_away) <= _MOST_TURNED_AWAY:
                async with asyncio.timeout(_LINGER_S):
                    await stream.write(_TOO_MANY)
                    stream.socket.shutdown(socket.SHUT_WR)
                    while True:
                        await stream.read_bytes(65536, partial=True)
        except (TimeoutError, StreamClosedError, OSError):
            pass  # it has been told, or does not want to know
        finally:
            stream.close()

    def start_request(self, server_conn: object, request_conn: httputil.HTTPConnection) -> httputil.HTTPMessageDelegate:
        """A connection waits for its next request."""
        if isinstance(server_conn, HTTP1ServerConnection) and server_conn.stream in self._streams:
            self._waiting.pop(server_conn.stream, None)
            self._waiting[server_conn.stream] = 0.0
        return super().start_request(server_conn, request_conn)

    def asked(self, stream: IOStream) -> None:
        """The headers of a request are complete."""
        self._waiting.pop(stream, None)

    def on_close(self, server_conn: object) -> None:
        """A connection has ended."""
        if isinstance(server_conn, HTTP1ServerConnection):
            self._forget(server_conn.stream)
        super().on_close(server_conn)

    def _forget(self, stream: IOStream) -> None:
        self._streams.discard(stream)
        self._waiting.pop(stream, None)

    def stop_looking(self) -> None:
        """End the watch over slow headers, and with those that were turned away."""
        for task in (*self._turned_away, *([self._looking] if self._looking else [])):
            task.cancel()

    async def _look(self) -> None:
        """Close connections whose headers take too long."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            now = loop.time()
            for stream, since in list(self._waiting.items()):
                # no public way tells whether part of a request is there
                if not since and stream._read_buffer_size:
                    self._waiting[stream] = now
                elif since and now - since >= HEADER_TIMEOUT_S - _LOOK_EVERY_S:
                    stream.close()
