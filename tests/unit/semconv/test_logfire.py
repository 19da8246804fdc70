"""Logfire: pending spans, requests and responses of clients it wraps, streams, messages, tags, scrubbing."""

from __future__ import annotations

import json

import pytest

from tests.unit.semconv.making import columns, read
from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import Kind, MediaPart, NormalisedSpan, ReasoningPart, TextPart, ToolCall, ToolResult

CHAT = "Chat Completion with {request_data[model]!r}"
STREAMED = "streaming response from {request_data[model]!r} took {duration:.2f}s"

PENDING = {"logfire.span_type": "pending_span", "logfire.pending_parent_id": "00F067AA0BA902B7"}


def test_a_pending_span_is_told_from_a_real_one() -> None:
    assert columns(PENDING).is_pending
    assert read(PENDING).is_pending
    for kind in ("span", "log", "", 7):
        assert not columns({"logfire.span_type": kind}).is_pending
        assert not read({"logfire.span_type": kind}).is_pending
    assert not columns({}).is_pending


def test_a_pending_span_names_the_parent_of_the_span_it_announces() -> None:
    assert columns(PENDING).pending_parent_id == "00f067aa0ba902b7"
    assert read(PENDING).pending_parent_id == "00f067aa0ba902b7"
    assert read(PENDING).sources["pending_parent"] == "logfire.pending_parent_id"


@pytest.mark.parametrize("value", ["0000000000000000", "", "not an id", 12, None])
def test_a_pending_root_has_no_parent(value: object) -> None:
    attributes = {"logfire.span_type": "pending_span", "logfire.pending_parent_id": value}
    assert columns(attributes).is_pending  # type: ignore[arg-type]
    assert columns(attributes).pending_parent_id == ""  # type: ignore[arg-type]
    assert read(attributes).pending_parent_id == ""  # type: ignore[arg-type]


def test_the_parent_of_a_pending_span_means_nothing_on_a_real_one() -> None:
    attributes = {"logfire.span_type": "span", "logfire.pending_parent_id": "00f067aa0ba902b7"}
    assert columns(attributes).pending_parent_id == ""
    assert read(attributes).pending_parent_id == ""


def test_a_pending_span_has_its_other_columns() -> None:
    found = columns({**PENDING, "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"})
    assert (found.kind, found.model, found.is_pending) == ("LLM", "gpt-4o", True)


def wrapped(
    request: dict[str, object], response: dict[str, object] | None = None, template: str = CHAT, **more: AttributeValue
) -> dict[str, AttributeValue]:
    """The attributes of a span of a wrapped client, as before it wrote OTel GenAI attributes."""
    found: dict[str, AttributeValue] = {
        "logfire.msg_template": template,
        "logfire.span_type": "span",
        "request_data": json.dumps(request),
    }
    return found | ({} if response is None else {"response_data": json.dumps(response)}) | more


def said(span: NormalisedSpan) -> list[tuple[str, str]]:
    """Roles and words of the messages in."""
    return [(message.role, message.text) for message in span.input_messages]


OPENAI: dict[str, object] = {
    "messages": [{"role": "system", "content": "Be terse."}, {"role": "user", "content": "Weather?"}],
    "model": "gpt-4o-mini",
    "temperature": 0.2,
    "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}],
}
OPENAI_USAGE = {
    "prompt_tokens": 412,
    "completion_tokens": 38,
    "total_tokens": 450,
    "prompt_tokens_details": {"cached_tokens": 256},
    "completion_tokens_details": {"reasoning_tokens": 12},
}


def test_a_chat_of_openai() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
    answer = {"role": "assistant", "content": None, "tool_calls": [call]}
    attributes = wrapped(OPENAI, {"message": answer, "usage": OPENAI_USAGE})
    found = read(attributes, scope="logfire.openai")
    assert said(found) == [("system", "Be terse."), ("user", "Weather?")]
    assert found.output_messages[0].parts == (ToolCall("weather", {"city": "Oslo"}, "c1"),)
    assert found.tokens[:6] == (412, 38, 450, 256, None, 12)
    assert (found.kind, found.model, found.provider) == (Kind.LLM, "gpt-4o-mini", "openai")
    assert found.params == {"temperature": 0.2}
    assert [tool.name for tool in found.tool_defs] == ["weather"]
    summed = columns(attributes, scope="logfire.openai")
    assert (summed.kind, summed.model, summed.provider, summed.tokens) == ("LLM", "gpt-4o-mini", "openai", found.tokens)
    assert summed.preview == "Weather?"


