from __future__ import annotations

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracetui.tui.sgr import squeeze

FLAGS = (1, 2, 3, 4, 7, 9)
COLOURS = st.sampled_from(["38;2;1;2;3", "38;2;9;8;7", "48;2;1;2;3", "48;5;17", "31", "97", "44", "39", "49", ""])
STYLES = st.builds(
    lambda flags, fore, back: ";".join([*map(str, flags), *filter(None, (fore, back))]),
    st.lists(st.sampled_from(FLAGS), max_size=3, unique=True),
    COLOURS,
    COLOURS,
)
RUNS = st.lists(
    st.tuples(STYLES, st.text("ab ", min_size=1, max_size=3), st.sampled_from(["", "", "", "\x1b[3;4H", "\r\n"])),
    max_size=12,
)


def written(runs: list[tuple[str, str, str]]) -> str:
    """Runs as Textual writes them."""
    return "".join((f"\x1b[{style}m{text}\x1b[0m" if style else text) + move for style, text, move in runs)


def shown(data: str) -> list[list[pyte.screens.Char]]:
    """What a terminal shows of it, with every cell's style."""
    screen = pyte.Screen(40, 6)
    pyte.Stream(screen).feed(data)
    return [[screen.buffer[row][column] for column in range(40)] for row in range(6)]


@given(RUNS)
def test_a_terminal_shows_the_same_of_less(runs: list[tuple[str, str, str]]) -> None:
    data = written(runs)
    squeezed = squeeze(data)
    assert shown(squeezed) == shown(data)
    assert len(squeezed) <= len(data)


def test_a_colour_that_stays_is_not_said_again() -> None:
    row = "\x1b[38;2;1;2;3;48;2;9;9;9ma\x1b[0m\x1b[1;38;2;4;5;6;48;2;9;9;9mb\x1b[0m\x1b[38;2;4;5;6;48;2;9;9;9mc\x1b[0m"
    assert squeeze(row) == "\x1b[38;2;1;2;3;48;2;9;9;9ma\x1b[1;38;2;4;5;6mb\x1b[22mc\x1b[0m"


def test_a_style_goes_on_at_another_place() -> None:
    row = "\x1b[31;48;2;1;1;1ma\x1b[0m\x1b[2;3H\x1b[32;48;2;1;1;1mb\x1b[0m"
    assert squeeze(row) == "\x1b[31;48;2;1;1;1ma\x1b[2;3H\x1b[32mb\x1b[0m"


def test_neighbours_of_one_style_need_no_code() -> None:
    assert squeeze("\x1b[31ma\x1b[0m\x1b[31mb\x1b[0m") == "\x1b[31mab\x1b[0m"


@pytest.mark.parametrize(
    "data",
    [
        "\x1b[31ma\x1b[0m\r\n\x1b[32mb\x1b[0m",  # a row ends plain
        "\x1b[31ma\x1b[0m\x1b[2;3Hb",  # plain text at another place
        "\x1b[31ma\x1b[0m\x1b[58;2;1;1;1mb\x1b[0m",  # a code that is not known here
        "\x1b[1ma\x1b[32mb\x1b[0m\x1b[33mc\x1b[0m",  # a style on top of another
        "no style at all \x1b[?2026h",
    ],
)
def test_what_is_not_understood_passes_as_it_is(data: str) -> None:
    assert squeeze(data) == data
