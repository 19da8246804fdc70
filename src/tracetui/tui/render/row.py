"""One screen row put together from cells: the one place where received text becomes segments."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tracetui.sanitise import sanitise

ELLIPSIS = "…"
_NULL = Style.null()


class Row:
    """Builds one strip from left to right.

    `own` takes text that this program wrote, `received` takes text from outside and sanitises it. Neither reads markup.
    """

    __slots__ = ("_segments", "width")

    def __init__(self) -> None:
        self._segments: list[Segment] = []
        self.width = 0
        """Cells so far."""

    def own(self, text: str, style: Style = _NULL) -> Row:
        """Append our own text. Neighbours of one style become one segment: each costs a colour code on the wire."""
        if text:
            segments = self._segments
            if text[0] == " " and not _marks_blanks(style) and (bare := text.lstrip(" ")):
                self.own(" " * (len(text) - len(bare)))  # blanks before a word go to what stands before them
                return self.own(bare, style)
            last = segments[-1].style if segments else None
            blank = text.isspace() and not _marks_blanks(style) and not _marks_blanks(last)
            if segments and (last == style or blank):
                segments[-1] = Segment(segments[-1].text + text, segments[-1].style)
            else:
                segments.append(Segment(text, style))
            self.width += cell_len(text)
        return self

    def received(self, text: str, style: Style = _NULL, *, width: int | None = None, right: bool = False) -> Row:
        """Append received text: sanitised, and with `width` cut in the middle or padded to exactly that many cells."""
        safe = label(text)
        if width is not None:
            safe = fit(safe, width, right=right)
        return self.own(safe, style)

    def up_to(self, text: str, room: int, style: Style = _NULL, *, prose: bool = False) -> Row:
        """Append received text, sanitised, in at most `room` cells; prose is cut at its end, a name in its middle."""
        safe = label(text)
        if cell_len(safe) > room:
            safe = set_cell_size(safe, room - 1).rstrip() + ELLIPSIS if prose else fit(safe, room)
        return self.own(safe, style) if room > 0 else self

    def cell(self, text: str, width: int, style: Style = _NULL, *, right: bool = False) -> Row:
        """Append our own text in exactly `width` cells."""
        return self.own(fit(text, width, right=right), style)

    def gap(self, cells: int = 1) -> Row:
        """Append empty cells."""
        return self.own(" " * cells) if cells > 0 else self

    def pad_to(self, width: int) -> Row:
        """Append empty cells up to a column."""
        return self.gap(width - self.width)

    def strip(self, width: int, base: Style = _NULL) -> Strip:
        """The row as a strip of exactly `width` cells, over a base style."""
        strip = Strip(self._segments, self.width).adjust_cell_length(width)
        return strip.apply_style(base) if base is not _NULL else strip


def _marks_blanks(style: Style | None) -> bool:
    """Whether a blank in this style looks different from an empty cell."""
    return style is not None and bool(style.underline or style.bgcolor or style.reverse)


@lru_cache(maxsize=1_024)
def label(text: str) -> str:
    """Received text as a one-line label: sanitised, with line ends as visible stand-ins, at most 1,000 characters."""
    return sanitise(text[:1000])


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Safe text in exactly `width` cells: padded, or cut in the middle so that both ends stay readable."""
    size = cell_len(text)
    if size == width:
        return text
    if size < width:
        return " " * (width - size) + text if right else text + " " * (width - size)
    if width <= 0:
        return ""
    if width < 8:
        return set_cell_size(text, width - 1) + ELLIPSIS
    tail = (width - 1) // 3
    head = width - 1 - tail
    return set_cell_size(text, head) + ELLIPSIS + _last_cells(text, tail)


def _last_cells(text: str, width: int) -> str:
    """The end of the text, exactly `width` cells of it (a blank where a wide character would be halved)."""
    end = text[-width:]
    while cell_len(end) > width:
        end = end[1:]
    return " " * (width - cell_len(end)) + end
