"""Usage and costs in buckets under free names (`input`, `input_cached_tokens`, `output_reasoning_tokens`, …).

The buckets are disjoint, so that a side is the sum of its buckets. A caller may have filled them with a provider's
inclusive counts all the same: then the total tells.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import product
from typing import NamedTuple

_OUTPUT = ("output", "completion", "reasoning", "thought", "candidates")
_INPUT = ("input", "prompt", "cache")
_READ = ("cached", "cache_read")
_WRITE = ("cache_creation", "cache_write", "ephemeral")
_THOUGHT = ("reasoning", "thought")
_WHOLE = ("input", "output", "total")


class Sides(NamedTuple):
    """What the buckets add up to; None where none says it."""

    input: float | None
    output: float | None
    total: float | None
    cache_read: float | None
    cache_write: float | None
    reasoning: float | None


def sides(buckets: Mapping[str, float]) -> Sides:
    """Add up buckets of tokens or of money, all to the one meaning of `TokenUsage`."""
    given = {name: number for name, number in _counted(buckets) if _is_input(name)}
    told = {name: number for name, number in _counted(buckets) if _is_output(name)}
    total = buckets.get("total")
    plain = buckets.get("input", 0), buckets.get("output", 0)
    beside = sum(given.values()), sum(told.values())
    # Disjoint first, then each way in which a total can say that a side holds its details already.
    ways = ((beside[0] * first, beside[1] * second) for first, second in product((1, 0), repeat=2))
    extra = next((way for way in ways if total is None or math.isclose(sum(plain) + sum(way), total)), beside)
    return Sides(
        plain[0] + extra[0] if "input" in buckets or given else None,
        plain[1] + extra[1] if "output" in buckets or told else None,
        total,
        _sum(given, _READ),
        _sum(given, _WRITE),
        _sum(told, _THOUGHT),
    )


def _counted(buckets: Mapping[str, float]) -> Iterable[tuple[str, float]]:
    """The buckets beside the whole ones, without those that repeat others."""
    split = "cache_creation_input_tokens" in buckets
    modal = any(name.startswith("cached_modality") for name in buckets)
    for name, number in buckets.items():
        repeats = "priority" in name or (split and "ephemeral" in name) or (modal and name.startswith("cached_content"))
        if name not in _WHOLE and not repeats:
            yield name, number


def _is_output(name: str) -> bool:
    return name.startswith(_OUTPUT)


def _is_input(name: str) -> bool:
    return not _is_output(name) and any(word in name for word in _INPUT)


def _sum(buckets: Mapping[str, float], words: tuple[str, ...]) -> float | None:
    found = [number for name, number in buckets.items() if any(word in name for word in words)]
    return sum(found) if found else None
