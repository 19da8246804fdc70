"""LiveKit Agents: nodes of a voice agent's turn, around requests that read as OTel GenAI.

Follows livekit-agents 1.2 to 1.8 (`telemetry/trace_types.py`). Newer versions mark personal data in the key: what was
`lk.chat_ctx` is `lk.pii.chat_ctx`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import ChatMessage, Kind, MessagePart, TextPart, ToolDefinition
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.messages import messages_of
from tracetui.semconv.core.parts import parts_of
from tracetui.semconv.core.usage import usage_fields
from tracetui.semconv.core.values import decode, is_list, mapping, strings

_PERSONAL: Mapping[str, Field] = {
    "function_tool.arguments": "tool.arguments",
    "function_tool.output": "tool.result",
    "user_input": "input",
    "user_transcript": "input",
    "input_text": "input",
    "response.text": "output",
}
_PREFIXES = ("lk.pii.", "lk.")

FIELDS: Mapping[str, Field] = {
    **{prefix + name: field for prefix in _PREFIXES for name, field in _PERSONAL.items()},
    "lk.function_tool.name": "tool.name",
    "lk.function_tool.id": "tool.call_id",
    "lk.agent_name": "agent_name",
    "lk.agent_label": "agent_name",
    "lk.response.ttft": "ttft_s",
}

HINTS = {
    "lk.function_tool.name": Kind.TOOL,
    "lk.generation_id": Kind.AGENT,
    "lk.function_tools": Kind.LLM,
    "lk.response.text": Kind.LLM,
    "lk.pii.response.text": Kind.LLM,
    "lk.user_transcript": Kind.CHAIN,
    "lk.pii.user_transcript": Kind.CHAIN,
    "lk.input_text": Kind.CHAIN,
    "lk.pii.input_text": Kind.CHAIN,
}


def _named(source: Source, name: str) -> tuple[str, AttributeValue]:
    """A value under its newer or its older key."""
    key = next((prefix + name for prefix in _PREFIXES if prefix + name in source.attributes), _PREFIXES[0] + name)
    return key, source.value(key)


def _context(source: Source) -> Found | None:
    """The context of a chat: messages, calls and their outputs as items of one list."""
    key, value = _named(source, "chat_ctx")
    items = mapping(source.decode(value, key)).get("items")
    return Found(messages_of(items, "user"), key) if is_list(items) else None


def _instructions(source: Source) -> Found | None:
    key, words = _named(source, "instructions")
    return Found((TextPart(words),), key) if isinstance(words, str) and words else None


def _said(source: Source) -> Found | None:
    """What was said to the agent, or what it is to say."""
    for name in ("user_input", "user_transcript"):
        key, words = _named(source, name)
        if isinstance(words, str) and words:
            return Found((ChatMessage("user", (TextPart(words),)),), key)
    return None


def _answer(source: Source) -> Found | None:
    key, words = _named(source, "response.text")
    parts: list[MessagePart] = [TextPart(words)] if isinstance(words, str) and words else []
    calls_key, calls = _named(source, "response.function_calls")
    listed = source.decode(calls, calls_key)
    for item in listed if is_list(listed) else ():
        call = decode(item).value
        parts.extend(parts_of({**call, "type": "function_call"} if isinstance(call, Mapping) else call))
    return Found((ChatMessage("assistant", tuple(parts)),), key if words else calls_key) if parts else None


def _tools(source: Source) -> Found:
    """Their names are all that it tells."""
    names = strings(source.value("lk.function_tools"))
    return Found(tuple(ToolDefinition(name) for name in names), "lk.function_tools")


def _is_error(value: AttributeValue) -> Iterator[tuple[Field, object]]:
    if value is True:
        yield "error.mark", "error"


CONVENTION = Convention(
    name="LiveKit Agents",
    version="livekit-agents 1.8.9",
    order=21,
    scopes=("livekit-agents",),
    marks=("lk.*",),
    fields=FIELDS,
    hints=HINTS,
    opens={
        "lk.function_tool.is_error": _is_error,
        "lk.llm_metrics": lambda value: usage_fields(value).items(),
    },
    readers=(
        Reader("input_messages", Rank.CLIENT, _context),
        Reader("input_messages", Rank.CLIENT + 1, _said),
        Reader("output_messages", Rank.CLIENT, _answer),
        Reader("instructions", Rank.CLIENT, _instructions),
        Reader("tool_defs", Rank.CLIENT, _tools),
    ),
)
