"""Claude Code, whose keys are plain words, and Anthropic's SDK."""

from __future__ import annotations

import pytest

from tests.unit.semconv.making import START, columns, event, read
from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import Kind
from tracetui.model.span import LogRecord

SCOPE = "com.anthropic.claude_code.tracing"


@pytest.mark.parametrize("prefix", ["", "claude_code."])
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("interaction", Kind.AGENT),
        ("llm_request", Kind.LLM),
        ("tool", Kind.TOOL),
        ("tool.execution", Kind.TOOL),
        ("tool.blocked_on_user", Kind.CHAIN),
        ("hook", Kind.CHAIN),
    ],
)
def test_the_type_of_a_span_with_or_without_its_prefix(prefix: str, name: str, kind: Kind) -> None:
    assert columns({"span.type": prefix + name}, scope=SCOPE).kind is kind
    assert read({"span.type": prefix + name}, scope=SCOPE).problems == ()


def test_plain_words_mean_nothing_in_other_scopes() -> None:
    attributes: dict[str, AttributeValue] = {"span.type": "tool", "model": "x", "input_tokens": 3, "success": False}
    found = columns(attributes, scope="app")
    assert (found.kind, found.model, found.is_error) == (Kind.UNKNOWN, "", False)
    assert not found.tokens


def test_trap_6_input_leaves_out_the_cache() -> None:
    attributes: dict[str, AttributeValue] = {
        "span.type": "llm_request",
        "model": "claude-opus-5",
        "gen_ai.system": "anthropic",
        "gen_ai.request.model": "claude-opus-5",
        "input_tokens": 100,
        "output_tokens": 50,
        "cache_read_tokens": 20,
        "cache_creation_tokens": 30,
        "ttft_ms": 250,
        "stop_reason": "tool_use",
        "session.id": "s1",
        "user.id": "u1",
        "request_id": "req_1",
        "query_source": "main",
    }
    found = read(attributes, scope=SCOPE)
    assert found.tokens[:5] == columns(attributes, scope=SCOPE).tokens[:5] == (150, 50, 200, 20, 30)
    assert (found.model, found.provider, found.session_id, found.user_id) == ("claude-opus-5", "anthropic", "s1", "u1")
    assert found.ttft_s == pytest.approx(0.25)
    assert found.finish_reasons == ("tool_use",)
    assert found.metadata == {"request_id": "req_1", "query_source": "main"}
    assert found.convention == "Claude Code"


@pytest.mark.parametrize("success", [False, "false"])
def test_no_success_is_an_error(success: AttributeValue) -> None:
    attributes: dict[str, AttributeValue] = {"span.type": "llm_request", "success": success, "error": "overloaded"}
    found = columns(attributes, scope=SCOPE)
    assert (found.is_error, found.preview) == (True, "overloaded")
    assert [error.message for error in read(attributes, scope=SCOPE).errors] == ["overloaded"]


@pytest.mark.parametrize("success", [True, "true"])
def test_a_success_is_none(success: AttributeValue) -> None:
    assert not columns({"span.type": "llm_request", "success": success}, scope=SCOPE).is_error


def test_content_where_it_is_recorded() -> None:
    attributes: dict[str, AttributeValue] = {
        "span.type": "llm_request",
        "new_context": "Fix the bug.",
        "system_prompt_preview": "You are Claude Code.",
        "response.model_output": "Done.",
    }
    found = read(attributes, scope=SCOPE)
    assert [(message.role, message.text) for message in found.input_messages] == [
        ("system", "You are Claude Code."),
        ("user", "Fix the bug."),
    ]
    assert [message.text for message in found.output_messages] == ["Done."]


def test_trap_10_a_redacted_prompt_is_hidden() -> None:
    found = read({"span.type": "interaction", "user_prompt": "<REDACTED>"}, scope=SCOPE)
    assert (found.input, found.input_messages) == ("", ())
    assert found.problems == ("user_prompt is hidden by the sender ('<REDACTED>').",)


