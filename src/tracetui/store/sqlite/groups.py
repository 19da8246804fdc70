"""Spans in an order, and spans in groups with their sums and percentiles.

A percentile is exact, which takes all durations of a group at once: 8 bytes for each span, in an array. Sorting one
million takes 0.2 s; asking SQLite for the same with window functions takes three times as long and a temporary file.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeAlias

from tracetui.errors import DecodeError, UsageError
from tracetui.model.lookup import canonical, values_at
from tracetui.model.names import SPAN_KINDS
from tracetui.store.conditions import Attribute, Condition, Operand, SpanField, TraceField
from tracetui.store.orders import SpanOrder, SpanSort
from tracetui.store.records import SpanGroup, SpanGroups
from tracetui.store.rollup import PICO
from tracetui.store.sqlite.search.sql import Sql
from tracetui.store.sqlite.source import source
from tracetui.store.sqlite.unknown import PLACE, placed, tokens

if TYPE_CHECKING:
    from tracetui.store.sqlite.search.plan import Planner

MOST_GROUPS = 100_000
"""Groups that are kept apart: some 100 MB."""

_ORDERS = {
    SpanOrder.ARRIVAL: "s.id",
    SpanOrder.START: "s.start_time_unix_nano",
    SpanOrder.DURATION: f"ifnull(s.duration_nano, {PLACE})",
    SpanOrder.TOKENS: tokens("s"),
    SpanOrder.COST: f"ifnull(s.cost_total, {PLACE})",
    SpanOrder.NAME: "s.name COLLATE NOCASE",
    SpanOrder.KIND: "s.kind",
    SpanOrder.SERVICE: "(SELECT service FROM resources WHERE id = s.resource_id) COLLATE NOCASE",
    SpanOrder.SOURCE: f"(SELECT {source('r')} FROM resources r WHERE r.id = s.resource_id) COLLATE NOCASE",
    SpanOrder.MODEL: "s.model COLLATE NOCASE",
}

_OTEL_KINDS = " ".join(f"WHEN {number} THEN '{name.lower()}'" for number, name in enumerate(SPAN_KINDS))
_COLUMNS: dict[Operand, str] = {
    SpanField.NAME: "s.name",
    SpanField.KIND: "s.kind",
    SpanField.OTEL_KIND: f"CASE s.otel_kind {_OTEL_KINDS} ELSE s.otel_kind END",
    SpanField.STATUS: "CASE WHEN s.is_error THEN 'error' WHEN s.status_code = 1 THEN 'ok' ELSE 'unset' END",
    SpanField.SERVICE: "r.service",
    SpanField.PROJECT: "r.project",
    SpanField.SOURCE: source("r"),
    SpanField.SCOPE: "c.name",
    SpanField.MODEL: "s.model",
    SpanField.PROVIDER: "s.provider",
    SpanField.TOOL: "s.tool_name",
    SpanField.AGENT: "s.agent_name",
    SpanField.SESSION: "t.session_id",
    SpanField.USER: "s.user_id",
    SpanField.TRACE: "t.trace_id",
    SpanField.ROOT: "iif(s.parent_span_id = '', 'true', 'false')",
    TraceField.NAME: "t.name",
    TraceField.SERVICE: "t.service",
    TraceField.PROJECT: "t.project",
    TraceField.SESSION: "t.session_id",
    TraceField.STATUS: "CASE WHEN NOT t.complete THEN 'running' WHEN t.root_is_error THEN 'error' ELSE 'ok' END",
}
"""What spans can be grouped by, beside attributes. The session is that of the trace: most spans do not say it."""

_SUMMED = (
    " s.duration_nano, s.is_error, iif(s.below & 1, NULL, s.input_tokens), iif(s.below & 1, NULL, s.output_tokens),"
    " iif(s.below & 2, NULL, s.cost_total), s.cost_estimated"
)
"""Usage and cost as far as they enter the totals of the trace."""

_Sum: TypeAlias = "int | None"


class _Group:
    """What is known of one group so far."""

    __slots__ = ("cost_pico", "durations", "errors", "estimated", "input_tokens", "output_tokens", "priced", "spans")

    def __init__(self) -> None:
        self.spans = self.errors = self.priced = self.estimated = self.cost_pico = 0
        self.input_tokens: _Sum = None
        self.output_tokens: _Sum = None
        self.durations = array("q")

    def as_told(self, values: tuple[str, ...]) -> SpanGroup:
        durations = sorted(self.durations)
        source = "" if not self.priced else "reported" if not self.estimated else "mixed"
        if self.priced and self.estimated == self.priced:
            source = "estimated"
        return SpanGroup(
            values,
            self.spans,
            self.errors,
            self.input_tokens,
            self.output_tokens,
            self.cost_pico / PICO if self.priced else None,
            source,
            *(percentile(durations, per_cent) for per_cent in (50, 95, 99)),
        )


class GroupReads:
    """The reads of a `SpanReader` that order and group spans; mixed into the reader, whose connection they use."""

    _connection: sqlite3.Connection

    def _searching(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def _snapshot(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    @property
    def _planner(self) -> Planner:
        raise NotImplementedError

    def sorted_spans(self, where: Condition | None, sort: SpanSort, *, limit: int | None = None) -> list[int]:
        """Row ids of the spans that match, in an order; see `SpanReader.sorted_spans`."""
        direction = "DESC" if sort.descending else "ASC"
        order = f"{placed(_ORDERS[sort.order], descending=sort.descending)} {direction}, s.id {direction}"
        with self._searching(), self._snapshot():
            source, values = self._matching(where)
            statement = f"SELECT s.id FROM {source} ORDER BY {order} LIMIT ?"
            found = self._connection.execute(statement, (*values, -1 if limit is None else limit))
            return [row_id for (row_id,) in found]

    def group_spans(self, where: Condition | None, by: Sequence[Operand]) -> SpanGroups:
        """The spans that match in groups of equal values; see `SpanReader.group_spans`."""
        groups: dict[tuple[str, ...], _Group] = {}
        without = 0
        with self._searching(), self._snapshot():
            for values, (duration, is_error, given, made, cost, is_estimated) in self._keyed(where, by):
                if not all(values):
                    without += 1
                    continue
                group = groups.get(values)
                if group is None:
                    if len(groups) == MOST_GROUPS:
                        raise UsageError(
                            f"There are more than {MOST_GROUPS:,} groups.", hint="Narrow the query, or group otherwise."
                        )
                    group = groups[values] = _Group()
                group.spans += 1
                group.errors += is_error
                if duration is not None:
                    group.durations.append(duration)
                if given is not None:
                    group.input_tokens = (group.input_tokens or 0) + given
                if made is not None:
                    group.output_tokens = (group.output_tokens or 0) + made
                if cost is not None:
                    group.priced += 1
                    group.estimated += is_estimated
                    group.cost_pico += round(cost * PICO)
        return SpanGroups([group.as_told(values) for values, group in groups.items()], without)

    def _matching(self, where: Condition | None) -> Sql:
        """The spans that match as the source `s` of a statement."""
        if where is None:
            return Sql("spans s")
        from tracetui.store.sqlite.search import count  # deferred: see `search.reads`
        from tracetui.store.sqlite.search.plan import are_few

        plan = self._planner.plan(where, to_count=True)
        text, values = count.ids_statement(plan, in_few=are_few(self._connection, plan))
        return Sql(f"({text}) m CROSS JOIN spans s ON s.id = m.id", values)

    def _keyed(self, where: Condition | None, by: Sequence[Operand]) -> Iterator[tuple[tuple[str, ...], Sequence[Any]]]:
        """Of every span that matches the values to group by, empty where it has none, and what is summed."""
        source, bound = self._matching(where)
        columns = [_column(operand) for operand in by]
        of_data = {place: operand for place, operand in enumerate(by) if isinstance(operand, Attribute)}
        data = " LEFT JOIN span_data d ON d.id = s.id" if any(not each.of_resource for each in of_data.values()) else ""
        statement = (
            f"SELECT {''.join(column + ', ' for column in columns)}{_SUMMED} FROM {source}"
            " JOIN traces t ON t.id = s.trace"
            f" JOIN resources r ON r.id = s.resource_id JOIN scopes c ON c.id = s.scope_id{data}"
            " WHERE NOT EXISTS (SELECT 1 FROM pending_spans p WHERE p.id = s.id)"
        )
        readers = {place: _attribute_reader(operand) for place, operand in of_data.items()}
        width = len(columns)
        for row in self._connection.execute(statement, bound):
            if readers:
                values = tuple(
                    readers[place](value) if place in readers else str(value) for place, value in enumerate(row[:width])
                )
            else:
                values = row[:width]
            yield values, row[width:]


def percentile(ordered: Sequence[int], per_cent: int) -> int | None:
    """The smallest of these values that so many per cent do not exceed; None of nothing."""
    return ordered[-(-len(ordered) * per_cent // 100) - 1] if ordered else None


def _column(operand: Operand) -> str:
    if isinstance(operand, Attribute):
        return "r.data" if operand.of_resource else "d.data"
    if operand not in _COLUMNS:
        names = ", ".join(each.value for each in _COLUMNS if not isinstance(each, Attribute))
        raise UsageError(
            f"Spans cannot be grouped by {operand.value}.", hint=f"By {names}, or the key of any attribute."
        )
    return _COLUMNS[operand]


def _attribute_reader(operand: Attribute) -> Callable[[object], str]:
    """What reads the attribute out of the bytes of a span or of its resource."""
    from tracetui.otlp import decode  # deferred: protobuf, and most groups are by a column

    def of_span(data: object) -> str:
        try:
            attributes = decode.scan_span(data).attributes if isinstance(data, bytes) else {}
        except DecodeError:
            return ""
        return next(map(canonical, values_at(attributes, operand.key)), "")

    seen: dict[object, str] = {}

    def of_resource(data: object) -> str:
        if data not in seen:
            try:
                attributes = decode.resource(data).attributes if isinstance(data, bytes) else {}
            except DecodeError:
                attributes = {}
            seen[data] = next(map(canonical, values_at(attributes, operand.key)), "")
        return seen[data]

    return of_resource if operand.of_resource else of_span
