"""The processes that are measured and those that load them, each with a home of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.support.programs import environment, free_port, tracetui

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Serving:
    """A `tracetui serve`."""

    pid: int
    grpc: int
    http: int


def _lines(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise RuntimeError("the process was started without a pipe")
    return stream


@contextmanager
def serve(db: Path) -> Iterator[Serving]:
    """`tracetui serve` on a database, until its listeners listen; ended by SIGTERM."""
    ports = free_port(), free_port()
    process = subprocess.Popen(
        tracetui("serve", "--db", str(db), "--grpc", f"127.0.0.1:{ports[0]}", "--http", f"127.0.0.1:{ports[1]}"),
        env=environment(db.parent),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in ports:
            if "ready" not in (line := _lines(process.stderr).readline()):
                raise RuntimeError(f"tracetui serve did not start: {line}")
        yield Serving(process.pid, *ports)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


class Sender:
    """A process of `benchmarks.sender`, ready to start."""

    def __init__(self, protocol: str, port: int, **options: int) -> None:
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.sender", protocol, str(port), *flags],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "NO_PROXY": "*"},
        )
        if _lines(self._process.stdout).readline().strip() != "ready":
            raise RuntimeError("the sender could not connect")

    def start(self) -> None:
        """Let it send."""
        pipe = _lines(self._process.stdin)
        pipe.write("go\n")
        pipe.flush()

    @property
    def is_running(self) -> bool:
        """Whether it still sends."""
        return self._process.poll() is None

    def finish(self) -> dict[str, float]:
        """End a steady sender, or wait for a burst; what it counted."""
        output, _ = self._process.communicate(timeout=300)
        result: dict[str, float] = json.loads(output)
        return result


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in use now."""
    return _status_bytes(pid, "VmRSS:")


def peak_bytes(pid: int) -> int:
    """The most memory that a process has had in use."""
    return _status_bytes(pid, "VmHWM:")


def _status_bytes(pid: int, field: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} tells nothing of its {field}")


def start_environment(home: Path, bytecode: Path) -> dict[str, str]:
    """An environment in which a program finds its modules compiled from its second start on, as a user's would."""
    env = environment(home, PYTHONPYCACHEPREFIX=str(bytecode))
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env


def installed(*arguments: str) -> list[str]:
    """The command line of the program as a person calls it. `python -m` would import `runpy` first, 6 ms."""
    return [str(Path(sysconfig.get_path("scripts")) / "tracetui"), *arguments]


def explorer(db: Path, *arguments: str) -> tuple[list[str], int]:
    """The command line of the explorer on a database and free ports, and its HTTP port."""
    grpc, http = free_port(), free_port()
    return installed("--db", str(db), "--grpc", f"127.0.0.1:{grpc}", "--http", f"127.0.0.1:{http}", *arguments), http
