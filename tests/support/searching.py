"""What a search must find, worked out span by span over the model: written for reading, not for speed."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tracetui import semconv
from tracetui.model import lookup
from tracetui.model.attributes import Attributes, json_value
from tracetui.model.chat import (
    ChatMessage,
    NormalisedSpan,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResult,
)
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.model.names import SPAN_KINDS
from tracetui.model.trace import SpanRow, TraceSummary
from tracetui.model.words import words
from tracetui.otlp import decode
from tracetui.store.api import SpanReader, all_logs, all_spans
from tracetui.store.conditions import (
    And,
    Attribute,
    Between,
    Compare,
    Comparison,
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
from tracetui.store.follower import Follower
from tracetui.store.ingest import NoSenders
from tracetui.store.records import StoredSpan
from tracetui.store.sqlite import SqliteReader, SqliteWriter

COMPARE = {
    Comparison.LESS: operator.lt,
    Comparison.AT_MOST: operator.le,
    Comparison.EQUAL: operator.eq,
    Comparison.AT_LEAST: operator.ge,
    Comparison.MORE: operator.gt,
}


@dataclass(frozen=True)
class Known:
    """One stored span, read whole."""

    row: SpanRow
    trace: TraceSummary
    n: NormalisedSpan


class Reference:
    """Everything in a store, and which of it matches."""

    def __init__(self, reader: SpanReader) -> None:
        self.traces = {trace.trace_id: trace for trace in reader.traces(limit=10_000)}
        self.spans: list[Known] = []
        for stored in all_spans(reader):
            self.spans.append(Known(stored.row, self.traces[stored.row.trace_id], read(reader, stored)))

    def matching(self, condition: Condition) -> list[Known]:
        """The spans for which a condition holds, in order of arrival."""
        return [span for span in self.spans if self.holds(condition, span)]

    def holds(self, condition: Condition, span: Known) -> bool:
        match condition:
            case And(conditions):
                return all(self.holds(each, span) for each in conditions)
            case Or(conditions):
                return any(self.holds(each, span) for each in conditions)
            case Not(negated):
                return not self.holds(negated, span)
            case InTrace(trace_id):
                return span.row.trace_id == trace_id
            case HasParent(above):
                return any(self.holds(above, parent) for parent in self.above(span)[:1])
            case HasAncestor(above):
                return any(self.holds(above, ancestor) for ancestor in self.above(span))
            case TraceHas(other):
                return any(self.holds(other, one) for one in self.spans if one.row.trace_id == span.row.trace_id)
            case Words(text, whole, None):
                return has_words(searched(span.n), text, whole=whole)
            case Words(text, whole, field) if field is not None:
                return has_words([str(value) for value in values_of(span, field)], text, whole=whole)
            case Has(Attribute(key, of_resource)):
                return lookup.has(attributes_of(span, of_resource), key)
            case Has(operand):
                return bool(values_of(span, operand, self)) or (operand is SpanField.ERROR and span.row.is_error)
            case Equals(operand, text):
                return any(said(value).casefold() == text.casefold() for value in values_of(span, operand, self))
            case Like(operand, pieces):
                return any(is_like(said(value).casefold(), pieces) for value in values_of(span, operand, self))
            case Matches(operand, pattern):
                return any(re.search(pattern, said(value)) for value in values_of(span, operand, self))
            case Compare(operand, comparison, number):
                found = [lookup.number(value) for value in values_of(span, operand, self)]
                return any(COMPARE[comparison](value, number) for value in found if value is not None)
            case Between(operand, low, high):
                found = [lookup.number(value) for value in values_of(span, operand, self)]
                return any(low <= value <= high for value in found if value is not None)
            case _:
                raise AssertionError(condition)

    def above(self, span: Known) -> list[Known]:
        """The spans above a span, the nearest first, each once."""
        found: list[Known] = []
        at = span
        while (parent := self.parent(at)) is not None and parent not in found and parent is not span:
            found.append(parent)
            at = parent
        return found

    def parent(self, span: Known) -> Known | None:
        wanted = span.row.parent_span_id
        same = [one for one in self.spans if one.row.trace_id == span.row.trace_id and wanted]
        real = [one for one in same if one.row.span_id == wanted]
        announced = [one for one in same if one.row.announces == wanted]
        return real[0] if real else announced[-1] if announced else None


def read(reader: SpanReader, stored: StoredSpan) -> NormalisedSpan:
    """A stored span with its log records, read whole."""
    logs = all_logs(reader, trace_id=stored.row.trace_id, span_id=stored.row.announces or stored.row.span_id)
    span = decode.span(
        stored.data,
        decode.resource(stored.resource.data, stored.resource.schema_url),
        decode.scope(stored.scope.data, stored.scope.schema_url),
    )
    records = [
        decode.log_record(
            log.data,
            decode.resource(log.resource.data, log.resource.schema_url),
            decode.scope(log.scope.data, log.scope.schema_url),
        )
        for log in logs
    ]
    return semconv.normalise(span, tuple(records))


def said(value: lookup.Scalar) -> str:
    return lookup.canonical(value)


def is_like(text: str, pieces: tuple[str, ...]) -> bool:
    """By trying every place of every piece."""
    first, *rest = (piece.casefold() for piece in pieces)
    if not rest:
        return text == first
    return text.startswith(first) and goes_on(text[len(first) :], rest)


def goes_on(text: str, pieces: list[str]) -> bool:
    first, *rest = pieces
    if not rest:
        return text.endswith(first)
    return any(text.startswith(first, at) and goes_on(text[at + len(first) :], rest) for at in range(len(text) + 1))


def has_words(texts: list[str], text: str, *, whole: bool) -> bool:
    wanted = words(text)
    if not wanted:
        return False
    if whole:
        return any(words(one)[at : at + len(wanted)] == wanted for one in texts for at in range(len(words(one))))
    there = {word for one in texts for word in words(one)}
    last = wanted[-1]
    return all(word in there for word in wanted[:-1]) and any(
        word == last or (len(last) >= 3 and word.startswith(last)) for word in there
    )


def searched(n: NormalisedSpan) -> list[str]:
    """Names, messages, attribute values, events and log records."""
    texts = [n.span.name, n.span.status.message, *texts_in(n.span.attributes)]
    for event in n.span.events:
        texts += [event.name, *texts_in(event.attributes)]
    for log in n.logs:
        texts += [log.event_name, *texts_in(log.body), *texts_in(log.attributes)]
    return texts


def texts_in(value: object) -> list[str]:
    if isinstance(value, str | bool | int | float):
        return [said(value)]
    if isinstance(value, bytes) or value is None:
        return []
    items = value.values() if isinstance(value, Mapping) else value
    assert isinstance(items, Iterable)
    return [text for item in items for text in texts_in(item)]


def attributes_of(span: Known, of_resource: bool) -> Attributes:
    return span.n.span.resource.attributes if of_resource else span.n.span.attributes


def values_of(span: Known, operand: Operand, reference: Reference | None = None) -> list[lookup.Scalar]:
    match operand:
        case Attribute(key, of_resource):
            return lookup.values_at(attributes_of(span, of_resource), key)
        case SpanField():
            found = span_values(span, operand, reference)
        case TraceField():
            found = trace_values(span.trace, operand, span)
    return [value for value in found if value is not None and value != ""]


def span_values(span: Known, field: SpanField, reference: Reference | None) -> list[lookup.Scalar | None]:
    row, n = span.row, span.n
    match field:
        case SpanField.TRACE:
            return [row.trace_id]
        case SpanField.SPAN:
            return [row.span_id]
        case SpanField.NAME:
            return [row.name]
        case SpanField.KIND:
            return [row.kind]
        case SpanField.OTEL_KIND:
            return [SPAN_KINDS[row.otel_kind] if row.otel_kind < len(SPAN_KINDS) else str(row.otel_kind)]
        case SpanField.SERVICE:
            return [row.service]
        case SpanField.PROJECT:
            return [row.project]
        case SpanField.SOURCE:
            made_up = row.service in ("", "unknown_service") or row.service.startswith("unknown_service:")
            return [row.project if made_up and row.project else row.service]
        case SpanField.SCOPE:
            return [row.scope_name]
        case SpanField.STATUS:
            return ["error" if row.is_error else {0: "unset", 1: "ok", 2: "error"}[row.status_code]]
        case SpanField.ERROR:
            told = [n.span.status.message, *(text for error in n.errors for text in (error.type, error.message))]
            return [*told] if row.is_error else []
        case SpanField.MODEL:
            return [row.model]
        case SpanField.PROVIDER:
            return [row.provider]
        case SpanField.TOOL:
            return [row.tool_name]
        case SpanField.AGENT:
            return [row.agent_name]
        case SpanField.SESSION:
            return [row.session_id]
        case SpanField.USER:
            return [row.user_id]
        case SpanField.TAG:
            return [*n.tags]
        case SpanField.FINISH:
            return [*n.finish_reasons]
        case SpanField.INPUT:
            return [n.input, *message_texts(n.input_messages)]
        case SpanField.OUTPUT:
            return [n.output, *message_texts(n.output_messages)]
        case SpanField.DOCUMENT:
            return [text for found in n.documents for text in (found.content, found.id)]
        case SpanField.SCORE:
            return [found.score for found in n.documents]
        case SpanField.DURATION:
            start, end = row.start_time_unix_nano, row.end_time_unix_nano
            return [end - start] if 0 < start <= end else []
        case SpanField.START:
            return [row.start_time_unix_nano or None]
        case SpanField.TOKENS:
            sides = [side for side in (row.input_tokens, row.output_tokens) if side is not None]
            return [sum(sides)] if sides else []
        case SpanField.TOKENS_INPUT:
            return [row.input_tokens]
        case SpanField.TOKENS_OUTPUT:
            return [row.output_tokens]
        case SpanField.TOKENS_CACHE_READ:
            return [n.tokens.cache_read]
        case SpanField.TOKENS_CACHE_WRITE:
            return [n.tokens.cache_write]
        case SpanField.TOKENS_REASONING:
            return [n.tokens.reasoning]
        case SpanField.COST:
            return [row.cost_total]
        case SpanField.TTFT:
            return [None if n.ttft_s is None else round(n.ttft_s * 1e9)]
        case SpanField.ROOT:
            return ["false" if row.parent_span_id else "true"]
        case SpanField.DEPTH:
            assert reference is not None
            return [len(reference.above(span))]


def trace_values(trace: TraceSummary, field: TraceField, span: Known) -> list[lookup.Scalar | None]:
    match field:
        case TraceField.DURATION:
            return [trace.duration_nano]
        case TraceField.START:
            return [trace.start_time_unix_nano or None]
        case TraceField.TOKENS:
            sides = [side for side in (trace.input_tokens, trace.output_tokens) if side is not None]
            return [sum(sides)] if sides else []
        case TraceField.TOKENS_INPUT:
            return [trace.input_tokens]
        case TraceField.TOKENS_OUTPUT:
            return [trace.output_tokens]
        case TraceField.COST:
            return [trace.cost_total]
        case TraceField.SPANS:
            return [trace.span_count]
        case TraceField.ERRORS:
            return [trace.error_count]
        case TraceField.LLM:
            return [trace.llm_count]
        case TraceField.TOOLS:
            return [trace.tool_count]
        case TraceField.NAME:
            return [trace.name]
        case TraceField.SERVICE:
            return [trace.service]
        case TraceField.PROJECT:
            return [trace.project]
        case TraceField.SESSION:
            return [trace.session_id]
        case TraceField.MODEL:
            return [*trace.models]
        case TraceField.STATUS:
            return ["running" if not trace.complete else "error" if trace.root_is_error else "ok"]
        case TraceField.USER:
            raise AssertionError("a summary does not say the user")


def message_texts(messages: tuple[ChatMessage, ...]) -> list[str]:
    return [text for message in messages for part in message.parts if (text := part_text(part))]


def part_text(part: object) -> str:
    match part:
        case TextPart(content) | ReasoningPart(content) | RefusalPart(content):
            return content
        case ToolCall(name, arguments):
            return f"{name} {spelled(arguments)}"
        case ToolResult(result):
            return spelled(result)
        case _:
            return ""


def spelled(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(json_value(value), ensure_ascii=False)


def index_all(path: Path) -> None:
    """Give the search index every span of a database."""
    writer = SqliteWriter(path, derivation_version=DERIVATION_VERSION)
    Follower(lambda: SqliteReader(path), NoSenders(writer), version=DERIVATION_VERSION, at_rest=False).run()
    writer.close()
