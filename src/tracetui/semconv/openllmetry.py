"""OpenLLMetry (Traceloop): workflows, tasks, agents and tools, vector stores, rerankers and guardrails.

Follows opentelemetry-semantic-conventions-ai 0.5.1 and its older names (traceloop/openllmetry 0.40.9), traceloop-sdk
0.62.4. Its messages are OTel GenAI's: indexed in older releases, structured since 0.60.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import Document, Evaluation, Kind
from tracetui.model.span import SpanEvent
from tracetui.semconv.core.content import document_of
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.exchange import request_messages, response_messages
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.usage import object_in_text, usage_fields
from tracetui.semconv.core.values import decode, is_list, label, mapping, number, strings

_PROPERTIES = "traceloop.association.properties"
_INPUT = "traceloop.entity.input"
_OUTPUT = "traceloop.entity.output"
_VARIABLES = "traceloop.prompt.template_variables"
_GUARD = "gen_ai.guardrail"

FIELDS: Mapping[str, Field] = {
    "traceloop.workflow.name": "workflow",
    "traceloop.entity.name": "tool.name",
    _INPUT: "input",
    _OUTPUT: "output",
    f"{_PROPERTIES}.session_id": "session_id",
    f"{_PROPERTIES}.thread_id": "session_id",
    f"{_PROPERTIES}.user_id": "user_id",
    "llm.user": "user_id",
    "traceloop.prompt.key": "prompt.name",
    "traceloop.prompt.version": "prompt.version",
    "traceloop.prompt.version_hash": "prompt.id",
    "traceloop.prompt.template": "prompt.template",
    f"{_GUARD}.input": "input",
    f"{_GUARD}.output": "output",
    f"{_GUARD}.error.type": "error.type",
    f"{_GUARD}.error.message": "error.message",
}

KINDS = {
    "traceloop.span.kind": {
        "workflow": Kind.CHAIN,
        "agent": Kind.AGENT,
        "tool": Kind.TOOL,
        "unknown": Kind.UNKNOWN,
    },
    "llm.request.type": {
        # LiteLLM writes the function that was called.
        **dict.fromkeys(("acompletion", "text_completion", "atext_completion", "responses", "aresponses"), Kind.LLM),
        **dict.fromkeys(("aembedding", "embeddings"), Kind.EMBEDDING),
        "arerank": Kind.RERANKER,
        "chat": Kind.LLM,
        "completion": Kind.LLM,
        "embedding": Kind.EMBEDDING,
        "rerank": Kind.RERANKER,
        "unknown": Kind.UNKNOWN,
    },
    f"{_GUARD}.name": {"*": Kind.GUARDRAIL},
    "db.operation": {},
}

WEAK_KINDS = {
    # A task is whatever its operation says it is: a retrieval, say.
    "traceloop.span.kind": {"task": Kind.CHAIN},
    "db.operation": {
        **dict.fromkeys(("query", "_query", "search", "hybrid_search"), Kind.RETRIEVER),
        "*": Kind.UNKNOWN,
    },
}

HINTS = {
    "db.vector.query.*": Kind.RETRIEVER,
    "db.chroma.query.*": Kind.RETRIEVER,
    "db.milvus.search.*": Kind.RETRIEVER,
    "db.milvus.query.*": Kind.RETRIEVER,
    "db.marqo.search.*": Kind.RETRIEVER,
    "db.pinecone.query.*": Kind.RETRIEVER,
    "pinecone.query.*": Kind.RETRIEVER,
    "qdrant.search.*": Kind.RETRIEVER,
    "qdrant.search_batch.*": Kind.RETRIEVER,
    "qdrant.query*": Kind.RETRIEVER,
}

_PARAMS = {
    "llm.frequency_penalty": "frequency_penalty",
    "llm.presence_penalty": "presence_penalty",
    "llm.top_k": "top_k",
    "llm.chat.stop_sequences": "stop_sequences",
    "llm.is_streaming": "stream",
    "gen_ai.is_streaming": "stream",
    "llm.request.reasoning_effort": "reasoning_effort",
    "llm.request.repetition_penalty": "repetition_penalty",
    "db.vector.query.top_k": "top_k",
}
"""Key to parameter. `llm.headers` is none: what it holds is secret."""

_UPDATE = '{"outputs": [{"graph": null, "update": {"messages": [{"lc"'
_CONSTRUCTOR = '"type": "constructor"'
_MAX_DOCUMENTS = 10_000
_RANKED = re.compile(r"Doc (\d+), Score: ([-+.\deE]+)(?:\n(.*))?", re.DOTALL)
"""A reranker's choice, as the instrumentation of Cohere writes it."""


def _side(value: object, names: tuple[str, str]) -> object:
    """What a step was given or gave back, out of what LangChain's callbacks put around it."""
    held = mapping(value)
    for name in names:
        if name in held:
            inner = held[name]
            if is_list(inner) and len(inner) == 1 and isinstance(inner[0], Mapping) and "update" in inner[0]:
                return inner[0]["update"]
            return inner
    return decode(value).value


def _given(source: Source) -> object:
    return _side(source.value(_INPUT), ("inputs", "input"))


def _told(source: Source) -> object:
    return _side(source.value(_OUTPUT), ("outputs", "output"))


def _messages_in(source: Source) -> Found:
    given = _given(source)
    if is_list(given) and any(_is_document(item) for item in given[:1]):
        return Found((), _INPUT)
    return Found(request_messages(given) or request_messages(source.value(_INPUT)), _INPUT)


