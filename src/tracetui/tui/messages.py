"""Facts that cross the screen: what the feed found. Each is immutable and made off the UI thread.

Those that Textual carries have to be its messages, see `Fact`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from msgspec import Struct

from tracetui.model.matches import Matches
from tracetui.model.session import SessionSummary
from tracetui.model.trace import SpanRow, TraceSummary
from tracetui.model.tree import TraceTree
from tracetui.store.conditions import Condition
from tracetui.store.orders import SessionSort, TraceSort
from tracetui.store.records import Hit, SearchState, StoreSize
from tracetui.tui.fact import Fact

if TYPE_CHECKING:
    from tracetui.health.findings import Finding
    from tracetui.model.chat import NormalisedSpan
    from tracetui.model.conversation import Surroundings
    from tracetui.model.turn import Turn


class ListView(Struct, frozen=True):
    """What the trace list shows: a filter and an order."""

    where: Condition | None = None
    sort: TraceSort = TraceSort()


class SessionView(Struct, frozen=True):
    """What the session list shows: an order."""

    sort: SessionSort = SessionSort()


class TurnView(Struct, frozen=True):
    """What a conversation shows: the turns of a session, from the first to the last."""

    session_id: str
    sort: TraceSort = TraceSort(descending=False)


RowView: TypeAlias = ListView | SessionView | TurnView
"""What a list of rows of the store shows."""

RowT = TypeVar("RowT")


class ListLoaded(Fact, Generic[RowT]):
    """A window of a list."""

    view: RowView
    """The filter and order it was read under."""
    first: int
    """Place in the whole list of the window's first row."""
    total: int
    """Rows in the whole list; where they have not been counted, those that are known."""
    rows: tuple[RowT, ...]
    """The window."""
    aim: str
    """What was asked for: `top`, `hold`, `around`, `before`, `after` or `end`."""
    counted: bool = True
    """Whether `first` and `total` have been counted. Of a filter they are not: a `ListCounted` brings the number."""
    goes_on: bool = False
    """Whether the rest of the window is still being looked for, and follows."""


class ListCounted(Fact):
    """How many rows a list has."""

    view: RowView
    """The filter and order it was counted under."""
    total: int
    row: Any
    """A row whose place was asked for too; None for none."""
    ahead: int
    """Rows before it."""
    seconds: float
    """What counting took."""


class HitsLoaded(Fact):
    """Why traces match."""

    where: Condition
    hits: Mapping[int, Hit | None]
    """By row id; None where nothing but numbers, times or the structure decides."""


class MatchesLoaded(Fact):
    """Which spans of a trace match."""

    tree: TraceTree
    """The trace as it was when they were looked for."""
    where: Condition
    matches: Matches
    """Their positions in it."""


class CompletionsLoaded(Fact):
    """What stands in the store that a text being typed may go on with, the most frequent first."""

    asked: object
    """What was asked."""
    found: Sequence[tuple[str, int]]
    """Keys or values, with how many spans have them."""


class SearchStateLoaded(Fact):
    """How far the search index has come."""

    state: SearchState


class TermsCounted(Fact):
    """How many traces each term of a filter matches by itself."""

    where: Condition
    """The whole filter."""
    counts: Mapping[str, int]
    """By the text of the term; those that are still being counted are not in it."""


class TurnsLoaded(Fact):
    """A window of a session's turns; `session` is None when it is gone."""

    session_id: str
    session: SessionSummary | None
    first: int
    """Place of the window's first turn among all."""
    total: int
    """Turns of the session."""
    turns: tuple[Turn, ...]


class SizeLoaded(Fact):
    """How much the store holds."""

    size: StoreSize


class TreeLoaded(Fact):
    """A trace's shape; `tree` is None when the trace is gone."""

    trace_id: str
    summary: TraceSummary | None
    tree: TraceTree | None
    rows: Mapping[int, SpanRow]
    """Columns of the spans that are likely on the screen, by row id, so that one paint shows everything."""
    matches: Matches | None = None
    """Of the spans that were marked in an earlier shape of the trace, those that are in this one."""


class RowsLoaded(Fact):
    """Rows of spans near the viewport, by row id."""

    trace_id: str
    rows: Mapping[int, SpanRow]


class SpanLoaded(Fact):
    """One span, read whole; `normalised` is None when it is gone."""

    trace_id: str
    span_id: str
    normalised: NormalisedSpan | None
    row: SpanRow | None
    data: bytes
    """The span as it is stored."""
    around: Surroundings
    """What stands around it in its trace."""


class RawLoaded(Fact):
    """A span's bytes as OTLP/JSON, indented, as received (not sanitised)."""

    data: bytes
    text: str


class HealthLoaded(Fact):
    """Whether everything is in order, as `tracetui doctor` would say it."""

    sections: Sequence[tuple[str, Sequence[Finding]]]
    """Findings under their titles."""


class FeedFailed(Fact):
    """A read failed; the screen shows it and goes on."""

    what: str
    error: str


class StoreChanged(Fact):
    """Commits have happened; posted at most ten times a second."""

    trace_ids: frozenset[str] | None
    """The traces that changed; None where another process wrote and they are not known."""
