"""The real program and real apps, as subprocesses."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.terminal import Terminal

APPS = Path(__file__).parents[1] / "e2e" / "apps"

_FOREIGN = ("OTEL_", "PHOENIX_", "TRACETUI_", "XDG_", "COLUMNS", "LINES")

CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
"""This process's environment without what would point an app or the program elsewhere."""


def environment(home: Path, **more: str) -> dict[str, str]:
    """An environment of its own for a test: no settings, no data of the developer's."""
    return {**CLEAN, "HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "XDG_CONFIG_HOME": str(home / "config"),
            "TZ": "UTC", "NO_PROXY": "*", "PYTHONWARNINGS": "ignore", **more}  # fmt: skip


def tracetui(*arguments: str) -> list[str]:
    """The command line of the program."""
    return [sys.executable, "-m", "tracetui", *arguments]


def run_cli(*arguments: str, home: Path, env: Mapping[str, str] | None = None, timeout: float = 60,
            stdin: bytes = b"") -> subprocess.CompletedProcess[str]:  # fmt: skip
    """Run the program to its end, its output captured."""
    done = subprocess.run(
        tracetui(*arguments), env={**environment(home), **(env or {})}, capture_output=True, timeout=timeout,
        input=stdin, check=False,
    )  # fmt: skip
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def json_lines(text: str) -> list[dict[str, object]]:
    """The objects of a `--json` listing."""
    return [json.loads(line) for line in text.splitlines()]


def run_app(name: str, *arguments: str, home: Path, openai_url: str = "") -> None:
    """Run an instrumented app to its end; it must succeed."""
    env = environment(home, OPENAI_BASE_URL=openai_url, OPENAI_API_KEY="sk-fake")
    done = subprocess.run([sys.executable, str(APPS / name), *arguments], env=env, capture_output=True, timeout=60,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Explorer:
    """The explorer in a terminal, on a database and ports of its own."""

    def __init__(
        self,
        home: Path,
        *arguments: str,
        size: tuple[int, int] = (120, 40),
        controls: bool = True,
        ports: tuple[int, int] | None = None,
        **env: str,
    ) -> None:
        self.db = home / "traces.db"
        self.grpc, self.http = ports or (free_port(), free_port())
        self.terminal = Terminal(
            tracetui("--db", str(self.db), "--grpc", f"127.0.0.1:{self.grpc}", "--http", f"127.0.0.1:{self.http}",
                     *arguments),
            size=size, env=environment(home, **env), controls=controls,
        )  # fmt: skip

    def __enter__(self) -> Terminal:
        try:
            self.terminal.wait_until(lambda text: bool(re.search(r"● grpc \d+ +● http \d+", text)), "listeners")
        except BaseException:
            self.terminal.__exit__()
            raise
        return self.terminal

    def __exit__(self, *_: object) -> None:
        self.terminal.__exit__()
