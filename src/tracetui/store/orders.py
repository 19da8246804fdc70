"""The orders that lists of traces, spans and sessions have."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class TraceOrder(StrEnum):
    """What a trace list is sorted by; ties are broken by arrival."""

    START = "start"
    DURATION = "duration"
    SPANS = "spans"
    ERRORS = "errors"
    LLM = "llm"
    TOOLS = "tools"
    TOKENS = "tokens"
    COST = "cost"
    NAME = "name"
    SERVICE = "service"
    SOURCE = "source"


class TraceSort(Struct, frozen=True):
    """Order of a trace list; newest first unless told otherwise."""

    order: TraceOrder = TraceOrder.START
    descending: bool = True


class SpanOrder(StrEnum):
    """What a list of spans is sorted by; ties are broken by arrival."""

    ARRIVAL = "arrival"
    START = "start"
    DURATION = "duration"
    TOKENS = "tokens"
    """Input and output together."""
    COST = "cost"
    NAME = "name"
    KIND = "kind"
    SERVICE = "service"
    SOURCE = "source"
    MODEL = "model"


class SpanSort(Struct, frozen=True):
    """Order of a list of spans; that of arrival unless told otherwise."""

    order: SpanOrder = SpanOrder.ARRIVAL
    descending: bool = False


class SessionOrder(StrEnum):
    """What a session list is sorted by; ties are broken by arrival."""

    LAST = "last"
    """Start of the last turn."""
    START = "start"
    DURATION = "duration"
    TURNS = "turns"
    SPANS = "spans"
    ERRORS = "errors"
    LLM = "llm"
    TOOLS = "tools"
    TOKENS = "tokens"
    COST = "cost"
    SESSION = "session"
    SERVICE = "service"
    SOURCE = "source"


class SessionSort(Struct, frozen=True):
    """Order of a session list; the one that was active last comes first unless told otherwise."""

    order: SessionOrder = SessionOrder.LAST
    descending: bool = True
