"""`tracetui [QUERY]`: the explorer."""

from __future__ import annotations

import sys

from tracetui.cli.reading import conditions
from tracetui.config import Settings
from tracetui.errors import UsageError


def explore(settings: Settings, query: str) -> int:
    """Open the explorer.

    Raises:
        UsageError: The query is wrong, or there is no terminal to draw on.
    """
    conditions(query)
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise UsageError(
            "The explorer needs a terminal.",
            hint="`tracetui serve` receives without one, `tracetui traces` lists what has arrived.",
        )
    from tracetui.tui.app import run

    return run(settings, query=query)
