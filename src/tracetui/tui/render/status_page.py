"""The page of the status screen: what was looked at, in what state it is, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from textual.content import Content

from tracetui.health.findings import NOTE, OK, PROBLEM, Finding
from tracetui.sanitise import sanitise
from tracetui.tui.theme import Palette

NAME_CELLS = 17
"""Cells of the column of names, its gap included."""

INDENT = 2
MARK_CELLS = 2

MIN_TEXT_CELLS = 24
"""Below this the texts are left to wrap as they like."""

SHOWN_CHARACTERS = 600
"""Of one text."""

_MARKS = {OK: ("●", "ok"), NOTE: ("○", "warning"), PROBLEM: ("✖", "error")}


def status_page(sections: Sequence[tuple[str, Sequence[Finding]]], palette: Palette, width: int) -> Content:
    """The page as ready content, for a width in cells."""
    lines: list[Content] = []
    for title, findings in sections:
        if lines:
            lines.append(Content(""))
        lines.append(Content.styled(title, f"bold {palette.accent}"))
        before = ""
        for finding in findings:
            lines += _finding(finding, "" if finding.name == before else finding.name, palette, width)
            before = finding.name
    return Content("\n").join(lines)


def _finding(finding: Finding, name: str, palette: Palette, width: int) -> list[Content]:
    """One finding; several of one name are listed under it."""
    mark, role = _MARKS[finding.state]
    color: str = getattr(palette, role)
    beside = " " * (INDENT + MARK_CELLS + NAME_CELLS)
    rows = _wrapped(finding.text, width - len(beside))
    strong = color if finding.state == PROBLEM else palette.text
    lines = [
        Content.assemble(
            " " * INDENT,
            (f"{mark} ", color),
            (f"{name:<{NAME_CELLS}}", palette.dim),
            (rows[0], strong),
        )
    ]
    lines += [Content.assemble(beside, (row, strong)) for row in rows[1:]]
    if finding.hint:
        lines += [Content.assemble(beside, (row, palette.dim)) for row in _wrapped(finding.hint, width - len(beside))]
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    safe = sanitise(text[:SHOWN_CHARACTERS])
    return (wrap(safe, width) if width >= MIN_TEXT_CELLS else [safe]) or [""]
