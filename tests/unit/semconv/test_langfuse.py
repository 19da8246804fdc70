"""Sections 9, 15 and 16 of the reference: Langfuse."""

from __future__ import annotations

import json

import pytest

from tests.unit.semconv.making import columns, read
from tracetui.model.attributes import Attributes
from tracetui.model.chat import (
    ChatMessage,
    Document,
    Embedding,
    Kind,
    MediaPart,
    ReasoningPart,
    SpanError,
    TextPart,
    TokenUsage,
    Tool,
    ToolCall,
    ToolDefinition,
)
from tracetui.model.explain import Explanation, explain_field
from tracetui.model.span import Status
from tracetui.semconv.core.buckets import sides

O = "langfuse.observation"  # noqa: E741
T = "langfuse.trace"
TYPE = f"{O}.type"


def of_usage(details: object) -> TokenUsage:
    attributes: Attributes = {TYPE: "generation", f"{O}.usage_details": json.dumps(details)}
    assert columns(attributes).tokens == read(attributes).tokens
    return read(attributes).tokens


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("generation", Kind.LLM),
        ("embedding", Kind.EMBEDDING),
        ("tool", Kind.TOOL),
        ("retriever", Kind.RETRIEVER),
        ("agent", Kind.AGENT),
        ("chain", Kind.CHAIN),
        ("span", Kind.CHAIN),
        ("evaluator", Kind.EVALUATOR),
        ("guardrail", Kind.GUARDRAIL),
        ("event", Kind.UNKNOWN),
        ("GENERATION", Kind.LLM),
        ("novelty", Kind.UNKNOWN),
    ],
)
def test_types(word: str, kind: Kind) -> None:
    assert read({TYPE: word}).kind is columns({TYPE: word}).kind is kind


def test_a_type_that_hardly_says_anything_never_beats_a_specific_kind() -> None:
    assert columns({TYPE: "span", "gen_ai.operation.name": "execute_tool"}).kind is Kind.TOOL
    assert columns({TYPE: "span", "openinference.span.kind": "LLM"}).kind is Kind.LLM
    assert columns({TYPE: "generation", "openinference.span.kind": "CHAIN"}).kind is Kind.LLM


def test_a_type_that_is_not_known_is_kept_as_a_problem() -> None:
    assert read({TYPE: "novelty"}).problems == ("The kind 'novelty' is not known here; it reads as UNKNOWN.",)


def test_a_chat_request_with_tools_and_a_calling_answer() -> None:
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
    call = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Zürich"}'}}
    full = read(
        {
            TYPE: "generation",
            f"{O}.model.name": "gpt-4o-mini",
            f"{O}.model.parameters": '{"temperature": 0.2, "max_tokens": "Infinity"}',
            f"{O}.input": json.dumps({"tools": [tool], "messages": [{"role": "system", "content": "Be terse."}]}),
            f"{O}.output": json.dumps({"role": "assistant", "content": None, "tool_calls": [call]}),
        }
    )
    assert full.convention == "Langfuse"
    assert full.model == "gpt-4o-mini"
    assert full.system == "Be terse."
    assert full.tool_defs == (ToolDefinition("get_weather", "", {"type": "object"}),)
    assert full.output_messages == (ChatMessage("assistant", (ToolCall("get_weather", {"city": "Zürich"}, "c1"),)),)
    assert full.params == {"temperature": 0.2, "max_tokens": "Infinity"}
    assert full.sources["input_messages"] == f"{O}.input"


def test_the_responses_api_with_reasoning() -> None:
    out = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Greet."}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi."}]},
    ]
    full = read({TYPE: "generation", f"{O}.input": '"say hi"', f"{O}.output": json.dumps(out)})
    assert [message.parts for message in full.output_messages] == [(ReasoningPart("Greet."),), (TextPart("Hi."),)]
    assert full.input_messages == (ChatMessage("user", (TextPart("say hi"),)),)


