"""Trace totals kept current span by span: the roll-up rule, free of any database.

The rule (deepest wins): a span's token usage enters the totals only when no span below it carries usage; the same for
cost, on its own; an LLM span is a call only when no LLM span stands below it. A TOOL span is a call unless it runs
inside another TOOL span, with nothing between them but spans of kind UNKNOWN (the HTTP spans between the two ends of an
MCP call, say): `execute_tool`, MCP client and MCP server are one call.

The cost stays linear because every mark is set at most once: `SpanState.below` collects, as bits, what stands somewhere
below a span, and a walk up the ancestors ends at the first that has the bits already; `under_tool` spreads down in the
same way. Marks follow from the finished tree alone, so the order of arrival leaves no trace.

A pending span, which announces another that is still open, counts nowhere and marks nothing; the children of the
announced span wait for that. It may name the trace and begin it, as any span may while no root has ended.

A span that names itself as its parent is a root. Spans on a longer cycle of parents are below one another, so the
usage of such a cycle is not counted; the walks end because marks are only ever added.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct, field

USAGE = 1
"""Bit of `own` and `below`: input or output tokens."""
COST = 2
"""Bit of `own` and `below`: a cost."""
LLM = 4
"""Bit of `own` and `below`: kind LLM."""
_ALL = USAGE | COST | LLM

MAX_TIME = 2**63 - 1
"""Where a span without a start time sorts: last."""

MAX_MODELS = 16
"""Model names kept for one trace, first in alphabetical order."""

MAX_COUNTED_MODELS = 64
"""Model names of one trace whose spans are counted, so that a name can leave with the last span that had it."""

PICO = 10**12
"""Costs are summed as integers of 1e-12 USD: sums of floats would depend on the order of arrival."""


class SpanState(Struct, eq=False):
    """What the roll-up knows of one span."""

    row_id: int
    span_id: str
    parent_span_id: str
    kind: str
    start: int
    end: int
    is_error: bool
    input_tokens: int | None
    output_tokens: int | None
    cost: int | None
    """In 1e-12 USD."""
    model: str
    session_id: str
    user_id: str = ""
    name: str = ""
    service: str = ""
    project: str = ""
    announces: str = ""
    """The span that a pending one stands for; empty for a real span."""
    below: int = 0
    """Bits of what stands somewhere below this span."""
    under_tool: bool = False
    """Whether it runs inside a tool call."""
    stored: bool = False
    """Whether the database holds it already, so that changed marks must be written back."""
    cost_input: int | None = None
    cost_output: int | None = None
    cost_estimated: bool = False
    """Whether the cost was worked out here rather than reported."""
    own: int = 0
    """Bits of what the span itself carries; nothing for a pending one, whose marks say that it is not counted."""

    def __post_init__(self) -> None:
        if self.parent_span_id == self.span_id:
            self.parent_span_id = ""
        if self.announces:
            self.own, self.below, self.under_tool = 0, _ALL, True
            return
        self.own = (
            (USAGE if self.input_tokens is not None or self.output_tokens is not None else 0)
            | (COST if self.cost is not None else 0)
            | (LLM if self.kind == "LLM" else 0)
        )

    @property
    def leads_into_tool(self) -> bool:
        """Whether the spans directly below it run inside a tool call."""
        return self.kind == "TOOL" or (self.kind == "UNKNOWN" and self.under_tool)


class TraceState(Struct, eq=False):
    """One trace's totals, and what is needed to carry them on."""

    row_id: int
    trace_id: str
    name: str = ""
    service: str = ""
    project: str = ""
    session_id: str = ""
    start: int = 0
    end: int = 0
    span_count: int = 0
    error_count: int = 0
    llm_count: int = 0
    tool_count: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: int = 0
    models: list[str] = field(default_factory=list)
    complete: bool = False
    """Whether a root has arrived and ended."""
    root_is_error: bool = False
    head_span_id: str = ""
    """The span that gives the name: the earliest root that has ended, or the earliest span while there is none."""
    head_start: int = MAX_TIME
    session_span_id: str = ""
    """The earliest span that has a session id."""
    session_start: int = MAX_TIME
    input_count: int = 0
    """Spans whose input tokens are in the total; at 0 the total is unknown rather than 0."""
    output_count: int = 0
    cost_count: int = 0
    pending_count: int = 0
    """Spans that announce another and are not in any other total."""
    model_counts: dict[str, int] | None = field(default_factory=dict)
    """Spans by model; None where there are too many models."""
    user_id: str = ""
    user_span_id: str = ""
    """The earliest span that has a user id."""
    user_start: int = MAX_TIME
    cost_input: int = 0
    cost_output: int = 0
    cost_split_count: int = 0
    """Spans in `cost` of which both sides are known; only when all are, the sums of the sides mean something."""
    cost_estimated_count: int = 0
    """Spans in `cost` whose cost was estimated: none, some or all."""

    def add(self, span: SpanState) -> None:
        """Take in a span, its usage and calls as if nothing stood below or above it."""
        self.describe(span)
        if span.announces:
            self.pending_count += 1
            return
        self.span_count += 1
        self.error_count += span.is_error
        self.count(span, span.own, 1)
        self.tool_count += span.kind == "TOOL"
        self.name_model(span.model)

    def count(self, span: SpanState, bits: int, sign: int) -> None:
        """Add (sign 1) or take away (sign -1) what these bits of the span contribute."""
        if bits & USAGE:
            if span.input_tokens is not None:
                self.input_tokens += sign * span.input_tokens
                self.input_count += sign
            if span.output_tokens is not None:
                self.output_tokens += sign * span.output_tokens
                self.output_count += sign
        if bits & COST and span.cost is not None:
            self.cost += sign * span.cost
            self.cost_count += sign
            self.cost_estimated_count += sign * span.cost_estimated
            if span.cost_input is not None and span.cost_output is not None:
                self.cost_input += sign * span.cost_input
                self.cost_output += sign * span.cost_output
                self.cost_split_count += sign
        if bits & LLM:
            self.llm_count += sign

    def describe(self, span: SpanState) -> None:
        """Let the span widen the times and give name, session and user where it has the better claim."""
        start = span.start or MAX_TIME
        if span.start and (not self.start or span.start < self.start):
            self.start = span.start
        self.end = max(self.end, span.end)
        root = bool(span.end) and not span.parent_span_id and not span.announces
        if (not root, start, span.span_id) <= (not self.complete, self.head_start, self.head_span_id or "g"):
            self.head_span_id, self.head_start, self.complete = span.span_id, start, root
            self.name, self.service, self.project = span.name, span.service, span.project
            self.root_is_error = root and span.is_error
        if span.session_id and (start, span.span_id) <= (self.session_start, self.session_span_id or "g"):
            self.session_span_id, self.session_start, self.session_id = span.span_id, start, span.session_id
        if span.user_id and (start, span.span_id) <= (self.user_start, self.user_span_id or "g"):
            self.user_span_id, self.user_start, self.user_id = span.span_id, start, span.user_id

    def name_model(self, model: str) -> None:
        """Take in the model of a span."""
        if not model:
            return
        if model not in self.models:
            insort(self.models, model)
            del self.models[MAX_MODELS:]
        if self.model_counts is not None:
            self.model_counts[model] = self.model_counts.get(model, 0) + 1
            if len(self.model_counts) > MAX_COUNTED_MODELS:
                self.model_counts = None

    def change_model(self, old: str, new: str) -> None:
        """Put the model of a span's later version in the place of the earlier one's, which must be counted."""
        if old == new:
            return
        if old and self.model_counts is not None:
            self.model_counts[old] -= 1
            if not self.model_counts[old]:
                del self.model_counts[old]
                self.models = sorted(self.model_counts)[:MAX_MODELS]
        self.name_model(new)


