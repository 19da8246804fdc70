"""LiveKit Agents and Gemini CLI."""

from __future__ import annotations

import json

import pytest

from tests.unit.semconv.making import columns, read
from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import Kind, TextPart, ToolCall, ToolResult

CHAT = {
    "items": [
        {"id": "1", "type": "message", "role": "system", "content": ["Be terse."]},
        {"id": "2", "type": "message", "role": "user", "content": ["Weather?"]},
        {"id": "3", "type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city": "Oslo"}'},
        {
            "id": "4",
            "type": "function_call_output",
            "call_id": "c1",
            "name": "weather",
            "output": "7",
            "is_error": False,
        },
    ]
}


@pytest.mark.parametrize("prefix", ["lk.", "lk.pii."])
def test_a_node_of_a_model_under_older_and_newer_keys(prefix: str) -> None:
    calls = [{"call_id": "c2", "name": "weather", "arguments": '{"city": "Bern"}'}]
    attributes: dict[str, AttributeValue] = {
        f"{prefix}chat_ctx": json.dumps(CHAT),
        f"{prefix}response.text": "One moment.",
        f"{prefix}response.function_calls": json.dumps(calls),
        "lk.function_tools": ["weather"],
        "lk.response.ttft": 0.5,
    }
    found = read(attributes, scope="livekit-agents")
    assert [message.role for message in found.input_messages] == ["system", "user", "assistant", "tool"]
    assert found.input_messages[2].parts == (ToolCall("weather", {"city": "Oslo"}, "c1"),)
    assert found.input_messages[3].parts == (ToolResult("7", "weather", "c1"),)
    assert found.output_messages[0].parts == (TextPart("One moment."), ToolCall("weather", {"city": "Bern"}, "c2"))
    assert [tool.name for tool in found.tool_defs] == ["weather"]
    assert (found.kind, found.ttft_s, found.convention) == (Kind.LLM, 0.5, "LiveKit Agents")
    assert columns(attributes).kind is Kind.LLM


@pytest.mark.parametrize("prefix", ["lk.", "lk.pii."])
def test_a_function_tool(prefix: str) -> None:
    attributes: dict[str, AttributeValue] = {
        "lk.function_tool.name": "weather",
        "lk.function_tool.id": "c1",
        f"{prefix}function_tool.arguments": '{"city": "Oslo"}',
        f"{prefix}function_tool.output": "no such city",
        "lk.function_tool.is_error": True,
    }
    tool = read(attributes).tool
    assert tool is not None
    assert (tool.name, tool.call_id, tool.arguments, tool.result) == (
        "weather",
        "c1",
        {"city": "Oslo"},
        "no such city",
    )
    assert (columns(attributes).kind, columns(attributes).is_error) == (Kind.TOOL, True)
    assert not columns(attributes | {"lk.function_tool.is_error": False}).is_error


def test_a_turn_of_the_agent_and_one_of_the_user() -> None:
    turn: dict[str, AttributeValue] = {
        "lk.generation_id": "g1",
        "lk.pii.user_input": "Hi",
        "lk.pii.response.text": "Yo",
    }
    found = read(turn)
    assert (found.kind, found.input, found.output) == (Kind.AGENT, "Hi", "Yo")
    assert [message.text for message in found.input_messages] == ["Hi"]
    user = read({"lk.pii.user_transcript": "Hi there"})
    assert (user.kind, [message.text for message in user.input_messages]) == (Kind.CHAIN, ["Hi there"])


