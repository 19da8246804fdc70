"""The span, trace and log objects of `--json`: what DESIGN section 5 promises to scripts.

Absent is absent: a member stands only where somebody sent it, so there are no nulls, no zeros and no empty lists of
our own making. What a sender put inside an attribute, an argument or a result is kept as sent, nulls included. All of
it is strict JSON: NaN and the infinities are strings, bytes are `{"bytesValue": "<base64>"}`.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import TypeAlias

from tracetui.model.attributes import JSONValue, json_value
from tracetui.model.chat import (
    ChatMessage,
    Cost,
    Document,
    Embedding,
    Evaluation,
    FilePart,
    MediaPart,
    MessagePart,
    NormalisedSpan,
    OtherPart,
    ReasoningPart,
    RefusalPart,
    SpanError,
    TextPart,
    TokenUsage,
    Tool,
    ToolCall,
    ToolDefinition,
    ToolResult,
)
from tracetui.model.names import span_kind_name, status_code_name
from tracetui.model.session import SessionSummary
from tracetui.model.span import InstrumentationScope, LogRecord, Resource, Span, SpanEvent, SpanLink, Status
from tracetui.model.trace import TraceSummary
from tracetui.model.turn import Turn

JSONObject: TypeAlias = dict[str, JSONValue]
"""One object of `--json`."""


def span_object(n: NormalisedSpan, *, counted: bool) -> JSONObject:
    """A span as an object of `tracetui spans --json`.

    Args:
        n: The span, read free of any convention.
        counted: Whether its call and usage enter the totals of its trace.
    """
    return _identity(n.span, n) | _meaning(n) | _present(counted=counted or None) | _recorded(n.span, n)


def trace_object(t: TraceSummary) -> JSONObject:
    """A trace as an object of `tracetui traces --json`."""
    total = None if t.input_tokens is None or t.output_tokens is None else t.input_tokens + t.output_tokens
    return {"trace_id": t.trace_id, "name": _text(t.name)} | _present(
        root_span_id=t.root_span_id,
        service=t.service,
        project=t.project,
        session_id=t.session_id,
        start_time_unix_nano=t.start_time_unix_nano or None,
        duration_nano=t.duration_nano,
        span_count=t.span_count,
        error_count=t.error_count,
        llm_count=t.llm_count,
        tool_count=t.tool_count,
        tokens=_present(input=t.input_tokens, output=t.output_tokens, total=total),
        cost=_present(input=t.cost_input, output=t.cost_output, total=t.cost_total, source=t.cost_source),
        models=list(t.models),
        status=t.status,
        complete=t.complete,
        pinned=t.pinned or None,
    )


def session_object(s: SessionSummary) -> JSONObject:
    """A session as an object of `tracetui sessions --json`."""
    total = None if s.input_tokens is None or s.output_tokens is None else s.input_tokens + s.output_tokens
    return {"session_id": _text(s.session_id)} | _present(
        service=s.service,
        project=s.project,
        users=list(s.users),
        trace_count=s.trace_count,
        start_time_unix_nano=s.start_time_unix_nano or None,
        last_start_time_unix_nano=s.last_start_time_unix_nano or None,
        end_time_unix_nano=s.end_time_unix_nano or None,
        duration_nano=s.duration_nano,
        span_count=s.span_count,
        error_count=s.error_count,
        llm_count=s.llm_count,
        tool_count=s.tool_count,
        tokens=_present(input=s.input_tokens, output=s.output_tokens, total=total),
        cost=_present(total=s.cost_total, source=s.cost_source),
        last_words=s.last_words,
        status=s.status,
    )


def turn_object(t: Turn) -> JSONObject:
    """A turn of a session: its trace, and what it adds to the conversation."""
    return trace_object(t.trace) | _present(
        user=[message_object(message) for message in t.asked],
        steps=[message_object(message) for message in t.steps],
        assistant=[message_object(message) for message in t.answered],
        errors=[_error(error) for error in t.errors],
    )


def log_object(record: LogRecord) -> JSONObject:
    """A log record as an object of `tracetui logs --json`; `body` has the type it was sent with."""
    return (
        _present(
            trace_id=record.trace_id,
            span_id=record.span_id,
            time_unix_nano=record.time_unix_nano or None,
            observed_time_unix_nano=record.observed_time_unix_nano or None,
            severity_number=record.severity_number or None,
            severity_text=record.severity_text,
            event_name=record.event_name,
            service=record.resource.service,
            scope=_scope(record.scope),
        )
        | _given(body=record.body)
        | _present(
            attributes=record.attributes,
            resource=_resource(record.resource),
        )
    )


def part_object(part: MessagePart) -> JSONObject:
    """A part of a message: `type` and the members of that type."""
    match part:
        case TextPart():
            return {"type": "text", "content": _text(part.content)}
        case ReasoningPart():
            return {"type": "reasoning", "content": _text(part.content)}
        case RefusalPart():
            return {"type": "refusal", "content": _text(part.content)}
        case ToolCall():
            return {"type": "tool_call"} | _present(id=part.id, name=part.name) | _given(arguments=part.arguments)
        case ToolResult():
            return (
                {"type": "tool_result"}
                | _present(id=part.id, name=part.name)
                | _given(result=part.result)
                | _present(is_error=part.is_error or None)
            )
        case MediaPart():
            return {"type": part.modality} | _present(uri=part.uri, mime=part.mime, size=part.size)
        case FilePart():
            return {"type": "file", "file_id": _text(part.file_id)}
        case OtherPart():
            return {"type": "other"} | _given(raw=part.raw if part.raw is not None else part.type)


def message_object(message: ChatMessage) -> JSONObject:
    """A message: `{role, parts}`, with its sender's name and its finish reason where they were sent."""
    return {"role": _text(message.role)} | _present(
        name=message.name,
        parts=[part_object(part) for part in message.parts],
        finish_reason=message.finish_reason,
    )


