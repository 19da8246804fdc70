"""Vercel AI SDK 3 to 7: what its spans say in each version."""

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
    ReasoningPart,
    TextPart,
    ToolCall,
    ToolResult,
)

CALL = {"toolCallId": "call_1", "toolName": "weather"}


def call(operation: str, **attributes: AttributeValue) -> dict[str, AttributeValue]:
    """The attributes of a span of an operation, `__` standing for a dot."""
    named = {f"ai.{name.replace('__', '.')}": value for name, value in attributes.items()}
    return {"operation.name": f"{operation} trip", "ai.operationId": operation, **named}


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("ai.generateText", Kind.AGENT),
        ("ai.streamText", Kind.AGENT),
        ("ai.generateObject", Kind.AGENT),
        ("ai.generateText.doGenerate", Kind.LLM),
        ("ai.streamText.doStream", Kind.LLM),
        ("ai.streamObject.doStream", Kind.LLM),
        ("ai.generateImage.doGenerate", Kind.LLM),
        ("ai.toolCall", Kind.TOOL),
        ("ai.embed", Kind.CHAIN),
        ("ai.embedMany.doEmbed", Kind.EMBEDDING),
        ("ai.rerank.doRerank", Kind.RERANKER),
        ("ai.somethingNew", Kind.CHAIN),
    ],
)
def test_the_operation_gives_the_kind(operation: str, kind: Kind) -> None:
    assert columns(call(operation)).kind is kind
    found = read(call(operation))
    assert (found.kind, found.convention, found.problems) == (kind, "Vercel AI SDK", ())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ai.generateText.doGenerate plan-trip", Kind.LLM),
        ("ai.generateText plan-trip", Kind.AGENT),
        ("ai.toolCall", Kind.TOOL),
        ("http.request", Kind.UNKNOWN),
    ],
)
def test_an_early_version_has_only_the_name_of_the_operation(name: str, kind: Kind) -> None:
    assert columns({"operation.name": name}).kind is kind
    assert (read({"operation.name": name}).kind, read({"operation.name": name}).problems) == (kind, ())


def test_messages_of_the_span_of_the_model() -> None:
    messages = [
        {"role": "system", "content": "Be terse."},
        {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "reasoning", "text": "Ask the tool."},
                {"type": "tool-call", **CALL, "input": {"city": "Lisbon"}},
            ],
        },
        {
            "role": "tool",
            "content": [{"type": "tool-result", **CALL, "output": {"type": "json", "value": {"temp": 22}}}],
        },
    ]
    found = read(call("ai.generateText.doGenerate", prompt__messages=json.dumps(messages)))
    assert [message.role for message in found.input_messages] == ["system", "user", "assistant", "tool"]
    assert found.system == "Be terse."
    assert found.input_messages[2].parts == (
        ReasoningPart("Ask the tool."),
        ToolCall("weather", {"city": "Lisbon"}, "call_1"),
    )
    assert found.input_messages[3].parts == (ToolResult({"temp": 22}, "weather", "call_1"),)
    assert found.sources["input_messages"] == "ai.prompt.messages"


@pytest.mark.parametrize(
    ("part", "result", "is_error"),
    [
        ({"output": {"type": "text", "value": "22 °C"}}, "22 °C", False),
        ({"output": {"type": "error-text", "value": "timed out"}}, "timed out", True),
        ({"output": {"type": "error-json", "value": {"code": 3}}}, {"code": 3}, True),
        ({"output": {"type": "content", "value": [{"type": "text", "text": "a"}]}}, "a", False),
        ({"output": {"type": "of its own", "value": 1}}, {"type": "of its own", "value": 1}, False),
        ({"result": {"temp": 22}}, {"temp": 22}, False),
        ({"result": "no", "isError": True}, "no", True),
    ],
)
def test_a_tool_result_of_any_version(part: dict[str, object], result: object, is_error: bool) -> None:
    messages = [{"role": "tool", "content": [{"type": "tool-result", **CALL, **part}]}]
    found = read(call("ai.generateText.doGenerate", prompt__messages=json.dumps(messages)))
    assert found.input_messages[0].parts == (ToolResult(result, "weather", "call_1", is_error),)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image", "image": {"type": "Buffer", "data": [137, 80, 78, 71]}, "mimeType": "image/png"},
        {"type": "image", "image": {"0": 137, "1": 80, "2": 78, "3": 71}, "mimeType": "image/png"},
        {"type": "image", "image": "iVBORw==", "mimeType": "image/png"},
        {"type": "file", "data": "iVBORw==", "mediaType": "image/png"},
    ],
)
def test_an_image_in_each_form_that_javascript_gives_it(part: dict[str, object]) -> None:
    found = read(call("ai.streamText", prompt=json.dumps({"messages": [{"role": "user", "content": [part]}]})))
    assert found.input_messages[0].parts == (MediaPart("image", "", "image/png", 4),)


