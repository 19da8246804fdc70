"""Messages, whoever's JSON they come in; each item is told by its own shape, and one bad item costs only itself.

Shapes: `{role, parts}` (OTel GenAI), `{role, content, tool_calls}` (OpenAI and its like), `{"message": {…}}` and
`{"message.role": …}` (OpenInference), items of OpenAI's responses API, LangChain's constructors and dictionaries,
LlamaIndex's blocks, Gemini contents, plain words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from tracetui.model.chat import (
    ChatMessage,
    MediaPart,
    MessagePart,
    OtherPart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
)
from tracetui.semconv.core.flat import nested
from tracetui.semconv.core.parts import (
    HIDDEN,
    JSONObject,
    first_of,
    media,
    part_of,
    parts_of,
    tool_result,
    word,
    words_part,
)
from tracetui.semconv.core.values import decode, is_hidden, is_list

ROLES = {"human": "user", "ai": "assistant", "model": "assistant", "Human": "user", "AI": "assistant"}
"""Other names of roles."""

_ANSWERS = ("tool", "function")
_OF_A_MESSAGE = {"parts", "blocks", "content", "contents", "tool_calls", "refusal", "function_call_name"}
_MAX_MESSAGES = 20_000
_LANGCHAIN = {
    "HumanMessage": "user",
    "AIMessage": "assistant",
    "AIMessageChunk": "assistant",
    "SystemMessage": "system",
    "ToolMessage": "tool",
    "FunctionMessage": "function",
}


def messages_of(value: object, role: str) -> tuple[ChatMessage, ...]:
    """Read decoded JSON as messages.

    Args:
        value: A list of messages, one message or plain words.
        role: Role of a message that names none.
    """
    if is_list(value):
        items: Sequence[object] = value[:_MAX_MESSAGES]
        if len(items) == 1 and is_list(items[0]):
            return messages_of(items[0], role)
        return tuple(message for item in items if (message := message_of(_opened(item), role)) is not None)
    message = message_of(value, role)
    return () if message is None else (message,)


def _opened(item: object) -> object:
    """A message that is JSON text within the list; other text is words, whatever it looks like."""
    if not isinstance(item, str) or not item.startswith("{"):
        return item
    found = decode(item).value
    return found if isinstance(found, Mapping) and "role" in found else item


def message_of(item: object, role: str) -> ChatMessage | None:
    """Read decoded JSON as one message; None only for null and empty words."""
    if item is None or item == "":
        return None
    if not isinstance(item, Mapping):
        return ChatMessage(role, (words_part(item),))
    item = _unwrapped(item)
    if "role" not in item and not item.keys() & _OF_A_MESSAGE:
        return ChatMessage(_role_of_item(item, role), (part_of(item),))
    if "role" not in item and item.get("type") not in (None, "message"):
        return ChatMessage(_role_of_item(item, role), (part_of(item),))
    return _message(item, role)


def flat_message(item: JSONObject, role: str) -> ChatMessage | None:
    """Read one message of OpenInference, from its tree."""
    inner = item.get("message")
    return message_of(inner if isinstance(inner, Mapping) else item, role)


def _unwrapped(item: JSONObject) -> JSONObject:
    tree = nested(item)
    if not isinstance(tree, Mapping):
        return item
    item = tree
    inner = item.get("message")
    if isinstance(inner, Mapping) and "role" not in item:
        return inner
    kwargs = item.get("kwargs")
    if item.get("type") == "constructor" and isinstance(kwargs, Mapping):
        names = item.get("id")
        name = str(names[-1]) if is_list(names) and names else ""
        return {**kwargs, "role": kwargs.get("role") or _LANGCHAIN.get(name, name)}
    data = item.get("data")
    if isinstance(data, Mapping) and "role" not in item and isinstance(item.get("type"), str):
        return {**data, "role": data.get("role") or item["type"]}
    if "role" not in item and "content" in item and item.get("type") in ("human", "ai", "system", "tool", "function"):
        return {**item, "role": item["type"]}
    content = item.get("content")
    if isinstance(content, Mapping) and is_list(content.get("parts")):
        # Gemini's contents are messages of their own.
        return {**item, "content": None, "parts": content["parts"], "role": item.get("role") or content.get("role")}
    return item


def _role_of_item(item: JSONObject, role: str) -> str:
    kind = item.get("type")
    if kind in ("function_call_output", "tool_result", "tool_call_response"):
        return "tool"
    return "assistant" if kind in ("function_call", "reasoning") else role


def _message(item: JSONObject, role: str) -> ChatMessage:
    said = word(item, "role") or role
    said = ROLES.get(said, said)
    parts = _contents(item)
    if said in _ANSWERS and not any(_stands_alone(part) for part in parts):
        parts = [_answer(item, parts)]
    refusal = item.get("refusal")
    if isinstance(refusal, str) and refusal:
        parts.append(RefusalPart(refusal))
    if isinstance(audio := item.get("audio"), Mapping):
        # OpenAI's spoken answers: their words stand beside the sound.
        parts.append(media("audio", "", "", audio.get("data")))
        parts.extend(parts_of(audio.get("transcript")))
    _add_calls(parts, item)
    name = word(item, "name")
    return ChatMessage(said, tuple(parts), name, word(item, "finish_reason", "stop_reason"))


def _contents(item: JSONObject) -> list[MessagePart]:
    parts: list[MessagePart] = []
    thought = first_of(item, "reasoning_content", "reasoning")
    if isinstance(thought, str) and thought:
        parts.append(ReasoningPart(thought))
    listed = first_of(item, "parts", "blocks")
    if is_list(listed):
        parts.extend(part_of(part) for part in listed)
    elif isinstance(listed, Mapping | str):
        parts.extend(parts_of(listed))
    contents = item.get("contents")
    rich = [part for block in contents for part in _flat_parts(block)] if is_list(contents) else []
    content = item.get("content")
    joined = "".join(part.content for part in rich if isinstance(part, TextPart))
    spaced = "\n".join(part.content for part in rich if isinstance(part, TextPart))
    if not (rich and isinstance(content, str) and content in (joined, spaced)):
        parts.extend(parts_of(content))
    return parts + rich


def _stands_alone(part: MessagePart) -> bool:
    """Whether a part of a tool's message is more than the content of its answer."""
    return not isinstance(part, TextPart | OtherPart | MediaPart)


