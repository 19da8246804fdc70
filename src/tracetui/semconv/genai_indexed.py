"""OTel GenAI, messages as flattened attributes or as one JSON text ("generation A").

Follows the habit of opentelemetry-semantic-conventions-ai up to 0.4 (`gen_ai.prompt.N.*`, `gen_ai.completion.N.*`) and
open-telemetry/semantic-conventions up to 1.26 (`gen_ai.prompt`, `gen_ai.completion`).
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.attributes import Attributes, AttributeValue
from tracetui.model.chat import ChatMessage, Kind, OtherPart, ReasoningPart
from tracetui.semconv.core.content import tool_definition
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, ReadField, Source
from tracetui.semconv.core.exchange import request_messages, response_messages, spoken
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.messages import message_of
from tracetui.semconv.core.parts import HIDDEN, parts_of, word
from tracetui.semconv.core.values import decode, is_list

FIELDS: Mapping[str, Field] = {
    "gen_ai.prompt": "input",
    "gen_ai.completion": "output",
}

HINTS = {
    "gen_ai.prompt.N.role": Kind.LLM,
    "gen_ai.prompt.N.content": Kind.LLM,
    "gen_ai.completion.N.role": Kind.LLM,
    "gen_ai.completion.N.content": Kind.LLM,
}

_FILTERED = "FILTERED"
"""Stands in the place of an answer that the provider's filter held back."""

_MODELS = ("gen_ai.request.model", "gen_ai.response.model")
_BLOCKS = {"text", "toolUse", "toolResult", "reasoningContent"}
"""Names of Bedrock's blocks."""
_MAX_LEVELS = 8
_SIDES: tuple[tuple[ReadField, str, str], ...] = (
    ("input_messages", "gen_ai.prompt", "user"),
    ("output_messages", "gen_ai.completion", "assistant"),
)


def _indexed(field: ReadField, key: str, role: str) -> Reader:
    def read(source: Source) -> Found:
        found = (_message(item, role) for item in source.items(key))
        return Found(tuple(message for message in found if message is not None), f"{key}.N.*")

    return Reader(field, Rank.INDEXED, read)


def _message(item: object, role: str) -> ChatMessage | None:
    if not isinstance(item, Mapping):
        return message_of(item, role)
    if item.get("role") == "thinking":
        return ChatMessage("assistant", (ReasoningPart(word(item, "content")),))
    if item.get("content") == _FILTERED and role == "assistant":
        reason = word(item, "finish_reason")
        return ChatMessage(word(item, "role") or role, (OtherPart(HIDDEN, _FILTERED),), finish_reason=reason)
    if "user" in item and "content" not in item:
        return message_of({"role": "user", "content": item["user"]}, role)
    blocks = decode(item.get("content")).value
    are_blocks = is_list(blocks) and all(isinstance(block, Mapping) for block in blocks)
    return message_of({"role": role, **item, "content": blocks if are_blocks else item.get("content")}, role)


def _in_one_text(field: ReadField, key: str, role: str) -> Reader:
    def read(source: Source) -> Found | None:
        value = source.value(key)
        messages = request_messages(value) if field == "input_messages" else response_messages(value)
        if not messages and any(model in source.attributes for model in _MODELS):
            # Plain words, or a list of them, that a model was given or gave back; or the blocks of one message.
            given = decode(value).value
            messages = spoken(given, role) or _of_blocks(given, role)
        return Found(messages, key) if messages else None

    return Reader(field, Rank.INDEXED + 1, read)


def _of_blocks(given: object, role: str) -> tuple[ChatMessage, ...]:
    """One message, of which only the list of its blocks is there (Strands 0.1)."""
    if (
        not is_list(given)
        or not given
        or not all(isinstance(item, Mapping) and item.keys() & _BLOCKS for item in given)
    ):
        return ()
    return (ChatMessage(role, tuple(parts_of(given))),)


def _functions(source: Source) -> Found:
    found = (tool_definition(item) for item in source.items("llm.request.functions"))
    return Found(tuple(item for item in found if item is not None), "llm.request.functions.N.*")


def _last_words(attributes: Attributes, key: str) -> AttributeValue:
    """The content of the last message that a user wrote; `key` is the role of the last message."""
    index = int(key.split(".")[2])
    for number in range(index, max(-1, index - _MAX_LEVELS), -1):
        if attributes.get(f"gen_ai.prompt.{number}.role") == "user":
            return attributes.get(f"gen_ai.prompt.{number}.content")
    return None


CONVENTION = Convention(
    name="OTel GenAI, indexed",
    version="opentelemetry-semantic-conventions-ai 0.4, semantic-conventions 1.26",
    order=20,
    fields=FIELDS,
    hints=HINTS,
    readers=(
        *(_indexed(field, key, role) for field, key, role in _SIDES),
        *(_in_one_text(field, key, role) for field, key, role in _SIDES),
        Reader("tool_defs", Rank.INDEXED, _functions),
    ),
    words={"gen_ai.prompt.N.role": _last_words},
)
