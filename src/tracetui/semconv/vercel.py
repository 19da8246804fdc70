"""Vercel AI SDK.

Follows ai 3.4, 4.3, 5.0 and 6.0 (`telemetry`, `generate-text`, `embed`, `rerank`). AI SDK 7 (@ai-sdk/otel 1.0) writes
OTel GenAI attributes by itself, and some of these beside them when asked to; its exporter for the older form, all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import ChatMessage, Document, Embedding, Kind, MessagePart, ReasoningPart, TextPart
from tracetui.semconv.core.content import document_of, tool_definitions
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.exchange import request_messages
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.messages import messages_of
from tracetui.semconv.core.parts import parts_of
from tracetui.semconv.core.preview import json_words
from tracetui.semconv.core.values import count, decode, is_list, json_text, number, small_mapping, strings, text

_METADATA = "ai.telemetry.metadata"
_CONTEXT = "ai.settings.context"

FIELDS: Mapping[str, Field] = {
    "ai.response.model": "model_response",
    "ai.model.id": "model_request",
    "ai.model.provider": "provider",
    # 5 on; `inputTokenDetails` and `outputTokenDetails` since 6.
    "ai.usage.inputTokens": "tokens.input",
    "ai.usage.outputTokens": "tokens.output",
    "ai.usage.totalTokens": "tokens.total",
    "ai.usage.inputTokenDetails.cacheReadTokens": "tokens.cache_read",
    "ai.usage.cachedInputTokens": "tokens.cache_read",
    "ai.usage.inputTokenDetails.cacheWriteTokens": "tokens.cache_write",
    "ai.usage.outputTokenDetails.reasoningTokens": "tokens.reasoning",
    "ai.usage.reasoningTokens": "tokens.reasoning",
    # 3 and 4, and objects in all of them.
    "ai.usage.promptTokens": "tokens.input",
    "ai.usage.completionTokens": "tokens.output",
    # Embeddings.
    "ai.usage.tokens": "tokens.input",
    "ai.telemetry.functionId": "agent_name",
    f"{_METADATA}.sessionId": "session_id",
    f"{_METADATA}.userId": "user_id",
    f"{_CONTEXT}.sessionId": "session_id",
    f"{_CONTEXT}.userId": "user_id",
    "ai.toolCall.name": "tool.name",
    "ai.toolCall.id": "tool.call_id",
    "ai.toolCall.args": "tool.arguments",
    "ai.toolCall.result": "tool.result",
    "ai.response.msToFirstChunk": "ttft_ms",
    "ai.stream.msToFirstChunk": "ttft_ms",
}

_OPERATIONS = {
    **dict.fromkeys(("ai.generateText", "ai.streamText", "ai.generateObject", "ai.streamObject"), Kind.AGENT),
    "ai.workflowAgent.stream": Kind.AGENT,
    "ai.toolCall": Kind.TOOL,
    **dict.fromkeys(("ai.embed", "ai.embedMany", "ai.rerank"), Kind.CHAIN),
    **dict.fromkeys(("ai.embed.doEmbed", "ai.embedMany.doEmbed"), Kind.EMBEDDING),
    "ai.rerank.doRerank": Kind.RERANKER,
    **{
        f"ai.{call}.{inner}": Kind.LLM
        for call, inner in (
            *(("generateText", "doGenerate"), ("generateObject", "doGenerate")),
            *(("streamText", "doStream"), ("streamObject", "doStream")),
        )
    },
}

KINDS = {
    "ai.operationId": {
        **_OPERATIONS,
        **{operation.lower(): kind for operation, kind in _OPERATIONS.items()},
        "*.dogenerate": Kind.LLM,
        "*.dostream": Kind.LLM,
        "*.doembed": Kind.EMBEDDING,
        "*.dorerank": Kind.RERANKER,
        "ai.*": Kind.CHAIN,
    },
    # The operation, a blank and the function's id; early versions of 3 have nothing else.
    "operation.name": {
        **{f"{operation.lower()}*": _OPERATIONS[operation] for operation in sorted(_OPERATIONS, key=len, reverse=True)},
        "*": Kind.UNKNOWN,
    },
}

HINTS = {
    "ai.toolCall.name": Kind.TOOL,
    "ai.embeddings": Kind.EMBEDDING,
    "ai.ranking": Kind.RERANKER,
    "ai.prompt.messages": Kind.LLM,
}

_PROVIDER_COUNTS: Mapping[str, Field] = {
    "cacheReadInputTokens": "tokens.cache_read",
    "cachedPromptTokens": "tokens.cache_read",
    "promptCacheHitTokens": "tokens.cache_read",
    "cacheCreationInputTokens": "tokens.cache_write",
    "cacheWriteInputTokens": "tokens.cache_write",
    "reasoningTokens": "tokens.reasoning",
}
"""Counts in a provider's metadata, where 4 and 5 have no attribute for them."""

