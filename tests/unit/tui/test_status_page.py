"""The page of the status screen."""

from __future__ import annotations

from rich.cells import cell_len

from tracetui.health.findings import NOTE, OK, PROBLEM, Finding, worst
from tracetui.tui.render.status_page import status_page
from tracetui.tui.theme import DARK_PALETTE

SECTIONS = [
    ("Receiving", [Finding("http", OK, "127.0.0.1:4318 listening"), Finding("http", PROBLEM, "in use", "Stop it.")]),
    ("Stored", [Finding("database", NOTE, "word " * 60, "hint " * 60)]),
]


def test_every_finding_stands_under_its_title_with_its_hint() -> None:
    page = status_page(SECTIONS, DARK_PALETTE, 80).plain.splitlines()
    assert page[:5] == [
        "Receiving",
        "  ● http             127.0.0.1:4318 listening",
        "  ✖                  in use",
        "                     Stop it.",
        "",
    ]
    assert page[6].startswith("  ○ database         word word")
    assert sum(line.count("word") for line in page) == 60
    assert sum(line.count("hint") for line in page) == 60


def test_nothing_is_wider_than_the_page_and_texts_stay_in_their_column() -> None:
    for width in (60, 80, 96):
        lines = status_page(SECTIONS, DARK_PALETTE, width).plain.splitlines()
        assert max(map(cell_len, lines)) <= width
        assert all(line[:21].isspace() for line in lines if "word" in line and "○" not in line)


def test_received_text_is_sanitised_and_bounded() -> None:
    hostile = Finding("malformed", NOTE, "\x1b[2J\x9b31m\u202e[bold]x[/] " + "y" * 10_000, "\x07hint")
    page = status_page([("Receiving", [hostile])], DARK_PALETTE, 80)
    assert not set("\x1b\x9b\u202e\x07") & set(page.plain)
    assert "[bold]x[/]" in page.plain
    assert len(page.plain) < 2_000


def test_the_worst_state_stands_for_all() -> None:
    assert worst([]) == worst([Finding("a", OK, "")]) == OK
    assert worst([Finding("a", OK, ""), Finding("b", NOTE, "")]) == NOTE
    assert worst([Finding("a", PROBLEM, ""), Finding("b", NOTE, "")]) == PROBLEM
