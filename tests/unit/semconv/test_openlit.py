"""Sections 11, 16 and 17 of the reference: OpenLIT."""

from __future__ import annotations

import pytest

from tests.unit.semconv.making import columns, event, read
from tracetui.model.attributes import Attributes
from tracetui.model.chat import Kind, TextPart, TokenUsage, Tool, ToolCall
from tracetui.semconv import genai

SCOPE = "openlit.instrumentation.openai"
OP = "gen_ai.operation.name"
IN, OUT = "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"
READ, WRITE = "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_creation.input_tokens"


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("chat", Kind.LLM),
        ("image", Kind.LLM),
        ("audio", Kind.LLM),
        ("speech_to_text", Kind.LLM),
        ("embeddings", Kind.EMBEDDING),
        ("vectordb", Kind.RETRIEVER),
        ("retrieve", Kind.RETRIEVER),
        ("memory_search", Kind.RETRIEVER),
        ("memory_add", Kind.CHAIN),
        ("framework", Kind.CHAIN),
        ("invoke_workflow", Kind.CHAIN),
        ("agent", Kind.AGENT),
        ("invoke_agent", Kind.AGENT),
        ("execute_tool", Kind.TOOL),
        ("mcp_tool_call", Kind.TOOL),
        ("mcp_tool_list", Kind.CHAIN),
        ("browser_action", Kind.TOOL),
        ("browser_run", Kind.AGENT),
        ("moderation", Kind.GUARDRAIL),
        ("something_new", Kind.UNKNOWN),
    ],
)
def test_operations(operation: str, kind: Kind) -> None:
    full = read({OP: operation}, scope=SCOPE)
    assert full.kind is columns({OP: operation}, scope=SCOPE).kind is kind
    assert full.convention == "OpenLIT"


def test_every_operation_of_the_published_convention_reads_the_same_here() -> None:
    for operation, kind in genai.KINDS["gen_ai.operation.name"].items():
        if "*" not in operation:
            assert columns({OP: operation}, scope=SCOPE).kind is kind


@pytest.mark.parametrize(
    "framework",
    "langchain llama_index haystack litellm crewai agno pydantic_ai openai_agents browser_use langgraph google_adk "
    "claude_agent_sdk agent_framework strands_agents smolagents dynamiq julep letta controlflow multion mcp".split(),
)
def test_frameworks_in_the_providers_place_are_no_providers(framework: str) -> None:
    attributes: Attributes = {OP: "chat", "gen_ai.system": framework, "gen_ai.request.model": "claude-3-5-sonnet"}
    assert columns(attributes, scope=SCOPE).provider == read(attributes, scope=SCOPE).provider == "anthropic"


def test_the_first_token_is_in_seconds_here() -> None:
    assert read({OP: "chat", "gen_ai.server.time_to_first_token": 1.5}, scope=SCOPE).ttft_s == 1.5
    assert read({OP: "chat", "gen_ai.server.time_to_first_token": 500}, scope=SCOPE).ttft_s is None


def test_a_cost_of_its_own_price_list_and_zero_for_a_model_that_is_not_on_it() -> None:
    priced: Attributes = {OP: "chat", "gen_ai.usage.cost": 0.25}
    cost = read(priced, scope=SCOPE).cost
    assert cost is not None
    assert (cost.total, cost.source) == (0.25, "reported")
    assert columns(priced, scope=SCOPE).cost_total == 0.25
    unpriced: Attributes = {OP: "chat", "gen_ai.usage.cost": 0}
    assert read(unpriced, scope=SCOPE).cost is None
    assert columns(unpriced, scope=SCOPE).cost_total is None
    assert columns(unpriced, scope="app").cost_total == 0


@pytest.mark.parametrize(
    ("scope", "total"),
    [
        ("openlit.instrumentation.anthropic", 35),
        ("openlit.instrumentation.bedrock", 35),
        ("openlit.instrumentation.openai", 20),
        ("openlit.instrumentation.langchain", 20),
    ],
)
def test_trap_6_the_cache_is_apart_only_where_the_clients_own_counts_leave_it_out(scope: str, total: int) -> None:
    attributes: Attributes = {OP: "chat", IN: 20, OUT: 9, READ: 10, WRITE: 5}
    expected = TokenUsage(total, 9, total + 9, 10, 5)
    assert columns(attributes, scope=scope).tokens == read(attributes, scope=scope).tokens == expected


