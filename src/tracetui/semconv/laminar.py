"""Laminar: what its SDK writes beside the OTel GenAI attributes of the instrumentation it brings along.

Follows lmnr 0.8.2 (`opentelemetry_lib/tracing/attributes.py`). Inputs and outputs are JSON, plain words in quotes.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.chat import Kind
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, ReadField, Source
from tracetui.semconv.core.exchange import request_messages, response_messages, spoken
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.values import strings, unquoted

_TYPE = "lmnr.span.type"
_PROPERTIES = "lmnr.association.properties"
_METADATA = f"{_PROPERTIES}.metadata"

FIELDS: Mapping[str, Field] = {
    "lmnr.span.input": "input",
    "lmnr.span.output": "output",
    f"{_PROPERTIES}.session_id": "session_id",
    f"{_PROPERTIES}.user_id": "user_id",
    "gen_ai.usage.input_cost": "cost.input",
    "gen_ai.usage.output_cost": "cost.output",
}

_KINDS = {
    "LLM": Kind.LLM,
    "CACHED": Kind.LLM,
    "PIPELINE": Kind.CHAIN,
    "EXECUTOR": Kind.AGENT,
    "TOOL": Kind.TOOL,
    "EVALUATOR": Kind.EVALUATOR,
    "HUMAN_EVALUATOR": Kind.EVALUATOR,
    "EVALUATION": Kind.EVALUATOR,
}
KINDS = {_TYPE: {**_KINDS, **{word.lower(): kind for word, kind in _KINDS.items()}}}

_NAMED = {
    "lmnr.span.path": "span.path",
    f"{_PROPERTIES}.trace_type": "trace_type",
}
"""Attributes that are metadata under another name."""


def _conversation(field: ReadField, key: str) -> Reader:
    output = field == "output_messages"

    def read(source: Source) -> Found:
        value = source.decoded(key)
        messages = response_messages(value) if output else request_messages(value)
        if not messages and str(unquoted(source.value(_TYPE))).upper() == "LLM":
            messages = spoken(value, "assistant" if output else "user")
        return Found(messages, key)

    return Reader(field, Rank.VENDOR, read)


def _metadata(source: Source) -> Found:
    found = {name: source.decoded(key) for key, name, _ in source.below(_METADATA)}
    found.update((name, source.value(key)) for key, name in _NAMED.items() if key in source.attributes)
    return Found(found, f"{_PROPERTIES}.*" if any(source.below(_PROPERTIES)) else "lmnr.span.path")


CONVENTION = Convention(
    name="Laminar",
    version="lmnr 0.8.2",
    order=21,
    scopes=("lmnr",),
    marks=("lmnr.span.*",),
    fields=FIELDS,
    kinds=KINDS,
    # The type of whatever has no other.
    weak_kinds={_TYPE: {"default": Kind.CHAIN}},
    named_after=frozenset({Kind.TOOL, Kind.AGENT}),
    quoted=True,
    readers=(
        _conversation("input_messages", "lmnr.span.input"),
        _conversation("output_messages", "lmnr.span.output"),
        Reader("metadata", Rank.VENDOR, _metadata),
        Reader(
            "tags",
            Rank.VENDOR,
            lambda source: Found(strings(source.value(f"{_PROPERTIES}.tags")), f"{_PROPERTIES}.tags"),
        ),
    ),
)
