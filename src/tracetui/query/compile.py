"""Text that a person typed, to a condition for the store.

This is the seam where the query language sits (DESIGN §6): callers pass text and get a condition, whatever the text may
say. For now it is plain text: words separated by white space, all of which must be found; double quotes keep a phrase
together, a leading `-` wants the word absent.
"""

from __future__ import annotations

import re

from tracetui.store.conditions import And, Condition, Not, TextContains

_TERM = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


def compile_text(text: str) -> Condition | None:
    """The condition that this text asks for; None when it asks for nothing.

    A quote that is not closed runs to the end of the text, so that every text means something while it is typed.
    """
    conditions: list[Condition] = []
    for match in _TERM.finditer(text):
        wanted = match["phrase"] if match["word"] is None else match["word"]
        if not wanted.strip() or wanted == "-":
            continue
        contains = TextContains(wanted)
        conditions.append(Not(contains) if match["minus"] else contains)
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else And(tuple(conditions))
