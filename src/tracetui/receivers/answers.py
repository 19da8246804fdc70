"""What a sender is told, once for HTTP and gRPC: each outcome with its codes, and the bodies that carry it.

A 4xx or 5xx body is a google.rpc.Status in the request's encoding; success is the signal's ExportServiceResponse.
Senders try again only after 503 (UNAVAILABLE) here, so nothing permanent is ever answered with it.
Follows the OTLP specification 1.11 and google/rpc/{status,code,error_details}.proto.
"""

from __future__ import annotations

import json
from enum import IntEnum

from msgspec import Struct

from tracetui.otlp.protowire import bytes_field, uint_field
from tracetui.otlp.wire import Signal

MAX_MESSAGE_LENGTH = 4_000
"""Characters of a message that are sent."""

RETRY_S = 1
"""Seconds after which a sender should try again; common exporters give up an export after 10."""

FULL_RETRY_S = 5
"""The same where the disk is full, which passes less quickly."""

_REJECTED_KEYS = {
    Signal.TRACES: "rejectedSpans",
    Signal.LOGS: "rejectedLogRecords",
    Signal.METRICS: "rejectedDataPoints",
}
_TYPE_PREFIX = "type.googleapis.com/google.rpc."


class Code(IntEnum):
    """Codes of gRPC and google.rpc.Status that are used here."""

    OK = 0
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


class Answer(Struct, frozen=True):
    """One outcome of one request."""

    http_status: int
    code: Code
    message: str = ""
    """Why, and what to do; for a success what was odd or refused, usually empty. Never holds received values."""
    rejected: int = 0
    """Items refused one by one."""
    accepted: int = 0
    """Items committed."""
    retry_after_s: int = 0
    """Whole seconds until the sender should try again; 0 for never."""
    headers: tuple[tuple[str, str], ...] = ()
    """HTTP headers that belong to this outcome."""
    closes: bool = False
    """Whether the HTTP connection ends with it."""

    @property
    def is_success(self) -> bool:
        """Whether the sender is done."""
        return self.code is Code.OK

    def response_message(self) -> bytes:
        """The encoded ExportServiceResponse of a success; its shape is the same for every signal."""
        if not self.rejected and not self.message:
            return b""
        rejected = uint_field(1, self.rejected) if self.rejected else b""
        return bytes_field(1, rejected + bytes_field(2, self._short_message().encode()))

    def status_message(self) -> bytes:
        """The encoded google.rpc.Status of a failure."""
        return (
            uint_field(1, self.code)
            + bytes_field(2, self._short_message().encode())
            + b"".join(
                bytes_field(3, bytes_field(1, (_TYPE_PREFIX + name).encode()) + bytes_field(2, detail))
                for name, detail in self._details()
            )
        )

    def body(self, signal: Signal, *, is_json: bool) -> bytes:
        """The body of the HTTP response."""
        if not is_json:
            return self.response_message() if self.is_success else self.status_message()
        if not self.is_success:
            return json.dumps(self._json_status()).encode()
        if not self.rejected and not self.message:
            return b"{}"
        partial: dict[str, str] = {_REJECTED_KEYS[signal]: str(self.rejected)} if self.rejected else {}
        return json.dumps({"partialSuccess": partial | {"errorMessage": self._short_message()}}).encode()

    def retry_info(self) -> bytes:
        """A google.rpc.RetryInfo: when the sender should try again."""
        return bytes_field(1, uint_field(1, self.retry_after_s))

    def _short_message(self) -> str:
        if len(self.message) <= MAX_MESSAGE_LENGTH:
            return self.message
        return self.message[: MAX_MESSAGE_LENGTH - 1] + "…"

    def _details(self) -> list[tuple[str, bytes]]:
        if self.retry_after_s:
            return [("RetryInfo", self.retry_info())]
        if self.http_status == 400:
            violation = bytes_field(1, b"body") + bytes_field(2, self._short_message().encode())
            return [("BadRequest", bytes_field(1, violation))]
        return []

    def _json_status(self) -> dict[str, object]:
        status: dict[str, object] = {"code": int(self.code), "message": self._short_message()}
        if self.retry_after_s:
            status["details"] = [{"@type": _TYPE_PREFIX + "RetryInfo", "retryDelay": f"{self.retry_after_s}s"}]
        elif self.http_status == 400:
            violation = {"field": "body", "description": self._short_message()}
            status["details"] = [{"@type": _TYPE_PREFIX + "BadRequest", "fieldViolations": [violation]}]
        return status