def test_metrics_of_a_request_are_its_usage() -> None:
    metrics = {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35, "ttft": 0.2}
    attributes: dict[str, AttributeValue] = {"gen_ai.operation.name": "chat", "lk.llm_metrics": json.dumps(metrics)}
    assert columns(attributes).tokens[:3] == read(attributes).tokens[:3] == (30, 5, 35)
    attributes |= {"gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 5}
    assert columns(attributes).tokens[:3] == (30, 5, 35)


GEMINI = "gemini-cli"


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("llm_call", Kind.LLM),
        ("tool_call", Kind.TOOL),
        ("agent_call", Kind.AGENT),
        ("user_prompt", Kind.CHAIN),
        ("system_prompt", Kind.CHAIN),
        ("schedule_tool_calls", Kind.CHAIN),
        ("execute_tool", Kind.TOOL),
    ],
)
def test_operations_of_gemini_cli(operation: str, kind: Kind) -> None:
    attributes: dict[str, AttributeValue] = {"gen_ai.operation.name": operation, "gen_ai.agent.name": "gemini-cli"}
    assert columns(attributes, scope=GEMINI).kind is kind
    assert read(attributes, scope=GEMINI).problems == ()


def test_contents_of_gemini_in_the_place_of_messages() -> None:
    call = {"functionCall": {"id": "c1", "name": "ls", "args": {"dir": "."}}}
    answer = {"functionResponse": {"id": "c1", "name": "ls", "response": {"output": "a.py"}}}
    contents = [
        {"role": "user", "parts": [{"text": "List"}]},
        {"role": "model", "parts": [call]},
        {"role": "user", "parts": [answer]},
    ]
    attributes: dict[str, AttributeValue] = {
        "gen_ai.operation.name": "llm_call",
        "gen_ai.request.model": "gemini-2.5-pro",
        "gen_ai.conversation.id": "s1",
        "gen_ai.input.messages": json.dumps(contents),
        "gen_ai.output.messages": json.dumps({"role": "model", "parts": [{"text": "One file."}]}),
        "gen_ai.system_instructions": json.dumps({"role": "user", "parts": [{"text": "Be terse."}]}),
        "gen_ai.tool.definitions": json.dumps([{"functionDeclarations": [{"name": "ls", "parametersJsonSchema": {}}]}]),
    }
    found = read(attributes, scope=GEMINI)
    assert [message.role for message in found.input_messages] == ["system", "user", "assistant", "user"]
    assert found.system == "Be terse."
    assert found.input_messages[2].parts == (ToolCall("ls", {"dir": "."}, "c1"),)
    assert [message.text for message in found.output_messages] == ["One file."]
    assert [tool.name for tool in found.tool_defs] == ["ls"]
    assert (found.session_id, found.convention) == ("s1", "Gemini CLI")
    assert columns(attributes, scope=GEMINI).preview == "List"


def test_a_stream_is_put_together_from_its_contents() -> None:
    chunks = [{"role": "model", "parts": [{"text": text}]} for text in ("One ", "file.")]
    call = {"role": "model", "parts": [{"functionCall": {"name": "ls", "args": {}}}]}
    attributes: dict[str, AttributeValue] = {
        "gen_ai.operation.name": "llm_call",
        "gen_ai.output.messages": json.dumps([*chunks, None, call]),
    }
    found = read(attributes, scope=GEMINI)
    assert [message.parts for message in found.output_messages] == [(TextPart("One file."), ToolCall("ls", {}))]


def test_a_tool_of_gemini_cli_has_its_request_and_response_as_messages() -> None:
    request = {"callId": "c1", "name": "ls", "args": {"dir": "."}, "isClientInitiated": False}
    part = {"functionResponse": {"id": "c1", "name": "ls", "response": {"output": "a.py"}}}
    response = {"status": "success", "request": request, "response": {"callId": "c1", "responseParts": [part]}}
    attributes: dict[str, AttributeValue] = {
        "gen_ai.operation.name": "tool_call",
        "gen_ai.tool.name": "ls",
        "gen_ai.tool.call_id": "c1",
        "gen_ai.input.messages": json.dumps(request),
        "gen_ai.output.messages": json.dumps(response),
    }
    tool = read(attributes, scope=GEMINI).tool
    assert tool is not None
    assert (tool.name, tool.call_id, tool.arguments, tool.result) == ("ls", "c1", {"dir": "."}, "a.py")
    assert columns(attributes, scope=GEMINI).preview == '{"dir": "."}'
