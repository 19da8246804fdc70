"""All that a running process knows of its health, for its status screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tracetui.config import Settings
from tracetui.health.findings import NOTE, OK, Finding
from tracetui.health.place import configuration, contents, disk, limits, permissions, program, set_aside
from tracetui.health.publishing import published
from tracetui.health.shell import environment
from tracetui.health.traffic import listeners, retention, traffic, turned_away
from tracetui.logs import log_path
from tracetui.runtime import Runtime
from tracetui.store.api import SpanReader
from tracetui.store.lock import Owner, read_owner

Sections = list[tuple[str, list[Finding]]]


def sections(runtime: Runtime, reader: SpanReader, environ: Mapping[str, str]) -> Sections:
    """Findings under their titles, in the order in which a person would look.

    Raises:
        StoreError: The database cannot be read.
    """
    settings = runtime.settings
    kept: list[Finding] = []
    if runtime.is_writer:
        kept = [*limits(settings), *retention(runtime)]
        receiving = [*listeners(runtime), *traffic(runtime), *turned_away(runtime)]
        ports = {status.address.port for status in runtime.statuses()}
    else:
        owner = read_owner(settings.db)
        receiving, ports = list(_elsewhere(settings, owner)), _ports(owner)
    stored = [*set_aside(settings.db), *permissions(settings.db), *contents(settings, reader)]
    return [
        ("Receiving", receiving),
        ("Stored", [*stored, *kept, *disk(settings)]),
        ("This shell", list(environment(environ, ports))),
        ("Program", [*program(), *configuration(settings), *_log(settings)]),
    ]


def _elsewhere(settings: Settings, owner: Owner | None) -> Iterator[Finding]:
    """Who receives, where this process does not."""
    if owner is None:
        yield Finding(
            "receivers", NOTE, "no tracetui receives into this database", "W has this one receive in its place."
        )
        return
    yield Finding("receivers", OK, f"process {owner.pid} receives; this is a viewer of what it stores")
    if owner.grpc:
        yield Finding("grpc", OK, f"{owner.grpc} is listened on by process {owner.pid}")
    for address in owner.http:
        yield Finding("http", OK, f"{address} is listened on by process {owner.pid}")
    yield from published(settings.db, owner.pid)


def _ports(owner: Owner | None) -> set[int]:
    named = (owner.grpc, *owner.http) if owner is not None else ()
    return {int(port) for address in named if (port := address.rpartition(":")[2]).isdecimal()}


def _log(settings: Settings) -> Iterator[Finding]:
    path = log_path(settings.db)
    yield Finding("log", OK, str(path) if path.exists() else f"{path} does not exist yet")
