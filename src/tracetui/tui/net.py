"""The second net under the sanitiser: of what goes to the terminal, whatever a frame cannot hold is made visible.

All received text passes `sanitise` before it comes near a widget. Should a piece ever find another way, it stands in a
frame, and a frame is made of text, colours and places alone; any other control sequence in it is not ours. What
switches the terminal itself (the mouse, the other screen, the clipboard) is written alone, without text around it.
"""

from __future__ import annotations

import logging
import re

log = logging.getLogger(__name__)

_IN_A_FRAME = r"\[(?:[0-9;:]*m|[0-9]+;[0-9]+H|\?(?:25|2026)[hl])"
"""After ESC: a style, a place, the cursor shown or hidden, a frame's beginning and end."""

_STRANGE = re.compile(rf"[\x00-\x09\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]|\x1b(?!{_IN_A_FRAME})")

_ALONE = re.compile(
    r"(?:\x1b\[[?<>=]?[0-9;]*\$?[A-Za-z]"  # modes, and questions to the terminal
    r"|\x1b\]22;[a-z-]*\x07"  # the pointer's shape
    r"|\x1b\]52;c;[A-Za-z0-9+/=]*\x07"  # the clipboard
    r"|\x1b[78]|[\x07\r\n])+"
)
"""All that is written without text."""

_STAND_IN = "\u241b"
"""SYMBOL FOR ESCAPE."""


def caught(data: str) -> str:
    """What may go to the terminal, with the first character of each strange sequence replaced, so that it is text."""
    if _STRANGE.search(data) is None or _ALONE.fullmatch(data) is not None:
        return data
    log.error("a control sequence that is not ours was kept from the terminal")
    return _STRANGE.sub(_STAND_IN, data)
