"""Windows of a list: places without counting, and a slow search shown as it grows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tracetui.store.api import END
from tracetui.store.conditions import And, Condition, Equals, Matches, Not, SpanField, Words
from tracetui.store.orders import TraceOrder, TraceSort
from tracetui.store.records import RowKey
from tracetui.tui import windows
from tracetui.tui.messages import ListView
from tracetui.tui.windows import growing_window, list_window, reads_spans, seek_window

SEARCH = ListView(Words("x"))


@dataclass
class Numbers:
    """A list of numbers, the largest first, that counts how often it is counted."""

    rows: Sequence[int]
    view: ListView = SEARCH
    counts: int = 0
    pages: list[int] = field(default_factory=list)

    def count(self, *, ahead_of: RowKey | None = None) -> int:
        self.counts += 1
        return len(self.rows) if ahead_of is None else sum(row > ahead_of.row_id for row in self.rows)

    def page(self, *, after: RowKey | None = None, before: RowKey | None = None, limit: int) -> list[int]:
        self.pages.append(limit)
        if before is not None:
            ahead = [row for row in self.rows if before == END or row > before.row_id]
            return ahead[-limit:] if limit else []
        return [row for row in self.rows if after is None or row < after.row_id][:limit]

    def fresh(self, row: int) -> int | None:
        return row

    def key(self, row: int) -> RowKey:
        return RowKey(0, row)


def numbers(count: int, view: ListView = SEARCH) -> Numbers:
    return Numbers(range(count, 0, -1), view)


def test_the_first_window_of_a_search_is_not_counted() -> None:
    source = numbers(1_000)
    window = list_window(source, "top", None, 80)
    assert (window.first, window.total, window.counted, source.counts) == (0, 80, False, 0)
    assert window.rows == tuple(range(1_000, 920, -1))


def test_a_search_that_fits_into_its_window_is_counted_by_that() -> None:
    window = list_window(numbers(7), "top", None, 80)
    assert (window.total, window.counted) == (7, True)


def test_a_whole_list_is_counted_with_each_window() -> None:
    source = numbers(1_000, ListView())
    assert list_window(source, "top", None, 80).total == 1_000
    assert list_window(source, "hold", 500, 80).first == 460


@pytest.mark.parametrize(("aim", "first"), [("after", 479), ("before", 439), ("hold", 459), ("around", 499)])
def test_places_follow_from_where_the_row_stood(aim: str, first: int) -> None:
    source = numbers(1_000)
    window = list_window(source, aim, 501, 80, place=499)
    assert (window.first, len(window.rows), source.counts) == (first, 80, 0)
    assert window.rows[499 - first] == 501


def test_the_start_of_the_list_is_known_for_certain() -> None:
    """Ten rows came above since the place was known: what is above the row says so."""
    source = numbers(30)
    window = list_window(source, "hold", 15, 80, place=5)
    assert (window.first, window.rows[0], window.rows.index(15)) == (0, 30, 15)


def test_a_slow_search_shows_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "PATIENCE_S", -1.0)
    source = numbers(100)
    shown = list(growing_window(source, 40))
    assert [(len(window.rows), window.goes_on) for window in shown] == [(1, True), (8, True), (40, False)]
    assert shown[-1].rows == tuple(range(100, 60, -1)) and not shown[-1].counted
    assert source.pages == [1, 7, 32], "it began again from the top"


def test_a_fast_one_is_shown_once() -> None:
    assert [len(window.rows) for window in growing_window(numbers(100), 40)] == [40]
    last = list(growing_window(numbers(5), 40))
    assert [(len(window.rows), window.counted) for window in last] == [(5, True)]
    assert [len(window.rows) for window in growing_window(numbers(0), 40)] == [0]


@pytest.mark.parametrize(
    ("where", "slow"),
    [
        (None, False),
        (Words("x"), False),
        (Matches(SpanField.NAME, "x"), True),
        (And((Equals(SpanField.KIND, "LLM"), Not(Matches(SpanField.INPUT, "x")))), True),
        (And((Equals(SpanField.KIND, "LLM"), Words("x"))), False),
    ],
)
def test_only_regular_expressions_are_read_span_by_span(where: Condition | None, slow: bool) -> None:
    assert reads_spans(where) is slow


@dataclass
class Costs:
    """A list by cost, the smallest first, then those that have none; a row is its own key."""

    rows: Sequence[RowKey]
    view: ListView = ListView(sort=TraceSort(TraceOrder.COST, descending=False))

    def count(self, *, ahead_of: RowKey | None = None) -> int:
        return len(self.rows) if ahead_of is None else sum(row < ahead_of for row in self.rows)

    def page(self, *, after: RowKey | None = None, before: RowKey | None = None, limit: int) -> list[RowKey]:
        if before is not None:
            return [row for row in self.rows if before == END or row < before][-limit:]
        return [row for row in self.rows if after is None or row > after][:limit]

    def fresh(self, row: RowKey) -> RowKey | None:
        return row

    def key(self, row: RowKey) -> RowKey:
        return row


@pytest.mark.parametrize("unit", [1, 0.001], ids=["whole", "fractions"])
@pytest.mark.parametrize("without", [0, 200])
def test_a_far_place_is_found_also_in_a_list_that_ends_with_unknown_values(without: int, unit: float) -> None:
    known = [RowKey(number * unit, number) for number in range(1, 401)]
    source = Costs([*known, *(RowKey(math.inf, number) for number in range(401, 401 + without))])
    for place in (60, 200, 340):
        window = seek_window(source, place, 40)
        assert list(window.rows) == source.rows[window.first : window.first + 40]
        assert abs(window.first + 20 - place) <= 20, "it is half a window away at most"
    if without:
        beyond = seek_window(source, 550, 40)
        assert RowKey(math.inf, 401) in beyond.rows
        assert seek_window(Costs(source.rows[400:]), 100, 40).rows, "none of which the value is known"
