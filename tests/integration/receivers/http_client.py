"""A small HTTP client that sends exactly what a test says."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tracetui.config import Address

PROTOBUF = "application/x-protobuf"
JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        assert self.headers["content-type"] == JSON
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        """The google.rpc.Status of a failure, in protobuf."""
        assert self.headers["content-type"] == PROTOBUF
        return Status.FromString(self.body)

    @property
    def partial_success(self) -> Any:
        """What a success says of refusals and warnings, in protobuf."""
        assert self.status == 200
        assert self.headers["content-type"] == PROTOBUF
        return ExportTraceServiceResponse.FromString(self.body).partial_success


def send(
    address: Address,
    body: bytes = b"",
    *,
    path: str = "/v1/traces",
    method: str = "POST",
    content_type: str | None = PROTOBUF,
    **headers: str,
) -> Reply:
    """One request on a connection of its own; underscores in header names become dashes."""
    connection = http.client.HTTPConnection(address.host, address.port, timeout=60)
    try:
        return send_on(connection, body, path=path, method=method, content_type=content_type, **headers)
    finally:
        connection.close()


def send_on(
    connection: http.client.HTTPConnection,
    body: bytes = b"",
    *,
    path: str = "/v1/traces",
    method: str = "POST",
    content_type: str | None = PROTOBUF,
    **headers: str,
) -> Reply:
    """One request on a connection that stays open."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if content_type is not None:
        sent["Content-Type"] = content_type
    connection.request(method, path, body, sent)
    response = connection.getresponse()
    return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


def send_raw(address: Address, data: bytes) -> bytes:
    """Bytes as they are, then everything that comes back until the server closes."""
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(data)
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received
