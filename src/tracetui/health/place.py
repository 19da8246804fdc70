"""The program and the place it works in: versions, settings, the database, its disk, its limits."""

from __future__ import annotations

import glob
import platform
import shlex
import stat
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

from tracetui import __version__
from tracetui.config import Settings, config_file
from tracetui.errors import StoreError
from tracetui.health.findings import NOTE, OK, PROBLEM, Finding
from tracetui.logs import log_path
from tracetui.model.clock import format_duration, format_moment
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.model.numbers import format_bytes, many
from tracetui.store.api import SpanReader
from tracetui.store.records import Reason, Removals
from tracetui.store.space import space_of

_WHY = {Reason.SIZE: "for the size", Reason.AGE: "for their age", Reason.ASKED: "when asked to"}


def program() -> Iterator[Finding]:
    """Versions of this program and of what it stands on."""
    yield Finding("version", OK, f"tracetui {__version__}")
    yield Finding("platform", OK, _platform())


@cache
def _platform() -> str:
    from importlib.metadata import version

    from tracetui.store.sqlite.connection import SQLITE_VERSION

    libraries = ", ".join(f"{name} {version(name)}" for name in ("textual", "grpcio", "protobuf"))
    python = f"Python {platform.python_version()}, SQLite {SQLITE_VERSION}"
    return f"{python}, {libraries}, {platform.system()} {platform.machine()}"


def configuration(settings: Settings) -> Iterator[Finding]:
    """Where settings come from, and prices; what senders need."""
    from tracetui.pricing import BOOK, USER_TABLE

    path = config_file()
    yield Finding("configuration", OK, str(path) if path.exists() else f"{path} does not exist; defaults hold")
    USER_TABLE.use(settings.prices)
    for problem in BOOK.problems:
        yield Finding("prices", PROBLEM, problem)
    access = settings.access
    guards = [name for name, set_ in (("token", access.token), ("TLS", access.tls_cert)) if set_]
    guards += ["client certificates"] if access.tls_client_ca else []
    yield Finding("access", OK, f"senders need: {', '.join(guards)}" if guards else "this machine's programs, no token")


def database(settings: Settings) -> Iterator[Finding]:
    """The file, who may read it, and what is in it; opens it."""
    from tracetui.store.sqlite import SqliteReader

    path = settings.db
    yield from set_aside(path)
    if not path.exists():
        yield Finding("database", NOTE, f"{path} does not exist yet", "It is made when tracetui starts.")
        return
    yield from permissions(path)  # before it is opened, which makes side files with the same rights
    try:
        with closing(SqliteReader(path)) as reader:
            found = list(contents(settings, reader))
            if reader.is_of_later_version:
                found.append(Finding("schema", NOTE, "written by a later version of tracetui", "It is only read here."))
    except StoreError as error:
        yield Finding("database", PROBLEM, error.message, error.hint)
        return
    yield from found


def set_aside(path: Path) -> Iterator[Finding]:
    """Damaged databases in whose place this one was begun."""
    from tracetui.store.sqlite.damage import SIDE_FILES

    for kept in sorted(path.parent.glob(f"{glob.escape(path.name)}.damaged-*")):
        if not kept.name.endswith(SIDE_FILES):
            hint = f"`tracetui salvage {shlex.quote(str(kept))}` brings back what can be read of it; then remove it."
            yield Finding("set aside", NOTE, f"{kept} was damaged; {format_bytes(kept.stat().st_size)}", hint)


def permissions(path: Path) -> Iterator[Finding]:
    """Files of a database that others may read."""
    for file in (path, _write_ahead_log(path), log_path(path)):
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
            yield Finding("permissions", PROBLEM, f"Others may read {file}.", f"Run: chmod 600 {file}")


def contents(settings: Settings, reader: SpanReader) -> Iterator[Finding]:
    """What the database holds, and what it has yet to do.

    Raises:
        StoreError: It cannot be read.
    """
    path, size = settings.db, reader.size()
    held = f"{many(size.traces, 'trace')}, {many(size.spans, 'span')}, {many(size.logs, 'log record')}"
    yield Finding("database", OK, f"{path}: {held}, {format_bytes(size.bytes)}")
    if (log := _write_ahead_log(path)).exists():
        yield Finding("write-ahead log", OK, format_bytes(log.stat().st_size))
    if outdated := reader.count_outdated(DERIVATION_VERSION):
        yield Finding(
            "columns",
            NOTE,
            f"{many(outdated, 'span')} derived by an earlier version",
            "`tracetui reindex` does it now.",
        )
    index = reader.search_state()
    if index.indexed < index.total:
        missing = index.total - index.indexed
        are = "is" if missing == 1 else "are"
        what = f"{many(missing, 'span')} {are} not in it yet"
        yield Finding("search index", NOTE, what, "A running tracetui brings it up to date.")
    else:
        yield Finding("search index", OK, "up to date")
    yield from removed(reader.removals())


def limits(settings: Settings) -> Iterator[Finding]:
    """What a process with these settings keeps the database within."""
    kept = [f"at most {format_bytes(settings.max_size)}"] if settings.max_size is not None else []
    kept += [f"traces of the last {_span(settings.max_age)}"] if settings.max_age is not None else []
    text = " and ".join(kept) + ", pinned traces apart" if kept else "none: nothing is removed by itself"
    yield Finding("limits", OK, text)


def removed(removals: list[Removals]) -> Iterator[Finding]:
    """What was ever removed from the database."""
    if not removals:
        yield Finding("removed", OK, "nothing so far")
    for each in removals:
        last = f", last {format_moment(each.last_unix_nano, date=True)}" if each.last_unix_nano else ""
        traces = f"{many(each.traces, 'trace')} ({many(each.spans, 'span')})"
        yield Finding("removed", OK, f"{traces} {_WHY.get(Reason(each.reason), each.reason)}{last}")


def disk(settings: Settings) -> Iterator[Finding]:
    """The room that is left."""
    folder = settings.db.parent
    while not folder.exists():
        folder = folder.parent
    space = space_of(folder)
    text = f"{format_bytes(space.free)} free, {format_bytes(space.reserve)} of it kept in reserve"
    if space.free < space.reserve:
        yield Finding("disk", PROBLEM, text, "Nothing is stored until there is more room.")
    else:
        yield Finding("disk", OK, text)


def _write_ahead_log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _span(nano: int) -> str:
    """An age as a limit names it: whole days as days."""
    days, rest = divmod(nano, 86_400 * 10**9)
    return format_duration(nano) if rest else f"{days:,} day{'' if days == 1 else 's'}"
