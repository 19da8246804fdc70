"""Hours of work: senders at a steady rate, limits on, somebody looking at it all the while, and a restart now and then.

Three minutes, unless told: `SOAK_MINUTES=120 pytest -n 0 tests/e2e/test_soak.py` is the long form. With
`SOAK_RESTART_MINUTES=120` as well one process does it all, which shows what a restart every 20 minutes would hide.
"""

from __future__ import annotations

import http.client
import itertools
import math
import os
import statistics
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.support.programs import Explorer, free_port
from tests.support.terminal import Terminal
from tracetui.otlp.protowire import bytes_field, fixed64_field
from tracetui.store.sqlite import SqliteReader

MINUTES = float(os.environ.get("SOAK_MINUTES", "3"))
RESTART_MINUTES = float(os.environ.get("SOAK_RESTART_MINUTES", min(20.0, MINUTES / 3)))
"""A restart so often; unless told twice in a shorter run."""

SPANS, REQUESTS_A_SECOND = 25, 20
"""500 spans a second, in traces of 25."""

LIMIT = "40MB"
"""Size of the database that retention keeps."""

SETTLES_S = 1_200.0
"""When all caches are full and the heap has found its shape. In a process of 100 minutes memory rose by 5 MB in the
first five minutes, by 1 MB in the next ten, and then no more; beside other work that takes it longer."""

JUDGED_S = 1_800.0
"""How much of a settled process is worth judging: what comes and goes hides it in less."""

MOST_GROWTH = 1.0
"""MB an hour."""

KEY_S, SAMPLE_S = 0.25, 2.0
"""Somebody presses a key so often; and so often is looked at the process."""

MOST_WAL = 128 * 1024 * 1024

KEYS = ("j", "j", "enter", "j", "enter", "1", "5", "8", "9", "pagedown", "escape", "k", "escape", "s", "c", "j", "c",
        "G", "g", "t", "end", "home", "f")  # fmt: skip
"""What somebody does who looks at it."""


def trace(number: int) -> bytes:
    """A request of one trace."""
    now = time.time_ns()
    spans = [
        bytes_field(1, number.to_bytes(16, "big"))
        + bytes_field(2, (number * 100 + place).to_bytes(8, "big"))
        + (bytes_field(4, (number * 100 + 1).to_bytes(8, "big")) if place > 1 else b"")
        + bytes_field(5, b"step %d of %d" % (place, number))
        + fixed64_field(7, now)
        + fixed64_field(8, now + 1_000_000)
        + bytes_field(9, bytes_field(1, b"text") + bytes_field(2, bytes_field(1, b"some words %d " % number * 20)))
        for place in range(1, SPANS + 1)
    ]
    return bytes_field(1, bytes_field(2, b"".join(bytes_field(2, span) for span in spans)))


class Sender:
    """Sends traces at a steady rate, each again until it is acknowledged."""

    def __init__(self, port: int) -> None:
        self.acknowledged = 0
        """Traces, numbered from 1 on without a gap."""
        self._port = port
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        for number in itertools.count(1):
            due = max(due + 1 / REQUESTS_A_SECOND, time.monotonic() - 1)
            self._stopped.wait(max(0.0, due - time.monotonic()))
            body = trace(number)
            while not self._send(body):
                if self._stopped.wait(0.2):
                    return
            self.acknowledged = number
            if self._stopped.is_set():
                return

    def _send(self, body: bytes) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        with closing(connection), suppress(OSError, http.client.HTTPException):
            connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
            return connection.getresponse().status == 200
        return False


