"""Markdown as lines: headings, emphasis, lists, tables, quotes, links as text, code.

Parsed by markdown-it (CommonMark with tables), a piece of the text at a time. Entities stay as written, HTML is text:
nothing that was received can become a control character or a style that the text does not spell out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.style import Style

from tracetui.sanitise import sanitise
from tracetui.tui.render.code_lines import code_rows
from tracetui.tui.render.lines import Line, Run, plain_lines, wrap_runs
from tracetui.tui.theme import Palette

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

PIECE = 3 * 1024
"""Characters parsed at once, give or take a paragraph."""

MAX_PARAGRAPH = 24 * 1024
"""Characters without an empty line after which a piece is cut wherever a line ends."""

_LOOKS = re.compile(
    r"^(?:#{1,6} |\s{0,3}(?:[-*+]|\d{1,9}[.)]) |\s{0,3}(?:```|~~~)|> |\|.*\|\s*$)|\*\*\S|(?<![\w`])`[^`\n]+`|\]\(\S",
    re.MULTILINE,
)
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)([^\n`]*)$", re.MULTILINE)
_MAX_DEPTH = 12


def looks_like_markdown(text: str) -> bool:
    """Whether the beginning of a text has marks of Markdown; without any it is shown line by line as it is."""
    return _LOOKS.search(text, 0, 64 * 1024) is not None


def markdown_lines(text: str, palette: Palette, style: Style, width: int) -> Iterator[Line]:
    """The lines of a Markdown text.

    Args:
        text: Received text.
        palette: The colours.
        style: Style of plain words.
        width: Cells of a row, for tables.
    """
    at, fence = 0, ""
    while at < len(text):
        stop = _piece_end(text, at)
        piece = text[at:stop]
        if "\0" in piece or max(map(len, piece.split("\n"))) > MAX_PARAGRAPH:
            yield from plain_lines(text[:stop], style, start=at)  # nothing that a parser should be asked to read
        else:
            opened = f"{fence}\n{piece}" if fence else piece
            lines = list(_spaced(_Writer(palette, style, width).lines(_parser().parse(opened))))
            if at and not fence and piece.strip():
                yield Line((), at)
            for number, line in enumerate(lines, 1):
                yield line._replace(read=at + len(piece) * number // len(lines))
            fence = _open_fence(opened)
        at = stop


def _spaced(lines: Iterator[Line | None]) -> Iterator[Line]:
    """The lines with one empty line where there are gaps (None), none at either end; quotes keep their bar in it."""
    before: Line | None = None
    gap = False
    for line in lines:
        if line is None:
            gap = True
            continue
        if gap and before is not None:
            bars = tuple(run for run, other in zip(before.rest, line.rest, strict=False) if run == other)
            yield Line((), 0, bars if bars and bars[0][0].strip() else (), ())
        before, gap = line, False
        yield line


def _piece_end(text: str, at: int) -> int:
    """Where the piece that begins here ends: after an empty line, else after a line."""
    if len(text) - at <= PIECE * 3 // 2:
        return len(text)
    stop = text.find("\n\n", at + PIECE, at + MAX_PARAGRAPH)
    if stop < 0:
        stop = text.rfind("\n", at + PIECE, at + MAX_PARAGRAPH) - 1
    if stop < at:
        stop = text.find("\n", at + MAX_PARAGRAPH) - 1
    return len(text) if stop < at else min(stop + 2, len(text))


def _open_fence(piece: str) -> str:
    """The opening line of a fence that is still open at the end of a piece; empty where none is."""
    opening = ""
    for match in _FENCE.finditer(piece):
        if not opening:
            opening = match[0].strip()
        elif match[1].startswith(opening[:3]) and not match[2].strip():
            opening = ""
    return opening


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # deferred: the parser takes 30 ms to import, and the first paint shows no message
    from markdown_it import MarkdownIt

    return (
        MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(["table", "strikethrough"]).disable("entity")
    )


class _Prefix(NamedTuple):
    """What stands before the rows of a list item or a quote."""

    first: Run
    rest: Run


class _Writer:
    """Writes the tokens of one piece as lines."""

    def __init__(self, palette: Palette, style: Style, width: int) -> None:
        self._palette = palette
        self._style = style
        self._width = width
        self._prefixes: list[_Prefix] = []
        self._numbers: list[int] = []
        self._fresh: set[int] = set()
        """Depths whose first row has not been written, so that the bullet is still to come."""

    def lines(self, tokens: Sequence[Token]) -> Iterator[Line | None]:
        """The lines; None for a gap."""
        at = 0
        while at < len(tokens):
            token = tokens[at]
            match token.type:
                case "inline":
                    yield from self._paragraph(token, self._style_of(tokens[at - 1]))
                case "fence" | "code_block":
                    yield from self._code(token)
                case "hr":
                    yield self._line((("─" * min(24, self._width), self._palette.style("faint")),))
                case "table_open":
                    end = next((n for n in range(at, len(tokens)) if tokens[n].type == "table_close"), len(tokens) - 1)
                    yield from self._table(tokens[at:end])
                    at = end
                    yield None
                case "ordered_list_open":
                    self._numbers.append(int(token.attrGet("start") or 1))
                case "bullet_list_open":
                    self._numbers.append(-1)
                case "list_item_open":
                    self._open_item()
                case "blockquote_open":
                    bar = ("▏ ", self._palette.style("dim"))
                    self._open(_Prefix(bar, bar))
                case "list_item_close" | "blockquote_close":
                    self._close()
                case "ordered_list_close" | "bullet_list_close":
                    self._numbers.pop()
            if token.type in ("paragraph_close", "fence", "code_block", "hr", "heading_close", "blockquote_close"):
                if not token.hidden:
                    yield None
            elif token.type.endswith("list_close") and not self._numbers:
                yield None
            at += 1

    def _open_item(self) -> None:
        number = self._numbers[-1]
        bullet = "• " if number < 0 else f"{number}. "
        if number >= 0:
            self._numbers[-1] += 1
        self._open(_Prefix((bullet, self._palette.style("dim")), (" " * len(bullet), self._palette.style("dim"))))

    def _open(self, prefix: _Prefix) -> None:
        self._prefixes.append(prefix)
        self._fresh.add(len(self._prefixes) - 1)

    def _close(self) -> None:
        self._prefixes.pop()
        self._fresh.discard(len(self._prefixes))

    def _style_of(self, opening: Token) -> Style:
        if opening.type != "heading_open":
            return self._style
        return self._palette.style("accent" if opening.tag in ("h1", "h2", "h3") else "text", bold=True)

    def _line(self, runs: tuple[Run, ...], *, block: bool = False) -> Line:
        first: list[Run] = []
        for depth, prefix in enumerate(self._prefixes[:_MAX_DEPTH]):
            first.append(prefix.first if depth in self._fresh else prefix.rest)
        self._fresh.clear()
        return Line(runs, 0, tuple(first), tuple(prefix.rest for prefix in self._prefixes[:_MAX_DEPTH]), block)

    def _paragraph(self, token: Token, style: Style) -> Iterator[Line]:
        runs: list[Run] = []
        for text, of in self._inline(token.children or [], style):
            if text == "\n":
                yield self._line(tuple(runs) or (("", style),))
                runs = []
            else:
                runs.append((text, of))
        yield self._line(tuple(runs) or (("", style),))

    def _inline(self, tokens: Sequence[Token], style: Style) -> Iterator[Run]:
        """Words and their styles; a line end is a run of its own."""
        styles, links = [style], list[tuple[str, int]]()
        said = ""
        for token in tokens:
            match token.type:
                case "text" | "html_inline" | "text_special":
                    said += token.content
                    yield sanitise(token.content), styles[-1]
                case "code_inline":
                    said += token.content
                    yield sanitise(token.content), styles[-1] + self._palette.style("string")
                case "softbreak" | "hardbreak":
                    yield "\n", style
                case "strong_open":
                    styles.append(styles[-1] + Style(bold=True))
                case "em_open":
                    styles.append(styles[-1] + Style(italic=True))
                case "s_open":
                    styles.append(styles[-1] + Style(strike=True))
                case "link_open":
                    links.append((str(token.attrGet("href") or ""), len(said)))
                    styles.append(styles[-1] + self._palette.style("accent", underline=True))
                case "link_close":
                    styles.pop()
                    address, since = links.pop()
                    if address and address not in (said[since:], f"mailto:{said[since:]}"):
                        yield f" ({sanitise(address)})", self._palette.style("dim")
                case "image":
                    address = sanitise(str(token.attrGet("src") or "")[:200])
                    yield f"▣ {sanitise(token.content) or 'image'}", self._palette.style("accent")
                    yield f" ({address})", self._palette.style("dim")
                case "strong_close" | "em_close" | "s_close":
                    styles.pop()
                case _ if token.content:
                    yield sanitise(token.content), styles[-1]

    def _code(self, token: Token) -> Iterator[Line]:
        language = token.info.split()[0] if token.info.split() else ""
        background = self._palette.on("surface")
        for runs in code_rows(token.content.removesuffix("\n"), language, self._palette):
            yield self._line(((" ", background), *runs), block=True)

    def _table(self, tokens: Sequence[Token]) -> Iterator[Line]:
        rows: list[list[tuple[Run, ...]]] = []
        right: list[bool] = []
        for token in tokens:
            if token.type == "th_open":
                right.append("right" in str(token.attrGet("style")))
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline" and rows:
                runs = self._inline(token.children or [], self._style)
                rows[-1].append(tuple((text.replace("\n", " "), style) for text, style in runs))
        if not rows:
            return
        widths = self._widths(rows)
        for number, row in enumerate(rows):
            style = Style(bold=True) if number == 0 else Style.null()
            yield from self._table_row(row, widths, right, style)
            if number == 0:
                rule = "  ".join("─" * width for width in widths)
                yield self._line(((rule, self._palette.style("faint")),))

    def _widths(self, rows: list[list[tuple[Run, ...]]]) -> list[int]:
        """Cells of each column: what its longest cell needs, the widest shrunk until the table fits."""
        columns = max(map(len, rows))
        widths = [
            max((_cells(row[column]) for row in rows if column < len(row)), default=1) or 1 for column in range(columns)
        ]
        room = max(columns * 4, self._width - sum(cell_len(prefix.rest[0]) for prefix in self._prefixes))
        while sum(widths) + 2 * (columns - 1) > room and max(widths) > 4:
            widest = widths.index(max(widths))
            over = sum(widths) + 2 * (columns - 1) - room
            second = max((width for width in widths if width < widths[widest]), default=4)
            widths[widest] -= max(1, min(over, widths[widest] - max(second, 4)))
        return widths

    def _table_row(
        self, row: list[tuple[Run, ...]], widths: list[int], right: list[bool], style: Style
    ) -> Iterator[Line]:
        cells = [
            list(wrap_runs(Line(row[column] if column < len(row) else (), 0), width))
            for column, width in enumerate(widths)
        ]
        for number in range(max(map(len, cells), default=0)):
            runs: list[Run] = []
            for column, width in enumerate(widths):
                piece = cells[column][number] if number < len(cells[column]) else ()
                room = width - _cells(piece)
                pushed = room if column < len(right) and right[column] else 0
                runs.append((" " * pushed, Style.null()))
                runs += [(text, of + style) for text, of in piece]
                if column < len(widths) - 1:
                    runs.append((" " * (room - pushed + 2), Style.null()))
            yield self._line(tuple(runs))


def _cells(runs: tuple[Run, ...]) -> int:
    return sum(cell_len(text) for text, _ in runs)
