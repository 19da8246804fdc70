"""The objects of `--json`, held to DESIGN section 5."""

from __future__ import annotations

import json
import math
from typing import Any

from tracetui.model.chat import (
    ChatMessage,
    Cost,
    Document,
    Embedding,
    Evaluation,
    FilePart,
    Kind,
    MediaPart,
    NormalisedSpan,
    OtherPart,
    ReasoningPart,
    RefusalPart,
    SpanError,
    TextPart,
    TokenUsage,
    Tool,
    ToolCall,
    ToolDefinition,
    ToolResult,
)
from tracetui.model.objects import log_object, span_object, trace_object
from tracetui.model.span import InstrumentationScope, LogRecord, Resource, Span, SpanEvent, SpanLink, Status
from tracetui.model.trace import TraceSummary

TRACE, SPAN, PARENT = "0" * 31 + "1", "0" * 15 + "2", "0" * 15 + "3"

BARE = Span(TRACE, SPAN, "work")


def strict(value: object) -> Any:
    """Through strict JSON and back."""
    return json.loads(json.dumps(value, allow_nan=False))


def test_absent_is_absent() -> None:
    assert strict(span_object(NormalisedSpan(span=BARE), counted=False)) == {
        "trace_id": TRACE,
        "span_id": SPAN,
        "name": "work",
        "kind": "UNKNOWN",
        "otel_kind": "INTERNAL",
        "status": {"code": "UNSET"},
    }


def test_the_whole_span_object() -> None:
    span = Span(
        TRACE, SPAN, "chat", parent_span_id=PARENT, otel_kind=3, start_time_unix_nano=1_000, end_time_unix_nano=3_500,
        status=Status(2, "boom"), attributes={"n": 1, "raw": b"\x00\x01", "bad": math.nan, "none": None, "list": []},
        events=(SpanEvent("exception", 2_000, {"exception.type": "ValueError"}),),
        links=(SpanLink(TRACE, PARENT, attributes={"why": "batch"}),),
        resource=Resource({"service.name": "shop"}, schema_url="https://schema"),
        scope=InstrumentationScope("lib", "1.2"), problems=("odd",),
    )  # fmt: skip
    normalised = NormalisedSpan(
        span=span, kind=Kind.LLM, project="demo", provider="openai", model_request="gpt-4o",
        model_response="gpt-4o-2024", params={"temperature": 0.0}, system="Be brief.",
        input_messages=(ChatMessage("user", (TextPart("hi"),), name="ann"),),
        output_messages=(ChatMessage("assistant", (TextPart("yo"),), finish_reason="stop"),),
        input="in", output="out", tool_defs=(ToolDefinition("f", "does f", {"type": "object"}),),
        tool=Tool("f", "does f", "c1", {"a": None}, ""),
        documents=(Document("text", "d1", 0.0, {"page": 1}), Document("only text")),
        embedding=Embedding("e", 0, 3), tokens=TokenUsage(0, 5, 5, cache_read=0), cost=Cost(total=0.0),
        session_id="s", user_id="u", tags=("a",), metadata={"tier": "gold"}, agent_name="bot",
        evals=(Evaluation("good", 0.5, "yes", "because"),), errors=(SpanError("boom", "ValueError", "trace"),),
        ttft_s=0.25, finish_reasons=("stop",), problems=("odd", "odder"),
    )  # fmt: skip
    assert strict(span_object(normalised, counted=True)) == {
        "trace_id": TRACE, "span_id": SPAN, "parent_span_id": PARENT, "name": "chat", "kind": "LLM",
        "otel_kind": "CLIENT", "service": "shop", "project": "demo", "scope": {"name": "lib", "version": "1.2"},
        "start_time_unix_nano": 1_000, "duration_nano": 2_500, "status": {"code": "ERROR", "message": "boom"},
        "provider": "openai", "model": "gpt-4o-2024", "model_request": "gpt-4o", "model_response": "gpt-4o-2024",
        "params": {"temperature": 0.0}, "system": "Be brief.",
        "input_messages": [{"role": "user", "name": "ann", "parts": [{"type": "text", "content": "hi"}]}],
        "output_messages": [
            {"role": "assistant", "parts": [{"type": "text", "content": "yo"}], "finish_reason": "stop"}],
        "input": "in", "output": "out",
        "tool_defs": [{"name": "f", "description": "does f", "parameters": {"type": "object"}}],
        "tool": {"name": "f", "description": "does f", "call_id": "c1", "arguments": {"a": None}, "result": ""},
        "documents": [
            {"id": "d1", "content": "text", "score": 0.0, "metadata": {"page": 1}}, {"content": "only text"}],
        "embedding": {"model": "e", "count": 0, "dimension": 3},
        "tokens": {"input": 0, "output": 5, "total": 5, "cache_read": 0},
        "cost": {"total": 0.0, "source": "reported"}, "session_id": "s", "user_id": "u", "tags": ["a"],
        "metadata": {"tier": "gold"}, "agent": {"name": "bot"},
        "evals": [{"name": "good", "score": 0.5, "label": "yes", "explanation": "because"}],
        "errors": [{"type": "ValueError", "message": "boom", "stacktrace": "trace"}],
        "ttft_s": 0.25, "finish_reasons": ["stop"], "counted": True,
        "attributes": {"n": 1, "raw": {"bytesValue": "AAE="}, "bad": "NaN", "none": None, "list": []},
        "resource": {"attributes": {"service.name": "shop"}, "schema_url": "https://schema"},
        "events": [
            {"name": "exception", "time_unix_nano": 2_000, "attributes": {"exception.type": "ValueError"}}],
        "links": [{"trace_id": TRACE, "span_id": PARENT, "attributes": {"why": "batch"}}],
        "problems": ["odd", "odder"],
    }  # fmt: skip


