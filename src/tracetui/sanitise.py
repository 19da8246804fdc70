"""The one way from received text to anything a terminal shows.

Everything that came over the wire is hostile to a terminal: an escape sequence in a span name can move the cursor,
change the title, write the clipboard. `sanitise` makes each such character visible instead. Widgets, command line
tables, logs and titles take received text from here and nowhere else; stored and exported data stay exact.
"""

from __future__ import annotations

import re
import unicodedata

TAB_WIDTH = 4
"""Columns a tab becomes."""

MAX_COMBINING = 4
"""Marks kept on one base character; longer runs are cut, so that a cell stays a cell."""

_PLAIN = re.compile(r"[\x20-\x7e]*\Z")
_COMBINING_RUN = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u1ab0-\u1aff"
    r"\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{%d})"
    r"[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u1ab0-\u1aff"
    r"\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+" % MAX_COMBINING
)

_KEPT_INVISIBLE = {"\u200d", "\ufe0f", "\ufe0e"}
"""Joiner and presentation selectors, which emoji need; they neither move the cursor nor reorder text."""


def _build_table() -> dict[int, str]:
    """Code points of the Basic Multilingual Plane that need a stand-in."""
    table: dict[int, str] = {}
    for code in range(0x20):
        table[code] = chr(0x2400 + code)
    table[0x7F] = "\u2421"
    for code in range(0x80, 0xA0):
        table[code] = f"<{code:02X}>"
    for code in (
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
        0x061C,
        0x00AD,
        0x180E,
        0xFEFF,
        *range(0xFFF9, 0xFFFC),
        0x115F,
        0x1160,
        0x3164,
        0xFFA0,
        0x034F,
        0x17B4,
        0x17B5,
    ):
        if chr(code) not in _KEPT_INVISIBLE:
            table[code] = f"<{code:04X}>"
    for code in range(0xD800, 0xE000):
        table[code] = "\ufffd"
    return table


_TABLE = _build_table()
_NEEDS_WORK = re.compile("[" + re.escape("".join(chr(code) for code in _TABLE)) + "]")
_ASTRAL_HIDDEN = re.compile("[\U000e0000-\U000e0fff\U0001d173-\U0001d17a]")
_UNUSUAL = re.compile(r"[^\x00-\u02ff\u0370-\u052f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")


def sanitise(text: str, *, keep_newlines: bool = False) -> str:
    """Make received text safe to show.

    Control characters, bidi controls, invisible and unassigned characters become visible stand-ins, tabs become
    spaces, long runs of combining marks are cut.

    Args:
        text: Text as received.
        keep_newlines: Whether line ends stay line ends (a body of text) or become stand-ins (a label).

    Returns:
        Text whose every character takes its own cells and does nothing else.
    """
    if _PLAIN.match(text):
        return text
    if "\t" in text:
        text = text.replace("\t", " " * TAB_WIDTH)
    if keep_newlines:
        text = text.replace("\r\n", "\n")
        if _NEEDS_WORK.search(text):
            text = "\n".join(line.translate(_TABLE) for line in text.split("\n"))
    elif _NEEDS_WORK.search(text):
        text = text.translate(_TABLE)
    if _UNUSUAL.search(text):
        text = _ASTRAL_HIDDEN.sub(lambda match: f"<{ord(match[0]):X}>", text)
        text = _UNUSUAL.sub(_stand_in, text)
        text = _COMBINING_RUN.sub(r"\1", text)
    return text


def _stand_in(match: re.Match[str]) -> str:
    character = match[0]
    if unicodedata.category(character) in ("Cn", "Co", "Cs"):
        return f"<{ord(character):04X}>"
    return character


def one_line(text: str, limit: int = 400) -> str:
    """Received text as one short safe line: white space folded, the rest sanitised, cut at `limit` characters."""
    return sanitise(" ".join(text[: limit * 2].split()))[:limit]
