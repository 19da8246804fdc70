"""Section 5 of the reference: OTel GenAI with messages as attributes, and MCP."""

from __future__ import annotations

import json

import pytest

from tests.unit.semconv.making import columns, event, read
from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import (
    ChatMessage,
    Document,
    Evaluation,
    FilePart,
    Kind,
    MediaPart,
    OtherPart,
    ReasoningPart,
    TextPart,
    TokenUsage,
    Tool,
    ToolCall,
    ToolDefinition,
    ToolResult,
)
from tracetui.model.span import LogRecord
from tracetui.semconv import event_name

OP = "gen_ai.operation.name"
IN, OUT, SYSTEM = "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("chat", Kind.LLM),
        ("text_completions", Kind.LLM),
        ("generate_content", Kind.LLM),
        ("embeddings", Kind.EMBEDDING),
        ("retrieval", Kind.RETRIEVER),
        ("search_memory", Kind.RETRIEVER),
        ("update_memory", Kind.CHAIN),
        ("execute_tool", Kind.TOOL),
        ("create_agent", Kind.AGENT),
        ("invoke_agent", Kind.AGENT),
        ("invoke_swarm", Kind.AGENT),
        ("invoke_workflow", Kind.CHAIN),
        ("rerank", Kind.RERANKER),
        ("something_new", Kind.UNKNOWN),
    ],
)
def test_operations(operation: str, kind: Kind) -> None:
    assert read({OP: operation}).kind is columns({OP: operation}).kind is kind


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("gen_ai.tool.name", Kind.TOOL),
        ("gen_ai.tool.call.id", Kind.TOOL),
        ("gen_ai.retrieval.documents", Kind.RETRIEVER),
        ("gen_ai.embeddings.dimension.count", Kind.EMBEDDING),
        ("gen_ai.evaluation.name", Kind.EVALUATOR),
        ("gen_ai.request.model", Kind.LLM),
        (IN, Kind.LLM),
    ],
)
def test_keys_that_give_the_kind_away(key: str, kind: Kind) -> None:
    assert read({OP: "something_new", key: "x"}).kind is columns({key: "x"}).kind is kind


def test_a_tools_call_of_mcp_is_a_tool_and_the_rest_is_plumbing() -> None:
    assert columns({"mcp.method.name": "tools/call"}).kind is Kind.TOOL
    assert columns({"mcp.method.name": "initialize"}).kind is Kind.CHAIN
    assert columns({"mcp.session.id": "s", "mcp.method.name": "tools/list"}).session_id == ""


@pytest.mark.parametrize("encode", [json.dumps, lambda value: value], ids=["text", "structured"])
def test_every_part_of_a_message(encode) -> None:  # type: ignore[no-untyped-def]
    parts: list[AttributeValue] = [
        {"type": "text", "content": "hi"},
        {"type": "text"},
        {"type": "reasoning", "content": "hm"},
        {"type": "thinking", "thinking": "hm too"},
        {"type": "tool_call", "id": "1", "name": "f", "arguments": {"x": 1}},
        {"type": "tool_call", "id": "2", "name": "g", "arguments": '{"x": 1}'},
        {"type": "tool_call_response", "id": "1", "response": {"y": 2}},
        {"type": "tool_call_response", "id": "2", "name": "g", "result": "words"},
        {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "QUJD"},
        {"type": "uri", "modality": "video", "uri": "https://x/v", "mime_type": "video/mp4"},
        {"type": "image-url", "url": "https://x/i"},
        {"type": "binary", "media_type": "audio/wav", "content": "QUJD"},
        {"type": "file", "file_id": "file-1", "modality": "document"},
        {"type": "compaction", "id": "c"},
    ]
    full = read({IN: encode([{"role": "user", "parts": parts}])})
    assert full.input_messages[0].parts == (
        TextPart("hi"),
        TextPart(""),
        ReasoningPart("hm"),
        ReasoningPart("hm too"),
        ToolCall("f", {"x": 1}, "1"),
        ToolCall("g", {"x": 1}, "2"),
        ToolResult({"y": 2}, "", "1"),
        ToolResult("words", "g", "2"),
        MediaPart("image", "", "image/png", 3),
        MediaPart("video", "https://x/v", "video/mp4"),
        MediaPart("image", "https://x/i"),
        MediaPart("audio", "", "audio/wav", 3),
        FilePart("file-1"),
        OtherPart("compaction", {"type": "compaction", "id": "c"}),
    )


