"""The prices of one model at one time, and the arithmetic on them.

Money is counted in 1e-12 US dollars, as the store counts it: a token's price is then mostly a whole number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from tracetui.model.chat import TokenUsage

PER_TOKEN = 10**6
"""1e-12 dollars for a token at one dollar for a million."""

TOKEN_PRICES = ("input", "output", "cache_read", "cache_write", "audio_input", "audio_output", "reasoning")
"""Kinds of tokens that may have a price of their own."""

INPUT = "input"
CACHE_READ = "cache read"
CACHE_WRITE = "cache write"
AUDIO_INPUT = "audio input"
OUTPUT = "output"
REASONING = "reasoning"
AUDIO_OUTPUT = "audio output"
REQUEST = "request"


class Item(NamedTuple):
    """So many of something at so much each."""

    name: str
    number: int
    each: float
    """In 1e-12 dollars."""


class Rates(Struct, frozen=True):
    """What one model costs, each in 1e-12 dollars; None where that kind of token has no price of its own."""

    input: float | None = None
    output: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None
    audio_input: float | None = None
    audio_output: float | None = None
    reasoning: float | None = None
    request: float = 0
    """For each call, whatever its tokens."""
    tiers: tuple[tuple[int, Rates], ...] = ()
    """Other rates for all tokens of a call with more than so many input tokens, rising."""
    later: tuple[tuple[int, Rates], ...] = ()
    """Other rates from a time of day on (nanoseconds since midnight UTC), rising."""
    origin: str = ""
    """Whose prices they are."""

    def at(self, nano_of_day: int) -> Rates:
        """The rates at a time of day."""
        found = self
        for start, rates in self.later:
            if nano_of_day >= start:
                found = rates
        return found

    def for_input(self, tokens: int) -> Rates:
        """The rates for a call with so many input tokens."""
        found = self
        for above, rates in self.tiers:
            if tokens > above:
                found = rates
        return found


def rates_of(prices: Mapping[str, float | None], *, request: float = 0, origin: str = "") -> Rates:
    """Rates from prices in 1e-12 dollars a token, by the names of `TOKEN_PRICES`."""
    get = prices.get
    return Rates(
        get("input"),
        get("output"),
        get("cache_read"),
        get("cache_write"),
        get("audio_input"),
        get("audio_output"),
        get("reasoning"),
        request,
        origin=origin,
    )


def amounts(rates: Rates, tokens: TokenUsage) -> tuple[int, int] | None:
    """What the tokens of a call cost: input and output, in whole 1e-12 dollars.

    This runs for every call on its way in; `items` says the same at length.

    Args:
        rates: The rates at the time of the call and for its number of input tokens.
        tokens: Its usage; cache and audio are parts of the input, reasoning and audio of the output.

    Returns:
        Both sides; None where a side that was used has no price, so that a part never passes for all.
    """
    given, told, _, read, written, thought, heard, spoken = tokens
    given, told = given or 0, told or 0
    if (given and rates.input is None) or (told and rates.output is None):
        return None
    into = out = 0.0
    if read and rates.cache_read is not None:
        read = min(read, given)
        given -= read
        into += read * rates.cache_read
    if written and rates.cache_write is not None:
        written = min(written, given)
        given -= written
        into += written * rates.cache_write
    if heard and rates.audio_input is not None:
        # audio that was cached is not told apart: what fits into the rest is taken to be fresh
        heard = min(heard, given)
        given -= heard
        into += heard * rates.audio_input
    if spoken and rates.audio_output is not None:
        spoken = min(spoken, told)
        told -= spoken
        out += spoken * rates.audio_output
    if thought and rates.reasoning is not None:
        thought = min(thought, told)
        told -= thought
        out += thought * rates.reasoning
    return round(into + given * (rates.input or 0)), round(out + told * (rates.output or 0))


def items(rates: Rates, tokens: TokenUsage) -> list[Item]:
    """What `amounts` adds up, one by one: input first, then output, then the call itself."""
    found: list[Item] = []
    for total, whole, parts in (
        (
            tokens.input or 0,
            (INPUT, rates.input),
            (
                (CACHE_READ, tokens.cache_read, rates.cache_read),
                (CACHE_WRITE, tokens.cache_write, rates.cache_write),
                (AUDIO_INPUT, tokens.audio_input, rates.audio_input),
            ),
        ),
        (
            tokens.output or 0,
            (OUTPUT, rates.output),
            (
                (AUDIO_OUTPUT, tokens.audio_output, rates.audio_output),
                (REASONING, tokens.reasoning, rates.reasoning),
            ),
        ),
    ):
        rest = total
        priced: list[Item] = []
        for name, count, each in parts:
            if count and each is not None and (count := min(count, rest)):
                rest -= count
                priced.append(Item(name, count, each))
        name, each = whole
        found += [Item(name, rest, each), *priced] if rest and each is not None else priced
    return [*found, Item(REQUEST, 1, rates.request)] if rates.request else found