def test_plain_words_of_a_generation_are_a_conversation_and_those_of_a_chain_are_not() -> None:
    said = {f"{O}.input": "stream it", f"{O}.output": "Streamed."}
    generation, chain = read({TYPE: "generation", **said}), read({TYPE: "chain", **said})
    assert [message.text for message in (*generation.input_messages, *generation.output_messages)] == [
        "stream it",
        "Streamed.",
    ]
    assert (chain.input_messages, chain.output_messages) == ((), ())
    assert (chain.input, chain.output) == ("stream it", "Streamed.")
    assert columns({TYPE: "generation", **said}).preview == "stream it"


def test_the_last_words_of_the_user_are_the_preview_of_a_generation() -> None:
    messages = [{"role": "user", "content": "first"}, {"role": "assistant", "content": "x"}]
    attributes: Attributes = {
        TYPE: "generation",
        f"{O}.input": json.dumps([*messages, messages[0] | {"content": "last"}]),
    }
    assert columns(attributes).preview == "last"


def test_a_medium_that_the_sdk_took_out_is_still_told_by_its_type() -> None:
    token = "@@@langfuseMedia:type=image/png|id=xBTN|source=base64_data_uri@@@"
    content = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": token}}]
    full = read({TYPE: "generation", f"{O}.input": json.dumps([{"role": "user", "content": content}])})
    assert full.input_messages[0].parts[1] == MediaPart("image", token, "image/png")


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        pytest.param({"input": 90, "output": 12}, TokenUsage(90, 12, 102), id="two sides"),
        pytest.param(
            {"input": 90, "output": 12, "input_cached_tokens": 32, "output_reasoning_tokens": 3},
            TokenUsage(122, 15, 137, 32, None, 3),
            id="disjoint buckets",
        ),
        pytest.param(
            {"input": 90, "output": 12, "total": 102, "input_cached_tokens": 32, "output_reasoning_tokens": 3},
            TokenUsage(90, 12, 102, 32, None, 3),
            id="a total that says the buckets overlap",
        ),
        pytest.param(
            {"input": 90, "output": 12, "total": 105, "input_cached_tokens": 32, "output_reasoning_tokens": 3},
            TokenUsage(90, 15, 105, 32, None, 3),
            id="a total that says only one side overlaps",
        ),
        pytest.param(
            {
                "input": 4,
                "output": 7,
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 20,
                "cache_creation_ephemeral_5m_input_tokens": 15,
                "cache_creation_ephemeral_1h_input_tokens": 5,
            },
            TokenUsage(124, 7, 131, 100, 20),
            id="cache writes by lifetime are not counted beside their sum",
        ),
        pytest.param(
            {"input": 20, "output": 5, "total": 41, "input_cache_read": 16, "input_audio": 0, "output_reasoning": 0},
            TokenUsage(36, 5, 41, 16, None, 0),
            id="what LangChain's handler makes of usage metadata",
        ),
        pytest.param(
            {"input": 0, "output": 5, "input_modality_TEXT": 30, "total": 35},
            TokenUsage(30, 5, 35),
            id="modalities",
        ),
        pytest.param(
            {"input": 10, "output": 5, "input_priority": 10, "output_priority": 5},
            TokenUsage(10, 5, 15),
            id="a priority tier is no bucket of its own",
        ),
        pytest.param(
            {
                "prompt_tokens": 498,
                "completion_tokens": 27,
                "total_tokens": 525,
                "prompt_tokens_details": {"cached_tokens": 384},
                "completion_tokens_details": {"reasoning_tokens": 12},
            },
            TokenUsage(498, 27, 525, 384, None, 12),
            id="OpenAI's own words are inclusive",
        ),
        pytest.param({"input": 3}, TokenUsage(3), id="an embedding"),
        pytest.param({"pages": 4}, TokenUsage(), id="units that are no tokens"),
        pytest.param({"input": "no", "output": None}, TokenUsage(), id="what is no number"),
    ],
)
def test_usage_details(details: dict[str, object], expected: TokenUsage) -> None:
    assert of_usage(details) == expected


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"input": 0.25, "output": 0.5}, (0.25, 0.5, 0.75)),
        ({"input": 0.25, "output": 0.5, "total": 0.75}, (0.25, 0.5, 0.75)),
        ({"input": 0.25, "input_cached_tokens": 0.125, "output": 0.5}, (0.375, 0.5, 0.875)),
        ({"total": 0.75}, (None, None, 0.75)),
        ({"input": 0, "output": 0, "total": 0}, (0, 0, 0)),
    ],
)
def test_cost_details(details: dict[str, float], expected: tuple[float | None, ...]) -> None:
    attributes: Attributes = {TYPE: "generation", f"{O}.cost_details": json.dumps(details)}
    cost = read(attributes).cost
    assert cost is not None
    assert (cost.input, cost.output, cost.total) == expected
    assert columns(attributes).cost_total == expected[2]
    told = explain_field(read(attributes), "cost.total")
    assert told is not None
    assert (told.source, told.conversion) == (f"{O}.cost_details", "JSON text decoded")


