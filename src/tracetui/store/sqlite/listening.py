"""Log records that say something of their span, whichever comes first: which spans to derive anew, and from what."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable

from tracetui.store.api import DeriveSpan
from tracetui.store.records import IncomingSpan
from tracetui.store.rollup import TraceState
from tracetui.store.sqlite import statements
from tracetui.store.sqlite.rows import Arrival, LogArrival, StoredSpans


class Listener:
    """Derives spans from their bytes and their log records once both are stored.

    While no such record is stored, this asks nothing of the database.

    Args:
        connection: The writer's.
        stored: Stored spans.
        derive: How to derive a span; without it, log records change no columns.
    """

    def __init__(self, connection: sqlite3.Connection, stored: StoredSpans, derive: DeriveSpan | None) -> None:
        self._stored = stored
        self._derive = derive
        self._connection = connection
        self._hears = False
        self.look()

    def look(self) -> None:
        """Look whether any stored log record says something of its span."""
        found = self._derive and self._connection.execute(statements.HAS_LOGS_THAT_TELL).fetchone()[0]
        self._hears = bool(found)

    def told(self, fresh: Iterable[IncomingSpan], logs: Iterable[LogArrival]) -> dict[str, list[str]]:
        """The spans to derive anew after these have been stored: span ids by trace id.

        Args:
            fresh: Spans that were stored, or replaced earlier versions.
            logs: Log records that were stored.
        """
        told: defaultdict[str, dict[str, None]] = defaultdict(dict)
        if self._derive is None:
            return {}
        for arrival in logs:
            if arrival.log.tells:
                told[arrival.log.trace_id][arrival.log.span_id] = None
        if self._hears:
            asked: defaultdict[str, list[str]] = defaultdict(list)
            for span in fresh:
                asked[span.trace_id].append(span.span_id)
            for trace_id, span_id in self._stored.told(asked) if asked else ():
                told[trace_id][span_id] = None
        self._hears |= bool(told)
        return {trace_id: list(span_ids) for trace_id, span_ids in told.items()}

    def derived(self, told: dict[str, list[str]], known: dict[str, TraceState]) -> dict[str, dict[str, Arrival]]:
        """Those of the spans that are stored, with columns that their log records have a say in.

        Args:
            told: Span ids by trace id.
            known: The stored traces among them.
        """
        if self._derive is None:
            return {}
        found = self._stored.find({known[trace_id].row_id: span_ids for trace_id, span_ids in told.items()})
        owners = self._stored.owners([span.state.row_id for span in found])
        slices = self._stored.slices({span.state.row_id: span.length for span in found})
        logs = self._stored.logs_that_tell(told)
        trace_ids = {trace.row_id: trace_id for trace_id, trace in known.items()}
        arrivals: defaultdict[str, dict[str, Arrival]] = defaultdict(dict)
        for span in found:
            trace_id, span_id = trace_ids[span.trace], span.state.span_id
            resource, scope_name = owners[span.state.row_id]
            columns = self._derive(slices[span.state.row_id], scope_name, logs[trace_id, span_id])
            arrivals[trace_id][span_id] = Arrival(columns, resource, span.resource_id, span.scope_id)
        return arrivals
