"""The roll-up's cost: linear in the spans of a trace, in any order. What it computes is held in `tests/contract`."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence

import pytest

from tracetui.store.rollup import SpanState, TraceRollup, TraceState

SIZE = 3_000


class CountingSource:
    """Stored spans in dictionaries, counting what is asked of them."""

    def __init__(self) -> None:
        self.spans: dict[str, SpanState] = {}
        self.below: defaultdict[str, list[SpanState]] = defaultdict(list)
        self.asked = 0
        self.handed_out = 0

    def store(self, span: SpanState) -> None:
        span.stored = True
        self.spans[span.span_id] = span
        self.below[span.parent_span_id].append(span)

    def span(self, trace: TraceState, span_id: str) -> SpanState | None:
        self.asked += 1
        return self.spans.get(span_id)

    def children(self, trace: TraceState, span_id: str) -> Sequence[SpanState]:
        self.asked += 1
        found = self.below.get(span_id, [])
        self.handed_out += len(found)
        return found


def deep(number: int) -> int:
    return number - 1


def wide(number: int) -> int:
    return min(number - 1, 1)


def tree(number: int) -> int:
    return number // 3


def in_order(numbers: list[int]) -> list[int]:
    return numbers


def backwards(numbers: list[int]) -> list[int]:
    return numbers[::-1]


def odd_then_even(numbers: list[int]) -> list[int]:
    return numbers[::2] + numbers[1::2]


def shuffled(numbers: list[int]) -> list[int]:
    return random.Random(3).sample(numbers, len(numbers))


@pytest.mark.parametrize("order", [in_order, backwards, odd_then_even, shuffled])
@pytest.mark.parametrize("parent", [deep, wide, tree])
@pytest.mark.parametrize("kinds", [["LLM"], ["TOOL", "UNKNOWN"], ["UNKNOWN", "LLM", "TOOL", "AGENT"]], ids="+".join)
def test_each_mark_is_set_once(
    order: Callable[[list[int]], list[int]], parent: Callable[[int], int], kinds: list[str]
) -> None:
    """One span per transaction, the worst case: what is looked up stays a small multiple of the spans."""
    source, trace = CountingSource(), TraceState(1, "t")
    marked = 0
    for number in order(list(range(1, SIZE + 1))):
        rollup = TraceRollup(trace, source)
        above = parent(number)
        kind = kinds[number % len(kinds)]
        usage = 1 if kind == "LLM" else None
        span = SpanState(
            number,
            f"{number:x}",
            f"{above:x}" if above else "",
            kind,
            number,
            number,
            False,
            usage,
            usage,
            None,
            "",
            "",
        )
        rollup.add(span)
        rollup.settle()
        marked += len(rollup.marked)
        source.store(span)
    assert trace.span_count == SIZE
    assert marked <= 4 * SIZE, "three bits below, one above"
    assert source.asked <= 8 * SIZE
    assert source.handed_out <= 2 * SIZE
