"""Lists of the store as the feed reads them: traces, sessions and the turns of one, page by page by key."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from msgspec import Struct

from tracetui.model.session import SessionSummary
from tracetui.model.trace import TraceSummary
from tracetui.store.api import SpanReader
from tracetui.store.records import RowKey
from tracetui.tui.messages import ListView, RowView, SessionView, TurnView

RowT = TypeVar("RowT")


class Source(Protocol[RowT]):
    """A list under one view."""

    @property
    def view(self) -> RowView:
        """What it shows."""
        ...

    def count(self, *, ahead_of: RowKey | None = None) -> int:
        """Its rows, or those before a key."""
        ...

    def page(self, *, after: RowKey | None = None, before: RowKey | None = None, limit: int) -> list[RowT]:
        """A page by the rules of `SpanReader.traces`."""
        ...

    def fresh(self, row: RowT) -> RowT | None:
        """The row as it is now."""
        ...

    def key(self, row: RowT) -> RowKey:
        """The row's key."""
        ...


class _Traces(Struct, frozen=True):
    reader: SpanReader
    view: ListView

    def count(self, *, ahead_of: RowKey | None = None) -> int:
        return self.reader.count_traces(self.view.where, ahead_of=ahead_of, sort=self.view.sort)

    def page(self, *, after: RowKey | None = None, before: RowKey | None = None, limit: int) -> list[TraceSummary]:
        return self.reader.traces(self.view.where, sort=self.view.sort, after=after, before=before, limit=limit)

    def fresh(self, row: TraceSummary) -> TraceSummary | None:
        return self.reader.trace(row.trace_id)

    def key(self, row: TraceSummary) -> RowKey:
        return self.reader.trace_key(row, self.view.sort)


class _Sessions(Struct, frozen=True):
    reader: SpanReader
    view: SessionView

    def count(self, *, ahead_of: RowKey | None = None) -> int:
        return self.reader.count_sessions(ahead_of=ahead_of, sort=self.view.sort)

    def page(self, *, after: RowKey | None = None, before: RowKey | None = None, limit: int) -> list[SessionSummary]:
        return self.reader.sessions(sort=self.view.sort, after=after, before=before, limit=limit)

    def fresh(self, row: SessionSummary) -> SessionSummary | None:
        return self.reader.session(row.session_id)

    def key(self, row: SessionSummary) -> RowKey:
        return self.reader.session_key(row, self.view.sort)


class _Turns(Struct, frozen=True):
    reader: SpanReader
    view: TurnView

    def count(self, *, ahead_of: RowKey | None = None) -> int:
        return self.reader.count_session_traces(self.view.session_id, ahead_of=ahead_of)

    def page(self, *, after: RowKey | None = None, before: RowKey | None = None, limit: int) -> list[TraceSummary]:
        return self.reader.session_traces(self.view.session_id, after=after, before=before, limit=limit)

    def fresh(self, row: TraceSummary) -> TraceSummary | None:
        return self.reader.trace(row.trace_id)

    def key(self, row: TraceSummary) -> RowKey:
        return self.reader.trace_key(row, self.view.sort)


def source_of(reader: SpanReader, view: RowView) -> Source[Any]:
    """The list that a view shows."""
    match view:
        case ListView():
            return _Traces(reader, view)
        case SessionView():
            return _Sessions(reader, view)
        case TurnView():
            return _Turns(reader, view)
