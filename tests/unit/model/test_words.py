"""What a word is."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracetui.model.words import plain, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Refund POLICY, please!", ["refund", "policy", "please"]),
        ("get_weather gpt-4o-mini", ["get", "weather", "gpt", "4o", "mini"]),
        ("Übung café naïve Straße", ["ubung", "cafe", "naive", "strasse"]),
        ("cafe\u0301", ["cafe"]),
        ("“quoted” — dash…", ["quoted", "dash"]),
        ("東京都に", ["東京", "京都", "都に"]),
        ("東 a東京b", ["東", "a", "東京", "b"]),
        ("한국어", ["한국", "국어"]),
        ("السَّلَامُ عَلَيْكُمْ", ["السلام", "عليكم"]),
        (r'{"text": "refund\npolicy"}', ["text", "refund", "policy"]),
        (r"\u6771\u4eac", ["東京"]),
        ("\ue000\ue100", []),
        ("", []),
    ],
)
def test_words_of_every_script(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_character_that_json_spells_as_two_codes() -> None:
    assert words('{"a": "\\ud840\\udc0b \\ud83d\\ude00 caf\\u00e9 \\\\u0041"}') == ["a", "𠀋", "cafe", "u0041"]
    assert words('"\\ud840 half"') == ["half"]


def test_what_stands_beside_other_scripts() -> None:
    assert words("It’s “Über” — ｆｕｌｌ① x² 한국어a") == ["it", "s", "uber", "full1", "x2", "한국", "국어", "a"]


@settings(max_examples=1_000, deadline=None)
@given(st.text() | st.text("ꭰᎠßİıΑ𝚨𝐀ΐ́\u0345ŉﬃ①ａ"))
def test_words_are_what_the_index_makes_of_plain_text(text: str) -> None:
    """Its tokenizer folds ASCII alone and takes all else for letters."""
    folded = "".join(character.lower() if character.isascii() else character for character in plain(text))
    assert words(text) == re.findall(r"[0-9a-z\x80-\U0010ffff]+", folded)
