"""One command line from words to exit code: arranges the words, runs the command, and is where errors end."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Sequence

from tracetui.cli import diagnostics
from tracetui.cli.app import COMMANDS, QUERY_COMMANDS, QUERY_TERM_MARK, app
from tracetui.cli.output import OutputClosed
from tracetui.errors import TracetuiError

_VALUE_OPTIONS = frozenset({"--db", "--grpc", "--http", "--config", "--theme"})
"""Options that may stand before the command and are followed by a value."""

_NEGATED_TERM = re.compile(r"""-(?:[A-Za-z_][\w.]*(?::|!?=|[<>~])|["(])""")
"""A query term such as `-status:error`, which must not be read as an option."""


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
            app(arrange(arguments), prog_name="tracetui")
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


def arrange(arguments: Sequence[str], commands: Collection[str] = COMMANDS) -> list[str]:
    """Put the command first, so that options may stand anywhere and no command means the explorer.

    `tracetui --db x spans` becomes `spans --db x`, `tracetui kind:LLM` becomes `explore kind:LLM`, and
    `tracetui -- spans` is a query for the word "spans".
    """
    words = list(arguments)
    position = 0
    while position < len(words):
        word = words[position]
        if word == "--":
            break
        if word in _VALUE_OPTIONS:
            position += 2
        elif word.startswith("-") and not _NEGATED_TERM.match(word):
            if word in ("-h", "--help", "--version", "-V"):
                return [word]
            position += 1
        elif word in commands:
            return [word, *_marked(word, [*words[:position], *words[position + 1 :]])]
        else:
            break
    return ["explore", *_marked("explore", words)]


def _marked(command: str, words: list[str]) -> list[str]:
    """Mark negated query terms, so that the option parser takes them for words."""
    if command not in QUERY_COMMANDS:
        return words
    return [QUERY_TERM_MARK + word if _NEGATED_TERM.match(word) else word for word in words]


def _abandon_stdout() -> None:
    """The reader of our output is gone (`| head`): let the interpreter's last flush go nowhere instead of failing."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.close(quiet)
