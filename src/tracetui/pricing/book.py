"""The prices of this process: looked up once for each model and day, then a matter of a microsecond."""

from __future__ import annotations

import datetime
import logging
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from tracetui.model.chat import Cost, CostLine, Kind, NormalisedSpan, SpanSummary, TokenUsage
from tracetui.pricing import bundled
from tracetui.pricing.rates import PER_TOKEN, Rates, amounts, items
from tracetui.pricing.table import PriceTable, read_table
from tracetui.pricing.user_table import USER_TABLE

log = logging.getLogger(__name__)

ESTIMATED = "estimated"
"""The source of a cost that was worked out here."""

_PICO = 1e12
_DAY = 86_400 * 1_000_000_000
_NEVER = datetime.date.max.toordinal()
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_MAX_CACHED = 16_384
_MAX_NAME = 256

_SUMS_OF_OTHERS = frozenset({Kind.AGENT, Kind.CHAIN})
"""Kinds whose usage repeats that of the calls below them."""


class Estimate(NamedTuple):
    """What a call costs by list prices, in US dollars."""

    input: float
    output: float
    total: float


class Charge(NamedTuple):
    """The columns of a span's cost, in US dollars."""

    total: float | None = None
    input: float | None = None
    output: float | None = None
    is_estimated: bool = False


NO_CHARGE = Charge()
"""No cost is known."""


class PriceBook:
    """Prices by provider, model and day.

    Used by all threads at once. The user's table is read when the first price is asked for, or the first problem.
    """

    def __init__(self) -> None:
        self._path: Path | None = None
        self._table: PriceTable | None = None
        self._failure = ""
        self._cache: dict[tuple[str, str, str, str, int], Rates | None] = {}

    def use_table(self, path: Path | None) -> None:
        """Take the user's own prices from this file from now on; None for none."""
        self._path, self._table = path, None
        self._cache = {}

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the user's table, a sentence each."""
        return (*self._read().problems, *((self._failure,) if self._failure else ()))

    def estimate(
        self,
        kind: Kind,
        provider: str,
        models: tuple[str, str],
        tokens: TokenUsage,
        start_time_unix_nano: int,
        service_tier: str = "",
    ) -> Estimate | None:
        """What a call costs.

        Args:
            kind: The span's kind; one that sums up others is not priced.
            provider: The provider; empty where unknown.
            models: The model that answered and the one asked for; either may be empty.
            tokens: Its usage. Both sides must be known, but for embeddings.
            start_time_unix_nano: When it was made; 0 where unknown, for the latest prices.
            service_tier: As the provider's answer names it.

        Returns:
            The estimate; None where no price is known.
        """
        found = self._found(kind, provider, models, tokens, start_time_unix_nano, service_tier)
        if found is None:
            return None
        rates, into, out = found
        return Estimate(into / _PICO, out / _PICO, (into + out + round(rates.request)) / _PICO)

    def charge(self, span: SpanSummary, start_time_unix_nano: int) -> Charge:
        """The columns of a span's cost: as its sender reported it, else estimated."""
        cost = span.cost
        if cost is not None and cost.total is not None:
            return Charge(cost.total, cost.input, cost.output)
        tokens = span.tokens
        if tokens.input is None:
            return NO_CHARGE
        models = (span.model, span.model_request)
        found = self._found(span.kind, span.provider, models, tokens, start_time_unix_nano, span.service_tier)
        if found is None:
            return NO_CHARGE
        rates, into, out = found
        return Charge((into + out + round(rates.request)) / _PICO, into / _PICO, out / _PICO, True)

    @property
    def is_loaded(self) -> bool:
        """Whether the bundled prices are in memory; if not, the first price that is asked for waits for them."""
        return bundled.is_loaded()

    def with_cost(self, span: NormalisedSpan) -> NormalisedSpan:
        """A span with its cost worked out line by line; as it is where its sender reported one, or without a price."""
        if span.cost is not None and span.cost.total is not None:
            return span
        models = (span.model_response, span.model_request)
        start = span.span.start_time_unix_nano
        found = self._found(span.kind, span.provider, models, span.tokens, start, span.service_tier)
        if found is None:
            return span
        rates, into, out = found
        lines = tuple(
            CostLine(name, number, each / PER_TOKEN, round(number * each) / _PICO)
            for name, number, each in items(rates, span.tokens)
        )
        total = (into + out + round(rates.request)) / _PICO
        return replace(span, cost=Cost(into / _PICO, out / _PICO, total, ESTIMATED, lines, rates.origin))

    def _found(
        self, kind: Kind, provider: str, models: tuple[str, str], tokens: TokenUsage, start: int, service_tier: str
    ) -> tuple[Rates, int, int] | None:
        """The rates of a call, and what its input and its output cost in 1e-12 dollars."""
        given = tokens.input
        if given is None or (tokens.output is None and kind is not Kind.EMBEDDING) or kind in _SUMS_OF_OTHERS:
            return None
        rates = self._rates(provider, models, start, service_tier)
        if rates is None:
            return None
        if rates.tiers:
            rates = rates.for_input(given)
        both = amounts(rates, tokens)
        return None if both is None else (rates, *both)

    def _rates(self, provider: str, models: tuple[str, str], start: int, service_tier: str) -> Rates | None:
        key = (provider, *models, service_tier, start // _DAY)
        try:
            rates = self._cache[key]
        except KeyError:
            rates = self._look_up(provider, models, start // _DAY, service_tier)
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            self._cache[key] = rates
        return rates.at(start % _DAY) if rates is not None and rates.later else rates

    def _look_up(self, provider: str, models: tuple[str, str], day: int, service_tier: str) -> Rates | None:
        """The user's price of either model, else a bundled one; the model that answered is believed first."""
        date = datetime.date.fromordinal(_EPOCH + day if day else _NEVER)
        asked = [model for model in dict.fromkeys(models) if model and len(model) <= _MAX_NAME]
        table = self._read()
        for model in asked:
            if (rates := table.find(provider, model, date)) is not None:
                return rates
        for model in asked:
            if (rates := self._bundled(provider, model, date, service_tier)) is not None:
                return rates
        return None

    def _bundled(self, provider: str, model: str, date: datetime.date, service_tier: str) -> Rates | None:
        try:
            return bundled.find(provider, model, date, service_tier)
        except Exception as error:  # the boundary to foreign code and data: a span without a price is still a span
            log.exception("a price could not be looked up")  # without the model: logs hold no received values
            self._failure = f"Costs are not estimated: genai-prices failed ({type(error).__name__})."
            return None

    def _read(self) -> PriceTable:
        table = self._table
        if table is None:
            table = self._table = read_table(self._path) if self._path is not None else PriceTable()
            for problem in table.problems:
                log.info("%s", problem)  # no warning: whoever uses prices shows `problems`, once
        return table


BOOK = PriceBook()
"""The prices of this process. One for all, as the conventions are: what a span costs must not depend on who asks."""

BOOK.use_table(USER_TABLE.path)
USER_TABLE.changed = BOOK.use_table
