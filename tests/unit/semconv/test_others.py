"""Section 14 of the reference: Laminar, VoltAgent, Haystack and LiteLLM."""

from __future__ import annotations

import json

import pytest

from tests.unit.semconv.making import columns, read
from tracetui.model.attributes import Attributes, AttributeValue
from tracetui.model.chat import (
    ChatMessage,
    Document,
    Embedding,
    Kind,
    TokenUsage,
    Tool,
    ToolCall,
    ToolDefinition,
    ToolResult,
)

VOLT = "@voltagent/core"
LAMINAR = "lmnr.span"
LITELLM = "litellm"
COMPONENT = "haystack.component"


def texts(messages: tuple[ChatMessage, ...]) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in messages]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("LLM", Kind.LLM),
        ("CACHED", Kind.LLM),
        ("DEFAULT", Kind.CHAIN),
        ("PIPELINE", Kind.CHAIN),
        ("EXECUTOR", Kind.AGENT),
        ("TOOL", Kind.TOOL),
        ("EVALUATOR", Kind.EVALUATOR),
        ("HUMAN_EVALUATOR", Kind.EVALUATOR),
        ("EVALUATION", Kind.EVALUATOR),
    ],
)
def test_laminar_types(word: str, kind: Kind) -> None:
    full = read({f"{LAMINAR}.type": word})
    assert full.kind is columns({f"{LAMINAR}.type": word}).kind is kind
    assert full.convention == "Laminar"


def test_laminar_default_never_beats_a_specific_kind() -> None:
    assert columns({f"{LAMINAR}.type": "DEFAULT", "gen_ai.operation.name": "chat"}).kind is Kind.LLM


def test_laminar_observed_functions() -> None:
    attributes: Attributes = {
        f"{LAMINAR}.type": "TOOL",
        f"{LAMINAR}.input": '{"city": "Oslo"}',
        f"{LAMINAR}.output": '"rain"',
        "lmnr.association.properties.session_id": "s1",
        "lmnr.association.properties.user_id": "u1",
        "lmnr.association.properties.tags": ["prod"],
        "lmnr.association.properties.metadata.tier": '"gold"',
        f"{LAMINAR}.path": ["run", "get_weather"],
    }
    full = read(attributes, name="get_weather")
    assert full.tool == Tool("get_weather", arguments={"city": "Oslo"}, result="rain")
    assert (full.session_id, full.user_id, full.tags) == ("s1", "u1", ("prod",))
    assert full.metadata == {"tier": "gold", "span.path": ["run", "get_weather"]}
    assert columns(attributes, name="get_weather").session_id == "s1"


def test_laminar_a_hand_written_call_of_a_model() -> None:
    attributes: Attributes = {
        f"{LAMINAR}.type": "LLM",
        f"{LAMINAR}.input": '{"messages": [{"role": "user", "content": "hi"}]}',
        f"{LAMINAR}.output": '[{"role": "assistant", "content": "hello"}]',
        "gen_ai.system": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 2,
        "llm.usage.total_tokens": 12,
        "gen_ai.usage.input_cost": 0.25,
        "gen_ai.usage.output_cost": 0.5,
        "gen_ai.usage.cost": 0.75,
    }
    full, row = read(attributes), columns(attributes)
    assert texts((*full.input_messages, *full.output_messages)) == [("user", "hi"), ("assistant", "hello")]
    assert full.tokens == row.tokens == TokenUsage(10, 2, 12)
    assert full.cost is not None
    assert (full.cost.input, full.cost.output, full.cost.total, row.cost_total) == (0.25, 0.5, 0.75, 0.75)
    assert row.preview == "hi"
    words = read({f"{LAMINAR}.type": "LLM", f"{LAMINAR}.input": '"hi"', f"{LAMINAR}.output": '"hello"'})
    assert texts((*words.input_messages, *words.output_messages)) == [("user", "hi"), ("assistant", "hello")]


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"span.type": "llm", "entity.type": "agent"}, Kind.LLM),
        ({"span.type": "tool", "entity.type": "agent"}, Kind.TOOL),
        ({"span.type": "memory", "entity.type": "agent"}, Kind.CHAIN),
        ({"span.type": "retriever", "entity.type": "agent"}, Kind.RETRIEVER),
        ({"span.type": "guardrail", "entity.type": "agent"}, Kind.GUARDRAIL),
        ({"span.type": "workflow-step", "entity.type": "workflow"}, Kind.CHAIN),
        ({"entity.type": "agent"}, Kind.AGENT),
        ({"entity.type": "workflow"}, Kind.CHAIN),
    ],
)
def test_voltagent_a_spans_own_type_stands_before_that_of_its_agent(attributes: dict[str, str], kind: Kind) -> None:
    assert read(attributes, scope=VOLT).kind is columns(attributes, scope=VOLT).kind is kind
    assert read(attributes, scope=VOLT).convention == "VoltAgent"
    assert columns(attributes, scope="app").kind is Kind.UNKNOWN


