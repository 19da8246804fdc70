"""Opens a span for the inspector: decodes and normalises it, and finds what stands around it. Runs in a feed thread."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from tracetui import semconv
from tracetui.model.chat import Kind, NormalisedSpan, Tool
from tracetui.model.conversation import (
    Place,
    PreviousCall,
    Surroundings,
    ToolRun,
    calls_of,
    compare,
    match_tools,
    pair_results,
)
from tracetui.model.kinship import earlier_calls, tools_of
from tracetui.model.span import LogRecord, Span
from tracetui.model.trace import TraceSummary
from tracetui.model.tree import TraceTree
from tracetui.model.turn import Turn
from tracetui.otlp import decode, encode
from tracetui.pricing import BOOK
from tracetui.store.api import SpanReader, all_logs
from tracetui.store.records import StoredLog, StoredSpan
from tracetui.tui.messages import SpanLoaded
from tracetui.tui.render import (
    details,  # noqa: F401 - the inspector needs it next; loading it here costs no frame
    turn_page,  # noqa: F401 - likewise of the conversation
)
from tracetui.turns import read_turn

TALKS = frozenset({Kind.LLM, Kind.AGENT, Kind.CHAIN})
"""Kinds whose conversation is shown with what stands around it."""


def open_span(reader: SpanReader, trace_id: str, span_id: str, tree: TraceTree | None) -> SpanLoaded:
    """Read one span whole.

    Args:
        reader: The store.
        trace_id: Its trace.
        span_id: The span.
        tree: Its trace joined; may be a little older than the span.
    """
    stored = reader.span(trace_id, span_id)
    if stored is None:
        return SpanLoaded(trace_id, span_id, _of_logs(reader, trace_id, span_id), None, b"", Surroundings())
    normalised = read_span(reader, stored)
    if BOOK.is_loaded:
        normalised = BOOK.with_cost(normalised)
    around = Surroundings()
    position = tree.positions.get(span_id) if tree is not None else None
    if tree is not None and position is not None and normalised.kind in TALKS:
        around = surroundings(reader, tree, position, normalised)
    if normalised.tokens and not stored.row.counted:
        around = replace(around, below=reader.usage_below(trace_id, stored.row.span_id))
    return SpanLoaded(trace_id, span_id, normalised, stored.row, stored.data, around)


def priced(loaded: SpanLoaded) -> SpanLoaded | None:
    """The same span with its cost worked out; None where nothing is to be added."""
    if loaded.normalised is None or (loaded.normalised.cost is not None and loaded.normalised.cost.total is not None):
        return None
    found = BOOK.with_cost(loaded.normalised)
    if found is loaded.normalised:
        return None
    return SpanLoaded(loaded.trace_id, loaded.span_id, found, loaded.row, loaded.data, loaded.around)


def raw_json(data: bytes) -> str:
    """A span's bytes as OTLP/JSON, indented."""
    return json.dumps(encode.span_object(data), indent=2, ensure_ascii=False)


def _of_logs(reader: SpanReader, trace_id: str, span_id: str) -> NormalisedSpan | None:
    """What the log records of a span that has not arrived tell; None where there are none."""
    logs = [_log(record) for record in all_logs(reader, trace_id=trace_id, span_id=span_id)]
    if not logs:
        return None
    span = Span(trace_id, span_id, "(has not arrived)", resource=logs[0].resource, scope=logs[0].scope)
    return semconv.normalise(span, logs)


def read_span(reader: SpanReader, stored: StoredSpan) -> NormalisedSpan:
    """A stored span with its log records, read by the conventions."""
    # those of a span that is still open come before it
    logs = all_logs(reader, trace_id=stored.row.trace_id, span_id=stored.row.announces or stored.row.span_id)
    span = decode.span(
        stored.data,
        decode.resource(stored.resource.data, stored.resource.schema_url),
        decode.scope(stored.scope.data, stored.scope.schema_url),
    )
    if stored.warnings:
        span = replace(span, problems=tuple(dict.fromkeys((*stored.warnings.splitlines(), *span.problems))))
    return semconv.normalise(span, tuple(_log(record) for record in logs))


def read_turns(reader: SpanReader, traces: Sequence[TraceSummary], known: Mapping[str, Turn]) -> tuple[Turn, ...]:
    """Read traces as turns of their session; those that are known and have not changed are not read again."""
    read = partial(read_span, reader)

    def turn_of(trace: TraceSummary) -> Turn:
        turn = known.get(trace.trace_id)
        return turn if turn is not None and turn.trace == trace else read_turn(reader, trace, read)

    return tuple(map(turn_of, traces))


def _log(stored: StoredLog) -> LogRecord:
    return decode.log_record(
        stored.data,
        decode.resource(stored.resource.data, stored.resource.schema_url),
        decode.scope(stored.scope.data, stored.scope.schema_url),
    )


def surroundings(reader: SpanReader, tree: TraceTree, position: int, n: NormalisedSpan) -> Surroundings:
    """The call before in the same agent, if it shares messages, and what ran for calls whose result is not told."""
    messages = (*n.input_messages, *n.output_messages)
    answered = pair_results(messages)
    calls = {place: call for place, call in calls_of(messages) if place not in answered}
    runs: dict[Place, ToolRun] = {}
    if calls:
        ran = [read_span(reader, stored) for stored in _stored(reader, tree, tools_of(tree, position))]
        tools = [one.tool or Tool(one.span.name) for one in ran]
        for place, index in match_tools(calls, tools).items():
            runs[place] = _run(ran[index], tools[index])
    return Surroundings(_previous(reader, tree, position, n), runs)


def _previous(reader: SpanReader, tree: TraceTree, position: int, n: NormalisedSpan) -> PreviousCall | None:
    if n.kind is not Kind.LLM or not n.input_messages:
        return None
    for stored in _stored(reader, tree, earlier_calls(tree, position)):
        before = read_span(reader, stored).input_messages
        if compare(before, n.input_messages):
            return PreviousCall(stored.row.span_id, before)
    return None


def _stored(reader: SpanReader, tree: TraceTree, positions: Sequence[int]) -> list[StoredSpan]:
    return reader.stored_spans([tree.nodes[position].row_id for position in positions]) if positions else []


def _run(ran: NormalisedSpan, tool: Tool) -> ToolRun:
    error = next((error.message or error.type for error in ran.errors), "error" if ran.span.status.is_error else "")
    return ToolRun(ran.span.span_id, tool.name or ran.span.name, tool.result, error, ran.span.duration_nano)