def test_results_in_a_users_message_all_survive() -> None:
    parts = [{"type": "tool_call_response", "id": str(index), "result": index} for index in range(3)]
    full = read({IN: json.dumps([{"role": "user", "parts": parts}])})
    assert full.input_messages == (ChatMessage("user", tuple(ToolResult(n, "", str(n)) for n in range(3))),)


def test_unknown_roles_and_openai_items_are_kept() -> None:
    items = [{"role": "narrator", "parts": [{"type": "text", "content": "so"}]}, {"role": "user", "content": "hi"}]
    full = read({IN: json.dumps(items)})
    assert [(message.role, message.text) for message in full.input_messages] == [("narrator", "so"), ("user", "hi")]


def test_a_langchain_item_is_read() -> None:
    item = {"lc": 1, "type": "constructor", "id": ["langchain", "HumanMessage"], "kwargs": {"content": "hi"}}
    assert read({IN: json.dumps([item])}).input_messages == (ChatMessage("user", (TextPart("hi"),)),)


def test_system_instructions_lead_and_are_not_said_twice() -> None:
    instructions = json.dumps([{"type": "text", "content": "Be brief."}])
    user = {"role": "user", "parts": [{"type": "text", "content": "hi"}]}
    system = {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]}
    full = read({SYSTEM: instructions, IN: json.dumps([user])})
    assert full.system == "Be brief."
    assert [message.role for message in full.input_messages] == ["system", "user"]
    again = read({SYSTEM: instructions, IN: json.dumps([system, user])})
    assert again.input_messages == full.input_messages


def test_content_from_the_details_event_or_its_log_record() -> None:
    name = "gen_ai.client.inference.operation.details"
    content: dict[str, AttributeValue] = {
        IN: [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}],
        OUT: json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "ho"}], "finish_reason": "stop"}]),
    }
    wanted = ("hi", "ho", ("stop",))
    in_event = read({OP: "chat"}, events=[event(name, content)])
    in_log = read({OP: "chat"}, logs=[LogRecord(event_name=name, attributes=content)])
    in_body = read({OP: "chat"}, logs=[LogRecord(attributes={"event.name": name}, body=content)])
    for full in (in_event, in_log, in_body):
        assert (full.input_messages[0].text, full.output_messages[0].text, full.finish_reasons) == wanted


def test_content_on_span_and_event_appears_once() -> None:
    message = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "hi"}]}])
    log = LogRecord(event_name="gen_ai.client.inference.operation.details", attributes={IN: message})
    assert len(read({IN: message}, logs=[log]).input_messages) == 1


@pytest.mark.parametrize(
    "key",
    [
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.cache_write_input_tokens",
        "gen_ai.usage.details.cache_write_tokens",
    ],
)
def test_cache_writes_under_each_spelling(key: str) -> None:
    full = read({"gen_ai.usage.input_tokens": 100, key: 40})
    assert full.tokens == TokenUsage(input=100, cache_write=40)


def test_two_spellings_are_counted_once() -> None:
    attributes = {
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.prompt_tokens": 100,
        "gen_ai.usage.cache_read.input_tokens": 60,
        "gen_ai.usage.details.cache_read_tokens": 60,
        "gen_ai.usage.output_tokens": 5,
    }
    assert read(attributes).tokens == columns(attributes).tokens == TokenUsage(100, 5, 105, 60)


