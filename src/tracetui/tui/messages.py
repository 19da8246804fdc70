"""Facts that cross the screen: what the feed found. Each is immutable and made off the UI thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tracetui.model.conversation import Surroundings
from tracetui.model.trace import SpanRow, TraceSummary
from tracetui.model.tree import TraceTree
from tracetui.store.api import StoreSize, TraceSort
from tracetui.store.conditions import Condition

if TYPE_CHECKING:
    from tracetui.model.chat import NormalisedSpan


@dataclass(frozen=True, slots=True)
class ListView:
    """What the trace list shows: a filter and an order."""

    where: Condition | None = None
    sort: TraceSort = TraceSort()


@dataclass
class ListLoaded(Message):
    """A window of the trace list."""

    view: ListView
    """The filter and order it was read under."""
    first: int
    """Place in the whole list of the window's first row."""
    total: int
    """Rows in the whole list."""
    rows: tuple[TraceSummary, ...]
    """The window."""
    aim: str
    """What was asked for: `top`, `hold`, `around`, `before`, `after` or `end`."""


@dataclass
class SizeLoaded(Message):
    """How much the store holds."""

    size: StoreSize


@dataclass
class TreeLoaded(Message):
    """A trace's shape; `tree` is None when the trace is gone."""

    trace_id: str
    summary: TraceSummary | None
    tree: TraceTree | None
    rows: Mapping[int, SpanRow]
    """Columns of the spans that are likely on the screen, by row id, so that one paint shows everything."""


@dataclass
class RowsLoaded(Message):
    """Rows of spans near the viewport, by row id."""

    trace_id: str
    rows: Mapping[int, SpanRow]


@dataclass
class SpanLoaded(Message):
    """One span, read whole; `normalised` is None when it is gone."""

    trace_id: str
    span_id: str
    normalised: NormalisedSpan | None
    row: SpanRow | None
    data: bytes
    """The span as it is stored."""
    around: Surroundings = Surroundings()
    """What stands around it in its trace."""


@dataclass
class RawLoaded(Message):
    """A span's bytes as OTLP/JSON, indented, as received (not sanitised)."""

    data: bytes
    text: str


@dataclass
class FeedFailed(Message):
    """A read failed; the screen shows it and goes on."""

    what: str
    error: str


@dataclass
class StoreChanged(Message):
    """Commits have happened; posted at most ten times a second."""

    trace_ids: frozenset[str] | None
    """The traces that changed; None where another process wrote and they are not known."""
