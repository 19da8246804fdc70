"""The program again and again, without importing it again and again: a process that has imported it, and forks.

Each child is the whole program from its command line on: it opens, listens and ends like one that was started, and can
be killed like one. Only reading the code from the disk is spared.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

_PROGRAM = """
import json, os, signal, sys
import tracetui.cli.app, tracetui.cli.serve, tracetui.receivers.otlp_grpc, tracetui.receivers.otlp_http
import tracetui.reindex, tracetui.store.follower, tracetui.store.retention, tracetui.store.sqlite.migrations
import opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc
from tracetui.cli.main import run_command_line
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    words, environment, fifo = json.loads(line)
    child = os.fork()
    if not child:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open(fifo, os.O_WRONLY), 2)
        os.environ.update(environment)
        os._exit(run_command_line(words))
    print(child, flush=True)
"""


class Child:
    """One running program."""

    def __init__(self, pid: int, errors: int) -> None:
        self.pid = pid
        self._errors = errors
        self._read = b""

    def wait_for(self, word: bytes, seconds: float = 20) -> bool:
        """Read its stderr up to a word; False where it ends before."""
        deadline = time.monotonic() + seconds
        while word not in self._read:
            assert time.monotonic() < deadline, f"it does not say {word!r}: {self._read!r}"
            if not (more := os.read(self._errors, 4096)):
                return False
            self._read += more
        return True

    def send(self, number: signal.Signals) -> None:
        """A signal, if it still runs."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return

    def ended(self) -> bytes:
        """Wait for its end; returns what it has said."""
        while more := os.read(self._errors, 65_536):
            self._read += more
        os.close(self._errors)
        return self._read


class Nursery:
    """Where children come from."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(environment)
        )
        self._folder = tempfile.TemporaryDirectory(prefix="nursery-")
        self._born = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()

    def start(self, *words: str, **environment: str) -> Child:
        """Start the program with these words."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._born += 1
        fifo = Path(self._folder.name) / str(self._born)
        os.mkfifo(fifo)
        self._process.stdin.write(json.dumps([words, environment, str(fifo)]).encode() + b"\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        errors = os.open(fifo, os.O_RDONLY)
        fifo.unlink()
        return Child(pid, errors)
