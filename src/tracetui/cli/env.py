"""`tracetui env`: lines to paste into a shell."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping

from tracetui.cli import diagnostics
from tracetui.cli.endpoints import configured_endpoints, running_endpoints
from tracetui.cli.output import Output
from tracetui.config import Settings
from tracetui.errors import UsageError


def env(settings: Settings, shell: str) -> int:
    """Write the lines that make apps started in this shell export here.

    Args:
        settings: Which database, and the addresses where no tracetui runs on it.
        shell: One of `SHELLS`.

    Raises:
        UsageError: The shell is not known, or every listener is off.
    """
    line = SHELLS.get(shell)
    if line is None:
        raise UsageError(f"--shell {shell} is not known.", hint=f"One of {', '.join(SHELLS)}.")
    running = running_endpoints(settings)
    endpoints = running or configured_endpoints(settings)
    variables = endpoints.environment()
    if not variables:
        raise UsageError("Every listener is off.", hint="Give --http or --grpc an address.")
    output = Output()
    if running:
        output.line(f"# tracetui (pid {running.pid}) receives here.")
    else:
        output.line("# No tracetui runs on this database yet; one started with these settings receives here.")
    for name, value in variables.items():
        output.line(line(name, value))
    output.flush()
    return diagnostics.DONE


def _sh(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str) -> str:
    return f"set -gx {name} {shlex.quote(value)}"


def _powershell(name: str, value: str) -> str:
    return f"$env:{name} = '{value.replace(chr(39), chr(39) * 2)}'"


SHELLS: Mapping[str, Callable[[str, str], str]] = {"sh": _sh, "fish": _fish, "powershell": _powershell}
"""Shell to how it sets a variable; bash and zsh are `sh`."""
