"""LangSmith, from its SDK's OpenTelemetry export: what it writes beside the OTel GenAI attributes.

Follows langsmith 0.15.1 (`_internal/otel/_otel_exporter.py`). A run's inputs and outputs are `gen_ai.prompt` and
`gen_ai.completion` as one JSON text each, which `genai_indexed` reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import Kind
from tracetui.semconv.core.content import documents_of
from tracetui.semconv.core.convention import Convention, Found, Opener, Rank, Reader, Source, entries
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.usage import usage_fields
from tracetui.semconv.core.values import decode, mapping, python_mapping, strings

_KIND = "langsmith.span.kind"
_METADATA = "langsmith.metadata"
_OUTPUTS = "gen_ai.completion"

FIELDS: Mapping[str, Field] = {
    f"{_METADATA}.ls_provider": "provider",
    f"{_METADATA}.ls_model_name": "model_request",
    f"{_METADATA}.session_id": "session_id",
    f"{_METADATA}.thread_id": "session_id",
    f"{_METADATA}.conversation_id": "session_id",
    f"{_METADATA}.user_id": "user_id",
    f"{_METADATA}.lc_agent_name": "agent_name",
}

KINDS = {
    # Before `gen_ai.operation.name`, which calls a retriever `embeddings` and a prompt `chat`.
    _KIND: {
        "llm": Kind.LLM,
        "chain": Kind.CHAIN,
        "parser": Kind.CHAIN,
        "tool": Kind.TOOL,
        "retriever": Kind.RETRIEVER,
        "embedding": Kind.EMBEDDING,
        "prompt": Kind.PROMPT,
    }
}

_PARAMS = {
    "ls_temperature": "temperature",
    "ls_max_tokens": "max_tokens",
    "ls_stop": "stop",
}
"""Metadata that LangChain makes of a request's parameters."""
_NAMED = {
    "langsmith.trace.session_name": "project",
    "langsmith.trace.session_id": "project_id",
    "gen_ai.serialized.name": "serialized.name",
    "gen_ai.serialized.signature": "serialized.signature",
    "gen_ai.serialized.doc": "serialized.doc",
}
"""Attributes that are metadata under another name; LangSmith's word for a project is session."""
_ENVIRONMENT = ("LANGSMITH_", "LANGCHAIN_")
"""Beginnings of environment variables that the SDK copies into every run's metadata."""


def _details(names: Mapping[str, Field]) -> Opener:
    """Details of usage as JSON, or as Python prints them, which is how the exporter writes them."""
    of_json = entries(names)

    def opened(value: AttributeValue) -> Iterable[tuple[Field, object]]:
        printed = python_mapping(value)
        return [(field, printed[name]) for name, field in names.items() if name in printed] or of_json(value)

    return opened


def _documents(source: Source) -> Found | None:
    """What a retriever found, alone or under a name."""
    if source.attributes.get(_KIND) != "retriever":
        return None
    outputs = source.decoded(_OUTPUTS)
    inner = outputs.get("output") if isinstance(outputs, Mapping) else None
    return Found(documents_of(outputs if inner is None else inner), _OUTPUTS)


def _params(source: Source) -> Found | None:
    if source.attributes.get(_KIND) != "llm":
        return None
    found: dict[str, object] = {**mapping(source.value(f"{_METADATA}.ls_invocation_params"))}
    for name, param in _PARAMS.items():
        if (value := source.value(f"{_METADATA}.{name}")) is not None:
            found[param] = value
    if (stream := source.value("langsmith.request.streaming")) is not None:
        found["stream"] = stream
    return Found(found, f"{_METADATA}.*")


def _metadata(source: Source) -> Found:
    found = {
        name: decode(value).value for _, name, value in source.below(_METADATA) if not name.startswith(_ENVIRONMENT)
    }
    found.update((name, source.value(key)) for key, name in _NAMED.items() if key in source.attributes)
    return Found(found, f"{_METADATA}.*")


CONVENTION = Convention(
    name="LangSmith",
    version="langsmith 0.15.1",
    order=11,
    scopes=("langsmith",),
    marks=(_KIND, "langsmith.trace.*"),
    fields=FIELDS,
    kinds=KINDS,
    named_after=frozenset({Kind.TOOL}),
    # It writes an exception only for a run that failed, and then sometimes the status OK after it.
    exceptions_fail=True,
    opens={
        f"{_METADATA}.usage_metadata": lambda value: usage_fields(value).items(),
        "gen_ai.usage.input_token_details": _details(
            {"cache_read": "tokens.cache_read", "cache_creation": "tokens.cache_write"}
        ),
        "gen_ai.usage.output_token_details": _details({"reasoning": "tokens.reasoning"}),
    },
    readers=(
        Reader("documents", Rank.VENDOR, _documents),
        Reader("params", Rank.VENDOR, _params),
        Reader("metadata", Rank.VENDOR, _metadata),
        Reader(
            "tags",
            Rank.VENDOR,
            lambda source: Found(strings(source.value("langsmith.span.tags")), "langsmith.span.tags"),
        ),
    ),
)
