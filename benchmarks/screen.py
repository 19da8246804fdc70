"""A program in a pseudo-terminal, every byte of its output kept with the time it came; looked at afterwards.

Nothing is interpreted while the clock runs, because a terminal emulator in Python would take the time of the program.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import pyte

COLUMNS, ROWS = 120, 40

_NOT_FOR_PYTE = re.compile(rb"\x1b\[[<>=?][0-9;]*[a-zA-Z$]*[upq]|\x1b\[[0-9;]*\$[a-z]|\x1bP[^\x1b]*\x1b\\")
"""Keyboard protocol and mode queries, which pyte would print."""
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;<>=?$]*|P[^\x1b]*)?\Z")

PAUSE_S = 0.25
"""Looking at what came takes up to a tenth of a second, in which nothing is read and a program that paints is held up:
only a pause longer than those between two paints is taken for the end."""

Shows = Callable[[pyte.Screen], bool]
"""Whether a screen shows what is waited for."""


def shows(*texts: str) -> Shows:
    """Whether all these texts are on the screen."""
    return lambda screen: all(text in "\n".join(screen.display) for text in texts)


class Program:
    """A program in a terminal of 120x40; a context manager.

    Args:
        command: The program and its arguments.
        env: Its environment.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.chunks: list[tuple[float, bytes]] = []
        """What came, each with its time."""
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._next = 0
        self._rest = b""
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**env, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"},
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def press(self, keys: str) -> float:
        """Type; returns when."""
        at = time.perf_counter()
        os.write(self._master, keys.encode())
        return at

    def read(self, until: float) -> bool:
        """Take what comes up to a time, at most one piece; whether any came."""
        readable, _, _ = select.select([self._master], [], [], max(0.0, until - time.perf_counter()))
        if not readable:
            return False
        data = os.read(self._master, 1 << 16)
        self.chunks.append((time.perf_counter(), data))
        return True

    def run_for(self, seconds: float) -> int:
        """Take all that comes for some seconds; returns its bytes."""
        until, first = time.perf_counter() + seconds, len(self.chunks)
        while self.read(until):
            continue
        return sum(len(data) for _, data in self.chunks[first:])

    def wait_quiet(self, seconds: float = 0.5, patience: float = 60.0) -> None:
        """Take all that comes until nothing has come for some seconds."""
        deadline = time.perf_counter() + patience
        while self.read(time.perf_counter() + seconds):
            if time.perf_counter() > deadline:
                raise RuntimeError("the program never stopped writing")

    def wait_for(self, wanted: Shows, patience: float = 60.0) -> float:
        """Take what comes until the screen shows something; returns when the bytes came that made it do so.

        Looks at the screen only in pauses of the output, to leave the processor to the program. Where it shows that
        already, the time is now.
        """
        deadline = time.perf_counter() + patience
        if wanted(self.screen):
            return time.perf_counter()
        while time.perf_counter() < deadline:
            self.read(time.perf_counter() + 0.1)
            while self.read(time.perf_counter() + PAUSE_S):
                continue
            for at, screen in self.interpreted():
                if wanted(screen):
                    return at
        raise RuntimeError("never on the screen; last seen:\n" + "\n".join(self.screen.display))

    @property
    def screen(self) -> pyte.Screen:
        """The screen after all that came."""
        for _ in self.interpreted():
            continue
        return self._screen

    def interpreted(self) -> Iterator[tuple[float, pyte.Screen]]:
        """The screen after each piece that was not looked at yet, with its time; always the same object."""
        while self._next < len(self.chunks):
            at, data = self.chunks[self._next]
            self._next += 1
            data = self._rest + data
            cut = _UNFINISHED.search(data)
            self._rest = data[cut.start() :] if cut else b""
            self._stream.feed(_NOT_FOR_PYTE.sub(b"", data[: cut.start()] if cut else data))
            yield at, self._screen

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                deadline = time.perf_counter() + 8
                while self._process.poll() is None and time.perf_counter() < deadline:
                    self._take_rest()
            finally:
                if self._process.poll() is None:
                    self._process.kill()
                self._process.wait()
        os.close(self._master)

    def _take_rest(self) -> None:
        try:
            self.read(time.perf_counter() + 0.05)
        except OSError:
            self._process.wait(timeout=5)
