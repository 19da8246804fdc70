"""Spring AI: its chat client, advisors, tools and vector stores around calls of models that read as OTel GenAI.

Follows Spring AI 1.0 to 2.0 (the reference's page on observability). Micrometer writes every value as text. Content is
recorded only where an application asks for it; of a prompt that is its texts, without roles.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.chat import Kind, ToolDefinition
from tracetui.semconv.core.content import documents_of
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.values import strings

_KIND = "spring.ai.kind"
_FOUND = "db.vector.query.response.documents"
_TOOL_NAMES = ("spring.ai.model.request.tool.names", "spring.ai.chat.client.tool.names")

FIELDS: Mapping[str, Field] = {
    "spring.ai.tool.definition.name": "tool.name",
    "spring.ai.tool.definition.description": "tool.description",
    "spring.ai.tool.call.id": "tool.call_id",
    "spring.ai.tool.call.arguments": "tool.arguments",
    "spring.ai.tool.call.result": "tool.result",
    "spring.ai.chat.client.conversation.id": "session_id",
    "db.vector.query.content": "input",
}

KINDS: Mapping[str, Mapping[str, Kind]] = {
    _KIND: {"tool_call": Kind.TOOL, "chat_client": Kind.CHAIN, "advisor": Kind.CHAIN},
}

WEAK_KINDS = {
    # A query has keys that say so; the others add and delete.
    _KIND: {"vector_store": Kind.CHAIN},
}

_CONTENT = frozenset({*FIELDS, *_TOOL_NAMES, "spring.ai.tool.definition.schema"})


def _documents(source: Source) -> Found | None:
    """The texts that a vector store found."""
    found = source.decoded(_FOUND)
    return None if found is None else Found(documents_of(found), _FOUND)


def _tools(source: Source) -> Found | None:
    """Their names are all that it tells."""
    for key in _TOOL_NAMES:
        if names := strings(source.value(key)):
            return Found(tuple(ToolDefinition(name) for name in names), key)
    return None


def _metadata(source: Source) -> Found:
    return Found({name: value for key, name, value in source.below("spring.ai") if key not in _CONTENT}, "spring.ai.*")


CONVENTION = Convention(
    name="Spring AI",
    version="Spring AI 2.0",
    order=19,
    marks=("spring.ai.*",),
    fields=FIELDS,
    kinds=KINDS,
    weak_kinds=WEAK_KINDS,
    readers=(
        Reader("documents", Rank.CLIENT, _documents),
        Reader("tool_defs", Rank.CLIENT, _tools),
        Reader("metadata", Rank.CLIENT, _metadata),
    ),
)