def stored(accepted: int, rejected: int, reasons: tuple[str, ...], warnings: tuple[str, ...]) -> Answer:
    """All that could be kept is committed."""
    parts = []
    if rejected:
        parts.append(f"{rejected:,} refused: {' '.join(reasons)}")
    if warnings:
        parts.append(f"Accepted with warnings: {' '.join(warnings)}")
    return Answer(200, Code.OK, " ".join(parts), rejected=rejected, accepted=accepted)


def metrics_declined(data_points: int) -> Answer:
    """Metrics are answered with success and not kept."""
    if not data_points:
        return Answer(200, Code.OK)
    return Answer(
        200, Code.OK, "tracetui does not keep metrics. OTEL_METRICS_EXPORTER=none stops them.", rejected=data_points
    )


def malformed(message: str) -> Answer:
    """The request is unreadable."""
    return Answer(400, Code.INVALID_ARGUMENT, message)


def bad_host() -> Answer:
    """The request names no host, or two."""
    return Answer(400, Code.INVALID_ARGUMENT, "The Host header is missing or unreadable.", closes=True)


def forbidden(message: str) -> Answer:
    """The request comes from where it must not."""
    return Answer(403, Code.PERMISSION_DENIED, message)


def unauthenticated(message: str) -> Answer:
    """The sender does not show the token, or shows another."""
    return Answer(401, Code.UNAUTHENTICATED, message, headers=(("WWW-Authenticate", "Bearer"),))


def not_found(path_hint: str) -> Answer:
    """There is nothing at this path, or no such service."""
    return Answer(404, Code.UNIMPLEMENTED, path_hint)


def not_post() -> Answer:
    """The path is right, the method is not."""
    return Answer(405, Code.UNIMPLEMENTED, "Only POST is answered here.", headers=(("Allow", "POST"),))


def too_large(message: str) -> Answer:
    """The request is over a limit, and will be again."""
    return Answer(413, Code.RESOURCE_EXHAUSTED, message, closes=True)


def headers_too_large(message: str) -> Answer:
    """The header block is over a limit."""
    return Answer(431, Code.RESOURCE_EXHAUSTED, message, closes=True)


def unsupported_type() -> Answer:
    """The Content-Type is not OTLP's."""
    return Answer(415, Code.INVALID_ARGUMENT, "The Content-Type must be application/x-protobuf or application/json.")


def unsupported_encoding() -> Answer:
    """The Content-Encoding is not known."""
    return Answer(
        415,
        Code.INVALID_ARGUMENT,
        "The Content-Encoding must be gzip, deflate or absent.",
        headers=(("Accept-Encoding", "gzip, deflate"),),
    )


def busy(message: str, *, retry_after_s: int = RETRY_S) -> Answer:
    """Not now, but the same request may succeed later."""
    return Answer(
        503, Code.UNAVAILABLE, message, retry_after_s=retry_after_s, headers=(("Retry-After", str(retry_after_s)),)
    )


def shutting_down() -> Answer:
    """This process is about to end; another may take its place."""
    return Answer(
        503,
        Code.UNAVAILABLE,
        "tracetui is shutting down.",
        retry_after_s=RETRY_S,
        headers=(("Retry-After", str(RETRY_S)),),
        closes=True,
    )