def test_a_message_of_anthropic_whose_input_leaves_out_the_cache() -> None:
    request: dict[str, object] = {
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "Hello"}],
        "model": "claude-sonnet-4-5",
        "system": "Be French.",
    }
    call = {"id": "t1", "function": {"name": "weather", "arguments": '{"input":{"city":"Paris"}}'}}
    usage = {
        "input_tokens": 20,
        "cache_read_input_tokens": 1000,
        "cache_creation_input_tokens": 50,
        "output_tokens": 9,
    }
    response = {"message": {"role": "assistant", "content": "Bonjour", "tool_calls": [call]}, "usage": usage}
    attributes = wrapped(request, response, "Message with {request_data[model]!r}")
    found = read(attributes, scope="logfire.anthropic")
    assert said(found) == [("system", "Be French."), ("user", "Hello")]
    assert found.output_messages[0].parts == (TextPart("Bonjour"), ToolCall("weather", {"city": "Paris"}, "t1"))
    assert found.tokens[:6] == columns(attributes).tokens[:6] == (1070, 9, 1079, 1000, 50, None)
    assert (found.model, found.provider) == ("claude-sonnet-4-5", "anthropic")


def test_a_tool_of_openai_may_have_one_argument_called_input() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"input": {"a": 1}}'}}
    found = read(wrapped(OPENAI, {"message": {"role": "assistant", "tool_calls": [call]}, "usage": OPENAI_USAGE}))
    assert found.output_messages[0].parts == (ToolCall("f", {"input": {"a": 1}}, "c1"),)


@pytest.mark.parametrize(
    ("template", "request_data", "response", "kind", "words"),
    [
        ("Completion with {request_data[model]!r}", {"prompt": "Once"}, {"text": "upon", "usage": {}}, "LLM", "Once"),
        ("Embedding Creation with {request_data[model]!r}", {"input": ["Once"]}, {"usage": {}}, "EMBEDDING", "Once"),
        ("Embedding Creation with {request_data[model]!r}", {"input": "Once"}, None, "EMBEDDING", "Once"),
        ("Image Generation with {request_data[model]!r}", {"prompt": "Once"}, None, "LLM", "Once"),
    ],
)
def test_what_other_calls_of_openai_were_given(
    template: str, request_data: dict[str, object], response: dict[str, object] | None, kind: str, words: str
) -> None:
    attributes = wrapped({**request_data, "model": "m"}, response, template)
    found = read(attributes)
    assert (found.kind, columns(attributes).kind) == (kind, kind)
    assert said(found) == [("user", words)]
    assert [message.text for message in found.output_messages] == (["upon"] if response and "text" in response else [])


def test_images_that_were_made_are_media() -> None:
    images = [{"url": "https://example.test/cat.png"}, {"b64_json": "iVBORw=="}]
    found = read(wrapped({"model": "dall-e-3", "prompt": "A cat"}, {"images": images}))
    assert found.output_messages[0].parts == (
        MediaPart("image", "https://example.test/cat.png"),
        MediaPart("image", size=4),
    )


def test_trap_11_the_result_of_a_stream_is_the_usage_and_the_answer_but_not_a_second_call() -> None:
    request = {**OPENAI, "stream": True}
    call = wrapped(request)
    result = wrapped(request, {"combined_chunk_content": "It rains.", "chunk_count": 2}, STREAMED)
    result |= {"logfire.span_type": "log", "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 15}
    assert (columns(call).kind, columns(result).kind) == (Kind.LLM, Kind.CHAIN)
    assert (columns(call).tokens.input, columns(result).tokens.input) == (None, 15)
    found = read(result)
    assert said(found) == said(read(call))
    assert [message.text for message in found.output_messages] == ["It rains."]


def test_an_empty_stream_has_no_answer() -> None:
    found = read(wrapped(OPENAI, {"combined_chunk_content": "", "chunk_count": 0}, STREAMED))
    assert found.output_messages == ()


def test_otel_attributes_win_where_both_forms_are_on() -> None:
    attributes = wrapped(OPENAI, {"message": {"role": "assistant", "content": "old"}, "usage": OPENAI_USAGE})
    attributes["gen_ai.input.messages"] = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "new"}]}])
    attributes["gen_ai.output.messages"] = json.dumps(
        [{"role": "assistant", "parts": [{"type": "text", "content": "new"}]}]
    )
    attributes |= {"gen_ai.usage.input_tokens": 412, "gen_ai.usage.output_tokens": 38}
    found = read(attributes)
    assert said(found) == [("user", "new")]
    assert [message.text for message in found.output_messages] == ["new"]
    assert found.tokens[:6] == (412, 38, 450, 256, None, 12)


