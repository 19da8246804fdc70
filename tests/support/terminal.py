"""A program in a real pseudo-terminal, its screen read by a terminal emulator."""

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
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyte

KEYS = {
    "enter": "\r", "escape": "\x1b", "tab": "\t", "down": "\x1b[B", "up": "\x1b[A", "right": "\x1b[C", "left": "\x1b[D",
    "pagedown": "\x1b[6~", "pageup": "\x1b[5~", "home": "\x1b[H", "end": "\x1b[F", "ctrl+p": "\x10", "ctrl+c": "\x03",
    "space": " ",
}  # fmt: skip

_NOT_FOR_PYTE = re.compile(rb"\x1b\[[<>=?][0-9;]*[a-zA-Z$]*[upq]|\x1b\[[0-9;]*\$[a-z]|\x1bP[^\x1b]*\x1b\\")
"""Keyboard protocol and mode queries, which pyte would print."""


class Terminal:
    """A child process on a pty of its own; use as a context manager.

    Args:
        command: The program and its arguments.
        size: Columns and rows.
        env: Its whole environment, `TERM` and the like added.
        controls: Whether the pty is the program's controlling terminal, whose end it hears of by a signal.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (120, 40),
        env: Mapping[str, str] | None = None,
        controls: bool = True,
    ) -> None:
        self.size = size
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self._lock = threading.Lock()
        self.output = bytearray()
        """Every byte the program has written."""
        self._text, self._drawn = "", -1
        self._hung_up = threading.Event()
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        environ = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **(env or os.environ)}
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True,
            preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if controls else None,
        )  # fmt: skip
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while not self._hung_up.is_set():
            try:
                # not blocked in the read: that would keep the pty open after it is closed
                if not select.select([self._master], [], [], 0.05)[0]:
                    continue
                data = os.read(self._master, 65536)
            except (OSError, ValueError):
                return
            if not data:
                return
            with self._lock:
                self.output += data
                self._stream.feed(_NOT_FOR_PYTE.sub(b"", data))

    @property
    def text(self) -> str:
        """The screen, a line a row."""
        with self._lock:
            if self._drawn != len(self.output):  # drawing takes longer than most waits look apart
                self._text, self._drawn = "\n".join(self.screen.display), len(self.output)
            return self._text

    @property
    def is_busy(self) -> bool:
        """Whether the program computes, or waits for a processor, at this moment; where no `/proc` tells, it rests."""
        with suppress(OSError):
            for task in Path(f"/proc/{self.process.pid}/task").iterdir():
                if (task / "stat").read_text().rpartition(")")[2].split()[0] == "R":
                    return True
        return False

    def press(self, *keys: str) -> None:
        """Press keys by name, or type text."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def resize(self, columns: int, rows: int) -> None:
        """Change the size, as dragging a window's corner does."""
        with self._lock:
            self.screen.resize(rows, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """Close the terminal, as closing its window does."""
        self._hung_up.set()
        self._reader.join()
        os.close(self._master)
        self._master = -1

    def wait_for(self, *wanted: str, timeout: float = 20.0) -> str:
        """Wait until every text stands on the screen; returns the screen.

        Raises:
            AssertionError: They never did; shows the screen.
        """
        return self.wait_until(lambda text: all(word in text for word in wanted), f"{wanted}", timeout=timeout)

    def wait_until(self, holds: Callable[[str], bool], what: str, *, timeout: float = 20.0) -> str:
        """Wait until a condition holds for the screen."""
        deadline = time.monotonic() + timeout
        while True:
            text = self.text
            if holds(text):
                return text
            if time.monotonic() > deadline or (self.process.poll() is not None and not self._reader.is_alive()):
                raise AssertionError(f"never on the screen: {what}\nexit {self.process.poll()}\n{text}")
            threading.Event().wait(0.02)

    def wait_exit(self, timeout: float = 10.0) -> int:
        """Wait for the program to end; returns its exit status."""
        return self.process.wait(timeout)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self._master >= 0:
            os.close(self._master)
        self._reader.join(timeout=5)


def output_of(
    command: Sequence[str],
    *,
    size: tuple[int, int] = (160, 50),
    env: Mapping[str, str] | None = None,
    typed: bytes = b"",
    timeout: float = 60,
) -> tuple[int, bytes]:
    """Run a program on a pty of its own to its end.

    Args:
        command: The program and its arguments.
        size: Columns and rows.
        env: Its whole environment, `TERM` added.
        typed: What is typed before it reads.
        timeout: Seconds it may take.

    Returns:
        Its exit status, and every byte that it wrote.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    environ = {"TERM": "xterm-256color", "LANG": "C.UTF-8", **(env or os.environ)}
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True)
    os.close(slave)
    os.write(master, typed)
    written = bytearray()
    timer = threading.Timer(timeout, process.kill)
    timer.start()
    try:
        while data := _read_pty(master):
            written += data
        return process.wait(timeout), bytes(written)
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        os.close(master)


def _read_pty(master: int) -> bytes:
    """What has been written, once there is something; nothing when the other side is closed."""
    try:
        return os.read(master, 65536)
    except OSError:  # EIO: how Linux says that nobody holds the other side any more
        return b""
