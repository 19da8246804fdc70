"""Sections 10, 16, 17 and 20 of the reference: MLflow."""

from __future__ import annotations

import json

import pytest

from tests.unit.semconv.making import columns, event, read
from tracetui.model.attributes import Attributes
from tracetui.model.chat import (
    ChatMessage,
    Document,
    Embedding,
    Kind,
    ReasoningPart,
    TextPart,
    TokenUsage,
    Tool,
    ToolCall,
    ToolDefinition,
)

TYPE, INPUTS, OUTPUTS = "mlflow.spanType", "mlflow.spanInputs", "mlflow.spanOutputs"
LLM: Attributes = {TYPE: '"CHAT_MODEL"'}
USAGE = "mlflow.chat.tokenUsage"


def texts(messages: tuple[ChatMessage, ...]) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in messages]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("LLM", Kind.LLM),
        ("CHAT_MODEL", Kind.LLM),
        ("CHAIN", Kind.CHAIN),
        ("PARSER", Kind.CHAIN),
        ("WORKFLOW", Kind.CHAIN),
        ("TASK", Kind.CHAIN),
        ("MEMORY", Kind.CHAIN),
        ("AGENT", Kind.AGENT),
        ("TOOL", Kind.TOOL),
        ("RETRIEVER", Kind.RETRIEVER),
        ("EMBEDDING", Kind.EMBEDDING),
        ("RERANKER", Kind.RERANKER),
        ("GUARDRAIL", Kind.GUARDRAIL),
        ("EVALUATOR", Kind.EVALUATOR),
        ("UNKNOWN", Kind.UNKNOWN),
        ("MY_OWN", Kind.UNKNOWN),
    ],
)
def test_types_in_quotes_and_without(word: str, kind: Kind) -> None:
    for text in (f'"{word}"', word, f'"{word.lower()}"'):
        assert read({TYPE: text}).kind is columns({TYPE: text}).kind is kind
    assert read({TYPE: f'"{word}"'}).convention == "MLflow"


def test_trap_9_quoted_strings_are_decoded() -> None:
    attributes: Attributes = {
        **LLM,
        "mlflow.llm.model": '"gpt-4o-mini"',
        "mlflow.llm.provider": '"openai"',
        "session.id": '"sess-1"',
        "user.id": '"user \\"42\\""',
        INPUTS: '"say \\"hi\\" in Z\\u00fcrich"',
        OUTPUTS: '"hi"',
        "mlflow.spanFunctionName": '"answer"',
    }
    full, row = read(attributes), columns(attributes)
    assert full.model == row.model == "gpt-4o-mini"
    assert full.provider == row.provider == "openai"
    assert full.session_id == row.session_id == "sess-1"
    assert full.user_id == row.user_id == 'user "42"'
    assert full.input == row.preview == 'say "hi" in Zürich'
    assert texts((*full.input_messages, *full.output_messages)) == [("user", 'say "hi" in Zürich'), ("assistant", "hi")]
    assert full.metadata == {"function": "answer"}


def test_trap_9_a_text_output_that_looks_like_json_stays_text() -> None:
    attributes: Attributes = {
        "openinference.span.kind": "CHAIN",
        "output.value": "[1]",
        "output.mime_type": "text/plain",
    }
    assert read(attributes).output == "[1]"
    assert read({**LLM, OUTPUTS: '"[1]"'}).output == "[1]"


