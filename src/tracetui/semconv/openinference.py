"""OpenInference.

Follows openinference-semantic-conventions 0.1.42 (`semconv/trace`, `semconv/resource`) and the specification beside it
(`spec/semantic_conventions.md`, `spec/annotations.md`).
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.attributes import Attributes, AttributeValue
from tracetui.model.chat import ChatMessage, Embedding, Evaluation, Kind, TextPart, ToolDefinition
from tracetui.semconv.core.content import document_of, evaluation_of, tool_definition
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, ReadField, Source
from tracetui.semconv.core.exchange import request_messages, response_messages, spoken
from tracetui.semconv.core.fields import Field, is_schema
from tracetui.semconv.core.messages import flat_message, flat_part, message_of
from tracetui.semconv.core.values import dimension, is_hidden, is_list, strings

FIELDS: Mapping[str, Field] = {
    "input.value": "input",
    "output.value": "output",
    "input.mime_type": "input_mime",
    "output.mime_type": "output_mime",
    "llm.response.model_name": "model_response",
    "llm.model_name": "model_either",
    "embedding.model_name": "model_either",
    "reranker.model_name": "model_either",
    "llm.request.model_name": "model_request",
    "llm.invocation_parameters": "model_params",
    "embedding.invocation_parameters": "model_params",
    "llm.provider": "provider",
    "llm.system": "provider",
    "llm.token_count.prompt": "tokens.input",
    "llm.token_count.completion": "tokens.output",
    "llm.token_count.total": "tokens.total",
    "llm.token_count.prompt_details.cache_read": "tokens.cache_read",
    "llm.token_count.prompt_details.cache_input": "tokens.cache_read",
    "llm.token_count.prompt_details.cache_write": "tokens.cache_write",
    "llm.token_count.completion_details.reasoning": "tokens.reasoning",
    "llm.token_count.prompt_details.audio": "tokens.audio_input",
    "llm.token_count.completion_details.audio": "tokens.audio_output",
    "llm.cost.prompt": "cost.input",
    "llm.cost.completion": "cost.output",
    "llm.cost.total": "cost.total",
    "tool.name": "tool.name",
    "tool.description": "tool.description",
    "tool.parameters": "tool.arguments",
    "tool.id": "tool.call_id",
    "tool_call.id": "tool.call_id",
    "session.id": "session_id",
    "user.id": "user_id",
    "agent.name": "agent_name",
    "reranker.query": "rerank.query",
    "reranker.top_k": "rerank.top_k",
    "llm.prompt_template.template": "prompt.template",
    "llm.prompt_template.version": "prompt.version",
    "prompt.id": "prompt.id",
    "prompt.url": "prompt.url",
    "prompt.vendor": "prompt.vendor",
}

KINDS = {
    "openinference.span.kind": {
        **{kind.value: kind for kind in Kind},
        **{kind.value.lower(): kind for kind in Kind},
        # Typed-answer models of the 2026 releases.
        "decision": Kind.LLM,
    }
}

HINTS = {
    "tool.name": Kind.TOOL,
    "tool.parameters": Kind.TOOL,
    "retrieval.documents.*": Kind.RETRIEVER,
    "reranker.*": Kind.RERANKER,
    "embedding.*": Kind.EMBEDDING,
    "llm.input_messages*": Kind.LLM,
    "llm.output_messages*": Kind.LLM,
    "llm.prompts*": Kind.LLM,
    "llm.model_name": Kind.LLM,
    "llm.request.model_name": Kind.LLM,
    "llm.response.model_name": Kind.LLM,
}

_FUNCTION_CALL = "llm.function_call"
_PARAMS_NOT_SHOWN = frozenset({"model", "model_name", "messages", "input", "prompt", "tools", "functions", "system"})
_MAX_LEVELS = 8


def _messages(side: str, role: str) -> Reader:
    key = f"llm.{side}_messages"

    def read(source: Source) -> Found:
        found = []
        for index, item in enumerate(source.items(key)):
            message = flat_message(item, role) if isinstance(item, Mapping) else None
            if message is None:
                source.problem(f"Message {index} of {key} is not a message.")
            else:
                found.append(message)
        return Found(tuple(found), f"{key}.*")

    return Reader("input_messages" if side == "input" else "output_messages", Rank.FLAT, read)


def _texts(prefix: str, item: str, role: str) -> Reader:
    """The text-completion API: one prompt or choice after another."""

    def read(source: Source) -> Found:
        flat = [entry.get(item) for entry in source.items(prefix) if isinstance(entry, Mapping)]
        words = [entry.get("text") for entry in flat if isinstance(entry, Mapping)]
        listed = source.value(prefix)
        if not words and is_list(listed):
            words = list(listed)
        messages = (ChatMessage(role, (TextPart(word),)) for word in words if isinstance(word, str))
        return Found(tuple(messages), f"{prefix}.*")

    return Reader("input_messages" if role == "user" else "output_messages", Rank.FLAT + 1, read)


def _media(side: str, role: str) -> Reader:
    """Images beside a span's input or output, of any kind; the words there go with them."""
    images, words_key = f"{side}.images", f"{side}.value"

    def read(source: Source) -> Found:
        parts = tuple(flat_part(item) for item in source.items(images))
        words = source.value(words_key) if parts else None
        said = (TextPart(words),) if isinstance(words, str) and words else ()
        return Found((ChatMessage(role, said + parts),) if parts else (), f"{images}.*")

    return Reader("input_messages" if side == "input" else "output_messages", Rank.VALUE, read)


