"""The fields of a span that have no column: what they are, from as much of it as has to be read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from tracetui.model.attributes import json_value
from tracetui.model.chat import (
    ChatMessage,
    MessagePart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResult,
)
from tracetui.model.lookup import Scalar
from tracetui.semconv import PartlyRead
from tracetui.store.conditions import SpanField

_NANO = 1_000_000_000


def values_of(n: PartlyRead, field: SpanField, *, failed: str | None) -> Iterator[Scalar]:
    """Everything that is to be compared in one of `CONTENT_FIELDS`, what is read first first; no empty texts.

    Args:
        n: The span.
        field: The field.
        failed: The message of its status, where its columns say that it failed.
    """
    return (value for value in _values(n, field, failed) if value != "")


def _values(n: PartlyRead, field: SpanField, failed: str | None) -> Iterator[Scalar]:
    match field:
        case SpanField.ERROR if failed is not None:
            yield failed
            for error in n.errors:
                yield error.type
                yield error.message
        case SpanField.TAG:
            yield from n.tags
        case SpanField.FINISH:
            yield from n.finish_reasons
        case SpanField.INPUT:
            yield n.input
            yield from _texts(n.input_messages)
        case SpanField.OUTPUT:
            yield n.output
            yield from _texts(n.output_messages)
        case SpanField.DOCUMENT:
            for found in n.documents:
                yield found.content
                yield found.id
        case SpanField.SCORE:
            yield from (found.score for found in n.documents if found.score is not None)
        case SpanField.TTFT if n.ttft_s is not None:
            yield round(n.ttft_s * _NANO)
        case _:
            return


def _texts(messages: Sequence[ChatMessage]) -> Iterator[str]:
    for message in messages:
        for part in message.parts:
            yield _text(part)


def _text(part: MessagePart) -> str:
    match part:
        case TextPart(content) | ReasoningPart(content) | RefusalPart(content):
            return content
        case ToolCall(name, arguments):
            return f"{name} {_spelled(arguments)}"
        case ToolResult(result):
            return _spelled(result)
        case _:
            return ""


def _spelled(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(json_value(value), ensure_ascii=False)
