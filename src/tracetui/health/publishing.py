"""What a process that receives says of itself to others: `tracetui doctor`, and viewers of the same database.

It stands in a file beside the database, `<database>.health`, which is written when there is something new to say and
removed in the end. It holds the words of `traffic`, so no received values, and the limits, which this process may have
from its flags.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from pathlib import Path

from tracetui.health.findings import Finding
from tracetui.health.place import limits
from tracetui.health.traffic import retention, traffic, turned_away
from tracetui.runtime import Runtime

log = logging.getLogger(__name__)

EVERY_S = 2.0
"""How often it is looked whether there is something new to say."""

MAX_BYTES = 1 << 20
"""Of such a file; what is larger is none."""


def health_path(database: Path) -> Path:
    """The file of a database."""
    return database.with_name(database.name + ".health")


class Publisher:
    """Says it, in a thread of its own, as long as this process writes the database."""

    def __init__(self, runtime: Runtime, *, every_s: float = EVERY_S) -> None:
        self._runtime = runtime
        self._every_s = every_s
        self._path = health_path(runtime.settings.db)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tracetui-health", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End; nothing is said any more."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        said = b""
        try:
            while True:
                said = self._say(said)
                if self._stopping.wait(self._every_s) or self._runtime.is_stopped:
                    break
            self._path.unlink(missing_ok=True)
        except OSError as error:  # nobody needs it to go on
            log.warning("%s cannot be written: %s", self._path.name, error.strerror)

    def _say(self, said: bytes) -> bytes:
        """Write what is to be said, if it is not what was said; returns it."""
        runtime = self._runtime
        findings = [
            *traffic(runtime),
            *turned_away(runtime),
            *limits(runtime.settings),
            *retention(runtime),
        ]
        data = json.dumps({"pid": os.getpid(), "findings": findings}).encode()
        if data != said:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                os.fchmod(descriptor, 0o600)
                os.pwrite(descriptor, data, 0)
                os.ftruncate(descriptor, len(data))
            finally:
                os.close(descriptor)
        return data


def published(database: Path, pid: int) -> list[Finding]:
    """What the process with this id, which writes the database, says of itself; nothing where it says nothing."""
    try:
        descriptor = os.open(health_path(database), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        data = os.pread(descriptor, MAX_BYTES, 0)
    finally:
        os.close(descriptor)
    try:
        said, _ = json.JSONDecoder().raw_decode(data.decode())
        if said["pid"] != pid:
            return []
        return [Finding(*map(str, finding)) for finding in said["findings"]]
    except (ValueError, KeyError, TypeError):  # caught between two writes
        return []
