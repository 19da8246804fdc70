"""Section 6 of the reference: OpenLLMetry, old and new."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.semconv.making import columns, event, read
from tracetui.model.chat import (
    ChatMessage,
    Document,
    Evaluation,
    Kind,
    OtherPart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    TokenUsage,
    ToolCall,
    ToolDefinition,
    ToolResult,
)

KIND, INPUT, OUTPUT = "traceloop.span.kind", "traceloop.entity.input", "traceloop.entity.output"


def constructed(name: str, /, **fields: Any) -> dict[str, Any]:
    return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", name], "kwargs": fields}


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({KIND: "workflow"}, Kind.CHAIN),
        ({KIND: "task"}, Kind.CHAIN),
        ({KIND: "agent"}, Kind.AGENT),
        ({KIND: "tool"}, Kind.TOOL),
        ({KIND: "unknown"}, Kind.UNKNOWN),
        ({KIND: "task", "gen_ai.operation.name": "vector_db_retrieve"}, Kind.RETRIEVER),
        ({KIND: "task", "gen_ai.operation.name": "execute_task"}, Kind.CHAIN),
        ({KIND: "workflow", "gen_ai.operation.name": "invoke_agent"}, Kind.CHAIN),
        ({"llm.request.type": "chat"}, Kind.LLM),
        ({"llm.request.type": "completion"}, Kind.LLM),
        ({"llm.request.type": "embedding"}, Kind.EMBEDDING),
        ({"llm.request.type": "rerank"}, Kind.RERANKER),
        ({"gen_ai.guardrail.name": "pii", "gen_ai.operation.name": "guard"}, Kind.GUARDRAIL),
        ({"db.system": "chroma", "db.operation": "query"}, Kind.RETRIEVER),
        ({"db.system": "milvus", "db.operation": "search"}, Kind.RETRIEVER),
        ({"db.system": "chroma", "db.operation": "add"}, Kind.UNKNOWN),
        ({"db.system": "postgresql", "db.operation": "SELECT"}, Kind.UNKNOWN),
        ({"db.chroma.query.n_results": 3}, Kind.RETRIEVER),
        ({"pinecone.query.top_k": 3}, Kind.RETRIEVER),
        ({"qdrant.search.collection_name": "kb"}, Kind.RETRIEVER),
        ({"qdrant.upsert.points_count": 3}, Kind.UNKNOWN),
    ],
)
def test_kinds(attributes: dict[str, Any], kind: Kind) -> None:
    full = read(attributes)
    assert full.kind is columns(attributes).kind is kind
    assert full.problems == ()


def test_an_unknown_kind_is_told() -> None:
    assert read({KIND: "saga"}).problems == ("The kind 'saga' is not known here; it reads as UNKNOWN.",)


def test_a_call_of_the_older_form() -> None:
    attributes: dict[str, Any] = {
        "gen_ai.system": "OpenAI",
        "llm.request.type": "chat",
        "gen_ai.prompt.10.role": "tool",
        "gen_ai.prompt.10.content": "rain",
        "gen_ai.prompt.10.tool_call_id": "c1",
        "gen_ai.prompt.2.role": "assistant",
        "gen_ai.prompt.2.tool_calls.0.id": "c1",
        "gen_ai.prompt.2.tool_calls.0.name": "get_weather",
        "gen_ai.prompt.2.tool_calls.0.arguments": '{"city": "Oslo"}',
        "gen_ai.prompt.1.role": "user",
        "gen_ai.prompt.1.content": '[{"type": "text", "text": "Weather?"}]',
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.content": "Rain.",
        "gen_ai.completion.0.finish_reason": "stop",
        "llm.request.functions.0.name": "get_weather",
        "llm.request.functions.0.parameters": '{"type": "object"}',
        "llm.usage.total_tokens": 70,
        "gen_ai.usage.prompt_tokens": 61,
        "gen_ai.usage.completion_tokens": 9,
        "gen_ai.usage.cache_read_input_tokens": 16,
        "llm.usage.reasoning_tokens": 3,
        "llm.is_streaming": True,
        "llm.headers": "{'authorization': 'Bearer secret'}",
        "llm.user": "u",
    }
    full = read(attributes)
    assert full.input_messages == (
        ChatMessage("user", (TextPart("Weather?"),)),
        ChatMessage("assistant", (ToolCall("get_weather", {"city": "Oslo"}, "c1"),)),
        ChatMessage("tool", (ToolResult("rain", "", "c1"),)),
    )
    assert full.output_messages == (ChatMessage("assistant", (TextPart("Rain."),), "", "stop"),)
    assert full.tool_defs == (ToolDefinition("get_weather", "", {"type": "object"}),)
    assert full.tokens == columns(attributes).tokens == TokenUsage(61, 9, 70, 16, None, 3)
    assert (full.provider, full.user_id, full.params) == ("openai", "u", {"stream": True})


def test_an_answer_that_was_thought_over_refused_or_filtered() -> None:
    thought = read({"gen_ai.completion.0.role": "thinking", "gen_ai.completion.0.content": "hm"})
    assert thought.output_messages == (ChatMessage("assistant", (ReasoningPart("hm"),)),)
    refused = read({"gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.refusal": "no"})
    assert refused.output_messages == (ChatMessage("assistant", (RefusalPart("no"),)),)
    filtered = {"gen_ai.completion.0.content": "FILTERED", "gen_ai.completion.0.finish_reason": "content_filter"}
    message = ChatMessage("assistant", (OtherPart("hidden", "FILTERED"),), "", "content_filter")
    assert read(filtered).output_messages == (message,)
    assert read({"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "FILTERED"}).input_messages[0].text


def test_the_last_words_of_the_user_among_indexed_prompts() -> None:
    attributes = {"llm.request.type": "chat"}
    for index, (role, words) in enumerate([("user", "first"), ("user", "last"), ("tool", "rain")]):
        attributes |= {f"gen_ai.prompt.{index}.role": role, f"gen_ai.prompt.{index}.content": words}
    assert columns(attributes).preview == "last"


def test_a_text_completion_of_anthropic() -> None:
    assert read({"gen_ai.prompt.0.user": "hi"}).input_messages == (ChatMessage("user", (TextPart("hi"),)),)


def test_a_chain_of_langchain() -> None:
    given = {"inputs": {"messages": [constructed("HumanMessage", content="Weather?")]}, "tags": [], "kwargs": {}}
    history = [constructed("HumanMessage", content="Weather?"), constructed("AIMessage", content="Rain.")]
    told = {"outputs": {"messages": history}, "kwargs": {"tags": []}}
    full = read({KIND: "workflow", INPUT: json.dumps(given), OUTPUT: json.dumps(told)})
    assert full.input_messages == (ChatMessage("user", (TextPart("Weather?"),)),)
    assert full.output_messages == (ChatMessage("assistant", (TextPart("Rain."),)),)


def test_words_that_a_step_gave_back_stand_without_quotes() -> None:
    full = read({KIND: "task", OUTPUT: '"Arr, matey"', INPUT: '{"args": ["a joke"], "kwargs": {}}'})
    assert (full.output, full.input_messages, full.output_messages) == ("Arr, matey", (), ())


def answer(**usage: Any) -> dict[str, Any]:
    return constructed("AIMessage", content="Rain.", usage_metadata=usage)


def update(*messages: dict[str, Any], graph: str | None = None) -> str:
    return json.dumps({"outputs": [{"graph": graph, "update": {"messages": list(messages)}}], "kwargs": {}})


def test_the_usage_of_a_models_step_in_langgraph() -> None:
    usage = {
        "input_tokens": 230,
        "output_tokens": 18,
        "total_tokens": 248,
        "input_token_details": {"cache_read": 128},
        "output_token_details": {"reasoning": 5},
    }
    step = {KIND: "task", OUTPUT: update(answer(**usage))}
    assert read(step).tokens == columns(step).tokens == TokenUsage(230, 18, 248, 128, None, 5)
    assert read(step).output_messages == (ChatMessage("assistant", (TextPart("Rain."),)),)
    for handed_on in (
        update(answer(**usage), constructed("ToolMessage", content="x", tool_call_id="c")),
        update(answer(**usage), graph="__parent__"),
        json.dumps({"outputs": {"messages": [answer(**usage)]}}),
    ):
        assert not columns({KIND: "task", OUTPUT: handed_on}).tokens


@pytest.mark.parametrize(
    "given",
    [
        {"input_str": "{'city': 'Oslo'}", "tags": [], "metadata": {}, "inputs": {"city": "Oslo"}, "kwargs": {}},
        {"tool_name": "get_weather", "arguments": {"city": "Oslo"}},
        {"method": "tools/call", "params": {"name": "get_weather", "arguments": {"city": "Oslo"}}},
        {"args": [], "kwargs": {"city": "Oslo"}},
        {"city": "Oslo"},
    ],
)
@pytest.mark.parametrize("key", [INPUT, "gen_ai.tool.call.arguments"])
def test_arguments_out_of_their_wrapping(given: dict[str, Any], key: str) -> None:
    full = read({KIND: "tool", key: json.dumps(given)})
    assert full.tool is not None
    assert full.tool.arguments == {"city": "Oslo"}


def test_arguments_that_only_look_wrapped_are_themselves() -> None:
    for given in ({"name": "x", "arguments": {}}, {"args": [1], "kwargs": {"a": 2}}, {"input_str": "x"}, [1], "x"):
        tool = read({KIND: "tool", "gen_ai.tool.call.arguments": json.dumps(given)}).tool
        assert tool is not None
        assert tool.arguments == given


def test_an_answer_out_of_its_wrapping() -> None:
    message = constructed("ToolMessage", content="rain", tool_call_id="c1", type="tool", name="get_weather")
    of_gemini = {"id": "c1", "name": "get_weather", "response": "rain"}
    for told in (
        {"output": message, "kwargs": {"name": "get_weather"}},
        {"output": "rain", "kwargs": {}},
        of_gemini,
    ):
        tool = read({KIND: "tool", OUTPUT: json.dumps(told)}).tool
        assert tool is not None
        assert tool.result == "rain"
    plain = read({KIND: "tool", OUTPUT: '{"output": "rain", "code": 0}'}).tool
    assert plain is not None
    assert plain.result == {"output": "rain", "code": 0}


def test_the_line_of_a_tool_that_langchain_called() -> None:
    given = json.dumps({"input_str": "{'city': 'Zürich'}", "tags": ["seq:step:1"]})
    assert columns({KIND: "tool", INPUT: given}).preview == "{'city': 'Zürich'}"


def test_what_a_retriever_found_and_what_the_next_step_was_given() -> None:
    documents = [{"page_content": "Refunds take 14 days.", "metadata": {"source": "kb/refunds.md"}}]
    wanted = (Document("Refunds take 14 days.", metadata={"source": "kb/refunds.md"}),)
    found = read({KIND: "task", OUTPUT: json.dumps({"documents": documents, "count": 1})})
    assert (found.documents, found.sources["documents"]) == (wanted, OUTPUT)
    handed = [constructed("Document", **document) for document in documents]
    given = read({KIND: "task", INPUT: json.dumps({"inputs": handed, "tags": []}), OUTPUT: '{"outputs": "joined"}'})
    assert (given.documents, given.sources["documents"]) == (wanted, INPUT)
    assert given.input_messages == ()


def test_the_results_of_vector_stores() -> None:
    events = [
        event("db.query.embeddings", {"db.query.embeddings.vector": "[0.1, 0.2]"}),
        event("db.query.result", {"db.query.result.id": "a", "db.query.result.score": 0.9}),
        event(
            "db.query.result",
            {
                "db.query.result.id": "b",
                "db.query.result.distance": 0.2,
                "db.query.result.metadata": '{"source": "kb"}',
                "db.query.result.document": "text",
                "db.query.result.vector": [0.1] * 1000,
            },
        ),
        event(
            "db.search.result",
            {"db.search.result.id": 7, "db.search.result.distance": "0.3", "db.search.result.entity": '{"text": "t"}'},
        ),
    ]
    assert read({"db.system": "x", "db.operation": "query"}, events=events).documents == (
        Document("", "a", 0.9),
        Document("text", "b", None, {"source": "kb", "distance": 0.2}),
        Document("t", "7", None, {"distance": 0.3}),
    )


def test_a_reranker_of_cohere() -> None:
    attributes: dict[str, Any] = {
        "llm.request.type": "rerank",
        "gen_ai.prompt.0.role": "system",
        "gen_ai.prompt.0.content": "Oslo is in Norway.",
        "gen_ai.prompt.1.role": "system",
        "gen_ai.prompt.1.content": "Rome is in Italy.",
        "gen_ai.prompt.2.role": "user",
        "gen_ai.prompt.2.content": "Where is Rome?",
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.content": "Doc 1, Score: 0.98\nRome is in Italy.",
        "gen_ai.completion.1.content": "something else",
    }
    full = read(attributes)
    assert full.documents == (Document("Rome is in Italy.", "1", 0.98),)
    assert full.rerank is not None
    assert [document.content for document in full.rerank.documents] == ["Oslo is in Norway.", "Rome is in Italy."]


def test_a_guard_and_its_verdict() -> None:
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "guard",
        "gen_ai.guardrail.name": "pii",
        "gen_ai.guardrail.status": "FAILED",
        "gen_ai.guardrail.input": '{"text": "my number"}',
        "gen_ai.guardrail.output": '{"has_pii": true}',
    }
    full = read(attributes)
    assert full.evals == (Evaluation("pii", None, "FAILED"),)
    assert (full.input, full.output) == ('{"text": "my number"}', '{"has_pii": true}')
    assert (full.errors, columns(attributes).is_error) == ((), False)


def test_a_managed_prompt() -> None:
    attributes: dict[str, Any] = {
        "traceloop.prompt.key": "joke",
        "traceloop.prompt.version": 4,
        "traceloop.prompt.version_hash": "9f",
        "traceloop.prompt.template": "Tell a joke about {{topic}}",
        "traceloop.prompt.template_variables.topic": "pirates",
    }
    prompt = read(attributes).prompt
    assert prompt is not None
    assert (prompt.name, prompt.version, prompt.id) == ("joke", "4", "9f")
    assert prompt.variables == {"topic": "pirates"}
    whole = read({"traceloop.prompt.template_variables": '{"topic": "cats"}'}).prompt
    assert whole is not None
    assert whole.variables == {"topic": "cats"}


def test_association_properties() -> None:
    start = "traceloop.association.properties"
    attributes = {f"{start}.thread_id": "t", f"{start}.user_id": "u", f"{start}.tier": "gold"}
    full = read(attributes)
    assert (full.session_id, full.user_id) == ("t", "u")
    assert (columns(attributes).session_id, columns(attributes).user_id) == ("t", "u")
    assert full.metadata["tier"] == "gold"
    assert read({**attributes, f"{start}.session_id": "s"}).session_id == "s"
    assert read({**attributes, "gen_ai.conversation.id": "c"}).session_id == "c"


@pytest.mark.parametrize(
    ("function", "kind"),
    [("acompletion", Kind.LLM), ("aembedding", Kind.EMBEDDING), ("arerank", Kind.RERANKER), ("aresponses", Kind.LLM)],
)
def test_litellms_functions_as_the_type_of_a_request(function: str, kind: Kind) -> None:
    found = columns({"llm.request.type": function, "gen_ai.request.model": "text-embedding-3-small"})
    assert found.kind is kind