def test_usage_as_the_provider_wrote_it_fills_what_the_attributes_lack() -> None:
    attributes: dict[str, AttributeValue] = {
        "gen_ai.usage.input_tokens": 412,
        "gen_ai.usage.output_tokens": 38,
        "gen_ai.usage.raw": json.dumps(OPENAI_USAGE),
    }
    assert read(attributes).tokens[:6] == columns(attributes).tokens[:6] == (412, 38, 450, 256, None, 12)


def test_usage_of_a_turn_that_is_partial_is_not_counted() -> None:
    attributes: dict[str, AttributeValue] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.partial.input_tokens": 3,
        "gen_ai.usage.partial.output_tokens": 1,
    }
    assert not columns(attributes, scope="logfire.claude_agent_sdk").tokens
    assert not read(attributes, scope="logfire.claude_agent_sdk").tokens


@pytest.mark.parametrize("key", ["events", "all_messages_events"])
def test_events_in_one_list_end_with_the_answer(key: str) -> None:
    reasoning = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}
    events = [
        {"event.name": "gen_ai.user.message", "role": "user", "content": "Hi"},
        {"event.name": "gen_ai.assistant.message", "role": "assistant", "content": "Yes?"},
        {"event.name": "gen_ai.user.message", "role": "user", "content": "Weather?"},
        {"event.name": "gen_ai.unknown", "role": "assistant", "content": "reasoning", "data": reasoning},
        {"event.name": "gen_ai.assistant.message", "role": "assistant", "content": "It rains."},
        "no event",
    ]
    found = read({key: json.dumps(events), "logfire.msg_template": "Responses API"})
    assert said(found) == [("user", "Hi"), ("assistant", "Yes?"), ("user", "Weather?")]
    assert [message.parts for message in found.output_messages] == [(ReasoningPart("Hm."),), (TextPart("It rains."),)]
    assert found.problems == (f"An entry of {key} is not a message.",)


def test_the_message_is_what_the_span_is_called() -> None:
    attributes: dict[str, AttributeValue] = {"logfire.msg": "checkout order 7", "logfire.msg_template": "checkout {x}"}
    assert read(attributes, name="checkout {x}").display_name == "checkout order 7"
    assert columns(attributes, name="checkout {x}").preview == "checkout order 7"
    assert columns(attributes, name="checkout order 7").preview == ""


def test_a_template_of_ones_own_gives_no_kind_and_no_problem() -> None:
    attributes: dict[str, AttributeValue] = {"logfire.msg_template": "handle {request}", "logfire.msg": "handle 1"}
    assert (read(attributes).kind, read(attributes).problems) == (Kind.UNKNOWN, ())
    tool: dict[str, AttributeValue] = attributes | {"gen_ai.operation.name": "execute_tool"}
    assert columns(tool).kind is Kind.TOOL


def test_tags_of_the_span() -> None:
    assert read({"logfire.tags": ["LLM", "prod"]}).tags == ("LLM", "prod")


def test_arguments_of_a_span_are_its_metadata_and_json_where_the_schema_says_so() -> None:
    schema = {"properties": {"order": {"type": "object"}, "note": {}, "gen_ai.system": {}, "absent": {}}}
    attributes: dict[str, AttributeValue] = {
        "logfire.json_schema": json.dumps(schema),
        "order": '{"id": 7}',
        "note": '{"id": 7}',
        "gen_ai.system": "openai",
    }
    assert read(attributes).metadata == {"order": {"id": 7}, "note": '{"id": 7}'}


