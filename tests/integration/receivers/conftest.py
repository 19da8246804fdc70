"""Receivers on loopback, before a store that tests hold in their hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.receivers.ingest import HeldIngest
from tracetui.config import Address
from tracetui.receivers import ReceiverSet

ANY_PORT = Address("127.0.0.1", 0)


@pytest.fixture
def ingest() -> HeldIngest:
    return HeldIngest()


@pytest.fixture
def receivers(ingest: HeldIngest) -> Iterator[ReceiverSet]:
    """OTLP/gRPC and OTLP/HTTP on two ports, as a user has them by default."""
    running = ReceiverSet(ANY_PORT, (ANY_PORT, ANY_PORT), ingest)
    running.start()
    yield running
    ingest.release()
    running.stop()


@pytest.fixture
def grpc_address(receivers: ReceiverSet) -> Address:
    return next(status.address for status in receivers.statuses() if status.protocol == "grpc")


@pytest.fixture
def http_addresses(receivers: ReceiverSet) -> tuple[Address, ...]:
    return tuple(status.address for status in receivers.statuses() if status.protocol == "http")


@pytest.fixture
def http_address(http_addresses: tuple[Address, ...]) -> Address:
    return http_addresses[0]
