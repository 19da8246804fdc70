"""What goes to the terminal while traces come: little, and it leaves the screen as painting all of it would."""

from __future__ import annotations

import json
import random
import time
import urllib.request
from pathlib import Path

import pyte

from tests.support.programs import Explorer
from tests.support.terminal import Terminal
from tracetui.tui.screens.explorer import PREVIEW_S

NAMES = ("answer", "answer a customer", "会議の要約", "e\u0301crire", "plan 🧭", "─" * 30)


def send(port: int, number: int, trace: int = 0, names: tuple[str, ...] = NAMES) -> int:
    """A few spans in a trace of their own or of this number, some like the ones before; returns how many."""
    chance, now = random.Random(number), time.time_ns()
    spans = [
        {
            "traceId": f"{trace or number:032x}",
            "spanId": f"{number * 100 + place:016x}",
            "parentSpanId": f"{number * 100:016x}" if place else "",
            "name": chance.choice(names),
            "startTimeUnixNano": str(now + place),
            "endTimeUnixNano": str(now + chance.randrange(1, 4_000_000_000)),
            "attributes": [{"key": "llm.token_count.prompt", "value": {"intValue": str(chance.randrange(9_000))}}],
            "status": {"code": 2 if chance.randrange(5) == 0 else 0},
        }
        for place in range(chance.choice((1, 3, 3, 8)))
    ]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/traces", body, {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
    return len(spans)


def settle(terminal: Terminal) -> None:
    """Wait until nothing has been painted below the header for longer than the trace under the list may wait."""
    last = time.monotonic()
    seen = cells(terminal)

    def rests(_: str) -> bool:
        nonlocal last, seen
        if (now := cells(terminal)) != seen:
            last, seen = time.monotonic(), now
        return time.monotonic() - last > PREVIEW_S + 0.3

    terminal.wait_until(rests, "an end of the output", timeout=40)


def cells(terminal: Terminal) -> list[list[pyte.screens.Char]]:
    """Every cell with its style, below the header, which says the rate of the moment."""
    columns, rows = terminal.size
    return [[terminal.screen.buffer[row][column] for column in range(columns)] for row in range(1, rows)]


def wait_for_width(terminal: Terminal, columns: int) -> None:
    """Wait until the header reaches to the right edge."""
    terminal.wait_until(lambda text: len(text.split("\n")[0].rstrip()) == columns - 1, f"{columns} columns")


def check_against_a_whole_paint(terminal: Terminal) -> None:
    """Have all of the screen painted, by another size and back: what stands there must be what stood there."""
    settle(terminal)
    bit_by_bit = cells(terminal)
    columns, rows = terminal.size
    for width in (columns + 1, columns):
        terminal.resize(width, rows)
        wait_for_width(terminal, width)
        settle(terminal)
    assert cells(terminal) == bit_by_bit


def test_what_a_list_writes_bit_by_bit_is_what_painting_all_would_show(tmp_path: Path) -> None:
    explorer = Explorer(tmp_path)
    with explorer as terminal:
        for number in range(1, 61):
            send(explorer.http, number)
            if number % 3 == 0:
                terminal.wait_for(f"{number} traces")
        check_against_a_whole_paint(terminal)


def test_what_a_trace_writes_as_it_grows_is_what_painting_all_would_show(tmp_path: Path) -> None:
    explorer = Explorer(tmp_path)
    with explorer as terminal:
        spans = send(explorer.http, 1)
        terminal.wait_for("1 trace")
        terminal.press("enter")
        terminal.wait_for("Back")
        for number in range(2, 30):
            spans += send(explorer.http, number, trace=1)
            if number % 3 == 0:
                terminal.wait_for(f"{spans} spans")
        check_against_a_whole_paint(terminal)


def test_one_more_trace_does_not_write_again_what_all_rows_say(tmp_path: Path) -> None:
    explorer = Explorer(tmp_path, size=(80, 24))  # the list alone
    same = "a name of all traces"
    with explorer as terminal:
        for number in range(1, 31):
            send(explorer.http, number, names=(same,))
        terminal.wait_for("30 traces")
        settle(terminal)
        assert terminal.text.count(same) > 12
        before = len(terminal.output)
        send(explorer.http, 31, names=(same,))
        terminal.wait_for("31 traces")
        settle(terminal)
        assert terminal.output[before:].count(same.encode()) < 8, "a few have another style beside it"
