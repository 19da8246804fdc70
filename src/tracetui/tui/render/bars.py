"""Bars in eighth blocks."""

from __future__ import annotations

import math

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def duration_bar(duration_nano: int | None, width: int) -> str:
    """A trace's duration on a fixed logarithmic scale from 1 ms to 10 min, so that no bar moves when others arrive."""
    if duration_nano is None or duration_nano <= 0:
        return " " * width
    share = (math.log10(duration_nano) - 6) / (math.log10(600e9) - 6)
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    return (_EIGHTHS[8] * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")).ljust(width) or " " * width


def span_cells(start: float, end: float, width: int) -> tuple[int, str]:
    """A span's bar inside `width` cells.

    Args:
        start: Where it starts, as a share of the trace, 0 to 1.
        end: Where it ends, likewise.
        width: Cells of the whole trace.

    Returns:
        The first cell and the glyphs from there on; at least one glyph, so that nothing is too short to be seen.
    """
    start, end = min(max(start, 0.0), 1.0), min(max(end, 0.0), 1.0)
    first, last = start * width, max(start, end) * width
    cell = min(int(first), width - 1)
    if last - first < 1 and int(last - 1e-9) <= cell:
        return cell, "▏" if last - first < 0.3 else "▌" if last - first < 0.8 else "█"
    glyphs = "▐" if first - cell >= 0.5 else "█"
    full = int(last) - cell - 1
    glyphs += "█" * max(0, full)
    if (rest := round((last - int(last)) * 8)) and cell + len(glyphs) < width:
        glyphs += _EIGHTHS[rest]
    return cell, glyphs[: width - cell]