def _identity(span: Span, n: NormalisedSpan) -> JSONObject:
    return (
        _present(
            trace_id=span.trace_id,
            span_id=span.span_id,
            parent_span_id=span.parent_span_id,
            announces=span.parent_span_id if n.is_pending else "",
        )
        | {
            "name": _text(span.name),
            "kind": n.kind.value,
            "otel_kind": span_kind_name(span.otel_kind),
        }
        | _present(
            service=span.resource.service,
            project=n.project,
            scope=_scope(span.scope),
            start_time_unix_nano=span.start_time_unix_nano or None,
            duration_nano=span.duration_nano,
            status=_status(span.status),
        )
    )


def _meaning(n: NormalisedSpan) -> JSONObject:
    return _present(
        provider=n.provider,
        model=n.model,
        model_request=n.model_request,
        model_response=n.model_response,
        params=n.params,
        system=n.system,
        input_messages=[message_object(message) for message in n.input_messages],
        output_messages=[message_object(message) for message in n.output_messages],
        input=n.input,
        output=n.output,
        tool_defs=[_tool_definition(definition) for definition in n.tool_defs],
        tool=_tool(n.tool),
        documents=[_document(document) for document in n.documents],
        embedding=_embedding(n.embedding),
        tokens=_tokens(n.tokens),
        cost=_cost(n.cost),
        session_id=n.session_id,
        user_id=n.user_id,
        tags=list(n.tags),
        metadata=n.metadata,
        agent=_present(name=n.agent_name),
        evals=[_evaluation(evaluation) for evaluation in n.evals],
        errors=[_error(error) for error in n.errors],
        ttft_s=n.ttft_s,
        finish_reasons=list(n.finish_reasons),
    )


def _recorded(span: Span, n: NormalisedSpan) -> JSONObject:
    return _present(
        attributes=span.attributes,
        resource=_resource(span.resource),
        events=[_event(event) for event in span.events],
        links=[_link(link) for link in span.links],
        problems=list(dict.fromkeys((*span.problems, *n.problems))),
    )


def _status(status: Status) -> JSONObject:
    return {"code": status_code_name(status.code)} | _present(message=status.message)


def _scope(scope: InstrumentationScope) -> JSONObject:
    return _present(name=scope.name, version=scope.version)


def _resource(resource: Resource) -> JSONObject:
    return _present(attributes=resource.attributes, schema_url=resource.schema_url)


def _event(event: SpanEvent) -> JSONObject:
    return {"name": _text(event.name)} | _present(
        time_unix_nano=event.time_unix_nano or None,
        attributes=event.attributes,
        dropped_attributes_count=event.dropped_attributes_count or None,
    )


def _link(link: SpanLink) -> JSONObject:
    return _present(
        trace_id=link.trace_id,
        span_id=link.span_id,
        trace_state=link.trace_state,
        attributes=link.attributes,
        dropped_attributes_count=link.dropped_attributes_count or None,
    )


def _tool(tool: Tool | None) -> JSONObject:
    if tool is None:
        return {}
    return _present(name=tool.name, description=tool.description, call_id=tool.call_id) | _given(
        arguments=tool.arguments, result=tool.result
    )


def _tool_definition(definition: ToolDefinition) -> JSONObject:
    return _present(name=definition.name, description=definition.description) | _given(parameters=definition.parameters)


def _document(document: Document) -> JSONObject:
    return _present(id=document.id, content=document.content, score=document.score, metadata=document.metadata)


def _embedding(embedding: Embedding | None) -> JSONObject:
    if embedding is None:
        return {}
    return _present(model=embedding.model, count=embedding.count, dimension=embedding.dimension)


def _tokens(tokens: TokenUsage) -> JSONObject:
    return _present(
        input=tokens.input,
        output=tokens.output,
        total=tokens.total,
        cache_read=tokens.cache_read,
        cache_write=tokens.cache_write,
        reasoning=tokens.reasoning,
    )


def _cost(cost: Cost | None) -> JSONObject:
    if cost is None or (cost.input is None and cost.output is None and cost.total is None):
        return {}
    return _present(input=cost.input, output=cost.output, total=cost.total, source=cost.source)


def _evaluation(evaluation: Evaluation) -> JSONObject:
    return _present(
        name=evaluation.name, score=evaluation.score, label=evaluation.label, explanation=evaluation.explanation
    )


def _error(error: SpanError) -> JSONObject:
    return _present(type=error.type, message=error.message, stacktrace=error.stacktrace)


def _present(**members: object) -> JSONObject:
    """The members that are there: neither None nor an empty text, list or object."""
    return {name: json_value(value) for name, value in members.items() if not _absent(value)}


def _given(**members: object) -> JSONObject:
    """The members somebody sent, empty ones too: an empty result is an answer, None is none."""
    return {name: json_value(value) for name, value in members.items() if value is not None}


def _absent(value: object) -> bool:
    return value is None or (isinstance(value, Sized) and len(value) == 0)


def _text(text: str) -> JSONValue:
    return json_value(text)
