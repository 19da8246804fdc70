"""Generations A to C of OTel GenAI, OpenLLMetry and Pydantic AI: the same conversation in every form they wrote."""

from __future__ import annotations

import json

import pytest

from tests.unit.semconv.making import columns, event, read
from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import ChatMessage, Document, Kind, NormalisedSpan, TextPart, Tool, ToolCall, ToolResult
from tracetui.model.span import LogRecord

CALL: dict[str, AttributeValue] = {
    "id": "c1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
}
ANSWER = '{"sky": "clear"}'
IN = (
    ChatMessage("system", (TextPart("Be brief."),)),
    ChatMessage("user", (TextPart("Weather?"),)),
    ChatMessage("assistant", (ToolCall("get_weather", {"city": "Oslo"}, "c1"),)),
    ChatMessage("tool", (ToolResult(ANSWER, "", "c1"),)),
)
OUT = (ChatMessage("assistant", (TextPart("Clear."),), finish_reason="stop"),)

MESSAGES: list[tuple[str, dict[str, AttributeValue]]] = [
    ("gen_ai.system.message", {"content": "Be brief."}),
    ("gen_ai.user.message", {"content": "Weather?"}),
    ("gen_ai.assistant.message", {"tool_calls": [CALL]}),
    ("gen_ai.tool.message", {"content": ANSWER, "id": "c1"}),
    ("gen_ai.choice", {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Clear."}}),
]


def _indexed() -> NormalisedSpan:
    return read(
        {
            "gen_ai.prompt.0.role": "system",
            "gen_ai.prompt.0.content": "Be brief.",
            "gen_ai.prompt.1.role": "user",
            "gen_ai.prompt.1.content": "Weather?",
            "gen_ai.prompt.2.role": "assistant",
            "gen_ai.prompt.2.tool_calls.0.id": "c1",
            "gen_ai.prompt.2.tool_calls.0.name": "get_weather",
            "gen_ai.prompt.2.tool_calls.0.arguments": '{"city": "Oslo"}',
            "gen_ai.prompt.3.role": "tool",
            "gen_ai.prompt.3.content": ANSWER,
            "gen_ai.prompt.3.tool_call_id": "c1",
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": "Clear.",
            "gen_ai.completion.0.finish_reason": "stop",
            "gen_ai.prompt.name": "identity, not content",
        }
    )


def _one_text() -> NormalisedSpan:
    request = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "content": ANSWER, "tool_call_id": "c1"},
    ]
    choice = {"message": {"role": "assistant", "content": "Clear."}, "finish_reason": "stop"}
    return read(
        {
            "gen_ai.prompt": json.dumps({"messages": request, "model": "m"}),
            "gen_ai.completion": json.dumps({"choices": [choice]}),
        }
    )


def _span_events() -> NormalisedSpan:
    return read({}, events=[event(name, payload) for name, payload in MESSAGES])


def _events_with_json() -> NormalisedSpan:
    return read({}, events=[event(name, {"gen_ai.event.content": json.dumps(payload)}) for name, payload in MESSAGES])


def _logs() -> NormalisedSpan:
    return read({}, logs=[LogRecord(event_name=name, body=payload) for name, payload in MESSAGES])


def _old_logs() -> NormalisedSpan:
    return read({}, logs=[LogRecord(attributes={"event.name": name}, body=json.dumps(p)) for name, p in MESSAGES])


def _logs_out_of_order() -> NormalisedSpan:
    records = [
        LogRecord(event_name=name, body=payload, attributes={"gen_ai.message.index": index})
        for index, (name, payload) in enumerate(MESSAGES)
    ]
    return read({}, logs=records[::-1])


def _attribute() -> NormalisedSpan:
    return read({"events": json.dumps([{"event.name": name, **payload} for name, payload in MESSAGES])})


def _content_events() -> NormalisedSpan:
    request = json.dumps([{"role": message.role, "content": "?"} for message in IN])
    return read({}, events=[event("gen_ai.content.prompt", {"gen_ai.prompt": request})])


@pytest.mark.parametrize(
    "form",
    [_indexed, _one_text, _span_events, _events_with_json, _logs, _old_logs, _logs_out_of_order, _attribute],
)
def test_one_conversation_in_every_form(form) -> None:  # type: ignore[no-untyped-def]
    full = form()
    assert full.input_messages == IN
    assert full.output_messages == OUT
    assert full.system == "Be brief."
    assert full.finish_reasons == ("stop",)


def test_content_events_of_1_27() -> None:
    assert [message.role for message in _content_events().input_messages] == ["system", "user", "assistant", "tool"]


def test_events_of_span_and_log_appear_once() -> None:
    events = [event(name, payload) for name, payload in MESSAGES]
    logs = [LogRecord(event_name=name, body=payload) for name, payload in MESSAGES]
    assert read({}, events=events, logs=logs).input_messages == IN


