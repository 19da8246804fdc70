"""Section 1 of the reference: how single values are read, whatever the convention."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import pytest

from tracetui.semconv.core.flat import MAX_INDEX, unflatten
from tracetui.semconv.core.values import Decoded, amount, count, decode, is_hidden, items_of_cut, label, number, strings


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(3, 3), (0, 0), ("412", 412), (38.0, 38), ("38.0", 38), (-1, None), (True, None), (math.nan, None)],
)
def test_counts_come_as_numbers_or_text(value: object, wanted: int | None) -> None:
    assert count(value) == wanted


@pytest.mark.parametrize("value", [2**63, "9" * 400, math.inf, "1.5", 1.5, "", "many", None, b"3", [3], {}])
def test_what_is_no_count_is_unknown(value: object) -> None:
    assert count(value) is None


def test_numbers_and_amounts() -> None:
    assert number("-0.5") == -0.5
    assert number("NaN") is None
    assert number(10**400) is None
    assert amount("0.00101") == 0.00101
    assert amount(-1) is None


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ('{"a": 1}', {"a": 1}),
        ('"\\"LLM\\""', "LLM"),
        (json.dumps(json.dumps([1])), [1]),
        ("plain words", "plain words"),
        ("12", "12"),
        ({"a": 1}, {"a": 1}),
        ("", ""),
    ],
)
def test_json_is_decoded_up_to_three_times(value: object, wanted: object) -> None:
    assert decode(value) == Decoded(wanted)


def test_text_four_times_in_json_stays_in_its_last_layer() -> None:
    value: object = "[1]"
    for _ in range(4):
        value = json.dumps(value)
    assert isinstance(decode(value).value, str)


@pytest.mark.parametrize("value", ['[{"role": "user", "content": "cut sho', "{", "[" * 200_000, '{"a":' * 500 + "1"])
def test_what_does_not_decode_stays_text_and_says_so(value: str) -> None:
    assert decode(value) == Decoded(value, failed=True)


def test_brackets_in_text_do_not_count_as_nesting() -> None:
    value = ["[" * 5_000, 'quote " and \\ ' + "{" * 5_000]
    assert decode(json.dumps(value)) == Decoded(value)


def test_marks_of_hidden_values() -> None:
    assert all(is_hidden(mark) for mark in ("__REDACTED__", "<REDACTED>", "<elided>"))
    assert not is_hidden("redacted")


@pytest.mark.parametrize("value", [["prod", "weather"], '["prod", "weather"]', "prod, weather"])
def test_lists_of_words_in_three_forms(value: object) -> None:
    assert strings(value) == ("prod", "weather")


def test_labels_are_short_text() -> None:
    assert label("x" * 5_000) == "x" * 1_000
    assert label(7) == "7"
    assert label(True) is label([]) is label(" ") is label(None) is None


def test_indexes_sort_as_numbers_and_may_have_holes() -> None:
    tree, refused = unflatten((f"{index}.text", str(index)) for index in (10, 2, 0, 30))
    assert tree == [{"text": "0"}, {"text": "2"}, {"text": "10"}, {"text": "30"}]
    assert refused == ()


def test_an_index_beyond_belief_is_refused() -> None:
    tree, refused = unflatten([("0.a", 1), (f"{MAX_INDEX + 1}.a", 2), ("9" * 5_000 + ".a", 3)])
    assert tree == [{"a": 1}]
    assert len(refused) == 2


def test_a_key_that_also_begins_another_keeps_both_values() -> None:
    tree, _ = unflatten([("0.text", "a"), ("0.text.more", "b")])
    assert isinstance(tree, list)
    assert isinstance(tree[0], Mapping)
    assert tree[0]["text"] == {"": "a", "more": "b"}


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ('[{"a": 1}, {"b": 2}, {"c"', [{"a": 1}, {"b": 2}, '{"c"']),
        ('[{"a": 1},\n  "words"', [{"a": 1}, "words"]),
        ('[{"a": 1}, ', [{"a": 1}]),
        ('[{"a": ', []),
        ("[" * 100_000, []),
        ("words", []),
    ],
)
def test_the_whole_items_of_a_list_that_was_cut(value: str, wanted: list[object]) -> None:
    assert items_of_cut(value) == wanted
