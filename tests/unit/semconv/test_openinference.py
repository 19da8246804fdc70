"""Section 4 of the reference: OpenInference."""

from __future__ import annotations

import json

import pytest

from tests.unit.semconv.making import columns, event, read
from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import (
    ChatMessage,
    Cost,
    Document,
    Embedding,
    Evaluation,
    Kind,
    MediaPart,
    OtherPart,
    PromptTemplate,
    ReasoningPart,
    Rerank,
    TextPart,
    TokenUsage,
    Tool,
    ToolCall,
    ToolDefinition,
    ToolResult,
)
from tracetui.semconv import project

KIND = "openinference.span.kind"
IN, OUT = "llm.input_messages", "llm.output_messages"


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.UNKNOWN])
def test_each_kind_is_said_outright_in_any_case(kind: Kind) -> None:
    for value in (kind.value, kind.value.lower(), f'"{kind.value}"'):
        assert read({KIND: value}).kind is kind
        assert columns({KIND: value}).kind is kind


def test_a_decision_is_an_llm_span() -> None:
    assert read({KIND: "DECISION"}).kind is Kind.LLM


def test_an_unknown_kind_is_unknown_and_said_so() -> None:
    full = read({KIND: "WORKFLOW"})
    assert full.kind is Kind.UNKNOWN
    assert any("WORKFLOW" in problem for problem in full.problems)


def test_unknown_never_beats_a_specific_kind() -> None:
    assert read({KIND: "UNKNOWN", "gen_ai.operation.name": "chat"}).kind is Kind.LLM
    assert columns({KIND: "BOGUS", "llm.model_name": "m"}).kind is Kind.LLM


def test_the_kind_said_outright_beats_the_operation() -> None:
    assert read({"gen_ai.operation.name": "chat", KIND: "AGENT"}).kind is Kind.AGENT


def test_messages_are_ordered_by_index_with_holes() -> None:
    full = read({f"{IN}.{index}.message.content": f"words {index}" for index in (10, 2, 0, 400)})
    assert [message.text for message in full.input_messages] == ["words 0", "words 2", "words 10", "words 400"]


def test_an_index_bomb_costs_only_itself() -> None:
    full = read({f"{IN}.0.message.content": "here", f"{IN}.999999999999.message.content": "boom"})
    assert [message.text for message in full.input_messages] == ["here"]
    assert any("index" in problem for problem in full.problems)


def test_contents_of_every_type() -> None:
    at = f"{IN}.0.message.contents"
    full = read(
        {
            f"{IN}.0.message.role": "user",
            f"{at}.0.message_content.type": "text",
            f"{at}.0.message_content.text": "look",
            f"{at}.1.message_content.type": "image",
            f"{at}.1.message_content.image.image.url": "data:image/png;base64,QUJDRA==",
            f"{at}.2.message_content.type": "audio",
            f"{at}.2.message_content.audio.audio.url": "https://files.example/a.wav",
            f"{at}.2.message_content.audio.audio.mime_type": "audio/wav",
            f"{at}.3.message_content.type": "reasoning",
            f"{at}.3.message_content.text": "hm",
            f"{at}.3.message_content.signature": "opaque",
            f"{at}.4.message_content.type": "hologram",
            f"{at}.4.message_content.depth": 3,
        }
    )
    assert full.input_messages == (
        ChatMessage(
            "user",
            (
                TextPart("look"),
                MediaPart("image", "", "image/png", 4),
                MediaPart("audio", "https://files.example/a.wav", "audio/wav", None),
                ReasoningPart("hm"),
                OtherPart("hologram", {"type": "hologram", "depth": 3}),
            ),
        ),
    )


def test_content_that_repeats_the_contents_is_dropped() -> None:
    at = f"{OUT}.0.message"
    full = read({f"{at}.content": "7.5 °C", f"{at}.contents.0.message_content.text": "7.5 °C"})
    assert full.output_messages == (ChatMessage("assistant", (TextPart("7.5 °C"),)),)


def test_tool_calls_have_decoded_arguments_and_appear_once() -> None:
    at = f"{OUT}.0.message"
    call = {"id": "call_1", "function.name": "get_weather", "function.arguments": '{"city": "Zürich"}'}
    attributes = {f"{at}.tool_calls.0.tool_call.{key}": value for key, value in call.items()}
    attributes |= {f"{at}.contents.0.tool_call.{key}": value for key, value in call.items()}
    attributes[f"{at}.contents.0.message_content.type"] = "tool_use"
    full = read(attributes)
    assert full.output_messages[0].parts == (ToolCall("get_weather", {"city": "Zürich"}, "call_1"),)


