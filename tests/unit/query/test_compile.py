from __future__ import annotations

import pytest

from tracetui.query import compile_text
from tracetui.store.conditions import And, Condition, Not, TextContains


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("", None),
        (" \t\n", None),
        ('""', None),
        ("-", None),
        ("refund", TextContains("refund")),
        ("  refund  policy ", And((TextContains("refund"), TextContains("policy")))),
        ('"refund policy"', TextContains("refund policy")),
        ('a "b c" d', And((TextContains("a"), TextContains("b c"), TextContains("d")))),
        ("-error", Not(TextContains("error"))),
        ('llm -"not this"', And((TextContains("llm"), Not(TextContains("not this"))))),
        ("gpt-4o", TextContains("gpt-4o")),
        ("100%", TextContains("100%")),
        ('"not closed', TextContains("not closed")),
        ("naïve 🦜", And((TextContains("naïve"), TextContains("🦜")))),
        ("--x", Not(TextContains("-x"))),
    ],
)
def test_plain_text(text: str, condition: Condition | None) -> None:
    assert compile_text(text) == condition