def test_details_of_usage() -> None:
    attributes: Attributes = {
        OP: "chat",
        IN: 100,
        OUT: 20,
        "gen_ai.usage.total_tokens": 120,
        "gen_ai.usage.reasoning_tokens": 12,
        "gen_ai.usage.prompt_tokens_details.cached_tokens": 64,
        "gen_ai.usage.completion_tokens_details.reasoning_tokens": 12,
    }
    assert columns(attributes, scope=SCOPE).tokens == TokenUsage(100, 20, 120, 64, None, 12)


@pytest.mark.parametrize("arguments", ['{"city": "Oslo"}', "{'city': 'Oslo'}", {"city": "Oslo"}])
@pytest.mark.parametrize("key", ["gen_ai.tool.args", "gen_ai.tool.input", "gen_ai.tool.call.arguments"])
def test_a_tool_under_old_and_new_names(key: str, arguments: object) -> None:
    attributes = {OP: "execute_tool", "gen_ai.tool.name": "get_weather", key: arguments, "gen_ai.tool.output": "rain"}
    full = read(attributes, scope=SCOPE)  # type: ignore[arg-type]
    assert full.tool == Tool("get_weather", arguments={"city": "Oslo"}, result="rain")
    assert full.problems == ()
    assert columns(attributes, scope=SCOPE).tool_name == "get_weather"  # type: ignore[arg-type]


def test_a_tool_named_on_a_chat_span_does_not_make_it_a_tool() -> None:
    attributes: Attributes = {OP: "chat", "gen_ai.tool.name": "get_weather", "gen_ai.tool.args": "{}"}
    assert columns(attributes, scope=SCOPE).kind is Kind.LLM
    assert read(attributes, scope=SCOPE).tool is None


def test_messages_as_attributes_with_the_system_prompt_twice() -> None:
    full = read(
        {
            OP: "chat",
            "gen_ai.system_instructions": '[{"type": "text", "content": "Be terse."}]',
            "gen_ai.input.messages": '[{"role": "system", "parts": [{"type": "text", "content": "Be terse."}]},'
            ' {"role": "user", "parts": [{"type": "text", "content": "hi"}]}]',
        },
        scope=SCOPE,
    )
    assert [message.role for message in full.input_messages] == ["system", "user"]
    assert full.system == "Be terse."


def test_older_versions_with_content_events_and_calls_beside_the_words() -> None:
    prompt = event("gen_ai.content.prompt", {"gen_ai.prompt": "user: weather?"})
    calls = '[{"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Oslo"}}}]'
    full = read({OP: "chat", "gen_ai.response.tool_calls": calls}, scope="openlit.otel.tracing", events=[prompt])
    assert full.input_messages[0].parts == (TextPart("user: weather?"),)
    assert full.output_messages[0].parts == (ToolCall("get_weather", {"city": "Oslo"}, "c1"),)


def test_the_agents_zoo_is_metadata_and_its_name_is_not() -> None:
    full = read(
        {
            OP: "invoke_agent",
            "gen_ai.agent.name": "planner",
            "gen_ai.agent.goal": "plan",
            "gen_ai.agent.role": "lead",
            "gen_ai.agent.task": "plan a trip",
            "gen_ai.agent.actual_output": "a plan",
            "gen_ai.framework.tags": "a, b",
            "gen_ai.environment": "dev",
            "gen_ai.session.id": "s1",
        },
        scope="openlit.instrumentation.crewai",
    )
    assert full.metadata == {"agent.goal": "plan", "agent.role": "lead", "framework.tags": "a, b", "environment": "dev"}
    assert (full.agent_name, full.input, full.output, full.session_id) == ("planner", "plan a trip", "a plan", "s1")


def test_a_search_in_a_vector_store() -> None:
    attributes: Attributes = {OP: "vectordb", "db.query.text": "refunds", "db.system.name": "chroma"}
    assert columns(attributes, scope=SCOPE).preview == read(attributes, scope=SCOPE).input == "refunds"


def test_its_words_mean_nothing_in_other_scopes() -> None:
    attributes: Attributes = {"db.query.text": "SELECT 1", "gen_ai.tool.args": "x"}
    assert read(attributes, scope="app").input == ""