def test_bedrock_blocks_in_the_events_of_strands() -> None:
    blocks = json.dumps([{"toolUse": {"toolUseId": "t", "name": "f", "input": {"x": 1}}}])
    result = json.dumps([{"toolResult": {"toolUseId": "t", "status": "error", "content": [{"text": "bad x"}]}}])
    events = [event("gen_ai.tool.message", {"content": result}), event("gen_ai.choice", {"message": blocks})]
    full = read({"gen_ai.system": "strands-agents"}, events=events)
    assert full.input_messages == (ChatMessage("tool", (ToolResult("bad x", "", "t", True),)),)
    assert full.output_messages == (ChatMessage("assistant", (ToolCall("f", {"x": 1}, "t"),)),)


def test_hints_of_indexed_messages() -> None:
    assert columns({"gen_ai.prompt.0.content": "hi"}).kind is Kind.LLM
    assert columns({"gen_ai.prompt.name": "greet"}).kind is Kind.UNKNOWN


def test_text_that_is_no_conversation_is_the_input() -> None:
    full = read({"gen_ai.prompt": '{"q": "what?"}', "gen_ai.completion": '{"output": "that"}'})
    assert (full.input, full.output, full.input_messages) == ('{"q": "what?"}', '{"output": "that"}', ())


def test_a_response_that_is_a_history_ends_with_the_answers() -> None:
    history = [{"role": "assistant", "content": "old"}, {"role": "user", "content": "more?"}]
    answers = [{"role": "assistant", "content": "one"}, {"role": "assistant", "content": "two"}]
    full = read({"gen_ai.completion": json.dumps({"outputs": {"messages": history + answers}})})
    assert [message.text for message in full.output_messages] == ["one", "two"]


def test_langchain_inputs_and_outputs() -> None:
    human = {"lc": 1, "type": "constructor", "id": ["langchain", "HumanMessage"], "kwargs": {"content": "hi"}}
    reply = {"lc": 1, "type": "constructor", "id": ["langchain", "AIMessage"], "kwargs": {"content": "ho"}}
    generation = {"message": reply, "generation_info": {"finish_reason": "stop"}}
    full = read(
        {
            "gen_ai.prompt": json.dumps({"messages": [[human]]}),
            "gen_ai.completion": json.dumps({"generations": [[generation]]}),
        }
    )
    assert full.input_messages == (ChatMessage("user", (TextPart("hi"),)),)
    assert full.output_messages == (ChatMessage("assistant", (TextPart("ho"),), finish_reason="stop"),)


def test_a_traceloop_tool() -> None:
    full = read(
        {
            "traceloop.span.kind": "tool",
            "traceloop.entity.name": "get_weather",
            "traceloop.workflow.name": "weather",
            "traceloop.entity.input": '{"args": [], "kwargs": {"city": "Oslo"}}',
            "traceloop.entity.output": '{"sky": "clear"}',
            "traceloop.association.properties.user_id": "u",
            "traceloop.association.properties.thread_id": "t",
        }
    )
    assert full.tool == Tool("get_weather", arguments={"city": "Oslo"}, result={"sky": "clear"})
    assert (full.user_id, full.session_id, full.workflow, full.convention) == ("u", "t", "weather", "OpenLLMetry")
    assert full.metadata == {"user_id": "u", "thread_id": "t"}


def test_a_name_of_a_workflow_step_is_no_tool() -> None:
    assert columns({"traceloop.span.kind": "task", "traceloop.entity.name": "step"}).tool_name == ""


def test_the_request_type_is_a_kind_and_the_old_counts_are_counts() -> None:
    attributes: dict[str, AttributeValue] = {
        "llm.request.type": "embedding",
        "gen_ai.usage.prompt_tokens": 12,
        "llm.usage.total_tokens": 12,
    }
    assert columns(attributes).kind is Kind.EMBEDDING
    assert (columns(attributes).tokens.input, columns(attributes).tokens.total) == (12, 12)


def test_a_distance_is_not_a_score() -> None:
    found: dict[str, AttributeValue] = {
        "db.query.result.id": "d",
        "db.query.result.distance": 0.2,
        "db.query.result.document": "text",
    }
    hit = event("db.query.result", found)
    documents = read({"traceloop.span.kind": "task"}, events=[hit]).documents
    assert documents == (Document("text", "d", None, {"distance": 0.2}),)


def test_the_history_of_a_pydantic_agent_ends_with_its_answer() -> None:
    history = [
        {"role": "user", "parts": [{"type": "text", "content": "hi"}]},
        {"role": "assistant", "parts": [{"type": "text", "content": "ho"}]},
    ]
    full = read({"pydantic_ai.all_messages": json.dumps(history), "agent_name": "bot"}, scope="pydantic-ai")
    assert ([m.text for m in full.input_messages], [m.text for m in full.output_messages]) == (["hi"], ["ho"])
    assert full.agent_name == "bot"


@pytest.mark.parametrize(("prompt", "completion"), [("Weather?", "Clear."), ('["Weather?"]', '["Clear."]')])
def test_plain_words_that_a_model_was_given(prompt: str, completion: str) -> None:
    attributes = {"gen_ai.prompt": prompt, "gen_ai.completion": completion}
    found = read({"gen_ai.request.model": "gpt-4o", **attributes})
    assert found.input_messages == (ChatMessage("user", (TextPart("Weather?"),)),)
    assert found.output_messages == (ChatMessage("assistant", (TextPart("Clear."),)),)
    assert read(attributes).input_messages == ()
