"""`tracetui doctor`: whether everything is in order, and what to do about what is not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

from tracetui.cli import diagnostics
from tracetui.cli.endpoints import Endpoints, configured_endpoints, running_endpoints
from tracetui.cli.output import Output
from tracetui.config import Address, Settings
from tracetui.errors import ReceiverError
from tracetui.health.findings import NOTE, OK, PROBLEM, Finding
from tracetui.health.place import configuration, database, disk, limits, program
from tracetui.health.publishing import published
from tracetui.health.shell import environment
from tracetui.sanitise import sanitise

PROBE_S = 2.0
"""Seconds that a listener has to answer."""

_MARKS = {OK: ("●", "ok"), NOTE: ("○", "dim"), PROBLEM: ("✖", "error")}


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
    yield from program()
    yield from configuration(settings)
    yield from database(settings)
    running = running_endpoints(settings)
    said = published(settings.db, running.pid) if running is not None else []
    if not said:  # else the limits are those of the process that keeps them
        yield from limits(settings)
    yield from disk(settings)
    yield from _listeners(settings, running)
    yield from said
    places = _places(running or configured_endpoints(settings))
    yield from environment(environ, {address.port for _, address in places})


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
