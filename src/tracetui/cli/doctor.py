"""`tracetui doctor`: whether everything is in order, and what to do about what is not."""

from __future__ import annotations

import glob
import os
import platform
import shlex
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from typing import NamedTuple
from urllib.parse import urlsplit

from tracetui import __version__
from tracetui.cli import diagnostics
from tracetui.cli.endpoints import Endpoints, configured_endpoints, running_endpoints
from tracetui.cli.output import Output
from tracetui.config import Address, Settings, config_file
from tracetui.errors import ReceiverError, StoreError
from tracetui.logs import log_path
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.model.numbers import format_bytes
from tracetui.sanitise import sanitise

OK, NOTE, PROBLEM = "ok", "note", "problem"
"""States of a finding: in order, worth knowing, to be mended."""

PROBE_S = 2.0
"""Seconds that a listener has to answer."""

_MARKS = {OK: ("●", "ok"), NOTE: ("○", "dim"), PROBLEM: ("✖", "error")}
_ENDPOINTS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "PHOENIX_COLLECTOR_ENDPOINT",
)
_SILENCERS = {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "none", "OTEL_TRACES_SAMPLER": "always_off"}


class Finding(NamedTuple):
    """One thing that was looked at."""

    name: str
    state: str
    text: str
    hint: str = ""
    """What to do; empty where there is nothing to do."""


def doctor(settings: Settings, *, as_json: bool) -> int:
    """Look at everything and write what was found.

    Returns:
        1 where something has to be mended, else 0.
    """
    findings = list(examine(settings, os.environ))
    output = Output()
    healthy = all(finding.state != PROBLEM for finding in findings)
    if as_json:
        checks = [{key: value for key, value in finding._asdict().items() if value} for finding in findings]
        output.json({"ok": healthy, "checks": [dict(check) for check in checks]})
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            output.line(_MARKS[finding.state], f" {finding.name:<{width}}  ", sanitise(finding.text))
            if finding.hint:
                output.line(" " * (width + 4), (sanitise(finding.hint), "dim"))
    output.flush()
    return diagnostics.DONE if healthy else diagnostics.FAILED


