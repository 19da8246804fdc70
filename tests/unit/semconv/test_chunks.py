"""Streams put together."""

from __future__ import annotations

import json

from tracetui.model.chat import ChatMessage, ReasoningPart, RefusalPart, TextPart, ToolCall
from tracetui.semconv.core.chunks import streamed_messages


def chunk(delta: dict[str, object], *, index: int = 0, reason: str | None = None) -> dict[str, object]:
    return {"object": "chat.completion.chunk", "choices": [{"index": index, "delta": delta, "finish_reason": reason}]}


def call(index: int, *, arguments: str | None, name: str | None = None, id: str | None = None) -> dict[str, object]:  # noqa: A002
    return {"tool_calls": [{"index": index, "id": id, "function": {"name": name, "arguments": arguments}}]}


def test_words_in_pieces() -> None:
    pieces = [chunk({"role": "assistant", "content": ""}), chunk({"content": "one "}), chunk({"content": "two"})]
    said = streamed_messages([*pieces, chunk({"content": None}, reason="stop"), {"choices": [], "usage": {}}])
    assert said == (ChatMessage("assistant", (TextPart("one two"),), finish_reason="stop"),)


def test_tool_calls_whose_arguments_come_in_pieces_and_mixed() -> None:
    pieces = [
        chunk(call(0, arguments="", name="get_weather", id="a")),
        chunk(call(1, arguments='{"city"', name="get_time", id="b")),
        chunk(call(0, arguments='{"city": ')),
        chunk(call(1, arguments=': "Oslo"}')),
        chunk(call(0, arguments='"東京"}')),
        chunk({}, reason="tool_calls"),
    ]
    (said,) = streamed_messages(json.dumps(piece) for piece in pieces)
    assert said.parts == (
        ToolCall("get_weather", {"city": "東京"}, "a"),
        ToolCall("get_time", {"city": "Oslo"}, "b"),
    )
    assert said.finish_reason == "tool_calls"


def test_choices_apart_reasoning_and_refusal() -> None:
    pieces = [
        chunk({"content": "second"}, index=1),
        chunk({"reasoning_content": "hm"}),
        chunk({"content": "first"}),
        chunk({"refusal": "no"}, index=2),
    ]
    assert [message.parts for message in streamed_messages(pieces)] == [
        (ReasoningPart("hm"), TextPart("first")),
        (TextPart("second"),),
        (RefusalPart("no"),),
    ]


def test_what_is_no_chunk_says_nothing() -> None:
    broken = [None, 7, "{", "[]", {"choices": "x"}, {"choices": [1, {"delta": 2}, {"delta": {"tool_calls": [3, {}]}}]}]
    assert all(not message.text for message in streamed_messages(broken))
    assert streamed_messages([]) == ()
