"""Gemini CLI: OTel GenAI attributes with operations of its own, and Gemini's contents in the place of messages.

Follows @google/gemini-cli-core (`telemetry/trace.js`, `core/loggingContentGenerator.js`, `scheduler`), November 2026.
It cuts values after 10,000 characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import ChatMessage, Kind, MessagePart, TextPart, ToolCall
from tracetui.semconv import genai
from tracetui.semconv.core.content import tool_definitions
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.messages import messages_of
from tracetui.semconv.core.parts import JSONObject, parts_of, word
from tracetui.semconv.core.preview import json_words
from tracetui.semconv.core.values import is_list, mapping, small_mapping

_INPUT = "gen_ai.input.messages"
_OUTPUT = "gen_ai.output.messages"
_INSTRUCTIONS = "gen_ai.system_instructions"

FIELDS: Mapping[str, Field] = {
    "gen_ai.tool.call_id": "tool.call_id",
}

KINDS = {
    "gen_ai.operation.name": {
        **genai.KINDS["gen_ai.operation.name"],
        **dict.fromkeys(("user_prompt", "system_prompt", "schedule_tool_calls"), Kind.CHAIN),
    }
}


def _request(value: AttributeValue) -> Iterator[tuple[Field, object]]:
    """The arguments in the request of a tool; a request of the model is a list."""
    request = small_mapping(value) if isinstance(value, Mapping) or str(value)[:1] == "{" else {}
    if "callId" in request:
        yield "tool.name", request.get("name")
        yield "tool.call_id", request.get("callId")
        yield "tool.arguments", request.get("args")


def _given(source: Source) -> Found | None:
    value = source.decoded(_INPUT)
    if isinstance(value, Mapping) and "callId" in value:
        call = ToolCall(word(value, "name"), value.get("args"), word(value, "callId"))
        return Found((ChatMessage("assistant", (call,)),), _INPUT)
    return Found(messages_of(value, "user"), _INPUT)


def _answered(source: Source) -> Found | None:
    """The content that came back; of a stream, one after another, put together."""
    value = source.decoded(_OUTPUT)
    if not is_list(value):
        return Found((), _OUTPUT) if _response_of(value) else Found(messages_of(value, "assistant"), _OUTPUT)
    parts: list[MessagePart] = []
    for message in messages_of([item for item in value if item is not None], "assistant"):
        for part in message.parts:
            last = parts[-1] if parts else None
            if isinstance(part, TextPart) and isinstance(last, TextPart):
                parts[-1] = TextPart(last.content + part.content)
            else:
                parts.append(part)
    return Found((ChatMessage("assistant", tuple(parts)),), _OUTPUT) if parts else None


def _response_of(value: object) -> JSONObject:
    response = value.get("response") if isinstance(value, Mapping) else None
    return response if isinstance(response, Mapping) and "callId" in response else {}


def _result(source: Source) -> Found | None:
    """What a tool answered: the response within the record of its call."""
    response = _response_of(source.decoded(_OUTPUT))
    for part in parts_of(response.get("responseParts")):
        result = getattr(part, "result", None)
        if result is not None:
            return Found(result, _OUTPUT)
    shown = response.get("resultDisplay") or mapping(response.get("error")).get("message")
    return Found(shown, _OUTPUT) if shown else None


def _instructions(source: Source) -> Found:
    """Words, or a content without a role."""
    value = source.decoded(_INSTRUCTIONS)
    parts = value.get("parts") if isinstance(value, Mapping) else value
    return Found(tuple(parts_of(parts)), _INSTRUCTIONS)


def _tools(source: Source) -> Found:
    return Found(tool_definitions(source.decoded("gen_ai.tool.definitions") or ()), "gen_ai.tool.definitions")


CONVENTION = Convention(
    name="Gemini CLI",
    version="@google/gemini-cli-core, November 2026",
    order=19,
    scopes=("gemini-cli",),
    private=True,
    fields=FIELDS,
    kinds=KINDS,
    opens={_INPUT: _request},
    words={_INPUT: lambda attributes, key: json_words(attributes[key])},
    readers=(
        Reader("input_messages", Rank.SPAN - 1, _given),
        Reader("output_messages", Rank.SPAN - 1, _answered),
        Reader("instructions", Rank.SPAN - 1, _instructions),
        Reader("tool.result", Rank.SPAN, _result),
        Reader("tool_defs", Rank.SPAN, _tools),
    ),
)
