"""OpenLLMetry (Traceloop): what it writes beside the OTel GenAI attributes.

Follows opentelemetry-semantic-conventions-ai 0.5.1 and its older names (traceloop/openllmetry 0.40.9), traceloop-sdk
0.62.4.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import Document, Kind
from tracetui.model.span import SpanEvent
from tracetui.semconv.core.content import document_of
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, ReadField, Source
from tracetui.semconv.core.exchange import request_messages, response_messages
from tracetui.semconv.core.fields import Field

_PROPERTIES = "traceloop.association.properties"

FIELDS: Mapping[str, Field] = {
    "traceloop.workflow.name": "workflow",
    "traceloop.entity.name": "tool.name",
    "traceloop.entity.input": "input",
    "traceloop.entity.output": "output",
    f"{_PROPERTIES}.session_id": "session_id",
    f"{_PROPERTIES}.thread_id": "session_id",
    f"{_PROPERTIES}.user_id": "user_id",
    "llm.user": "user_id",
    "traceloop.prompt.key": "prompt.name",
    "traceloop.prompt.version": "prompt.version",
    "traceloop.prompt.template": "prompt.template",
}

KINDS = {
    "traceloop.span.kind": {
        "workflow": Kind.CHAIN,
        "task": Kind.CHAIN,
        "agent": Kind.AGENT,
        "tool": Kind.TOOL,
    },
    "llm.request.type": {
        "chat": Kind.LLM,
        "completion": Kind.LLM,
        "embedding": Kind.EMBEDDING,
        "rerank": Kind.RERANKER,
    },
}

_PARAMS = {
    "llm.frequency_penalty": "frequency_penalty",
    "llm.presence_penalty": "presence_penalty",
    "llm.top_k": "top_k",
    "llm.chat.stop_sequences": "stop_sequences",
    "llm.is_streaming": "stream",
}


def _entity(side: str, field: ReadField) -> Reader:
    key = f"traceloop.entity.{side}"

    def read(source: Source) -> Found:
        value = source.value(key)
        return Found(request_messages(value) if side == "input" else response_messages(value), key)

    return Reader(field, Rank.ENTITY, read)


def _metadata(source: Source) -> Found:
    return Found({name: value for _, name, value in source.below(_PROPERTIES)}, f"{_PROPERTIES}.*")


def _params(source: Source) -> Found:
    given: dict[str, AttributeValue] = {
        name: source.attributes[key] for key, name in _PARAMS.items() if key in source.attributes
    }
    return Found(given, "llm.*")


def _variables(source: Source) -> Found:
    return Found(source.decoded("traceloop.prompt.template_variables"), "traceloop.prompt.template_variables")


def _documents(source: Source) -> Found:
    """What a vector store found, one span event each; a distance is not a score."""
    found = (_document(event) for event in source.span.events if event.name.startswith("db."))
    return Found(tuple(document for document in found if document is not None), "event db.query.result")


def _document(event: SpanEvent) -> Document | None:
    start = f"{event.name}."
    item = {key[len(start) :]: value for key, value in event.attributes.items() if key.startswith(start)}
    return document_of(item) if item else None


CONVENTION = Convention(
    name="OpenLLMetry",
    version="opentelemetry-semantic-conventions-ai 0.5.1",
    order=10,
    scopes=("traceloop.tracer",),
    marks=("traceloop.*", "llm.request.type"),
    fields=FIELDS,
    kinds=KINDS,
    readers=(
        _entity("input", "input_messages"),
        _entity("output", "output_messages"),
        Reader("documents", Rank.ENTITY, _documents),
        Reader("metadata", Rank.ENTITY, _metadata),
        Reader("params", Rank.ENTITY, _params),
        Reader("prompt.variables", Rank.ENTITY, _variables),
    ),
)