def test_an_input_without_its_cache_is_made_to_include_it() -> None:
    smaller = {"gen_ai.usage.input_tokens": 24, "gen_ai.usage.cache_read.input_tokens": 2048}
    assert read(smaller).tokens.input == columns(smaller).tokens.input == 2072
    told = {
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 10,
        "gen_ai.usage.cache_read.input_tokens": 50,
        "gen_ai.usage.total_tokens": 160,
    }
    assert read(told).tokens == columns(told).tokens == TokenUsage(150, 10, 160, 50)


def test_a_cache_write_alone_leaves_the_input_unknown() -> None:
    attributes = {"gen_ai.usage.output_tokens": 9, "gen_ai.usage.cache_read.input_tokens": 2048}
    assert columns(attributes).tokens == TokenUsage(output=9, cache_read=2048)


def test_one_set_of_tokens_where_two_conventions_write_them() -> None:
    both = {"llm.token_count.prompt": 10, "llm.token_count.completion": 2, "gen_ai.usage.input_tokens": 10}
    agree = {**both, "gen_ai.usage.reasoning.output_tokens": 1}
    differ = {**agree, "gen_ai.usage.input_tokens": 11}
    assert columns(agree).tokens == read(agree).tokens == TokenUsage(10, 2, 12, reasoning=1)
    assert columns(differ).tokens == read(differ).tokens == TokenUsage(10, 2, 12)
    apart: dict[str, AttributeValue] = {"llm.token_count.prompt": 10, "gen_ai.usage.output_tokens": 2}
    assert columns(apart).tokens == read(apart).tokens == TokenUsage(10, 2, 12)


def test_one_set_of_messages_where_two_conventions_write_them() -> None:
    flat = {"llm.input_messages.0.message.content": "from flat"}
    both = {**flat, IN: json.dumps([{"role": "user", "content": "from gen_ai"}, {"role": "user", "content": "more"}])}
    assert [message.text for message in read(both).input_messages] == ["from flat"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"gen_ai.provider.name": "openai", "gen_ai.system": "az.ai.openai"}, "openai"),
        ({"gen_ai.system": "az.ai.openai"}, "azure.ai.openai"),
        ({"gen_ai.system": "vertex_ai"}, "gcp.vertex_ai"),
        ({"gen_ai.system": "langchain", "gen_ai.request.model": "claude-sonnet-4-5"}, "anthropic"),
        ({"gen_ai.system": "strands-agents"}, ""),
        ({"gen_ai.system": "_OTHER", "llm.provider": "groq"}, "groq"),
        ({"gen_ai.request.model": "m", "server.address": "api.anthropic.com"}, "anthropic"),
        ({"server.address": "api.anthropic.com"}, ""),
        ({"gen_ai.system": "My Gateway"}, "My Gateway"),
    ],
)
def test_providers(given: dict[str, AttributeValue], wanted: str) -> None:
    assert read(given).provider == columns(given).provider == wanted


def test_a_tool_span() -> None:
    attributes: dict[str, AttributeValue] = {
        OP: "execute_tool",
        "gen_ai.tool.name": "get_weather",
        "gen_ai.tool.description": "Weather",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.tool.call.arguments": '{"city": "Oslo"}',
        "gen_ai.tool.call.result": {"sky": "clear"},
    }
    assert read(attributes).tool == Tool("get_weather", "Weather", "c1", {"city": "Oslo"}, {"sky": "clear"})
    assert columns(attributes).preview == '{"city": "Oslo"}'


def test_definitions_documents_and_query() -> None:
    full = read(
        {
            "gen_ai.tool.definitions": json.dumps([{"type": "function", "name": "f", "parameters": {"a": 1}}]),
            "gen_ai.retrieval.documents": [{"id": "d", "score": 0.25, "content": "text", "title": "T"}],
            "gen_ai.retrieval.query.text": "q",
        }
    )
    assert full.tool_defs == (ToolDefinition("f", "", {"a": 1}),)
    assert full.documents == (Document("text", "d", 0.25, title="T"),)
    assert full.input == "q"


