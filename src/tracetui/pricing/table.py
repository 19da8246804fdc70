"""The user's own prices: `prices.toml`, one `[[price]]` for each model or family of models.

    [[price]]
    model = "llama-3.1-*"       # as spans show it; * stands for anything, case does not matter
    provider = "vllm"           # optional
    input = 0.10                # US dollars for a million tokens
    output = 0.40

An entry that is wrong is left out and named; the others stand.
"""

from __future__ import annotations

import datetime
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

from msgspec import Struct

from tracetui.pricing import names
from tracetui.pricing.rates import PER_TOKEN, TOKEN_PRICES, Rates, rates_of

_DOLLARS_PER_CALL = 10**12

_KEYS = ("model", "provider", *TOKEN_PRICES, "request", "from", "until")
_MOST = 1_000_000
"""Dollars for a million tokens (or for a call) beyond which a price is a slip of the pen."""


class Entry(Struct, frozen=True):
    """One `[[price]]`."""

    model: str
    """A pattern, folded."""
    provider: str
    """The id of a provider; empty for any."""
    rates: Rates
    first: datetime.date = datetime.date.min
    until: datetime.date = datetime.date.max
    """The first day on which it does not hold any more."""

    def fits(self, provider: str, model: str, day: datetime.date) -> bool:
        """Whether it is the price of this model on this day."""
        return (
            self.first <= day < self.until
            and (not self.provider or self.provider == names.provider_id(provider))
            and (fnmatchcase(model.casefold(), self.model))
        )


class PriceTable(Struct, frozen=True):
    """What a file of prices holds."""

    entries: tuple[Entry, ...] = ()
    problems: tuple[str, ...] = ()
    """What is wrong with it, a sentence each."""

    def find(self, provider: str, model: str, day: datetime.date) -> Rates | None:
        """The rates of a model on a day: those of the last entry that fits."""
        bare = model.rpartition("/")[2]
        for entry in reversed(self.entries):
            if entry.fits(provider, model, day) or (bare and entry.fits(provider, bare, day)):
                return entry.rates
        return None


class _Wrong(Exception):
    """An entry cannot be used; says why."""


def read_table(path: Path) -> PriceTable:
    """Read a file of prices; one that is missing is empty. Never raises."""
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except FileNotFoundError:
        return PriceTable()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return PriceTable(problems=(f"{path} is not used, as it cannot be read: {error}.",))
    problems = [f"{path}: unknown key {key!r}; prices stand under [[price]]." for key in values if key != "price"]
    given = values.get("price", [])
    entries: list[Entry] = []
    for number, value in enumerate(given if isinstance(given, list) else [given], 1):
        try:
            entries.append(_entry(value, path.name))
        except _Wrong as error:
            model = value.get("model") if isinstance(value, dict) else None
            which = f" (model {model!r})" if model else ""
            problems.append(f"{path}: price {number}{which} is left out: {error}.")
    return PriceTable(tuple(entries), tuple(problems))


def _entry(value: object, file: str) -> Entry:
    if not isinstance(value, dict):
        raise _Wrong("it is no table; begin it with [[price]]")
    for key in value:
        if key not in _KEYS:
            raise _Wrong(f"unknown key {key!r}; known are {', '.join(_KEYS)}")
    model, provider = value.get("model"), value.get("provider", "")
    if not isinstance(model, str) or not model:
        raise _Wrong('model is missing; give it as text, "*" for any')
    if not isinstance(provider, str):
        raise _Wrong("provider is not text")
    priced = {name: _price(value, name) for name in TOKEN_PRICES}
    request = _price(value, "request")
    if priced["input"] is None and priced["output"] is None and request is None:
        raise _Wrong("it has no price; give input and output in dollars for a million tokens")
    rates = {name: None if price is None else price * PER_TOKEN for name, price in priced.items()}
    if request is not None:  # a price for the call alone is a price: its tokens are free
        rates["input"], rates["output"] = rates["input"] or 0.0, rates["output"] or 0.0
    return Entry(
        model.casefold(),
        names.provider_id(provider),
        rates_of(rates, request=(request or 0) * _DOLLARS_PER_CALL, origin=f"{model}, {file}"),
        _day(value, "from") or datetime.date.min,
        _day(value, "until") or datetime.date.max,
    )


def _price(value: dict[str, object], name: str) -> float | None:
    price = value.get(name)
    if price is None:
        return None
    if isinstance(price, bool) or not isinstance(price, int | float) or not 0 <= price <= _MOST:
        raise _Wrong(f"{name} is {price!r}; give dollars, 0 or more")
    return float(price)


def _day(value: dict[str, object], name: str) -> datetime.date | None:
    day = value.get(name)
    if day is None:
        return None
    if isinstance(day, datetime.datetime) or not isinstance(day, datetime.date):
        raise _Wrong(f"{name} is {day!r}; give a date such as 2026-01-31, without quotes")
    return day
