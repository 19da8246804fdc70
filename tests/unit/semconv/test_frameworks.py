"""Sections 5.7, 11, 12 and 14 of the reference: what agent frameworks write beside OTel GenAI."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.semconv.making import columns, event, read
from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import (
    ChatMessage,
    Kind,
    SpanError,
    TextPart,
    TokenUsage,
    Tool,
    ToolCall,
    ToolDefinition,
    ToolResult,
)
from tracetui.model.span import LogRecord, SpanEvent

OP = "gen_ai.operation.name"
STRANDS = "strands.telemetry.tracer"
ADK = "gcp.vertex.agent"


def log(name: str, body: Any, **attributes: Any) -> LogRecord:
    return LogRecord(event_name=name, body=body, attributes=attributes)


def test_mcp_calls_a_tool_and_everything_else_is_plumbing() -> None:
    call = {
        "mcp.method.name": "tools/call",
        "gen_ai.tool.name": "get_weather",
        "mcp.session.id": "s-1",
        "jsonrpc.request.id": "7",
        "mcp.request.argument": '{"city": "Oslo"}',
        "mcp.response.value": "rain",
    }
    full = read(call)
    assert full.tool == Tool("get_weather", "", "", {"city": "Oslo"}, "rain")
    assert columns(call).kind is Kind.TOOL
    assert (full.session_id, columns(call).session_id) == ("", "")
    assert full.metadata["mcp.session.id"] == "s-1"
    resource = read({"mcp.method.name": "resources/read", "mcp.resource.uri": "file:///notes"})
    assert (resource.kind, resource.input) == (Kind.CHAIN, "file:///notes")


def test_an_operation_says_more_than_the_method_of_mcp() -> None:
    assert columns({OP: "chat", "mcp.method.name": "sampling/createMessage"}).kind is Kind.LLM


def test_a_tool_of_strands_tells_its_call_in_events() -> None:
    attributes = {OP: "execute_tool", "gen_ai.tool.name": "get_weather", "gen_ai.tool.status": "success"}
    events = [
        event("gen_ai.tool.message", {"role": "tool", "content": '{"city": "Oslo"}', "id": "c1"}),
        event("gen_ai.choice", {"message": '[{"text": "{\\"temp\\": 7}"}]', "id": "c1"}),
    ]
    full = read(attributes, scope=STRANDS, events=events)
    assert full.tool == Tool("get_weather", "", "", {"city": "Oslo"}, '{"temp": 7}')
    assert (full.input_messages, full.output_messages, full.errors) == ((), (), ())
    assert full.sources["tool.arguments"] == "event gen_ai.tool.message"


@pytest.mark.parametrize("key", ["gen_ai.tool.status", "tool.status"])
def test_a_tool_that_failed_in_a_span_that_did_not(key: str) -> None:
    attributes = {OP: "execute_tool", "gen_ai.tool.name": "f", key: "error"}
    assert read(attributes, scope=STRANDS).errors == (SpanError(),)
    assert columns(attributes, scope=STRANDS).is_error


def test_the_loop_of_strands() -> None:
    named = {OP: "execute_event_loop_cycle", "event_loop.cycle_id": "c"}
    assert read(named, scope=STRANDS).kind is columns({"event_loop.cycle_id": "c"}).kind is Kind.CHAIN
    assert columns({OP: "chat", "event_loop.cycle_id": "c"}).kind is Kind.LLM
    assert columns({OP: "invoke_swarm"}).kind is Kind.AGENT


def test_an_agent_of_strands() -> None:
    attributes: dict[str, Any] = {
        OP: "invoke_agent",
        "gen_ai.system": "strands-agents",
        "gen_ai.agent.tools": '["get_weather", "search"]',
        "system_prompt": "Be terse.",
        "tags": ["a", "b"],
        "gen_ai.usage.prompt_tokens": 10,
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.completion_tokens": 2,
        "gen_ai.usage.output_tokens": 2,
        "gen_ai.server.time_to_first_token": 300,
    }
    full = read(attributes, scope=STRANDS)
    assert full.tool_defs == (ToolDefinition("get_weather"), ToolDefinition("search"))
    assert full.input_messages == (ChatMessage("system", (TextPart("Be terse."),)),)
    assert (full.provider, full.tags, full.ttft_s) == ("", ("a", "b"), 0.3)
    assert full.tokens == TokenUsage(10, 2, 12)
    elsewhere = read({"tags": ["a"], "system_prompt": "x"}, scope="app")
    assert (elsewhere.tags, elsewhere.input_messages) == ((), ())


def adk_call(request: object, response: object) -> dict[str, Any]:
    return {
        "gen_ai.system": ADK,
        "gen_ai.request.model": "gemini-2.5-flash",
        "gcp.vertex.agent.session_id": "s",
        "gcp.vertex.agent.llm_request": json.dumps(request),
        "gcp.vertex.agent.llm_response": json.dumps(response),
        "gen_ai.usage.input_tokens": 61,
        "gen_ai.usage.output_tokens": 9,
    }


def test_a_call_of_adk_in_geminis_json() -> None:
    declaration = {"name": "f", "description": "d", "parameters": {"type": "OBJECT"}}
    config = {
        "system_instruction": "Be terse.",
        "temperature": 0.1,
        "tools": [{"function_declarations": [declaration]}],
        "http_options": {"headers": {"secret": "x"}},
    }
    contents = [
        {"role": "user", "parts": [{"text": "Weather?"}]},
        {"role": "model", "parts": [{"function_call": {"name": "f", "args": {"x": 1}}}]},
        {"role": "user", "parts": [{"function_response": {"name": "f", "response": {"y": 2}}}]},
    ]
    usage = {
        "prompt_token_count": 50,
        "tool_use_prompt_token_count": 11,
        "cached_content_token_count": 16,
        "candidates_token_count": 9,
        "thoughts_token_count": 3,
        "total_token_count": 73,
    }
    said = {"parts": [{"text": "Rain."}], "role": "model"}
    response = {"content": said, "finish_reason": "STOP", "usage_metadata": usage}
    attributes = adk_call({"model": "gemini-2.5-flash", "config": config, "contents": contents}, response)
    full = read(attributes, scope=ADK)
    assert [message.role for message in full.input_messages] == ["system", "user", "assistant", "user"]
    assert full.input_messages[2].parts == (ToolCall("f", {"x": 1}),)
    assert full.input_messages[3].parts == (ToolResult({"y": 2}, "f"),)
    assert full.output_messages == (ChatMessage("assistant", (TextPart("Rain."),), "", "STOP"),)
    assert full.tool_defs == (ToolDefinition("f", "d", {"type": "OBJECT"}),)
    assert full.params == {"temperature": 0.1}
    assert full.tokens == columns(attributes, scope=ADK).tokens == TokenUsage(61, 12, 73, 16, None, 3)
    assert (full.kind, full.session_id, full.provider, full.convention) == (Kind.LLM, "s", "gcp.gemini", "Google ADK")


def test_the_usage_at_the_end_of_a_response_of_any_size() -> None:
    said = {"parts": [{"text": 'the text says "usage_metadata": {"prompt_token_count": 1}' + "x" * 200_000}]}
    attributes = adk_call({}, {"content": said, "usage_metadata": {"prompt_token_count": 61}})
    assert columns(attributes, scope=ADK).tokens.input == 61
    cut = {**attributes, "gcp.vertex.agent.llm_response": '{"usage_metadata": {"prompt_token_count": 9'}
    assert columns(cut, scope=ADK).tokens == read(cut, scope=ADK).tokens == TokenUsage(61, 9, 70)


def test_content_that_adk_leaves_out_is_hidden() -> None:
    full = read(adk_call({}, {}), scope=ADK)
    assert (full.input_messages, full.output_messages) == ((), ())
    assert sum("hidden by the sender ('{}')" in problem for problem in full.problems) == 2


def test_tools_of_adk_and_the_span_that_stands_for_all_of_them() -> None:
    attributes = {
        OP: "execute_tool",
        "gen_ai.tool.name": "get_weather",
        "gcp.vertex.agent.llm_request": "{}",
        "gcp.vertex.agent.tool_call_args": '{"city": "Oslo"}',
        "gcp.vertex.agent.tool_response": '{"temp": 7}',
    }
    full = read(attributes, scope=ADK)
    assert full.tool == Tool("get_weather", "", "", {"city": "Oslo"}, {"temp": 7})
    assert full.problems == ()
    merged = {**attributes, "gen_ai.tool.name": "(merged tools)"}
    assert columns(merged, scope=ADK).kind is read(merged, scope=ADK).kind is Kind.CHAIN


def test_geminis_contents_in_the_events_of_adk() -> None:
    empty = {"file_data": None, "thought": None, "function_response": None}
    asked = {"parts": [{**empty, "text": "Weather?", "function_call": None}], "role": "user"}
    called = {"parts": [{**empty, "text": None, "function_call": {"id": None, "args": {"x": 1}, "name": "f"}}]}
    logs = [
        log("gen_ai.user.message", {"content": asked}),
        log("gen_ai.user.message", {"content": {**called, "role": "model"}}),
        log("gen_ai.choice", {"content": {**called, "role": "model"}, "index": 0, "finish_reason": "STOP"}),
    ]
    full = read({OP: "generate_content"}, scope=ADK, logs=logs)
    call = ToolCall("f", {"x": 1})
    assert full.input_messages == (ChatMessage("user", (TextPart("Weather?"),)), ChatMessage("assistant", (call,)))
    assert full.output_messages == (ChatMessage("assistant", (call,), "", "STOP"),)


def test_a_hidden_body_of_adk() -> None:
    full = read({OP: "generate_content"}, scope=ADK, logs=[log("gen_ai.user.message", {"content": "<elided>"})])
    assert [part.type for part in full.input_messages[0].parts] == ["hidden"]  # type: ignore[union-attr]


def test_a_call_of_semantic_kernel() -> None:
    attributes = {OP: "chat", "gen_ai.system": "openai", "gen_ai.response.finish_reason": "FinishReason.TOOL_CALLS"}
    said = [
        ("gen_ai.user.message", {"role": "user", "content": "Weather?"}, 1),
        ("gen_ai.system.message", {"role": "system", "content": "Be terse."}, 0),
        ("gen_ai.tool.message", {"role": "tool", "content": "rain", "tool_call_id": "c1"}, 2),
    ]
    logs = [
        LogRecord(body=json.dumps(body), attributes={"event.name": name, "CHAT_MESSAGE_INDEX": index})
        for name, body, index in said
    ]
    logs.append(LogRecord(body="OpenAI usage: …", attributes={}))
    full = read(attributes, scope="semantic_kernel.utils", logs=logs)
    assert [message.role for message in full.input_messages] == ["system", "user", "tool"]
    assert full.input_messages[2].parts == (ToolResult("rain", "", "c1"),)
    assert full.finish_reasons == ("tool_calls",)
    loop = {"sk.available_functions": "w-get_weather,w-search"}
    assert read(loop).kind is columns(loop).kind is Kind.CHAIN
    assert read(loop).metadata == {"available_functions": ("w-get_weather", "w-search")}


def test_workflows_of_agent_framework() -> None:
    attributes = {"workflow.id": "w", "workflow.name": "triage", "workflow.definition": "{}"}
    full = read(attributes, scope="agent_framework")
    assert (full.kind, full.workflow, full.metadata["workflow.id"]) == (Kind.CHAIN, "triage", "w")
    assert "workflow.definition" not in full.metadata
    assert columns({"executor.id": "e"}, scope="agent_framework").kind is Kind.CHAIN
    assert columns({"executor.id": "e"}, scope="thread pool").kind is Kind.UNKNOWN
    assert columns({OP: "chat", "executor.id": "e"}, scope="agent_framework").kind is Kind.LLM


def test_a_providers_name_that_is_a_frameworks_is_none() -> None:
    given = {OP: "invoke_agent", "gen_ai.provider.name": "microsoft.agent_framework"}
    assert read(given).provider == columns(given).provider == ""
    assert columns({**given, "gen_ai.request.model": "gpt-4o"}).provider == "openai"


def test_messages_between_agents_of_autogen() -> None:
    attributes = {"messaging.operation": "publish", "messaging.destination": "topic"}
    full = read(attributes, scope="autogen SingleThreadedAgentRuntime")
    assert (full.kind, full.metadata["messaging.destination"]) == (Kind.CHAIN, "topic")
    assert columns(attributes, scope="kafka").kind is Kind.UNKNOWN
    agent = {OP: "create_agent", "gen_ai.system": "autogen", "gen_ai.agent.name": "helper"}
    assert columns(agent, scope="autogen-core")[:3] == (Kind.AGENT, "", "")


def test_whole_messages_in_one_attribute_of_azure() -> None:
    def said(name: str, content: object) -> Any:
        return event(name, {"gen_ai.system": "az.ai.inference", "gen_ai.event.content": json.dumps(content)})

    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
    events = [
        said("gen_ai.user.message", {"role": "user", "content": "Weather?"}),
        said("gen_ai.assistant.message", {"role": "assistant", "tool_calls": [call]}),
        said("gen_ai.tool.message", {"role": "tool", "tool_call_id": "c1", "content": "rain"}),
        said("gen_ai.choice", {"message": {"content": "Rain."}, "finish_reason": "stop", "index": 0}),
    ]
    attributes = {OP: "chat", "gen_ai.system": "az.ai.inference", "gen_ai.thread.id": "t", "gen_ai.thread.run.id": "r"}
    full = read(attributes, events=events)
    assert [message.role for message in full.input_messages] == ["user", "assistant", "tool"]
    assert full.input_messages[1].parts == (ToolCall("f", {"x": 1}, "c1"),)
    assert full.input_messages[2].parts == (ToolResult("rain", "", "c1"),)
    assert full.output_messages == (ChatMessage("assistant", (TextPart("Rain."),), "", "stop"),)
    assert (full.session_id, full.provider, full.metadata["gen_ai.thread.run.id"]) == ("t", "azure.ai.inference", "r")


def test_an_agent_of_crewai_is_its_role() -> None:
    attributes = {OP: "invoke_agent", "gen_ai.agent.name": "ca5f15fd", "crewai.agent.role": "Researcher"}
    assert read(attributes, scope="crewai").agent_name == columns(attributes).agent_name == "Researcher"


def test_steps_of_crewai() -> None:
    crew = {OP: "invoke_workflow", "crewai.crew.name": "crew", "crewai.crew.output": "done", "crewai.crew.key": "k"}
    full = read({**crew, "gen_ai.input.messages.truncated": True}, scope="crewai")
    assert (full.kind, full.workflow, full.output, full.metadata) == (Kind.CHAIN, "crew", "done", {"crew.key": "k"})
    assert full.problems == ("gen_ai.input.messages was cut by the sender.",)
    memory = read({"crewai.memory.query": "likes", "crewai.memory.results": "[]", "crewai.event_name": "memory_query"})
    assert (memory.kind, memory.input) == (Kind.RETRIEVER, "likes")
    assert columns({"crewai.guardrail.type": "llm"}).kind is Kind.GUARDRAIL
    assert columns({"crewai.event_name": "mcp_connected"}).kind is Kind.CHAIN


def test_flue_beside_its_genai_keys() -> None:
    tool = {
        OP: "execute_tool",
        "gen_ai.tool.name": "grep",
        "flue.tool.call.arguments": "-r x",
        "flue.tool.call.result": "3 lines",
        "flue.agent.name": "coder",
        "flue.turn.id": "t",
    }
    full = read(tool, scope="@flue/opentelemetry")
    assert full.tool == Tool("grep", "", "", "-r x", "3 lines")
    assert (full.agent_name, full.metadata) == ("coder", {"agent.name": "coder", "turn.id": "t"})
    assert columns({"flue.compaction.reason": "budget"}).kind is Kind.CHAIN


@pytest.mark.parametrize(
    "mark",
    [{"gen_ai.system": "strands-agents"}, {"gen_ai.provider.name": "strands-agents"}, {"event_loop.cycle_id": "c"}],
)
def test_strands_under_another_tracer(mark: dict[str, str]) -> None:
    assert read({OP: "chat", "gen_ai.server.time_to_first_token": 1, **mark}).ttft_s == 0.001


@pytest.mark.parametrize(("sent", "seconds"), [(0.4, 0.4), (400, 0.4), (4_000, None)])
def test_time_to_first_token_of_nobody_known_is_told_by_the_length_of_the_span(
    sent: float, seconds: float | None
) -> None:
    assert read({OP: "chat", "gen_ai.server.time_to_first_token": sent}).ttft_s == seconds


def test_vllm() -> None:
    attributes: dict[str, AttributeValue] = {
        "gen_ai.response.model": "qwen3",
        "gen_ai.usage.prompt_tokens": 4,
        "gen_ai.usage.completion_tokens": 5,
        "gen_ai.latency.time_to_first_token": 0.25,
    }
    found = read(attributes, scope="vllm.llm_engine")
    assert (found.kind, found.model, found.tokens, found.ttft_s) == (Kind.LLM, "qwen3", TokenUsage(4, 5, 9), 0.25)


def test_a_tools_arguments_and_result_in_messages_whoever_wrote_them() -> None:
    call = json.dumps(
        [{"role": "tool", "parts": [{"type": "tool_call", "id": "1", "name": "t", "arguments": {"x": 1}}]}]
    )
    answer = json.dumps(
        [{"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "response": [{"text": "rain"}]}]}]
    )
    details = "gen_ai.client.inference.operation.details"
    tool = {OP: "execute_tool", "gen_ai.tool.name": "t"}
    given = event(details, {"gen_ai.input.messages": call})
    told = event(details, {"gen_ai.output.messages": answer})
    wanted = Tool("t", "", "", {"x": 1}, "rain")
    assert read(tool, events=[given, told], scope=STRANDS).tool == wanted
    on_span = {**tool, "gen_ai.input.messages": call, "gen_ai.output.messages": answer}
    assert read(on_span).tool == wanted
    older = [event("gen_ai.tool.message", {"content": '{"x": 1}'}), event("gen_ai.choice", {"message": "rain"})]
    assert read(tool, events=older).tool == wanted


def test_strands_0_1_answers_with_blocks_alone() -> None:
    attributes = {
        "gen_ai.request.model": "m",
        "gen_ai.prompt": '[{"role": "user", "content": [{"text": "q"}]}]',
        "gen_ai.completion": '[{"text": "a"}, {"toolUse": {"toolUseId": "1", "name": "t", "input": {"x": 1}}}]',
    }
    found = read(attributes, scope="strands-agents", name="Model invoke")
    assert found.input_messages == (ChatMessage("user", (TextPart("q"),)),)
    assert found.output_messages == (ChatMessage("assistant", (TextPart("a"), ToolCall("t", {"x": 1}, "1"))),)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("process_thread_run", Kind.AGENT),
        ("create_thread", Kind.CHAIN),
        ("agent_handoff", Kind.CHAIN),
        ("guardrail_check", Kind.GUARDRAIL),
        ("transcription", Kind.LLM),
    ],
)
def test_operations_of_azure_and_of_openais_agents(operation: str, kind: Kind) -> None:
    found = read({OP: operation, "gen_ai.system": "az.ai.agents", "gen_ai.request.model": "gpt-4o"})
    assert (found.kind, found.provider, found.problems) == (kind, "azure.ai.agents", ())


def test_workflows_of_agent_framework_in_dotnet() -> None:
    attributes = {"workflow.id": "w1", "workflow.name": "trip"}
    found = read(attributes, scope="Microsoft.Agents.AI.Workflows")
    assert (found.kind, found.workflow, found.convention) == (Kind.CHAIN, "trip", "Agent Framework")


def test_the_answer_in_a_thread_of_azures_agents_is_what_the_agent_said_last() -> None:
    def said(role: str, words: str) -> SpanEvent:
        content = {"role": role, "content": {"text": {"value": words, "annotations": []}}}
        return event(f"gen_ai.{role}.message", {"gen_ai.event.content": json.dumps(content)})

    run = {OP: "process_thread_run", "gen_ai.system": "az.ai.agents", "gen_ai.thread.id": "t1"}
    found = read(run, events=[said("user", "Weather?"), said("assistant", "It rains.")])
    assert found.input_messages == (ChatMessage("user", (TextPart("Weather?"),)),)
    assert found.output_messages == (ChatMessage("assistant", (TextPart("It rains."),)),)
    choice = event("gen_ai.choice", {"message": '{"role": "assistant", "content": "Sun."}'})
    found = read(run, events=[said("user", "Weather?"), said("assistant", "It rains."), choice])
    assert [message.text for message in found.input_messages] == ["Weather?", "It rains."]
    assert [message.text for message in found.output_messages] == ["Sun."]