def test_voltagent_a_call_of_a_model() -> None:
    attributes: Attributes = {
        "span.type": "llm",
        "entity.type": "agent",
        "entity.name": "planner",
        "ai.model.name": "gpt-4o-mini",
        "ai.model.temperature": 0.2,
        "llm.messages": '[{"role": "system", "content": "Be terse."}, {"role": "user", "content": "hi"}]',
        "output": "hello",
        "llm.usage.prompt_tokens": 30,
        "llm.usage.completion_tokens": 9,
        "llm.usage.total_tokens": 39,
        "llm.usage.cached_tokens": 16,
        "llm.usage.reasoning_tokens": 2,
        "usage.cost": 0.0012,
        "conversation.id": "c1",
        "user.id": "u1",
        "ai.response.finish_reason": "stop",
    }
    full, row = read(attributes, scope=VOLT), columns(attributes, scope=VOLT)
    assert texts(full.input_messages) == [("system", "Be terse."), ("user", "hi")]
    assert texts(full.output_messages) == [("assistant", "hello")]
    assert full.tokens == row.tokens == TokenUsage(30, 9, 39, 16, None, 2)
    assert full.params == {"temperature": 0.2}
    assert (full.model, full.agent_name, full.session_id, full.user_id) == ("gpt-4o-mini", "planner", "c1", "u1")
    assert (row.model, row.agent_name, row.session_id, row.cost_total) == ("gpt-4o-mini", "planner", "c1", 0.0012)
    assert full.finish_reasons == ("stop",)
    assert row.preview == "hi"


def test_voltagent_an_agent_with_instructions_and_a_subagents_name() -> None:
    attributes: Attributes = {
        "entity.type": "agent",
        "entity.name": "parent",
        "subagent.name": "child",
        "agent.instructions": "Be terse.",
        "input": "hi",
        "output": "hello",
        "usage.prompt_tokens": 5,
        "usage.completion_tokens": 2,
        "voltagent.is_subagent": True,
    }
    full = read(attributes, scope=VOLT)
    assert texts(full.input_messages) == [("system", "Be terse."), ("user", "hi")]
    assert full.agent_name == columns(attributes, scope=VOLT).agent_name == "child"
    assert full.tokens == TokenUsage(5, 2, 7)
    assert full.metadata == {"is_subagent": True}


def test_voltagent_a_tool() -> None:
    attributes: Attributes = {
        "span.type": "tool",
        "tool.name": "get_weather",
        "tool.call.id": "c1",
        "input": '{"city": "Oslo"}',
        "output": '{"sky": "rain"}',
    }
    full = read(attributes, scope=VOLT)
    assert full.tool == Tool("get_weather", "", "c1", {"city": "Oslo"}, {"sky": "rain"})
    assert full.output_messages == ()


@pytest.mark.parametrize(
    ("component", "kind"),
    [
        ("OpenAIChatGenerator", Kind.LLM),
        ("OpenAIGenerator", Kind.LLM),
        ("InMemoryBM25Retriever", Kind.RETRIEVER),
        ("OpenAITextEmbedder", Kind.EMBEDDING),
        ("SentenceTransformersDocumentEmbedder", Kind.EMBEDDING),
        ("TransformersSimilarityRanker", Kind.RERANKER),
        ("Agent", Kind.AGENT),
        ("ChatPromptBuilder", Kind.PROMPT),
        ("FaithfulnessEvaluator", Kind.EVALUATOR),
        ("DocumentSplitter", Kind.CHAIN),
    ],
)
def test_haystack_the_end_of_a_components_type_tells_its_kind(component: str, kind: Kind) -> None:
    attributes = {f"{COMPONENT}.type": component, f"{COMPONENT}.name": "mine"}
    assert read(attributes).kind is columns(attributes).kind is kind
    assert read(attributes).metadata["name"] == "mine"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("haystack.pipeline.input_data", Kind.CHAIN),
        ("haystack.agent.max_steps", Kind.AGENT),
        ("haystack.agent.step", Kind.CHAIN),
        ("haystack.agent.step.llm.input", Kind.LLM),
        ("haystack.tool.name", Kind.TOOL),
    ],
)
def test_haystack_spans_that_are_no_components(key: str, kind: Kind) -> None:
    assert columns({key: "x"}).kind is read({key: "x"}).kind is kind


USAGE = {
    "prompt_tokens": 60,
    "completion_tokens": 14,
    "total_tokens": 74,
    "prompt_tokens_details": {"cached_tokens": 32},
    "completion_tokens_details": {"reasoning_tokens": 4},
}
META = {"model": "gpt-4o-mini", "index": 0, "finish_reason": "tool_calls", "usage": USAGE}
CALL = {"tool_call": {"tool_name": "get_weather", "arguments": {"city": "Oslo"}, "id": "c1"}}


