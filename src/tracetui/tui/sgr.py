"""Fewer bytes to the terminal: of a style only what differs from the style before it.

Textual ends every run of text with a reset and begins the next with its whole style, so that most of a row is colour
codes that say again what was said. Over a slow line that is what a reader waits for.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct
from textual.driver import Driver

from tracetui.tui.net import caught

_RESET = "\x1b[0m"
_UNKNOWN = "58"
"""Stands for a style put on top of another: a code that is not known here, after which the next is written whole."""

_STYLE = re.compile(r"\x1b\[0m(\x1b\[\d+;\d+H)?(?:\x1b\[(?!0m)([\d;]+)m)?|\x1b\[([\d;]+)m")
"""A reset with the style that directly follows it, there or at another place, or a style alone."""

_OFF = {1: 22, 2: 22, 3: 23, 4: 24, 5: 25, 7: 27, 8: 28, 9: 29, 21: 24, 53: 55}
"""What ends an attribute. A code that is in neither this table nor a colour makes a style that is written whole."""


class _Style(Struct, frozen=True):
    """A style as the terminal holds it."""

    foreground: str = ""
    background: str = ""
    flags: frozenset[int] = frozenset()


def squeeze(data: str) -> str:
    """The same output with each style that directly follows another written as the difference between them.

    Only a reset with nothing but a place and a style behind it is left out: before anything else, such as the end of a
    row, the terminal is in its plain state, as it was.
    """
    current = ""
    """Codes of the style that the terminal is in; empty where it is plain."""

    def shorter(match: re.Match[str]) -> str:
        nonlocal current
        before, place, following, alone = current, match[1] or "", match[2], match[3]
        current = (_UNKNOWN if before else alone) if alone else following or ""
        return place + _change(before, following) if following and before else match[0]

    return _STYLE.sub(shorter, data)


@lru_cache(maxsize=4096)
def _change(before: str, after: str) -> str:
    """What turns one style into another; both are the codes that make it from the plain state."""
    whole = f"{_RESET}\x1b[{after}m"
    old, new = _parsed(before), _parsed(after)
    return whole if old is None or new is None else min(_difference(old, new), whole, key=len)


def _parsed(codes: str) -> _Style | None:
    """The style that these codes make from the plain state; None where one of them is not known here."""
    foreground = background = ""
    flags: set[int] = set()
    numbers = codes.split(";")
    index = 0
    while index < len(numbers):
        number = int(numbers[index] or 0)
        if number in (38, 48) and index + 1 < len(numbers):
            size = {"2": 5, "5": 3}.get(numbers[index + 1])
            if size is None or index + size > len(numbers):
                return None
            colour = ";".join(numbers[index : index + size])
            foreground, background = (colour, background) if number == 38 else (foreground, colour)
            index += size
            continue
        if 30 <= number <= 37 or 90 <= number <= 97 or number == 39:
            foreground = str(number)
        elif 40 <= number <= 47 or 100 <= number <= 107 or number == 49:
            background = str(number)
        elif number in _OFF:
            flags.add(number)
        else:
            return None
        index += 1
    return _Style(foreground, background, frozenset(flags))


def _difference(before: _Style, after: _Style) -> str:
    codes: list[str] = []
    ended = {_OFF[flag] for flag in before.flags - after.flags}
    codes += [str(code) for code in sorted(ended)]
    # one code may end two attributes (22: bold and dim), so what stays of them is said again
    codes += [str(flag) for flag in sorted(after.flags) if flag not in before.flags or _OFF[flag] in ended]
    if after.foreground != before.foreground:
        codes.append(after.foreground or "39")
    if after.background != before.background:
        codes.append(after.background or "49")
    return f"\x1b[{';'.join(codes)}m" if codes else ""


def lean(driver: type[Driver]) -> type[Driver]:
    """A driver that squeezes what it writes, once the net has caught what is not ours."""

    class LeanDriver(driver):  # type: ignore[misc, valid-type]
        """The platform's driver, writing less."""

        def write(self, data: str) -> None:
            data = caught(data)
            super().write(squeeze(data) if _RESET in data else data)

    return LeanDriver
