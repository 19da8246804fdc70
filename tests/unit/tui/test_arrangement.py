from __future__ import annotations

import pytest

from tracetui.tui.screens.arrangement import LEVELS, Arrangement


def shown(columns: int, rows: int, level: str, *, zoomed: bool = False) -> list[str]:
    arrangement = Arrangement()
    arrangement.fit(columns, rows)
    arrangement.level, arrangement.zoomed = level, zoomed
    return [name for name in LEVELS if arrangement.shows(name)]


@pytest.mark.parametrize(
    ("columns", "rows", "level", "panes"),
    [
        (80, 24, "list", ["list"]),
        (80, 24, "trace", ["trace"]),
        (80, 24, "inspect", ["inspect"]),
        (120, 40, "list", ["list", "trace"]),
        (120, 40, "trace", ["trace", "inspect"]),
        (120, 40, "inspect", ["trace", "inspect"]),
        (200, 50, "list", ["list", "trace", "inspect"]),
        (200, 50, "inspect", ["list", "trace", "inspect"]),
        (200, 24, "list", ["list", "trace"]),
    ],
)
def test_panes_by_size_and_level(columns: int, rows: int, level: str, panes: list[str]) -> None:
    assert shown(columns, rows, level) == panes


@pytest.mark.parametrize("level", LEVELS)
def test_a_zoomed_pane_stands_alone(level: str) -> None:
    assert shown(200, 50, level, zoomed=True) == [level]


def test_a_pane_that_stands_alone_has_all_the_space() -> None:
    arrangement = Arrangement()
    arrangement.fit(120, 40)
    assert (arrangement.list_height, arrangement.tree_width) == (45, 100)
    arrangement.resize(5)
    assert arrangement.list_height == 50
    arrangement.fit(80, 24)
    assert arrangement.list_height == 100


def test_a_pane_is_never_resized_away() -> None:
    arrangement = Arrangement()
    for _ in range(50):
        arrangement.resize(-5)
    assert arrangement.list_percent == 15
