from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tracetui.tui.commands import COMMANDS, MOVES
from tracetui.tui.render.bars import duration_bar, span_cells
from tracetui.tui.render.document import DocumentBuilder
from tracetui.tui.render.flow import FIRST_LIMIT
from tracetui.tui.render.lines import wrap
from tracetui.tui.render.row import Row, fit
from tracetui.tui.theme import DARK_PALETTE


@given(st.text(max_size=80), st.integers(0, 40))
def test_a_received_cell_has_exactly_its_width(text: str, width: int) -> None:
    assert Row().received(text, width=width).width == width


@pytest.mark.parametrize("width", [None, 8, 30])
def test_every_door_of_a_row_sanitises(width: int | None) -> None:
    row = Row().received("\x1b[2J\x07\u202e", width=width).up_to("\x1b]52;c;x", 30)
    text = row.strip(60).text
    assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text
    assert text.startswith("␛[2J")


def test_long_names_are_cut_in_the_middle_so_that_both_ends_tell_them_apart() -> None:
    cut = fit("retrieve_documents_from_index_alpha", 20)
    assert cut.startswith("retrieve_doc") and cut.endswith("_alpha") and "…" in cut


@given(st.text(max_size=400), st.integers(4, 60))
def test_wrapped_lines_fit_and_lose_no_visible_character(text: str, width: int) -> None:
    safe = "".join(c if c.isprintable() else " " for c in text)
    lines = wrap(safe, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(safe.split())


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 80))
def test_a_bar_stays_inside_and_is_never_invisible(start: float, end: float, width: int) -> None:
    first, glyphs = span_cells(start, end, width)
    assert 0 <= first < width
    assert 1 <= len(glyphs) <= width - first


def test_a_bar_that_fills_everything_fills_everything() -> None:
    assert span_cells(0.0, 1.0, 8) == (0, "████████")


def test_longer_durations_have_longer_bars() -> None:
    cells = [duration_bar(nano, 8).rstrip() for nano in (10**6, 10**8, 10**9, 10**10, 6 * 10**11)]
    assert [len(bar) for bar in cells] == sorted(len(bar) for bar in cells)
    assert cells[-1] == "████████"


def test_a_long_value_is_folded_and_says_how_much_it_hides() -> None:
    text = "word " * 10_000
    folded = DocumentBuilder(80, DARK_PALETTE)
    folded.body(text, block="b")
    assert "more · Enter unfolds" in folded.build().lines[-1].strip.text
    assert sum(len(line.strip.text) for line in folded.build().lines) < FIRST_LIMIT * 2
    unfolded = DocumentBuilder(80, DARK_PALETTE, {"b"})
    unfolded.body(text, block="b")
    assert len(unfolded.build().lines) > len(folded.build().lines) * 5
    assert all(line.value == text for line in unfolded.build().lines)


def test_received_text_never_becomes_markup_or_control_characters() -> None:
    page = DocumentBuilder(60, DARK_PALETTE)
    page.body("[red]x[/red] \x1b[2J", block="b")
    page.pair("key\x1b", "value\x07", key_width=10, block="k")
    text = page.build().text
    assert "[red]x[/red] ␛[2J" in text and "value␇" in text and "\x1b" not in text


@pytest.mark.parametrize("pane", ["explorer", "list", "tree", "inspector", "rows"])
def test_no_key_means_two_things_in_one_pane(pane: str) -> None:
    keys = [key for command in (*COMMANDS, *MOVES) if command.pane in (pane, "rows") for key in command.keys.split(",")]
    assert len(keys) == len(set(keys))


def test_command_ids_are_unique() -> None:
    ids = [command.id for command in (*COMMANDS, *MOVES)]
    assert len(ids) == len(set(ids))
