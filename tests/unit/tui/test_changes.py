from __future__ import annotations

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from tracetui.tui.crop import CroppedUpdate, cropped
from tracetui.tui.render.changes import GAP, changed_cells

COLUMNS, ROWS = 60, 3
STYLES = st.sampled_from([Style(), Style(color="red"), Style(bold=True), Style(bgcolor="blue")])
EVEN, UNEVEN = ("a", "b", " ", "│", "●"), ("日", "e\u0301")
Runs = list[tuple[str, Style]]


def row(runs: Runs) -> Strip:
    """A row of these runs that is as wide as the screen."""
    return Strip([Segment(text, style) for text, style in runs]).adjust_cell_length(COLUMNS)


def rows(characters: tuple[str, ...]) -> st.SearchStrategy[Strip]:
    text = st.lists(st.sampled_from(characters), min_size=1, max_size=20).map("".join)
    return st.lists(st.tuples(text, STYLES), max_size=6).map(row)


def cells(strip: Strip) -> list[tuple[str, Style | None]]:
    return [(character, style) for text, style, _ in strip for character in text]


def shown(*written: str) -> list[list[pyte.screens.Char]]:
    """What a terminal shows of it, with every cell's style."""
    screen = pyte.Screen(COLUMNS, ROWS)
    for data in written:
        pyte.Stream(screen).feed(data)
    return [[screen.buffer[y][x] for x in range(COLUMNS)] for y in range(ROWS)]


@given(rows(EVEN), rows(EVEN))
def test_what_is_not_named_is_the_same(before: Strip, after: Strip) -> None:
    made = cells(before)
    for at, to in changed_cells(before, after):
        made[at:to] = cells(after)[at:to]
    assert made == cells(after)


@given(rows(EVEN), rows(EVEN))
def test_each_change_begins_and_ends_with_one(before: Strip, after: Strip) -> None:
    changes = changed_cells(before, after)
    for at, to in changes:
        assert cells(before)[at] != cells(after)[at] and cells(before)[to - 1] != cells(after)[to - 1]
    assert all(later[0] - earlier[1] > GAP for earlier, later in zip(changes, changes[1:], strict=False))


def test_a_row_that_is_the_same_has_no_changes() -> None:
    assert changed_cells(row([("a", Style()), ("b", Style())]), row([("ab", Style())])) == []


def test_a_row_with_wide_characters_changes_as_a_whole() -> None:
    assert changed_cells(row([("日 a", Style())]), row([("日 b", Style())])) == [(0, COLUMNS)]


@settings(max_examples=50)
@given(st.lists(st.tuples(rows(EVEN + UNEVEN), rows(EVEN + UNEVEN)), min_size=ROWS, max_size=ROWS), st.booleans())
def test_a_terminal_shows_the_rows_after_their_changes_have_been_written(
    pairs: list[tuple[Strip, Strip]], in_halves: bool
) -> None:
    console = Console(color_system="truecolor", force_terminal=True)
    spans = [(y, at, to) for y, (before, after) in enumerate(pairs) for at, to in changed_cells(before, after)]
    whole = "".join(f"\x1b[{y + 1};1H{after.render(console)}" for y, (_, after) in enumerate(pairs))
    old = "".join(f"\x1b[{y + 1};1H{before.render(console)}" for y, (before, _) in enumerate(pairs))
    middle = 20
    cuts = (
        [middle, COLUMNS]
        if in_halves and not any(one in pair[1].text for one in UNEVEN for pair in pairs)
        else [COLUMNS]
    )
    chops = [dict(zip([0, *cuts], after.divide(cuts), strict=False)) for _, after in pairs]
    update = CroppedUpdate(chops, spans, [cuts] * ROWS)
    assert shown(old, update.render_segments(console) if spans else "") == shown(whole)


def test_only_what_has_changed_is_written() -> None:
    console = Console(color_system="truecolor", force_terminal=True)
    update = cropped(ChopsUpdate([{0: row([("abcdefgh", Style())])}], [(0, 2, 4)], [[COLUMNS]]))
    assert isinstance(update, CroppedUpdate)
    assert update.render_segments(console) == "\x1b[1;3Hcd"
