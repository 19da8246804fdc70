"""Token usage as providers write it in their responses, whoever's JSON it is.

Known are OpenAI's chat and responses APIs, Anthropic, Gemini and Vertex AI, Bedrock, LangChain's usage metadata, the
Vercel AI SDK and what routers make of them. Counts come out in the one meaning of `TokenUsage`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.parts import JSONObject
from tracetui.semconv.core.values import MAX_SMALL, count, small_mapping

NAMES: Mapping[Field, tuple[str, ...]] = {
    "tokens.input": (
        *("input_tokens", "prompt_tokens", "inputTokens", "promptTokens", "prompt_token_count", "promptTokenCount"),
        *("input_token_count", "inputTokenCount", "input", "prompt"),
    ),
    "tokens.output": (
        *("output_tokens", "completion_tokens", "outputTokens", "completionTokens", "candidates_token_count"),
        *("candidatesTokenCount", "generated_token_count", "outputTokenCount", "output", "completion"),
    ),
    "tokens.total": ("total_tokens", "totalTokens", "total_token_count", "totalTokenCount", "total"),
    "tokens.cache_read": (
        *("prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens"),
        *("input_token_details.cache_read", "prompt_cache_hit_tokens"),
        *("cache_read_input_tokens", "cacheReadInputTokens", "cacheReadInputTokenCount", "cached_content_token_count"),
        *("cachedContentTokenCount", "cachedInputTokens", "cachedTokens"),
    ),
    "tokens.cache_write": (
        *("prompt_tokens_details.cache_write_tokens", "prompt_tokens_details.cache_creation_tokens"),
        *("input_tokens_details.cache_write_tokens", "input_token_details.cache_creation"),
        *("cache_creation_input_tokens", "cacheWriteInputTokens", "cacheWriteInputTokenCount"),
    ),
    "tokens.reasoning": (
        *("completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens"),
        *("output_token_details.reasoning", "thoughts_token_count", "thoughtsTokenCount", "reasoning_tokens"),
        *("reasoningTokens", "thoughtsTokens"),
    ),
    "tokens.audio_input": (
        *("prompt_tokens_details.audio_tokens", "input_tokens_details.audio_tokens"),
        "input_token_details.audio",
    ),
    "tokens.audio_output": (
        *("completion_tokens_details.audio_tokens", "output_tokens_details.audio_tokens"),
        "output_token_details.audio",
    ),
}
"""Names of each count, a dot leading into a nested object; of several the first stands."""

_BESIDE_INPUT = (
    *("cache_read_input_tokens", "cacheReadInputTokens", "cacheReadInputTokenCount"),
    *("cache_creation_input_tokens", "cacheWriteInputTokens", "cacheWriteInputTokenCount"),
)
"""Anthropic's and Bedrock's names: their input leaves the cache out, unless the total says that it does not."""
_USAGES = ("usage", "usage_metadata", "usageMetadata")
_DETAILS = ("prompt_tokens_details", "input_tokens_details", "input_token_details")
_BESIDE_OUTPUT = ("thoughts_token_count", "thoughtsTokenCount")
"""Gemini's names: its output leaves out the thoughts, unless the total says that it does not."""


def usage_fields(value: object) -> dict[Field, int]:
    """The counts in a usage object or in JSON text of one; empty where there are none."""
    usage = small_mapping(value)
    found = _counts(usage) if usage else {}
    given, told, total = found.get("tokens.input"), found.get("tokens.output"), found.get("tokens.total")
    cached = found.get("tokens.cache_read", 0) + found.get("tokens.cache_write", 0)
    thoughts = found.get("tokens.reasoning", 0)
    plain = (given or 0) + (told or 0)
    if given is not None and cached and _stands_beside(usage, _BESIDE_INPUT) and (total != plain or cached > given):
        found["tokens.input"] = given + cached
    if told is not None and thoughts and any(name in usage for name in _BESIDE_OUTPUT) and total != plain:
        found["tokens.output"] = told + thoughts
    if total is not None:
        found["tokens.total"] = max(total, found.get("tokens.input", 0) + found.get("tokens.output", 0))
    return found


def object_in_text(value: object, name: str) -> JSONObject:
    """The small object that stands last under a name in JSON text, which is not decoded for it; empty where none is.

    For a response of any size that holds its usage at the end.
    """
    if isinstance(value, Mapping):
        inner = value.get(name)
        return inner if isinstance(inner, Mapping) else {}
    if not isinstance(value, str) or (at := value.rfind(f'"{name}"')) < 0:
        return {}
    found = _object_behind(value[at : at + MAX_SMALL], name)
    return found[0] if found is not None else {}


_DECODER = json.JSONDecoder()


def usage_of_response(value: object) -> dict[Field, int]:
    """The counts in the usage that a provider's response ends with, out of its JSON text, without decoding the rest.

    Only a response's own usage is taken: one that stands deeper belongs to something that the text tells of.
    """
    if not isinstance(value, str) or not value.startswith("{"):
        return {}
    near = value[-MAX_SMALL:]
    for name in _USAGES:
        at = near.rfind(f'"{name}"')
        found = _object_behind(near[at:], name) if at >= 0 else None
        if found is not None and _closes_once(near[at + found[1] :]):
            return usage_fields(found[0])
    return {}


def _object_behind(text: str, name: str) -> tuple[JSONObject, int] | None:
    """The object behind a name in quotes that the text begins with, and where it ends; None where there is none."""
    start = text.find("{")
    if start < 0 or text[len(name) + 2 : start].strip() != ":":
        return None
    try:
        found, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return (found, end) if isinstance(found, Mapping) else None


def _closes_once(rest: str) -> bool:
    """Whether the rest of a JSON text ends the outermost object and no other."""
    opened = rest.count("{") + rest.count("[")
    return rest.rstrip().endswith("}") and rest.count("}") + rest.count("]") == opened + 1


def _stands_beside(usage: JSONObject, names: tuple[str, ...]) -> bool:
    return any(name in usage for name in names) and not any(isinstance(usage.get(name), Mapping) for name in _DETAILS)


_PLACES = {name: (field, rank) for field, names in NAMES.items() for rank, name in enumerate(names)}


def _counts(usage: JSONObject) -> dict[Field, int]:
    """The counts by their names; a usage has few entries, and there are many names."""
    best: dict[Field, tuple[int, int]] = {}
    for name, value in usage.items():
        inside = value.items() if isinstance(value, Mapping) else ()
        for key, item in [(f"{name}.{inner}", item) for inner, item in inside] or [(name, value)]:
            place = _PLACES.get(key)
            number = count(item) if place is not None else None
            if place is not None and number is not None and (place[0] not in best or place[1] < best[place[0]][0]):
                best[place[0]] = (place[1], number)
    return {field: number for field, (_, number) in best.items()}