def test_a_chat_request_of_openai() -> None:
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
    call = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Zürich"}'}}
    request = {
        "model": "gpt-4o-mini",
        "messages": [{"role": "system", "content": "Be terse."}, {"role": "user", "content": "Weather?"}],
        "tools": [tool],
        "temperature": 0.2,
    }
    answer = {"finish_reason": "tool_calls", "message": {"role": "assistant", "content": None, "tool_calls": [call]}}
    attributes: Attributes = {**LLM, INPUTS: json.dumps(request), OUTPUTS: json.dumps({"choices": [answer]})}
    full = read(attributes)
    assert texts(full.input_messages) == [("system", "Be terse."), ("user", "Weather?")]
    assert full.output_messages[0].parts == (ToolCall("get_weather", {"city": "Zürich"}, "c1"),)
    assert full.finish_reasons == ("tool_calls",)
    assert full.tool_defs == (ToolDefinition("get_weather", "", {"type": "object"}),)
    assert full.params == {"temperature": 0.2}
    assert full.model == columns(attributes).model == "gpt-4o-mini"
    assert columns(attributes).preview == "Weather?"
    own = read({**attributes, "mlflow.chat.tools": '[{"type": "function", "function": {"name": "own"}}]'})
    assert own.tool_defs == (ToolDefinition("own"),)


