"""`tracetui [QUERY]`: the explorer."""

from __future__ import annotations

import gc
import sys

from tracetui.cli.words import ExplorerWords
from tracetui.config import load
from tracetui.errors import UsageError


def explore(given: ExplorerWords) -> int:
    """Open the explorer.

    Raises:
        UsageError: The query or a setting is wrong, or there is no terminal to draw on.
    """
    settings = load(
        config=given.config,
        db=given.db,
        grpc=given.grpc,
        http=given.http,
        theme=given.theme,
        max_size=given.max_size,
        max_age=given.max_age,
        receive=False if given.no_receive else None,
    )
    if given.query:
        from tracetui.query import compile_text  # deferred: 5 ms, and most open the explorer without one
        from tracetui.query.saved import expand

        compile_text(expand(given.query, settings.filters))
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise UsageError(
            "The explorer needs a terminal.",
            hint="`tracetui serve` receives without one, `tracetui traces` lists what has arrived.",
        )
    gc.disable()  # again, where the words took the long way
    from tracetui.runtime import Runtime  # deferred like the screen: nothing is opened for words that are wrong

    runtime = Runtime(settings, sets_aside=True)
    runtime.begin_opening()
    from tracetui.tui.launch import run

    return run(runtime, query=given.query)
