"""Totals cost time in proportion to a trace, however it arrives: counted in steps of SQLite and of the walks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.contract.conftest import derive
from tests.factories import make_batch, make_incoming_log, make_incoming_span, make_llm_span
from tracetui.store.records import IncomingLog, IncomingSpan
from tracetui.store.rollup import TraceRollup
from tracetui.store.sqlite import SqliteWriter

Item: TypeAlias = IncomingSpan | IncomingLog

AT_ONCE = 500
"""Spans and log records of one transaction."""

STEPS = 1_000
"""SQLite's steps between two counts."""

WALKED = ("span", "_all_children", "_mark")
"""What the roll-up does once for each span that a walk reaches."""


def deep_children_first(size: int) -> Iterator[Item]:
    """A chain that arrives from its end: each span is the parent of one that is there."""
    yield from (make_llm_span(number, parent=number - 1) for number in range(size, 0, -1))


def wide(size: int) -> Iterator[Item]:
    """A root with everything directly below it, the root last."""
    yield from (make_llm_span(number, parent=1) for number in range(2, size + 1))
    yield make_incoming_span(1, kind="AGENT", input_tokens=1)


def in_tools(size: int) -> Iterator[Item]:
    """Tools below UNKNOWN spans below a tool that comes last."""
    for number in range(2, size + 1):
        yield make_incoming_span(number, parent=max(number // 3, 1), kind="TOOL" if number % 2 else "UNKNOWN")
    yield make_incoming_span(1, kind="TOOL")


def replaced(size: int) -> Iterator[Item]:
    """Every span twice: open, with the model that was asked for, then ended, with usage and the one that answered."""
    for number in range(1, size // 2 + 1):
        parent = max(number // 4, 1) if number > 1 else 0
        yield make_llm_span(
            number, parent=parent, model="asked", input_tokens=None, output_tokens=None, end_time_unix_nano=0
        )
    for number in range(size // 2, 0, -1):
        yield make_llm_span(number, parent=max(number // 4, 1) if number > 1 else 0, model=f"answered {number % 3}")


def announced(size: int) -> Iterator[Item]:
    """Every span announced by a pending one before."""
    half = size // 2
    for number in range(1, half + 1):
        yield make_llm_span(half + number, parent=number // 4, announces=f"{number:016x}")
    for number in range(1, half + 1):
        yield make_llm_span(number, parent=number // 4)


def told(size: int) -> Iterator[Item]:
    """Every span followed much later by a log record that changes its model and brings usage."""
    for number in range(1, size // 2 + 1):
        yield make_llm_span(number, parent=number // 4, model="asked", input_tokens=None, output_tokens=None)
    for number in range(1, size // 2 + 1):
        text = repr({"model": f"answered {number % 3}", "input_tokens": 7})
        yield make_incoming_log(number, span=number, tells=True, body_text=text)


def told_before(size: int) -> Iterator[Item]:
    """The same with the log records first."""
    items = list(told(size))
    yield from (*items[size // 2 :], *items[: size // 2])


SHAPES = [deep_children_first, wide, in_tools, replaced, announced, told, told_before]


def cost(path: Path, items: Iterator[Item], monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Steps of SQLite, and spans reached by the roll-up's walks."""
    writer = SqliteWriter(path, derive=derive)
    steps = walked = 0

    def step() -> int:
        nonlocal steps
        steps += STEPS
        return 0

    def counting(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            nonlocal walked
            walked += 1
            return real(*arguments)

        return call

    writer._connection.set_progress_handler(step, STEPS)
    with monkeypatch.context() as patched:
        for name in WALKED:
            patched.setattr(TraceRollup, name, counting(getattr(TraceRollup, name)))
        while part := list(islice(items, AT_ONCE)):
            spans = [item for item in part if isinstance(item, IncomingSpan)]
            logs = [item for item in part if isinstance(item, IncomingLog)]
            writer.write([make_batch(*spans, logs=logs)])
    writer.close()
    return steps, walked


def check(tmp_path: Path, shape: Callable[[int], Iterator[Item]], size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times the spans may cost five times the steps: B-trees grow a little deeper; a square would be 16 times."""
    small = cost(tmp_path / "small.db", shape(size // 4), monkeypatch)
    large = cost(tmp_path / "large.db", shape(size), monkeypatch)
    assert large[0] <= 5 * small[0]
    assert large[1] <= 5 * small[1] + AT_ONCE


@pytest.mark.parametrize("shape", SHAPES)
def test_a_large_trace_costs_in_proportion(
    tmp_path: Path, shape: Callable[[int], Iterator[Item]], monkeypatch: pytest.MonkeyPatch
) -> None:
    check(tmp_path, shape, 8_000, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_fifty_thousand_spans_cost_in_proportion(
    tmp_path: Path, shape: Callable[[int], Iterator[Item]], monkeypatch: pytest.MonkeyPatch
) -> None:
    check(tmp_path, shape, 50_000, monkeypatch)
