"""Which cells of a row look different than before, so that a row that changes a little is not written whole."""

from __future__ import annotations

from functools import lru_cache
from itertools import repeat
from typing import TypeAlias

from rich.cells import get_character_cell_size
from rich.style import Style
from textual.strip import Strip

GAP = 12
"""Cells between two changes that are written again with them: to go on elsewhere takes some 30 bytes."""

Cells: TypeAlias = "list[tuple[str, Style | None]]"


def changed_cells(before: Strip, after: Strip) -> list[tuple[int, int]]:
    """From and to which cells two rows of the same width differ, from left to right.

    A row with characters that do not take one cell each differs as a whole: half a character cannot be written.
    """
    if before == after:
        return []
    width = after.cell_length
    if before.cell_length != width:
        return [(0, width)]
    old, new = _cells(before), _cells(after)
    if old is None or new is None:
        return [(0, width)]
    found: list[tuple[int, int]] = []
    for place, (was, now) in enumerate(zip(old, new, strict=True)):
        if was != now:
            if found and place - found[-1][1] <= GAP:
                found[-1] = (found[-1][0], place + 1)
            else:
                found.append((place, place + 1))
    return found


def is_even(strip: Strip) -> bool:
    """Whether each character of a row takes one cell."""
    return all(not control and _is_even(text) for text, _, control in strip)


def _cells(strip: Strip) -> Cells | None:
    if not is_even(strip):
        return None
    return [cell for text, style, _ in strip for cell in zip(text, repeat(style))]


@lru_cache(maxsize=2048)
def _is_even(text: str) -> bool:
    return text.isascii() or all(get_character_cell_size(character) == 1 for character in text)
