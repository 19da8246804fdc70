"""Pydantic AI, instrumentation formats 1 to 6: told by shape, as no attribute says which it is."""

from __future__ import annotations

import json

import pytest

from tests.unit.semconv.making import columns, event, read
from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import (
    Document,
    Embedding,
    Kind,
    MediaPart,
    NormalisedSpan,
    ReasoningPart,
    TextPart,
    ToolCall,
    ToolResult,
)
from tracetui.model.span import Status

SCOPE = "pydantic-ai"
CALL = {"type": "tool_call", "id": "c1", "name": "weather", "arguments": '{"city": "Oslo"}'}


def roles(span: NormalisedSpan) -> list[str]:
    """The roles of the messages in."""
    return [message.role for message in span.input_messages]


def answer_role(span: NormalisedSpan) -> list[str]:
    """The roles of the messages out."""
    return [message.role for message in span.output_messages]


def messages(result_role: str, **result: object) -> str:
    """A conversation of generation D as JSON: a question, a call of a tool, its result."""
    asked = {"role": "user", "parts": [{"type": "text", "content": "Weather?"}]}
    called = {"role": "assistant", "parts": [{"type": "thinking", "content": "Ask."}, CALL]}
    part = {"type": "tool_call_response", "id": "c1", "name": "weather", **result}
    return json.dumps([asked, called, {"role": result_role, "parts": [part]}])


@pytest.mark.parametrize(("role", "name"), [("user", "result"), ("user", "response"), ("tool", "result")])
def test_traps_3_and_4_a_tool_result_under_either_name_and_role_is_one(role: str, name: str) -> None:
    found = read({"gen_ai.input.messages": messages(role, **{name: {"t": 7}})}, scope=SCOPE)
    assert found.input_messages[1].parts == (ReasoningPart("Ask."), ToolCall("weather", {"city": "Oslo"}, "c1"))
    assert found.input_messages[2].parts == (ToolResult({"t": 7}, "weather", "c1"),)


def test_trap_4_several_results_in_one_message_all_survive() -> None:
    parts = [{"type": "tool_call_response", "id": f"c{number}", "result": number} for number in range(3)]
    value = json.dumps([{"role": "user", "parts": parts}])
    found = read({"gen_ai.input.messages": value}, scope=SCOPE)
    assert found.input_messages[0].parts == tuple(ToolResult(number, "", f"c{number}") for number in range(3))


@pytest.mark.parametrize(
    "attributes",
    [
        # Formats 1 and 2.
        {"agent_name": "planner", "model_name": "gpt-4o", "final_result": "Done."},
        # Formats 3 to 6.
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner", "final_result": "Done."},
    ],
)
def test_a_run_is_an_agent_in_every_format(attributes: dict[str, AttributeValue]) -> None:
    found = columns(attributes, scope=SCOPE)
    assert (found.kind, found.agent_name) == (Kind.AGENT, "planner")
    assert read(attributes, scope=SCOPE).output == "Done."


def test_the_names_of_a_run_mean_nothing_in_other_scopes() -> None:
    attributes: dict[str, AttributeValue] = {"agent_name": "planner", "final_result": "Done.", "tools": ["a"]}
    assert columns(attributes).kind is Kind.UNKNOWN
    assert read(attributes).output == ""


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.tool.name": "weather", "tool_arguments": '{"city": "Oslo"}', "tool_response": '{"t": 7}'},
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "weather",
            "gen_ai.tool.call.arguments": '{"city": "Oslo"}',
            "gen_ai.tool.call.result": '{"t": 7}',
        },
    ],
)
def test_a_tool_span_with_or_without_an_operation(attributes: dict[str, AttributeValue]) -> None:
    tool = read(attributes, scope=SCOPE).tool
    assert tool is not None
    assert (tool.name, tool.arguments, tool.result) == ("weather", {"city": "Oslo"}, {"t": 7})
    assert columns(attributes, scope=SCOPE).kind is Kind.TOOL


def test_several_tools_at_once_are_a_chain() -> None:
    assert columns({"tools": ["a", "b"], "logfire.msg": "running 2 tools"}, scope=SCOPE).kind is Kind.CHAIN