def test_arguments_that_do_not_decode_stay_text() -> None:
    at = f"{OUT}.0.message.tool_calls.0.tool_call.function"
    full = read({f"{at}.name": "f", f"{at}.arguments": '{"city": "Zür'})
    assert full.output_messages[0].parts == (ToolCall("f", '{"city": "Zür'),)


def test_a_call_without_arguments_has_an_empty_object() -> None:
    full = read({f"{OUT}.0.message.tool_calls.0.tool_call.function.name": "transfer"})
    assert full.output_messages[0].parts == (ToolCall("transfer", {}),)


def test_the_legacy_single_call() -> None:
    at = f"{OUT}.0.message"
    full = read({f"{at}.function_call_name": "f", f"{at}.function_call_arguments_json": "{}"})
    assert full.output_messages[0].parts == (ToolCall("f", {}),)


def test_what_a_tool_answered_is_a_result() -> None:
    at = f"{IN}.0.message"
    answer = {f"{at}.role": "tool", f"{at}.content": '{"sky": "drizzle"}', f"{at}.tool_call_id": "c", f"{at}.name": "f"}
    assert read(answer).input_messages[0].parts == (ToolResult('{"sky": "drizzle"}', "f", "c"),)


def test_a_hidden_message_is_not_text() -> None:
    full = read({f"{IN}.0.message.role": "user", f"{IN}.0.message.content": "__REDACTED__"})
    assert full.input_messages[0].parts == (OtherPart("hidden", "__REDACTED__"),)
    assert full.input_messages[0].text == ""


def test_a_hidden_value_is_absent_and_said_so() -> None:
    full = read({KIND: "TOOL", "input.value": "__REDACTED__", "input.mime_type": "application/json"})
    assert (full.input, full.tool) == ("", Tool())
    assert any("input.value is hidden" in problem for problem in full.problems)


def test_a_message_that_is_none_costs_only_itself() -> None:
    full = read({f"{IN}.0": "odd", f"{IN}.1.message.content": "fine"})
    assert [message.text for message in full.input_messages] == ["fine"]
    assert any("Message 0" in problem for problem in full.problems)


def test_models_asked_for_and_answering() -> None:
    full = read({"llm.model_name": "either", "llm.request.model_name": "asked", "llm.response.model_name": "told"})
    assert (full.model_request, full.model_response, full.model) == ("asked", "told", "told")
    assert read({"llm.model_name": "either", "llm.request.model_name": "asked"}).model == "either"
    assert columns({"llm.invocation_parameters": '{"model": "gpt-4o"}'}).model == "gpt-4o"


def test_a_router_writes_the_provider_before_the_model() -> None:
    full = read({"llm.model_name": "openai/gpt-4o", "llm.provider": "openai"})
    assert (full.model_request, full.model_response) == ("openai/gpt-4o", "gpt-4o")
    assert read({"llm.model_name": "meta/llama", "llm.provider": "groq"}).model == "meta/llama"


def test_the_host_beats_the_family_as_provider() -> None:
    assert read({"llm.provider": "azure", "llm.system": "openai"}).provider == "azure"
    assert read({"llm.system": "mistralai"}).provider == "mistral_ai"


def test_tokens_and_cost() -> None:
    full = read(
        {
            "llm.token_count.prompt": "2584",
            "llm.token_count.completion": 96.0,
            "llm.token_count.prompt_details.cache_read": 2048,
            "llm.token_count.prompt_details.cache_write": 512,
            "llm.token_count.completion_details.reasoning": 7,
            "llm.cost.prompt": 0.5,
            "llm.cost.completion": "0.25",
            "llm.cost.prompt_details.cache_read": 9.0,
        }
    )
    assert full.tokens == TokenUsage(2584, 96, 2680, 2048, 512, 7)
    assert full.cost == Cost(0.5, 0.25, 0.75, "reported")
    assert full.sources["tokens.input"] == "llm.token_count.prompt"


def test_the_older_name_of_cache_reads() -> None:
    old = "llm.token_count.prompt_details.cache_input"
    assert read({"llm.token_count.prompt": 10, old: 4}).tokens.cache_read == 4


def test_a_total_is_not_made_of_one_side() -> None:
    assert read({"llm.token_count.prompt": 10}).tokens == TokenUsage(input=10)
    assert read({"llm.cost.prompt": 0.5}).cost == Cost(input=0.5)