def test_empty_or_broken_details_are_none() -> None:
    for text in ("{}", "[]", "null", "{", ""):
        attributes = {TYPE: "generation", f"{O}.cost_details": text, f"{O}.usage_details": text}
        assert read(attributes).cost is None
        assert not columns(attributes).tokens


def test_buckets_without_a_whole_side() -> None:
    assert sides({"input_cached_tokens": 5}) == (5, None, None, 5, None, None)
    assert sides({}) == (None, None, None, None, None, None)


def test_one_family_of_tokens_where_two_conventions_tell() -> None:
    attributes: Attributes = {
        TYPE: "generation",
        f"{O}.usage_details": '{"input": 10, "output": 5, "input_cached_tokens": 30}',
        "gen_ai.usage.input_tokens": 40,
        "gen_ai.usage.output_tokens": 5,
    }
    assert columns(attributes).tokens == read(attributes).tokens == TokenUsage(40, 5, 45, 30)


def test_a_level_counts_as_an_error_even_where_the_status_is_unset() -> None:
    attributes = {TYPE: "tool", f"{O}.level": "ERROR", f"{O}.status_message": "Error code: 429"}
    assert read(attributes).errors == (SpanError("Error code: 429"),)
    assert columns(attributes).is_error
    assert columns(attributes).preview == "Error code: 429"
    failed = read(attributes, status=Status(2, "Error code: 429"))
    assert failed.errors == (SpanError("Error code: 429"),)


@pytest.mark.parametrize("level", ["WARNING", "DEFAULT", "DEBUG"])
def test_a_level_below_is_no_error_but_is_told(level: str) -> None:
    attributes = {TYPE: "span", f"{O}.level": level, f"{O}.status_message": "took too long"}
    assert read(attributes).errors == ()
    assert not columns(attributes).is_error
    assert read(attributes).metadata == {"level": level, "status_message": "took too long"}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ('"2023-11-14T22:13:20.500000Z"', 0.5),
        ("2023-11-14T22:13:20.250000+00:00", 0.25),
        ("2023-11-14T23:13:20.250000+01:00", 0.25),
        ("2023-11-14T22:13:20.5", 0.5),
        ("2023-11-14T22:14:20Z", None),
        ("2023-11-14T22:13:19Z", None),
        ("soon", None),
        ("", None),
    ],
)
def test_the_first_token_is_a_time_of_day(value: str, seconds: float | None) -> None:
    full = read({TYPE: "generation", f"{O}.completion_start_time": value})
    assert full.ttft_s == seconds
    assert bool(full.problems) is (value == "soon")


def test_documents_of_a_retriever() -> None:
    found = [
        {"id": "d1", "content": "Refunds", "score": 0.9},
        {"page_content": "Shipping", "metadata": {"a": 1}},
        "words",
    ]
    full = read({TYPE: "retriever", f"{O}.input": "how long?", f"{O}.output": json.dumps(found)})
    assert full.documents == (
        Document("Refunds", "d1", 0.9),
        Document("Shipping", metadata={"a": 1}),
        Document("words"),
    )
    assert columns({TYPE: "retriever", f"{O}.input": "how long?"}).preview == "how long?"
    assert read({TYPE: "tool", f"{O}.output": json.dumps(found)}).documents == ()


