"""A database of real traces that the commands read, and a server that they meet."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.corpus import CORPUS
from tests.support.programs import environment, free_port, run_cli, tracetui

STOCK = ("oi-openai-http", "oi-langchain", "otel-openai-default", "plain-order", "plain-deep", "plain-weird")
"""Scenarios of the stocked database: LLM calls and tools, retrieval, logs, odd shapes, hostile text."""


class Cli:
    """The program on one database."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.db = home / "traces.db"

    def __call__(self, *arguments: str, stdin: bytes = b"", **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return run_cli(*arguments, home=self.home, env={"TRACETUI_DB": str(self.db), **env}, stdin=stdin)

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """Start a command and let it run."""
        return subprocess.Popen(
            tracetui(*arguments),
            env=environment(self.home, TRACETUI_DB=str(self.db), **env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def objects(self, *arguments: str) -> list[dict[str, object]]:
        """The objects of a `--json` listing of everything."""
        done = self(*arguments, "--json", "--limit", "0")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


class Server:
    """A running `tracetui serve`."""

    def __init__(self, process: subprocess.Popen[str], grpc: int, http: int) -> None:
        self.process = process
        self.grpc = grpc
        self.http = http


@contextmanager
def serving(cli: Cli) -> Iterator[Server]:
    """`tracetui serve` on the database and free ports, ready."""
    grpc, http = free_port(), free_port()
    process = cli.start("serve", "--grpc", f"127.0.0.1:{grpc}", "--http", f"127.0.0.1:{http}")
    try:
        assert process.stderr is not None
        assert [process.stderr.readline() for _ in range(2)] == [
            f"ready: OTLP/gRPC on http://127.0.0.1:{grpc}\n",
            f"ready: OTLP/HTTP on http://127.0.0.1:{http}\n",
        ]
        yield Server(process, grpc, http)
    finally:
        process.kill()
        process.communicate()


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
    with serving(cli) as server:
        yield server


Match = Callable[[dict[str, object]], bool]


def find(objects: list[dict[str, object]], match: Match) -> dict[str, object]:
    """The first object that matches."""
    return next(value for value in objects if match(value))
