"""Text as the search sees it: one idea of a word for the index, for the question and for what is highlighted.

A word is a run of ASCII letters and digits, or of letters of any other script; case, accents and other marks do not
count (`Übung` is `ubung`). Chinese, Japanese and Korean are written without spaces: there every two neighbouring
characters are a word, and a lone character is one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from itertools import pairwise

_WORD = re.compile(r"[0-9a-z\x80-\U0010ffff]+")

_ESCAPE = re.compile(r"\\[bfnrt/\"\\]")
"""An escape of JSON text: of a line break the letter would stick to the next word."""

_CODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
"""A character that JSON text spells as two."""

_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_FEW = 8


def plain(text: str) -> str:
    """Text in which words stand as the search compares them, with nothing but letters and digits beyond ASCII.

    ASCII text comes back in its own case: it is the index that folds it, at a tenth of the cost.
    """
    if "\\" in text:
        text = _ESCAPE.sub(" ", text)
        if "\\u" in text:
            text = _HALVES.sub(_joined, _CODE.sub(_unescaped, text))
    if text.isascii():
        return text
    return _FOREIGN.sub(_folded, text.casefold())


def words(text: str) -> list[str]:
    """The words of a text in their order, folded."""
    return _WORD.findall(plain(text).casefold())


class _Kept(dict[int, str]):
    """What stands for each character, found out when it is first met."""

    def __missing__(self, code: int) -> str:
        category = unicodedata.category(chr(code))
        if code < 0x80 or category[0] in "LN":
            kept = chr(code)
        else:  # of a mark on a letter nothing, of anything else a gap between words
            kept = "" if category[0] == "M" or category == "Cf" else " "
        self[code] = kept
        return kept


_KEPT = _Kept()


def _folded(found: re.Match[str]) -> str:
    run = found[0]
    return _few_folded(run) if len(run) <= _FEW else _run_folded(run)


@cache
def _spaceless() -> re.Pattern[str]:
    # made when the first text asks for it: it takes a hundredth of the start
    return re.compile(
        "[\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
        "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]+"
    )


def _run_folded(run: str) -> str:
    # once more, as letters of mathematics come apart into capitals
    kept = unicodedata.normalize("NFKD", run).casefold().translate(_KEPT)
    return _spaceless().sub(_spaced, unicodedata.normalize("NFC", kept))


_few_folded = lru_cache(4_096)(_run_folded)
"""Quotes, dashes and single accented letters stand in much that is ASCII otherwise."""


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))


def _joined(found: re.Match[str]) -> str:
    return found[0].encode("utf-16", "surrogatepass").decode("utf-16")


def _spaced(found: re.Match[str]) -> str:
    run = found[0]
    return f" {run} " if len(run) < 2 else " " + " ".join(a + b for a, b in pairwise(run)) + " "
