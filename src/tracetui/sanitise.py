"""The one way from received text to anything a terminal shows.

Everything that came over the wire is hostile to a terminal: an escape sequence in a span name can move the cursor,
change the title, write the clipboard. `sanitise` makes each such character visible instead. Widgets, command line
tables, logs and titles take received text from here and nowhere else; stored and exported data stay exact.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from msgspec import Struct

TAB_WIDTH = 4
"""Columns a tab becomes."""

MAX_COMBINING = 4
"""Marks kept on one base character; longer runs are cut, so that a cell stays a cell."""

_PLAIN = re.compile(r"[\x20-\x7e]*\Z")
_MARK = (
    r"[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u1ab0-\u1aff"
    r"\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)

_HIDDEN_RANGES = (
    (0x00, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x180E, 0x180E), (0x200B, 0x200C), (0x200E, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xD800, 0xDFFF), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB),
)  # fmt: skip
"""Controls, bidi controls, invisible characters and surrogates. The joiner U+200D and the presentation selectors are
left out: emoji need them, and they neither move the cursor nor reorder text."""


class _Patterns(Struct, frozen=True):
    """What is looked for in text that is not plain."""

    hidden: re.Pattern[str]
    hidden_in_body: re.Pattern[str]
    """The same without the line feed."""
    astral_hidden: re.Pattern[str]
    unusual: re.Pattern[str]
    combining_run: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    # made when the first text asks for them: it takes a fiftieth of the start, and plain text does without
    hidden = "[" + "".join(f"\\u{first:04x}-\\u{last:04x}" for first, last in _HIDDEN_RANGES) + "]"
    return _Patterns(
        re.compile(hidden),
        re.compile(hidden.replace("\\u0000-\\u001f", "\\x00-\\x09\\x0b-\\x1f")),
        re.compile("[\U000e0000-\U000e0fff\U0001d173-\U0001d17a]"),
        re.compile(r"[^\x00-\u02ff\u0370-\u052f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]"),
        re.compile(f"({_MARK}{{{MAX_COMBINING}}}){_MARK}+"),
    )


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
    patterns = _patterns()
    if "\t" in text:
        text = text.replace("\t", " " * TAB_WIDTH)
    if keep_newlines:
        text = patterns.hidden_in_body.sub(_visible, text.replace("\r\n", "\n"))
    else:
        text = patterns.hidden.sub(_visible, text)
    if patterns.unusual.search(text):
        text = patterns.astral_hidden.sub(lambda match: f"<{ord(match[0]):X}>", text)
        text = patterns.unusual.sub(_stand_in, text)
        text = patterns.combining_run.sub(r"\1", text)
    return text


def escaped(json_text: str) -> str:
    """JSON text with every character that `sanitise` replaces written as an escape, which loses nothing."""
    if _PLAIN.match(json_text):
        return json_text
    patterns = _patterns()
    text = patterns.hidden.sub(_escape, json_text)
    if patterns.unusual.search(text):
        text = patterns.astral_hidden.sub(_escape, text)
        text = patterns.unusual.sub(lambda match: _escape(match) if _stand_in(match) != match[0] else match[0], text)
    return text


def _escape(match: re.Match[str]) -> str:
    """A character as JSON escapes it: astral ones as the two surrogates of UTF-16."""
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _visible(match: re.Match[str]) -> str:
    """What stands for a hidden character: a control picture, or its number."""
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else f"<{code:02X}>" if code < 0x100 else f"<{code:04X}>"


def _stand_in(match: re.Match[str]) -> str:
    character = match[0]
    if unicodedata.category(character) in ("Cn", "Co", "Cs"):
        return f"<{ord(character):04X}>"
    return character


def one_line(text: str, limit: int = 400) -> str:
    """Received text as one short safe line: white space folded, the rest sanitised, cut at `limit` characters."""
    return sanitise(" ".join(text[: limit * 2].split()))[:limit]