def test_a_file_by_its_address() -> None:
    part = {"type": "file", "data": "https://example.test/a.pdf", "mediaType": "application/pdf"}
    found = read(call("ai.streamText", prompt=json.dumps({"messages": [{"role": "user", "content": [part]}]})))
    assert found.input_messages[0].parts == (MediaPart("document", "https://example.test/a.pdf", "application/pdf"),)


@pytest.mark.parametrize(
    "prompt",
    [
        {"system": "Be terse.", "prompt": "Weather?"},
        {"system": "Be terse.", "messages": [{"role": "user", "content": "Weather?"}]},
        {"system": "Be terse.", "prompt": [{"role": "user", "content": "Weather?"}]},
        {"system": [{"role": "system", "content": "Be terse."}], "prompt": "Weather?"},
    ],
)
def test_the_prompt_as_written_stands_on_the_outer_span(prompt: dict[str, object]) -> None:
    found = read(call("ai.generateText", prompt=json.dumps(prompt)))
    assert [(message.role, message.text) for message in found.input_messages] == [
        ("system", "Be terse."),
        ("user", "Weather?"),
    ]


@pytest.mark.parametrize("start", ["response", "result"])
def test_the_answer_is_one_message(start: str) -> None:
    calls = [{"toolCallType": "function", **CALL, "args": '{"city": "Lisbon"}'}]
    attributes: dict[str, AttributeValue] = {
        f"ai.{start}.text": "It rains.",
        f"ai.{start}.reasoning": "Clouds.",
        f"ai.{start}.toolCalls": json.dumps(calls),
        f"ai.{start}.finishReason" if start == "response" else "ai.finishReason": "tool-calls",
    }
    found = read(call("ai.streamText.doStream") | attributes)
    assert [message.parts for message in found.output_messages] == [
        (ReasoningPart("Clouds."), TextPart("It rains."), ToolCall("weather", {"city": "Lisbon"}, "call_1"))
    ]
    assert found.finish_reasons == ("tool-calls",)


def test_an_object_is_the_answer_as_it_was_written() -> None:
    found = read(call("ai.generateObject", response__object='{"title":"Lisboa"}'))
    assert found.output_messages[0].parts == (TextPart('{"title":"Lisboa"}'),)


def test_an_answer_that_was_not_recorded_is_none() -> None:
    found = read(call("ai.generateText.doGenerate", response__reasoning="", response__finishReason="stop"))
    assert found.output_messages == ()
    assert found.finish_reasons == ("stop",)


@pytest.mark.parametrize(
    "usage",
    [
        {"promptTokens": 96, "completionTokens": 187},
        {"inputTokens": 96, "outputTokens": 187, "totalTokens": 283, "promptTokens": 96, "completionTokens": 187},
    ],
)
def test_usage_under_old_and_new_names_counts_once(usage: dict[str, AttributeValue]) -> None:
    attributes = call("ai.streamText.doStream", **{f"usage__{name}": count for name, count in usage.items()})
    attributes |= {"gen_ai.usage.input_tokens": 96, "gen_ai.usage.output_tokens": 187}
    assert read(attributes).tokens[:3] == (96, 187, 283)
    assert columns(attributes).tokens[:3] == (96, 187, 283)


def test_usage_in_detail_since_6() -> None:
    attributes = call(
        "ai.generateText.doGenerate",
        usage__inputTokens=214,
        usage__outputTokens=48,
        usage__cachedInputTokens=128,
        usage__inputTokenDetails__cacheReadTokens=128,
        usage__inputTokenDetails__cacheWriteTokens=10,
        usage__inputTokenDetails__noCacheTokens=76,
        usage__outputTokenDetails__reasoningTokens=7,
        usage__reasoningTokens=7,
    )
    assert read(attributes).tokens[:6] == columns(attributes).tokens[:6] == (214, 48, 262, 128, 10, 7)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"openai": {"cachedPromptTokens": 128, "reasoningTokens": 7}}, (214, 48, 262, 128, None, 7)),
        ({"bedrock": {"usage": {"cacheWriteInputTokens": 30}}}, (214, 48, 262, None, 30, None)),
        # Anthropic's input leaves the cache out.
        (
            {"anthropic": {"cacheReadInputTokens": 1000, "cacheCreationInputTokens": 30}},
            (1244, 48, 1292, 1000, 30, None),
        ),
        ({"openai": {"acceptedPredictionTokens": 0}}, (214, 48, 262, None, None, None)),
        ({"openai": None, "Tokens": 3}, (214, 48, 262, None, None, None)),
    ],
)
def test_cache_told_by_the_provider_before_6(metadata: dict[str, object], expected: tuple[int | None, ...]) -> None:
    attributes = call(
        "ai.generateText.doGenerate",
        usage__promptTokens=214,
        usage__completionTokens=48,
        response__providerMetadata=json.dumps(metadata),
    )
    assert read(attributes).tokens[:6] == columns(attributes).tokens[:6] == expected


