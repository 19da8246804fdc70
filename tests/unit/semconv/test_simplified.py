"""Section 4.6 of the reference: the simplified keys, and spans with no more than an input and an output."""

from __future__ import annotations

import json

import pytest

from tests.unit.semconv.making import columns, read
from tracetui.model.chat import ChatMessage, Document, Evaluation, Kind, TextPart, Tool, ToolCall

FORMS = [
    {"role": "user", "content": "hi"},
    {"message.role": "user", "message.content": "hi"},
    {"message": {"role": "user", "content": "hi"}},
    {"role": "user", "parts": [{"type": "text", "content": "hi"}]},
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encode", [json.dumps, lambda value: value], ids=["text", "structured"])
@pytest.mark.parametrize("wrap", [lambda item: [item], lambda item: item], ids=["list", "single"])
def test_four_forms_of_a_message(form: dict[str, object], encode, wrap) -> None:  # type: ignore[no-untyped-def]
    full = read({"llm.input_messages": encode(wrap(form))})
    assert full.kind is Kind.LLM
    assert full.input_messages == (ChatMessage("user", (TextPart("hi"),)),)


def test_plain_words_are_one_message_of_its_side() -> None:
    full = read({"llm.input_messages": "hi", "llm.output_messages": "hello"})
    assert full.input_messages == (ChatMessage("user", (TextPart("hi"),)),)
    assert full.output_messages == (ChatMessage("assistant", (TextPart("hello"),)),)


def test_openai_tool_calls_in_json() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
    full = read({"llm.output_messages": json.dumps([{"role": "assistant", "content": None, "tool_calls": [call]}])})
    assert full.output_messages == (ChatMessage("assistant", (ToolCall("f", {"x": 1}, "c"),)),)


def test_flattened_keys_win_whole() -> None:
    full = read({"llm.input_messages": '["text form", "more"]', "llm.input_messages.0.message.content": "flat"})
    assert [message.text for message in full.input_messages] == ["flat"]


def test_cut_json_stays_text_with_a_problem() -> None:
    cut = '[{"role": "user", "content": "hel'
    full = read({"llm.input_messages": cut})
    assert full.input_messages == (ChatMessage("user", (TextPart(cut),)),)
    assert any("llm.input_messages" in problem for problem in full.problems)


def test_one_bad_message_loses_no_other() -> None:
    full = read({"llm.input_messages": json.dumps([{"role": "user", "content": "a"}, None, 7, {"role": {}}, "b"])})
    assert [message.text for message in full.input_messages if message.text] == ["a", "7", "b"]


@pytest.mark.parametrize(
    "attributes",
    [
        {"retriever.documents": json.dumps([{"id": "1", "text": "a", "score": 0.5}, {"document": {"content": "b"}}])},
        {"retriever.documents": ['{"id": "1", "page_content": "a", "score": 0.5}', "b"]},
        {
            "retriever.documents.0.document.id": "1",
            "retriever.documents.0.document.content": "a",
            "retriever.documents.0.document.score": 0.5,
            "retriever.documents.1.content": "b",
        },
    ],
)
def test_documents_in_three_forms(attributes: dict[str, object]) -> None:
    full = read({"retriever.query": "q", **attributes})  # type: ignore[dict-item]
    assert (full.kind, full.input) == (Kind.RETRIEVER, "q")
    assert full.documents == (Document("a", "1", 0.5), Document("b"))


def test_a_tool_result_beats_the_output() -> None:
    full = read({"tool.parameters": '{"x": 1}', "tool.result": '{"y": 2}', "output.value": "other"})
    assert full.kind is Kind.TOOL
    assert full.tool == Tool(arguments={"x": 1}, result={"y": 2})


@pytest.mark.parametrize(
    ("score", "wanted"),
    [
        (0.5, Evaluation("faithful", 0.5)),
        ("0.5", Evaluation("faithful", 0.5)),
        (True, Evaluation("faithful", 1.0, "true")),
        ("good", Evaluation("faithful", None, "good")),
    ],
)
def test_evaluations(score: object, wanted: Evaluation) -> None:
    full = read({"eval.type": "faithful", "eval.score": score})  # type: ignore[dict-item]
    assert (full.kind, full.evals) == (Kind.EVALUATOR, (wanted,))


def test_a_bare_input_and_output() -> None:
    full = read({"input.value": "in", "output.value": "[1]"})
    assert (full.kind, full.input, full.output, full.convention) == (Kind.UNKNOWN, "in", "[1]", "simplified keys")


def test_the_same_conversation_in_flat_and_simple_form_reads_the_same() -> None:
    flat = {"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "hi"}
    simple = {"llm.input_messages": json.dumps([{"role": "user", "content": "hi"}])}
    assert read(flat).input_messages == read(simple).input_messages
    assert columns(flat).preview == columns(simple).preview == "hi"
