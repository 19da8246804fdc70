"""The arithmetic of `pricing.rates` against that of `genai-prices`, over every model it knows."""

from __future__ import annotations

import datetime
import random
import warnings

import pytest
from genai_prices import Usage
from genai_prices.data_snapshot import get_snapshot

from tracetui.model.chat import TokenUsage
from tracetui.pricing import bundled
from tracetui.pricing.rates import TOKEN_PRICES, amounts, items, rates_of

TIMES = [
    datetime.datetime(2024, 3, 1, 3, 0, tzinfo=datetime.UTC),
    datetime.datetime(2026, 11, 2, 12, 0, tzinfo=datetime.UTC),
]
NOT_TOKENS = ("hours", "kpages", "mchars", "messages")
"""Parts of names of prices for what a span does not count."""


def usages(chance: random.Random) -> TokenUsage:
    given, told = chance.choice([0, 7, 1_000, 300_000]), chance.choice([0, 3, 5_000])
    read, written = chance.randrange(given // 3 + 1), chance.randrange(given // 3 + 1)
    return TokenUsage(given, told, given + told, read, written, chance.randrange(told + 1))


@pytest.mark.parametrize("provider", [provider.id for provider in get_snapshot().providers])
def test_every_model_costs_what_the_library_says(provider: str) -> None:
    chance = random.Random(provider)
    seller = next(each for each in get_snapshot().providers if each.id == provider)
    for model in seller.models:
        for time in TIMES:
            prices = model.get_prices(time)
            if any(part in name for name in vars(prices) for part in NOT_TOKENS):
                continue
            for tier in ("", "flex"):
                context = {"service_tier": tier} if tier else {}
                rates = bundled.day_rates(model, time.date(), context, "")
                nano = (time.hour * 3_600 + time.minute * 60) * 1_000_000_000
                usage = usages(chance)
                found = None
                if rates is not None:
                    rates = rates.at(nano).for_input(usage.input or 0)
                    found = amounts(rates, usage)
                if rates is None or found is None:
                    unpriced = (
                        getattr(prices, "input_mtok", None) is None or getattr(prices, "output_mtok", None) is None
                    )
                    assert unpriced, model.id
                    continue
                reported = Usage(
                    input_tokens=usage.input, output_tokens=usage.output, cache_read_tokens=usage.cache_read,
                    cache_write_tokens=usage.cache_write, output_reasoning_tokens=usage.reasoning,
                )  # fmt: skip
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    expected = model.calc_price(
                        reported, seller, genai_request_timestamp=time, price_context=context or None
                    )
                into, out = found
                assert into / 1e12 == pytest.approx(float(expected.input_price), abs=1e-12), model.id
                assert out / 1e12 == pytest.approx(float(expected.output_price), abs=1e-12), model.id
                total = into + out + rates.request
                assert total / 1e12 == pytest.approx(float(expected.total_price), abs=1e-11), model.id
                assert sum(item.number * item.each for item in items(rates, usage)) == pytest.approx(total, abs=3)


def test_lines_and_sums_agree_whatever_the_usage() -> None:
    chance = random.Random(3)
    for _ in range(2_000):
        rates = rates_of({name: chance.choice([None, 0.0, 3.5, 150_000.0]) for name in TOKEN_PRICES}, request=7.0)
        usage = TokenUsage(*(chance.choice([None, 0, 1, 50, 10**9]) for _ in range(8)))
        found = amounts(rates, usage)
        if found is not None:
            total = sum(item.number * item.each for item in items(rates, usage))
            assert sum(found) + rates.request == pytest.approx(total, abs=3)