_COUNTED = re.compile("|".join(_PROVIDER_COUNTS))
_PROMPT: Mapping[str, Field] = {"name": "prompt.name", "version": "prompt.version"}
_NOT_PARAMS = ("context.",)
_NOT_METADATA = frozenset({"sessionId", "userId", "tags"})
_CAPITAL = re.compile(r"(?<=[a-z0-9])[A-Z]")


def _provider_counts(value: AttributeValue) -> Iterator[tuple[Field, object]]:
    if isinstance(value, str) and _COUNTED.search(value):
        for given in small_mapping(value).values():
            usage = given.get("usage") if isinstance(given, Mapping) else None
            for counts in (given, usage):
                if isinstance(counts, Mapping):
                    yield from ((field, counts[name]) for name, field in _PROVIDER_COUNTS.items() if name in counts)
            if isinstance(usage, Mapping) and "cache_read_input_tokens" in usage:
                # Anthropic's own usage: up to 5 `inputTokens` is this, without the cache, since 6 it is all of it.
                yield "tokens.uncached", usage.get("input_tokens")
                yield "tokens.cache_read", usage["cache_read_input_tokens"]
                yield "tokens.cache_write", usage.get("cache_creation_input_tokens")


def _prompt_kept(value: AttributeValue) -> Iterator[tuple[Field, object]]:
    kept = small_mapping(value)
    yield from ((field, kept.get(name)) for name, field in _PROMPT.items())


def _prompt(source: Source) -> Found | None:
    """What the call was given: on the span of the model its messages, on the one around it the prompt as written."""
    value = source.decoded("ai.prompt.messages")
    if value is not None:
        return Found(messages_of(value, "user"), "ai.prompt.messages")
    return Found(request_messages(source.decoded("ai.prompt")), "ai.prompt")


def _answer(source: Source) -> Found | None:
    """One message of what came back; `ai.result.*` up to 3."""
    for start in ("ai.response", "ai.result"):
        parts: list[MessagePart] = []
        reasoning = source.decoded(f"{start}.reasoning")
        thoughts = _thoughts(reasoning) if is_list(reasoning) else text(reasoning)
        if thoughts:
            parts.append(ReasoningPart(thoughts))
        words = source.value(f"{start}.text") or source.value(f"{start}.object")
        if words:
            parts.append(TextPart(words if isinstance(words, str) else json_text(words)))
        parts.extend(_typed(source.decoded(f"{start}.toolCalls"), "tool-call"))
        parts.extend(_typed(source.decoded(f"{start}.files"), "file"))
        if parts:
            reasons = _finish_reasons(source)
            reason = ", ".join(reasons.value) if reasons is not None and isinstance(reasons.value, tuple) else ""
            return Found((ChatMessage("assistant", tuple(parts), finish_reason=reason),), f"{start}.*")
    return None


def _thoughts(value: Iterable[object]) -> str:
    return "\n".join(str(item.get("text", "")) for item in value if isinstance(item, Mapping))


def _typed(value: object, kind: str) -> list[MessagePart]:
    """A list of parts that leave out what they are; an item may be JSON text."""
    items = [decode(item).value for item in value] if is_list(value) else []
    return [part for item in items for part in parts_of({**item, "type": kind} if isinstance(item, Mapping) else item)]


def _finish_reasons(source: Source) -> Found | None:
    for key in ("ai.response.finishReason", "ai.finishReason"):
        if found := strings(source.value(key)):
            return Found(found, key)
    return None


def _embedded(source: Source) -> tuple[list[str], str]:
    """The values that were embedded, each of them JSON, and where they stand."""
    several = source.value("ai.values")
    values = several if is_list(several) else [source.value("ai.value")]
    decoded = (decode(value).value for value in values)
    return [text(value) or "" for value in decoded if value not in (None, "")], "ai.values" if several else "ai.value"


def _embedding(source: Source) -> Found | None:
    several, one = source.value("ai.embeddings"), source.value("ai.embedding")
    vectors = several if is_list(several) else () if one is None else (one,)
    sizes = [_dimension(vector) for vector in vectors]
    found = Embedding("", len(vectors), max(sizes, default=None))
    return Found(found, "ai.embeddings" if several is not None else "ai.embedding") if vectors else None


