"""Sections 10, 15 and 20 of the reference: LangSmith."""

from __future__ import annotations

import json

import pytest

from tests.unit.semconv.making import columns, event, read
from tracetui.model.attributes import Attributes
from tracetui.model.chat import (
    ChatMessage,
    Document,
    Kind,
    SpanError,
    TextPart,
    TokenUsage,
    Tool,
    ToolCall,
    ToolDefinition,
)
from tracetui.model.span import Status

KIND = "langsmith.span.kind"
OP = "gen_ai.operation.name"
META = "langsmith.metadata"
OK = Status(1)
FAILED = 'ConnectionError("store unreachable")Traceback (most recent call last):\n\n\n  File "x.py", line 4'


@pytest.mark.parametrize(
    ("word", "operation", "kind"),
    [
        ("llm", "chat", Kind.LLM),
        ("chain", "chain", Kind.CHAIN),
        ("parser", "parser", Kind.CHAIN),
        ("tool", "execute_tool", Kind.TOOL),
        ("retriever", "embeddings", Kind.RETRIEVER),
        ("embedding", "embeddings", Kind.EMBEDDING),
        ("prompt", "chat", Kind.PROMPT),
    ],
)
def test_trap_8_a_retriever_labelled_embeddings_is_a_retriever(word: str, operation: str, kind: Kind) -> None:
    full = read({KIND: word, OP: operation})
    assert full.kind is columns({KIND: word, OP: operation}).kind is kind
    assert full.convention == "LangSmith"
    assert full.problems == ()


def test_trap_8_langchain_is_no_provider() -> None:
    framework: Attributes = {KIND: "llm", "gen_ai.system": "langchain", "gen_ai.request.model": "gpt-4o"}
    assert columns(framework).provider == read(framework).provider == "openai"
    assert read({KIND: "chain", "gen_ai.system": "langchain"}).provider == ""


@pytest.mark.parametrize(
    ("said", "provider"),
    [
        ("openai", "openai"),
        ("azure", "azure"),
        ("google_genai", "gcp.gemini"),
        ("google_vertexai", "gcp.vertex_ai"),
        ("amazon_bedrock", "aws.bedrock"),
    ],
)
def test_what_langchain_says_of_its_provider_stands_before_the_guess(said: str, provider: str) -> None:
    attributes = {KIND: "llm", "gen_ai.system": "openai", f"{META}.ls_provider": said}
    assert columns(attributes).provider == read(attributes).provider == provider


def test_serialised_langchain_messages() -> None:
    def message(name: str, **kwargs: object) -> dict[str, object]:
        return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", name], "kwargs": kwargs}

    call = {"name": "get_weather", "args": {"city": "Zürich"}, "id": "c1", "type": "tool_call"}
    asked = [
        message("SystemMessage", content="Be terse.", type="system"),
        message("HumanMessage", content="Weather?", type="human"),
    ]
    answer = {"text": "", "message": message("AIMessage", content="", tool_calls=[call], type="ai")}
    full = read(
        {
            KIND: "llm",
            "gen_ai.prompt": json.dumps({"messages": [asked]}),
            "gen_ai.completion": json.dumps(
                {"generations": [[{**answer, "generation_info": {"finish_reason": "stop"}}]]}
            ),
            "gen_ai.tool.definitions": '[{"type": "function", "function": {"name": "get_weather"}}]',
        }
    )
    assert full.system == "Be terse."
    assert [message.role for message in full.input_messages] == ["system", "user"]
    (said,) = full.output_messages
    assert said.parts == (ToolCall("get_weather", {"city": "Zürich"}, "c1"),)
    assert full.finish_reasons == ("stop",)
    assert full.tool_defs == (ToolDefinition("get_weather"),)


def test_a_wrapped_openai_client() -> None:
    response = {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "7.5 °C"}}]}
    attributes: Attributes = {
        KIND: "llm",
        f"{META}.ls_model_name": "gpt-4o-mini",
        f"{META}.ls_invocation_params": '{"seed": 7}',
        f"{META}.ls_temperature": 0.2,
        "langsmith.request.streaming": True,
        "gen_ai.prompt": '{"messages": [{"role": "user", "content": "Weather?"}], "model": "gpt-4o-mini"}',
        "gen_ai.completion": json.dumps(response),
    }
    full = read(attributes)
    assert full.output_messages == (ChatMessage("assistant", (TextPart("7.5 °C"),), finish_reason="stop"),)
    assert full.params == {"seed": 7, "temperature": 0.2, "stream": True}
    assert full.model == columns(attributes).model == "gpt-4o-mini"
    assert columns(attributes).preview == "Weather?"


@pytest.mark.parametrize(
    "details",
    [
        {
            "gen_ai.usage.input_token_details": "{'audio': 0, 'cache_read': 16, 'cache_creation': 4}",
            "gen_ai.usage.output_token_details": "{'audio': 0, 'reasoning': 2}",
        },
        {
            "gen_ai.usage.input_token_details": '{"cache_read": 16, "cache_creation": 4}',
            "gen_ai.usage.output_token_details": '{"reasoning": 2}',
        },
        {
            f"{META}.usage_metadata": '{"input_tokens": 33, "output_tokens": 8, "total_tokens": 41,'
            '"input_token_details": {"cache_read": 16, "cache_creation": 4}, "output_token_details": {"reasoning": 2}}'
        },
    ],
    ids=["as Python prints it", "as JSON", "in the metadata"],
)
def test_details_of_usage(details: dict[str, str]) -> None:
    attributes: Attributes = {
        KIND: "llm",
        "gen_ai.usage.input_tokens": 33,
        "gen_ai.usage.output_tokens": 8,
        "gen_ai.usage.total_tokens": 41,
        **details,
    }
    assert columns(attributes).tokens == read(attributes).tokens == TokenUsage(33, 8, 41, 16, 4, 2)