class SpanSource(Protocol):
    """Where a known trace's stored spans come from when a walk reaches them."""

    def span(self, trace: TraceState, span_id: str) -> SpanState | None:
        """One stored span."""
        ...

    def children(self, trace: TraceState, span_id: str) -> Sequence[SpanState]:
        """The stored spans directly below a span."""
        ...


class TraceRollup:
    """One trace while a transaction adds spans to it.

    Args:
        trace: Its totals so far; changed in place.
        source: Its stored spans; None for a trace that has none.
    """

    def __init__(self, trace: TraceState, source: SpanSource | None = None) -> None:
        self.trace = trace
        self.marked: dict[int, SpanState] = {}
        """Stored spans whose marks changed, by row id."""
        self._source = source
        self._spans: dict[str, SpanState | None] = {}
        self._children: dict[str, dict[str, SpanState]] = {}
        self._children_loaded: set[str] = set()
        self._added: list[SpanState] = []
        self._replaced: list[SpanState] = []

    def know(self, spans: Iterable[SpanState]) -> None:
        """Hand over stored spans that were fetched ahead."""
        for span in spans:
            if span.span_id not in self._spans and not span.announces:
                self._hold(span)

    def know_missing(self, span_ids: Iterable[str]) -> None:
        """Say that of these spans all that is stored was handed over."""
        for span_id in span_ids:
            self._spans.setdefault(span_id, None)

    def know_children(self, span_ids: Iterable[str]) -> None:
        """Say that all stored spans directly below these were handed over."""
        self._children_loaded.update(span_ids)

    def span(self, span_id: str) -> SpanState | None:
        """A span of the trace, stored or new."""
        if span_id in self._spans:
            return self._spans[span_id]
        found = self._source.span(self.trace, span_id) if self._source else None
        if found is None or found.announces:
            found = self._spans[span_id] = None
        else:
            self._hold(found)
        return found

    def add(self, span: SpanState) -> None:
        """A span that the trace did not have. Its marks are right only after `settle`."""
        self.trace.add(span)
        if not span.announces:
            self._hold(span)
            self._added.append(span)

    def replace(self, old: SpanState, new: SpanState) -> bool:
        """Put a stored span's later version in its place.

        Returns:
            Whether the totals can follow by addition; if not, the trace must be counted anew.
        """
        if new.announces != old.announces:
            return False
        new.below, new.under_tool = old.below, old.under_tool
        trace = self.trace
        if not _only_adds(trace, old, new):
            return False
        trace.describe(new)
        if new.announces:
            return True
        self._hold(new)
        trace.error_count += new.is_error - old.is_error
        trace.count(old, old.own & ~old.below, -1)
        trace.count(new, new.own & ~new.below, 1)
        if new.kind == "TOOL" and old.kind != "TOOL" and not new.under_tool:
            trace.tool_count += 1
        trace.change_model(old.model, new.model)
        self._replaced.append(new)
        return True

    def settle(self) -> None:
        """Bring marks and totals up to date with what was added."""
        for span in self._added:
            if self._source is not None:
                for child in self._stored_children(span.span_id):
                    self._raise(span.span_id, child.own | child.below)
            self._settle_one(span)
        for span in self._replaced:
            self._settle_one(span)
        self._added.clear()
        self._replaced.clear()

    def _settle_one(self, span: SpanState) -> None:
        # with its marks, because a parent that arrived together with a replacement has not seen them
        self._raise(span.parent_span_id, span.own | span.below)
        if self._source is not None and span.kind in ("TOOL", "UNKNOWN") and not span.under_tool:
            parent = self.span(span.parent_span_id) if span.parent_span_id else None
            if parent is not None and parent.leads_into_tool:
                self._sink(span)
        if span.leads_into_tool:
            for child in self._all_children(span.span_id):
                self._sink(child)

    def _raise(self, span_id: str, bits: int) -> None:
        """Mark a span and those above it as having these bits below."""
        while bits and span_id:
            span = self.span(span_id)
            if span is None:
                return
            bits &= ~span.below
            if not bits:
                return
            span.below |= bits
            self._mark(span)
            self.trace.count(span, bits & span.own, -1)
            span_id = span.parent_span_id

    def _sink(self, first: SpanState) -> None:
        """Mark a span as running inside a tool call, and through UNKNOWN spans those below it."""
        stack = [first]
        while stack:
            span = stack.pop()
            if span.under_tool:
                continue
            span.under_tool = True
            self._mark(span)
            if span.kind == "TOOL":
                self.trace.tool_count -= 1
            elif span.kind == "UNKNOWN":
                stack.extend(self._all_children(span.span_id))

    def _all_children(self, span_id: str) -> list[SpanState]:
        if self._source is not None and span_id not in self._children_loaded:
            self._children_loaded.add(span_id)
            self.know(self._source.children(self.trace, span_id))
        return list(self._children.get(span_id, {}).values())

    def _stored_children(self, span_id: str) -> list[SpanState]:
        return [child for child in self._all_children(span_id) if child.stored]

    def _hold(self, span: SpanState) -> None:
        self._spans[span.span_id] = span
        if span.parent_span_id:
            self._children.setdefault(span.parent_span_id, {})[span.span_id] = span

    def _mark(self, span: SpanState) -> None:
        if span.stored:
            self.marked[span.row_id] = span


def _only_adds(trace: TraceState, old: SpanState, new: SpanState) -> bool:
    """Whether replacing old by new takes nothing away that a running total cannot give back."""
    return (
        new.parent_span_id == old.parent_span_id
        and not old.own & ~new.own
        and (new.kind == old.kind or not (old.kind == "TOOL" or old.under_tool))
        and (new.start == old.start or not old.start)
        and (new.end >= old.end or old.end < trace.end)
        and (new.model == old.model or not old.model or trace.model_counts is not None)
        and (bool(new.session_id) or not old.session_id)
        and (bool(new.user_id) or not old.user_id)
    )