def test_the_history_of_a_run_is_cut_before_its_last_answer() -> None:
    history = json.loads(messages("user", result={"t": 7}))
    history.append({"role": "assistant", "parts": [{"type": "text", "content": "7 degrees."}]})
    found = read({"pydantic_ai.all_messages": json.dumps(history), "final_result": "7 degrees."}, scope=SCOPE)
    assert roles(found) == ["user", "assistant", "user"]
    assert [message.text for message in found.output_messages] == ["7 degrees."]
    unanswered = read({"pydantic_ai.all_messages": messages("user", result=1)}, scope=SCOPE)
    assert (roles(unanswered), unanswered.output_messages) == (["user", "assistant", "user"], ())


@pytest.mark.parametrize("key", ["events", "all_messages_events"])
def test_format_1_has_events_in_a_list(key: str) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
    events = [
        {"event.name": "gen_ai.system.message", "role": "system", "content": "Be terse.", "gen_ai.message.index": 0},
        {"event.name": "gen_ai.user.message", "role": "user", "content": "Weather?", "gen_ai.message.index": 0},
        {"event.name": "gen_ai.assistant.message", "role": "assistant", "tool_calls": [call]},
        {"event.name": "gen_ai.tool.message", "role": "tool", "id": "c1", "name": "weather", "content": {"t": 7}},
    ]
    choice = {"event.name": "gen_ai.choice", "index": 0, "message": {"role": "assistant", "content": "7 degrees."}}
    said = {"event.name": "gen_ai.assistant.message", "role": "assistant", "content": "7 degrees."}
    found = read({key: json.dumps([*events, choice if key == "events" else said])}, scope=SCOPE)
    assert roles(found) == ["system", "user", "assistant", "tool"]
    assert found.system == "Be terse."
    assert found.input_messages[2].parts == (ToolCall("weather", {"city": "Oslo"}, "c1"),)
    assert found.input_messages[3].parts == (ToolResult({"t": 7}, "weather", "c1"),)
    assert [(message.role, message.text) for message in found.output_messages] == [("assistant", "7 degrees.")]


def test_media_of_format_1_and_of_the_later_ones() -> None:
    content = ["Look", {"kind": "image-url", "url": "https://example.test/a.png"}]
    events = [{"event.name": "gen_ai.user.message", "role": "user", "content": content}]
    found = read({"events": json.dumps(events)}, scope=SCOPE)
    picture = MediaPart("image", "https://example.test/a.png")
    assert found.input_messages[0].parts == (TextPart("Look"), picture)
    later = (
        ({"type": "image-url", "url": "https://example.test/a.png"}, picture),
        ({"type": "uri", "modality": "image", "uri": "https://example.test/a.png"}, picture),
        ({"type": "binary", "media_type": "image/png", "content": "iVBORw=="}, MediaPart("image", "", "image/png", 4)),
        (
            {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "iVBORw=="},
            MediaPart("image", "", "image/png", 4),
        ),
    )
    for part, expected in later:
        value = json.dumps([{"role": "user", "parts": [part]}])
        assert read({"gen_ai.input.messages": value}, scope=SCOPE).input_messages[0].parts == (expected,)


def test_trap_5_instructions_are_not_shown_twice() -> None:
    instructions = json.dumps([{"type": "text", "content": "Be terse."}])
    history = json.dumps([{"role": "system", "parts": [{"type": "text", "content": "Be terse."}]}])
    found = read({"gen_ai.system_instructions": instructions, "gen_ai.input.messages": history}, scope=SCOPE)
    assert roles(found) == ["system"]


def test_trap_6_details_repeat_the_cache_counts() -> None:
    attributes: dict[str, AttributeValue] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 120,
        "gen_ai.usage.output_tokens": 30,
        "gen_ai.usage.cache_read.input_tokens": 64,
        "gen_ai.usage.details.cache_read_tokens": 64,
        "gen_ai.usage.details.reasoning_tokens": 6,
    }
    assert read(attributes, scope=SCOPE).tokens[:6] == (120, 30, 150, 64, None, 6)
    old: dict[str, AttributeValue] = {
        "gen_ai.usage.input_tokens": 120,
        "gen_ai.usage.output_tokens": 30,
        "gen_ai.usage.details.cached_tokens": 64,
    }
    assert columns(old, scope=SCOPE).tokens[:4] == (120, 30, 150, 64)