@pytest.mark.parametrize("mark", ["", "_"], ids=["2.13 on", "before"])
def test_haystack_a_chat_generator(mark: str) -> None:
    def message(role: str, *content: object, **meta: object) -> dict[str, object]:
        return {f"{mark}role": role, f"{mark}meta": meta, f"{mark}name": None, f"{mark}content": list(content)}

    tool = {"type": "haystack.tools.tool.Tool", "data": {"name": "get_weather", "parameters": {"type": "object"}}}
    asked = [message("system", {"text": "Be terse."}), message("user", {"text": "weather?"})]
    reply = message("assistant", {"text": "long " * 5_000}, CALL, **META)
    attributes: Attributes = {
        f"{COMPONENT}.type": "OpenAIChatGenerator",
        f"{COMPONENT}.input": json.dumps({"messages": asked, "generation_kwargs": None, "tools": [tool]}),
        f"{COMPONENT}.output": json.dumps({"replies": [reply]}),
    }
    full, row = read(attributes), columns(attributes)
    assert texts(full.input_messages) == [("system", "Be terse."), ("user", "weather?")]
    assert full.output_messages[0].parts[1] == ToolCall("get_weather", {"city": "Oslo"}, "c1")
    assert full.tool_defs == (ToolDefinition("get_weather", "", {"type": "object"}),)
    assert full.finish_reasons == ("tool_calls",)
    assert (full.model, full.tokens) == ("gpt-4o-mini", TokenUsage(60, 14, 74, 32, None, 4))
    assert (row.model, row.tokens) == (full.model, full.tokens)


def test_haystack_a_generator_of_plain_words() -> None:
    attributes: Attributes = {
        f"{COMPONENT}.type": "OpenAIGenerator",
        f"{COMPONENT}.input": '{"prompt": "go", "system_prompt": "Be terse."}',
        f"{COMPONENT}.output": json.dumps({"replies": ["plain"], "meta": [META | {"finish_reason": "stop"}]}),
    }
    full = read(attributes)
    assert texts(full.input_messages) == [("system", "Be terse."), ("user", "go")]
    assert texts(full.output_messages) == [("assistant", "plain")]
    assert full.finish_reasons == ("stop",)
    assert columns(attributes).tokens == TokenUsage(60, 14, 74, 32, None, 4)


def test_haystack_replies_that_pass_through_another_component_are_not_counted_again() -> None:
    said = {"role": "assistant", "meta": META, "content": [CALL]}
    result = {"tool_call_result": {"result": "rain", "origin": CALL["tool_call"], "error": True}}
    attributes: Attributes = {
        f"{COMPONENT}.type": "ToolInvoker",
        f"{COMPONENT}.input": json.dumps({"messages": [said]}),
        f"{COMPONENT}.output": json.dumps({"tool_messages": [{"role": "tool", "content": [result]}], "state": [said]}),
    }
    full = read(attributes)
    assert full.output_messages[0].parts == (ToolResult("rain", "get_weather", "c1", is_error=True),)
    assert not full.tokens
    assert not columns(attributes).tokens
    assert columns(attributes).model == ""


def test_haystack_documents_with_their_metadata_among_their_entries_or_below_a_name() -> None:
    found = [
        {"src": "kb", "id": "d1", "content": "Refunds", "blob": None, "score": 0.8, "embedding": None},
        {"id": "d2", "content": "Shipping", "score": None, "meta": {"src": "kb2"}},
    ]
    attributes: Attributes = {
        f"{COMPONENT}.type": "InMemoryBM25Retriever",
        f"{COMPONENT}.output": json.dumps({"documents": found}),
    }
    assert read(attributes).documents == (
        Document("Refunds", "d1", 0.8, {"src": "kb"}),
        Document("Shipping", "d2", None, {"src": "kb2"}),
    )


