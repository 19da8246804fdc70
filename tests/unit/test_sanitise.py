from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracetui.sanitise import MAX_COMBINING, one_line, sanitise


@pytest.mark.parametrize(
    ("received", "shown"),
    [
        ("plain text", "plain text"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("\x9b2J", "<9B>2J"),
        ("a\x00b\x7fc", "a␀b␡c"),
        ("rtl \u202eoverride", "rtl <202E>override"),
        ("zero\u200bwidth", "zero<200B>width"),
        ("tag \U000e0041", "tag <E0041>"),
        ("private \ue000", "private <E000>"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("a\tb", "a    b"),
        ("line\nend", "line␊end"),
        ("漢字 العربية é 👩‍👧 ❤️", "漢字 العربية é 👩‍👧 ❤️"),
        ("[red]x[/] [@click=app.quit]y[/]", "[red]x[/] [@click=app.quit]y[/]"),
    ],
)
def test_hostile_characters_become_visible(received: str, shown: str) -> None:
    assert sanitise(received) == shown


def test_a_body_keeps_its_line_ends_and_nothing_else() -> None:
    assert sanitise("one\r\ntwo\nth\rree\x0b", keep_newlines=True) == "one\ntwo\nth␍ree␋"


def test_long_runs_of_combining_marks_are_cut() -> None:
    assert sanitise("z" + "\u0301" * 50 + "algo") == "z" + "\u0301" * MAX_COMBINING + "algo"


def test_one_line_folds_white_space_and_cuts() -> None:
    assert one_line("a \n\t b\x1b") == "a b␛"
    assert len(one_line("x" * 10_000, 50)) == 50


@given(st.text(st.characters(), max_size=200))
def test_nothing_that_moves_a_cursor_survives(received: str) -> None:
    shown = sanitise(received)
    for character in shown:
        assert unicodedata.category(character) not in ("Cc", "Cs", "Cn", "Co"), (received, character)
        assert unicodedata.bidirectional(character) not in (
            "RLO",
            "LRO",
            "RLE",
            "LRE",
            "PDF",
            "RLI",
            "LRI",
            "FSI",
            "PDI",
        )


@given(st.text(max_size=200))
def test_sanitising_twice_changes_nothing_more(received: str) -> None:
    once = sanitise(received, keep_newlines=True)
    assert sanitise(once, keep_newlines=True) == once