def test_the_prompt_that_langfuse_keeps() -> None:
    kept = json.dumps({"name": "trip", "version": 3, "labels": []})
    prompt = read(call("ai.generateText", telemetry__metadata__langfusePrompt=kept)).prompt
    assert prompt is not None
    assert (prompt.name, prompt.version) == ("trip", "3")


def test_usage_that_a_stream_never_told_is_not_known() -> None:
    attributes = call("ai.streamText.doStream", usage__promptTokens=float("nan"), usage__completionTokens=float("nan"))
    assert not columns(attributes).tokens
    assert not read(attributes).tokens


@pytest.mark.parametrize(
    ("given", "provider"),
    [
        ("openai.chat", "openai"),
        ("openai.responses", "openai"),
        ("anthropic.messages", "anthropic"),
        ("google.generative-ai", "gcp.gemini"),
        ("google.vertex.chat", "gcp.vertex_ai"),
        ("google.vertex.anthropic.messages", "gcp.vertex_ai"),
        ("azure-openai.chat", "azure.ai.openai"),
        ("azure.responses", "azure.ai.openai"),
        ("amazon-bedrock", "aws.bedrock"),
        ("mistral.chat", "mistral_ai"),
        ("xai.chat", "x_ai"),
        ("groq.transcription", "groq"),
        ("mycompany.chat", "mycompany"),
        ("az.ai.openai", "azure.ai.openai"),
        ("gcp.vertex_ai", "gcp.vertex_ai"),
        ("my.gateway", "my.gateway"),
    ],
)
def test_a_provider_loses_the_name_of_its_api(given: str, provider: str) -> None:
    attributes = call("ai.generateText.doGenerate", model__provider=given) | {"gen_ai.system": given}
    assert read(attributes).provider == columns(attributes).provider == provider


def test_telemetry_settings() -> None:
    attributes = call(
        "ai.generateText",
        telemetry__functionId="plan-trip",
        telemetry__metadata__sessionId="s1",
        telemetry__metadata__userId="u1",
        telemetry__metadata__tags=["beta"],
        telemetry__metadata__plan="pro",
        settings__topP=0.9,
        settings__maxRetries=2,
        request__headers__authorization="secret",
    )
    found = read(attributes)
    assert (found.session_id, found.user_id, found.agent_name, found.tags) == ("s1", "u1", "plan-trip", ("beta",))
    assert found.metadata == {"plan": "pro"}
    assert found.params == {"top_p": 0.9, "max_retries": 2}
    assert (columns(attributes).session_id, columns(attributes).user_id) == ("s1", "u1")


def test_runtime_context_of_7_holds_the_session() -> None:
    attributes: dict[str, AttributeValue] = {
        "gen_ai.operation.name": "invoke_agent",
        "ai.settings.context.sessionId": "s1",
        "ai.settings.context.userId": "u1",
        "ai.settings.context.tenant.plan": "pro",
    }
    found = read(attributes, scope="gen_ai")
    assert (found.session_id, found.user_id, found.metadata) == ("s1", "u1", {"tenant.plan": "pro"})
    assert found.params == {}
    assert found.convention == "Vercel AI SDK"


def test_a_step_of_an_agent_in_7_is_a_chain() -> None:
    assert columns({"gen_ai.operation.name": "agent_step"}, scope="gen_ai").kind is Kind.CHAIN
    assert read({"gen_ai.operation.name": "agent_step"}, scope="gen_ai").problems == ()


def test_a_tool_span() -> None:
    attributes = call(
        "ai.toolCall",
        toolCall__name="weather",
        toolCall__id="call_1",
        toolCall__args='{"city":"Lisbon"}',
        toolCall__result='{"temp":22}',
    )
    tool = read(attributes).tool
    assert tool is not None
    assert (tool.name, tool.call_id, tool.arguments, tool.result) == (
        "weather",
        "call_1",
        {"city": "Lisbon"},
        {"temp": 22},
    )
    assert (columns(attributes).tool_name, columns(attributes).preview) == ("weather", '{"city":"Lisbon"}')


