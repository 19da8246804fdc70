"""MLflow Tracing, exported over OTLP.

Follows mlflow 3.17.2 and 3.18 (`tracing/constant.py`, `tracing/utils`, `entities/span.py`). Every value of its own is
JSON, plain words too, which then stand in quotes. A span's inputs and outputs are those of the call, whoever's library
was called: OpenAI, Anthropic, Gemini, Bedrock, LangChain, LlamaIndex, DSPy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import Document, Kind
from tracetui.model.span import SpanEvent
from tracetui.semconv.core.chunks import streamed_messages
from tracetui.semconv.core.content import documents_of, embedding_of, tool_definitions
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source, entries
from tracetui.semconv.core.exchange import request_messages, request_params, request_tools, response_messages, spoken
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.usage import usage_fields, usage_of_response
from tracetui.semconv.core.values import count, decode, is_list, number, unquoted

_TYPE = "mlflow.spanType"
_INPUTS = "mlflow.spanInputs"
_OUTPUTS = "mlflow.spanOutputs"
_CHUNK = "mlflow.chunk.item."

FIELDS: Mapping[str, Field] = {
    "mlflow.llm.model": "model_either",
    "mlflow.llm.provider": "provider",
    _INPUTS: "input",
    _OUTPUTS: "output",
    "mlflow.trace.session": "session_id",
    "mlflow.trace.user": "user_id",
}

_KINDS = {
    "llm": Kind.LLM,
    "chat_model": Kind.LLM,
    "chain": Kind.CHAIN,
    "parser": Kind.CHAIN,
    "workflow": Kind.CHAIN,
    "task": Kind.CHAIN,
    "memory": Kind.CHAIN,
    "agent": Kind.AGENT,
    "tool": Kind.TOOL,
    "retriever": Kind.RETRIEVER,
    "embedding": Kind.EMBEDDING,
    "reranker": Kind.RERANKER,
    "guardrail": Kind.GUARDRAIL,
    "evaluator": Kind.EVALUATOR,
    "unknown": Kind.UNKNOWN,
}
KINDS = {_TYPE: {**_KINDS, **{word.upper(): kind for word, kind in _KINDS.items()}}}

_NOTES = {
    "mlflow.spanFunctionName": "function",
    "mlflow.spanDescription": "description",
    "mlflow.message.format": "message_format",
    "mlflow.experimentId": "experiment_id",
}
"""Attributes that are metadata under another name."""
_TAGS = "mlflow.traceTag"


def _prompt(value: AttributeValue) -> Iterable[tuple[Field, object]]:
    """The first of the prompts that were loaded within the span."""
    listed = decode(value).value
    first = listed[0] if is_list(listed) and listed else None
    return (
        [("prompt.name", first.get("name")), ("prompt.version", first.get("version"))]
        if isinstance(first, Mapping)
        else ()
    )


def _kind(source: Source) -> Kind:
    said = unquoted(source.value(_TYPE))
    return _KINDS.get(said.lower(), Kind.UNKNOWN) if isinstance(said, str) else Kind.UNKNOWN


def _input(source: Source) -> Found:
    """What was asked; words that were given to a model are words of the user."""
    value = source.decoded(_INPUTS)
    messages = request_messages(value)
    if not messages and _kind(source) in (Kind.LLM, Kind.EMBEDDING):
        messages = spoken(value, "user")
    return Found(messages, _INPUTS)


def _output(source: Source) -> Found:
    """What was answered. Of a stream MLflow puts only the words together; tool calls are in the chunks."""
    value = source.decoded(_OUTPUTS)
    messages = response_messages(value) or (spoken(value, "assistant") if _kind(source) is Kind.LLM else ())
    if not any(message.parts for message in messages) and (chunks := _chunks(source)):
        values = (event.attributes.get("mlflow.chunk.value") for event in chunks)
        return Found(streamed_messages(values), f"event {_CHUNK}*")
    return Found(messages, _OUTPUTS)


def _chunks(source: Source) -> list[SpanEvent]:
    """The chunks of a stream in their order, one span event each."""
    found = [event for event in source.span.events if event.name.startswith(_CHUNK)]
    return sorted(found, key=lambda event: count(event.name.removeprefix(_CHUNK)) or 0)


def _first_token(source: Source) -> Found | None:
    chunks = _chunks(source)
    if not chunks:
        return None
    first = min(event.time_unix_nano for event in chunks)
    return Found((first - source.span.start_time_unix_nano) / 1e9, f"event {_CHUNK}*")


def _tools(source: Source) -> Found:
    key = "mlflow.chat.tools"
    found = source.decoded(key)
    return Found(tool_definitions(found), key) if found else Found(request_tools(source.decoded(_INPUTS)), _INPUTS)


def _params(source: Source) -> Found | None:
    kinds = (Kind.LLM, Kind.EMBEDDING, Kind.RERANKER)
    return Found(request_params(source.decoded(_INPUTS)), _INPUTS) if _kind(source) in kinds else None


def _documents(source: Source) -> Found | None:
    """What a retriever found. MLflow's documents have their score and address in their metadata."""
    if _kind(source) not in (Kind.RETRIEVER, Kind.RERANKER):
        return None
    return Found(tuple(map(_document, documents_of(source.decoded(_OUTPUTS)))), _OUTPUTS)


def _document(found: Document) -> Document:
    notes = found.metadata if isinstance(found.metadata, Mapping) else {}
    score = number(notes.get("score")) if found.score is None else found.score
    uri = notes.get("doc_uri")
    return replace(found, score=score, uri=found.uri or (uri if isinstance(uri, str) else ""))


def _embedding(source: Source) -> Found | None:
    return Found(embedding_of(source.decoded(_OUTPUTS)), _OUTPUTS) if _kind(source) is Kind.EMBEDDING else None


def _metadata(source: Source) -> Found:
    found: dict[str, object] = {}
    sources: list[str] = []
    for key, name in _NOTES.items():
        if (value := source.decoded(key)) is not None:
            found[name] = value
            sources.append(key)
    for _, name, value in source.below(_TAGS):
        found[name] = value
        sources.append(f"{_TAGS}.*")
    return Found(found, next(iter(sources), ""))


CONVENTION = Convention(
    name="MLflow",
    version="mlflow 3.18.0",
    order=12,
    scopes=("mlflow.",),
    marks=(_TYPE, "mlflow.traceRequestId"),
    fields=FIELDS,
    kinds=KINDS,
    named_after=frozenset({Kind.TOOL, Kind.AGENT}),
    quoted=True,
    opens={
        "mlflow.chat.tokenUsage": lambda value: usage_fields(value).items(),
        "mlflow.llm.cost": entries(
            {"input_cost": "cost.input", "output_cost": "cost.output", "total_cost": "cost.total"}
        ),
        "mlflow.linkedPrompts": _prompt,
        _INPUTS: lambda value: [("model_params", value)],
        # `mlflow.chat.tokenUsage` has no room for reasoning, and embeddings have none.
        _OUTPUTS: lambda value: usage_of_response(value).items(),
    },
    readers=(
        Reader("input_messages", Rank.VENDOR, _input),
        Reader("output_messages", Rank.VENDOR, _output),
        Reader("tool_defs", Rank.VENDOR, _tools),
        Reader("params", Rank.VENDOR, _params),
        Reader("documents", Rank.VENDOR, _documents),
        Reader("embedding", Rank.VENDOR, _embedding),
        Reader("metadata", Rank.VENDOR, _metadata),
        Reader("ttft_s", Rank.VENDOR, _first_token),
    ),
)