def examine(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Every finding, in the order in which a person would look."""
    yield from _program()
    yield from _configuration(settings)
    yield from _database(settings)
    yield from _disk(settings)
    running = running_endpoints(settings)
    yield from _listeners(settings, running)
    yield from _environment(environ, running or configured_endpoints(settings))


def _program() -> Iterator[Finding]:
    from importlib.metadata import version

    from tracetui.store.sqlite.connection import SQLITE_VERSION

    libraries = ", ".join(f"{name} {version(name)}" for name in ("textual", "grpcio", "protobuf"))
    yield Finding("version", OK, f"tracetui {__version__}")
    python = f"Python {platform.python_version()}, SQLite {SQLITE_VERSION}"
    yield Finding("platform", OK, f"{python}, {libraries}, {platform.system()} {platform.machine()}")


def _configuration(settings: Settings) -> Iterator[Finding]:
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


def _database(settings: Settings) -> Iterator[Finding]:
    from tracetui.store.sqlite.damage import SIDE_FILES

    path = settings.db
    for kept in sorted(path.parent.glob(f"{glob.escape(path.name)}.damaged-*")):
        if not kept.name.endswith(SIDE_FILES):
            hint = f"`tracetui salvage {shlex.quote(str(kept))}` brings back what can be read of it; then remove it."
            yield Finding("set aside", NOTE, f"{kept} was damaged; {format_bytes(kept.stat().st_size)}", hint)
    if not path.exists():
        yield Finding("database", NOTE, f"{path} does not exist yet", "It is made when tracetui starts.")
        return
    from tracetui.store.sqlite import SqliteReader

    log = path.with_name(path.name + "-wal")
    for file in (path, log, log_path(path)):  # before it is opened, which makes side files with the same rights
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
            yield Finding("permissions", PROBLEM, f"Others may read {file}.", f"Run: chmod 600 {file}")
    try:
        with closing(SqliteReader(path)) as reader:
            size = reader.size()
            outdated = reader.count_outdated(DERIVATION_VERSION)
            index = reader.search_state()
    except StoreError as error:
        yield Finding("database", PROBLEM, error.message, error.hint)
        return
    held = f"{size.traces:,} traces, {size.spans:,} spans, {size.logs:,} log records"
    yield Finding("database", OK, f"{path}: {held}, {format_bytes(size.bytes)}")
    if log.exists():
        yield Finding("write-ahead log", OK, format_bytes(log.stat().st_size))
    if outdated:
        yield Finding(
            "columns", NOTE, f"{outdated:,} spans were derived by an earlier version", "`tracetui reindex` does it now."
        )
    if index.indexed < index.total:
        missing = index.total - index.indexed
        yield Finding(
            "search index", NOTE, f"{missing:,} spans are not in it yet", "A running tracetui brings it up to date."
        )
    else:
        yield Finding("search index", OK, "up to date")


def _disk(settings: Settings) -> Iterator[Finding]:
    from tracetui.store.space import space_of

    folder = settings.db.parent
    while not folder.exists():
        folder = folder.parent
    space = space_of(folder)
    text = f"{format_bytes(space.free)} free, {format_bytes(space.reserve)} of it kept in reserve"
    if space.free < space.reserve:
        yield Finding("disk", PROBLEM, text, "Nothing is stored until there is more room.")
    else:
        yield Finding("disk", OK, text)


def _listeners(settings: Settings, running: Endpoints | None) -> Iterator[Finding]:
    if running is None:
        yield Finding("receivers", NOTE, "no tracetui runs on this database", "`tracetui`, or `tracetui serve`.")
    else:
        yield Finding("receivers", OK, f"process {running.pid} receives")
    ours = {(protocol, address.port) for protocol, address in _places(running)} if running else set()
    if running is not None:
        for address in running.http:
            yield _probe(address, running)
        if running.grpc is not None:
            yield Finding("grpc", OK, f"{running.grpc} is listened on by process {running.pid}")
    for protocol, address in _places(configured_endpoints(settings)):
        if (protocol, address.port) not in ours and (taken := _taken(address)):
            yield Finding(protocol, PROBLEM if running is None else NOTE, taken.message, taken.hint)


def _places(endpoints: Endpoints) -> list[tuple[str, Address]]:
    places = [("http", address) for address in endpoints.http]
    return [*places, ("grpc", endpoints.grpc)] if endpoints.grpc else places


def _taken(address: Address) -> ReceiverError | None:
    """Why an address could not be listened on; None where it could."""
    from tracetui.receivers.sockets import listening_sockets

    with ExitStack() as stack:
        try:
            for opened in listening_sockets(address, option="--grpc or --http"):
                stack.enter_context(opened)
        except ReceiverError as error:
            return error
    return None


def _probe(address: Address, running: Endpoints) -> Finding:
    """Whether a listener answers an empty export request."""
    import http.client
    import ssl

    headers = {"Content-Type": "application/x-protobuf"}
    if running.access.token:
        headers["x-api-key"] = running.access.token
    if running.access.tls_cert:
        context = ssl.create_default_context(cafile=running.access.tls_cert)
        context.check_hostname = False
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            address.host, address.port, timeout=PROBE_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(address.host, address.port, timeout=PROBE_S)
    try:
        connection.request("POST", "/v1/traces", b"", headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return Finding("http", PROBLEM, f"{address} does not answer: {error}", "Restart tracetui.")
    finally:
        connection.close()
    if status != http.client.OK:
        return Finding("http", PROBLEM, f"{address} answers {status}", "See docs/access.md where it is 401.")
    return Finding("http", OK, f"{address} answers")


def _environment(environ: Mapping[str, str], endpoints: Endpoints) -> Iterator[Finding]:
    """What apps started in this shell would do."""
    ports = {address.port for _, address in _places(endpoints)}
    named = [(name, environ[name]) for name in _ENDPOINTS if environ.get(name)]
    for name, value in named:
        try:
            place = urlsplit(value if "//" in value else f"//{value}")
            here = place.port in ports and (place.hostname or "") in ("localhost", "127.0.0.1", "::1")
        except ValueError:
            here = False
        if here:
            yield Finding("environment", OK, f"{name} points here")
        else:
            yield Finding(
                "environment",
                PROBLEM,
                f"{name} points elsewhere: {value[:200]}",
                "Apps of this shell do not export here; `tracetui env` writes the lines that do.",
            )
    if not named:
        yield Finding(
            "environment",
            NOTE,
            "no OTEL_EXPORTER_OTLP_ENDPOINT in this shell",
            "Exporters send to localhost:4317 or 4318 then, where tracetui listens; `tracetui env` says it outright.",
        )
    for name, silent in _SILENCERS.items():
        if environ.get(name, "").strip().lower() == silent:
            yield Finding("environment", PROBLEM, f"{name}={silent}: apps of this shell send nothing", f"unset {name}")
