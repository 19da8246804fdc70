"""One command line from words to exit code: arranges the words, runs the command, and is where errors end."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

from tracetui.cli import diagnostics
from tracetui.cli.output import OutputClosed
from tracetui.cli.words import arrange, explorer_words
from tracetui.errors import TracetuiError, UsageError
from tracetui.sanitise import sanitise


def run_command_line(arguments: Sequence[str]) -> int:
    """Run one command line.

    Args:
        arguments: The words after `tracetui`.

    Returns:
        The exit code: 0 done, 1 failed, 2 wrong usage, 3 nothing matched, 130 interrupted; `run` passes on its child's.
    """
    code: int = diagnostics.DONE
    try:
        try:
            code = _run(arrange(arguments))
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else diagnostics.FAILED if end.code else diagnostics.DONE
        if sys.stdout is not None:
            sys.stdout.flush()
    except TracetuiError as error:
        code = diagnostics.complain(error)
    except KeyboardInterrupt:
        code = diagnostics.INTERRUPTED
    except (OutputClosed, BrokenPipeError):
        _abandon_stdout()
    return code


def _run(words: Sequence[str]) -> int:
    command, *rest = words
    if command == "explore" and (given := explorer_words(rest)) is not None:
        from tracetui.cli.explore import explore

        return explore(given)
    from tracetui.cli.app import app, keep_only  # deferred: typer, see `explorer_words`

    gc.enable()  # which `__main__` put off
    if command != "run":  # whose words belong to another program
        _check_options(rest)
    keep_only(command)
    app(words, prog_name="tracetui")
    return diagnostics.DONE


def _check_options(words: Sequence[str]) -> None:
    """Answer for an option with characters that typer would repeat as they are.

    Raises:
        UsageError: There is one.
    """
    for word in words:
        name = word.partition("=")[0]
        if name.startswith("-") and sanitise(name) != name:
            raise UsageError(f"No such option: {name}")


def _abandon_stdout() -> None:
    """The reader of our output is gone (`| head`): let the interpreter's last flush go nowhere instead of failing."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.close(quiet)