def test_parameters_are_all_of_the_request_but_the_model() -> None:
    full = read({"gen_ai.request.model": "m", "gen_ai.request.choice.count": 2, "gen_ai.output.type": "json"})
    assert full.params == {"choice.count": 2, "output.type": "json"}


def test_finish_reasons_as_array_text_or_single() -> None:
    assert read({"gen_ai.response.finish_reasons": ["stop"]}).finish_reasons == ("stop",)
    assert read({"gen_ai.response.finish_reasons": '["stop", "length"]'}).finish_reasons == ("stop", "length")
    assert read({"gen_ai.response.finish_reason": "stop"}).finish_reasons == ("stop",)


def test_time_to_first_chunk_must_lie_within_the_span() -> None:
    assert read({"gen_ai.response.time_to_first_chunk": 0.25}).ttft_s == 0.25
    assert read({"gen_ai.response.time_to_first_chunk": 250.0}).ttft_s is None


def test_evaluations_on_the_span_as_event_and_as_log() -> None:
    result: dict[str, AttributeValue] = {"gen_ai.evaluation.name": "relevance", "gen_ai.evaluation.score.value": 0.5}
    result_name = "gen_ai.evaluation.result"
    log = LogRecord(event_name=result_name, attributes={"gen_ai.evaluation.name": "tone"})
    told = event(result_name, {"gen_ai.evaluation.name": "fit", "gen_ai.evaluation.score.label": "ok"})
    full = read(result, events=[told], logs=[log])
    assert full.evals == (Evaluation("relevance", 0.5), Evaluation("fit", None, "ok"), Evaluation("tone"))


def test_the_identity_of_a_prompt_is_no_content() -> None:
    full = read({"gen_ai.prompt.name": "greet", "gen_ai.prompt.version": "3", "gen_ai.prompt.variable.who": "Ada"})
    assert full.prompt is not None
    assert (full.prompt.name, full.prompt.version, full.prompt.variables) == ("greet", "3", {"who": "Ada"})
    assert full.input_messages == ()


def test_session_order_and_empty_ids() -> None:
    assert columns({"gen_ai.conversation.id": "b", "session.id": "a"}).session_id == "a"
    assert columns({"gen_ai.conversation.id": "b", "session.id": ""}).session_id == "b"


def test_the_name_of_a_log_records_event() -> None:
    assert event_name("new", {"event.name": "old"}) == "new"
    assert event_name("", {"event.name": "old"}) == "old"
    assert event_name("", {}) == ""


def test_what_an_agent_and_a_search_are_beside_their_names() -> None:
    agent = {OP: "invoke_agent", "gen_ai.agent.name": "a", "gen_ai.agent.id": "asst_1", "gen_ai.agent.version": "2"}
    assert read(agent).metadata == {"agent.id": "asst_1", "agent.version": "2"}
    search: dict[str, AttributeValue] = {
        OP: "retrieval",
        "gen_ai.data_source.id": "faq",
        "gen_ai.retrieval.top_k": 3,
        "gen_ai.agent.id": "",
    }
    assert read(search).metadata == {"data_source.id": "faq"}
    assert read(search).params == {"top_k": 3}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        # Gemini's own count: the total tells, or thoughts that are more than the whole.
        ({"output_tokens": 25, "reasoning_tokens": 20, "total_tokens": 55}, TokenUsage(10, 45, 55, reasoning=20)),
        ({"output_tokens": 5, "reasoning_tokens": 20}, TokenUsage(10, 25, 35, reasoning=20)),
        ({"output_tokens": 25, "reasoning_tokens": 20, "total_tokens": 35}, TokenUsage(10, 25, 35, reasoning=20)),
        ({"output_tokens": 25, "reasoning_tokens": 20, "total_tokens": 40}, TokenUsage(10, 25, 40, reasoning=20)),
        ({"output_tokens": 25, "total_tokens": 12}, TokenUsage(10, 25, 35)),
    ],
)
def test_output_that_leaves_out_the_reasoning(given: dict[str, AttributeValue], wanted: TokenUsage) -> None:
    attributes = {OP: "chat", "gen_ai.usage.input_tokens": 10, **{f"gen_ai.usage.{key}": n for key, n in given.items()}}
    assert columns(attributes).tokens == read(attributes).tokens == wanted


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [("google-gla", "gcp.gemini"), ("google-vertex", "gcp.vertex_ai"), ("mistral", "mistral_ai"), ("Ollama", "ollama")],
)
def test_one_spelling_for_a_provider(sent: str, wanted: str) -> None:
    assert columns({OP: "chat", "gen_ai.system": sent}).provider == read({"gen_ai.system": sent}).provider == wanted


