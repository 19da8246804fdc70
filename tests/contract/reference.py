"""What a trace's totals must be, computed the slow and plain way from all its spans.

A pending span may name the trace, begin it and give its session, but it counts nowhere and nothing is below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tracetui.store.records import IncomingSpan, ResourceRecord

NEVER = 2**63

Number = TypeVar("Number", int, float)


def final_spans(arrivals: Iterable[IncomingSpan]) -> dict[str, IncomingSpan]:
    """What is left of arrivals of one trace: the latest version, but none with an end gives way to one without."""
    kept: dict[str, IncomingSpan] = {}
    for span in arrivals:
        earlier = kept.get(span.span_id)
        if earlier and earlier.end_time_unix_nano and not span.end_time_unix_nano:
            continue
        kept[span.span_id] = span
    return kept


@dataclass
class Totals:
    """The totals of a trace, and which of its spans are counted."""

    name: str
    root_span_id: str
    service: str
    session_id: str
    start_time_unix_nano: int
    end_time_unix_nano: int
    span_count: int
    error_count: int
    llm_count: int
    tool_count: int
    input_tokens: int | None
    output_tokens: int | None
    cost: float | None
    cost_input: float | None
    cost_output: float | None
    cost_source: str
    models: tuple[str, ...]
    complete: bool
    root_is_error: bool
    counted: set[str]


def totals(spans: dict[str, IncomingSpan], resources: tuple[ResourceRecord, ...]) -> Totals:
    """The totals by the rule: deepest wins."""
    every = list(spans.values())
    spans = {span_id: span for span_id, span in spans.items() if not span.announces}
    with_usage_below = _with_below(spans, has_usage)
    with_cost_below = _with_below(spans, lambda span: span.cost_total is not None)
    with_llm_below = _with_below(spans, lambda span: span.kind == "LLM")
    real = list(spans.values())
    usage = [span for span in real if has_usage(span) and span.span_id not in with_usage_below]
    costs = [span for span in real if span.cost_total is not None and span.span_id not in with_cost_below]
    sources = {"estimated" if span.cost_estimated else "reported" for span in costs}
    calls = [span for span in real if span.kind == "LLM" and span.span_id not in with_llm_below]
    tools = [span for span in real if span.kind == "TOOL" and not _inside_tool(spans, span)]
    roots = [span for span in real if span.parent_span_id in ("", span.span_id) and span.end_time_unix_nano]
    head = min(roots or every, key=_earliest)
    sessions = sorted((span for span in every if span.session_id), key=_earliest)
    without_usage = [span for span in real if not has_usage(span)]
    return Totals(
        name=head.name,
        root_span_id=head.span_id if roots else "",
        service=resources[head.resource_index].service,
        session_id=sessions[0].session_id if sessions else "",
        start_time_unix_nano=min((span.start_time_unix_nano for span in every if span.start_time_unix_nano), default=0),
        end_time_unix_nano=max(span.end_time_unix_nano for span in every),
        span_count=len(real),
        error_count=sum(span.is_error for span in real),
        llm_count=len(calls),
        tool_count=len(tools),
        input_tokens=_sum(span.input_tokens for span in usage),
        output_tokens=_sum(span.output_tokens for span in usage),
        cost=_sum(span.cost_total for span in costs),
        cost_input=_sum(span.cost_input for span in costs) if all(map(has_both_sides, costs)) else None,
        cost_output=_sum(span.cost_output for span in costs) if all(map(has_both_sides, costs)) else None,
        cost_source="mixed" if len(sources) == 2 else "".join(sources),
        models=tuple(sorted({span.model for span in real if span.model})),
        complete=bool(roots),
        root_is_error=bool(roots) and head.is_error,
        counted={span.span_id for span in usage}
        | {span.span_id for span in without_usage if span.kind == "LLM" and span in calls}
        | {span.span_id for span in without_usage if span.kind == "TOOL" and span in tools}
        | {span.span_id for span in without_usage if span.kind not in ("LLM", "TOOL") and span in costs},
    )


def has_usage(span: IncomingSpan) -> bool:
    return span.input_tokens is not None or span.output_tokens is not None


def has_both_sides(span: IncomingSpan) -> bool:
    return span.cost_input is not None and span.cost_output is not None


def _with_below(spans: dict[str, IncomingSpan], has: Callable[[IncomingSpan], bool]) -> set[str]:
    """The spans below which one stands that has it."""
    return {above.span_id for span in spans.values() if has(span) for above in _above(spans, span)}


def _above(spans: dict[str, IncomingSpan], span: IncomingSpan) -> Iterator[IncomingSpan]:
    """The spans above a span, nearest first; on a cycle each once, the span itself included."""
    seen = set()
    while span.parent_span_id not in ("", span.span_id) and span.parent_span_id in spans:
        span = spans[span.parent_span_id]
        if span.span_id in seen:
            return
        seen.add(span.span_id)
        yield span


def _inside_tool(spans: dict[str, IncomingSpan], span: IncomingSpan) -> bool:
    for above in _above(spans, span):
        if above.kind != "UNKNOWN":
            return above.kind == "TOOL"
    return False


def _earliest(span: IncomingSpan) -> tuple[int, str]:
    return span.start_time_unix_nano or NEVER, span.span_id


def _sum(values: Iterable[Number | None]) -> Number | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
