"""Parts of messages, whoever's JSON they come in: told apart by their `type`, or by the names they have.

Covers the parts of OTel GenAI (1.37 on), OpenAI's chat and responses APIs, Anthropic, Gemini, Bedrock, LangChain,
Haystack and the Vercel AI SDK. A part that fits none of them is kept as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from tracetui.model.chat import (
    FilePart,
    MediaPart,
    MessagePart,
    OtherPart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResult,
)
from tracetui.semconv.core.values import decode, is_hidden, is_list, json_text

HIDDEN = "hidden"
"""Type of the part that stands for content hidden by the sender."""

JSONObject: TypeAlias = Mapping[str, object]
_OUTPUTS = frozenset({"text", "json", "content", "error-text", "error-json", "execution-denied"})
_MODALITIES = ("image", "audio", "video", "document")


def first_of(item: JSONObject, *names: str) -> object:
    """The first of these entries that is there and not null."""
    return next((item[name] for name in names if item.get(name) is not None), None)


def word(item: JSONObject, *names: str) -> str:
    """The first of these entries that is there, as text; empty where none is."""
    found = first_of(item, *names)
    return found if isinstance(found, str) else "" if found is None else json_text(found)


def words_part(value: object) -> MessagePart:
    """Words as a part, unless they were hidden."""
    if is_hidden(value):
        return OtherPart(HIDDEN, value)
    return TextPart(value if isinstance(value, str) else json_text(value))


def call_arguments(value: object) -> object:
    """Arguments of a tool call: decoded where they are JSON text, else as they came."""
    return decode(value).value


def tool_result(content: object, *, name: str = "", id: str = "", is_error: bool = False) -> ToolResult:  # noqa: A002
    """What a tool answered; a list of text blocks becomes their text."""
    if is_list(content):
        texts = [_block_text(block) for block in content]
        if texts and all(found is not None for found in texts):
            content = "\n".join(found for found in texts if found is not None)
    return ToolResult(content, name, id, is_error)


def _block_text(block: object) -> str | None:
    if isinstance(block, str):
        return block
    if isinstance(block, Mapping) and block.get("type", "text") in ("text", "output_text", "input_text"):
        found = block.get("text", block.get("content"))
        return found if isinstance(found, str) else None
    return None


def media(modality: str, uri: str, mime: str = "", data: object = None) -> MediaPart:
    """A medium by its address, or by the size of its bytes where they are in the address or came as base64."""
    if uri.startswith("data:"):
        head, _, encoded = uri[5:].partition(",")
        mime, uri, data = mime or head.partition(";")[0], "", encoded
    size = None
    if isinstance(data, bytes):
        size = len(data)
    elif isinstance(data, str) and not is_hidden(data):
        size = max(0, len(data) * 3 // 4 - data[-2:].count("="))
    start = mime.partition("/")[0]
    known = modality if modality in _MODALITIES else start if start in _MODALITIES else "document"
    return MediaPart(known, uri, mime, size)


def part_of(item: object) -> MessagePart:
    """Any JSON as a part of a message."""
    if not isinstance(item, Mapping):
        return words_part(item)
    kind = item.get("type")
    if isinstance(kind, str):
        read = _BY_TYPE.get(kind)
        return read(item) if read is not None else OtherPart(kind, item)
    if item.get("kind") in _BY_TYPE:
        # Pydantic AI's first format.
        return part_of({**item, "type": item["kind"]})
    for name, read in _BY_NAME.items():
        if item.get(name) is not None:
            return read(item)
    return OtherPart("", item)


def parts_of(content: object) -> list[MessagePart]:
    """The content of a message: words, one part or a list of them."""
    if content is None or content == "":
        return []
    if is_list(content):
        return [part_of(item) for item in content]
    return [part_of(content)]


def _text(item: JSONObject) -> MessagePart:
    content = first_of(item, "content", "text")
    if isinstance(content, Mapping) and "value" in content:
        # OpenAI's assistants, and Azure's agents after them: the words stand beside their annotations.
        content = content["value"]
    return TextPart("") if content is None else words_part(content)


def _reasoning(item: JSONObject) -> MessagePart:
    summary = item.get("summary")
    if is_list(summary) and summary:
        return ReasoningPart("\n".join(_block_text_of_summary(part) for part in summary))
    return ReasoningPart(word(item, "content", "thinking", "text", "reasoning"))


def _block_text_of_summary(part: object) -> str:
    return word(part, "text", "content") if isinstance(part, Mapping) else str(part)


def _tool_call(item: JSONObject) -> MessagePart:
    function = item.get("function")
    inner: JSONObject = function if isinstance(function, Mapping) else item
    return ToolCall(
        word(inner, "name", "toolName", "tool_name"),
        call_arguments(first_of(inner, "arguments", "input", "args", "parameters")),
        word(item, "call_id", "id", "toolCallId", "toolUseId", "tool_call_id", "ref"),
    )


def _tool_result(item: JSONObject) -> MessagePart:
    content = first_of(item, "response", "result", "output", "content")
    failed = item.get("is_error") is True or item.get("isError") is True or item.get("status") == "error"
    if isinstance(content, Mapping) and content.get("type") in _OUTPUTS and "value" in content:
        # The Vercel AI SDK says of a result what it is: `{type: "error-text", value: "…"}`.
        failed, content = failed or str(content["type"]).startswith("error"), content["value"]
    return tool_result(
        content,
        name=word(item, "name", "toolName", "tool_name"),
        id=word(item, "call_id", "tool_use_id", "toolUseId", "toolCallId", "tool_call_id", "id", "ref"),
        is_error=failed,
    )


def _tool_result_of_call(item: JSONObject) -> MessagePart:
    """Haystack: a result beside the call that it answers."""
    origin = item.get("origin")
    call: JSONObject = origin if isinstance(origin, Mapping) else {}
    return tool_result(
        item.get("result"), name=word(call, "tool_name"), id=word(call, "id"), is_error=item.get("error") is True
    )


def _server_tool(name: str) -> Callable[[JSONObject], MessagePart]:
    def read(item: JSONObject) -> MessagePart:
        inner = item.get(name)
        if name.endswith("response"):
            return tool_result(inner, name=word(item, "name"), id=word(item, "id"))
        return ToolCall(word(item, "name"), inner, word(item, "id"))

    return read


def _blob(item: JSONObject) -> MessagePart:
    source = item.get("source")
    inner: JSONObject = source if isinstance(source, Mapping) else item
    mime = word(inner, "mime_type", "media_type", "mimeType", "mediaType", "contentType")
    data = _held(first_of(inner, "content", "data", "image", "file_data", "binary_content"))
    uri = word(inner, "uri", "url", "file_uri", "fileUri")
    kind = item.get("modality") or str(item.get("type", "")).partition("-")[0].partition("_")[0]
    if isinstance(data, str) and data.startswith(("data:", "http:", "https:")):
        uri, data = data, None
    if not uri and data is None and inner.get("file_id"):
        return FilePart(word(inner, "file_id"))
    return media(str(kind), uri, mime, data)


def _held(data: object) -> object:
    """The bytes of a medium, or its address, out of what JavaScript makes of them as JSON: `{type: "Buffer", data:
    [137, 80, …]}`, `{"0": 137, "1": 80, …}`, or `{type: "url", url: "…"}`.
    """
    if isinstance(data, Mapping):
        inner = first_of(data, "data", "url", "reference")
        data = inner if inner is not None else list(data.values()) if "0" in data else None
    return bytes(len(data)) if is_list(data) else data


def _image_url(item: JSONObject) -> MessagePart:
    url = first_of(item, "image_url", "url")
    if isinstance(url, Mapping):
        url = url.get("url")
    if not isinstance(url, str):
        return FilePart(word(item, "file_id")) if item.get("file_id") else OtherPart(word(item, "type"), item)
    return OtherPart(HIDDEN, url) if is_hidden(url) else media("image", url)


def _input_audio(item: JSONObject) -> MessagePart:
    audio = item.get("input_audio")
    inner: JSONObject = audio if isinstance(audio, Mapping) else item
    form = word(inner, "format")
    return media("audio", word(inner, "url"), f"audio/{form}" if form else word(inner, "mime_type"), inner.get("data"))


def _file(item: JSONObject) -> MessagePart:
    file = item.get("file")
    inner: JSONObject = file if isinstance(file, Mapping) else item
    if inner.get("file_id"):
        return FilePart(word(inner, "file_id"))
    start = word(inner, "mime_type", "media_type", "mimeType", "mediaType", "contentType").partition("/")[0]
    return _blob({**inner, "type": start if start in _MODALITIES else "document"})


def _refusal(item: JSONObject) -> MessagePart:
    return RefusalPart(word(item, "refusal", "content", "text"))


def _inner(name: str, read: Callable[[JSONObject], MessagePart]) -> Callable[[JSONObject], MessagePart]:
    def unwrap(item: JSONObject) -> MessagePart:
        inner = item[name]
        return read(inner) if isinstance(inner, Mapping) else OtherPart(name, item)

    return unwrap


_BY_TYPE: dict[str, Callable[[JSONObject], MessagePart]] = {
    **dict.fromkeys(("text", "input_text", "output_text", "summary_text"), _text),
    **dict.fromkeys(("reasoning", "thinking", "reasoning_text"), _reasoning),
    **dict.fromkeys(
        (
            *("tool_call", "function_call", "tool_use", "tool-call", "toolUse", "function", "custom_tool_call"),
            *("server_tool_use", "mcp_tool_use"),
        ),
        _tool_call,
    ),
    **dict.fromkeys(
        (
            "tool_call_response",
            "tool_result",
            "tool-result",
            "toolResult",
            "function_call_output",
            "custom_tool_call_output",
            *("mcp_tool_result", "web_search_tool_result", "code_execution_tool_result"),
        ),
        _tool_result,
    ),
    "server_tool_call": _server_tool("server_tool_call"),
    "server_tool_call_response": _server_tool("server_tool_call_response"),
    **dict.fromkeys(
        (
            *("blob", "uri", "binary", "image", "audio", "video", "document", "image-url", "audio-url", "video-url"),
            *("document-url", "media"),
        ),
        _blob,
    ),
    **dict.fromkeys(("image_url", "input_image"), _image_url),
    "input_audio": _input_audio,
    **dict.fromkeys(("file", "input_file"), _file),
    "refusal": _refusal,
}
"""How to read a part by its `type`."""

_BY_NAME: dict[str, Callable[[JSONObject], MessagePart]] = {
    "text": _text,
    "toolUse": _inner("toolUse", _tool_call),
    "toolResult": _inner("toolResult", _tool_result),
    "function_call": _inner("function_call", _tool_call),
    "functionCall": _inner("functionCall", _tool_call),
    "function_response": _inner("function_response", _tool_result),
    "functionResponse": _inner("functionResponse", _tool_result),
    "tool_call": _inner("tool_call", _tool_call),
    "tool_call_result": _inner("tool_call_result", _tool_result_of_call),
    "inline_data": _inner("inline_data", _blob),
    "inlineData": _inner("inlineData", _blob),
    "file_data": _inner("file_data", _blob),
    "fileData": _inner("fileData", _blob),
    # Genkit.
    "toolRequest": _inner("toolRequest", _tool_call),
    "toolResponse": _inner("toolResponse", _tool_result),
    "media": _inner("media", _blob),
    "reasoning": _reasoning,
    "image": _inner("image", _blob),
    "document": _inner("document", _blob),
    "reasoningContent": _inner("reasoningContent", lambda item: _reasoning({"text": _reasoning_text(item)})),
    "content": _text,
}
"""How to read a part that has no `type`, by the name of an entry it has."""


def _reasoning_text(item: JSONObject) -> object:
    inner = item.get("reasoningText")
    return inner.get("text") if isinstance(inner, Mapping) else first_of(item, "text")
