"""What an attribute's key leads to: one idea of it for the index, for comparing, and for completion.

A key may go on into a map, and into short JSON text of a map: `metadata.tier` finds `{"tier": "gold"}` under
`metadata`. Of an array each item counts that is no array or map itself.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from tracetui.model.attributes import Attributes

LONGEST_MAP = 2_000
"""Characters of the longest JSON text that is looked into."""

DEEPEST = 5
"""Maps that a key goes on through."""

MOST_ITEMS = 100
"""Items of an array that are compared."""

Scalar: TypeAlias = "str | bool | int | float"
"""What can be compared."""

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_LONGEST_NUMBER = 64


def values_at(attributes: Attributes, key: str) -> list[Scalar]:
    """Everything that is to be compared under a key; of an empty array, of bytes, or of nothing at all, nothing."""
    return [found for found in _below(attributes, key, 0) if isinstance(found, str | bool | int | float)]


def has(attributes: Attributes, key: str) -> bool:
    """Whether something stands under a key."""
    return next(_below(attributes, key, 0), None) is not None


def _below(values: Mapping[str, object], key: str, depth: int) -> Iterator[object]:
    if (value := values.get(key)) is not None:
        yield value
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            yield from (item for item in value[:MOST_ITEMS] if isinstance(item, str | bool | int | float))
    at = key.find(".") if depth < DEEPEST else -1
    while at >= 0:
        inner = opened(values.get(key[:at]))
        if inner is not None:
            yield from _below(inner, key[at + 1 :], depth + 1)
        at = key.find(".", at + 1)


def opened(value: object) -> Mapping[str, object] | None:
    """The map that a value is, as such or as short JSON text; None for anything else."""
    if isinstance(value, str):
        if value[:1] != "{" or value[-1:] != "}" or len(value) > LONGEST_MAP:
            return None
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None
    return value if isinstance(value, Mapping) else None


def canonical(value: Scalar) -> str:
    """A value as the text that it is compared with: `500`, `0.5`, `true`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return repr(value)


def number(value: object) -> float | None:
    """The number that a value is, also as text; None for anything else."""
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value, 0, _LONGEST_NUMBER + 1) or len(value) > _LONGEST_NUMBER:
            return None
        return float(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return value if isinstance(value, float) and not math.isnan(value) else None
