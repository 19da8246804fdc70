"""Conditions to SQL: text with placeholders, and the values to bind; values never enter the text.

What is written holds exactly. A comparison with what is not there is 0, never NULL, so that NOT is its opposite.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from tracetui.errors import StoreError
from tracetui.store.conditions import (
    And,
    Attribute,
    Between,
    Compare,
    Condition,
    Equals,
    Has,
    HasAncestor,
    HasParent,
    InTrace,
    Like,
    Matches,
    Not,
    Operand,
    Or,
    SpanField,
    TraceField,
    TraceHas,
    Words,
)
from tracetui.store.sqlite.search.bounds import RecordIds
from tracetui.store.sqlite.search.sql import NEVER, Sql, both, either, opposite
from tracetui.store.sqlite.search.values import CONTENT_FIELDS, Leaf, bindable

_MAX_PATTERN = 20_000
"""Characters of the longest text that is compared by LIKE, which takes 50,000 bytes."""

_MAX_INTEGER = 2**63 - 1


_KINDS = " ".join(
    f"WHEN {number} THEN '{name}'"
    for number, name in enumerate(("unspecified", "internal", "server", "client", "producer", "consumer"))
)
_STATUS = (
    "CASE WHEN {0}.is_error OR {0}.status_code = 2 THEN 'error' WHEN {0}.status_code = 1 THEN 'ok' ELSE 'unset' END"
)
_PARENT = (
    "SELECT ifnull((SELECT id FROM spans WHERE trace = {0}.trace AND span_id = {0}.parent_span_id),"
    " (SELECT max(id) FROM pending_spans WHERE trace = {0}.trace AND announces = {0}.parent_span_id))"
    " WHERE {0}.parent_span_id <> ''"
)
"""Row id of the span above, or of the pending one that announces it."""

_ABOVE = (
    "WITH RECURSIVE above(id) AS (SELECT {0}.id UNION SELECT (" + _PARENT.format("c") + ")"
    " FROM above JOIN spans c ON c.id = above.id)"
)
"""Row ids of a span and of those above it, each once, so that a cycle ends; the last may be NULL."""

_DIRECTLY_ABOVE = "SELECT id FROM spans WHERE trace = {0}.trace AND span_id = {0}.parent_span_id"
_ALL_ABOVE = (
    _DIRECTLY_ABOVE + " UNION ALL SELECT id FROM (WITH RECURSIVE above(id, trace, parent) AS ("
    "SELECT id, trace, parent_span_id FROM spans WHERE trace = {0}.trace AND span_id = {0}.parent_span_id"
    " AND parent_span_id <> '' UNION SELECT c.id, c.trace, c.parent_span_id FROM above"
    " CROSS JOIN spans c ON c.trace = above.trace AND c.span_id = above.parent WHERE above.parent <> '')"
    " SELECT id FROM above)"
)
"""The same where no span is pending, the nearest first: most climbs end with the first or second."""

_SPAN_COLUMNS: dict[Operand, str] = {
    SpanField.TRACE: "(SELECT trace_id FROM traces WHERE id = {0}.trace)",
    SpanField.SPAN: "{0}.span_id",
    SpanField.NAME: "nullif({0}.name, '')",
    SpanField.KIND: "nullif({0}.kind, '')",
    SpanField.OTEL_KIND: f"CASE {{0}}.otel_kind {_KINDS} ELSE CAST({{0}}.otel_kind AS TEXT) END",
    SpanField.STATUS: _STATUS,
    SpanField.MODEL: "nullif({0}.model, '')",
    SpanField.PROVIDER: "nullif({0}.provider, '')",
    SpanField.TOOL: "nullif({0}.tool_name, '')",
    SpanField.AGENT: "nullif({0}.agent_name, '')",
    SpanField.SESSION: "nullif({0}.session_id, '')",
    SpanField.USER: "nullif({0}.user_id, '')",
    SpanField.DURATION: "{0}.duration_nano",
    SpanField.START: "nullif({0}.start_time_unix_nano, 0)",
    SpanField.TOKENS: "ifnull({0}.input_tokens + {0}.output_tokens, ifnull({0}.input_tokens, {0}.output_tokens))",
    SpanField.TOKENS_INPUT: "{0}.input_tokens",
    SpanField.TOKENS_OUTPUT: "{0}.output_tokens",
    SpanField.TOKENS_CACHE_READ: "{0}.cache_read_tokens",
    SpanField.TOKENS_CACHE_WRITE: "{0}.cache_write_tokens",
    SpanField.TOKENS_REASONING: "{0}.reasoning_tokens",
    SpanField.COST: "{0}.cost_total",
    SpanField.ROOT: "iif({0}.parent_span_id = '', 'true', 'false')",
    SpanField.DEPTH: "(" + _ABOVE + " SELECT count(above.id) - 1 FROM above)",
}

_TRACE_COLUMNS: dict[Operand, str] = {
    TraceField.DURATION: "{0}.duration_nano",
    TraceField.START: "nullif({0}.start_time_unix_nano, 0)",
    TraceField.TOKENS: "ifnull({0}.input_tokens + {0}.output_tokens, ifnull({0}.input_tokens, {0}.output_tokens))",
    TraceField.TOKENS_INPUT: "{0}.input_tokens",
    TraceField.TOKENS_OUTPUT: "{0}.output_tokens",
    TraceField.COST: "{0}.cost_total",
    TraceField.SPANS: "{0}.span_count",
    TraceField.ERRORS: "{0}.error_count",
    TraceField.LLM: "{0}.llm_count",
    TraceField.TOOLS: "{0}.tool_count",
    TraceField.NAME: "nullif({0}.name, '')",
    TraceField.SERVICE: "nullif({0}.service, '')",
    TraceField.PROJECT: "nullif({0}.project, '')",
    TraceField.SESSION: "nullif({0}.session_id, '')",
    TraceField.USER: "nullif({0}.user_id, '')",
    TraceField.STATUS: "CASE WHEN NOT {0}.complete THEN 'running' WHEN {0}.root_is_error THEN 'error' ELSE 'ok' END",
}

NUMBERS = frozenset(
    {
        SpanField.DURATION,
        SpanField.START,
        SpanField.TOKENS,
        SpanField.TOKENS_INPUT,
        SpanField.TOKENS_OUTPUT,
        SpanField.TOKENS_CACHE_READ,
        SpanField.TOKENS_CACHE_WRITE,
        SpanField.TOKENS_REASONING,
        SpanField.COST,
        SpanField.DEPTH,
        TraceField.DURATION,
        TraceField.START,
        TraceField.TOKENS,
        TraceField.TOKENS_INPUT,
        TraceField.TOKENS_OUTPUT,
        TraceField.COST,
        TraceField.SPANS,
        TraceField.ERRORS,
        TraceField.LLM,
        TraceField.TOOLS,
    }
)
"""Operands whose column is a number."""


class Statements:
    """Writes conditions over rows of `spans` or `traces`.

    Args:
        records: See `RecordIds`.
        number: The number by which `span_holds` and `value_holds` know a condition.
        trace_number: The number by which `trace_holds` knows a condition over `spans o`.
        has_pending: Whether any span is pending: it may stand for the one above another.
    """

    def __init__(
        self,
        records: RecordIds,
        number: Callable[[Leaf], int],
        trace_number: Callable[[Sql], int],
        has_pending: Callable[[], bool],
    ) -> None:
        self._records = records
        self._number = number
        self._trace_number = trace_number
        self._has_pending = has_pending

    def of_span(self, condition: Condition, alias: str = "s") -> Sql:
        """A condition as an expression over a row of `spans`."""
        match condition:
            case And(conditions):
                return both([self.of_span(each, alias) for each in conditions])
            case Or(conditions):
                return either([self.of_span(each, alias) for each in conditions])
            case Not(negated):
                return opposite(self.of_span(negated, alias))
            case InTrace(trace_id):
                return Sql(f"{alias}.trace IN (SELECT id FROM traces WHERE trace_id = ?)", (trace_id,))
            case HasParent(above):
                found = f"SELECT ({_PARENT.format(alias)}) AS id" if self._has_pending() else _DIRECTLY_ABOVE
                return self._above(found.format(alias), above, alias)
            case HasAncestor(above):
                found = _ABOVE + " SELECT id FROM above" if self._has_pending() else _ALL_ABOVE
                return self._above(found.format(alias), above, alias)
            case TraceHas(other):
                # the answer is kept for the trace: it is the same for each of its spans
                return Sql(f"trace_holds(?, {alias}.trace)", (self._trace_number(self.of_span(other, "o")),))
            case _:
                return self._leaf(condition, alias)

    def of_trace(self, condition: Condition, alias: str = "t") -> Sql:
        """A condition that is one on the whole trace, as an expression over a row of `traces`."""
        match condition:
            case And(conditions):
                return both([self.of_trace(each, alias) for each in conditions])
            case Or(conditions):
                return either([self.of_trace(each, alias) for each in conditions])
            case Not(negated):
                return opposite(self.of_trace(negated, alias))
            case InTrace(trace_id):
                return Sql(f"{alias}.trace_id = ?", (trace_id,))
            case Equals() | Like() | Matches() | Compare() | Between() | Has():
                return self._of_trace(condition, alias)
            case _:
                raise StoreError(f"{type(condition).__name__} is no condition on a whole trace.")

    def _above(self, found: str, condition: Condition, alias: str) -> Sql:
        inner = f"{alias}p"
        text, values = self.of_span(condition, inner)
        return Sql(
            f"({alias}.parent_span_id <> '' AND EXISTS (SELECT 1 FROM ({found}) u"
            f" CROSS JOIN spans {inner} ON {inner}.id = u.id WHERE {inner}.id <> {alias}.id AND {text}))",
            values,
        )

    def _leaf(self, leaf: Leaf, alias: str) -> Sql:
        if isinstance(leaf, Words):
            return self._by_contents(leaf, alias)
        if (found := self._records(leaf)) is not None:
            name, row_ids = found
            if not row_ids:
                return NEVER
            column = "scope_id" if name == "scope_id" else "resource_id"
            return Sql(f"{alias}.{column} IN (SELECT value FROM json_each(?))", (json.dumps(list(row_ids)),))
        operand = leaf.operand
        if isinstance(operand, TraceField):
            text, values = self._of_trace(leaf, "t")
            return Sql(f"EXISTS (SELECT 1 FROM traces t WHERE t.id = {alias}.trace AND {text})", values)
        if operand is SpanField.TRACE:
            text, values = self._of_trace(leaf, "t")
            return Sql(f"{alias}.trace IN (SELECT t.id FROM traces t WHERE {text})", values)
        if operand is SpanField.ERROR and isinstance(leaf, Has):
            return Sql(f"{alias}.is_error")
        if isinstance(operand, Attribute) or operand in CONTENT_FIELDS:
            return self._by_contents(leaf, alias)
        return self._compared(leaf, operand, _SPAN_COLUMNS[operand].format(alias))

    def _by_contents(self, leaf: Leaf, alias: str) -> Sql:
        return Sql(f"span_holds(?, {alias}.id)", (self._number(leaf),))

    def _of_trace(self, leaf: Equals | Like | Matches | Compare | Between | Has, alias: str) -> Sql:
        operand = leaf.operand
        if operand is SpanField.TRACE:
            if isinstance(leaf, Equals):
                return Sql(f"{alias}.trace_id = ?", (bindable(leaf.text.casefold()),))
            if isinstance(leaf, Like) and len(leaf.pieces) == 2 and not leaf.pieces[1]:
                first = bindable(leaf.pieces[0].casefold())
                return Sql(f"{alias}.trace_id >= ? AND {alias}.trace_id < ?", (first, first + "g"))
            return self._compared(leaf, operand, f"{alias}.trace_id")
        if operand is TraceField.MODEL:
            text, values = self._compared(leaf, operand, "m.value")
            return Sql(f"EXISTS (SELECT 1 FROM json_each({alias}.models) m WHERE {text})", values)
        return self._compared(leaf, operand, _TRACE_COLUMNS[operand].format(alias))

    def _compared(self, leaf: Equals | Like | Matches | Compare | Between | Has, operand: Operand, value: str) -> Sql:
        """A condition on a value that is one expression, NULL where it is not there."""
        is_text = operand not in NUMBERS
        match leaf:
            case Has():
                return Sql(f"{value} IS NOT NULL")
            case Compare(_, comparison, asked) if not is_text:
                return Sql(f"ifnull({value} {comparison.value} ?, 0)", (_bound(asked),))
            case Equals(_, text) if is_text:
                folded = text.casefold()
                return self._in_ascii(leaf, value, "= ? COLLATE NOCASE", folded)
            case Like(_, pieces) if is_text and sum(map(len, pieces)) < _MAX_PATTERN:
                pattern = "%".join(map(_escaped, pieces)).casefold()
                return self._in_ascii(leaf, value, "LIKE ? ESCAPE '\\'", pattern)
            case _:
                return Sql(f"value_holds(?, {value})", (self._number(leaf),))

    def _in_ascii(self, leaf: Leaf, value: str, test: str, bound: str) -> Sql:
        """A comparison without regard to case: SQLite knows that of ASCII only, the rest is left to us."""
        if not _is_whole(bound):
            return Sql(f"value_holds(?, {value})", (self._number(leaf),))
        if value.startswith(("iif", "CASE", "(SELECT trace_id")):  # of our own making
            return Sql(f"ifnull({value} {test}, 0)", (bound,))
        return Sql(
            f"CASE WHEN {value} IS NULL THEN 0 WHEN length({value}) = length(CAST({value} AS BLOB)) THEN {value} {test}"
            f" ELSE value_holds(?, {value}) END",
            (bound, self._number(leaf)),
        )


def _escaped(piece: str) -> str:
    return piece.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _is_whole(text: str) -> bool:
    """Whether SQLite takes a text as it is: LIKE ends at a NUL, halves of characters cannot be bound."""
    return "\0" not in text and text == bindable(text)


def _bound(number: float) -> int | float:
    if isinstance(number, int) and not -_MAX_INTEGER <= number <= _MAX_INTEGER:
        return float("inf") if number > 0 else float("-inf")
    return number
