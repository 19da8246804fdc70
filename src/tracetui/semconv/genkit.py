"""Genkit, in JavaScript, Go and Python.

Follows @genkit-ai/core 1.42 (`tracing/instrumentation.ts`): an action's name, its kind, and what it was given and gave
back as JSON. The output of a model includes its thoughts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import ChatMessage, Document, Embedding, Kind, TextPart
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.exchange import request_params, request_tools
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.messages import message_of, messages_of
from tracetui.semconv.core.parts import JSONObject, parts_of, word
from tracetui.semconv.core.usage import usage_fields
from tracetui.semconv.core.values import is_list, json_text, mapping, number

_INPUT = "genkit:input"
_OUTPUT = "genkit:output"
_METADATA = "genkit:metadata:"

FIELDS: Mapping[str, Field] = {
    "genkit:name": "tool.name",
    _INPUT: "input",
    _OUTPUT: "output",
    "genkit:sessionId": "session_id",
    "genkit:state": "error.mark",
    "genkit:metadata:flow:name": "workflow",
}

KINDS = {
    f"{_METADATA}subtype": {
        **dict.fromkeys(("model", "background-model"), Kind.LLM),
        **dict.fromkeys(("tool", "tool.v2"), Kind.TOOL),
        "retriever": Kind.RETRIEVER,
        "embedder": Kind.EMBEDDING,
        "reranker": Kind.RERANKER,
        "evaluator": Kind.EVALUATOR,
        "agent": Kind.AGENT,
        **dict.fromkeys(("prompt", "executable-prompt"), Kind.PROMPT),
        "*": Kind.CHAIN,
    },
    "genkit:type": {**dict.fromkeys(("flow", "flowStep", "flowstep", "util", "action"), Kind.CHAIN), "*": Kind.UNKNOWN},
}

_PLUGINS = {"googleai": "gcp.gemini", "vertexai": "gcp.vertex_ai", "googlegenai": "gcp.gemini"}
_OF_A_MODEL = ("model", "background-model", "embedder")
_USAGE = re.compile(r'"usage":\s*(\{[^{}]*"(?:input|output)Tokens"[^{}]*\})')
_MAX_SEARCH = 1_000_000


def _key(value: AttributeValue) -> Iterator[tuple[Field, object]]:
    """The model in `/model/openai/gpt-4o`."""
    kind, _, name = value[1:].partition("/") if isinstance(value, str) else ("", "", "")
    if kind in _OF_A_MODEL:
        yield from _model(name)


def _path(value: AttributeValue) -> Iterator[tuple[Field, object]]:
    """The model in `/{myFlow,t:flow}/{openai/gpt-4o,t:action,s:model}`."""
    last = value[value.rfind("{") + 1 :].rstrip("}") if isinstance(value, str) else ""
    name, *rest = last.split(",")
    if any(f"s:{kind}" in rest for kind in _OF_A_MODEL):
        yield from _model(name)


def _model(name: str) -> Iterator[tuple[Field, object]]:
    """A plugin's name leads to the provider, what follows is the model."""
    plugin, _, model = name.partition("/")
    yield "model_request", model or name
    if model:
        yield "provider", _PLUGINS.get(plugin, plugin)


def _usage(value: AttributeValue) -> Iterator[tuple[Field, object]]:
    """The usage in an output, of which nothing else is decoded: it is flat, and text has its quotes escaped."""
    found = _USAGE.search(value, 0, _MAX_SEARCH) if isinstance(value, str) else None
    usage: object = found.group(1) if found is not None else value.get("usage") if isinstance(value, Mapping) else None
    yield from usage_fields(usage).items()


def _given(source: Source) -> Found | None:
    value = mapping(source.decoded(_INPUT))
    messages = value.get("messages")
    return Found(messages_of(messages, "user"), _INPUT) if is_list(messages) else None


def _answered(source: Source) -> Found:
    """A message with its reason to end, or candidates of them, up to 0.9."""
    value = mapping(source.decoded(_OUTPUT))
    listed = value.get("candidates")
    found = []
    for item in listed if is_list(listed) else (value,):
        inner = item.get("message") if isinstance(item, Mapping) else None
        if isinstance(inner, Mapping) and isinstance(item, Mapping):
            message = message_of({**inner, "finish_reason": item.get("finishReason")}, "assistant")
            found.append(message)
    return Found(tuple(message for message in found if message is not None), _OUTPUT)


def _params(source: Source) -> Found:
    request = request_params(source.decoded(_INPUT))
    return Found(mapping(request.get("config")), _INPUT)


def _tools(source: Source) -> Found:
    return Found(request_tools(source.decoded(_INPUT)), _INPUT)


def _words(content: object) -> str:
    return "\n".join(part.content for part in parts_of(content) if isinstance(part, TextPart))


def _documents(source: Source) -> Found:
    """Documents that a retriever or reranker gave back; their ids and scores stand in the metadata."""
    listed = mapping(source.decoded(_OUTPUT)).get("documents")
    items = [item for item in listed if isinstance(item, Mapping)] if is_list(listed) else []
    return Found(tuple(_document(item) for item in items), _OUTPUT)


def _document(item: JSONObject) -> Document:
    about = item.get("metadata")
    named = about if isinstance(about, Mapping) else {}
    words = _words(item.get("content")) or json_text(item.get("content"))
    return Document(words, word(named, "id"), number(named.get("score")), about, word(named, "title"))


def _embedded(source: Source) -> Found:
    listed = mapping(source.decoded(_INPUT)).get("input")
    items = [item for item in listed if isinstance(item, Mapping)] if is_list(listed) else []
    messages = (ChatMessage("user", tuple(parts_of(item.get("content")))) for item in items)
    return Found(tuple(messages), _INPUT)


def _embedding(source: Source) -> Found | None:
    vectors = mapping(source.decoded(_OUTPUT)).get("embeddings")
    if not is_list(vectors):
        return None
    numbers = [item.get("embedding") for item in vectors if isinstance(item, Mapping)]
    sizes = [len(vector) for vector in numbers if is_list(vector)]
    return Found(Embedding("", len(vectors), max(sizes, default=None)), _OUTPUT)


def _metadata(source: Source) -> Found:
    given = {
        key[len(_METADATA) :]: value
        for key, value in source.attributes.items()
        if key.startswith(_METADATA) and key != f"{_METADATA}subtype"
    }
    return Found(given, _METADATA)


CONVENTION = Convention(
    name="Genkit",
    version="@genkit-ai/core 1.42.0",
    order=21,
    scopes=("genkit-tracer",),
    marks=("genkit:type", "genkit:name"),
    fields=FIELDS,
    kinds=KINDS,
    quoted=True,
    opens={"genkit:key": _key, "genkit:path": _path, _OUTPUT: _usage},
    readers=(
        Reader("input_messages", Rank.CLIENT, _given),
        Reader("input_messages", Rank.CLIENT + 1, _embedded),
        Reader("output_messages", Rank.CLIENT, _answered),
        Reader("tool_defs", Rank.CLIENT, _tools),
        Reader("params", Rank.CLIENT, _params),
        Reader("documents", Rank.CLIENT, _documents),
        Reader("embedding", Rank.CLIENT, _embedding),
        Reader("metadata", Rank.CLIENT, _metadata),
    ),
)
