"""`tracetui run -- CMD`: an app with its telemetry pointed here, and what came of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import PurePath

from msgspec.structs import replace

from tracetui.cli import diagnostics
from tracetui.cli.endpoints import Endpoints, not_listening, reachable, running_endpoints
from tracetui.cli.run_summary import Arrivals, summary_lines
from tracetui.cli.serve import check_listening
from tracetui.config import Address, Settings
from tracetui.errors import StoreError, TracetuiError
from tracetui.receivers.status import ReceiverState
from tracetui.runtime import Runtime

EXPORT_DELAY_MS = 500
"""How long an SDK collects spans before it sends them, so that a trace can be watched while the app runs."""

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
"""Signals that are passed on to the app."""

FROM_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
"""Signals that a terminal sends to every process of the foreground group, so to the app as well."""

_OVERRIDES = tuple(
    f"OTEL_EXPORTER_OTLP_{signal_name}_{what}"
    for signal_name in ("TRACES", "LOGS")
    for what in ("ENDPOINT", "PROTOCOL")
)
"""Variables that would win over those set here."""

_PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "grpc_proxy")

_RUNNERS = frozenset(
    {
        "uv",
        "run",
        "poetry",
        "pipenv",
        "pdm",
        "hatch",
        "npx",
        "node",
        "bun",
        "deno",
        "tsx",
        "ts-node",
        "ruby",
        "bundle",
        "exec",
        "env",
        "nohup",
        "time",
        "opentelemetry-instrument",
    }
)
"""First words that say how an app is started, not which app it is."""


class NoSuchCommandError(TracetuiError):
    """There is no such command; the exit code is a shell's."""

    exit_code = 127


class NotExecutableError(TracetuiError):
    """The command may not be run; the exit code is a shell's."""

    exit_code = 126


def run(settings: Settings, command: Sequence[str]) -> int:
    """Run an app and tell what arrived from it.

    Its stdin, stdout and stderr are this process's own; the summary goes to stderr once it has ended.

    Args:
        settings: Which database, and where to listen when nobody receives for it yet.
        command: The app and its arguments.

    Returns:
        The app's exit code, or 128 + the signal that ended it.

    Raises:
        StoreError: The database cannot be used.
        NoSuchCommandError: The app cannot be found.
        NotExecutableError: It cannot be started.
    """
    with ExitStack() as stack:
        endpoints = running_endpoints(settings)
        if endpoints is None:
            runtime = stack.enter_context(_receiving(settings))
            if runtime.set_aside is not None:
                diagnostics.note(str(runtime.set_aside))
            endpoints = _listening(runtime)
        elif not endpoints.http:
            raise not_listening(settings, endpoints)
        arrivals = Arrivals(settings)
        stack.callback(arrivals.close)
        code = _run_child(command, child_environment(os.environ, endpoints, command))
        for line in summary_lines(arrivals.traces(), settings):
            diagnostics.note(line)
    return code


def child_environment(environ: Mapping[str, str], endpoints: Endpoints, command: Sequence[str]) -> dict[str, str]:
    """The app's environment: this process's, pointed at the endpoints."""
    child = {name: value for name, value in environ.items() if name not in _OVERRIDES}
    child.update(endpoints.environment())
    child.setdefault("OTEL_TRACES_EXPORTER", "otlp")
    child.setdefault("OTEL_METRICS_EXPORTER", "none")
    child.setdefault("OTEL_BSP_SCHEDULE_DELAY", str(EXPORT_DELAY_MS))
    child.setdefault("OTEL_BLRP_SCHEDULE_DELAY", str(EXPORT_DELAY_MS))
    if "OTEL_SERVICE_NAME" not in child and "service.name=" not in child.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        child["OTEL_SERVICE_NAME"] = service_name(command)
    if any(child.get(name) for name in _PROXIES):
        here = ",".join(dict.fromkeys(address.host for address in endpoints.http))
        for name in ("no_proxy", "NO_PROXY"):
            child[name] = f"{child[name]},{here}" if child.get(name) else here
    return child


def service_name(command: Sequence[str]) -> str:
    """The name of an app, from how it is started: `python -m shop.api` is `shop.api`, `node srv/chat.js` is `chat`."""
    runner = ""
    words = iter(command)
    for word in words:
        base = PurePath(word).name
        if word == "-m":
            return next(words, "") or runner
        if word == "-c":
            break
        if base in _RUNNERS or base.startswith("python"):
            runner = runner or base
        elif not word.startswith("-") and "=" not in word:
            return PurePath(base).stem
    return runner or "app"


def _receiving(settings: Settings) -> Runtime:
    """A runtime that listens where the settings say, or on free ports where those are taken.

    Other programs may hold the usual ports; for one run, whose app is told the address, any port does.
    """
    http = tuple(
        address if _is_free(address) else Address(address.host, 0)
        for address in settings.http[:1] or (Address("127.0.0.1", 0),)
    )
    http += tuple(address for address in settings.http[1:] if _is_free(address))
    grpc = settings.grpc
    if grpc is not None and not _is_free(grpc):
        grpc = Address(grpc.host, 0)
    return Runtime(replace(settings, http=http, grpc=grpc, receive=True), sets_aside=True)


def _is_free(address: Address) -> bool:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            return False
    return True


def _listening(runtime: Runtime) -> Endpoints:
    if runtime.read_only is not None:
        raise runtime.read_only
    if not runtime.is_writer:
        raise StoreError(f"Another process took {runtime.settings.db} just now.", hint="Try again.")
    statuses = runtime.statuses()
    check_listening(tuple(status for status in statuses if status.protocol == "http"))
    listening = [status for status in statuses if status.state is ReceiverState.LISTENING]
    return Endpoints(
        http=tuple(reachable(status.address) for status in listening if status.protocol == "http"),
        grpc=next((reachable(status.address) for status in listening if status.protocol == "grpc"), None),
        access=runtime.settings.access,
    )


def _run_child(command: Sequence[str], environment: Mapping[str, str]) -> int:
    in_foreground = _in_foreground()
    child: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def forward(number: int, frame: object) -> None:
        if in_foreground and number in FROM_TERMINAL:
            return
        if child is None:
            early.append(number)
        else:
            child.send_signal(number)

    before = {number: signal.signal(number, forward) for number in FORWARDED}
    try:
        child = _start(command, environment)
        for number in early:
            child.send_signal(number)
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def _start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, env=environment)
    except FileNotFoundError:
        raise NoSuchCommandError(f"{command[0]}: no such command.") from None
    except OSError as error:
        raise NotExecutableError(f"{command[0]} cannot be run: {error.strerror}.") from error


def _in_foreground() -> bool:
    """Whether a terminal's Ctrl+C reaches this process and the app alike."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
