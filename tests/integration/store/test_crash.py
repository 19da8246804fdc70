"""`kill -9` right after `write` returned: everything is there, once."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories import span_id, trace_id
from tracetui.store.api import all_spans
from tracetui.store.conditions import InTrace
from tracetui.store.sqlite import SqliteReader, SqliteWriter

REPOSITORY = Path(__file__).parents[3]

WRITER = """
import sys
from pathlib import Path
from tests.factories import make_batch, make_incoming_span
from tracetui.store.sqlite import SqliteWriter
writer = SqliteWriter(Path(sys.argv[1]))
first = int(sys.argv[2])
for number in range(first, first + 1_000_000):
    spans = [make_incoming_span(number * 10 + n, parent=number * 10 if n else 0, trace=number % 3 + 1,
                                data=b"x" * 2_000) for n in range(10)]
    writer.write([make_batch(*spans)])
    print(number, flush=True)
"""


def run_and_kill(path: Path, first: int, acknowledged: int) -> int:
    """Write until so many commits are acknowledged, kill; returns the last that was."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(first)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as writer:
        assert writer.stdout is not None
        for _ in range(acknowledged):
            last = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        return max([last, *(int(line) for line in writer.stdout if line.endswith("\n"))])


def check(path: Path, last: int) -> None:
    reader = SqliteReader(path)
    found = [(span.row.trace_id, span.row.span_id) for span in all_spans(reader)]
    assert len(found) == len(set(found)), "each once"
    expected = {
        (trace_id(number % 3 + 1), span_id(number * 10 + n)) for number in range(1, last + 1) for n in range(10)
    }
    assert expected <= set(found), "what was acknowledged is there"
    assert len(found) % 10 == 0, "and nothing by halves"
    for trace in reader.traces():
        rows = reader.count_spans(InTrace(trace.trace_id))
        assert (trace.span_count, len(reader.skeleton(trace.trace_id))) == (rows, rows)
    assert reader.count_spans() == len(found)
    reader.close()


@pytest.mark.parametrize("rounds", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_killed_after_an_acknowledged_write(tmp_path: Path, rounds: int) -> None:
    path = tmp_path / "a.db"
    last = 0
    for number in range(rounds):
        last = run_and_kill(path, last + 1, 1 + number % 7)
        check(path, last)
        SqliteWriter(path).close()
        check(path, last)
