"""Stderr and exit codes: everything the command line says that is not a result."""

from __future__ import annotations

import sys

from tracetui.errors import TracetuiError
from tracetui.query.errors import QueryError
from tracetui.sanitise import sanitise

DONE = 0
"""It worked."""
FAILED = 1
"""It did not; stderr says why."""
WRONG_USAGE = 2
"""The words on the command line are wrong."""
NOTHING_MATCHED = 3
"""`--fail-empty` was given and nothing matched."""
INTERRUPTED = 130
"""Ended by Ctrl+C (128 + SIGINT)."""

SHOWN = 100
"""Characters of a query that are shown with what is wrong in it."""

SHOWN_BEFORE = 60
"""How many of them stand before it at most."""


def note(text: str) -> None:
    """Tell the person something on stderr; the text may hold received words. A closed stderr is no reason to fail."""
    stream = sys.stderr
    if stream is None:
        return
    safe = sanitise(text, keep_newlines=True)
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(safe.encode(encoding, "replace").decode(encoding) + "\n")
        stream.flush()
    except BrokenPipeError:
        return


def show_progress(share: float, what: str) -> None:
    """How far something has come: one line that is written over on a terminal; nothing elsewhere."""
    if sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{share:4.0%} of {what} ")
        sys.stderr.flush()


def end_progress() -> None:
    """Take the line of `show_progress` away."""
    if sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")


def complain(error: TracetuiError) -> int:
    """Say what is wrong and what to do next.

    Returns:
        The exit code the error asks for.
    """
    note(f"tracetui: {error}")
    if isinstance(error, QueryError):
        note(pointed_out(error))
    return error.exit_code


def pointed_out(error: QueryError) -> str:
    """The query, or the part of it around what is wrong, and under it a mark."""
    from rich.cells import cell_len  # deferred: only an error is pointed out

    text, at = error.text, error.position
    start = max(at - SHOWN_BEFORE, 0)
    end = min(start + SHOWN, len(text))
    before = ("…" if start else "") + sanitise(text[start:at])
    rest = sanitise(text[at:end]) + ("…" if end < len(text) else "")
    marks = "^" * max(cell_len(sanitise(text[at : min(at + error.length, end)])), 1)
    return f"  {before}{rest}\n  {' ' * cell_len(before)}{marks}"
