"""What a word is."""

import pytest

from tracetui.model.words import words


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
