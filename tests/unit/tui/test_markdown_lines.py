from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from tracetui.sanitise import sanitise
from tracetui.tui.render.lines import wrap_runs
from tracetui.tui.render.markdown_lines import PIECE, looks_like_markdown, markdown_lines
from tracetui.tui.theme import DARK_PALETTE

TEXT = DARK_PALETTE.style("text")


def rows(text: str, width: int = 60) -> list[str]:
    lines = markdown_lines(text, DARK_PALETTE, TEXT, width)
    return ["".join(part for part, _ in row).rstrip() for line in lines for row in wrap_runs(line, width)]


def style_of(text: str, word: str) -> Style:
    runs = [run for line in markdown_lines(text, DARK_PALETTE, TEXT, 60) for run in line.runs]
    return next(style for part, style in runs if part == word)


def test_marks_become_styles_and_the_words_stay() -> None:
    text = "# Plan\n\nA **bold** and *slanted* and ~~gone~~ `word`.\nNext line."
    assert rows(text) == ["Plan", "", "A bold and slanted and gone word.", "Next line."]
    assert style_of(text, "bold").bold
    assert style_of(text, "slanted").italic
    assert style_of(text, "gone").strike
    assert style_of(text, "word").color == DARK_PALETTE.style("string").color


def test_lists_nest_with_bullets_and_numbers_and_wrap_below_their_words() -> None:
    text = "3. three\n4. four\n   - inner words that are too long for one row\n\nafter"
    assert rows(text, 30) == [
        "3. three",
        "4. four",
        "   • inner words that are too",
        "     long for one row",
        "",
        "after",
    ]


def test_a_table_is_aligned_and_shrinks_until_it_fits() -> None:
    text = "| a | price |\n|---|---:|\n| long long long words here | 5 |\n| b | 1234 |"
    assert rows(text) == [
        "a                          price",
        "─────────────────────────  ─────",
        "long long long words here      5",
        "b                           1234",
    ]
    narrow = rows(text, 20)
    assert all(cell_len(row) <= 20 for row in narrow)
    assert "".join("".join(narrow).split()).startswith("aprice")
    assert [row for row in narrow if "1234" in row]


def test_a_link_shows_where_it_leads() -> None:
    assert rows("See [the page](https://e.x/y).") == ["See the page (https://e.x/y)."]
    assert rows("See <https://e.x/y>.") == ["See https://e.x/y."]
    assert rows("![a cat](c.png)") == ["▣ a cat (c.png)"]


def test_quotes_keep_their_bar_and_code_its_blanks() -> None:
    assert rows("> one\n>\n> two\n\n```python\nif x:\n    y = 1\n```") == [
        "▏ one",
        "▏",
        "▏ two",
        "",
        " if x:",
        "     y = 1",
    ]


def test_code_is_coloured_in_its_language() -> None:
    line = next(markdown_lines("```python\nreturn 1\n```", DARK_PALETTE, TEXT, 60))
    colours = {text: style.color for text, style in line.runs}
    assert colours["return"] == DARK_PALETTE.style("keyword").color
    assert colours["1"] == DARK_PALETTE.style("number").color


@pytest.mark.parametrize(
    "hostile", ["**\x1b[2J**", "&#x202e;abc **b**", "[x](javascript:alert(1))", "`\x07`", "<b>*x*</b>", "[b]*x*[/b]"]
)
def test_nothing_received_becomes_a_control_character_or_a_style_of_its_own(hostile: str) -> None:
    shown = "\n".join(rows(hostile))
    assert shown == sanitise(shown, keep_newlines=True)
    assert "\u202e" not in shown and "\x1b" not in shown
    if "<b>" in hostile:
        assert shown == "<b>x</b>"
    if "[b]" in hostile:
        assert shown == "[b]x[/b]"


def test_a_fence_that_is_longer_than_a_piece_stays_code() -> None:
    code = "\n\n".join(f"value_{number} = {number}" for number in range(PIECE // 8))
    lines = list(markdown_lines(f"**start**\n\n```python\n{code}\n```\n\n**end**", DARK_PALETTE, TEXT, 60))
    written = [line for line in lines if "".join(text for text, _ in line.runs).strip()]
    assert not written[0].block and not written[-1].block
    assert all(line.block for line in written[1:-1])
    assert "".join(text for text, _ in written[-1].runs) == "end"


def test_reading_is_lazy() -> None:
    text = "A **paragraph** of words.\n\n" * 40_000
    lines = markdown_lines(text, DARK_PALETTE, TEXT, 60)
    assert next(lines).read <= 2 * PIECE
    assert list(markdown_lines(text[:20_000], DARK_PALETTE, TEXT, 60))[-1].read == 20_000


@given(st.text(alphabet=st.sampled_from("ab *_`#>-|[]()!~\n\\1.&<\t\x1b\u202e漢"), max_size=200), st.integers(8, 60))
def test_any_text_makes_safe_rows_that_fit(text: str, width: int) -> None:
    for row in rows(text, width):
        assert cell_len(row) <= width
        assert row == sanitise(row)


@given(st.text(alphabet="abc \n", max_size=200))
def test_words_without_marks_are_all_there(text: str) -> None:
    assert "".join("".join(rows(text)).split()) == "".join(text.split())


def test_plain_prose_does_not_pass_for_markdown() -> None:
    assert not looks_like_markdown("Compute 3 * 4 and 5 * 6; a_b and c_d stay. See http://x.y/z")
    assert looks_like_markdown("a **b**") and looks_like_markdown("x\n- y") and looks_like_markdown("use `x`")