def _answer(item: JSONObject, parts: Sequence[MessagePart]) -> MessagePart:
    """The content of a message with role `tool` as the result that it is."""
    if len(parts) == 1 and isinstance(parts[0], OtherPart) and parts[0].type == HIDDEN:
        return parts[0]
    if all(isinstance(part, TextPart) for part in parts):
        content: object = "\n".join(part.content for part in parts if isinstance(part, TextPart))
    else:
        content = item.get("content", item.get("contents"))
    id_ = word(item, "tool_call_id", "id", "call_id")
    return tool_result(content, name=word(item, "name"), id=id_, is_error=item.get("status") == "error")


def _add_calls(parts: list[MessagePart], item: JSONObject) -> None:
    calls = item.get("tool_calls")
    listed: list[object] = list(calls) if is_list(calls) else []
    legacy = item.get("function_call")
    if isinstance(legacy, Mapping):
        listed.append(legacy)
    elif item.get("function_call_name"):
        listed.append({"name": item["function_call_name"], "arguments": item.get("function_call_arguments_json")})
    have = [part for part in parts if isinstance(part, ToolCall)]
    for call in listed:
        part = _call(call)
        if not any(_same(part, other) for other in have):
            parts.append(part)


def _call(call: object) -> MessagePart:
    if not isinstance(call, Mapping):
        return part_of(call)
    inner = call.get("tool_call")
    if not isinstance(inner, Mapping):
        return part_of({**call, "type": "tool_call"})
    part = part_of({**inner, "type": "tool_call"})
    # OpenInference leaves out the arguments of a call that has none.
    return replace(part, arguments={}) if isinstance(part, ToolCall) and part.arguments is None else part


def _same(part: MessagePart, other: ToolCall) -> bool:
    if not isinstance(part, ToolCall) or part.name != other.name:
        return False
    return part.id == other.id if part.id and other.id else part.arguments == other.arguments


def _flat_parts(block: object) -> list[MessagePart]:
    """One entry of OpenInference's `contents`, with what is said in it where that is known."""
    inner = block.get("message_content") if isinstance(block, Mapping) else None
    for modality, name in (("audio", "transcript"), ("document", "content")):
        found = inner.get(modality) if isinstance(inner, Mapping) else None
        deeper = found.get(modality, found) if isinstance(found, Mapping) else None
        words = deeper.get(name) if isinstance(deeper, Mapping) else None
        if isinstance(words, str) and words:
            return [flat_part(block), words_part(words)]
    return [flat_part(block)]


def flat_part(block: object) -> MessagePart:
    """One entry of OpenInference's `contents`."""
    if not isinstance(block, Mapping):
        return words_part(block)
    call = block.get("tool_call")
    if isinstance(call, Mapping):
        return _call(block)
    inner = block.get("message_content", block)
    if not isinstance(inner, Mapping):
        return words_part(inner)
    kind = word(inner, "type")
    for modality in ("image", "audio", "video", "document"):
        found = inner.get(modality)
        if isinstance(found, Mapping) and isinstance(deeper := found.get(modality, found), Mapping):
            url = word(deeper, "url")
            return OtherPart(HIDDEN, url) if is_hidden(url) else media(modality, url, word(deeper, "mime_type"))
    text = inner.get("text")
    if text is not None and kind in ("", "text", "input_text", "output_text"):
        return words_part(text)
    if kind == "reasoning" and not is_hidden(text):
        return ReasoningPart(text if isinstance(text, str) else "")
    return part_of(inner)


def with_system(messages: tuple[ChatMessage, ...], parts: Sequence[MessagePart]) -> tuple[ChatMessage, ...]:
    """Put system instructions first, unless a system message says the same already."""
    instructions = ChatMessage("system", tuple(parts))
    said = {message.text.strip() for message in messages if message.role in ("system", "developer")}
    if not parts or instructions.text.strip() in said or (said and {"".join(said)} == {instructions.text.strip()}):
        return messages
    return (instructions, *messages)