def _of_value(side: str, role: str) -> Reader:
    """The conversation in the input or output of a model's span that has no messages: a request, or plain words."""
    key = f"{side}.value"

    def read(source: Source) -> Found | None:
        words = source.value(key)
        if not isinstance(words, str) or not words or not _calls_model(source):
            return None
        mime = str(source.attributes.get(f"{side}.mime_type", ""))
        is_plain = "json" not in mime and (mime != "" or words[:1] not in ("{", "[", '"'))
        value = words if is_plain else source.decoded(key)
        messages = request_messages(value) if side == "input" else response_messages(value)
        return Found(messages or (spoken(words, role) if is_plain else ()), key)

    return Reader("input_messages" if side == "input" else "output_messages", Rank.VALUE + 1, read)


def _calls_model(source: Source) -> bool:
    said = source.attributes.get("openinference.span.kind")
    return str(said).strip("\"'").upper() == Kind.LLM if said is not None else "llm.model_name" in source.attributes


def _single_call(source: Source) -> Found | None:
    """The one call of a function that a legacy model asks for."""
    call = source.decoded(_FUNCTION_CALL)
    message = message_of({"function_call": call, "content": None}, "assistant") if isinstance(call, Mapping) else None
    return None if message is None else Found((message,), _FUNCTION_CALL)


def _documents(prefix: str, field: ReadField = "documents", rank: int = Rank.FLAT) -> Reader:
    def read(source: Source) -> Found:
        found = [document_of(item) for item in source.items(prefix)]
        return Found(tuple(item for item in found if item is not None), f"{prefix}.*")

    return Reader(field, rank, read)


def _own_definition(source: Source) -> Found | None:
    """The definition of the tool that a TOOL span runs; some senders put it in the place of the arguments."""
    for key in ("tool.json_schema", "tool.parameters"):
        given = source.decoded(key)
        if isinstance(given, Mapping) and (key == "tool.json_schema" or is_schema(given)):
            name, description = source.value("tool.name"), source.value("tool.description")
            definition = tool_definition(given, name=name, description=description)
            return None if definition is None else Found((definition,), key)
    return None


def _tools(source: Source) -> Found:
    found: list[ToolDefinition] = []
    for index, item in enumerate(source.items("llm.tools")):
        inner = item.get("tool") if isinstance(item, Mapping) else None
        if not isinstance(inner, Mapping) or is_hidden(inner.get("json_schema")):
            source.problem(f"Tool {index} of llm.tools is hidden or not a tool.")
            continue
        schema = source.decode(inner.get("json_schema"), f"llm.tools.{index}.tool.json_schema")
        definition = tool_definition(schema, name=inner.get("name"), description=inner.get("description"))
        if definition is not None:
            found.append(definition)
    return Found(tuple(found), "llm.tools.*")


def _embedding(source: Source) -> Found | None:
    items = [item.get("embedding") for item in source.items("embedding.embeddings") if isinstance(item, Mapping)]
    vectors = [item.get("vector") for item in items if isinstance(item, Mapping)]
    sizes = [size for vector in vectors if (size := dimension(vector)) is not None]
    return Found(Embedding("", len(items), max(sizes, default=None)), "embedding.embeddings.*") if items else None


def _embedded(source: Source) -> Found:
    """What was embedded, as words of the user."""
    items = [item.get("embedding") for item in source.items("embedding.embeddings") if isinstance(item, Mapping)]
    words = [item.get("text") for item in items if isinstance(item, Mapping)]
    messages = (ChatMessage("user", (TextPart(word),)) for word in words if isinstance(word, str) and word)
    return Found(tuple(messages), "embedding.embeddings.*")