def test_a_negative_count_is_unknown_and_zero_is_zero() -> None:
    assert read({"llm.token_count.prompt": -4, "llm.token_count.completion": 0}).tokens == TokenUsage(output=0)


def test_tool_definitions_in_each_form() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    forms = [
        {"type": "function", "function": {"name": "a", "description": "A", "parameters": schema}},
        {"name": "b", "input_schema": schema},
    ]
    attributes = {f"llm.tools.{index}.tool.json_schema": json.dumps(form) for index, form in enumerate(forms)}
    attributes |= {"llm.tools.2.tool.name": "c", "llm.tools.2.tool.json_schema": json.dumps(schema)}
    assert read(attributes).tool_defs == (
        ToolDefinition("a", "A", schema),
        ToolDefinition("b", "", schema),
        ToolDefinition("c", "", schema),
    )


def test_a_tool_span() -> None:
    full = read(
        {
            KIND: "TOOL",
            "tool.name": "get_weather",
            "tool.description": "Current weather",
            "tool.id": "call_1",
            "tool.parameters": '{"city": "Oslo"}',
            "output.value": '{"temp": 3}',
            "output.mime_type": "application/json",
        }
    )
    assert full.tool == Tool("get_weather", "Current weather", "call_1", {"city": "Oslo"}, {"temp": 3})


def test_a_schema_in_the_place_of_arguments_is_none() -> None:
    schema = '{"type": "object", "properties": {"city": {"type": "string"}}}'
    attributes = {KIND: "TOOL", "tool.parameters": schema, "input.value": '{"kwargs": {"city": "Oslo"}}'}
    full = read({**attributes, "input.mime_type": "application/json"})
    assert full.tool is not None
    assert full.tool.arguments == {"city": "Oslo"}
    assert full.sources["tool.arguments"] == "input.value"


def test_plain_text_that_looks_like_json_stays_text() -> None:
    full = read({KIND: "TOOL", "output.value": "[1]", "output.mime_type": "text/plain"})
    assert full.tool == Tool(result="[1]")


def test_documents() -> None:
    at = "retrieval.documents"
    full = read(
        {
            f"{at}.1.document.content": "second",
            f"{at}.0.document.content": "first",
            f"{at}.0.document.id": 7,
            f"{at}.0.document.score": "0.91",
            f"{at}.0.document.metadata": '{"source": "kb"}',
            f"{at}.2": "odd",
            f"{at}.3.document.content": "kept",
        }
    )
    assert full.kind is Kind.RETRIEVER
    assert full.documents == (
        Document("first", "7", 0.91, {"source": "kb"}),
        Document("second"),
        Document("odd"),
        Document("kept"),
    )


def test_a_reranker() -> None:
    full = read(
        {
            KIND: "RERANKER",
            "reranker.query": "how long?",
            "reranker.model_name": "rerank-v3.5",
            "reranker.top_k": 2,
            "reranker.input_documents.0.document.content": "a",
            "reranker.input_documents.1.document.content": "b",
            "reranker.output_documents.0.document.content": "b",
        }
    )
    assert full.rerank == Rerank("how long?", "rerank-v3.5", 2, (Document("a"), Document("b")))
    assert full.documents == (Document("b"),)


def test_embeddings_show_their_dimension_not_their_values() -> None:
    at = "embedding.embeddings.0.embedding"
    full = read({"embedding.model_name": "e-3", f"{at}.text": "hi", f"{at}.vector": [0.1, 0.2, 0.3]})
    assert full.kind is Kind.EMBEDDING
    assert full.embedding == Embedding("e-3", 1, 3)


def test_text_completions() -> None:
    full = read({"llm.prompts.0.prompt.text": "Once upon a", "llm.choices.0.completion.text": " time"})
    assert full.input_messages == (ChatMessage("user", (TextPart("Once upon a"),)),)
    assert full.output_messages == (ChatMessage("assistant", (TextPart(" time"),)),)
    assert read({"llm.prompts": ["Once"]}).input_messages == (ChatMessage("user", (TextPart("Once"),)),)


def test_prompt_templates() -> None:
    full = read(
        {
            "llm.prompt_template.template": "Use {docs}",
            "llm.prompt_template.variables": '{"docs": "x"}',
            "llm.prompt_template.version": "v3",
            "prompt.id": "p-17",
        }
    )
    assert full.prompt == PromptTemplate("Use {docs}", {"docs": "x"}, "v3", id="p-17")


