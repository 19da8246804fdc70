"""What stands in the list when nothing matches the filter: why, and what to do."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from textual.strip import Strip

from tracetui.tui.render.lines import wrap
from tracetui.tui.render.row import Row, fit, label
from tracetui.tui.theme import Palette

WIDEST_TERM = 44
"""Cells of the column of terms at most."""


def nothing_rows(hints: Mapping[str, str], counts: Mapping[str, int], width: int, palette: Palette) -> list[Strip]:
    """The rows of an empty result.

    Args:
        hints: The terms that all had to hold, and how each could be asked for more; received, as they quote the query.
        counts: How many traces each matches by itself, as far as that is counted.
        width: Cells of a row.
        palette: The colours.
    """
    dim, text = palette.style("dim"), palette.style("text")
    rows = [Row(), Row().gap(3).own("No trace matches.", text), Row()]
    if len(hints) > 1:
        rows += [Row().gap(3).own("No span has all of this. Alone, it is found in", dim)]
        cells = min(WIDEST_TERM, max(cell_len(label(term)) for term in hints), max(8, width - 24))
        for term in hints:
            count = counts.get(term)
            row = Row().gap(5).own(fit(label(term), cells), palette.style("text" if count else "dim")).gap(2)
            if count is None:
                row.own("…", palette.style("faint"))
            else:
                said = "no trace" if not count else "1 trace" if count == 1 else f"{count:,} traces"
                row.own(said, palette.style("text" if count else "warning"))
            rows.append(row)
        rows.append(Row())
    if hint := next((hint for term, hint in hints.items() if hint and (len(hints) == 1 or counts.get(term) == 0)), ""):
        rows += [Row().gap(3).own(line, dim) for line in wrap(label(hint), max(8, width - 3))]
        rows.append(Row())
    keys = Row().gap(3)
    for key, said in (("Esc", "removes the filter"), ("/", "changes it"), ("F1", "explains the language")):
        keys.own(key, palette.style("accent")).gap().own(said, dim).gap(3)
    rows.append(keys)
    return [row.strip(width) for row in rows]