def _params(key: str) -> Reader:
    def read(source: Source) -> Found:
        value = source.decoded(key)
        given = value if isinstance(value, Mapping) else {}
        return Found({name: given[name] for name in given if name not in _PARAMS_NOT_SHOWN}, key)

    return Reader("params", Rank.FLAT, read)


def _metadata(source: Source) -> Found:
    value = source.decoded("metadata")
    given = dict(value) if isinstance(value, Mapping) else {} if value in (None, "") else {"metadata": value}
    # LiteLLM writes every key it knows, most of them empty.
    flat = {name: item for _, name, item in source.below("metadata") if item != ""}
    return Found({**flat, **given}, "metadata")


def _beside(prefix: str) -> Reader:
    """Keys that are no field here, as metadata under their own names."""

    def read(source: Source) -> Found:
        return Found({key: value for key, _, value in source.below(prefix)}, f"{prefix}.*")

    return Reader("metadata", Rank.FLAT + 1, read)


def _variables(source: Source) -> Found:
    return Found(source.decoded("llm.prompt_template.variables"), "llm.prompt_template.variables")


def _finish_reasons(source: Source) -> Found:
    return Found(strings(source.value("llm.finish_reason")), "llm.finish_reason")


def _judgements(source: Source) -> Found:
    """Annotations and evaluations, two spellings of one thing, of the span, its trace or its session."""
    found: dict[Evaluation, str] = {}
    for scope, start in (("span", ""), ("trace", "trace."), ("session", "session.")):
        for plural, single in (("annotations", "annotation"), ("evaluations", "evaluation")):
            for item in source.items(start + plural):
                inner = item.get(single) if isinstance(item, Mapping) else None
                if isinstance(inner, Mapping) and (judged := evaluation_of(inner, scope)) is not None:
                    found.setdefault(judged, f"{start}{plural}.*")
    return Found(tuple(found), next(iter(found.values()), ""))


def _first_token(source: Source) -> Found | None:
    for event in source.span.events:
        if event.name == "First Token Stream Event":
            return Found((event.time_unix_nano - source.span.start_time_unix_nano) / 1e9, f"event {event.name}")
    return None


def _last_words(attributes: Attributes, key: str) -> AttributeValue:
    """The content of the last message that a user wrote; `key` is the role of the last message."""
    index = int(key.split(".")[2])
    for number in range(index, max(-1, index - _MAX_LEVELS), -1):
        start = f"llm.input_messages.{number}.message."
        if attributes.get(f"{start}role") == "user":
            words = attributes.get(f"{start}content")
            return words if words is not None else attributes.get(f"{start}contents.0.message_content.text")
    return None


CONVENTION = Convention(
    name="OpenInference",
    version="openinference-semantic-conventions 0.1.42",
    order=3,
    scopes=("openinference.instrumentation.", "@arizeai/openinference"),
    marks=("openinference.span.kind",),
    fields=FIELDS,
    projects=("openinference.project.name",),
    kinds=KINDS,
    hints=HINTS,
    readers=(
        _messages("input", "user"),
        _messages("output", "assistant"),
        _texts("llm.prompts", "prompt", "user"),
        _texts("llm.choices", "completion", "assistant"),
        Reader("input_messages", Rank.FLAT + 2, _embedded),
        _documents("retrieval.documents"),
        _documents("reranker.output_documents"),
        _documents("output.documents", rank=Rank.VALUE),
        _documents("input.documents", rank=Rank.VALUE + 1),
        _documents("reranker.input_documents", "rerank.documents"),
        _media("input", "user"),
        _media("output", "assistant"),
        _of_value("input", "user"),
        _of_value("output", "assistant"),
        Reader("output_messages", Rank.FLAT + 1, _single_call),
        Reader("tool_defs", Rank.FLAT, _tools),
        Reader("tool_defs", Rank.FLAT + 1, _own_definition),
        _beside("graph.node"),
        _beside("decision"),
        Reader("embedding", Rank.FLAT, _embedding),
        _params("llm.invocation_parameters"),
        _params("embedding.invocation_parameters"),
        Reader("metadata", Rank.FLAT, _metadata),
        Reader("tags", Rank.FLAT, lambda source: Found(strings(source.value("tag.tags")), "tag.tags")),
        Reader("prompt.variables", Rank.FLAT, _variables),
        Reader("finish_reasons", Rank.FLAT, _finish_reasons),
        Reader("evals", Rank.FLAT, _judgements),
        Reader("ttft_s", Rank.FLAT, _first_token),
    ),
    words={"llm.input_messages.N.message.role": _last_words},
)
