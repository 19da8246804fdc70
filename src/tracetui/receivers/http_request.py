"""One OTLP/HTTP request, checked in the order of the contract.

What the headers decide is decided before a byte of the body is kept. A refused body is read and dropped, because a
sender that is still writing would otherwise see a broken connection instead of the answer.
"""

from __future__ import annotations

import asyncio
import http
import re
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from tornado import httputil
from tornado.http1connection import HTTP1Connection
from tornado.iostream import IOStream

from tracetui.errors import IngestBusyError
from tracetui.otlp.wire import Signal
from tracetui.receivers import answers
from tracetui.receivers.access import Gate
from tracetui.receivers.answers import Answer
from tracetui.receivers.export import ExportService, internal_error
from tracetui.receivers.inflate import ENCODINGS, message_too_large

MAX_HEADER_SIZE = 32 * 1024
"""Bytes of a request's headers."""

MAX_HEADER_COUNT = 100
"""Header lines of a request."""

READ_HEADER_SIZE = 8 * MAX_HEADER_SIZE
"""Up to here an oversized header block is read, to be answered; beyond, the connection is closed."""

BODY_TIMEOUT_S = 30.0
"""Seconds for a body, and one more for each MiB of it."""

WRITE_TIMEOUT_S = 30.0
"""Seconds for the sender to read its answer."""

LINGER_S = 2.0
"""Seconds for which the rest of a body that is too large is read and dropped after the answer."""

_PATH = re.compile(r"(?:.*/)?v1/(?P<signal>traces|logs|metrics)/?", re.DOTALL)
_JSON = "application/json"
_PROTOBUF = "application/x-protobuf"
_MEBIBYTE = 1024 * 1024


class Requests(Protocol):
    """What a request needs to know of the others."""

    @property
    def is_draining(self) -> bool:
        """Whether new requests are turned away."""
        ...

    @property
    def gate(self) -> Gate:
        """Who may send."""
        ...

    def opened(self, request: ExportRequest) -> None:
        """The request's headers have arrived."""
        ...

    def closed(self, request: ExportRequest) -> None:
        """The request is answered, or its connection is gone."""
        ...


