"""Windows of a list: which rows of the store the screen holds, and where in the whole list they stand.

A whole list is counted with each window: that takes a millisecond. The matches of a filter are not, because counting
them takes as long as finding all of them: there the rows come first, the places follow from where the reader was, and
the count arrives later.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import TypeVar

from tracetui.store.api import END
from tracetui.store.conditions import And, Condition, HasAncestor, HasParent, Matches, Not, Or, TraceHas
from tracetui.store.records import RowKey
from tracetui.tui.messages import ListCounted, ListLoaded, ListView, RowView
from tracetui.tui.sources import Source

WINDOW = 240
"""Rows of a list that are held: several screens, so that paging rarely waits."""

STEPS = (1, 8)
"""Rows after which a search that reads span by span shows what it has."""

PATIENCE_S = 0.06
"""How long such a search goes on before it shows less than a window."""

HALVINGS = 24
"""Steps in which a far place is found."""

RowT = TypeVar("RowT")


def is_search(view: RowView) -> bool:
    """Whether the list shows the matches of a filter."""
    return isinstance(view, ListView) and view.where is not None


def list_window(
    source: Source[RowT], aim: str, row: RowT | None, limit: int = WINDOW, place: int = 0
) -> ListLoaded[RowT]:
    """Read a window; the aims are those of `Feed.load_list`.

    Args:
        source: The list.
        aim: What is wanted.
        row: The row that the aim speaks of.
        limit: Rows at most.
        place: Where that row stands in the whole list, as far as is known.
    """
    view, counts = source.view, not is_search(source.view)
    if row is None or aim == "top":
        rows = source.page(limit=limit)
        total = source.count() if counts else len(rows)
        return ListLoaded(view, 0, total, tuple(rows), aim, counted=counts or len(rows) < limit)
    if aim == "end":
        rows, total = source.page(before=END, limit=limit), source.count()
        return ListLoaded(view, max(0, total - len(rows)), total, tuple(rows), aim)
    if aim == "hold":  # what it is sorted by may have changed since
        row = source.fresh(row) or row
    key = source.key(row)
    ahead: list[RowT] = []
    share = {"around": 0, "before": limit * 3 // 4, "after": limit // 4}.get(aim, limit // 2)
    if share:
        ahead = source.page(before=key, limit=share)
    behind = source.page(after=_just_before(key, view), limit=limit - share)
    rows = ahead + behind
    if not rows:
        return list_window(source, "top", None, limit)
    if counts:
        return ListLoaded(view, source.count(ahead_of=source.key(rows[0])), source.count(), tuple(rows), aim)
    is_whole_start = share > 0 and len(ahead) < share
    first = 0 if is_whole_start else max(0, place - len(ahead))
    return ListLoaded(view, first, first + len(rows), tuple(rows), aim, counted=False)


def reads_spans(where: Condition | None) -> bool:
    """Whether a filter has to look into span by span, as a regular expression does."""
    match where:
        case Matches():
            return True
        case And(conditions) | Or(conditions):
            return any(map(reads_spans, conditions))
        case Not(condition) | HasParent(condition) | HasAncestor(condition) | TraceHas(condition):
            return reads_spans(condition)
        case _:
            return False


def growing_window(source: Source[RowT], limit: int) -> Iterator[ListLoaded[RowT]]:
    """The first window of a search that may take long, shown as it grows: each page goes on where the last ended."""
    began = time.monotonic()
    rows: list[RowT] = []
    for size in (*(step for step in STEPS if step < limit), limit):
        wanted = size - len(rows)
        found = source.page(after=source.key(rows[-1]) if rows else None, limit=wanted)
        rows += found
        is_all = len(found) < wanted
        is_done = is_all or size == limit
        if is_done or (rows and time.monotonic() - began > PATIENCE_S):
            yield ListLoaded(source.view, 0, len(rows), tuple(rows), "top", counted=is_all, goes_on=not is_done)
        if is_done:
            return


def count_list(source: Source[RowT], row: RowT | None) -> ListCounted:
    """Count a list, and what of it stands before a row."""
    began = time.monotonic()
    total = source.count()
    ahead = source.count(ahead_of=source.key(row)) if row is not None else 0
    return ListCounted(source.view, total, row, ahead, time.monotonic() - began)


def _just_before(key: RowKey, view: RowView) -> RowKey:
    """The key directly ahead of this one, so that `after` includes the row itself."""
    return RowKey(key.value, key.row_id + (1 if view.sort.descending else -1))


def seek_window(source: Source[RowT], place: int, limit: int = WINDOW) -> ListLoaded[RowT]:
    """The window near a far place of a list, found by halving what it is sorted by between its ends."""
    first, last = source.page(limit=1), source.page(before=END, limit=1)
    if not first or not last or isinstance(source.key(first[0]).value, str):
        return list_window(source, "top" if place == 0 else "end", first[0] if first else None, limit)
    if source.key(last[0]).value == math.inf:  # an unknown value, which cannot be halved: known ones end before it
        last = source.page(before=RowKey(math.inf, 0), limit=1) or last
    ahead, behind = (source.key(rows[0]).value for rows in (first, last))
    whole = isinstance(ahead, int) and isinstance(behind, int)
    low, high = float(ahead), float(behind)
    for _ in range(HALVINGS):
        middle = RowKey(int((low + high) / 2) if whole else (low + high) / 2, 0)
        count = source.count(ahead_of=middle)
        if abs(count - place) <= limit // 4:
            break
        low, high = (float(middle.value), high) if count < place else (low, float(middle.value))
    rows = source.page(after=middle, limit=1)
    return list_window(source, "before", rows[0] if rows else last[0], limit, place=count)
