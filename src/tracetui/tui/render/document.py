"""A scrollable page of text made of blocks: wrapped, edged, folded; what the inspector's tabs are written in.

Received text enters through `DocumentBuilder` alone, which sanitises it. Of a value `FIRST_LIMIT` characters are laid
out unasked and `STEP` more whenever the reader comes to the end of them; of a page `PAGE_LIMIT`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct, field
from rich.cells import cell_len
from rich.style import Style

from tracetui.model.numbers import format_bytes
from tracetui.tui.render.flow import FIRST_LIMIT, FIRST_ROWS, DocumentLine, Flow, Flows
from tracetui.tui.render.json_lines import json_lines, value_lines
from tracetui.tui.render.lines import Line, Run, plain_lines, wrap
from tracetui.tui.render.markdown_lines import looks_like_markdown, markdown_lines
from tracetui.tui.render.row import Row, label
from tracetui.tui.theme import Palette

PAGE_LIMIT = 256 * 1024
"""Characters of a whole page that are laid out unasked; blocks after that show a row or two each."""

MEASURE = 100
"""Cells of a comfortable line of prose."""

MIN_NOTE = 8
"""Cells below which a note beside a label is left out rather than cut."""


class Document(Struct, frozen=True):
    """A page."""

    lines: tuple[DocumentLine, ...]
    more: Mapping[int, str] = field(default_factory=dict)
    """Rows that stand for the rest of an unfolded block, by index: reaching one extends the block."""

    @property
    def text(self) -> str:
        """The page as plain safe text."""
        return "\n".join("".join(segment.text for segment in line.strip).rstrip() for line in self.lines)


class Passage(NamedTuple):
    """Where a value stands on the page, and how."""

    block: str
    """Id of its fold."""
    value: str
    """What copying gives."""
    origin: str
    """Where it came from."""
    edge: Style | None
    """Style of the coloured edge on the left, if there is one."""
    indent: int
    """Empty cells before the text."""
    measure: int
    """Cells of a line at most."""


class DocumentBuilder:
    """Writes a page from top to bottom.

    Args:
        width: Cells of a row.
        palette: The colours.
        unfolded: Blocks that are turned from how they stand at first: most are folded, some are open.
        extents: How many steps of an unfolded block are laid out, where it is more than one.
        flows: What earlier writings of the page have laid out.
    """

    def __init__(
        self,
        width: int,
        palette: Palette,
        unfolded: Collection[str] = (),
        extents: Mapping[str, int] | None = None,
        flows: Flows | None = None,
    ) -> None:
        self.width = width
        self.palette = palette
        self._unfolded = unfolded
        self._extents = extents or {}
        self._flows = {} if flows is None else flows
        self._lines: list[DocumentLine] = []
        self._more: dict[int, str] = {}
        self._spent = 0

    def build(self) -> Document:
        """The page."""
        while self._lines and not self._lines[-1].strip.text.strip():
            self._lines.pop()
        return Document(tuple(self._lines), self._more)

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been written."""
        return not self._lines

    def is_open(self, block: str, *, at_first: bool = False) -> bool:
        """Whether a fold stands open; `at_first` says how it stands before anybody turns it."""
        return at_first is (block not in self._unfolded)

    def extent(self, block: str) -> int:
        """How many steps of a block are wanted."""
        return self._extents.get(block, 1)

    def row(self, row: Row, *, block: str = "", value: str = "", origin: str = "", folds: bool = False) -> None:
        """Add a finished row."""
        self._lines.append(DocumentLine(row.strip(self.width), block, value, origin, folds))

    def blank(self) -> None:
        """Add an empty row, but never two."""
        if self._lines and self._lines[-1].strip.text.strip():
            self.row(Row())

    def heading(self, text: str, note: str = "", *, origin: str = "", value: str = "") -> None:
        """Add a heading (received or our own) and a dim note (received)."""
        self.blank()
        row = Row().received(text, self.palette.style("accent")).gap(2)
        row.up_to(note, max(0, self.width - row.width), self.palette.style("dim"), prose=True)
        self.row(row, block=f"heading {text[:80]}", origin=origin, value=value)

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
        self,
        key: str,
        value: str,
        *,
        key_width: int,
        block: str,
        note: str = "",
        style: Style | None = None,
        origin: str = "",
    ) -> None:
        """Add a key and its value; a long value folds to one line.

        Args:
            key: Received or our own.
            value: Received.
            key_width: Cells of the key's column.
            block: Id of the fold.
            note: A dim word before the value, such as its type.
            style: The value's style.
            origin: Where the value came from.
        """
        style = style or self.palette.style("text")
        room = max(8, self.width - key_width - 1)
        row = Row().received(key, self.palette.style("keyword"), width=key_width).gap()
        if note:
            row.own(note + " ", self.palette.style("faint"))
            room -= len(note) + 1
        first = label(value[:2000].replace("\n", " ⏎ "))
        long = cell_len(first) > room or len(value) > 2000
        if long and self.is_open(block):
            self.row(row.own("▾", self.palette.style("dim")), block=block, value=value, origin=origin, folds=True)
            self.body(value, style=style, block=block, indent=2, origin=origin, unfolded=True)
            return
        if long:
            size = f" {_size(value)}" if len(value) > 1000 else ""
            row.up_to(first, max(4, room - len(size) - 2), style, prose=True)
            row.own("▸" + size, self.palette.style("dim"))
        else:
            row.own(first, style)
        self.row(row, block=block, value=value, origin=origin, folds=long)

    def prose(
        self,
        text: str,
        *,
        style: Style | None = None,
        block: str = "",
        edge: Style | None = None,
        indent: int = 0,
        origin: str = "",
    ) -> None:
        """Add received text as it reads best: JSON indented, Markdown set, anything else line by line."""
        self.body(text, style=style, block=block, edge=edge, indent=indent, form="prose", origin=origin)

    def body(
        self,
        text: str,
        *,
        style: Style | None = None,
        block: str = "",
        edge: Style | None = None,
        indent: int = 0,
        form: str = "plain",
        measure: int | None = None,
        origin: str = "",
        unfolded: bool | None = None,
    ) -> None:
        """Add received text, wrapped and, where it is long, folded.

        Args:
            text: As received; may be of any size.
            style: Its style.
            block: Id of the fold.
            edge: Style of the coloured edge on the left, if there is one.
            indent: Empty cells before the text.
            form: `plain`; `json` where it is JSON; `prose` for JSON, Markdown or plain, whichever it is.
            measure: Cells of a line at most.
            origin: Where it came from.
            unfolded: Whether it is unfolded, where the caller knows better than the fold's own state.
        """
        style = style or self.palette.style("text")
        palette = self.palette
        room = measure or (MEASURE if form == "prose" else self.width)

        def write(width: int) -> Iterator[Line]:
            if form in ("json", "prose") and (found := json_lines(text, palette)) is not None:
                return found
            if form == "prose" and looks_like_markdown(text):
                return markdown_lines(text, palette, style, width)
            return plain_lines(text, style)

        passage = Passage(block, text, origin, edge, indent, room)
        self._flow((text, form, style), len(text), write, passage, unfolded=unfolded)

    def decoded(
        self, value: object, *, block: str, text: str, edge: Style | None = None, indent: int = 0, origin: str = ""
    ) -> None:
        """Add a decoded value (`text` is what copying it gives), indented and coloured."""
        passage = Passage(block, text, origin, edge, indent, self.width)
        self._flow((text,), len(text), lambda _: value_lines(value, self.palette), passage)

    def _flow(
        self,
        what: tuple[object, ...],
        size: int,
        write: Callable[[int], Iterator[Line]],
        passage: Passage,
        *,
        unfolded: bool | None = None,
    ) -> None:
        """Add a value as far as it is wanted, and a row that tells how much is left.

        Args:
            what: What it is laid out from.
            size: Its characters.
            write: Starts to write its lines for a width.
            passage: Where it stands and how.
            unfolded: Whether it is unfolded, where the fold's own state does not say.
        """
        key = (*what, passage, self.width, id(self.palette))
        flow = self._flows.get(passage.block)
        if flow is None or flow.key != key:
            flow = self._flows[passage.block] = self._new_flow(key, size, write, passage)
        is_open = self.is_open(passage.block) if unfolded is None else unfolded
        if is_open:
            rows = flow.opened(self.extent(passage.block))
        else:
            rows = flow.folded(FIRST_ROWS if self._spent < PAGE_LIMIT else 2)
            self._spent += min(size, FIRST_LIMIT)
        self._lines.extend(rows)
        if not (rest := flow.rest(len(rows), is_open=is_open)):
            return
        if is_open:
            self._more[len(self._lines)] = passage.block
        row = self._edged(passage.edge, passage.indent).own(f"▸ {rest}", self.palette.style("dim", italic=True))
        self.row(row, block=passage.block, value=passage.value, origin=passage.origin, folds=True)

    def _new_flow(
        self, key: tuple[object, ...], size: int, write: Callable[[int], Iterator[Line]], passage: Passage
    ) -> Flow:
        before = passage.indent + (2 if passage.edge else 0)
        room = max(8, min(self.width - before, passage.measure))

        def finish(runs: tuple[Run, ...], line: Line) -> DocumentLine:
            row = self._edged(passage.edge, passage.indent)
            for text, style in runs:
                row.own(text, style)
            if line.block and line.runs:
                row.own(" " * (room + before - row.width), line.runs[-1][1])
            return DocumentLine(row.strip(self.width), passage.block, passage.value, passage.origin)

        return Flow(key, size, room, write(room), finish)

    def fold(
        self,
        title: str,
        *,
        block: str,
        edge: Style | None = None,
        size: str = "",
        preview: str = "",
        value: str = "",
        origin: str = "",
        at_first: bool = False,
    ) -> bool:
        """Add the one line of a fold; returns whether it stands open.

        Args:
            title: What it hides, received or our own.
            block: Its id.
            edge: Style of the coloured edge on the left, if there is one.
            size: How much it hides.
            preview: The beginning of what it hides (received), shown while it is folded.
            value: What copying gives.
            origin: Where it came from.
            at_first: Whether it stands open before anybody turns it.
        """
        dim, is_open = self.palette.style("dim"), self.is_open(block, at_first=at_first)
        row = self._edged(edge, 0).own("▾ " if is_open else "▸ ", dim).received(title, dim)
        if size:
            row.own(f" · {size}" if title else size, dim)
        if preview and not is_open and (room := min(self.width, MEASURE) - row.width - 2) >= MIN_NOTE:
            row.gap(2).up_to(preview, room, self.palette.style("dim", italic=True), prose=True)
        self.row(row, block=block, value=value, origin=origin, folds=True)
        return is_open

    def label_row(
        self,
        text: str,
        style: Style,
        *,
        edge: Style | None = None,
        note: str = "",
        block: str = "",
        value: str = "",
        indent: int = 0,
        origin: str = "",
    ) -> None:
        """Add a line with a label (received) and a dim note (received)."""
        row = self._edged(edge, indent).received(text, style)
        if note and (room := self.width - row.width - 2) >= min(len(note), MIN_NOTE):
            row.gap(2).up_to(note, room, self.palette.style("dim"), prose=True)
        self.row(row, block=block, value=value, origin=origin)

    def runs(
        self,
        runs: tuple[Run, ...],
        *,
        edge: Style | None = None,
        indent: int = 0,
        block: str = "",
        value: str = "",
        origin: str = "",
        folds: bool = False,
    ) -> None:
        """Add safe runs as one row, cut at the page's width."""
        row = self._edged(edge, indent)
        for text, style in runs:
            row.own(text, style)
        self.row(row, block=block, value=value, origin=origin, folds=folds)

    def _edged(self, edge: Style | None, indent: int) -> Row:
        row = Row()
        if edge is not None:
            row.own("▎ ", edge)
        return row.gap(indent)

    def more(self, text: str, *, block: str) -> None:
        """Add the row that stands for what follows on a long page; reaching it brings more."""
        self._more[len(self._lines)] = block
        self.row(Row().own(f"▸ {text}", self.palette.style("dim", italic=True)), block=block)


def _size(text: str) -> str:
    return format_bytes(len(text) if text.isascii() else len(text.encode("utf-8", "replace")))


def size_of(text: str) -> str:
    """How long a text is: its lines where it has several, else its bytes."""
    count = text.count("\n") + 1
    return f"{count:,} lines · {_size(text)}" if count > 1 else _size(text)
