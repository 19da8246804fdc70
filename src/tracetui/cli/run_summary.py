"""What arrived while an app ran, on one screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from tracetui.cli.lists import SHORT_ID
from tracetui.cli.output import Column, aligned_lines
from tracetui.cli.reading import all_traces
from tracetui.config import Settings
from tracetui.model.clock import format_duration
from tracetui.model.numbers import format_cost, format_tokens
from tracetui.model.trace import TraceSummary
from tracetui.store.sqlite import open_reader

MOST_SHOWN = 12
"""Traces listed; the newest."""

COLUMNS = (
    Column(""), Column("trace"), Column("name"), Column("duration", right=True), Column("spans", right=True),
    Column("errors", right=True), Column("tokens", right=True), Column("cost", right=True),
)


class Arrivals:
    """The traces that begin from now on."""

    def __init__(self, settings: Settings, since_unix_nano: int) -> None:
        self._settings = settings
        self._since = since_unix_nano

    def traces(self) -> list[TraceSummary]:
        """Those stored by now, newest first."""
        if not self._settings.db.exists():
            return []
        reader = open_reader(self._settings.db)
        try:
            return list(takewhile(lambda trace: trace.start_time_unix_nano >= self._since, all_traces(reader)))
        finally:
            reader.close()