def _messages_out(source: Source) -> Found:
    return Found(response_messages(_told(source)), _OUTPUT)


def _usage(value: AttributeValue) -> Iterable[tuple[Field, object]]:
    """The usage of the one new message with which a model's step updates its LangGraph.

    Other steps hand on messages that they were given, so theirs is nobody's usage.
    """
    if not isinstance(value, str) or not value.startswith(_UPDATE) or value.count(_CONSTRUCTOR) != 1:
        return ()
    return usage_fields(object_in_text(value, "usage_metadata")).items()


def _metadata(source: Source) -> Found:
    return Found({name: value for _, name, value in source.below(_PROPERTIES)}, f"{_PROPERTIES}.*")


def _params(source: Source) -> Found:
    given, first = source.some(_PARAMS)
    named = {_PARAMS[key]: value for key, value in given.items()} if isinstance(given, Mapping) else {}
    return Found(named, first)


def _finish_reasons(source: Source) -> Found | None:
    for key in ("llm.response.finish_reason", "llm.response.stop_reason"):
        if found := strings(source.value(key)):
            return Found(found, key)
    return None


def _variables(source: Source) -> Found:
    whole = source.decoded(_VARIABLES)
    return Found(whole or {name: value for _, name, value in source.below(_VARIABLES)}, _VARIABLES)


def _found(source: Source) -> Found:
    """What a vector store found, one span event each; a distance is not a score."""
    events = (event for event in source.span.events if event.name in ("db.query.result", "db.search.result"))
    found = (_of_event(event) for event, _ in zip(events, range(_MAX_DOCUMENTS), strict=False))
    return Found(tuple(document for document in found if document is not None), "event db.query.result")


def _of_event(event: SpanEvent) -> Document | None:
    start = f"{event.name}."
    item: dict[str, object] = {
        key[len(start) :]: value for key, value in event.attributes.items() if key.startswith(start)
    } or dict(event.attributes)
    entity = decode(item.pop("entity", None)).value
    item = {**entity, **item} if isinstance(entity, Mapping) else {"document": entity, **item}
    distance = number(item.get("distance"))
    document = document_of({name: value for name, value in item.items() if value is not None and name != "vector"})
    if document is None or distance is None:
        return document
    kept = document.metadata
    beside = dict(kept) if isinstance(kept, Mapping) else {} if kept is None else {"metadata": kept}
    return replace(document, metadata={**beside, "distance": distance})


def _passed_on(source: Source) -> Found:
    """Documents that a step gave back, or else those that it was given."""
    for key, value in ((_OUTPUT, _told(source)), (_INPUT, _given(source))):
        listed = value.get("documents") if isinstance(value, Mapping) else value
        if is_list(listed) and listed and all(_is_document(item) for item in listed[:_MAX_DOCUMENTS]):
            found = (document_of(item) for item in listed[:_MAX_DOCUMENTS])
            return Found(tuple(document for document in found if document is not None), key)
    return Found((), _OUTPUT)


def _is_document(item: object) -> bool:
    if not isinstance(item, Mapping):
        return False
    named = item.get("id")
    return "page_content" in item or (is_list(named) and named[-1:] == ["Document"])


def _ranked(source: Source) -> Found:
    """A reranker's choices, which stand where elsewhere the answers do."""
    found = []
    for item in source.items("gen_ai.completion") if source.attributes.get("llm.request.type") == "rerank" else ():
        match = _RANKED.fullmatch(str(item.get("content"))) if isinstance(item, Mapping) else None
        if match is not None:
            index, score, content = match.groups()
            found.append(Document(content or "", index, number(score)))
    return Found(tuple(found), "gen_ai.completion.N.content")


def _to_rank(source: Source) -> Found:
    """The documents that a reranker was given are its system messages, the query is the user's."""
    items = source.items("gen_ai.prompt") if source.attributes.get("llm.request.type") == "rerank" else []
    given = [item.get("content") for item in items if isinstance(item, Mapping) and item.get("role") == "system"]
    found = (document_of(content) for content in given)
    return Found(tuple(document for document in found if document is not None), "gen_ai.prompt.N.content")


def _guard(source: Source) -> Found | None:
    """A guard's verdict."""
    name, status = label(source.value(f"{_GUARD}.name")), label(source.value(f"{_GUARD}.status"))
    return Found((Evaluation(name or "guardrail", None, status),), f"{_GUARD}.status") if status else None


CONVENTION = Convention(
    name="OpenLLMetry",
    version="opentelemetry-semantic-conventions-ai 0.5.1",
    order=10,
    scopes=("traceloop.tracer",),
    marks=("traceloop.*", "llm.request.type", f"{_GUARD}.*"),
    fields=FIELDS,
    kinds=KINDS,
    weak_kinds=WEAK_KINDS,
    hints=HINTS,
    opens={_OUTPUT: _usage},
    quoted=True,
    readers=(
        Reader("input_messages", Rank.ENTITY, _messages_in),
        Reader("output_messages", Rank.ENTITY, _messages_out),
        Reader("documents", Rank.DETAILS_EVENT, _found),
        Reader("documents", Rank.INDEXED, _ranked),
        Reader("documents", Rank.ENTITY, _passed_on),
        Reader("rerank.documents", Rank.INDEXED, _to_rank),
        Reader("metadata", Rank.ENTITY, _metadata),
        Reader("params", Rank.ENTITY, _params),
        Reader("finish_reasons", Rank.ENTITY, _finish_reasons),
        Reader("prompt.variables", Rank.ENTITY, _variables),
        Reader("evals", Rank.ENTITY, _guard),
    ),
)