def test_what_a_run_used_in_all_is_what_its_span_reports() -> None:
    attributes: dict[str, AttributeValue] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.aggregated_usage.input_tokens": 520,
        "gen_ai.aggregated_usage.output_tokens": 57,
        "gen_ai.aggregated_usage.cache_read.input_tokens": 128,
        "gen_ai.aggregated_usage.details.cache_read_tokens": 128,
        "gen_ai.aggregated_usage.details.reasoning_tokens": 6,
    }
    assert columns(attributes, scope=SCOPE).tokens[:6] == (520, 57, 577, 128, None, 6)
    assert columns(attributes, scope=SCOPE).tokens == read(attributes, scope=SCOPE).tokens


def test_tools_of_a_request_without_definitions() -> None:
    parameters = {
        "function_tools": [{"name": "weather", "description": "w", "parameters_json_schema": {"type": "object"}}],
        "output_mode": "tool",
        "output_tools": [{"name": "final_result", "parameters_json_schema": {}}],
        "allow_text_output": False,
    }
    found = read({"model_request_parameters": json.dumps(parameters)}, scope=SCOPE)
    assert [(tool.name, tool.parameters) for tool in found.tool_defs] == [
        ("weather", {"type": "object"}),
        ("final_result", {}),
    ]
    assert found.params == {"output_mode": "tool", "allow_text_output": False}


def test_retries_and_cache_are_metadata_and_the_history_is_not() -> None:
    attributes: dict[str, AttributeValue] = {
        "pydantic_ai.tool.retry.attempt": 1,
        "pydantic_ai.all_messages": "[]",
        "pydantic_ai.new_message_index": 2,
        "logfire.json_schema": json.dumps({"properties": {"pydantic_ai.all_messages": {"type": "array"}}}),
    }
    assert read(attributes, scope=SCOPE).metadata == {"tool.retry.attempt": 1}


def test_a_deferred_call_is_no_error() -> None:
    attributes: dict[str, AttributeValue] = {
        "gen_ai.operation.name": "execute_tool",
        "pydantic_ai.tool.deferral.kind": "approval_required",
    }
    assert not columns(attributes, scope=SCOPE).is_error
    assert read(attributes, scope=SCOPE).errors == ()


def test_an_exception_without_words_is_told_once() -> None:
    raised = event("exception", {"exception.type": "pydantic_ai.exceptions.ToolRetryError", "exception.message": ""})
    found = read({}, scope=SCOPE, status=Status(2, "ToolRetryError: "), events=[raised])
    assert [error.type for error in found.errors] == ["pydantic_ai.exceptions.ToolRetryError"]


def test_the_conversation_and_an_empty_one() -> None:
    assert columns({"gen_ai.conversation.id": "s1"}, scope=SCOPE).session_id == "s1"
    assert columns({"gen_ai.conversation.id": ""}, scope=SCOPE).session_id == ""


def test_embeddings_of_documents_and_of_a_query() -> None:
    attributes: dict[str, AttributeValue] = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.request.model": "e3",
        "input_type": "document",
        "inputs_count": 2,
        "inputs": json.dumps(["doc a", "doc b"]),
        "gen_ai.embeddings.dimension.count": 1536,
    }
    found = read(attributes, scope=SCOPE)
    assert found.embedding == Embedding("e3", 2, 1536)
    assert found.documents == (Document("doc a"), Document("doc b"))
    assert [message.text for message in found.input_messages] == ["doc a", "doc b"]
    assert read(attributes | {"input_type": "query"}, scope=SCOPE).documents == ()


def test_content_that_was_left_out_leaves_the_shape() -> None:
    value = json.dumps([{"role": "user", "parts": [{"type": "text"}]}, {"role": "assistant", "parts": [CALL]}])
    found = read({"gen_ai.output.messages": value}, scope=SCOPE)
    assert answer_role(found) == ["user", "assistant"]
    assert found.output_messages[0].text == ""


def test_results_under_the_role_of_the_user_are_not_the_users_last_words() -> None:
    in_text = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": messages("user", result={"t": 7})}
    assert columns(in_text, scope=SCOPE).preview == "Weather?"
    as_values = in_text | {"gen_ai.input.messages": json.loads(messages("user", result={"t": 7}))}
    assert columns(as_values, scope=SCOPE).preview == "Weather?"