def test_every_part_of_a_message() -> None:
    parts = (
        TextPart(""), ReasoningPart("hm"), ToolCall("f", {"a": 1}, "c1"), ToolCall("g"), ToolResult("ok", "f", "c1"),
        ToolResult({"x": None}, is_error=True), MediaPart("image", "https://x/y.png", "image/png"),
        MediaPart("audio", mime="audio/wav", size=0), FilePart("file-1"), RefusalPart("no"),
        OtherPart("odd", {"type": "odd", "k": 1}),
    )  # fmt: skip
    normalised = NormalisedSpan(span=BARE, input_messages=(ChatMessage("user", parts), ChatMessage("tool")))
    messages = strict(span_object(normalised, counted=False))["input_messages"]
    assert messages[0]["parts"] == [
        {"type": "text", "content": ""},
        {"type": "reasoning", "content": "hm"},
        {"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}},
        {"type": "tool_call", "name": "g"},
        {"type": "tool_result", "id": "c1", "name": "f", "result": "ok"},
        {"type": "tool_result", "result": {"x": None}, "is_error": True},
        {"type": "image", "uri": "https://x/y.png", "mime": "image/png"},
        {"type": "audio", "mime": "audio/wav", "size": 0},
        {"type": "file", "file_id": "file-1"},
        {"type": "refusal", "content": "no"},
        {"type": "other", "raw": {"type": "odd", "k": 1}},
    ]
    assert messages[1] == {"role": "tool"}


def test_an_unknown_duration_and_an_uncounted_span_say_nothing() -> None:
    backwards = Span(TRACE, SPAN, "", start_time_unix_nano=5, end_time_unix_nano=1)
    value = strict(span_object(NormalisedSpan(span=backwards), counted=False))
    assert "duration_nano" not in value
    assert "counted" not in value
    assert value["name"] == ""


def test_text_that_is_no_unicode_is_still_json() -> None:
    odd = Span(TRACE, SPAN, "a\ud800b", attributes={"k\udfff": "\ud800"})
    text = json.dumps(span_object(NormalisedSpan(span=odd), counted=False), ensure_ascii=False)
    assert json.loads(text.encode())["name"].startswith("a")


def test_the_trace_object() -> None:
    trace = TraceSummary(
        row_id=1, trace_id=TRACE, name="ask", root_span_id=SPAN, service="shop", project="demo", session_id="s",
        start_time_unix_nano=10, end_time_unix_nano=30, span_count=3, error_count=1, llm_count=2, tool_count=0,
        input_tokens=7, output_tokens=5, cost_total=0.5, models=("gpt-4o",), complete=True, cost_input=0.25,
        cost_output=0.25, cost_source="mixed",
    )  # fmt: skip
    assert strict(trace_object(trace)) == {
        "trace_id": TRACE, "name": "ask", "root_span_id": SPAN, "service": "shop", "project": "demo",
        "session_id": "s", "start_time_unix_nano": 10, "duration_nano": 20, "span_count": 3, "error_count": 1,
        "llm_count": 2, "tool_count": 0, "tokens": {"input": 7, "output": 5, "total": 12},
        "cost": {"input": 0.25, "output": 0.25, "total": 0.5, "source": "mixed"},
        "models": ["gpt-4o"], "status": "error", "complete": True,
    }  # fmt: skip


def test_a_running_trace_without_llm_calls_has_no_tokens_cost_or_root() -> None:
    trace = TraceSummary(
        row_id=1, trace_id=TRACE, name="ask", root_span_id="", service="", project="", session_id="",
        start_time_unix_nano=0, end_time_unix_nano=0, span_count=1, error_count=0, llm_count=0, tool_count=0,
        input_tokens=None, output_tokens=5, cost_total=None, models=(), complete=False,
    )  # fmt: skip
    assert strict(trace_object(trace)) == {
        "trace_id": TRACE, "name": "ask", "span_count": 1, "error_count": 0, "llm_count": 0, "tool_count": 0,
        "tokens": {"output": 5}, "status": "running", "complete": False,
    }  # fmt: skip


def test_the_log_object_keeps_the_type_of_its_body() -> None:
    record = LogRecord(
        trace_id=TRACE, span_id=SPAN, time_unix_nano=9, severity_number=9, severity_text="INFO", event_name="said",
        body={"content": "", "n": None}, attributes={"k": b"\xff"}, resource=Resource({"service.name": "shop"}),
        scope=InstrumentationScope("lib"),
    )  # fmt: skip
    assert strict(log_object(record)) == {
        "trace_id": TRACE, "span_id": SPAN, "time_unix_nano": 9, "severity_number": 9, "severity_text": "INFO",
        "event_name": "said", "service": "shop", "scope": {"name": "lib"}, "body": {"content": "", "n": None},
        "attributes": {"k": {"bytesValue": "/w=="}}, "resource": {"attributes": {"service.name": "shop"}},
    }  # fmt: skip
