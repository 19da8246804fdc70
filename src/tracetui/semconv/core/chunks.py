"""The message that a stream of OpenAI's chat chunks makes: deltas put together, one message for each choice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tracetui.model.chat import ChatMessage
from tracetui.semconv.core.messages import message_of
from tracetui.semconv.core.parts import JSONObject
from tracetui.semconv.core.values import count, is_list, mapping

MAX_CHUNKS = 20_000
"""Chunks that are read."""

_TEXTS = ("content", "reasoning_content", "refusal")


def streamed_messages(chunks: Iterable[object]) -> tuple[ChatMessage, ...]:
    """Put chunks together.

    Args:
        chunks: Chunks as decoded JSON or JSON text, in order; those of any other form say nothing.
    """
    choices: dict[int, _Choice] = {}
    for chunk, _ in zip(chunks, range(MAX_CHUNKS), strict=False):
        listed = mapping(chunk).get("choices")
        for item in listed if is_list(listed) else ():
            if isinstance(item, Mapping):
                choices.setdefault(count(item.get("index")) or 0, _Choice()).take(item)
    found = (choices[index].message() for index in sorted(choices))
    return tuple(message for message in found if message is not None)


class _Choice:
    """One choice as far as it has been streamed."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {name: [] for name in _TEXTS}
        self.calls: dict[int, _Call] = {}
        self.finish_reason: object = None

    def take(self, item: JSONObject) -> None:
        self.finish_reason = item.get("finish_reason") or self.finish_reason
        delta = mapping(item.get("delta"))
        for name, pieces in self.texts.items():
            if isinstance(words := delta.get(name), str):
                pieces.append(words)
        calls = delta.get("tool_calls")
        for position, call in enumerate(calls if is_list(calls) else ()):
            if isinstance(call, Mapping):
                index = count(call.get("index"))
                self.calls.setdefault(position if index is None else index, _Call()).take(call)

    def message(self) -> ChatMessage | None:
        said = {name: "".join(pieces) for name, pieces in self.texts.items() if pieces}
        calls = [self.calls[index].whole() for index in sorted(self.calls)]
        if not calls and not any(said.values()):
            return None
        return message_of({**said, "tool_calls": calls, "finish_reason": self.finish_reason}, "assistant")


class _Call:
    """One tool call as far as it has been streamed: its arguments come in pieces."""

    def __init__(self) -> None:
        self.id: object = None
        self.name = ""
        self.pieces: list[str] = []

    def take(self, call: JSONObject) -> None:
        function = mapping(call.get("function"))
        self.id = call.get("id") or self.id
        if isinstance(name := function.get("name"), str):
            self.name = name or self.name
        if isinstance(piece := function.get("arguments"), str):
            self.pieces.append(piece)

    def whole(self) -> dict[str, object]:
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": "".join(self.pieces)}}
