"""Real exports: what was said, counted and done is found again, and columns and full reading tell the same."""

from __future__ import annotations

import pytest

from tests.unit.semconv.facts import ELSEWHERE, holds
from tests.unit.semconv.making import facts_of
from tests.unit.semconv.scenarios import SCENARIOS, scenario
from tracetui.semconv import normalise, summary, summary_with_logs

WHOLE = [name for name in SCENARIOS if name.startswith(("oi-", "plain-"))] + [
    "openlit-openai",
    "google-adk-content",
    "langfuse-decorators",
    "langfuse-openai",
    "langsmith-otel",
    "mlflow-otlp",
    "logfire-app-pending",
    "logfire-openai",
    "openllmetry-0.45-langchain",
    "openllmetry-0.45-openai",
    "openllmetry-openai",
    "openllmetry-workflow",
    "otel-genai-anthropic",
    "otel-genai-openai-event_only",
    "otel-google-genai-default",
    "otel-google-genai-latest-span_only",
    "otel-openai-default",
    "otel-openai-latest-event_only",
    "otel-openai-latest-span_and_event",
    "otlp-json",
    "pydantic-ai-1.x-v1",
    "pydantic-ai-1.x-v1-logs",
    "pydantic-ai-1.x-v2",
    "pydantic-ai-default",
    "pydantic-ai-v6",
    "strands-agents",
    "vercel-ai5",
]
"""Scenarios whose conventions are read in full."""

NOT_IN_CAPTURE = {
    # The arguments are redacted everywhere; their words only stand in JSON Schemas and prompt variables.
    "oi-openai-redacted": ("tool_call",),
}


@pytest.mark.parametrize("name", WHOLE)
def test_every_fact_is_found(name: str) -> None:
    found = scenario(name)
    spans = [normalise(span, logs) for span, logs in found.spans]
    left_out = (*ELSEWHERE, *NOT_IN_CAPTURE.get(name, ()))
    missing = [fact for fact in found.facts if fact["fact"] not in left_out and not holds(fact, spans)]
    assert missing == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_columns_and_full_reading_agree(name: str) -> None:
    for span, logs in scenario(name).spans:
        columns = summary_with_logs(span, logs) if logs else summary(facts_of(span))
        full = normalise(span, logs)
        assert (columns.kind, columns.model, columns.provider) == (full.kind, full.model, full.provider)
        assert columns.tokens == full.tokens
        assert columns.cost_total == (full.cost.total if full.cost else None)
        assert (columns.session_id, columns.user_id) == (full.session_id, full.user_id)
        assert columns.agent_name == full.agent_name
        assert full.tool is None or columns.tool_name == full.tool.name
        assert (columns.is_pending, columns.pending_parent_id) == (full.is_pending, full.pending_parent_id)
        assert not columns.is_error or full.errors
        assert len(columns.preview) <= 200
        assert "\n" not in columns.preview


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_value_says_where_it_was_read(name: str) -> None:
    for span, logs in scenario(name).spans:
        full = normalise(span, logs)
        for field in ("provider", "session_id", "user_id", "input", "output", "agent_name", "ttft_s"):
            if getattr(full, field):
                told = field == "provider" or (field == "agent_name" and full.agent_name == span.name)
                guessed = told and field not in full.sources
                assert guessed or full.sources[field]
        for field in ("input_messages", "output_messages", "documents", "tool_defs", "evals"):
            assert not getattr(full, field) or full.sources.get(field) or full.sources.get("system")
        for member, count in full.tokens._asdict().items():
            if count is not None and member != "total":
                key = full.sources[f"tokens.{member}"]
                assert key in span.attributes or key.startswith("log gen_ai.")
