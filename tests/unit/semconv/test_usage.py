"""Token usage in providers' own words."""

from __future__ import annotations

import json

import pytest

from tracetui.semconv.core.usage import usage_fields


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        pytest.param(
            {
                "prompt_tokens": 498,
                "completion_tokens": 27,
                "total_tokens": 525,
                "prompt_tokens_details": {"cached_tokens": 384, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 12},
            },
            {"input": 498, "output": 27, "total": 525, "cache_read": 384, "reasoning": 12, "audio_input": 0},
            id="OpenAI chat",
        ),
        pytest.param(
            {
                "input_tokens": 31,
                "output_tokens": 52,
                "total_tokens": 83,
                "input_tokens_details": {"cached_tokens": 5},
                "output_tokens_details": {"reasoning_tokens": 40},
            },
            {"input": 31, "output": 52, "total": 83, "cache_read": 5, "reasoning": 40},
            id="OpenAI responses",
        ),
        pytest.param(
            {
                "input_tokens": 10,
                "output_tokens": 7,
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 20,
            },
            {"input": 130, "output": 7, "cache_read": 100, "cache_write": 20},
            id="Anthropic leaves the cache out of its input",
        ),
        pytest.param(
            {"input_tokens": 130, "output_tokens": 7, "total_tokens": 137, "cache_read_input_tokens": 100},
            {"input": 130, "output": 7, "total": 137, "cache_read": 100},
            id="the same names with a total that has the cache in the input",
        ),
        pytest.param(
            {"inputTokens": 10, "outputTokens": 7, "totalTokens": 117, "cacheReadInputTokens": 100},
            {"input": 110, "output": 7, "total": 117, "cache_read": 100},
            id="Bedrock",
        ),
        pytest.param(
            {
                "promptTokenCount": 50,
                "candidatesTokenCount": 20,
                "thoughtsTokenCount": 30,
                "cachedContentTokenCount": 10,
                "totalTokenCount": 100,
            },
            {"input": 50, "output": 50, "total": 100, "cache_read": 10, "reasoning": 30},
            id="Gemini leaves the thoughts out of its output",
        ),
        pytest.param(
            {
                "input_tokens": 33,
                "output_tokens": 8,
                "total_tokens": 41,
                "input_token_details": {"cache_read": 16, "cache_creation": 2},
                "output_token_details": {"reasoning": 2},
            },
            {"input": 33, "output": 8, "total": 41, "cache_read": 16, "cache_write": 2, "reasoning": 2},
            id="LangChain",
        ),
        pytest.param(
            {
                "prompt_tokens": 120,
                "completion_tokens": 7,
                "prompt_tokens_details": {"cached_tokens": 100},
                "cache_read_input_tokens": 100,
            },
            {"input": 120, "output": 7, "cache_read": 100},
            id="a router's mixture has the cache in its input",
        ),
        pytest.param(
            {"prompt_tokens": "12", "completion_tokens": 3.0, "total_tokens": -1, "reasoning_tokens": True},
            {"input": 12, "output": 3},
            id="numbers as text and what is no number",
        ),
        pytest.param({"prompt_tokens_details": None, "choices": []}, {}, id="nothing"),
    ],
)
def test_usage_in_providers_words(usage: dict[str, object], expected: dict[str, int]) -> None:
    wanted = {f"tokens.{member}": number for member, number in expected.items()}
    assert usage_fields(usage) == wanted
    assert usage_fields(json.dumps(usage)) == wanted


@pytest.mark.parametrize("value", ["", "{", "[]", "null", 7, None, b"{}", '{"prompt_tokens": 1' + " " * 9_000 + "}"])
def test_what_is_no_usage_or_too_long_for_the_way_in_is_none(value: object) -> None:
    assert usage_fields(value) == {}