def test_the_prompt_of_a_turn() -> None:
    found = read({"span.type": "interaction", "user_prompt": "Fix it"}, scope=SCOPE)
    assert (found.input, [message.text for message in found.input_messages]) == ("Fix it", ["Fix it"])
    record = LogRecord("t", "s", START, attributes={"event.name": "user_prompt", "prompt": "Fix it"})
    told = read({"span.type": "interaction", "user_prompt": "<REDACTED>"}, scope=SCOPE, logs=[record])
    assert [message.text for message in told.input_messages] == ["Fix it"]


def test_a_tool_with_its_output_as_an_event() -> None:
    attributes: dict[str, AttributeValue] = {
        "span.type": "tool",
        "tool_name": "Bash",
        "tool_use_id": "toolu_1",
        "tool_input": '{"command": "ls"}',
        "full_command": "ls",
    }
    told = event("tool.output", {"output": "a.py"})
    tool = read(attributes, scope=SCOPE, events=[told]).tool
    assert tool is not None
    assert (tool.name, tool.call_id, tool.arguments, tool.result) == ("Bash", "toolu_1", {"command": "ls"}, "a.py")
    del attributes["tool_input"]
    assert columns(attributes, scope=SCOPE).preview == "ls"
    without = read(attributes, scope=SCOPE).tool
    assert without is not None
    assert without.arguments == "ls"


def test_the_anthropic_sdk_does_not_tell_what_it_was_given_up_to_2_12() -> None:
    attributes: dict[str, AttributeValue] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.usage.output_tokens": 9,
        "gen_ai.usage.cache_read.input_tokens": 1000,
        "gen_ai.usage.cache_write.input_tokens": 50,
        "anthropic.message.stop_reason": "end_turn",
        "anthropic.thinking.budget_tokens": 1024,
        "anthropic.request.id": "req_1",
        "anthropic.response.service_tier": "standard",
    }
    found = read(attributes, scope="com.anthropic.sdk.python")
    assert found.tokens[:5] == (None, 9, None, 1000, 50)
    assert (found.finish_reasons, found.params) == (("end_turn",), {"thinking.budget_tokens": 1024})
    assert found.metadata == {"request.id": "req_1"}
    assert columns(attributes, scope="com.anthropic.sdk.python").service_tier == "standard"
    newer = attributes | {"gen_ai.usage.input_tokens": 1070}
    assert columns(newer).tokens[:5] == (1070, 9, 1079, 1000, 50)


@pytest.mark.parametrize(
    ("route", "kind"),
    [("/v1/messages", Kind.LLM), ("/v1/messages/count_tokens", Kind.CHAIN), ("/v1/sessions", Kind.CHAIN)],
)
def test_counting_tokens_is_no_call_of_a_model(route: str, kind: Kind) -> None:
    attributes: dict[str, AttributeValue] = {"gen_ai.request.model": "claude-sonnet-5", "http.route": route}
    assert columns(attributes, scope="com.anthropic.sdk.python").kind is kind
    assert read(attributes, scope="com.anthropic.sdk.python").problems == ()
    assert columns(attributes).kind is Kind.LLM


def test_the_name_of_a_span_tells_where_its_scope_does_not() -> None:
    attributes: dict[str, AttributeValue] = {"span.type": "llm_request", "model": "claude-opus-5", "input_tokens": 5}
    attributes |= {"cache_read_tokens": 3, "output_tokens": 2, "success": "false", "error": "overloaded"}
    full = read(attributes, scope="collector", name="claude_code.llm_request")
    found = columns(attributes, scope="collector", name="claude_code.llm_request")
    assert full.convention == "Claude Code"
    assert full.kind is found.kind is Kind.LLM
    assert full.tokens == found.tokens
    assert (found.model, found.tokens.input, found.is_error, found.preview) == ("claude-opus-5", 8, True, "overloaded")
    assert columns(attributes, scope="collector", name="llm_request").kind is Kind.UNKNOWN
