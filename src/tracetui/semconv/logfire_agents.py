"""OpenAI's Agents SDK through Logfire: the data of the SDK's own spans under plain names.

Follows logfire 3.25 to 5.4 (`_internal/integrations/openai_agents.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.chat import Kind
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.exchange import looks_like_messages, request_tools
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.messages import messages_of

FIELDS: Mapping[str, Field] = {
    "name": "tool.name",
    "input": "input",
    "output": "output",
    "agent_name": "agent_name",
    "from_agent": "agent_name",
    "group_id": "session_id",
}

KINDS = {"sdk_span_type": {"turn": Kind.CHAIN, "task": Kind.CHAIN, "*": Kind.UNKNOWN}}


def _messages(key: str, role: str) -> Reader:
    """What a generation was given and gave; a function has its arguments and result under the same names."""

    def read(source: Source) -> Found | None:
        value = source.decoded(key)
        return Found(messages_of(value, role), key) if looks_like_messages(value) else None

    return Reader("input_messages" if key == "input" else "output_messages", Rank.CLIENT, read)


CONVENTION = Convention(
    name="Logfire, OpenAI Agents",
    version="logfire 5.4.0",
    order=6,
    scopes=("logfire.openai_agents",),
    private=True,
    fields=FIELDS,
    kinds=KINDS,
    readers=(
        _messages("input", "user"),
        _messages("output", "assistant"),
        Reader("tool_defs", Rank.VENDOR, lambda source: Found(request_tools(source.decoded("response")), "response")),
    ),
)