@pytest.mark.parametrize(
    ("request_", "response", "asked", "said"),
    [
        pytest.param(
            {"model": "o4-mini", "instructions": "Be brief", "input": "Say hi"},
            {"output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]}]},
            [("system", "Be brief"), ("user", "Say hi")],
            [("assistant", "hi")],
            id="OpenAI responses",
        ),
        pytest.param(
            {"model": "claude", "system": "Be brief", "messages": [{"role": "user", "content": "Say hi"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn"},
            [("system", "Be brief"), ("user", "Say hi")],
            [("assistant", "hi")],
            id="Anthropic",
        ),
        pytest.param(
            {"model": "gemini", "contents": [{"role": "user", "parts": [{"text": "Say hi"}]}]},
            {"candidates": [{"content": {"role": "model", "parts": [{"text": "hi"}]}, "finish_reason": "STOP"}]},
            [("user", "Say hi")],
            [("assistant", "hi")],
            id="Gemini",
        ),
        pytest.param(
            {"modelId": "nova", "messages": [{"role": "user", "content": [{"text": "Say hi"}]}]},
            {"output": {"message": {"role": "assistant", "content": [{"text": "hi"}]}}, "stopReason": "end_turn"},
            [("user", "Say hi")],
            [("assistant", "hi")],
            id="Bedrock",
        ),
        pytest.param(
            [[{"type": "human", "content": "Say hi"}]],
            {"generations": [[{"text": "hi", "message": {"type": "ai", "content": "hi"}}]], "llm_output": {}},
            [("user", "Say hi")],
            [("assistant", "hi")],
            id="LangChain",
        ),
        pytest.param(
            {"messages": [{"role": "user", "blocks": [{"block_type": "text", "text": "Say hi"}]}]},
            {"message": {"role": "assistant", "blocks": [{"block_type": "text", "text": "hi"}]}, "raw": {}},
            [("user", "Say hi")],
            [("assistant", "hi")],
            id="LlamaIndex",
        ),
        pytest.param(
            {"prompt": None, "messages": [{"role": "user", "content": "Say hi"}]},
            ["hi"],
            [("user", "Say hi")],
            [("assistant", "hi")],
            id="DSPy",
        ),
        pytest.param({"prompt": "Say hi"}, "hi", [("user", "Say hi")], [("assistant", "hi")], id="words"),
    ],
)
def test_the_calls_of_many_libraries(
    request_: object, response: object, asked: list[tuple[str, str]], said: list[tuple[str, str]]
) -> None:
    full = read({**LLM, INPUTS: json.dumps(request_), OUTPUTS: json.dumps(response)})
    assert texts(full.input_messages) == asked
    assert texts(full.output_messages) == said
    assert full.problems == ()


def chunk(number: int, delta: dict[str, object], *, after: float) -> object:
    value = json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    return event(f"mlflow.chunk.item.{number}", {"mlflow.chunk.value": value}, after=after)


def test_a_streamed_tool_call_is_put_together_from_the_chunks() -> None:
    def call(arguments: str, name: str | None = None) -> dict[str, object]:
        return {"tool_calls": [{"index": 0, "id": name and "c1", "function": {"name": name, "arguments": arguments}}]}

    chunks = [
        chunk(10, call('"東京"}'), after=1.0),
        chunk(2, call('{"city": '), after=0.75),
        chunk(1, call("", "get_weather"), after=0.5),
    ]
    lost = {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "", "tool_calls": None}}]}
    full = read({**LLM, OUTPUTS: json.dumps(lost)}, events=chunks)
    assert full.output_messages[0].parts == (ToolCall("get_weather", {"city": "東京"}, "c1"),)
    assert full.sources["output_messages"] == "event mlflow.chunk.item.*"
    assert full.ttft_s == 0.5
    assert full.sources["ttft_s"] == "event mlflow.chunk.item.*"


def test_whole_words_of_a_stream_are_believed_before_its_chunks() -> None:
    full = read({**LLM, OUTPUTS: '"whole"'}, events=[chunk(0, {"content": "piece"}, after=0.25)])
    assert texts(full.output_messages) == [("assistant", "whole")]
    assert full.ttft_s == 0.25


def test_a_chunk_with_a_strange_number_costs_nothing_else() -> None:
    strange = event("mlflow.chunk.item.x", {"mlflow.chunk.value": "{"}, after=0.5)
    full = read({**LLM, INPUTS: '"hi"'}, events=[strange, chunk(1, {"content": "hello"}, after=0.75)])
    assert texts((*full.input_messages, *full.output_messages)) == [("user", "hi"), ("assistant", "hello")]
    assert full.problems == ()


def test_usage_and_what_it_has_no_room_for() -> None:
    outputs = {
        "choices": [{"message": {"role": "assistant", "content": 'say "usage": {"prompt_tokens": 1}'}}],
        "usage": {
            "prompt_tokens": 498,
            "completion_tokens": 27,
            "completion_tokens_details": {"reasoning_tokens": 12},
            "prompt_tokens_details": {"cached_tokens": 384},
        },
    }
    told = '{"input_tokens": 498, "output_tokens": 27, "total_tokens": 525, "cache_read_input_tokens": 384}'
    attributes: Attributes = {**LLM, USAGE: told, OUTPUTS: json.dumps(outputs)}
    assert columns(attributes).tokens == read(attributes).tokens == TokenUsage(498, 27, 525, 384, None, 12)
    only = columns({**LLM, USAGE: told}).tokens
    assert only == TokenUsage(498, 27, 525, 384)
    quoted = json.dumps({"choices": [{"message": {"content": '"usage": {"prompt_tokens": 1}'}}]})
    assert columns({**LLM, OUTPUTS: quoted}).tokens == TokenUsage()


def test_usage_far_into_a_large_response_is_found_and_a_cut_one_is_none() -> None:
    text = json.dumps({"content": "x" * 1_000_000, "usage": {"input_tokens": 5, "output_tokens": 7}})
    attributes: Attributes = {**LLM, OUTPUTS: text}
    assert columns(attributes).tokens == read(attributes).tokens == TokenUsage(5, 7, 12)
    assert not columns({**LLM, OUTPUTS: text[:-20]}).tokens
    assert not columns({**LLM, OUTPUTS: '{"usage": ' + "{" * 5_000}).tokens


def test_usage_of_embeddings_is_only_in_the_response() -> None:
    outputs = {
        "data": [{"embedding": [0.0] * 32}, {"embedding": [0.5] * 32}],
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    }
    attributes: Attributes = {
        TYPE: '"EMBEDDING"',
        "mlflow.llm.model": '"text-embedding-3-small"',
        INPUTS: '{"model": "text-embedding-3-small", "input": ["first text", "second text"]}',
        OUTPUTS: json.dumps(outputs),
    }
    full = read(attributes)
    assert full.embedding == Embedding("text-embedding-3-small", 2, 32)
    assert full.tokens == columns(attributes).tokens == TokenUsage(4, None, 4)


@pytest.mark.parametrize(
    ("outputs", "embedding"),
    [
        ("[[0.5, 0.5], [1, 0]]", Embedding("", 2, 2)),
        ("[0.5, 0.5, 1]", Embedding("", 1, 3)),
        ('{"embeddings": [[0.5]]}', Embedding("", 1, 1)),
        ('{"data": [{"embedding": "base64"}]}', Embedding("", 1, None)),
        ('"nothing"', None),
    ],
)
def test_vectors_are_counted_and_never_shown(outputs: str, embedding: Embedding | None) -> None:
    assert read({TYPE: '"EMBEDDING"', OUTPUTS: outputs}).embedding == embedding


def test_cost() -> None:
    attributes: Attributes = {**LLM, "mlflow.llm.cost": '{"input_cost": 0.25, "output_cost": 0.5, "total_cost": 0.75}'}
    cost = read(attributes).cost
    assert cost is not None
    assert (cost.input, cost.output, cost.total, cost.source) == (0.25, 0.5, 0.75, "reported")
    assert columns(attributes).cost_total == 0.75


def test_documents_have_their_score_and_address_in_their_metadata() -> None:
    found = [
        {"page_content": "Refunds", "metadata": {"doc_uri": "kb/refunds.md", "score": 0.8}, "id": "d1"},
        {"page_content": "Shipping", "metadata": {}},
    ]
    attributes: Attributes = {TYPE: '"RETRIEVER"', INPUTS: '{"q": "how long?"}', OUTPUTS: json.dumps(found)}
    first, second = read(attributes).documents
    assert first == Document("Refunds", "d1", 0.8, {"doc_uri": "kb/refunds.md", "score": 0.8}, uri="kb/refunds.md")
    assert second == Document("Shipping", metadata={})
    assert columns(attributes).preview == '{"q": "how long?"}'


def test_a_tool() -> None:
    attributes: Attributes = {TYPE: '"TOOL"', INPUTS: '{"city": "Zürich"}', OUTPUTS: '{"temp_c": 7.5}'}
    assert read(attributes, name="get_weather").tool == Tool(
        "get_weather", arguments={"city": "Zürich"}, result={"temp_c": 7.5}
    )
    assert columns(attributes, name="get_weather").tool_name == "get_weather"


def test_a_model_among_a_tools_arguments_is_not_the_spans() -> None:
    attributes: Attributes = {TYPE: '"TOOL"', INPUTS: '{"model": "resnet"}'}
    assert columns(attributes).model == read(attributes).model == ""


def test_session_user_tags_and_prompts() -> None:
    full = read(
        {
            TYPE: '"AGENT"',
            "mlflow.trace.session": '"s1"',
            "mlflow.trace.user": "u1",
            "mlflow.traceTag.env": "dev",
            "mlflow.linkedPrompts": '[{"name": "greeting", "version": "3"}, {"name": "other", "version": "1"}]',
        },
        name="planner",
    )
    assert (full.session_id, full.user_id, full.agent_name) == ("s1", "u1", "planner")
    assert full.metadata == {"env": "dev"}
    assert full.prompt is not None
    assert (full.prompt.name, full.prompt.version) == ("greeting", "3")


def test_reasoning_of_the_responses_api() -> None:
    outputs = {"output": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "Greet."}]}]}
    assert read({**LLM, OUTPUTS: json.dumps(outputs)}).output_messages[0].parts == (ReasoningPart("Greet."),)


def test_a_cut_value_stays_text_and_is_a_problem() -> None:
    full = read({**LLM, INPUTS: '{"messages": [{"role": "user", "content": "hi', OUTPUTS: '"hello"'})
    assert full.input == '{"messages": [{"role": "user", "content": "hi'
    assert full.output_messages == (ChatMessage("assistant", (TextPart("hello"),)),)
    assert any("not valid JSON" in problem for problem in full.problems)
