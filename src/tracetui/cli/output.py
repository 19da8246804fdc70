"""The only writer to stdout: lines, JSON, CSV and tables, for a terminal and for a pipe.

A pipe gets UTF-8 whatever the locale, and tables as aligned plain text. A terminal gets colour unless `NO_COLOR` is
set, and never a control character that came from outside: text is sanitised by whoever lays it out, JSON escapes it.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO, TypeAlias

from msgspec import Struct

from tracetui.sanitise import escaped, sanitise

if TYPE_CHECKING:
    from tracetui.model.attributes import JSONValue

Piece: TypeAlias = "str | tuple[str, str]"
"""Safe text, alone or with the name of its role in `ROLES`."""

ROLES = {
    "bold": "1",
    "dim": "2",
    "heading": "1",
    "error": "31",
    "ok": "32",
    "accent": "36",
    "LLM": "35",
    "AGENT": "36",
    "TOOL": "33",
    "CHAIN": "34",
    "RETRIEVER": "32",
    "EMBEDDING": "36",
    "RERANKER": "32",
    "GUARDRAIL": "33",
    "EVALUATOR": "35",
    "PROMPT": "33",
    "UNKNOWN": "2",
    "user": "34;1",
    "assistant": "35;1",
    "tool": "33;1",
    "system": "2;1",
    "developer": "2;1",
}
"""What each role looks like on a terminal, as SGR parameters from the 16 colours every terminal has."""

MAX_CELL = 400
"""Characters of one value that a table lays out."""

FLEXIBLE_WIDTH = 20
"""Cells that a flexible column keeps while others are left out for want of room."""

GAP = "  "
"""Between columns."""


class OutputClosed(Exception):
    """Nobody reads our output any more (`| head`); the rest of it is not wanted."""


class Column(Struct, frozen=True):
    """One column of a table."""

    title: str
    right: bool = False
    """Numbers stand right."""
    flexible: bool = False
    """Gives way when the terminal is narrow, by cutting its text."""
    rank: int = 0
    """Columns of the highest rank leave first when the terminal is too narrow; rank 0 stays."""


Cell: TypeAlias = Piece
"""Text of a table cell as received (the table sanitises it), alone or with its role."""


class Output:
    """Standard output."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stdout
        self.is_terminal = self._stream.isatty()
        if isinstance(self._stream, io.TextIOWrapper):
            if self.is_terminal:
                self._stream.reconfigure(errors="replace")
            else:
                self._stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")
        self._colour = self.is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    @property
    def line_width(self) -> int | None:
        """Cells that a line may take: those of the terminal; None elsewhere, where lines are as long as they are."""
        return self.width if self.is_terminal else None

    @property
    def width(self) -> int:
        """Columns to lay text out in."""
        if not self.is_terminal:
            return 100
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        except OSError:
            return 80

    def line(self, *pieces: Piece) -> None:
        """One line of safe text."""
        self.write("".join(self._painted(piece) for piece in pieces) + "\n")

    def lines(self, lines: Iterable[Sequence[Piece]]) -> None:
        """Lines of safe text."""
        for pieces in lines:
            self.line(*pieces)

    def json(self, value: JSONValue, *, compact: bool = False) -> None:
        """One JSON value on one line; what a terminal would obey or hide is escaped, which loses nothing."""
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":") if compact else None)
        self.write(escaped(text) + "\n")

    def csv(self, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A CSV table (RFC 4180, but line feeds end its lines): exact in a pipe, sanitised on a terminal."""
        import csv  # deferred: 2 ms, which few commands need

        writer = csv.writer(self, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            values = ["" if value is None else str(value) for value in row]
            writer.writerow([sanitise(value) for value in values] if self.is_terminal else values)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        """A table: no wider than the terminal and without columns that say nothing, or whole in a pipe.

        Without rows nothing at all is written.
        """
        if not rows:
            return
        safe = [[_safe_cell(cell) for cell in row] for row in rows]
        widths = _widths(columns, safe)
        if self.is_terminal:
            filled = [not column.rank or any(row[index][0] for row in safe) for index, column in enumerate(columns)]
            widths = [width if wanted else 0 for width, wanted in zip(widths, filled, strict=True)]
            widths = _fitted(columns, widths, self.width)
        for pieces in _table_lines(columns, safe, widths):
            self.line(*pieces)

    def write(self, text: str) -> int:
        """Text as it stands, line ends included.

        Raises:
            OutputClosed: Nobody reads it any more.
        """
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            raise OutputClosed from None

    def flush(self) -> None:
        """Hand everything to the system.

        Raises:
            OutputClosed: Nobody reads it any more.
        """
        try:
            self._stream.flush()
        except BrokenPipeError:
            raise OutputClosed from None

    def _painted(self, piece: Piece) -> str:
        if isinstance(piece, str):
            return piece
        text, role = piece
        code = ROLES.get(role) if self._colour else None
        return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


def _safe_cell(cell: Cell) -> tuple[str, str]:
    text, role = (cell, "") if isinstance(cell, str) else cell
    return sanitise(" ".join(text[:MAX_CELL].split())), role


def aligned_lines(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    """A table as plain text: a line of titles, then the rows."""
    safe = [[_safe_cell(cell) for cell in row] for row in rows]
    for pieces in _table_lines(columns, safe, _widths(columns, safe)):
        yield "".join(text for text, _ in pieces)


def fact_lines(facts: Iterable[str], width: int | None) -> Iterator[Sequence[Piece]]:
    """Facts beside each other, dim; on a terminal in as many lines as its width asks for, broken between two of them.

    Args:
        facts: Safe text; what is empty is left out.
        width: Cells that a line may take; None for one line.
    """
    line = ""
    for fact in filter(None, facts):
        longer = f"{line} · {fact}" if line else fact
        if line and width is not None and cell_width([longer]) > width:
            yield ((line, "dim"),)
            longer = fact
        line = longer
    yield ((line, "dim"),)


def cell_width(pieces: Iterable[Piece]) -> int:
    """Cells that safe text takes."""
    from rich.cells import cell_len

    return sum(cell_len(piece if isinstance(piece, str) else piece[0]) for piece in pieces)


def cropped(pieces: Sequence[Piece], width: int) -> tuple[Piece, ...]:
    """Safe text in no more cells than these, an ellipsis at its end where it is longer."""
    from rich.cells import cell_len, set_cell_size

    if cell_width(pieces) <= width:
        return tuple(pieces)
    kept: list[Piece] = []
    left = width - 1
    for piece in pieces:
        text, role = (piece, "") if isinstance(piece, str) else piece
        size = cell_len(text)
        if size > left:
            kept.append((set_cell_size(text, left) + "…", role))
            break
        kept.append(piece)
        left -= size
    return tuple(kept)


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[tuple[str, str]]]) -> list[int]:
    from rich.cells import cell_len  # deferred: an empty listing lays nothing out

    return [
        max(cell_len(column.title), *(cell_len(row[index][0]) for row in rows)) for index, column in enumerate(columns)
    ]


def _fitted(columns: Sequence[Column], widths: Sequence[int], available: int) -> list[int]:
    """The widths that fit: the least important columns are left out (0), the flexible ones share what is left."""
    needed = [
        min(width, FLEXIBLE_WIDTH) if column.flexible else width for column, width in zip(columns, widths, strict=True)
    ]
    shown = [index for index, width in enumerate(widths) if width]
    while sum(needed[index] + len(GAP) for index in shown) - len(GAP) > available:
        least = max(shown, key=lambda index: columns[index].rank)
        if columns[least].rank == 0:
            break
        shown.remove(least)
    left = max(available - sum(needed[index] + len(GAP) for index in shown) + len(GAP), 0)
    fitted = [0] * len(columns)
    for index in shown:
        more = min(widths[index] - needed[index], left)
        fitted[index] = needed[index] + more
        left -= more
    return fitted


def _table_lines(
    columns: Sequence[Column], rows: Sequence[Sequence[tuple[str, str]]], widths: Sequence[int]
) -> Iterator[list[tuple[str, str]]]:
    """Titles and rows as pieces in columns of these widths; a column of width 0 is left out."""
    for row in ([(column.title, "dim") for column in columns], *rows):
        pieces: list[tuple[str, str]] = []
        for column, width, (text, role) in zip(columns, widths, row, strict=True):
            if width:
                pieces += [(GAP, "")] if pieces else []
                pieces.append((_in_cells(text, width, right=column.right), role))
        while pieces and not pieces[-1][0].strip():
            pieces.pop()
        if pieces:
            pieces[-1] = (pieces[-1][0].rstrip(), pieces[-1][1])
        yield pieces


def _in_cells(text: str, width: int, *, right: bool) -> str:
    """Safe text in exactly this many cells, its end cut where it is longer."""
    from rich.cells import cell_len, set_cell_size

    size = cell_len(text)
    if size > width:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - size) + text if right else text + " " * (width - size)