def test_haystack_an_embedder() -> None:
    meta = {"model": "text-embedding-3-small", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    attributes: Attributes = {
        f"{COMPONENT}.type": "OpenAITextEmbedder",
        f"{COMPONENT}.input": '{"text": "abc"}',
        f"{COMPONENT}.output": json.dumps({"embedding": [0.5] * 3_000, "meta": meta}),
    }
    full = read(attributes)
    assert full.embedding == Embedding("text-embedding-3-small", 1, 3_000)
    assert full.tokens == columns(attributes).tokens == TokenUsage(1, None, 1)
    assert texts(full.input_messages) == [("user", "abc")]


def test_haystack_tools_and_calls_of_an_agent() -> None:
    tool: Attributes = {
        "haystack.tool.name": "get_weather",
        "haystack.tool.description": "weather",
        "haystack.agent.step.tool.input": '{"city": "Oslo"}',
        "haystack.agent.step.tool.output": "rain",
    }
    assert read(tool).tool == Tool("get_weather", "weather", "", {"city": "Oslo"}, "rain")
    step: Attributes = {
        "haystack.agent.step.llm.input": '{"messages": [{"role": "user", "content": [{"text": "weather?"}]}]}',
        "haystack.agent.step.llm.output": json.dumps(
            {"replies": [{"role": "assistant", "meta": META, "content": [CALL]}]}
        ),
    }
    assert texts(read(step).input_messages) == [("user", "weather?")]
    assert columns(step).tokens == TokenUsage(60, 14, 74, 32, None, 4)
    agent: Attributes = {
        "haystack.agent.max_steps": 100,
        "haystack.agent.input": '{"messages": [{"role": "user", "content": [{"text": "weather?"}]}]}',
        "haystack.agent.output": '{"last_message": {"role": "assistant", "content": [{"text": "rain"}]}}',
    }
    assert texts(read(agent).output_messages) == [("assistant", "rain")]


def litellm(**more: AttributeValue) -> Attributes:
    usage = (
        "{'completion_tokens': 14, 'prompt_tokens': 60, 'total_tokens': 74, 'completion_tokens_details':"
        " {'reasoning_tokens': 4}, 'prompt_tokens_details': {'audio_tokens': None, 'cached_tokens': 32}}"
    )
    return {
        "litellm.call_id": "id",
        "litellm.cache_hit": False,
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.usage.input_tokens": 60,
        "gen_ai.usage.output_tokens": 14,
        "gen_ai.usage.total_tokens": 74,
        "metadata.usage_object": usage,
        **more,
    }


def test_litellm_details_of_usage_are_as_python_prints_them() -> None:
    expected = TokenUsage(60, 14, 74, 32, None, 4)
    assert read(litellm(), scope=LITELLM).tokens == columns(litellm(), scope=LITELLM).tokens == expected
    empty = litellm(**{"metadata.usage_object": "{}"})
    assert columns(empty, scope=LITELLM).tokens == TokenUsage(60, 14, 74)


def test_litellm_cost() -> None:
    attributes = litellm(
        **{"gen_ai.cost.total_cost": 0.75, "gen_ai.cost.input_cost": 0.25, "gen_ai.cost.output_cost": 0.5}
    )
    cost = read(attributes, scope=LITELLM).cost
    assert cost is not None
    assert (cost.input, cost.output, cost.total) == (0.25, 0.5, 0.75)
    assert columns(attributes, scope=LITELLM).cost_total == 0.75


def test_litellm_a_call_that_stands_beside_messages_without_parts() -> None:
    attributes = litellm(
        **{
            "gen_ai.output.messages": '[{"role": "assistant", "parts": [], "finish_reason": "tool_calls"}]',
            "gen_ai.completion.0.function_call.arguments": '{"city": "Oslo"}',
            "gen_ai.completion.0.function_call.name": "get_weather",
        }
    )
    full = read(attributes, scope=LITELLM)
    assert full.output_messages == (ChatMessage("assistant", (ToolCall("get_weather", {"city": "Oslo"}),)),)


def test_litellm_metadata_without_the_many_empty_ones() -> None:
    full = read(
        litellm(
            **{
                "metadata.user_api_key_alias": "",
                "metadata.team_alias": "search",
                "metadata.user_api_key_end_user_id": "u1",
                "metadata.requester_metadata": "{'session_id': 's1'}",
            }
        ),
        scope=LITELLM,
    )
    assert full.metadata["team_alias"] == "search"
    assert "user_api_key_alias" not in full.metadata
    assert full.metadata["call_id"] == "id"
    assert (full.session_id, full.user_id) == ("s1", "u1")
    assert full.convention == "LiteLLM"


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("embedding", Kind.EMBEDDING),
        ("aembedding", Kind.EMBEDDING),
        ("acompletion", Kind.LLM),
        ("responses", Kind.LLM),
        ("anthropic_messages", Kind.LLM),
        ("arerank", Kind.RERANKER),
    ],
)
def test_litellm_names_of_its_calls(operation: str, kind: Kind) -> None:
    assert columns(litellm(**{"gen_ai.operation.name": operation}), scope=LITELLM).kind is kind


def test_litellm_a_guardrail_and_the_raw_request_beside_the_call() -> None:
    assert (
        columns({"openinference.span.kind": "GUARDRAIL", "guardrail_name": "pii"}, scope=LITELLM).kind is Kind.GUARDRAIL
    )
    raw: Attributes = {"llm.openai.usage": "{'prompt_tokens': 60, 'completion_tokens': 14}", "llm.openai.model": "gpt"}
    assert not columns(raw, scope=LITELLM).tokens
