"""A database of real traces that the commands read, and a server that they meet."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

import pytest

from tests.support.corpus import CORPUS
from tests.support.programs import environment, free_port, run_cli, tracetui

STOCK = ("oi-openai-http", "oi-langchain", "otel-openai-default", "plain-order", "plain-deep", "plain-weird")
"""Scenarios of the stocked database: LLM calls and tools, retrieval, logs, odd shapes, hostile text."""


class Started:
    """A running command; it and what it has started end with the `with` block."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # whatever runs the tests may ignore it
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def line(self, stream: IO[bytes] | None, timeout: float = 20) -> str:
        """The next line it writes; fails when none comes."""
        assert stream is not None
        text = b""
        deadline = time.monotonic() + timeout
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([stream], [], [], max(deadline - time.monotonic(), 0))
            assert ready, f"no line came; so far {text!r}"
            read = os.read(stream.fileno(), 1)
            if not read:
                break
            text += read
        return text.decode()

    def out(self) -> str:
        """The next line of its stdout."""
        return self.line(self.process.stdout)

    def err(self) -> str:
        """The next line of its stderr."""
        return self.line(self.process.stderr)

    def end(self, number: signal.Signals | None = None, timeout: float = 20) -> int:
        """Its exit code, after a signal if one is given."""
        if number is not None:
            self.process.send_signal(number)
        return self.process.wait(timeout)


class Cli:
    """The program on one database."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.db = home / "traces.db"

    def __call__(self, *arguments: str, stdin: bytes = b"", **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return run_cli(*arguments, home=self.home, env={"TRACETUI_DB": str(self.db), **env}, stdin=stdin)

    def start(self, *arguments: str, **env: str) -> Started:
        """Start a command and let it run; use as a context manager."""
        return Started(tracetui(*arguments), environment(self.home, TRACETUI_DB=str(self.db), **env))

    def objects(self, *arguments: str) -> list[dict[str, object]]:
        """The objects of a `--json` listing of everything."""
        done = self(*arguments, "--json", "--limit", "0")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


class Server(Started):
    """`tracetui serve` on a database and free ports, ready."""

    def __init__(self, cli: Cli) -> None:
        self.grpc, self.http = free_port(), free_port()
        super().__init__(
            tracetui("serve", "--grpc", f"127.0.0.1:{self.grpc}", "--http", f"127.0.0.1:{self.http}"),
            environment(cli.home, TRACETUI_DB=str(cli.db)),
        )

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            assert self.err() == f"ready: OTLP/gRPC on http://127.0.0.1:{self.grpc}\n"
            assert self.err() == f"ready: OTLP/HTTP on http://127.0.0.1:{self.http}\n"
        except BaseException:
            self.__exit__()
            raise
        return self


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The program on an empty place."""
    return Cli(tmp_path)


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """The program on a database of the stock; only read."""
    cli = Cli(tmp_path_factory.mktemp("stocked"))
    done = cli("import", *(str(path) for name in STOCK for path in sorted((CORPUS / name).glob("*.pb"))))
    assert done.returncode == 0, done.stderr
    return cli


@pytest.fixture
def server(cli: Cli) -> Iterator[Server]:
    """`tracetui serve` on the database of `cli`."""
    with Server(cli) as server:
        yield server


Match = Callable[[dict[str, object]], bool]


def find(objects: list[dict[str, object]], match: Match) -> dict[str, object]:
    """The first object that matches."""
    return next(value for value in objects if match(value))


@pytest.fixture
def filled(cli: Cli) -> Cli:
    """A database of its own of the stock."""
    done = cli("import", *(str(path) for name in STOCK for path in sorted((CORPUS / name).glob("*.pb"))))
    assert done.returncode == 0, done.stderr
    return cli
