"""Langfuse, from its SDKs 3 and later, which write OpenTelemetry spans.

Follows langfuse 5.0.4 (`_client/attributes.py`, `openai.py`, `langchain/CallbackHandler.py`) and what its server reads
(langfuse/langfuse, `otel/attributes.ts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import ChatMessage, Embedding, Kind, MediaPart, MessagePart
from tracetui.semconv.core.buckets import sides
from tracetui.semconv.core.content import documents_of
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, ReadField, Source
from tracetui.semconv.core.exchange import request_messages, request_tools, response_messages, spoken
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.usage import usage_fields
from tracetui.semconv.core.values import amount, count, mapping, small_mapping, strings, unquoted

_OBSERVATION = "langfuse.observation"
_TRACE = "langfuse.trace"
_TYPE = f"{_OBSERVATION}.type"
_LEVEL = f"{_OBSERVATION}.level"
_STATUS = f"{_OBSERVATION}.status_message"

FIELDS: Mapping[str, Field] = {
    f"{_OBSERVATION}.model.name": "model_either",
    f"{_OBSERVATION}.model.parameters": "model_params",
    f"{_OBSERVATION}.input": "input",
    f"{_TRACE}.input": "input",
    f"{_OBSERVATION}.output": "output",
    f"{_TRACE}.output": "output",
    f"{_TRACE}.name": "workflow",
    f"{_OBSERVATION}.prompt.name": "prompt.name",
    f"{_OBSERVATION}.prompt.version": "prompt.version",
    _LEVEL: "error.mark",
    _STATUS: "error.message",
    "langfuse.session.id": "session_id",
    "langfuse.user.id": "user_id",
}

KINDS = {
    _TYPE: {
        "generation": Kind.LLM,
        "embedding": Kind.EMBEDDING,
        "tool": Kind.TOOL,
        "retriever": Kind.RETRIEVER,
        "agent": Kind.AGENT,
        "chain": Kind.CHAIN,
        "evaluator": Kind.EVALUATOR,
        "guardrail": Kind.GUARDRAIL,
        # A moment, not a stretch of work.
        "event": Kind.UNKNOWN,
    }
}

_MEMBERS: Mapping[str, Field] = {
    "input": "tokens.input",
    "output": "tokens.output",
    "total": "tokens.total",
    "cache_read": "tokens.cache_read",
    "cache_write": "tokens.cache_write",
    "reasoning": "tokens.reasoning",
}
_SPOKEN = ("generation", "embedding")
"""Types whose input and output are what was said to a model and by it, also where they are plain words."""
_METADATA = (f"{_OBSERVATION}.metadata", f"{_TRACE}.metadata")
_NOTES = {
    _LEVEL: "level",
    _STATUS: "status_message",
    "langfuse.environment": "environment",
    "langfuse.release": "release",
    "langfuse.version": "version",
}
"""Attributes that are metadata under another name."""
_EXPERIMENT = "langfuse.experiment"
_MEDIA = "@@@langfuseMedia:"
"""How a reference begins that the SDK leaves where it took a medium out of a message."""


def _usage(value: AttributeValue) -> Iterable[tuple[Field, object]]:
    """Usage in a provider's own words, or in Langfuse's buckets."""
    details = small_mapping(value)
    if not details.keys() & {"input", "output"}:
        return usage_fields(value).items()
    found = sides({name: number for name, item in details.items() if (number := count(item)) is not None})
    return [(_MEMBERS[member], number) for member, number in found._asdict().items() if number is not None]


def _cost(value: AttributeValue) -> Iterable[tuple[Field, object]]:
    """Dollars, in the same buckets; without a total it is their sum."""
    buckets = {name: dollars for name, item in small_mapping(value).items() if (dollars := amount(item)) is not None}
    found = sides(buckets)
    total = sum(buckets.values()) if found.total is None and buckets else found.total
    return [("cost.input", found.input), ("cost.output", found.output), ("cost.total", total)]


def _conversation(field: ReadField, *keys: str) -> Reader:
    output = field == "output_messages"

    def read(source: Source) -> Found | None:
        for key in keys:
            value = source.decoded(key)
            messages = response_messages(value) if output else request_messages(value)
            if not messages and source.attributes.get(_TYPE) in _SPOKEN:
                messages = spoken(value, "assistant" if output else "user")
            if messages:
                return Found(tuple(map(_with_media, messages)), key)
        return None

    return Reader(field, Rank.VENDOR, read)


def _with_media(message: ChatMessage) -> ChatMessage:
    return replace(message, parts=tuple(map(_medium, message.parts)))


def _medium(part: MessagePart) -> MessagePart:
    """A medium that was taken out: its reference says what it is, `type=image/png|id=…|source=…`."""
    if not isinstance(part, MediaPart) or not part.uri.startswith(_MEDIA):
        return part
    told = dict(entry.partition("=")[::2] for entry in part.uri.removeprefix(_MEDIA).rstrip("@").split("|"))
    return replace(part, mime=part.mime or told.get("type", ""))


def _documents(source: Source) -> Found | None:
    key = f"{_OBSERVATION}.output"
    return Found(documents_of(source.decoded(key)), key) if source.attributes.get(_TYPE) == "retriever" else None


def _embedding(source: Source) -> Found | None:
    """The OpenAI wrapper writes how many vectors there are and of what length, not the vectors."""
    key = f"{_OBSERVATION}.output"
    told = mapping(source.value(key)) if source.attributes.get(_TYPE) == "embedding" else {}
    found = Embedding("", count(told.get("count")), count(told.get("dimensions")))
    return Found(found, key) if found != Embedding() else None


def _params(source: Source) -> Found | None:
    key = f"{_OBSERVATION}.model.parameters"
    return Found(mapping(source.decoded(key)), key)


def _metadata(source: Source) -> Found:
    """The observation's own before its trace's, each as JSON under a key, or whole."""
    found: dict[str, object] = {}
    sources: list[str] = []
    for prefix in _METADATA:
        whole = source.decoded(prefix)
        given = dict(whole) if isinstance(whole, Mapping) else {} if whole is None else {"metadata": whole}
        sources += [prefix] if given else []
        for key, name, _ in source.below(prefix):
            given[name] = source.decoded(key)
            sources.append(f"{prefix}.*")
        found = {**given, **found}
    for key, name in _NOTES.items():
        if (value := source.value(key)) is not None:
            found.setdefault(name, value)
            sources.append(key)
    for key, name, _ in source.below(_EXPERIMENT):
        found[f"experiment.{name}"] = source.decoded(key)
        sources.append(f"{_EXPERIMENT}.*")
    return Found(found, next(iter(sources), ""))


def _first_token(source: Source) -> Found | None:
    key = f"{_OBSERVATION}.completion_start_time"
    value = unquoted(source.value(key))
    if not isinstance(value, str) or not value:
        return None
    try:
        start = datetime.fromisoformat(value)
    except ValueError:
        source.problem(f"{key} is not a time ({value[:40]!r}).")
        return None
    since = (start if start.tzinfo else start.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    nano = since // timedelta(microseconds=1) * 1_000
    return Found((nano - source.span.start_time_unix_nano) / 1e9, key)


def _finish_reasons(source: Source) -> Found:
    key = f"{_OBSERVATION}.metadata.finish_reason"
    return Found(strings(source.decoded(key)), key)


CONVENTION = Convention(
    name="Langfuse",
    version="langfuse 5.0.4",
    order=2,
    scopes=("langfuse-sdk",),
    marks=("langfuse.observation.*", "langfuse.trace.*"),
    fields=FIELDS,
    kinds=KINDS,
    # The type of whatever has no other: Langfuse's word for any piece of work.
    weak_kinds={_TYPE: {"span": Kind.CHAIN}},
    hints={f"{_OBSERVATION}.model.name": Kind.LLM},
    named_after=frozenset({Kind.TOOL, Kind.AGENT}),
    opens={f"{_OBSERVATION}.usage_details": _usage, f"{_OBSERVATION}.cost_details": _cost},
    readers=(
        _conversation("input_messages", f"{_OBSERVATION}.input", f"{_TRACE}.input"),
        _conversation("output_messages", f"{_OBSERVATION}.output", f"{_TRACE}.output"),
        Reader(
            "tool_defs",
            Rank.VENDOR,
            lambda source: Found(request_tools(source.value(f"{_OBSERVATION}.input")), f"{_OBSERVATION}.input"),
        ),
        Reader("documents", Rank.VENDOR, _documents),
        Reader("embedding", Rank.VENDOR, _embedding),
        Reader("params", Rank.VENDOR, _params),
        Reader("metadata", Rank.VENDOR, _metadata),
        Reader("tags", Rank.VENDOR, lambda source: Found(strings(source.value(f"{_TRACE}.tags")), f"{_TRACE}.tags")),
        Reader("finish_reasons", Rank.VENDOR, _finish_reasons),
        Reader("ttft_s", Rank.VENDOR, _first_token),
    ),
)