def test_invocation_parameters_without_model_and_tools() -> None:
    params = {"model": "m", "tools": [], "temperature": 0, "stop": ["x"]}
    assert read({"llm.invocation_parameters": json.dumps(params)}).params == {"temperature": 0, "stop": ["x"]}


def test_session_user_tags_and_metadata() -> None:
    full = read(
        {
            "session.id": "s",
            "user.id": 42,
            "tag.tags": ["a", "b"],
            "metadata": '{"tier": 2}',
            "metadata.tenant": "acme",
            "agent.name": "bot",
        }
    )
    assert (full.session_id, full.user_id, full.agent_name, full.tags) == ("s", "42", "bot", ("a", "b"))
    assert full.metadata == {"tier": 2, "tenant": "acme"}


def test_metadata_that_is_cut_short_stays_text() -> None:
    full = read({"metadata": '{"tier": '})
    assert full.metadata == {"metadata": '{"tier": '}
    assert any("metadata" in problem for problem in full.problems)


def test_annotations_and_evaluations_are_one_and_the_same() -> None:
    entry: dict[str, AttributeValue] = {
        "name": "relevance",
        "score": 0.5,
        "label": "ok",
        "explanation": "why",
        "annotator_kind": "LLM",
    }
    attributes: dict[str, AttributeValue] = {f"annotations.0.annotation.{key}": value for key, value in entry.items()}
    attributes |= {f"evaluations.0.evaluation.{key}": value for key, value in entry.items()}
    attributes |= {"trace.annotations.0.annotation.name": "good", "trace.annotations.0.annotation.score": 1}
    assert read(attributes).evals == (
        Evaluation("relevance", 0.5, "ok", "why", "LLM"),
        Evaluation("good", 1.0, scope="trace"),
    )


def test_finish_reasons_as_word_or_list() -> None:
    assert read({"llm.finish_reason": "tool_calls"}).finish_reasons == ("tool_calls",)
    assert read({"llm.finish_reason": ["stop", "length"]}).finish_reasons == ("stop", "length")


def test_the_first_token_is_an_event() -> None:
    attributes = {KIND: "LLM"}
    assert read(attributes, events=[event("First Token Stream Event", after=0.5)]).ttft_s == 0.5
    assert read(attributes, events=[event("First Token Stream Event", after=9)]).ttft_s is None


def test_the_project_is_the_resources() -> None:
    resource = {"openinference.project.name": "support-bot"}
    assert project(resource) == read({}, resource=resource).project == "support-bot"
    assert project({}) == ""


def test_images_beside_any_input_and_output() -> None:
    attributes = {
        KIND: "CHAIN",
        "input.value": "What is it?",
        "input.images.0.image.url": "data:image/png;base64,QUJD",
        "output.images.0.image.url": "https://x/y.png",
        "output.images.1.image.url": "__REDACTED__",
    }
    full = read(attributes)
    assert full.input_messages == (
        ChatMessage("user", (TextPart("What is it?"), MediaPart("image", "", "image/png", 3))),
    )
    assert full.output_messages[0].parts == (MediaPart("image", "https://x/y.png"), OtherPart("hidden", "__REDACTED__"))


def test_documents_beside_any_input_and_output() -> None:
    given = {"input.documents.0.document.content": "asked about"}
    told = {"output.documents.0.document.content": "found", "output.documents.0.document.metadata": '{"page": 2}'}
    assert read({KIND: "CHAIN", **given}).documents == (Document("asked about"),)
    assert read({KIND: "CHAIN", **given, **told}).documents == (Document("found", metadata={"page": 2}),)
    found = {"retrieval.documents.0.document.content": "retrieved"}
    assert read({KIND: "RETRIEVER", **given, **told, **found}).documents == (Document("retrieved"),)


def test_what_is_said_in_an_audio_and_in_a_document() -> None:
    start = "llm.input_messages.0.message.contents"
    attributes = {
        f"{start}.0.message_content.type": "audio",
        f"{start}.0.message_content.audio.audio.url": "https://x/a.wav",
        f"{start}.0.message_content.audio.audio.mime_type": "audio/wav",
        f"{start}.0.message_content.audio.audio.transcript": "hello",
        f"{start}.1.message_content.type": "document",
        f"{start}.1.message_content.document.document.content": "the text",
        f"{start}.1.message_content.document.document.mime_type": "text/plain",
        f"{start}.2.message_content.type": "video",
        f"{start}.2.message_content.video.video.url": "https://x/v.mp4",
        f"{start}.3.message_content.type": "reasoning",
        f"{start}.3.message_content.text": "hm",
        f"{start}.3.message_content.signature": "c2ln",
    }
    assert read(attributes).input_messages[0].parts == (
        MediaPart("audio", "https://x/a.wav", "audio/wav"),
        TextPart("hello"),
        MediaPart("document", "", "text/plain"),
        TextPart("the text"),
        MediaPart("video", "https://x/v.mp4"),
        ReasoningPart("hm"),
    )