class Samples:
    """What the process takes, as time goes by."""

    def __init__(self, db: Path) -> None:
        self._wal = db.with_name(db.name + "-wal")
        self.runs: list[list[tuple[float, int, int, int]]] = []
        """Of each run of the program: seconds, KB in memory, descriptors, threads."""
        self.most_wal = 0

    def take(self, process: int) -> None:
        lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
        status = dict(line.split(":", 1) for line in lines)
        descriptors = len(os.listdir(f"/proc/{process}/fd"))
        self.runs[-1].append((time.monotonic(), int(status["VmRSS"].split()[0]), descriptors, int(status["Threads"])))
        with suppress(FileNotFoundError):
            self.most_wal = max(self.most_wal, self._wal.stat().st_size)

    @property
    def whole(self) -> float:
        """MB an hour by which the memory grew from the first run to the last."""
        return growth([[sample for run in self.runs for sample in minutes(run)]])[0]

    @property
    def within(self) -> tuple[float, float]:
        """MB an hour by which the memory grew within the runs once it had settled, and the standard error of that."""
        return growth([minutes(settled(run)) for run in self.runs])

    def report(self) -> str:
        lines = []
        for run in self.runs:
            memory = [sample[1] // 1024 for sample in run]
            lines.append(
                f"{seconds(run):.0f} s: memory {memory[len(memory) // 4]} to {memory[-1]} MB,"
                f" descriptors {run[len(run) // 4][2]} to {run[-1][2]},"
                f" threads {run[len(run) // 4][3]} to {run[-1][3]}"
            )
        lines.append(f"growth: {self.whole:.1f} MB/h over all")
        lines.append("within runs, once settled: {:.1f} MB/h, standard error {:.1f}".format(*self.within))
        return "\n".join([*lines, f"write-ahead log {self.most_wal >> 20} MB at most"])


def growth(parts: Sequence[Sequence[tuple[float, float]]]) -> tuple[float, float]:
    """MB an hour by which the memory (KB at a second) grew within these parts, and the standard error of that."""
    times: list[float] = []
    memory: list[float] = []
    for part in filter(None, parts):
        middle, mean = (statistics.fmean(sample[at] for sample in part) for at in (0, 1))
        times += [at - middle for at, _ in part]
        memory += [size - mean for _, size in part]
    freedom = len(times) - len(parts) - 1
    if freedom < 1:
        return 0.0, math.inf
    slope = statistics.linear_regression(times, memory).slope
    beside = sum((size - slope * at) ** 2 for at, size in zip(times, memory, strict=True))
    error = math.sqrt(beside / freedom / sum(at * at for at in times))
    return slope * 3600 / 1024, error * 3600 / 1024


def seconds(run: list[tuple[float, int, int, int]]) -> float:
    """How long a run was looked at."""
    return run[-1][0] - run[0][0]


def settled(run: list[tuple[float, int, int, int]]) -> list[tuple[float, int, int, int]]:
    """A run from when its memory has settled."""
    return [sample for sample in run if sample[0] - run[0][0] >= SETTLES_S]


def minutes(run: list[tuple[float, int, int, int]]) -> list[tuple[float, float]]:
    """The memory of each minute: pages of the database come and go, by 3 MB from one moment to the next."""
    found: dict[int, list[int]] = {}
    for at, memory, *_ in run:
        found.setdefault(int(at // 60), []).append(memory)
    return [(minute * 60.0, statistics.fmean(memory)) for minute, memory in found.items()]


def look_around(terminal: Terminal, samples: Samples, until: float) -> None:
    for number, key in enumerate(itertools.cycle(KEYS)):
        if time.monotonic() > until:
            return
        terminal.press(key)
        threading.Event().wait(KEY_S)
        if number % round(SAMPLE_S / KEY_S) == 0:
            samples.take(terminal.process.pid)
        assert terminal.process.poll() is None, terminal.text


def test_hours_of_work_leave_it_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config" / "tracetui"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(f'max_size = "{LIMIT}"\n', encoding="utf-8")
    ports = free_port(), free_port()
    samples = Samples(tmp_path / "traces.db")
    part = RESTART_MINUTES * 60
    ends = time.monotonic() + MINUTES * 60
    sender = Sender(ports[1])
    try:
        while time.monotonic() < ends:
            samples.runs.append([])
            with Explorer(tmp_path, ports=ports) as terminal:
                terminal.wait_for("spans/s")
                look_around(terminal, samples, min(time.monotonic() + part, ends))
                if time.monotonic() >= ends:
                    sender.stop()
                terminal.press("escape")
                threading.Event().wait(0.5)
                terminal.press("q")
                assert terminal.wait_exit(20) == 0, terminal.text
    finally:
        sender.stop()
    with capsys.disabled():
        print(f"\n{sender.acknowledged * SPANS:,} spans\n{samples.report()}")
    check(samples, tmp_path / "traces.db", sender.acknowledged)


def check(samples: Samples, db: Path, acknowledged: int) -> None:
    assert samples.most_wal <= MOST_WAL
    for run in samples.runs:
        quarter = run[len(run) // 4]
        assert run[-1][2] <= quarter[2] + 8 and run[-1][3] <= quarter[3] + 4, "descriptors and threads"
        assert run[-1][1] - quarter[1] < 60 * 1024
    if len(samples.runs) > 2 and sum(map(seconds, samples.runs)) > 3_600:
        assert samples.whole <= MOST_GROWTH
    if sum(map(seconds, filter(None, map(settled, samples.runs)))) > JUDGED_S:
        slope, error = samples.within
        assert slope - 2 * error <= MOST_GROWTH
    with closing(SqliteReader(db)) as reader:
        kept = {int(row.trace_id, 16): row.span_count for row in reader.traces(limit=10_000_000)}
        assert reader.size().spans == len(kept) * SPANS
    assert set(kept.values()) == {SPANS}
    assert sorted(kept) == list(range(min(kept), acknowledged + 1)), "the oldest have gone, and nothing else"
