"""What a call costs. Expected amounts are worked out by hand from the providers' public price lists."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from tracetui.model.chat import Cost, CostLine, Kind, NormalisedSpan, TokenUsage
from tracetui.model.span import Span
from tracetui.pricing import Estimate, PriceBook

DAY = datetime.date(2026, 11, 2)


def moment(day: datetime.date = DAY, hour: int = 12, minute: int = 0) -> int:
    time = datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=datetime.UTC)
    return int(time.timestamp()) * 1_000_000_000


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return PriceBook()


def cost(book: PriceBook, provider: str, model: str, *, at: int = moment(), tier: str = "", **tokens: Any) -> float:
    found = book.estimate(Kind.LLM, provider, ("", model), TokenUsage(**tokens), at, tier)
    assert found is not None
    return found.total


def test_input_and_output_each_at_its_price(book: PriceBook) -> None:
    # gpt-4o-mini: $0.15 and $0.60 for a million
    found = book.estimate(Kind.LLM, "openai", ("", "gpt-4o-mini"), TokenUsage(1_000, 500), moment())
    assert found == Estimate(0.00015, 0.0003, 0.00045)


def test_cached_input_is_a_part_of_the_input_at_its_own_prices(book: PriceBook) -> None:
    # claude-3-5-sonnet: $3 and $15, cache read $0.30, cache write $3.75; 2,000 of the 10,000 are neither
    found = cost(
        book, "anthropic", "claude-3-5-sonnet-20241022", input=10_000, output=1_000, cache_read=6_000, cache_write=2_000
    )
    assert found == pytest.approx(0.0303)  # 0.0060 + 0.0018 + 0.0075 + 0.0150


def test_audio_is_priced_apart_where_it_has_a_price(book: PriceBook) -> None:
    # gpt-realtime: text $4 and $16, audio $32 and $64
    found = cost(book, "openai", "gpt-realtime", input=1_000, output=500, audio_input=800, audio_output=400)
    assert found == pytest.approx((200 * 4 + 800 * 32 + 100 * 16 + 400 * 64) / 1e6)
    # gpt-4o has none: its audio is priced as text, $2.50 and $10
    assert cost(book, "openai", "gpt-4o", input=1_000, output=500, audio_input=800) == pytest.approx(0.0075)


def test_a_long_prompt_moves_all_tokens_into_the_dearer_tier(book: PriceBook) -> None:
    # gemini-2.5-pro: $1.25 and $10 up to 200,000 tokens of input, $2.50 and $15 above
    assert cost(book, "gcp.gemini", "gemini-2.5-pro", input=200_000, output=1_000) == pytest.approx(0.26)
    assert cost(book, "gcp.gemini", "gemini-2.5-pro", input=200_001, output=1_000) == pytest.approx(0.5150025)


def test_the_price_is_that_of_the_day_of_the_call(book: PriceBook) -> None:
    # o3 fell from $10 and $40 to $2 and $8 on 10 June 2025
    before = moment(datetime.date(2025, 6, 9), 23, 59)
    after = moment(datetime.date(2025, 6, 10), 0, 0)
    assert cost(book, "openai", "o3", at=before, input=1_000, output=1_000) == pytest.approx(0.05)
    assert cost(book, "openai", "o3", at=after, input=1_000, output=1_000) == pytest.approx(0.01)
    assert cost(book, "openai", "o3", at=0, input=1_000, output=1_000) == pytest.approx(0.01), "no time: the latest"


def test_the_price_is_that_of_the_hour_where_it_changes_within_the_day(book: PriceBook) -> None:
    # deepseek-chat: $0.27 and $1.10 from 00:30 to 16:30 UTC, half of that at night
    for hour, minute, expected in ((0, 29, 0.000685), (0, 30, 0.00137), (16, 29, 0.00137), (16, 30, 0.000685)):
        at = moment(DAY, hour, minute)
        assert cost(book, "deepseek", "deepseek-chat", at=at, input=1_000, output=1_000) == pytest.approx(expected)


def test_the_tier_of_service_has_its_own_price(book: PriceBook) -> None:
    # gpt-5-mini: $0.25 and $2; flex is half, priority 1.8 times as much
    usage: dict[str, Any] = {"input": 1_000, "output": 1_000}
    assert cost(book, "openai", "gpt-5-mini", **usage) == pytest.approx(0.00225)
    assert cost(book, "openai", "gpt-5-mini", tier="default", **usage) == pytest.approx(0.00225)
    assert cost(book, "openai", "gpt-5-mini", tier="flex", **usage) == pytest.approx(0.001125)
    assert cost(book, "openai", "gpt-5-mini", tier="priority", **usage) == pytest.approx(0.00405)


def test_a_price_for_each_call_is_added(book: PriceBook) -> None:
    # sonar: $1 and $1 for a million, $12 for a thousand calls
    found = book.estimate(Kind.LLM, "perplexity", ("", "sonar"), TokenUsage(1_000, 500), moment())
    assert found == Estimate(0.001, 0.0005, 0.0135)


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("anthropic", "anthropic/claude-3-5-sonnet-20241022"),
        ("", "anthropic/claude-3-5-sonnet-20241022"),
        ("litellm", "anthropic/claude-3-5-sonnet-20241022"),
        ("gateway", "anthropic/claude-3-5-sonnet-20241022"),
        ("", "claude-3-5-sonnet-20241022"),
        ("aws.bedrock", "us.anthropic.claude-3-5-sonnet-20241022-v2:0"),
        ("aws.bedrock", "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-3-5-sonnet-20241022-v2:0"),
        ("", "bedrock/anthropic.claude-3-5-sonnet-20241022-v2:0"),
        ("gcp.vertex_ai", "claude-3-5-sonnet-v2@20241022"),
    ],
)  # fmt: skip
def test_a_model_is_known_by_all_its_names(book: PriceBook, provider: str, model: str) -> None:
    assert cost(book, provider, model, input=1_000, output=1_000) == pytest.approx(0.018)


@pytest.mark.parametrize(
    ("provider", "seller"),
    [
        ("azure.ai.openai", "azure"), ("azure.ai.inference", "azure"), ("azure", "azure"), ("openai", "openai"),
        ("x_ai", "x-ai"), ("mistral_ai", "mistral"), ("gcp.gemini", "google"), ("gcp.gen_ai", "google"),
        ("aws.bedrock", "aws"), ("groq", "groq"), ("fireworks_ai", "fireworks"), ("together_ai", "together"),
    ],
)  # fmt: skip
def test_a_provider_is_taken_for_itself(provider: str, seller: str) -> None:
    from genai_prices.data_snapshot import get_snapshot

    from tracetui.pricing.names import provider_id

    assert get_snapshot().find_provider(None, provider_id(provider), None).id == seller


def test_azure_is_priced_as_azure(book: PriceBook) -> None:
    span = NormalisedSpan(
        Span("1" * 32, "2" * 16, "chat", start_time_unix_nano=moment()), kind=Kind.LLM, provider="azure.ai.openai",
        model_request="gpt-4o", tokens=TokenUsage(1, 1),
    )  # fmt: skip
    priced = book.with_cost(span).cost
    assert priced is not None
    assert priced.prices.startswith("azure gpt-4o, genai-prices ")


def test_the_model_that_answered_is_believed_before_the_one_asked_for(book: PriceBook) -> None:
    usage = TokenUsage(1_000_000, 0)
    answered = book.estimate(Kind.LLM, "openai", ("gpt-4o", "gpt-4o-mini"), usage, moment())
    assert answered is not None
    assert answered.total == 2.5
    deployment = book.estimate(Kind.LLM, "azure.ai.openai", ("our-deployment", "gpt-4o-mini"), usage, moment())
    assert deployment is not None
    assert deployment.total == 0.15


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-99-imaginary"),
        ("our-company", "gpt-4o"),
        ("ollama", "llama3.2"),
        ("ollama", "gpt-oss:20b"),
        ("vllm", "deepseek-ai/DeepSeek-R1"),
        ("", "ollama/mistral-7b"),
        ("", "deepseek-r1:7b"),
        ("", "mistral-7b.gguf"),
        ("openai", "whisper-1"),
        ("openai", ""),
        ("", ""),
        ("", "x" * 100_000),
        ("\x1b[31m", "\ud800"),
    ],
)
def test_no_price_is_never_nought(book: PriceBook, provider: str, model: str) -> None:
    assert book.estimate(Kind.LLM, provider, ("", model), TokenUsage(1_000, 500), moment()) is None


@pytest.mark.parametrize(
    ("kind", "usage"),
    [
        (Kind.AGENT, TokenUsage(1_000, 500)),
        (Kind.CHAIN, TokenUsage(1_000, 500)),
        (Kind.LLM, TokenUsage(1_000)),
        (Kind.LLM, TokenUsage(None, 500)),
        (Kind.LLM, TokenUsage(total=1_500)),
        (Kind.LLM, TokenUsage()),
    ],
)
def test_sums_of_others_and_half_known_usage_are_not_priced(book: PriceBook, kind: Kind, usage: TokenUsage) -> None:
    assert book.estimate(kind, "openai", ("", "gpt-4o"), usage, moment()) is None


def test_an_embedding_needs_only_its_input(book: PriceBook) -> None:
    # text-embedding-3-small: $0.02 for a million
    for provider in ("openai", ""):
        models = ("", "text-embedding-3-small")
        found = book.estimate(Kind.EMBEDDING, provider, models, TokenUsage(50_000), moment())
        assert found == Estimate(0.001, 0.0, 0.001)


def reading(**fields: Any) -> NormalisedSpan:
    values = {"kind": Kind.LLM, "provider": "anthropic", "model_response": "claude-3-5-sonnet-20241022"}
    return NormalisedSpan(Span("1" * 32, "2" * 16, "chat", start_time_unix_nano=moment()), **{**values, **fields})


def test_the_full_reading_shows_the_estimate_line_by_line(book: PriceBook) -> None:
    usage = TokenUsage(10_000, 1_000, cache_read=6_000, cache_write=2_000, reasoning=400)
    priced = book.with_cost(reading(tokens=usage)).cost
    assert priced is not None
    assert (priced.input, priced.output, priced.total, priced.source) == (0.0153, 0.015, 0.0303, "estimated")
    assert priced.lines == (
        CostLine("input", 2_000, 3.0, 0.006),
        CostLine("cache read", 6_000, 0.3, 0.0018),
        CostLine("cache write", 2_000, 3.75, 0.0075),
        CostLine("output", 1_000, 15.0, 0.015),
    )


def test_a_reported_cost_stands(book: PriceBook) -> None:
    reported = Cost(total=0.5)
    assert book.with_cost(reading(tokens=TokenUsage(1_000, 500), cost=reported)).cost == reported


def test_a_span_without_a_price_is_left_as_it_is(book: PriceBook) -> None:
    span = reading(tokens=TokenUsage(1_000, 500), model_response="claude-imaginary")
    assert book.with_cost(span) is span


def test_a_failing_library_costs_only_the_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    from tracetui.pricing import bundled

    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(bundled, "find", fail)
    book = PriceBook()
    assert book.estimate(Kind.LLM, "openai", ("", "gpt-4o"), TokenUsage(1, 1), moment()) is None
    assert book.problems == ("Costs are not estimated: genai-prices failed (RuntimeError).",)
