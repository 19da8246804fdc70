"""What a key leads to, and how values are compared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tracetui.model.lookup import DEEPEST, LONGEST_MAP, MOST_ITEMS, canonical, has, number, values_at


@pytest.mark.parametrize(
    ("attributes", "key", "found"),
    [
        ({"a": "x"}, "a", ["x"]),
        ({"a": ""}, "a", [""]),
        ({"a": None}, "a", []),
        ({"a": b"x"}, "a", []),
        ({"a": [1, "x", [2], {"b": 3}, None, 0.5]}, "a", [1, "x", 0.5]),
        ({"a": {"b": {"c": True}}}, "a.b.c", [True]),
        ({"a": '{"b": {"c": [1, 2]}}'}, "a.b.c", [1, 2]),
        ({"a": {"b.c": 1, "b": {"c": 2}}}, "a.b.c", [1, 2]),
        ({"a.b": '{"c": null}'}, "a.b.c", []),
        ({"a": "{not json}"}, "a.b", []),
        ({"a": "[1]"}, "a", ["[1]"]),
        ({"a": '{"b": "{\\"c\\": 1}"}'}, "a.b.c", [1]),
    ],
)
def test_values_at(attributes: dict[str, object], key: str, found: list[object]) -> None:
    assert sorted(map(repr, values_at(attributes, key))) == sorted(map(repr, found))  # type: ignore[arg-type]


def test_what_is_there_need_not_be_a_value() -> None:
    attributes: dict[str, Any] = {"bytes": b"", "list": [], "map": {}, "none": None, "text": "", "json": '{"a": null}'}
    there = {key for key in (*attributes, "json.a", "missing") if has(attributes, key)}
    assert there == {"bytes", "list", "map", "text", "json"}


def test_bounds() -> None:
    deep: object = "x"
    for _ in range(DEEPEST + 1):
        deep = {"a": deep}
    assert values_at({"a": deep}, ".".join("a" * (DEEPEST + 2))) == []  # type: ignore[dict-item]
    assert values_at({"a": deep["a"]}, ".".join("a" * (DEEPEST + 1))) == ["x"]  # type: ignore[index]
    assert values_at({"a": list(range(1_000))}, "a") == list(range(MOST_ITEMS))
    long = json.dumps({"b": 1, "c": "x" * LONGEST_MAP})
    assert values_at({"a": long}, "a.b") == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (500, "500"),
        (500.0, "500"),
        (0.5, "0.5"),
        (1e300, "1e+300"),
        (True, "true"),
        (False, "false"),
        ("A", "A"),
        (-0.0, "0"),
    ],
)
def test_canonical(value: str | float, text: str) -> None:
    assert canonical(value) == text


@pytest.mark.parametrize(
    ("value", "found"),
    [
        *[("500", 500.0), ("-0.5", -0.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), (7, 7.0), (0.25, 0.25)],
        *[("", None), (" 1", None), ("1_000", None), ("nan", None), ("inf", None), ("0x1", None), ("1e", None)],
        *[(True, None), (None, None), (b"1", None), (float("nan"), None), ("1" * 65, None), ("٣", None)],
        *[(10**400, float("inf")), (-(10**400), float("-inf")), ("1" * 64, float("1" * 64))],
    ],
)
def test_number(value: object, found: float | None) -> None:
    assert number(value) == found
