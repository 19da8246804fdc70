"""A scrollable page of text made of blocks: wrapped, edged, folded; what the inspector's tabs are written in.

Received text enters through `DocumentBuilder` alone, which sanitises it. At most `BLOCK_LIMIT` characters of a value
and `PAGE_LIMIT` of a page are laid out unasked; the rest stands behind a fold that says how much it hides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tracetui.model.numbers import format_bytes
from tracetui.sanitise import sanitise
from tracetui.tui.render.row import Row, label
from tracetui.tui.theme import Palette

BLOCK_LIMIT = 64 * 1024
"""Characters of one value that are laid out once it is unfolded; a pager shows the rest."""

FIRST_LIMIT = 6 * 1024
"""Characters of one value that are laid out before it is unfolded."""

PAGE_LIMIT = 256 * 1024
"""Characters of a whole page that are laid out unasked; blocks after that show one line each."""

MEASURE = 100
"""Cells of a comfortable line of prose."""

MIN_NOTE = 8
"""Cells below which a note beside a label is left out rather than cut."""

_WORD = re.compile(r"\S+\s*|\s+")
_JSON_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*")(?=\s*:)|(?P<string>"(?:[^"\\]|\\.)*"?)'
    r"|(?P<number>-?\b\d[\d.eE+-]*)|(?P<word>\b(?:true|false|null)\b)"
)


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One screen row of a page."""

    strip: Strip
    block: str = ""
    """Id of the block it belongs to, for folding; empty where there is nothing to fold."""
    value: str = ""
    """What copying on this line gives, as received."""


@dataclass(frozen=True, slots=True)
class Document:
    """A page."""

    lines: tuple[DocumentLine, ...]

    @property
    def text(self) -> str:
        """The page as plain safe text."""
        return "\n".join("".join(segment.text for segment in line.strip).rstrip() for line in self.lines)


