"""The conversation in a vendor's request and response, whoever's JSON they are.

Known are the bodies of OpenAI's completions, chat and responses APIs, of Anthropic and Gemini, LangChain's run inputs
and outputs, and recorded Python calls (`{"args": [], "kwargs": {…}}`). What holds no conversation yields none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from tracetui.model.chat import ChatMessage, TextPart, ToolDefinition
from tracetui.semconv.core.content import tool_definitions
from tracetui.semconv.core.messages import message_of, messages_of, with_system
from tracetui.semconv.core.parts import JSONObject, parts_of, word
from tracetui.semconv.core.values import decode, is_list, mapping

_MAX_LAYERS = 6
_CONTENT = frozenset(
    "model messages contents input inputs prompt system instructions tools functions toolConfig extra_headers "
    "headers api_key".split()
)
"""Entries of a request that are no parameters; headers and keys are nobody's business."""
_WORDS = ("input", "prompt")
"""Entries of a request that may be plain words."""
_OF_A_MESSAGE = {"role", "parts", "tool_calls", "message", "message.role", "kwargs", "data"}
_ITEM_TYPES = ("message", "function_call", "function_call_output", "reasoning", "human", "ai", "system")


def request_messages(value: object, _layer: int = 0) -> tuple[ChatMessage, ...]:
    """The messages of a request; its system prompt, where it stands apart, leads them."""
    value = decode(value).value
    if looks_like_messages(value):
        return messages_of(value, "user")
    if not isinstance(value, Mapping) or _layer > _MAX_LAYERS:
        return ()
    for name in ("messages", "contents", "input", "prompt"):
        found = decode(value.get(name)).value
        if looks_like_messages(found) or (name in ("input", "prompt") and _is_words(found)):
            return with_system(messages_of(found, "user"), _instructions(value))
    for name in ("inputs", "kwargs", "request"):
        if messages := request_messages(value.get(name), _layer + 1):
            return messages
    arguments = value.get("args")
    if is_list(arguments) and len(arguments) == 1:
        return request_messages(arguments[0], _layer + 1)
    return ()


def response_messages(value: object, _layer: int = 0) -> tuple[ChatMessage, ...]:
    """The messages of a response, one for each choice."""
    value = decode(value).value
    if looks_like_messages(value):
        return _answers(messages_of(value, "assistant"))
    if not isinstance(value, Mapping) or _layer > _MAX_LAYERS:
        return ()
    for name, read in (("choices", _choice), ("generations", _generation), ("candidates", _candidate)):
        listed = value.get(name)
        while is_list(listed) and len(listed) == 1 and is_list(listed[0]):
            listed = listed[0]
        if is_list(listed):
            found = (read(item) for item in listed if isinstance(item, Mapping))
            return tuple(message for message in found if message is not None)
    if _is_message(value):
        message = message_of(value, "assistant")
        return () if message is None else (message,)
    for name in ("messages", "message", "output", "outputs", "response"):
        inner = decode(value.get(name)).value
        if looks_like_messages(inner):
            return _answers(messages_of(inner, "assistant"))
        if isinstance(inner, Mapping) and (messages := response_messages(inner, _layer + 1)):
            return messages
    return ()


def spoken(value: object, role: str) -> tuple[ChatMessage, ...]:
    """Plain words, or a list of them, as messages; nothing else is any."""
    listed = (value,) if isinstance(value, str) else value if is_list(value) else ()
    return messages_of(listed, role) if all(isinstance(item, str) for item in listed) else ()


def request_tools(value: object) -> tuple[ToolDefinition, ...]:
    """The tools that a request offers the model."""
    body = _body(value)
    for name in ("tools", "functions", "toolConfig"):
        listed = decode(body.get(name)).value
        inner = listed.get("tools") if isinstance(listed, Mapping) else listed
        if is_list(inner) and (found := tool_definitions(inner)):
            return found
    return ()


def request_params(value: object) -> dict[str, object]:
    """The parameters of a request: all that is not its content."""
    return {name: item for name, item in _body(value).items() if name not in _CONTENT and item is not None}


def _body(value: object) -> JSONObject:
    """The request itself, out of a recorded call of a function."""
    body = mapping(value)
    inner = body.get("kwargs")
    return inner if isinstance(inner, Mapping) and body.keys() <= {"args", "kwargs"} else body


def looks_like_messages(value: object) -> bool:
    """Whether decoded JSON is a list of messages."""
    if is_list(value) and len(value) == 1 and is_list(value[0]):
        value = value[0]
    if not is_list(value) or not value:
        return False
    return all(_is_message(item) for item in value[:8])


def _is_words(value: object) -> bool:
    """Whether decoded JSON is text, or a list of texts (to embed, or to complete one by one)."""
    listed = value if is_list(value) and value else (value,)
    return all(isinstance(item, str) and item for item in listed)


def _is_message(item: object) -> bool:
    if not isinstance(item, Mapping):
        return False
    return bool(item.keys() & _OF_A_MESSAGE) or item.get("type") in _ITEM_TYPES


def _answers(messages: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """The end of a history: what was said since the last turn of somebody else."""
    start = len(messages)
    while start and messages[start - 1].role == "assistant":
        start -= 1
    return tuple(messages[start:]) or tuple(messages[-1:])


def _instructions(value: JSONObject) -> list[TextPart]:
    given = value.get("system") or value.get("instructions")
    return [part for part in parts_of(given) if isinstance(part, TextPart)]


def _choice(item: JSONObject) -> ChatMessage | None:
    inner = item.get("message", item.get("delta", item.get("text")))
    return _finished(message_of(inner, "assistant"), item)


def _generation(item: JSONObject) -> ChatMessage | None:
    info = item.get("generation_info")
    message = message_of(item.get("message", item.get("text")), "assistant")
    return _finished(message, info if isinstance(info, Mapping) else {})


def _candidate(item: JSONObject) -> ChatMessage | None:
    return _finished(message_of(item.get("content"), "assistant"), item)


def _finished(message: ChatMessage | None, item: JSONObject) -> ChatMessage | None:
    reason = word(item, "finish_reason", "finishReason")
    return replace(message, finish_reason=reason) if message is not None and reason else message
