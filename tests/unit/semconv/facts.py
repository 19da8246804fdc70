"""Whether what was really said and counted can be found in normalised spans."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tracetui.model.chat import (
    ChatMessage,
    Kind,
    NormalisedSpan,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResult,
)

Fact = dict[str, Any]

ELSEWHERE = ("total_tokens",)
"""Facts that the store's roll-up answers for."""


def _words(value: object) -> str:
    """Text with each stretch of white space as one blank, so that wrapping does not matter."""
    as_text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    return " ".join(as_text.split())


def _said(messages: Iterable[ChatMessage], wanted: str, roles: Sequence[str] = ()) -> bool:
    for message in messages:
        if roles and message.role not in roles:
            continue
        for part in message.parts:
            match part:
                case TextPart(content) | ReasoningPart(content) | RefusalPart(content):
                    told: object = content
                case ToolResult(result=told):
                    pass
                case _:
                    continue
            if _words(wanted) in _words(told):
                return True
    return False


def _answer(span: NormalisedSpan, fact: Fact) -> bool:
    return _said(span.output_messages, fact["value"]) or _words(fact["value"]) in _words(span.output)


def _user_message(span: NormalisedSpan, fact: Fact) -> bool:
    if span.input_messages:
        return _said(span.input_messages, fact["value"], ("user",))
    return _words(fact["value"]) in _words(span.input)


def _system(span: NormalisedSpan, fact: Fact) -> bool:
    in_messages = _said(span.input_messages, fact["value"], ("system", "developer"))
    return in_messages or _words(fact["value"]) in _words(span.system)


def _tool_call(span: NormalisedSpan, fact: Fact) -> bool:
    wanted = (fact["name"], fact["arguments"])
    for message in (*span.output_messages, *span.input_messages):
        if any(isinstance(part, ToolCall) and (part.name, part.arguments) == wanted for part in message.parts):
            return True
    return span.tool is not None and span.kind is Kind.TOOL and (span.tool.name, span.tool.arguments) == wanted


def _model(span: NormalisedSpan, fact: Fact) -> bool:
    return fact["value"] in (span.model_request, span.model_response)


def _embedding_model(span: NormalisedSpan, fact: Fact) -> bool:
    own = span.embedding.model if span.embedding is not None else ""
    return span.kind is Kind.EMBEDDING and (_model(span, fact) or own == fact["value"])


def _tokens(span: NormalisedSpan, fact: Fact) -> bool:
    return span.tokens.input == fact["input"] and span.tokens.output in fact["output"]


def _part_of_tokens(member: str) -> Callable[[NormalisedSpan, Fact], bool]:
    return lambda span, fact: span.tokens.input == fact["input"] and getattr(span.tokens, member) == fact["value"]


def _error(span: NormalisedSpan, fact: Fact) -> bool:
    told = [span.span.status.message, *(text for error in span.errors for text in (error.message, error.stacktrace))]
    if span.tool is not None:
        told.append(_words(span.tool.result).replace('\\"', '"'))
    return any(_words(fact["value"]) in _words(text) for text in told)


def _document(span: NormalisedSpan, fact: Fact) -> bool:
    score = fact.get("score")
    return any(
        _words(fact["value"]) in _words(document.content)
        and (score is None or document.score is None or bool(abs(document.score - score) < 1e-3))
        for document in span.documents
    )


_HOLDS: dict[str, Callable[[NormalisedSpan, Fact], bool]] = {
    "answer": _answer,
    "user_message": _user_message,
    "system": _system,
    "tool_call": _tool_call,
    "model": _model,
    "embedding_model": _embedding_model,
    "tokens": _tokens,
    "cache_read": _part_of_tokens("cache_read"),
    "cache_write": _part_of_tokens("cache_write"),
    "reasoning_tokens": _part_of_tokens("reasoning"),
    "error": _error,
    "document": _document,
    "session_id": lambda span, fact: span.session_id == fact["value"],
    "user_id": lambda span, fact: span.user_id == fact["value"],
    "project": lambda span, fact: span.project == fact["value"],
}


def holds(fact: Fact, spans: Sequence[NormalisedSpan]) -> bool:
    """Whether a fact can be seen on one of the spans."""
    if fact["fact"] == "span_count":
        ids = {(span.span.trace_id, span.span.span_id) for span in spans}
        return len(spans) == len(ids) and len(ids) == int(fact["value"])
    return any(_HOLDS[fact["fact"]](span, fact) for span in spans)