class ExportRequest(httputil.HTTPMessageDelegate):
    """One request on one connection, from its headers to its answer.

    Args:
        connection: Where it came in and the answer goes out.
        service: What answers.
        decoders: Where bodies are decoded.
        requests: Hears when the request is opened and closed.
    """

    def __init__(
        self, connection: HTTP1Connection, service: ExportService, decoders: ThreadPoolExecutor, requests: Requests
    ) -> None:
        self._connection = connection
        self._service = service
        self._decoders = decoders
        self._requests = requests
        self._signal = Signal.TRACES
        self._encoding = ""
        self._is_json = True
        self._is_head = False
        self._chunks: list[bytes] = []
        self._size = 0
        self._hold = service.budget.hold()
        self._refusal: Answer | None = None
        self._is_sent = False
        self._written: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def stream(self) -> IOStream:
        """The connection's bytes."""
        return self._connection.stream

    def headers_received(
        self, start_line: httputil.RequestStartLine | httputil.ResponseStartLine, headers: httputil.HTTPHeaders
    ) -> None:
        """The headers are complete: decide what they decide."""
        if not isinstance(start_line, httputil.RequestStartLine):
            raise TypeError("a request was expected")
        self._requests.opened(self)
        self._is_head = start_line.method == "HEAD"
        media_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        self._is_json = media_type != _PROTOBUF
        self._encoding = headers.get("Content-Encoding", "").strip().lower()
        length = _declared_length(headers)
        try:
            refusal = self._check(start_line, headers, media_type, length)
        except Exception as error:  # noqa: BLE001  (the boundary of a request: every failure is an answer)
            refusal = internal_error(error)
        self._connection.set_body_timeout(BODY_TIMEOUT_S + (length or self._service.max_body_size) / _MEBIBYTE)
        if refusal is not None:
            self._refuse(refusal, is_awaited="Expect" in headers)
            if start_line.method == "POST":
                self._service.count(refusal)

    def data_received(self, chunk: bytes) -> None:
        """A piece of the body."""
        if self._refusal is not None:
            return
        self._size += len(chunk)
        if self._size > self._service.max_body_size:
            self._refuse(self._service.count(self._too_large()))
            return
        try:
            if self._size > self._hold.size:  # the length was not declared
                self._hold.grow(self._size - self._hold.size)
        except IngestBusyError as error:
            self._refuse(self._service.count(answers.busy(str(error))))
        else:
            self._chunks.append(chunk)

    def finish(self) -> None:
        """The request is complete."""
        if self._refusal is None:
            self._task = asyncio.get_running_loop().create_task(self._serve())
        elif self._is_sent:
            self._end(self._refusal)
        else:
            self._answer(self._refusal)

    def on_connection_close(self) -> None:
        """The sender went away before the request was complete."""
        self._let_go()
        self._requests.closed(self)

    def _check(
        self, start_line: httputil.RequestStartLine, headers: httputil.HTTPHeaders, media_type: str, length: int | None
    ) -> Answer | None:
        """The first check that fails decides."""
        if (excess := _excess_headers(headers)) is not None:
            return excess
        if (refusal := self._requests.gate.refusal(headers)) is not None:
            return refusal
        path = _PATH.fullmatch(start_line.path.partition("?")[0])
        if path is None:
            return answers.not_found("Nothing is here. Send OTLP to /v1/traces, /v1/logs or /v1/metrics.")
        self._signal = Signal(path["signal"])
        if start_line.method != "POST":
            return answers.not_post()
        if (refusal := self._requests.gate.stranger(headers.get_all())) is not None:
            return refusal
        if media_type not in (_JSON, _PROTOBUF):
            return answers.unsupported_type()
        if self._encoding not in ("", "identity", *ENCODINGS):
            return answers.unsupported_encoding()
        if length is not None and length > self._service.max_body_size:
            return self._too_large()
        if self._requests.is_draining:
            return answers.shutting_down()
        try:
            self._hold.grow(length or 0)
        except IngestBusyError as error:
            return answers.busy(str(error))
        return None

    def _let_go(self) -> None:
        """Forget the body."""
        self._chunks.clear()
        self._hold.release()

    def _too_large(self) -> Answer:
        return answers.too_large(str(message_too_large(self._service.max_body_size)))

    def _refuse(self, answer: Answer, *, is_awaited: bool = False) -> None:
        """Turn the request away; at once where the sender waits for that or the body is not worth reading."""
        self._refusal = answer
        self._let_go()
        if is_awaited:
            self._answer(answer)
        elif answer.closes:
            self._connection.set_body_timeout(LINGER_S)
            self._send(answer)

    async def _serve(self) -> None:
        """Decode, wait for the commit, answer."""
        try:
            pending = await asyncio.get_running_loop().run_in_executor(self._decoders, self._export)
            answer = await asyncio.wrap_future(pending)
        except Exception as error:  # noqa: BLE001  (the boundary of a request: every failure is an answer)
            self._let_go()  # it may never have been handed over
            answer = self._service.count(internal_error(error))
        self._answer(answer)

    def _export(self) -> Future[Answer]:
        """Hand over the body, with what the budget has for it."""
        return self._service.export(
            self._signal, self._chunks, encoding=self._encoding, is_json=self._is_json, hold=self._hold
        )

    def _answer(self, answer: Answer) -> None:
        self._send(answer)
        self._end(answer)

    def _send(self, answer: Answer) -> None:
        """Write the answer, if anybody still listens."""
        self._is_sent = True
        if self._connection.stream.closed():
            return
        body = answer.body(self._signal, is_json=self._is_json)
        headers = httputil.HTTPHeaders(
            {
                "Content-Type": _JSON if self._is_json else _PROTOBUF,
                "Content-Length": str(len(body)),
                **dict(answer.headers),
            }
        )
        if answer.closes:
            headers["Connection"] = "close"
        reason = http.HTTPStatus(answer.http_status).phrase
        start_line = httputil.ResponseStartLine("HTTP/1.1", answer.http_status, reason)
        self._written = self._connection.write_headers(start_line, headers, None if self._is_head else body)
        unread = asyncio.get_running_loop().call_later(WRITE_TIMEOUT_S, self._connection.stream.close)
        self._written.add_done_callback(lambda _: unread.cancel())

    def _end(self, answer: Answer) -> None:
        """Let the connection go on to its next request, or end it."""
        if not self._connection.stream.closed():
            self._connection.finish()
            if answer.closes and self._written is not None:
                self._written.add_done_callback(lambda _: self._connection.close())
        self._requests.closed(self)


def _declared_length(headers: httputil.HTTPHeaders) -> int | None:
    text = headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _excess_headers(headers: httputil.HTTPHeaders) -> Answer | None:
    lines = list(headers.get_all())
    if len(lines) > MAX_HEADER_COUNT:
        return answers.headers_too_large(f"More than {MAX_HEADER_COUNT} headers were sent.")
    if sum(len(name) + len(value) + 4 for name, value in lines) > MAX_HEADER_SIZE:
        return answers.headers_too_large(f"The headers are larger than {MAX_HEADER_SIZE // 1024} KiB.")
    return None
