from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracetui.model.chat import Cost, CostLine, NormalisedSpan, TokenUsage
from tracetui.model.span import Span
from tracetui.tui.render.document import DocumentBuilder
from tracetui.tui.render.usage import bar_cells, shares, speed, tokens_page
from tracetui.tui.theme import DARK_PALETTE

SECOND = 10**9


def page(n: NormalisedSpan) -> str:
    builder = DocumentBuilder(80, DARK_PALETTE)
    tokens_page(builder, n)
    return builder.build().text


def span(seconds: float = 2.0) -> Span:
    return Span("t", "s", "n", start_time_unix_nano=SECOND, end_time_unix_nano=SECOND + int(seconds * SECOND))


def test_input_is_told_apart_by_cache_and_output_by_reasoning() -> None:
    found = shares(TokenUsage(100, 50, 150, cache_read=60, cache_write=10, reasoning=20))
    assert [(share.name, share.tokens) for share in found] == [
        ("cached input", 60),
        ("cache write", 10),
        ("uncached input", 30),
        ("reasoning", 20),
        ("output", 30),
    ]


@given(*(st.none() | st.integers(0, 10**6) for _ in range(5)))
def test_shares_add_up_to_what_was_counted_whatever_a_sender_says(
    given_: int | None, told: int | None, read: int | None, written: int | None, thought: int | None
) -> None:
    found = shares(TokenUsage(given_, told, None, read, written, thought))
    assert sum(share.tokens for share in found) == (given_ or 0) + (told or 0)
    assert all(share.tokens >= 0 for share in found)


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=5), st.integers(5, 100))
def test_a_bar_is_exactly_as_wide_as_it_should_be_and_hides_nothing(counts: list[int], width: int) -> None:
    cells = bar_cells(counts, width)
    assert sum(cells) == (width if any(counts) else 0)
    assert all((cell > 0) == (count > 0) for cell, count in zip(cells, counts, strict=True))


def test_the_cost_is_worked_out_line_by_line() -> None:
    lines = (CostLine("input", 596, 2.5, 0.00149), CostLine("output", 431, 10.0, 0.00431))
    cost = Cost(0.00149, 0.00431, 0.0058, "estimated", lines, "openai gpt-4o, genai-prices 0.2.3")
    text = page(NormalisedSpan(span(), tokens=TokenUsage(596, 431, 1027), cost=cost))
    assert "estimated · openai gpt-4o, genai-prices 0.2.3" in text
    assert "$0.001490   596 × $2.5 a million" in text
    assert "$0.004310   431 × $10 a million" in text
    assert "total              $0.005800" in text


def test_a_call_without_a_price_says_so_and_never_zero() -> None:
    text = page(NormalisedSpan(span(), tokens=TokenUsage(1, 2, 3)))
    assert "no price" in text and "$" not in text


def test_the_rate_counts_from_the_first_token_where_that_is_known() -> None:
    whole = speed(NormalisedSpan(span(2.0), tokens=TokenUsage(1, 300)))
    after = speed(NormalisedSpan(span(2.0), tokens=TokenUsage(1, 300), ttft_s=0.5))
    assert ("output rate", "150/s") in [row[:2] for row in whole]
    assert ("output rate", "200/s") in [row[:2] for row in after]
    assert ("first token", "500ms") in [row[:2] for row in after]
