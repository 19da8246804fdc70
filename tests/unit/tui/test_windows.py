"""Windows of a list: places without counting, and a slow search shown as it grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tracetui.store.api import END
from tracetui.store.conditions import And, Condition, Equals, Matches, Not, SpanField, Words
from tracetui.store.records import RowKey
from tracetui.tui import windows
from tracetui.tui.messages import ListView
from tracetui.tui.windows import growing_window, list_window, reads_spans

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
