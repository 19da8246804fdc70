"""Queries the user has given a name, in a TOML file of theirs: `slow-calls = "kind:LLM duration>5s"`.

`@slow-calls` stands for what is saved under that name, alone or among other terms, at the keyboard and on the command
line.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from tracetui.errors import UsageError

_NAME = re.compile(r"@([\w.-]+)\Z")

MAX_NAME = 60
"""Characters of a name at most."""


def load_saved(path: Path) -> dict[str, str]:
    """The saved queries by name, in the order of the file; none where there is no file.

    Raises:
        UsageError: The file cannot be read, or holds something else.
    """
    try:
        values = _read(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"The saved filters in {path} cannot be read: {error}.", hint="Mend or remove it.") from error
    for name, text in values.items():
        if not isinstance(text, str):
            raise UsageError(f'{path}: {name!r} is not a query; write {name} = "kind:LLM".')
    return values


def save(path: Path, name: str, text: str) -> None:
    """Save a query under a name, in the place of the one that had it.

    Raises:
        UsageError: The name is not one, or the file cannot be read or written.
    """
    if not is_name(name):
        raise UsageError(f"{name!r} cannot be a name.", hint="Use letters, digits, dots, dashes and underscores.")
    _change(path, name, f"{_spelled(name)} = {_spelled(text)}\n", {**load_saved(path), name: text})


def delete(path: Path, name: str) -> None:
    """Forget a saved query; of a name that nobody knows nothing happens.

    Raises:
        UsageError: The file cannot be read or written.
    """
    _change(path, name, "", {key: text for key, text in load_saved(path).items() if key != name})


def is_name(name: str) -> bool:
    """Whether a query can be saved under it and called by it."""
    return len(name) <= MAX_NAME and _NAME.match(f"@{name}") is not None


def expand(text: str, path: Path) -> str:
    """The query that is meant: each name behind an `@` replaced by what is saved under it, which may name others.

    Raises:
        UsageError: There is no query of that name, or one that names itself.
    """
    return _expanded(text, path, ()) if "@" in text else text


def _expanded(text: str, path: Path, within: tuple[str, ...]) -> str:
    from tracetui.query.lexer import TokenKind, tokens  # deferred: the first paint does without the language

    words = [token for token in tokens(text) if token.kind is TokenKind.WORD]
    for token in reversed(words):
        called = _NAME.match(text[token.start : token.end])
        if called is None:
            continue
        name, saved = called[1], load_saved(path)  # not before one is called: the file may be broken
        if name not in saved:
            known = ", ".join(f"@{other}" for other in saved) or "none yet"
            raise UsageError(f"There is no saved filter {name!r}.", hint=f"Saved: {known}.")
        if name in within:
            raise UsageError(f"The saved filter {name!r} calls itself.", hint=f"Change @{within[-1]}.")
        meant = _expanded(saved[name], path, (*within, name))
        before, behind = text[: token.start], text[token.end :]
        text = f"{before}({meant}){behind}" if before.strip() or behind.strip() else meant
    return text


def _change(path: Path, name: str, line: str, wanted: dict[str, str]) -> None:
    """Leave out the line of a name and add another; every other line, comments too, stays as the user wrote it."""
    try:
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        kept = [kept for kept in old.splitlines(keepends=True) if _name_of(kept) != name]
        if kept and not kept[-1].endswith("\n"):
            kept[-1] += "\n"
        new = "".join(kept) + line
        if not _says(new, wanted):  # a value over several lines, or the name in a table: too much for us
            raise UsageError(f"{path} is written in a way that cannot be changed here.", hint="Change it by hand.")
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.write_text(new, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error}.") from error


def _read(text: str) -> dict[str, Any]:
    """What TOML says.

    Raises:
        ValueError: It is none.
    """
    import tomllib  # deferred: 2 ms before the first paint, which needs no saved query

    return tomllib.loads(text)


def _says(text: str, wanted: dict[str, str]) -> bool:
    try:
        return _read(text) == wanted
    except ValueError:
        return False


def _name_of(line: str) -> str | None:
    """The name that a line saves something under; None where it is something else."""
    try:
        return next(iter(_read(line)), None)
    except ValueError:
        return None


def _spelled(text: str) -> str:
    """Text as a TOML string; JSON spells it the same, but for the one control character that it lets stand."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
