"""Logfire: what it writes on every span, and what its wrappers of OpenAI's and Anthropic's clients add.

Follows logfire 3.25 to 5.4 (`_internal/constants.py`, `tracer.py`, `integrations/llm_providers`). What it writes for
Claude's Agent SDK, LangChain, LiteLLM, Google's client and Pydantic AI reads as OTel GenAI, OpenInference and Pydantic
AI; for MCP and OpenAI's Agents SDK it has keys of its own (`logfire_mcp.py`, `logfire_agents.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import ChatMessage, Kind, MediaPart, MessagePart, TextPart, ToolCall
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.exchange import request_messages, request_params, request_tools, response_messages
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.parts import media, word
from tracetui.semconv.core.preview import json_words
from tracetui.semconv.core.providers import of_model
from tracetui.semconv.core.usage import object_in_text, usage_fields
from tracetui.semconv.core.values import decode, is_hidden, is_list, mapping, strings

FIELDS: Mapping[str, Field] = {
    "logfire.pending_parent_id": "pending_parent",
    "logfire.msg": "display_name",
}

KINDS = {
    # Names of spans are templates here. The result of a streamed call is a log record beside the span of the call,
    # which is the one that counts as a call.
    "logfire.msg_template": {
        "Chat Completion with {request_data[model]!r}": Kind.LLM,
        "Completion with {request_data[model]!r}": Kind.LLM,
        "Responses API with {gen_ai.request.model!r}": Kind.LLM,
        "Image Generation with {request_data[model]!r}": Kind.LLM,
        "Message with {request_data[model]!r}": Kind.LLM,
        "Embedding Creation with {request_data[model]!r}": Kind.EMBEDDING,
        "streaming response from {request_data[model]!r} took {duration:.2f}s": Kind.CHAIN,
        # OpenAI's Agents SDK.
        "OpenAI Agents trace: {name}": Kind.CHAIN,
        "Agent run: {name!r}": Kind.AGENT,
        "Function: {name}": Kind.TOOL,
        "Chat completion with {gen_ai.request.model!r}": Kind.LLM,
        "Responses API": Kind.LLM,
        "Guardrail {name!r} {triggered=}": Kind.GUARDRAIL,
        "Handoff: {from_agent} → {to_agent}": Kind.CHAIN,
        "Speech → Text with {gen_ai.request.model!r}": Kind.LLM,
        "Text → Speech": Kind.LLM,
        # MCP, where the template ends with what is called.
        "mcp request: tools/call*": Kind.TOOL,
        "mcp server handle request: tools/call*": Kind.TOOL,
        "mcp *": Kind.CHAIN,
        "*": Kind.UNKNOWN,
    },
}

_ERROR_LEVEL = 17
"""The lowest severity number of OpenTelemetry that is an error."""

_MODEL = re.compile(r'"model":\s*"([^"\\]{1,256})"')
_OWN = ("logfire.", "gen_ai.", "code.", "pydantic_ai.")
_NOT_METADATA = frozenset(
    "request_data response_data events all_messages_events async duration operation.cost request response raw_input "
    "input output final_result model_request_parameters tool_arguments tool_response".split()
)


def _model(value: AttributeValue) -> Iterator[tuple[Field, object]]:
    """The model in a request, found without decoding it: no text inside JSON can hold an unescaped quote."""
    found = _MODEL.search(value) if isinstance(value, str) else None
    name = found.group(1) if found is not None else word(value, "model") if isinstance(value, Mapping) else ""
    if name:
        yield "model_request", name
        yield "provider", of_model(name)


def _usage(value: AttributeValue) -> Iterator[tuple[Field, object]]:
    """The usage in a response, of which nothing else is decoded."""
    yield from usage_fields(object_in_text(value, "usage")).items()


def _level(value: AttributeValue) -> Iterator[tuple[Field, object]]:
    if type(value) is int and value >= _ERROR_LEVEL:
        yield "error.mark", "error"


def _request(source: Source) -> Found:
    return Found(request_messages(source.decoded("request_data")), "request_data")


def _response(source: Source) -> Found | None:
    """One answer: a message, the text of a completion, the text of a stream put together, or images."""
    value = source.decoded("response_data")
    if not isinstance(value, Mapping):
        return None
    messages = response_messages(value)
    if not messages:
        text = word(value, "text", "combined_chunk_content")
        parts: list[MessagePart] = [TextPart(text)] if text else []
        parts.extend(_images(value.get("images")))
        reason = word(value, "finish_reason")
        messages = (ChatMessage("assistant", tuple(parts), finish_reason=reason),) if parts else ()
    if "input_tokens" in mapping(value.get("usage")):
        messages = tuple(_unwrapped(message) for message in messages)
    return Found(messages, "response_data")


def _images(value: object) -> list[MediaPart]:
    items = [item for item in value if isinstance(item, Mapping)] if is_list(value) else []
    return [media("image", word(item, "url"), "", item.get("b64_json")) for item in items]


def _unwrapped(message: ChatMessage) -> ChatMessage:
    """Arguments of Anthropic's tool calls, which come inside an object that has nothing but them as `input`."""
    parts = []
    for part in message.parts:
        if isinstance(part, ToolCall) and isinstance(part.arguments, dict) and part.arguments.keys() == {"input"}:
            part = replace(part, arguments=part.arguments["input"])
        parts.append(part)
    return replace(message, parts=tuple(parts))


def _tools(source: Source) -> Found:
    return Found(request_tools(source.decoded("request_data")), "request_data")


def _params(source: Source) -> Found:
    return Found(request_params(source.decoded("request_data")), "request_data")


def _metadata(source: Source) -> Found:
    """What the author of a span gave it, by its JSON Schema, which also says which text is JSON."""
    schema = mapping(source.attributes.get("logfire.json_schema")).get("properties")
    given: dict[str, object] = {}
    for name, kind in schema.items() if isinstance(schema, Mapping) else ():
        value = None if name in _NOT_METADATA or name.startswith(_OWN) else source.attributes.get(name)
        if value is not None and not is_hidden(value):
            given[name] = decode(value).value if isinstance(kind, Mapping) and "type" in kind else value
    return Found(given, "logfire.json_schema")


def _tags(source: Source) -> Found:
    """The tags; and, on the way, what was scrubbed, which the sender tells of apart."""
    value = source.decoded("logfire.scrubbed")
    for item in value if is_list(value) else ():
        path = item.get("path") if isinstance(item, Mapping) else None
        if is_list(path):
            where = ".".join(str(step) for step in path if step != "attributes")
            source.problem(f"{where[:200]} was scrubbed by the sender.")
    return Found(strings(source.value("logfire.tags")), "logfire.tags")


CONVENTION = Convention(
    name="Logfire",
    version="logfire 5.4.0",
    order=7,
    scopes=("logfire",),
    marks=("logfire.msg", "logfire.span_type"),
    fields=FIELDS,
    kinds=KINDS,
    opens={
        "gen_ai.usage.raw": lambda value: usage_fields(value).items(),
        "response_data": _usage,
        "request_data": _model,
        "logfire.level_num": _level,
    },
    pending={"logfire.span_type": "pending_span"},
    readers=(
        Reader("input_messages", Rank.VENDOR, _request),
        Reader("output_messages", Rank.VENDOR, _response),
        Reader("tool_defs", Rank.VENDOR, _tools),
        Reader("params", Rank.VENDOR, _params),
        Reader("metadata", Rank.VENDOR, _metadata),
        Reader("tags", Rank.VENDOR, _tags),
    ),
    words={"request_data": lambda attributes, key: json_words(attributes[key])},
)
