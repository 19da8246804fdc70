"""Section 20 of the reference: its eighteen traps, each by its number."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.semconv.making import SECOND, START, columns, event, facts_of, make_span, read
from tracetui.model.chat import (
    ChatMessage,
    Document,
    Embedding,
    Evaluation,
    Kind,
    MediaPart,
    NormalisedSpan,
    OtherPart,
    TextPart,
    TokenUsage,
    ToolCall,
    ToolResult,
)
from tracetui.model.objects import span_object
from tracetui.model.span import LogRecord, Span
from tracetui.otlp import decode
from tracetui.otlp.json_request import slice_json_request
from tracetui.otlp.wire import Signal
from tracetui.pricing import PriceBook
from tracetui.semconv import normalise, summary
from tracetui.store.rollup import PICO, SpanState, TraceRollup, TraceState

OP = "gen_ai.operation.name"
KIND = "openinference.span.kind"
IN, OUT = "gen_ai.input.messages", "gen_ai.output.messages"
OI_IN, OI_OUT = "llm.input_messages", "llm.output_messages"
STRANDS = "strands.telemetry.tracer"


def said(*messages: ChatMessage) -> list[tuple[str, tuple[object, ...]]]:
    return [(message.role, message.parts) for message in messages]


def log(name: str, body: Any = None, time: int = START, **attributes: Any) -> LogRecord:
    return LogRecord(event_name=name, body=body, time_unix_nano=time, attributes=attributes)


def spanned(number: int, parent: int, attributes: dict[str, Any], **span: Any) -> Span:
    made = make_span(attributes, **span)
    return replace(made, span_id=f"{number:016x}", parent_span_id=f"{parent:016x}" if parent else "")


def totals(*spans: Span) -> TraceState:
    """The totals of a trace of these spans, taken in from the last to the first."""
    trace = TraceState(1, "t")
    rollup = TraceRollup(trace)
    for row, span in enumerate(reversed(spans)):
        found = summary(facts_of(span))
        rollup.add(
            SpanState(
                row_id=row,
                span_id=span.span_id,
                parent_span_id=span.parent_span_id,
                kind=found.kind,
                start=span.start_time_unix_nano,
                end=span.end_time_unix_nano,
                is_error=found.is_error,
                input_tokens=found.tokens.input,
                output_tokens=found.tokens.output,
                cost=None if found.cost_total is None else round(found.cost_total * PICO),
                model=found.model,
                session_id=found.session_id,
                announces=span.parent_span_id if found.is_pending else "",
            )
        )
    rollup.settle()
    return trace


CONVERSATION = [
    {"role": "system", "content": "Be terse."},
    {"role": "user", "content": "Weather?"},
]
ANSWER = {"role": "assistant", "content": "Rain."}


def as_flat_keys() -> NormalisedSpan:
    flat = {f"{OI_IN}.{index}.message.{name}": item[name] for index, item in enumerate(CONVERSATION) for name in item}
    return read({**flat, **{f"{OI_OUT}.0.message.{name}": ANSWER[name] for name in ANSWER}})


def as_json_text() -> NormalisedSpan:
    return read({IN: json.dumps(CONVERSATION), OUT: json.dumps([ANSWER])})


def as_arrays() -> NormalisedSpan:
    def parts(item: dict[str, str]) -> Any:
        return {"role": item["role"], "parts": [{"type": "text", "content": item["content"]}]}

    return read({IN: [parts(item) for item in CONVERSATION], OUT: [parts(ANSWER)]})


def as_span_events() -> NormalisedSpan:
    asked = [event(f"gen_ai.{item['role']}.message", {"content": item["content"]}) for item in CONVERSATION]
    return read({OP: "chat"}, events=[*asked, event("gen_ai.choice", {"message": json.dumps(ANSWER), "index": 0})])


def as_log_records() -> NormalisedSpan:
    asked = [log(f"gen_ai.{item['role']}.message", {"content": item["content"]}) for item in CONVERSATION]
    return read({OP: "chat"}, logs=[*asked, log("gen_ai.choice", {"message": ANSWER, "index": 0})])


def as_indexed_keys() -> NormalisedSpan:
    flat = {f"gen_ai.prompt.{index}.{name}": item[name] for index, item in enumerate(CONVERSATION) for name in item}
    return read({**flat, **{f"gen_ai.completion.0.{name}": ANSWER[name] for name in ANSWER}})


@pytest.mark.parametrize(
    "sent", [as_flat_keys, as_json_text, as_arrays, as_span_events, as_log_records, as_indexed_keys]
)
def test_01_messages_read_the_same_in_whatever_form_they_come(sent: Any) -> None:
    full = sent()
    assert said(*full.input_messages) == [("system", (TextPart("Be terse."),)), ("user", (TextPart("Weather?"),))]
    assert said(*full.output_messages) == [("assistant", (TextPart("Rain."),))]
    assert full.system == "Be terse."


def test_01_integers_as_text_and_doubles_that_are_no_number_in_json() -> None:
    attributes = [
        {"key": "llm.token_count.prompt", "value": {"intValue": "12"}},
        {"key": "llm.cost.total", "value": {"doubleValue": "NaN"}},
        {"key": "llm.model_name", "value": {"stringValue": "m"}},
    ]
    sent = {"traceId": "a" * 32, "spanId": "b" * 16, "name": "n", "attributes": attributes}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [sent]}]}]}).encode()
    [owner] = slice_json_request(Signal.TRACES, body).resources
    span = decode.span(owner.scopes[0].items[0], decode.resource(owner.data), decode.scope(owner.scopes[0].data))
    full = normalise(span)
    assert (full.tokens.input, full.cost, full.model) == (12, None, "m")
    assert summary(facts_of(span)).tokens.input == 12


def test_02_an_index_is_a_number_and_may_be_missing() -> None:
    full = read({f"{OI_IN}.{index}.message.content": str(index) for index in (10, 2, 0)})
    assert [message.text for message in full.input_messages] == ["0", "2", "10"]


def test_02_an_index_bomb_costs_only_itself() -> None:
    bomb = {f"{OI_IN}.{'9' * 18}.message.content": "boom", f"{OI_IN}.0.message.content": "hi"}
    assert [message.text for message in read(bomb).input_messages] == ["hi"]
    assert len(read(bomb).problems) == 1


@pytest.mark.parametrize("arguments", [{"city": "Oslo"}, '{"city": "Oslo"}', '"{\\"city\\": \\"Oslo\\"}"'])
def test_03_arguments_as_an_object_or_as_text(arguments: Any) -> None:
    part: Any = {"type": "tool_call", "id": "1", "name": "f", "arguments": arguments}
    full = read({OUT: [{"role": "assistant", "parts": [part]}]})
    assert full.output_messages[0].parts == (ToolCall("f", {"city": "Oslo"}, "1"),)


@pytest.mark.parametrize("name", ["response", "result"])
def test_03_a_result_under_either_name(name: str) -> None:
    part: Any = {"type": "tool_call_response", "id": "1", name: {"temp": 7}}
    assert read({IN: [{"role": "tool", "parts": [part]}]}).input_messages[0].parts == (
        ToolResult({"temp": 7}, "", "1"),
    )


def test_04_results_in_a_message_of_the_user_are_results_and_all_survive() -> None:
    parts = [{"type": "tool_call_response", "id": str(number), "result": number} for number in range(3)]
    full = read({IN: json.dumps([{"role": "user", "parts": parts}])})
    assert full.input_messages == (ChatMessage("user", tuple(ToolResult(n, "", str(n)) for n in range(3))),)


def test_05_the_system_prompt_is_not_said_twice() -> None:
    instructions = [{"type": "text", "content": "Be terse."}]
    full = read({"gen_ai.system_instructions": instructions, IN: CONVERSATION})
    assert [message.role for message in full.input_messages] == ["system", "user"]
    assert full.system == "Be terse."


def test_05_the_name_of_a_prompt_is_not_what_it_says() -> None:
    named = {"gen_ai.prompt.name": "greeting", "gen_ai.prompt.version": "2", "gen_ai.prompt.variable.who": "Bob"}
    full = read(named)
    assert (full.input_messages, full.input) == ((), "")
    assert full.prompt is not None
    assert (full.prompt.name, full.prompt.version, full.prompt.variables) == ("greeting", "2", {"who": "Bob"})


CACHE_WRITE = (
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.cache_write_input_tokens",
    "gen_ai.usage.details.cache_write_tokens",
)


def test_06_cache_writes_under_several_names_count_once() -> None:
    attributes = {"gen_ai.usage.input_tokens": 100, **dict.fromkeys(CACHE_WRITE, 20)}
    assert read(attributes).tokens == columns(attributes).tokens == TokenUsage(100, None, None, None, 20)
    for key in CACHE_WRITE:
        assert columns({"gen_ai.usage.input_tokens": 100, key: 20}).tokens.cache_write == 20


def test_06_a_repeated_detail_is_ignored() -> None:
    repeated = {
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.cache_read.input_tokens": 64,
        "gen_ai.usage.details.cache_read_tokens": 65,
    }
    assert columns(repeated).tokens.cache_read == read(repeated).tokens.cache_read == 64


def test_06_input_that_leaves_out_the_cache_is_made_whole() -> None:
    cached = {"gen_ai.usage.cache_read.input_tokens": 90, "gen_ai.usage.cache_write.input_tokens": 30}
    attributes = {"gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 7, **cached}
    assert read(attributes).tokens == columns(attributes).tokens == TokenUsage(125, 7, 132, 90, 30)
    whole = {**attributes, "gen_ai.usage.input_tokens": 125}
    assert columns(whole).tokens == TokenUsage(125, 7, 132, 90, 30)


CLAUDE_CODE = "com.anthropic.claude_code.tracing"


def test_06_claude_code_leaves_the_cache_out_of_its_input() -> None:
    counts = {"input_tokens": 5, "output_tokens": 7, "cache_read_tokens": 3, "cache_creation_tokens": 1}
    attributes: dict[str, Any] = {"span.type": "llm_request", **counts}
    full, found = read(attributes, scope=CLAUDE_CODE), columns(attributes, scope=CLAUDE_CODE)
    assert full.tokens == found.tokens == TokenUsage(9, 7, 16, 3, 1)
    elsewhere = {**usage(5, 7), "gen_ai.usage.cache_read.input_tokens": 3}
    assert columns(elsewhere).tokens.input == 5


def usage(given: int, told: int, *, names: tuple[str, str] = ("input_tokens", "output_tokens")) -> dict[str, Any]:
    return {f"gen_ai.usage.{names[0]}": given, f"gen_ai.usage.{names[1]}": told}


def chat(number: int, parent: int, given: int = 100, told: int = 10, **span: Any) -> Span:
    return spanned(number, parent, {OP: "chat", "gen_ai.request.model": "gpt-4o", **usage(given, told)}, **span)


AGENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "OTel GenAI": ("app", {OP: "invoke_agent", **usage(200, 20)}),
    "Pydantic AI": ("pydantic-ai", {"agent_name": "a", OP: "invoke_agent", **usage(200, 20)}),
    "Agent Framework": ("agent_framework", {OP: "invoke_agent", **usage(200, 20)}),
    # Accumulated over the agent's life, more than this trace.
    "Strands": (STRANDS, {OP: "invoke_agent", **usage(900, 90), "gen_ai.usage.prompt_tokens": 900}),
    "LangChain over OpenAI": ("openinference.instrumentation.langchain", {KIND: "LLM", "llm.token_count.prompt": 200}),
}


@pytest.mark.parametrize("name", AGENTS)
def test_07_the_total_of_an_agent_is_not_added_to_its_calls(name: str) -> None:
    scope, attributes = AGENTS[name]
    found = totals(spanned(1, 0, attributes, scope=scope), chat(2, 1), chat(3, 1))
    assert (found.input_tokens, found.output_tokens, found.llm_count) == (200, 20, 2)


def test_07_an_agent_whose_calls_lost_their_usage_counts_once() -> None:
    agent = spanned(1, 0, {OP: "invoke_agent", **usage(200, 20)})
    assert totals(agent, spanned(2, 1, {OP: "chat"})).input_tokens == 200


def test_07_adk_tells_one_call_twice() -> None:
    response = json.dumps({"usage_metadata": {"prompt_token_count": 41, "candidates_token_count": 11}})
    outer = {"gen_ai.request.model": "gemini-2.5-flash", "gcp.vertex.agent.llm_response": response, **usage(41, 11)}
    inner = {OP: "generate_content", **usage(41, 11)}
    scope = "gcp.vertex.agent"
    found = totals(spanned(1, 0, outer, scope=scope), spanned(2, 1, inner, scope=scope))
    assert (found.llm_count, found.input_tokens, found.output_tokens) == (1, 41, 11)


def test_07_vercels_outer_span_repeats_its_steps() -> None:
    outer = {"ai.operationId": "ai.generateText", "ai.usage.inputTokens": 200, "ai.usage.outputTokens": 20}
    step = {"ai.operationId": "ai.generateText.doGenerate", "ai.usage.inputTokens": 100, "ai.usage.outputTokens": 10}
    steps = [spanned(number, 1, {**step, **usage(100, 10)}, scope="ai") for number in (2, 3)]
    found = totals(spanned(1, 0, outer, scope="ai"), *steps)
    assert (found.llm_count, found.input_tokens, found.output_tokens) == (2, 200, 20)


def test_07_both_names_of_strands_for_one_count_are_not_summed() -> None:
    both = {OP: "chat", **usage(41, 11), **usage(41, 11, names=("prompt_tokens", "completion_tokens"))}
    assert columns(both, scope=STRANDS).tokens == read(both, scope=STRANDS).tokens == TokenUsage(41, 11, 52)


@pytest.mark.parametrize("name", ["strands-agents", "langchain", "crewai", "autogen", "_OTHER"])
def test_08_a_framework_in_the_providers_place_is_not_the_provider(name: str) -> None:
    attributes = {OP: "chat", "gen_ai.system": name, "gen_ai.request.model": "claude-sonnet-4"}
    assert read(attributes).provider == columns(attributes).provider == "anthropic"


def test_08_a_retriever_that_langsmith_calls_an_embedding() -> None:
    attributes = {"langsmith.span.kind": "retriever", OP: "embeddings", "gen_ai.system": "langchain"}
    full = read(attributes, scope="langsmith")
    assert full.kind is columns(attributes, scope="langsmith").kind is Kind.RETRIEVER
    assert full.provider == ""


def test_09_words_of_mlflow_stand_without_their_quotes() -> None:
    quoted = {"mlflow.spanType": '"LLM"', "mlflow.llm.model": '"gpt-4o"', "mlflow.spanOutputs": '"Rain."'}
    full = read(quoted)
    assert (full.kind, columns(quoted).kind, full.model, full.output) == (Kind.LLM, Kind.LLM, "gpt-4o", "Rain.")


def test_09_text_that_looks_like_json_stays_text() -> None:
    full = read({KIND: "TOOL", "output.value": "[1]", "output.mime_type": "text/plain"})
    assert full.tool is not None
    assert full.tool.result == full.output == "[1]"


@pytest.mark.parametrize("mark", ["__REDACTED__", "<REDACTED>", "<elided>"])
def test_10_a_hidden_value_is_hidden_and_not_content(mark: str) -> None:
    full = read({f"{OI_IN}.0.message.content": mark, "input.value": mark, f"{OI_IN}.0.message.role": "user"})
    assert full.input_messages == (ChatMessage("user", (OtherPart("hidden", mark),)),)
    assert full.input == ""
    assert full.problems == (f"input.value is hidden by the sender ({mark!r}).",)


def test_10_an_empty_object_of_adk_is_hidden() -> None:
    full = read({"gcp.vertex.agent.llm_request": "{}"}, scope="gcp.vertex.agent")
    assert full.problems == ("gcp.vertex.agent.llm_request is hidden by the sender ('{}').",)


def test_10_what_logfire_scrubbed_is_hidden() -> None:
    mark = "[Scrubbed due to 'password']"
    scrubbed = json.dumps([{"path": ["attributes", IN], "matched_substring": "password"}])
    full = read({IN: mark, "logfire.scrubbed": scrubbed}, scope="logfire")
    assert all(part != TextPart(mark) for message in full.input_messages for part in message.parts)


def test_10_vectors_and_base64_are_told_by_their_size() -> None:
    vector = read({KIND: "EMBEDDING", "embedding.embeddings.0.embedding.vector": [0.125] * 1536})
    assert vector.embedding == Embedding("", 1, 1536)
    data = base64.b64encode(b"x" * 3000).decode()
    image: Any = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
    full = read({IN: [{"role": "user", "content": [image]}]})
    assert full.input_messages[0].parts == (MediaPart("image", "", "image/png", 3000),)
    for shown in (vector, full):
        fields = {name: value for name, value in span_object(shown, counted=True).items() if name != "attributes"}
        assert len(json.dumps(fields)) < 2_000


def pending(number: int, announced: int) -> Span:
    marks = {"logfire.span_type": "pending_span", "logfire.pending_parent_id": "0" * 16}
    return spanned(number, announced, {OP: "chat", "gen_ai.request.model": "gpt-4o", **marks}, scope="logfire")


def test_11_a_pending_span_counts_for_nothing_beside_the_real_one_and_without_it() -> None:
    alone, both = totals(pending(9, 1)), totals(chat(1, 0), pending(9, 1))
    assert (alone.span_count, alone.llm_count) == (0, 0)
    assert (both.span_count, both.llm_count, both.input_tokens) == (1, 1, 100)
    full = normalise(pending(9, 1))
    assert (full.is_pending, full.pending_parent_id, normalise(chat(1, 0)).is_pending) == (True, "", False)


def test_11_the_log_of_a_stream_is_no_second_call() -> None:
    request = json.dumps({"model": "gpt-4o", "messages": CONVERSATION[1:], "stream": True})
    response = json.dumps({"combined_chunk_content": "Rain.", "chunk_count": 2})
    result = {"logfire.span_type": "log", "request_data": request, "response_data": response, "duration": 1.5}
    call = {"request_data": request, "gen_ai.request.model": "gpt-4o", "logfire.msg": "Chat Completion"}
    scope = "logfire.openai"
    both = totals(spanned(1, 0, call, scope=scope), spanned(2, 0, result, scope=scope))
    assert both.llm_count == 1
    assert normalise(spanned(2, 0, result, scope=scope)).output_messages[0].text == "Rain."


def test_12_messages_in_log_records_of_one_time_stay_in_their_order() -> None:
    names = ("gen_ai.system.message", "gen_ai.user.message", "gen_ai.assistant.message", "gen_ai.user.message")
    logs = [log(name, {"content": str(number)}) for number, name in enumerate(names)]
    assert [message.text for message in read({OP: "chat"}, logs=logs).input_messages] == ["0", "1", "2", "3"]
    # The answer is no question, even if its record says that it came first.
    first = log("gen_ai.choice", {"message": {"content": "answer"}}, time=START - SECOND)
    full = read({OP: "chat"}, logs=[first, *logs])
    assert [message.text for message in full.output_messages] == ["answer"]
    assert len(full.input_messages) == 4


def test_12_an_index_orders_messages_that_came_in_any_order() -> None:
    logs = [log("gen_ai.user.message", {"content": str(n)}, **{"gen_ai.message.index": n}) for n in (2, 0, 1)]
    assert [message.text for message in read({OP: "chat"}, logs=logs).input_messages] == ["0", "1", "2"]


def test_13_the_time_to_the_first_token_in_seconds_and_in_milliseconds() -> None:
    assert read({OP: "chat", "gen_ai.response.time_to_first_chunk": 0.25}).ttft_s == 0.25
    assert read({OP: "chat", "gen_ai.server.time_to_first_token": 300}, scope=STRANDS).ttft_s == 0.3
    assert read({OP: "chat", "gen_ai.server.time_to_first_token": 1}, scope=STRANDS).ttft_s == 0.001
    assert read({OP: "chat", "gen_ai.response.time_to_first_chunk": 9.0}).ttft_s is None, "longer than the span"


def test_13_a_distance_is_not_shown_as_a_score() -> None:
    hit = event("db.query.result", {"db.query.result.document": "text", "db.query.result.distance": 0.2})
    assert read({"db.operation": "query"}, events=[hit]).documents == (Document("text", metadata={"distance": 0.2}),)


def test_14_one_malformed_item_does_not_lose_the_others() -> None:
    messages: Any = [{"role": "user", "content": "hi"}, 7, None, {"role": 3, "parts": "so"}, {"content": {"a": 1}}, []]
    full = read({IN: messages})
    assert [message.text for message in full.input_messages][:2] == ["hi", "7"]
    assert len(full.input_messages) >= 4
    documents: Any = [{"id": "a", "content": "one"}, 5, {"score": "NaN", "content": "two"}, None]
    found = read({"gen_ai.retrieval.documents": documents}).documents
    assert [document.content for document in found if document.content] == ["one", "two"]
    assert all(document.score is None for document in found)


def test_14_what_is_not_known_is_kept_and_shown() -> None:
    parts: Any = [{"type": "hologram", "beam": 1}]
    full = read({OP: "levitate", IN: [{"role": "narrator", "parts": parts}]})
    assert full.input_messages == (ChatMessage("narrator", (OtherPart("hologram", parts[0]),)),)
    assert full.kind is Kind.LLM
    assert full.problems == ("The kind 'levitate' is not known here; it reads as LLM.",)
    assert read({KIND: "WORMHOLE"}).problems == ("The kind 'WORMHOLE' is not known here; it reads as UNKNOWN.",)


BOTH: dict[str, Any] = {
    KIND: "LLM",
    "llm.model_name": "gpt-4o",
    "llm.token_count.prompt": 100,
    "llm.token_count.completion": 10,
    "llm.token_count.prompt_details.cache_read": 64,
    f"{OI_IN}.0.message.role": "user",
    f"{OI_IN}.0.message.content": "Weather?",
    f"{OI_OUT}.0.message.role": "assistant",
    f"{OI_OUT}.0.message.content": "Rain.",
    OP: "chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 10,
    "gen_ai.usage.cache_read.input_tokens": 64,
    "gen_ai.usage.reasoning.output_tokens": 4,
    IN: json.dumps(CONVERSATION[1:]),
    OUT: json.dumps([ANSWER]),
}


def test_15_both_conventions_on_one_span_are_one_set_of_messages_and_of_tokens() -> None:
    full = read(BOTH)
    assert said(*full.input_messages) == [("user", (TextPart("Weather?"),))]
    assert said(*full.output_messages) == [("assistant", (TextPart("Rain."),))]
    assert full.tokens == columns(BOTH).tokens == TokenUsage(100, 10, 110, 64, None, 4)
    assert full.convention == "OpenInference"
    assert full.sources["tokens.input"] == "llm.token_count.prompt"


def test_15_counts_that_contradict_are_not_mixed() -> None:
    attributes = {**BOTH, "gen_ai.usage.input_tokens": 99}
    assert read(attributes).tokens == columns(attributes).tokens == TokenUsage(100, 10, 110, 64)


def published_and_simplified() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    document = {"id": "a", "content": "text", "score": 0.5}
    flat = {f"retrieval.documents.0.document.{name}": value for name, value in document.items()}
    conversation = {
        f"{OI_IN}.{index}.message.{name}": item[name] for index, item in enumerate(CONVERSATION) for name in item
    }
    return [
        ({KIND: "LLM", **conversation}, {KIND: "LLM", OI_IN: json.dumps(CONVERSATION)}),
        (
            {KIND: "RETRIEVER", "input.value": "q", **flat},
            {KIND: "RETRIEVER", "retriever.query": "q", "retriever.documents": json.dumps([document])},
        ),
        (
            {KIND: "TOOL", "tool.name": "f", "tool.parameters": '{"x": 1}', "output.value": "ok"},
            {KIND: "TOOL", "tool.name": "f", "tool.parameters": '{"x": 1}', "tool.result": "ok"},
        ),
    ]


@pytest.mark.parametrize(("published", "simplified"), published_and_simplified())
def test_15_simplified_keys_give_the_same_model(published: dict[str, Any], simplified: dict[str, Any]) -> None:
    one, other = read(published), read(simplified)
    for name in ("kind", "input_messages", "system", "documents", "tool"):
        assert getattr(one, name) == getattr(other, name), name
    assert columns(published).kind is columns(simplified).kind


def test_16_a_session_named_only_by_the_root_is_the_traces() -> None:
    root = spanned(1, 0, {KIND: "CHAIN", "session.id": "s"})
    assert totals(root, chat(2, 1)).session_id == "s"
    assert totals(spanned(1, 0, {KIND: "CHAIN"}), chat(2, 1), spanned(3, 1, {"session.id": "s"})).session_id == "s"


def test_16_a_judgement_of_the_trace_in_both_spellings_is_one() -> None:
    judged = {"name": "helpful", "score": 0.9, "label": "yes"}
    attributes: dict[str, Any] = {KIND: "CHAIN"}
    for plural, single in (("annotations", "annotation"), ("evaluations", "evaluation")):
        attributes |= {f"trace.{plural}.0.{single}.{name}": value for name, value in judged.items()}
    assert read(attributes).evals == (Evaluation("helpful", 0.9, "yes", scope="trace"),)


def tool(number: int, parent: int, attributes: dict[str, Any], **span: Any) -> Span:
    return spanned(number, parent, {"gen_ai.tool.name": "get_weather", **attributes}, **span)


def test_17_the_ends_of_a_call_over_mcp_are_one_call() -> None:
    execute = tool(1, 0, {OP: "execute_tool"})
    client = tool(2, 1, {"mcp.method.name": "tools/call"}, scope="mcp client")
    transport = spanned(3, 2, {"http.request.method": "POST"})
    server = tool(4, 3, {"mcp.method.name": "tools/call"}, scope="mcp server")
    assert totals(execute, client, transport, server).tool_count == 1
    assert totals(client, transport, server).tool_count == 1
    assert totals(execute, client, spanned(3, 1, {"mcp.method.name": "tools/list"})).tool_count == 1
    assert totals(execute, tool(5, 0, {OP: "execute_tool"})).tool_count == 2


def test_17_a_tool_of_claude_code_with_its_execution_and_its_wait_is_one_call() -> None:
    kinds = ("tool", "tool.blocked_on_user", "tool.execution")
    spans = [
        spanned(number, 1 if number > 1 else 0, {"span.type": kind, "tool_name": "Bash"}, scope=CLAUDE_CODE)
        for number, kind in enumerate(kinds, 1)
    ]
    assert totals(*spans).tool_count == 1


def test_18_a_model_without_a_price_costs_an_unknown_sum() -> None:
    book, attributes = PriceBook(), {OP: "chat", "gen_ai.request.model": "nobody-sells-this-1", **usage(100, 10)}
    assert book.charge(columns(attributes), START).total is None
    assert book.with_cost(read(attributes)).cost is None
    assert totals(spanned(1, 0, attributes)).cost_count == 0


def test_18_estimated_and_reported_costs_are_kept_apart() -> None:
    book, known = (
        PriceBook(),
        {OP: "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", **usage(100, 10)},
    )
    estimated, reported = book.with_cost(read(known)).cost, book.with_cost(read({**known, "operation.cost": 0.5})).cost
    assert estimated is not None
    assert reported is not None
    assert (estimated.source, reported.source, reported.total) == ("estimated", "reported", 0.5)
    assert book.charge(columns(known), START).is_estimated
    assert not book.charge(columns({**known, "operation.cost": 0.5}), START).is_estimated


def test_18_the_library_of_prices_is_imported_only_where_a_price_is_asked_for() -> None:
    code = (
        "import sys; from tracetui.pricing import BOOK; from tracetui.semconv import normalise, summary;"
        "print('genai_prices' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"
