"""Pydantic AI: what its spans carry beside the OTel GenAI attributes of its calls of models.

Follows pydantic-ai-slim 0.4 to 2.68 (`_instrumentation.py`, `models/instrumented.py`, `embeddings/instrumented.py`),
instrumentation formats 1 to 6. No attribute tells the format. In 1 the conversation is a list of events
(`genai_events.py` reads it), from 2 on messages; up to 2 tools have no operation and plain names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tracetui.model.chat import ChatMessage, Document, Embedding, Kind, TextPart
from tracetui.semconv.core.content import tool_definitions
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.messages import messages_of
from tracetui.semconv.core.values import count, is_list, mapping

_RUN_USAGE = "gen_ai.aggregated_usage"

FIELDS: Mapping[str, Field] = {
    "model_name": "model_request",
    "agent_name": "agent_name",
    "final_result": "output",
    "tool_arguments": "tool.arguments",
    "tool_response": "tool.result",
    # What a run used in all; the roll-up lets it stand only where no call below it says what it used.
    f"{_RUN_USAGE}.input_tokens": "tokens.input",
    f"{_RUN_USAGE}.output_tokens": "tokens.output",
    f"{_RUN_USAGE}.cache_read.input_tokens": "tokens.cache_read",
    f"{_RUN_USAGE}.cache_creation.input_tokens": "tokens.cache_write",
    f"{_RUN_USAGE}.cache_write.input_tokens": "tokens.cache_write",
    f"{_RUN_USAGE}.details.cache_read_tokens": "tokens.cache_read",
    f"{_RUN_USAGE}.details.cache_write_tokens": "tokens.cache_write",
    f"{_RUN_USAGE}.details.reasoning_tokens": "tokens.reasoning",
}

HINTS = {
    "tool_arguments": Kind.TOOL,
    "tool_response": Kind.TOOL,
    "agent_name": Kind.AGENT,
    "inputs_count": Kind.EMBEDDING,
    "tools": Kind.CHAIN,
}

_ALL_MESSAGES = "pydantic_ai.all_messages"
_PARAMETERS = "model_request_parameters"
_NOT_METADATA = frozenset({"all_messages", "new_message_index"})


def _given(source: Source) -> Found:
    return Found(_history(source)[0], _ALL_MESSAGES)


def _answered(source: Source) -> Found:
    return Found(_history(source)[1], _ALL_MESSAGES)


def _history(source: Source) -> tuple[Sequence[ChatMessage], Sequence[ChatMessage]]:
    """The history of a run, cut before its last answer."""
    messages = messages_of(source.decode_list(source.value(_ALL_MESSAGES), _ALL_MESSAGES), "user")
    answered = bool(messages) and messages[-1].role == "assistant"
    return (messages[:-1], messages[-1:]) if answered else (messages, ())


def _tools(source: Source) -> Found:
    """Functions, and the tools that stand for types of output."""
    given = mapping(source.decoded(_PARAMETERS))
    listed = [given.get("function_tools"), given.get("output_tools")]
    return Found(tool_definitions([tool for tools in listed if is_list(tools) for tool in tools]), _PARAMETERS)


def _params(source: Source) -> Found | None:
    given = mapping(source.decoded(_PARAMETERS))
    names = ("output_mode", "allow_text_output")
    return Found({name: given[name] for name in names if given.get(name) is not None}, _PARAMETERS)


def _metadata(source: Source) -> Found:
    named = source.below("pydantic_ai")
    return Found({name: value for _, name, value in named if name not in _NOT_METADATA}, "pydantic_ai.*")


def _embedded(source: Source) -> list[str]:
    value = source.decoded("inputs")
    return [item for item in value if isinstance(item, str)] if is_list(value) else []


def _embedded_words(source: Source) -> Found:
    return Found(tuple(ChatMessage("user", (TextPart(words),)) for words in _embedded(source)), "inputs")


def _embedded_documents(source: Source) -> Found | None:
    found = tuple(Document(words) for words in _embedded(source))
    return Found(found, "inputs") if source.value("input_type") == "document" else None


def _embedding(source: Source) -> Found | None:
    number = count(source.attributes.get("inputs_count"))
    return None if number is None else Found(Embedding("", number), "inputs_count")


CONVENTION = Convention(
    name="Pydantic AI",
    version="pydantic-ai-slim 2.68.0",
    order=6,
    scopes=("pydantic-ai",),
    private=True,
    fields=FIELDS,
    hints=HINTS,
    readers=(
        Reader("input_messages", Rank.EVENTS_TEXT, _given),
        Reader("output_messages", Rank.EVENTS_TEXT, _answered),
        Reader("tool_defs", Rank.CLIENT, _tools),
        Reader("params", Rank.CLIENT, _params),
        Reader("metadata", Rank.CLIENT, _metadata),
        Reader("input_messages", Rank.CLIENT, _embedded_words),
        Reader("documents", Rank.CLIENT, _embedded_documents),
        Reader("embedding", Rank.CLIENT, _embedding),
    ),
)