def _dimension(vector: object) -> int:
    """The numbers in a vector, without making numbers of its text."""
    if isinstance(vector, str):
        return vector.count(",") + 1 if vector.strip("[] ") else 0
    return len(vector) if is_list(vector) else 0


def _embedded_words(source: Source) -> Found:
    values, key = _embedded(source)
    return Found(tuple(ChatMessage("user", (TextPart(words),)) for words in values), key)


def _embedded_documents(source: Source) -> Found | None:
    """Values embedded several at a time are documents; one at a time, it may be a query."""
    operation = source.value("ai.operationId")
    values, key = _embedded(source)
    many = operation.startswith("ai.embedMany") if isinstance(operation, str) else len(values) > 1
    return Found(tuple(Document(words) for words in values), key) if many else None


def _candidates(source: Source) -> list[Document]:
    """The documents that were to be ranked: words, or objects of any shape."""
    value = source.value("ai.documents")
    items = [decode(item).value for item in value] if is_list(value) else []
    found = (document_of(item) for item in items)
    return [
        document if document is not None and document.content else Document(text(item) or "")
        for item, document in zip(items, found, strict=True)
    ]


def _ranked(source: Source) -> Found | None:
    value, documents = source.value("ai.ranking"), _candidates(source)
    found = []
    for item in value if is_list(value) else ():
        place = decode(item).value
        index = count(place.get("index")) if isinstance(place, Mapping) else None
        if index is None or index >= len(documents):
            source.problem("An entry of ai.ranking names no document.")
            continue
        document = documents[index]
        score = number(place.get("relevanceScore")) if isinstance(place, Mapping) else None
        found.append(Document(document.content, document.id, score, document.metadata, document.title, document.uri))
    return Found(tuple(found), "ai.ranking") if found else None


def _params(source: Source) -> Found:
    given: dict[str, AttributeValue] = {
        _CAPITAL.sub(lambda found: f"_{found.group().lower()}", name): value
        for _, name, value in source.below("ai.settings")
        if not name.startswith(_NOT_PARAMS)
    }
    choice = source.decoded("ai.prompt.toolChoice")
    return Found({**given, **({} if choice is None else {"tool_choice": choice})}, "ai.settings.*")


def _metadata(source: Source) -> Found:
    named = (item for prefix in (_METADATA, _CONTEXT) for item in source.below(prefix))
    return Found({name: value for _, name, value in named if name not in _NOT_METADATA}, f"{_METADATA}.*")


def _first_chunk(source: Source) -> Found | None:
    for event in source.span.events:
        if event.name == "ai.stream.firstChunk":
            return Found((event.time_unix_nano - source.span.start_time_unix_nano) / 1e9, f"event {event.name}")
    return None


def _tools(source: Source) -> Found:
    return Found(tool_definitions(source.decoded("ai.prompt.tools") or ()), "ai.prompt.tools")


CONVENTION = Convention(
    name="Vercel AI SDK",
    version="ai 6.0.326, @ai-sdk/otel 1.0.173",
    order=8,
    marks=("ai.operationId", "ai.model.id", "ai.telemetry.functionId", f"{_CONTEXT}.*", "ai.usage.*"),
    fields=FIELDS,
    kinds=KINDS,
    hints=HINTS,
    opens={"ai.response.providerMetadata": _provider_counts, f"{_METADATA}.langfusePrompt": _prompt_kept},
    readers=(
        Reader("input_messages", Rank.CLIENT, _prompt),
        Reader("input_messages", Rank.CLIENT + 1, _embedded_words),
        Reader("output_messages", Rank.CLIENT, _answer),
        Reader("tool_defs", Rank.CLIENT, _tools),
        Reader("embedding", Rank.CLIENT, _embedding),
        Reader("documents", Rank.CLIENT, _ranked),
        Reader("documents", Rank.CLIENT + 1, _embedded_documents),
        Reader("rerank.documents", Rank.CLIENT, lambda source: Found(tuple(_candidates(source)), "ai.documents")),
        Reader("finish_reasons", Rank.CLIENT, _finish_reasons),
        Reader("params", Rank.CLIENT, _params),
        Reader("metadata", Rank.CLIENT, _metadata),
        Reader("tags", Rank.CLIENT, lambda source: Found(strings(source.value(f"{_METADATA}.tags")), _METADATA)),
        Reader("ttft_s", Rank.CLIENT, _first_chunk),
    ),
    words={"ai.prompt.messages": lambda attributes, key: json_words(attributes[key])},
)
