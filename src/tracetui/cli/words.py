"""The words of a command line, before any of it is parsed: which command they mean, and the explorer's few options."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from msgspec import Struct

from tracetui.errors import UsageError

COMMANDS = frozenset(
    {
        "explore",
        "serve",
        "run",
        "traces",
        "spans",
        "logs",
        "sessions",
        "stats",
        "show",
        "export",
        "import",
        "env",
        "doctor",
        "reindex",
        "prune",
        "delete",
        "salvage",
        "demo",
    }
)
"""Every command; any other first word is a query for the explorer."""

QUERY_COMMANDS = frozenset({"explore", "traces", "spans", "logs", "sessions", "stats", "export", "delete"})
"""Commands whose words are a query."""

QUERY_TERM_MARK = "\0"
"""Marks a query term that begins with `-`; no real argument can hold it, and joining the query removes it."""

_VALUE_OPTIONS = frozenset({"--db", "--grpc", "--http", "--config", "--theme", "--max-size", "--max-age"})
"""Options that may stand before the command and are followed by a value."""

_NEGATED_TERM = r"""-(?:@?[A-Za-z_][\w./-]*(?::|!?=|!?~|[<>])|["({@])"""
"""A query term such as `-status:error`, which must not be read as an option."""

_LIKE_A_COMMAND = r"[a-z]{3,12}"


class ExplorerWords(Struct, frozen=True):
    """What the explorer is called with."""

    query: str = ""
    db: Path | None = None
    grpc: str | None = None
    http: tuple[str, ...] = ()
    config: Path | None = None
    theme: str | None = None
    no_receive: bool = False
    max_size: str | None = None
    max_age: str | None = None


def arrange(arguments: Sequence[str], commands: Collection[str] = COMMANDS) -> list[str]:
    """Put the command first, so that options may stand anywhere and no command means the explorer.

    `tracetui --db x spans` becomes `spans --db x`, `tracetui kind:LLM` becomes `explore kind:LLM`, and
    `tracetui -- spans` is a query for the word "spans".

    Raises:
        UsageError: The first word is a misspelt command.
    """
    words = list(arguments)
    position = 0
    while position < len(words):
        word = words[position]
        if word == "--":
            break
        if word in _VALUE_OPTIONS:
            position += 2
        elif word.startswith("-") and not re.match(_NEGATED_TERM, word):
            if word in ("-h", "--help", "--version", "-V"):
                return [word]
            position += 1
        elif word in commands:
            return [word, *_marked(word, [*words[:position], *words[position + 1 :]])]
        else:
            _refuse_misspelt(word, commands)
            break
    return ["explore", *_marked("explore", words)]


def _refuse_misspelt(word: str, commands: Collection[str]) -> None:
    """Stop at a first word that was most probably meant to be a command, before the explorer opens on it."""
    if not re.fullmatch(_LIKE_A_COMMAND, word):
        return
    from difflib import get_close_matches  # deferred: only a query of plain words comes here

    near = get_close_matches(word, commands, n=1, cutoff=0.75)
    if near:
        raise UsageError(
            f"There is no command {word!r}.",
            hint=f"Did you mean `tracetui {near[0]}`? `tracetui -- {word}` searches for the word.",
        )


def _marked(command: str, words: list[str]) -> list[str]:
    """Mark negated query terms, so that the option parser takes them for words."""
    if command not in QUERY_COMMANDS:
        return words
    return [QUERY_TERM_MARK + word if re.match(_NEGATED_TERM, word) else word for word in words]


def explorer_words(words: Sequence[str]) -> ExplorerWords | None:
    """Read the words after `explore`, if nothing in them needs the full parser; None if anything does.

    The full parser is typer, whose import alone would take a quarter of the explorer's time to its first paint.
    """
    found: dict[str, str] = {}
    http: list[str] = []
    query: list[str] = []
    no_receive = False
    rest = iter(words)
    for word in rest:
        if word == "--no-receive":
            no_receive = True
        elif word in _VALUE_OPTIONS:
            value = next(rest, None)
            if value is None or value.startswith("-") or word in found:
                return None
            if word == "--http":
                http.append(value)
            else:
                found[word] = value
        elif word.startswith("-"):
            return None
        else:
            query.append(word.removeprefix(QUERY_TERM_MARK))
    paths = {name: Path(found[option]) for name, option in (("db", "--db"), ("config", "--config")) if option in found}
    return ExplorerWords(
        " ".join(query),
        http=tuple(http),
        grpc=found.get("--grpc"),
        theme=found.get("--theme"),
        max_size=found.get("--max-size"),
        max_age=found.get("--max-age"),
        no_receive=no_receive,
        db=paths.get("db"),
        config=paths.get("config"),
    )
