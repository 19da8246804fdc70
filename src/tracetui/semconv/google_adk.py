"""Google ADK: requests and responses in Gemini's JSON, beside OTel GenAI's attributes.

Follows google-adk 2.13.0 (`telemetry/tracing.py`), both of its schemas, and 1.14. In the older schema the span
`call_llm` holds the content and its child `generate_content`, where there is one, repeats the usage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import Kind
from tracetui.semconv.core.content import tool_definitions
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.exchange import request_messages, response_messages
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.parts import JSONObject, parts_of
from tracetui.semconv.core.usage import object_in_text, usage_fields
from tracetui.semconv.core.values import count

_REQUEST = "gcp.vertex.agent.llm_request"
_RESPONSE = "gcp.vertex.agent.llm_response"
_EMPTY = "{}"
"""What stands in the place of content that is not sent."""

FIELDS: Mapping[str, Field] = {
    "gcp.vertex.agent.tool_call_args": "tool.arguments",
    "gcp.vertex.agent.tool_response": "tool.result",
    "gcp.vertex.agent.session_id": "session_id",
    "gen_ai.tool.name": "tool.name",
}

KINDS = {
    # Stands for the parallel calls beside it, and is none itself.
    "gen_ai.tool.name": {"(merged tools)": Kind.CHAIN},
}

_IN_CONFIG = frozenset({"system_instruction", "tools", "http_options", "labels"})
"""Entries of a request's configuration that are no parameters."""


def _usage(value: AttributeValue) -> Iterable[tuple[Field, object]]:
    usage = object_in_text(value, "usage_metadata")
    found = usage_fields(usage)
    used, given = count(usage.get("tool_use_prompt_token_count")), found.get("tokens.input")
    if used and given is not None:
        # What tools gave back to the model counts beside the prompt.
        found["tokens.input"] = given + used
    return found.items()


def _body(source: Source, key: str) -> JSONObject:
    value = source.value(key)
    if value == _EMPTY and "gen_ai.tool.name" not in source.attributes:
        source.problem(f"{key} is hidden by the sender ({_EMPTY!r}).")
    decoded = source.decode(value, key)
    return decoded if isinstance(decoded, Mapping) else {}


def _config(source: Source) -> JSONObject:
    config = _body(source, _REQUEST).get("config")
    return config if isinstance(config, Mapping) else {}


def _request(source: Source) -> Found:
    return Found(request_messages(_body(source, _REQUEST)), _REQUEST)


def _response(source: Source) -> Found:
    body = _body(source, _RESPONSE)
    return Found(response_messages({"candidates": [body]}) if body.get("content") else (), _RESPONSE)


def _instructions(source: Source) -> Found:
    given = _config(source).get("system_instruction")
    inner = given.get("parts", given) if isinstance(given, Mapping) else given
    return Found(tuple(parts_of(inner)), _REQUEST)


def _tools(source: Source) -> Found:
    return Found(tool_definitions(_config(source).get("tools") or ()), _REQUEST)


def _params(source: Source) -> Found:
    return Found({name: value for name, value in _config(source).items() if name not in _IN_CONFIG}, _REQUEST)


CONVENTION = Convention(
    name="Google ADK",
    version="google-adk 2.13.0",
    order=13,
    scopes=("gcp.vertex.agent",),
    marks=("gcp.vertex.agent.*",),
    fields=FIELDS,
    kinds=KINDS,
    opens={_RESPONSE: _usage},
    readers=(
        Reader("input_messages", Rank.VENDOR, _request),
        Reader("output_messages", Rank.VENDOR, _response),
        Reader("instructions", Rank.VENDOR, _instructions),
        Reader("tool_defs", Rank.VENDOR, _tools),
        Reader("params", Rank.VENDOR, _params),
    ),
)
