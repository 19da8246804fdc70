"""The terminal, kept for the screen alone: nothing that a library prints reaches it."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Iterator
from pathlib import Path

from tracetui.logs import open_log


def is_hung_up() -> bool:
    """Whether the other side of the terminal has been closed."""
    if sys.__stdin__ is None:
        return True
    watch = select.poll()
    watch.register(sys.__stdin__.fileno(), 0)
    return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in watch.poll(0))


@contextlib.contextmanager
def terminal_for_the_screen(database: Path) -> Iterator[None]:
    """Let file descriptor 2 lead to the log, and give Textual a descriptor of its own to the terminal.

    Textual draws on what `sys.__stderr__` is when it starts. gRPC and others write to descriptor 2 without asking
    Python; on the terminal that would stand in the middle of the screen.
    """
    sys.stderr.flush()
    log = open_log(database)
    terminal = os.dup(2 if os.isatty(2) else 1)
    kept, was = os.dup(2), sys.__stderr__
    screen = os.fdopen(terminal, "w", encoding="utf-8", errors="replace")
    sys.__stderr__ = screen  # type: ignore[misc]  # final in the stubs, and the one place where Textual looks
    os.dup2(log, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        sys.__stderr__ = was  # type: ignore[misc]
        screen.close()
        os.close(kept)
        os.close(log)