@pytest.mark.parametrize("printed", ["['stop', 'length']", "('stop', 'length')", '["stop", "length"]', "stop, length"])
def test_finish_reasons_as_json_or_as_python_prints_them(printed: str) -> None:
    assert read({OP: "chat", "gen_ai.response.finish_reasons": printed}).finish_reasons == ("stop", "length")


def test_tools_that_anthropic_runs_itself_are_calls_and_results() -> None:
    blocks = [
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "rain"}},
        {"type": "web_search_tool_result", "tool_use_id": "s1", "content": "wet"},
    ]
    found = read({OP: "chat", OUT: json.dumps([{"role": "assistant", "content": blocks}])})
    wanted = (ToolCall("web_search", {"query": "rain"}, "s1"), ToolResult("wet", "", "s1"))
    assert found.output_messages == (ChatMessage("assistant", wanted),)


def test_messages_as_json_texts_in_an_array() -> None:
    given = ['{"role": "user", "parts": [{"type": "text", "content": "Weather?"}]}', '{"sky": "clear"}']
    assert read({OP: "chat", IN: given}).input_messages == (
        ChatMessage("user", (TextPart("Weather?"),)),
        ChatMessage("user", (TextPart('{"sky": "clear"}'),)),
    )


def test_a_spoken_answer_has_its_words() -> None:
    spoken = {"role": "assistant", "content": None, "audio": {"id": "a", "transcript": "It rains.", "data": "AAAA"}}
    (message,) = read({OP: "chat", OUT: json.dumps([spoken])}).output_messages
    assert message.parts == (MediaPart("audio", "", "", 3), TextPart("It rains."))


def test_reasoning_that_only_its_provider_can_read_is_not_shown_as_words() -> None:
    block = {"type": "redacted_thinking", "data": "EmwKAhgB"}
    (message,) = read({OP: "chat", OUT: json.dumps([{"role": "assistant", "content": [block]}])}).output_messages
    assert message.parts == (OtherPart("redacted_thinking", block),)


def test_messages_that_were_cut_short_are_read_as_far_as_they_are_whole() -> None:
    whole = [{"role": "user", "parts": [{"type": "text", "content": f"Question {n}"}]} for n in range(3)]
    found = read({OP: "chat", IN: json.dumps(whole)[:-20]})
    assert found.input_messages[:2] == tuple(ChatMessage("user", (TextPart(f"Question {n}"),)) for n in range(2))
    assert found.input_messages[2].text.startswith('{"role": "user"')
    assert "cut short" in found.problems[0]


@pytest.mark.parametrize(
    ("cached", "reasoning"),
    [
        ("input_tokens_details.cached_tokens", "output_tokens_details.reasoning_tokens"),
        ("input_tokens.cached", "output_tokens.reasoning"),
        ("cached_input_tokens", "reasoning_tokens"),
    ],
)
def test_spellings_of_details_that_no_version_of_the_conventions_has(cached: str, reasoning: str) -> None:
    given = {"input_tokens": 10, "output_tokens": 5, cached: 4, reasoning: 3}
    attributes = {f"gen_ai.usage.{name}": number for name, number in given.items()}
    assert read(attributes).tokens == columns(attributes).tokens == TokenUsage(10, 5, 15, 4, reasoning=3)
