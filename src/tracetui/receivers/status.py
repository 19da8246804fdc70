"""What the rest of the program sees of a receiver: its address, its state, its counts."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from tracetui.config import Address


class ReceiverState(StrEnum):
    """Life of a listener."""

    STARTING = "starting"
    LISTENING = "listening"
    FAILED = "failed"
    STOPPED = "stopped"


class ReceiverStatus(Struct, frozen=True):
    """One listener at one moment."""

    protocol: str
    """`grpc` or `http`."""
    address: Address
    """Where it listens; the real port once it does."""
    state: ReceiverState
    error: str = ""
    """Why it failed, one sentence with what to do; empty otherwise."""


class ReceiverCounts(Struct, frozen=True):
    """What all listeners together have taken and turned away since the start."""

    requests: int = 0
    """Export requests answered, of any outcome."""
    spans: int = 0
    """Spans acknowledged."""
    logs: int = 0
    """Log records acknowledged."""
    rejected: int = 0
    """Spans and log records refused one by one (partial success)."""
    malformed: int = 0
    """Requests that could not be read (HTTP 4xx, gRPC INVALID_ARGUMENT)."""
    refused: int = 0
    """Requests turned away for now (HTTP 503, gRPC UNAVAILABLE)."""
    metrics: int = 0
    """Metric data points that were declined: metrics are not kept."""
    last_error: str = ""
    """Reason of the newest rejected, malformed or refused request; never holds received values."""
