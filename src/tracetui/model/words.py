"""Text as the search sees it: one idea of a word for the index, for the question and for what is highlighted.

A word is a run of ASCII letters and digits, or of letters of any other script; case, accents and other marks do not
count (`Übung` is `ubung`). Chinese, Japanese and Korean are written without spaces: there every two neighbouring
characters are a word, and a lone character is one.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

_WORD = re.compile(r"[0-9a-z\x80-\U0010ffff]+")

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|[bfnrt/\"\\])")
"""An escape of JSON text: of a line break the letter would stick to the next word."""

_SPACELESS = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]+"
)


def plain(text: str) -> str:
    """Text in which words stand as the search compares them, with nothing but letters and digits beyond ASCII.

    ASCII text comes back in its own case: it is the index that folds it, at a tenth of the cost.
    """
    if "\\" in text:
        text = _ESCAPE.sub(_unescaped, text)
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(
        character if character < "\x80" or (category := unicodedata.category(character))[0] in "LN" else _gap(category)
        for character in folded
    )
    return _SPACELESS.sub(_spaced, unicodedata.normalize("NFC", kept))


def words(text: str) -> list[str]:
    """The words of a text in their order, folded."""
    return _WORD.findall(plain(text).lower())


def _gap(category: str) -> str:
    """What stands in the place of a character that is no letter: nothing for a mark on one."""
    return "" if category[0] == "M" or category == "Cf" else " "


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else " "


def _spaced(found: re.Match[str]) -> str:
    run = found[0]
    return f" {run} " if len(run) < 2 else " " + " ".join(a + b for a, b in pairwise(run)) + " "