class DocumentBuilder:
    """Writes a page from top to bottom."""

    def __init__(self, width: int, palette: Palette, unfolded: Collection[str] = ()) -> None:
        self.width = width
        self.palette = palette
        self._unfolded = unfolded
        self._lines: list[DocumentLine] = []
        self._spent = 0

    def build(self) -> Document:
        """The page."""
        return Document(tuple(self._lines))

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been written."""
        return not self._lines

    def row(self, row: Row, *, block: str = "", value: str = "") -> None:
        """Add a finished row."""
        self._lines.append(DocumentLine(row.strip(self.width), block, value))

    def blank(self) -> None:
        """Add an empty row, but never two."""
        if self._lines and self._lines[-1].strip.text.strip():
            self.row(Row())

    def heading(self, text: str, note: str = "") -> None:
        """Add a heading of our own words."""
        self.blank()
        self.row(Row().own(text, self.palette.style("accent")).gap(2).received(note, self.palette.style("dim")))

    def note(self, text: str) -> None:
        """Add a dim line of our own words, wrapped."""
        for line in wrap(text, min(self.width, MEASURE)):
            self.row(Row().own(line, self.palette.style("dim", italic=True)))

    def problem(self, text: str) -> None:
        """Add a warning that may quote received text."""
        for number, line in enumerate(wrap(label(text), self.width - 2)):
            self.row(
                Row()
                .own("! " if number == 0 else "  ", self.palette.style("warning"))
                .own(line, self.palette.style("warning"))
            )

    def pair(
        self, key: str, value: str, *, key_width: int, block: str, note: str = "", style: Style | None = None
    ) -> None:
        """Add a key and its value; a long value folds to one line.

        Args:
            key: Received or our own.
            value: Received.
            key_width: Cells of the key's column.
            block: Id of the fold.
            note: A dim word before the value, such as its type.
            style: The value's style.
        """
        style = style or self.palette.style("text")
        room = max(8, self.width - key_width - 1)
        row = Row().received(key, self.palette.style("keyword"), width=key_width).gap()
        if note:
            row.own(note + " ", self.palette.style("faint"))
            room -= len(note) + 1
        if block in self._unfolded:
            self.row(row, block=block, value=value)
            self.body(value, style=style, block=block, indent=2)
            return
        first = label(value[:2000].replace("\n", " ⏎ "))
        long = cell_len(first) > room or len(value) > 2000
        if long:
            size = f" {format_bytes(len(value.encode('utf-8', 'replace')))}" if len(value) > 1000 else ""
            row.up_to(first, max(4, room - len(size) - 2), style, prose=True)
            row.own("▸" + size, self.palette.style("dim"))
        else:
            row.own(first, style)
        self.row(row, block=block if long else "", value=value)

    def body(
        self,
        text: str,
        *,
        style: Style | None = None,
        block: str = "",
        edge: Style | None = None,
        indent: int = 0,
        json: bool = False,
        measure: int | None = None,
    ) -> None:
        """Add received text, wrapped and, where it is long, folded.

        Args:
            text: As received; may be of any size.
            style: Its style.
            block: Id of the fold.
            edge: Style of the coloured edge on the left, if there is one.
            indent: Empty cells before the text.
            json: Whether to colour it as JSON.
            measure: Cells of a line at most.
        """
        style = style or self.palette.style("text")
        limit = BLOCK_LIMIT if block in self._unfolded else FIRST_LIMIT if self._spent < PAGE_LIMIT else 200
        shown, hidden = text[:limit], len(text) - limit
        self._spent += len(shown)
        room = max(8, min(self.width - indent - (2 if edge else 0), measure or self.width))
        for line in wrap(sanitise(shown, keep_newlines=True), room):
            row = self._edged(edge, indent)
            for piece in self._json(line, style) if json else (Segment(line, style),):
                row.own(piece.text, piece.style or style)
            self.row(row, block=block, value=text)
        if hidden > 0:
            size = format_bytes(len(text[limit:].encode("utf-8", "replace")))
            how = "o opens all of it" if block in self._unfolded else "Enter unfolds"
            self.row(
                self._edged(edge, indent).own(f"▸ {size} more · {how}", self.palette.style("dim", italic=True)),
                block=block,
                value=text,
            )

    def fold(self, title: str, text: str, *, block: str, edge: Style | None = None) -> None:
        """Add received text behind one line that says what it is and how long; shown once unfolded."""
        dim = self.palette.style("dim")
        count = text.count("\n") + 1
        lines = f"{count:,} lines" if count > 1 else format_bytes(len(text.encode("utf-8", "replace")))
        mark = "▾" if block in self._unfolded else "▸"
        self.row(self._edged(edge, 0).own(f"{mark} {title} · {lines}", dim), block=block, value=text)
        if block in self._unfolded:
            self.body(text, style=dim, edge=edge, block=block, indent=2)

    def label_row(
        self, text: str, style: Style, *, edge: Style | None = None, note: str = "", block: str = "", value: str = ""
    ) -> None:
        """Add a line with a label (received) and a dim note (received)."""
        row = self._edged(edge, 0).received(text, style)
        if note and (room := self.width - row.width - 2) >= min(len(note), MIN_NOTE):
            row.gap(2).up_to(note, room, self.palette.style("dim"), prose=True)
        self.row(row, block=block, value=value)

    def edge_blank(self, edge: Style) -> None:
        """Add an empty row that keeps the edge."""
        self.row(self._edged(edge, 0))

    def _edged(self, edge: Style | None, indent: int) -> Row:
        row = Row()
        if edge is not None:
            row.own("▎ ", edge)
        return row.gap(indent)

    def _json(self, line: str, style: Style) -> Iterable[Segment]:
        at = 0
        for match in _JSON_TOKEN.finditer(line):
            if match.start() > at:
                yield Segment(line[at : match.start()], style)
            role = {"key": "keyword", "string": "string", "number": "number", "word": "number"}[
                match.lastgroup or "word"
            ]
            yield Segment(match[0], self.palette.style(role))
            at = match.end()
        if at < len(line):
            yield Segment(line[at:], style)


def wrap(text: str, width: int) -> list[str]:
    """Safe text as lines of at most `width` cells, broken between words where that is possible."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        if len(paragraph) <= width and (paragraph.isascii() or cell_len(paragraph) <= width):
            lines.append(paragraph)
            continue
        lines.extend(_wrap_paragraph(paragraph, width))
    return lines


def _wrap_paragraph(paragraph: str, width: int) -> Iterable[str]:
    line, used = "", 0
    indent = paragraph[: len(paragraph) - len(paragraph.lstrip(" "))][: width // 2]
    for match in _WORD.finditer(paragraph):
        word = match[0]
        bare = cell_len(word.rstrip())
        if used + bare > width and bare <= width - len(indent) and line.strip():
            yield line.rstrip()
            line, used = indent, len(indent)
        if used + bare <= width:
            line, used = line + word, used + cell_len(word)
            continue
        *whole, last = chop_cells(line + word.rstrip(), width)
        yield from whole
        line = last + word[len(word.rstrip()) :]
        used = cell_len(line)
    yield line.rstrip()