def test_tools_offered_are_json_in_a_list() -> None:
    tools = [json.dumps({"type": "function", "name": name, "inputSchema": {"type": "object"}}) for name in ("a", "b")]
    found = read(call("ai.generateText.doGenerate", prompt__tools=tools, prompt__toolChoice='{"type":"auto"}'))
    assert [tool.name for tool in found.tool_defs] == ["a", "b"]
    assert found.tool_defs[0].parameters == {"type": "object"}
    assert found.params == {"tool_choice": {"type": "auto"}}


def test_one_tool_that_cannot_be_read_does_not_lose_the_others() -> None:
    tools = ['{"type":"function","na', json.dumps({"type": "function", "name": "b"})]
    found = read(call("ai.generateText.doGenerate", prompt__tools=tools))
    assert [tool.name for tool in found.tool_defs] == ["b"]


def test_an_embedded_value_is_words_and_its_vector_only_a_size() -> None:
    found = read(call("ai.embed.doEmbed", model__id="e3", values=['"museums"'], embeddings=["[0.1,0.2,-3e-5]"]))
    assert found.embedding == Embedding("e3", 1, 3)
    assert [message.text for message in found.input_messages] == ["museums"]
    assert found.documents == ()
    assert read(call("ai.embed", value='"museums"', embedding="[]")).input_messages[0].text == "museums"


def test_values_embedded_together_are_documents() -> None:
    found = read(call("ai.embedMany.doEmbed", values=['"Tram 28"', '"Closed"'], usage__tokens=6))
    assert found.documents == (Document("Tram 28"), Document("Closed"))
    assert (found.tokens.input, found.tokens.output, found.tokens.total) == (6, None, None)
    in_7 = {"gen_ai.operation.name": "embeddings", "ai.values": ['"Tram 28"', '"Closed"']}
    assert read(in_7).documents == found.documents


def test_a_reranker_puts_documents_in_their_new_order() -> None:
    ranking = ['{"index":1,"relevanceScore":0.9}', '{"index":0,"relevanceScore":0.2}', '{"index":9}', "{"]
    found = read(call("ai.rerank.doRerank", documents=['"Tram 28"', '{"t":"Closed"}'], ranking=ranking))
    assert found.documents == (Document('{"t": "Closed"}', score=0.9), Document("Tram 28", score=0.2))
    assert found.rerank is not None
    assert [document.content for document in found.rerank.documents] == ["Tram 28", '{"t": "Closed"}']
    assert found.problems == ("An entry of ai.ranking names no document.",)


@pytest.mark.parametrize("key", ["ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"])
def test_time_to_first_token_in_milliseconds(key: str) -> None:
    assert read(call("ai.streamText.doStream") | {key: 250.5}).ttft_s == pytest.approx(0.2505)


def test_time_to_first_token_told_by_an_event() -> None:
    found = read(call("ai.streamText.doStream"), events=[event("ai.stream.firstChunk", after=0.5)])
    assert found.ttft_s == pytest.approx(0.5)


def test_the_last_words_of_the_user_are_the_preview() -> None:
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "user", "content": [{"type": "text", "text": "Weather in Lisbon?"}]},
    ]
    attributes = call("ai.generateText.doGenerate", prompt__messages=json.dumps(messages))
    assert columns(attributes).preview == "Weather in Lisbon?"


def _of_anthropic(**given: AttributeValue) -> dict[str, AttributeValue]:
    usage = {"input_tokens": 100, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 20, "output_tokens": 5}
    kept = json.dumps({"anthropic": {"usage": usage, "cacheCreationInputTokens": 30}})
    return call("ai.generateText.doGenerate", response__providerMetadata=kept, usage__outputTokens=5, **given)


@pytest.mark.parametrize(
    "attributes",
    [
        # 5 passes on Anthropic's count, 6 adds the cache to it.
        _of_anthropic(usage__inputTokens=100, usage__totalTokens=105, usage__cachedInputTokens=20),
        _of_anthropic(usage__inputTokens=150, usage__totalTokens=155, usage__cachedInputTokens=20),
    ],
)
def test_anthropics_input_includes_the_cache_in_5_and_6(attributes: dict[str, AttributeValue]) -> None:
    found = read(attributes)
    assert found.tokens == columns(attributes).tokens
    assert found.tokens[:5] == (150, 5, 155, 20, 30)
    assert "tokens.uncached" not in found.sources


def test_geminis_output_includes_its_thoughts_in_5() -> None:
    attributes = call(
        "ai.generateText.doGenerate",
        usage__inputTokens=10,
        usage__outputTokens=25,
        usage__reasoningTokens=20,
        usage__totalTokens=55,
    )
    assert read(attributes).tokens.output == columns(attributes).tokens.output == 45