def test_scrubbed_values_are_hidden_and_named() -> None:
    attributes: dict[str, AttributeValue] = {
        "logfire.scrubbed": json.dumps([{"path": ["attributes", "password"], "matched_substring": "password"}]),
        "logfire.json_schema": json.dumps({"properties": {"password": {}}}),
        "password": "[Scrubbed due to 'password']",
    }
    found = read(attributes)
    assert found.problems == ("password was scrubbed by the sender.",)
    assert found.metadata == {}


def test_a_scrubbed_message_is_not_shown_as_words() -> None:
    message = {"role": "user", "content": "[Scrubbed due to 'secret']"}
    found = read(wrapped({"model": "m", "messages": [message]}))
    assert found.input_messages[0].text == ""


def test_a_level_of_error_is_an_error() -> None:
    assert columns({"logfire.level_num": 17}).is_error
    assert not columns({"logfire.level_num": 13}).is_error
    assert len(read({"logfire.level_num": 17}).errors) == 1
    assert read({"logfire.level_num": 13}).errors == ()


def test_a_response_cut_short_stays_text_and_costs_only_itself() -> None:
    attributes = wrapped(OPENAI) | {"response_data": '{"message": {"role": "assistant", "content": "It ra'}
    found = read(attributes)
    assert said(found) == [("system", "Be terse."), ("user", "Weather?")]
    assert found.output_messages == ()
    assert found.problems == ("response_data is not valid JSON (perhaps cut short), so it stays text.",)
    assert not columns(attributes | {"response_data": '{"usage": {"prompt_tok'}).tokens


def test_a_call_of_a_tool_over_mcp() -> None:
    request = {"method": "tools/call", "params": {"name": "add", "arguments": {"a": 1}}}
    response = {"content": [{"type": "text", "text": "3"}], "isError": False}
    attributes: dict[str, AttributeValue] = {
        "logfire.msg_template": "MCP request: tools/call add",
        "request": json.dumps(request),
        "response": json.dumps(response),
    }
    tool = read(attributes, scope="logfire.mcp").tool
    assert tool is not None
    assert (tool.name, tool.arguments, tool.result) == ("add", {"a": 1}, "3")
    assert columns(attributes, scope="logfire.mcp").tool_name == "add"
    failed = attributes | {"response": json.dumps(response | {"isError": True})}
    assert columns(failed, scope="logfire.mcp").is_error
    plumbing: dict[str, AttributeValue] = {"logfire.msg_template": "MCP request: tools/list", "request": "{}"}
    assert columns(plumbing, scope="logfire.mcp").kind is Kind.CHAIN


def test_plain_names_of_an_integration_mean_nothing_elsewhere() -> None:
    found = read({"request": '{"params": {"name": "add"}}', "name": "x", "input": "y", "group_id": "z"})
    assert (found.kind, found.tool, found.input, found.session_id) == (Kind.UNKNOWN, None, "", "")


def test_spans_of_the_agents_sdk() -> None:
    function: dict[str, AttributeValue] = {
        "logfire.msg_template": "Function: {name}",
        "name": "weather",
        "input": '{"city": "Oslo"}',
        "output": "rain",
    }
    tool = read(function, scope="logfire.openai_agents").tool
    assert tool is not None
    assert (tool.name, tool.arguments, tool.result) == ("weather", {"city": "Oslo"}, "rain")
    history = [{"role": "user", "content": "Weather?"}, {"role": "tool", "tool_call_id": "c", "content": "rain"}]
    answer = [{"role": "assistant", "content": "It rains."}]
    generation: dict[str, AttributeValue] = {
        "logfire.msg_template": "Chat completion with {gen_ai.request.model!r}",
        "input": json.dumps(history),
        "output": json.dumps(answer),
        "request_data": json.dumps({"messages": history + answer, "model": "gpt-4o"}),
    }
    found = read(generation, scope="logfire.openai_agents")
    assert [message.role for message in found.input_messages] == ["user", "tool"]
    assert found.input_messages[1].parts == (ToolResult("rain", "", "c"),)
    assert [message.text for message in found.output_messages] == ["It rains."]
    trace: dict[str, AttributeValue] = {"logfire.msg_template": "OpenAI Agents trace: {name}", "group_id": "g-1"}
    assert columns(trace, scope="logfire.openai_agents").session_id == "g-1"
    assert columns({"logfire.msg_template": "Agent run: {name!r}"}).kind is Kind.AGENT