def test_a_tool_bears_the_name_of_its_span() -> None:
    attributes = {
        TYPE: "tool",
        f"{O}.input": '{"args": [], "kwargs": {"city": "Zürich"}}',
        f"{O}.output": '{"temp_c": 7.5}',
    }
    full = read(attributes, name="get_weather")
    assert full.tool == Tool("get_weather", arguments={"city": "Zürich"}, result={"temp_c": 7.5})
    assert explain_field(full, "tool.name") == Explanation("tool.name", "get_weather", "", "", "the span's own name")
    assert columns(attributes, name="get_weather").tool_name == "get_weather"
    assert columns({TYPE: "agent"}, name="planner").agent_name == read({TYPE: "agent"}, name="planner").agent_name
    plain = columns({TYPE: "chain"}, name="planner")
    assert (plain.tool_name, plain.agent_name) == ("", "")


def test_what_the_wrapper_tells_of_embeddings() -> None:
    full = read(
        {
            TYPE: "embedding",
            f"{O}.input": '["first text", "second text"]',
            f"{O}.model.name": "text-embedding-3-small",
            f"{O}.output": '{"dimensions": 32, "count": 2}',
        }
    )
    assert full.embedding == Embedding("text-embedding-3-small", 2, 32)
    assert [message.text for message in full.input_messages] == ["first text", "second text"]


def test_session_user_tags_prompt_and_metadata() -> None:
    full = read(
        {
            TYPE: "generation",
            "langfuse.session.id": "compat-s",
            "langfuse.user.id": "compat-u",
            f"{T}.name": "support request",
            f"{T}.tags": ["prod", "eu"],
            f"{T}.metadata.tenant": '"acme"',
            f"{T}.metadata.tier": '"gold"',
            f"{O}.metadata.tier": '"silver"',
            f"{O}.metadata": '{"whole": [1]}',
            f"{O}.prompt.name": "greeting",
            f"{O}.prompt.version": 3,
            "langfuse.environment": "dev",
            "langfuse.release": "1.2",
            "langfuse.experiment.name": "A/B",
            "langfuse.experiment.item.expected_output": '{"ok": true}',
        }
    )
    assert (full.session_id, full.user_id, full.workflow) == ("compat-s", "compat-u", "support request")
    assert full.tags == ("prod", "eu")
    assert full.prompt is not None
    assert (full.prompt.name, full.prompt.version) == ("greeting", "3")
    assert full.metadata == {
        "whole": [1],
        "tier": "silver",
        "tenant": "acme",
        "environment": "dev",
        "release": "1.2",
        "experiment.name": "A/B",
        "experiment.item.expected_output": {"ok": True},
    }


def test_the_published_session_key_stands_before_the_old_one() -> None:
    attributes = {"session.id": "new", "langfuse.session.id": "old", TYPE: "span"}
    assert columns(attributes).session_id == read(attributes).session_id == "new"


def test_input_and_output_of_the_trace_are_read_where_the_observation_has_none() -> None:
    said = {f"{T}.input": '[{"role": "user", "content": "hi"}]', f"{T}.output": "hello"}
    full = read({TYPE: "generation", **said})
    assert [message.text for message in (*full.input_messages, *full.output_messages)] == ["hi", "hello"]
    own = read({TYPE: "generation", f"{O}.input": "own words", **said})
    assert [message.text for message in own.input_messages] == ["own words"]
    assert own.input == "own words"


def test_a_cut_input_stays_text_and_is_a_problem() -> None:
    full = read({TYPE: "generation", f"{O}.input": '[{"role": "user", "content": "hi', f"{O}.output": "hello"})
    assert [message.text for message in full.input_messages] == ['[{"role": "user", "content": "hi']
    assert [message.text for message in full.output_messages] == ["hello"]
    assert any("not valid JSON" in problem for problem in full.problems)


def test_what_other_instrumentation_writes_on_a_span_is_believed_before_langfuse() -> None:
    """OpenInference's flattened messages are richer than Langfuse's JSON of the same call (section 15)."""
    full = read(
        {
            TYPE: "generation",
            f"{O}.input": '[{"role": "user", "content": "as JSON"}]',
            "openinference.span.kind": "LLM",
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "flattened",
        }
    )
    assert [message.text for message in full.input_messages] == ["flattened"]
