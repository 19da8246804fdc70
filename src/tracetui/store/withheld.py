"""Traces that a screen has taken away and not yet removed: while that can be undone, its readers leave them out."""

from __future__ import annotations


class Withheld:
    """The ids of such traces. The screen changes them, the threads that read for it look at them."""

    def __init__(self) -> None:
        self.trace_ids: frozenset[str] = frozenset()
        """Which now. Replaced whole at each change, so that whoever has read it has a set that stands still."""

    def add(self, trace_id: str) -> None:
        """Leave a trace out from now on."""
        self.trace_ids |= {trace_id}

    def discard(self, trace_id: str) -> None:
        """Leave it out no longer."""
        self.trace_ids -= {trace_id}