@pytest.mark.parametrize(
    "text", ["{'a': ", "{'a': __import__('os')}", "{'cache_read': 'x'}", "{'" + "(" * 900, "", "[1]"]
)
def test_details_that_cannot_be_read_are_none(text: str) -> None:
    attributes: Attributes = {
        KIND: "llm",
        "gen_ai.usage.input_tokens": 33,
        "gen_ai.usage.output_tokens": 8,
        "gen_ai.usage.input_token_details": text,
    }
    assert columns(attributes).tokens == read(attributes).tokens == TokenUsage(33, 8, 41)


@pytest.mark.parametrize("name", ["documents", "output"])
def test_documents_of_a_retriever(name: str) -> None:
    found = [{"page_content": "Refunds", "type": "Document", "metadata": {"source": "kb"}, "id": "d1"}]
    attributes: Attributes = {
        KIND: "retriever",
        OP: "embeddings",
        "gen_ai.prompt": '{"query": "how long?"}',
        "gen_ai.completion": json.dumps({name: found}),
    }
    assert read(attributes).documents == (Document("Refunds", "d1", metadata={"source": "kb"}),)
    assert read({**attributes, KIND: "chain"}).documents == ()


@pytest.mark.parametrize(
    "answer",
    [
        {"type": "tool", "content": "7.5 °C", "name": "get_weather", "tool_call_id": "c1", "status": "success"},
        {
            "lc": 1,
            "type": "constructor",
            "id": ["langchain", "schema", "messages", "ToolMessage"],
            "kwargs": {"content": "7.5 °C", "tool_call_id": "c1"},
        },
        "7.5 °C",
    ],
    ids=["message", "constructor", "words"],
)
def test_a_tool_and_its_answer_out_of_the_message_that_carries_it(answer: object) -> None:
    attributes: Attributes = {
        KIND: "tool",
        "gen_ai.tool.name": "get_weather",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.prompt": '{"city": "Zürich"}',
        "gen_ai.completion": json.dumps({"output": answer}),
    }
    assert read(attributes).tool == Tool("get_weather", "", "c1", {"city": "Zürich"}, "7.5 °C")


def test_a_tool_of_older_versions_bears_the_name_of_its_span() -> None:
    assert columns({KIND: "tool"}, name="get_weather").tool_name == "get_weather"


def test_session_in_the_order_of_its_keys_and_the_project_that_is_called_session() -> None:
    attributes = {
        KIND: "llm",
        f"{META}.conversation_id": "third",
        f"{META}.thread_id": "second",
        f"{META}.session_id": "first",
        "langsmith.trace.session_name": "my project",
        f"{META}.user_id": "u1",
    }
    assert columns(attributes).session_id == read(attributes).session_id == "first"
    assert columns(attributes).user_id == "u1"
    assert read(attributes).metadata["project"] == "my project"
    assert columns({KIND: "llm", f"{META}.thread_id": "t"}).session_id == "t"
    assert columns({KIND: "llm", "langsmith.trace.session_name": "p"}).session_id == ""


def test_tags_between_commas_and_metadata_without_the_environment() -> None:
    full = read(
        {
            KIND: "llm",
            "langsmith.span.tags": "prod, seq:step:1",
            f"{META}.tenant": "acme",
            f"{META}.versions": '{"core": "1.0"}',
            f"{META}.LANGSMITH_TRACING": "true",
            f"{META}.lc_agent_name": "planner",
            "gen_ai.serialized.name": "ChatOpenAI",
        }
    )
    assert full.tags == ("prod", "seq:step:1")
    assert full.metadata == {
        "tenant": "acme",
        "versions": {"core": "1.0"},
        "lc_agent_name": "planner",
        "serialized.name": "ChatOpenAI",
    }
    assert full.agent_name == "planner"


def test_an_exception_fails_a_run_whose_status_was_set_to_ok_after_it() -> None:
    failed = event("exception", {"exception.type": "Exception", "exception.message": FAILED})
    attributes = {KIND: "llm"}
    assert columns(attributes, status=OK, events=[failed]).is_error
    assert not columns(attributes, status=OK).is_error
    full = read(attributes, status=OK, events=[failed])
    assert full.errors == (SpanError("store unreachable", "ConnectionError", FAILED[FAILED.index("Traceback") :]),)
    assert not columns({OP: "chat"}, status=OK, events=[failed]).is_error


def test_an_error_that_is_no_repr_keeps_its_words() -> None:
    words = "it broke: (no)Traceback (most recent call last):\n  File"
    failed = event("exception", {"exception.type": "Exception", "exception.message": words})
    (error,) = read({KIND: "llm"}, status=Status(2), events=[failed]).errors
    assert (error.message, error.type) == ("it broke: (no)", "Exception")
    own = event("exception", {"exception.type": "ValueError", "exception.message": words, "exception.stacktrace": "T"})
    assert read({}, status=Status(2), events=[own]).errors == (SpanError(words, "ValueError", "T"),)
