"""The prices that ship with `genai-prices`, as rates. The only module that imports it."""

from __future__ import annotations

import datetime
import sys
import threading
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tracetui.pricing import names
from tracetui.pricing.rates import PER_TOKEN, Rates, rates_of

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

NANO_PER_S = 1_000_000_000

_LOADING = threading.Lock()
_PRICES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "audio_input": "input_audio_mtok",
    "audio_output": "output_audio_mtok",
    "reasoning": "output_reasoning_mtok",
}
"""Field of `Rates` to the name of the price, in dollars for a million."""

_REQUESTS = "requests_kcount"
_PER_REQUEST = 10**9
"""1e-12 dollars for a call at one dollar for a thousand."""


def find(provider: str, model: str, day: datetime.date, service_tier: str = "") -> Rates | None:
    """The rates of a model on a day.

    Args:
        provider: As the span names it; empty where unknown.
        model: As the span names it.
        day: The day of the call, UTC.
        service_tier: As the provider's answer names it; empty for the standard one.

    Returns:
        The rates, with those of later hours where they change within the day; None where no price is known.
    """
    if names.is_local(provider, model):
        return None
    with _LOADING:  # 0.2 s and 50 MB, once, by whichever thread prices the first call
        import genai_prices
        from genai_prices.data_snapshot import get_snapshot

        snapshot = get_snapshot()
    for provider_id, name in names.guesses(provider, model):
        try:
            seller, found = snapshot.find_provider_model(name, None, provider_id or None, None)
        except LookupError:
            continue
        # as `ModelInfo.calc_price` has it: a tier is the seller's own, not that of the maker whose prices it borrows
        own = any(found is offered for offered in seller.models)
        context = _context(service_tier) if own else {}
        return day_rates(found, day, context, f"{seller.id} {found.id}, genai-prices {genai_prices.__version__}")
    return None


def is_loaded() -> bool:
    """Whether the price list is in memory."""
    return "genai_prices.data_snapshot" in sys.modules


def version() -> str:
    """The version of the price data."""
    from importlib.metadata import version  # deferred: 10 ms, and only `reindex --all` asks

    return version("genai-prices")


def _context(service_tier: str) -> dict[str, str]:
    tier = service_tier.lower()
    if not tier:
        return {}
    return {"processing": "batch", "service_tier": tier} if tier == "batch" else {"service_tier": tier}


def day_rates(model: ModelInfo, day: datetime.date, context: dict[str, str], origin: str) -> Rates | None:
    """The rates of a day, asked for at each time at which one of its prices begins or ends."""
    times = {datetime.time(0)}
    conditions = [*(model.prices if isinstance(model.prices, list) else ()), *(model.price_variants or ())]
    for condition in conditions:
        for edge in ("start_time", "end_time"):
            if (time := getattr(condition.constraint, edge, None)) is not None:
                moment = datetime.datetime.combine(day, time)
                times.add((moment.astimezone(datetime.UTC) if time.tzinfo else moment).time())
    rates: list[tuple[int, Rates]] = []
    for time in sorted(times):
        moment = datetime.datetime.combine(day, time, datetime.UTC)
        found = _rates(model.get_prices(moment, context or None), origin)
        if found is None:
            return None
        second = time.hour * 3_600 + time.minute * 60 + time.second
        rates.append((second * NANO_PER_S, found))
    (_, first), *later = rates
    return replace(first, later=tuple(later)) if later else first


def _rates(prices: ModelPrice, origin: str) -> Rates | None:
    """Prices as rates; None where none of them is for tokens."""
    stored: dict[str, Decimal | TieredPrices | None] = {field: getattr(prices, name) for field, name in _PRICES.items()}
    request: Decimal | TieredPrices | None = getattr(prices, _REQUESTS)
    if stored["input"] is None and stored["output"] is None:
        return None
    thresholds = {
        tier.start
        for price in (*stored.values(), request)
        if price is not None and not isinstance(price, Decimal)
        for tier in price.tiers
    }

    def rates_above(threshold: int) -> Rates:
        found = {field: _above(threshold, price, PER_TOKEN) for field, price in stored.items()}
        return rates_of(found, request=_above(threshold, request, _PER_REQUEST) or 0, origin=origin)

    tiers = tuple((threshold, rates_above(threshold)) for threshold in sorted(thresholds))
    return replace(rates_above(-1), tiers=tiers) if tiers else rates_above(-1)


def _above(threshold: int, price: Decimal | TieredPrices | None, unit: int) -> float | None:
    """A price in 1e-12 dollars for calls with more than `threshold` input tokens."""
    if price is None:
        return None
    if not isinstance(price, Decimal):
        price = next((tier.price for tier in reversed(price.tiers) if tier.start <= threshold), price.base)
    return float(price * unit)