def test_a_legacy_call_beside_the_messages() -> None:
    call = json.dumps({"name": "f", "arguments": '{"x": 1}'})
    full = read({KIND: "LLM", "llm.function_call": call})
    assert full.output_messages == (ChatMessage("assistant", (ToolCall("f", {"x": 1}),)),)
    said = {"llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "Rain."}
    assert read({KIND: "LLM", "llm.function_call": call, **said}).output_messages[0].text == "Rain."


@pytest.mark.parametrize(
    ("vector", "size"),
    [
        ([0.5, 0.25, 1.0], 3),
        ("[0.5, 0.25, 1.0]", 3),
        ("[]", 0),
        ("AAAAPwAAgD4AAIA/", 3),
        ("AAAAPw==", 1),
        ("__REDACTED__", None),
        ("no vector", None),
        (7, None),
    ],
)
def test_the_dimension_of_a_vector_in_each_form(vector: object, size: int | None) -> None:
    attributes: dict[str, object] = {KIND: "EMBEDDING", "embedding.embeddings.0.embedding.vector": vector}
    assert read(attributes).embedding == Embedding("", 1, size)  # type: ignore[arg-type]


def test_the_definition_of_the_tool_that_ran() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    named = {KIND: "TOOL", "tool.name": "f", "tool.description": "d"}
    wanted = (ToolDefinition("f", "d", schema),)
    assert read({**named, "tool.parameters": json.dumps(schema)}).tool_defs == wanted
    assert read({**named, "tool.json_schema": json.dumps(schema)}).tool_defs == wanted
    assert read({**named, "tool.parameters": '{"city": "Oslo"}'}).tool_defs == ()


def test_the_graph_and_a_decision_are_metadata() -> None:
    attributes = {KIND: "DECISION", "graph.node.id": "n", "graph.node.parent_id": "p", "decision.label": "yes"}
    full = read(attributes)
    assert full.kind is Kind.LLM
    assert full.metadata == {"graph.node.id": "n", "graph.node.parent_id": "p", "decision.label": "yes"}


def test_parts_of_a_cost_are_not_added_to_it() -> None:
    attributes = {
        "llm.cost.prompt": 0.3,
        "llm.cost.completion": 0.2,
        "llm.cost.prompt_details.cache_read": 0.1,
        "llm.cost.completion_details.reasoning": 0.1,
    }
    assert columns(attributes).cost_total == 0.5
    cost = read(attributes).cost
    assert cost is not None
    assert (cost.input, cost.output, cost.total) == (0.3, 0.2, 0.5)


def test_where_a_judgement_was_read() -> None:
    full = read({"session.evaluations.0.evaluation.label": "good"})
    assert (full.evals[0].scope, full.sources["evals"]) == ("session", "session.evaluations.*")


def test_the_conversation_of_a_model_in_its_input_and_output() -> None:
    body = {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Weather?"}]}
    attributes: dict[str, AttributeValue] = {
        KIND: "LLM",
        "input.value": json.dumps(body),
        "input.mime_type": "application/json",
        "output.value": '["Clear."]',
        "output.mime_type": "text/plain",
    }
    found = read(attributes)
    assert [(message.role, message.text) for message in found.input_messages] == [
        ("system", "Be brief."),
        ("user", "Weather?"),
    ]
    assert found.output_messages == (ChatMessage("assistant", (TextPart('["Clear."]'),)),)
    assert read({**attributes, KIND: "CHAIN"}).input_messages == ()
    structured: dict[str, AttributeValue] = {"output.value": '{"sky": "clear"}', "output.mime_type": "application/json"}
    assert read({**attributes, **structured}).output_messages == ()
    flat: dict[str, AttributeValue] = {f"{IN}.0.message.role": "user", f"{IN}.0.message.content": "Rain?"}
    assert [message.text for message in read({**attributes, **flat}).input_messages] == ["Rain?"]
