"""Pydantic AI: what its agent spans carry beside the OTel GenAI attributes of its model spans.

Follows pydantic-ai-slim 2.68.0 (`_instrumentation.py`), instrumentation formats 1 to 6.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.chat import ChatMessage, Kind
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.messages import messages_of

FIELDS: Mapping[str, Field] = {
    "model_name": "model_request",
    "agent_name": "agent_name",
    "final_result": "output",
    "tool_arguments": "tool.arguments",
    "tool_response": "tool.result",
}

HINTS = {"tool_arguments": Kind.TOOL, "tool_response": Kind.TOOL}

_ALL_MESSAGES = "pydantic_ai.all_messages"


def _history(source: Source) -> tuple[tuple[ChatMessage, ...], tuple[ChatMessage, ...]]:
    """The history of a run, cut before its last answer."""
    messages = messages_of(source.decoded(_ALL_MESSAGES), "user")
    answered = bool(messages) and messages[-1].role == "assistant"
    return (messages[:-1], messages[-1:]) if answered else (messages, ())


CONVENTION = Convention(
    name="Pydantic AI",
    version="pydantic-ai-slim 2.68.0",
    order=6,
    scopes=("pydantic-ai",),
    private=True,
    fields=FIELDS,
    hints=HINTS,
    readers=(
        Reader("input_messages", Rank.EVENTS_TEXT, lambda source: Found(_history(source)[0], _ALL_MESSAGES)),
        Reader("output_messages", Rank.EVENTS_TEXT, lambda source: Found(_history(source)[1], _ALL_MESSAGES)),
    ),
)
