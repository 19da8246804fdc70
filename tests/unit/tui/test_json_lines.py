from __future__ import annotations

import json
import time

from hypothesis import given
from hypothesis import strategies as st

from tracetui.sanitise import sanitise
from tracetui.tui.render.json_lines import DECODED_LIMIT, json_lines, value_lines
from tracetui.tui.render.lines import PIECE
from tracetui.tui.theme import DARK_PALETTE

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)


def rows(text: str) -> list[str] | None:
    lines = json_lines(text, DARK_PALETTE)
    return None if lines is None else ["".join(part for part, _ in line.runs) for line in lines]


def test_short_containers_stay_on_a_row_and_long_ones_open() -> None:
    text = json.dumps({"city": "Lisbon", "days": [1, 2, 3], "hotels": [{"name": "Borges", "text": "x" * 60}]})
    assert rows(text) == [
        "{",
        '  "city": "Lisbon",',
        '  "days": [1, 2, 3],',
        '  "hotels": [',
        "    {",
        '      "name": "Borges",',
        f'      "text": "{"x" * 60}"',
        "    }",
        "  ]",
        "}",
    ]


def test_what_is_not_json_is_left_to_others() -> None:
    assert rows("{name} is here") is None
    assert rows('{"cut": "short') is None
    assert rows("[link](x)") is None
    assert rows("12") is None


@given(VALUES)
def test_the_rows_of_a_value_are_its_json(value: object) -> None:
    shown = "\n".join("".join(part for part, _ in line.runs) for line in value_lines(value, DARK_PALETTE))
    if all(ord(character) < 0x250 and character.isprintable() for character in json.dumps(value, ensure_ascii=False)):
        assert json.loads(shown) == value
    assert shown == sanitise(shown, keep_newlines=True)


def test_long_text_is_indented_without_decoding_it() -> None:
    text = json.dumps([{"number": number, "exact": 1.0} for number in range(20_000)]).replace("1.0", "1.00")
    assert len(text) > DECODED_LIMIT
    shown = rows(text)
    assert shown is not None
    assert shown[:4] == ["[", "  {", '    "number": 0,', '    "exact": 1.00']
    assert "".join("".join(shown).split()) == "".join(text.split())


def test_a_string_of_megabytes_comes_in_pieces_and_at_once() -> None:
    text = json.dumps({"a": "x" * 5_000_000})
    started = time.perf_counter()
    lines = json_lines(text, DARK_PALETTE)
    assert lines is not None
    first = [next(lines) for _ in range(5)]
    assert time.perf_counter() - started < 1.0  # a pattern that backtracks takes minutes
    assert all(len(part) <= PIECE for line in first for part, _ in line.runs)
