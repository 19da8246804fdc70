"""The fields of a span that a table of keys can fill by itself: one key, one value, one rule to read it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

from tracetui.semconv.core.providers import fold
from tracetui.semconv.core.values import MAX_SMALL, amount, count, decode, is_hidden, label, mapping, text, unquoted

_SPAN_ID = re.compile(r"[0-9a-fA-F]{16}")

TokenField: TypeAlias = Literal[
    "tokens.input",
    "tokens.output",
    "tokens.total",
    "tokens.cache_read",
    "tokens.cache_write",
    "tokens.reasoning",
    "tokens.audio_input",
    "tokens.audio_output",
    "tokens.uncached",
]
"""Members of `TokenUsage`; they are taken from one convention, not one by one (`tokens.settle`). `uncached` is none: it
is the input without the cache as the provider counts it, which tells whether the cache is in `input`."""

ColumnField: TypeAlias = Literal[
    "model_response",
    "model_either",
    "model_request",
    "model_params",
    "provider",
    "host",
    "session_id",
    "user_id",
    "tool.name",
    "agent_name",
    "cost.input",
    "cost.output",
    "cost.total",
    "service_tier",
    "error.type",
    "error.mark",
    "error.message",
    "tool.arguments",
    "input",
    "pending_parent",
    "display_name",
]
"""Fields that the columns of a span are made of. `model_either` is a model that may be the one asked for or the one
that answered, `model_params` is JSON that may name one; `host` is where the request went. `error.mark` is a value that
says of itself whether the span failed: a level or a success, not a word for the error."""

DetailField: TypeAlias = Literal[
    "output",
    "input_mime",
    "output_mime",
    "tool.description",
    "tool.call_id",
    "tool.result",
    "ttft_s",
    "ttft_ms",
    "ttft_either",
    "workflow",
    "embedding.dimension",
    "rerank.query",
    "rerank.top_k",
    "prompt.template",
    "prompt.version",
    "prompt.name",
    "prompt.id",
    "prompt.url",
    "prompt.vendor",
]
"""Fields that only the full reading wants. `ttft_either` is in seconds, or in milliseconds where seconds would make it
longer than the span."""

Field: TypeAlias = TokenField | ColumnField | DetailField
"""A field that a convention's table may name."""


def raw(value: object) -> object:
    """The value itself; hidden and empty ones are none."""
    return None if value is None or value == "" or is_hidden(value) else value


def words(value: object) -> str | None:
    """Text that is not empty; structured values as JSON."""
    return None if is_hidden(value) else text(value) or None


def arguments(value: object) -> object:
    """A tool's arguments; none where they are a JSON Schema, which some senders put in their place."""
    found = raw(value)
    if isinstance(found, str) and ('"properties"' not in found or '"type"' not in found):
        return found
    return None if is_schema(decode(found).value) else found


def is_schema(value: object) -> bool:
    """Whether decoded JSON is the JSON Schema of an object."""
    return isinstance(value, dict) and value.get("type") == "object" and "properties" in value


def provider(value: object) -> str | None:
    """A provider in its one spelling; none where it is a framework that is named."""
    name = label(value)
    return fold(name) or None if name else None


def span_id(value: object) -> str | None:
    """A span id in lowercase hex; none where it is all zeros, which stand for no span."""
    found = value.lower() if isinstance(value, str) and _SPAN_ID.fullmatch(value) else ""
    return found if found.strip("0") else None


def identity(value: object) -> str | None:
    """An id, also out of the quotes that MLflow puts around every value."""
    return label(unquoted(value))


def model_in_json(value: object) -> str | None:
    """The model that invocation parameters name, if they are short."""
    if isinstance(value, str) and (len(value) > MAX_SMALL or '"model' not in value):
        return None
    params = mapping(value)
    return label(params.get("model")) or label(params.get("model_name"))


def failure(value: object) -> bool | None:
    """Whether a level or a success says that the span failed; none where it says that it did not."""
    return True if isinstance(value, str | bool) and str(value)[:16].strip('"').lower() in _FAILURES else None


_FAILURES = frozenset({"error", "fatal", "critical", "false"})
_FIELDS = (*get_args(TokenField), *get_args(ColumnField), *get_args(DetailField))

READERS: dict[str, Callable[[object], object]] = {
    **dict.fromkeys(_FIELDS, label),
    **dict.fromkeys(("tool.arguments",), arguments),
    **dict.fromkeys(("tool.result",), raw),
    **dict.fromkeys(("input", "output", "tool.description", "prompt.template", "rerank.query", "error.message"), words),
    **dict.fromkeys(("cost.input", "cost.output", "cost.total", "ttft_s", "ttft_ms", "ttft_either"), amount),
    **dict.fromkeys(("embedding.dimension", "rerank.top_k"), count),
    **dict.fromkeys(("session_id", "user_id"), identity),
    "provider": provider,
    "error.mark": failure,
    "pending_parent": span_id,
    "model_params": model_in_json,
}
"""How to read a field's value: a name, if nothing else is said."""
