"""Why a trace matched, in the cells there are."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tracetui.store.conditions import (
    And,
    Attribute,
    Compare,
    Comparison,
    Condition,
    Equals,
    Has,
    Like,
    Not,
    Or,
    SpanField,
    TraceField,
    Words,
)
from tracetui.store.records import Hit
from tracetui.tui.render.hit import add_hit, sought_by
from tracetui.tui.render.row import Row
from tracetui.tui.theme import DARK_PALETTE


def shown(hit: Hit | None, where: Condition, room: int = 60) -> tuple[str, list[str]]:
    """The text of a hit, and what of it is underlined."""
    row = Row()
    add_hit(row, hit, sought_by(where), room, DARK_PALETTE)
    strip = row.strip(row.width)
    assert row.width <= room
    return strip.text, [s.text for s in strip if s.style is not None and s.style.underline]


@pytest.mark.parametrize(
    ("where", "text", "underlined"),
    [
        (Words("refund pol"), "the refund policy of 2026", ["refund", "policy"]),
        (Words("refund policy", whole=True), "policy: refunds, a Refund policy", ["policy", "Refund", "policy"]),
        (Words("ubung"), "Eine Übung macht", ["Übung"]),
        (Words("to"), "to tomorrow", ["to"]),
        (Equals(SpanField.TOOL, "get_weather"), "Get_Weather", ["Get_Weather"]),
        (Like(SpanField.MODEL, ("gpt-4", "mini")), "gpt-4o-mini", ["gpt-4", "mini"]),
        (And((Words("one"), Not(Words("two")))), "one two", ["one"]),
        (Or((Words("one"), Words("two"))), "one two", ["one", "two"]),
    ],
)
def test_what_was_sought_is_underlined(where: Condition, text: str, underlined: list[str]) -> None:
    said, marked = shown(Hit("s", "input", text), where)
    assert said == f"input {text}"
    assert marked == underlined


def test_a_find_far_into_a_text_is_brought_into_the_room() -> None:
    text = "word " * 30 + "needle and more"
    said, marked = shown(Hit("s", "@http.route", text), Words("needle"), room=40)
    assert said.startswith("http.route …") and marked == ["needle"]


def test_a_find_in_text_without_blanks_is_brought_into_the_room_too() -> None:
    text = '{"city":"Zürich","temp_c":7.5,"sky":"drizzle","wind":3}'
    said, marked = shown(Hit("s", "output", text), Words("drizzle"), room=40)
    assert marked == ["drizzle"] and "…" in said


@pytest.mark.parametrize("room", [3, 5, 9, 17, 40])
def test_it_never_takes_more_than_there_is(room: int) -> None:
    said, _ = shown(Hit("s", "output", "検索の索引は searching 検索 " * 5), Words("検索"), room=room)
    assert cell_len(said) <= room


def test_hostile_text_is_made_safe() -> None:
    said, _ = shown(Hit("s", "input", "a\x1b[31mb\ncat"), Words("cat"))
    assert "\x1b" not in said and "\n" not in said


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert shown(None, Words("x")) == ("", [])


@pytest.mark.parametrize(
    ("where", "tells"),
    [
        (Words("x"), True),
        (Equals(SpanField.KIND, "LLM"), False),
        (Equals(Attribute("tier"), "gold"), True),
        (Compare(SpanField.TOKENS, Comparison.MORE, 5), False),
        (Compare(Attribute("tier"), Comparison.MORE, 5), True),
        (Has(SpanField.TOOL), True),
        (Not(Words("x")), False),
        (And((Equals(SpanField.KIND, "LLM"), Words("x"))), True),
        (Compare(TraceField.COST, Comparison.MORE, 1), False),
    ],
)
def test_only_what_the_list_does_not_show_anyway_is_worth_a_column(where: Condition, tells: bool) -> None:
    assert sought_by(where).tells is tells
