"""The status screen: what it finds, that it goes on looking, and how it looks."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from tests.integration.receivers.http_client import send
from tests.support.clock import FixedClock
from tests.support.corpus import offline
from tests.ui.conftest import Until, screen_text
from tests.ui.test_snapshots import Compare
from tracetui.config import Address
from tracetui.health.findings import NOTE, OK, PROBLEM, Finding
from tracetui.receivers.status import ReceiverState
from tracetui.runtime import Runtime
from tracetui.store.records import Reason
from tracetui.tui.app import TracetuiApp
from tracetui.tui.feed import Feed
from tracetui.tui.messages import HealthLoaded
from tracetui.tui.screens import status
from tracetui.tui.screens.status import StatusScreen

Explore = Callable[..., TracetuiApp]


def http(runtime: Runtime) -> Address:
    return next(status.address for status in runtime.statuses() if status.state is ReceiverState.LISTENING)


async def test_it_says_what_the_process_does(tmp_path: Path, until: Until, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "LOOK_EVERY_S", 0.05)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.example:4318")
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        addresses = (Address("127.0.0.1", 0), Address(*taken.getsockname()))
        settings = replace(offline(tmp_path / "traces.db"), http=addresses, receive=True, max_size=2 * 10**9)
        runtime = Runtime(settings)
        runtime.open_store()
        app = TracetuiApp(runtime, clock=FixedClock())
        async with app.run_test(size=(120, 60)) as pilot:
            await until(pilot, lambda: all(s.state is not ReceiverState.STARTING for s in runtime.statuses()))
            await pilot.press("i")
            await until(pilot, lambda: f"{http(runtime)} listening" in screen_text(app))
            text = screen_text(app)
            assert f"{addresses[1]} is in use by another program." in text
            assert "something is to be mended" in text
            assert "turned away      nothing since the start" in text
            assert "limits           at most 2.0 GB, pinned traces apart" in text
            assert "OTEL_EXPORTER_OTLP_ENDPOINT points elsewhere" in text
            assert "SQLite" in text and "textual" in text

            kind = "application/json"
            assert send(http(runtime), b"{", content_type=kind).status == 400
            zero = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00","spanId":"00"},%s]}]}]}' % (
                b'{"traceId":"%032x","spanId":"%016x","name":"x","startTimeUnixNano":"1"}' % (7, 7)
            )
            assert send(http(runtime), zero, content_type=kind).status == 200
            await until(pilot, lambda: "1 span, 0 log records in 2 requests" in screen_text(app))
            text = screen_text(app)
            assert "○ malformed        1, last " in text and "○ rejected         1, last " in text
            assert "0.1 a second in the last 10 s" in text
            assert "of one" in text
            runtime.ingest.run(lambda writer: writer.remove([f"{7:032x}"], reason=Reason.SIZE, now_nano=1)).result()
            await until(pilot, lambda: "1 trace (1 span) for the size" in screen_text(app))
            await pilot.press("q")
            assert not isinstance(app.screen, StatusScreen), "q closes it and not the program"
        runtime.stop()


async def test_a_limit_that_is_not_kept_is_to_be_mended(
    explore: Explore, until: Until, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = explore("plain-error")
    async with app.run_test(size=(120, 60)) as pilot:
        await until(pilot, lambda: app.explorer.traces.total == 1)
        monkeypatch.setattr(runtime, "retention_trouble", lambda: "the rest is pinned")
        await pilot.press("i")
        await until(pilot, lambda: "not kept: the rest is pinned" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "✖ the limits are not kept: the rest is pinned" in screen_text(app))


async def test_a_viewer_says_who_receives(runtime: Runtime, tmp_path: Path, until: Until) -> None:
    runtime._writer.lock.update(grpc="127.0.0.1:4317", http=["127.0.0.1:4318"])  # type: ignore[union-attr]
    viewer = Runtime(offline(tmp_path / "traces.db"))
    viewer.open_store()
    app = TracetuiApp(viewer, clock=FixedClock())
    async with app.run_test(size=(120, 60)) as pilot:
        await until(pilot, lambda: app.explorer.traces.loaded and "viewer of process" in screen_text(app))
        assert "spans/s" not in screen_text(app), "it does not know what the other one stores"
        await pilot.press("i")
        await until(pilot, lambda: "receives; this is a viewer of what it stores" in screen_text(app))
        assert "127.0.0.1:4318 is listened on by process" in screen_text(app)
    viewer.stop()


SECTIONS = [
    (
        "Receiving",
        [
            Finding("grpc", OK, "127.0.0.1:4317 listening"),
            Finding("http", OK, "127.0.0.1:4318 listening"),
            Finding("http", PROBLEM, "127.0.0.1:6006 is in use by another program.", "Stop it, or choose another."),
            Finding("received", OK, "18,204 spans, 312 log records in 1,024 requests"),
            Finding("rate", OK, "42.0 a second in the last 10 s"),
            Finding("queue", OK, "empty"),
            Finding("commits", OK, "p50 2.1ms, p95 8.4ms, worst 31ms of the last 512"),
            Finding("rejected", NOTE, "3, last 12:03:11: 3 refused: trace_id is all zero. (3 times)"),
        ],
    ),
    (
        "Stored",
        [
            Finding("database", OK, "/home/ann/traces.db: 1,402 traces, 18,204 spans, 312 log records, 1.2 GB"),
            Finding("write-ahead log", OK, "4.2 MB"),
            Finding("search index", NOTE, "120 spans are not in it yet", "A running tracetui brings it up to date."),
            Finding("limits", OK, "at most 2.0 GB and traces of the last 30 days, pinned traces apart"),
            Finding("removed", OK, "88 traces (1,204 spans) for their age, last 2026-11-25 12:00:00"),
            Finding("disk", OK, "76 GB free, 67 MB of it kept in reserve"),
        ],
    ),
    ("This shell", [Finding("environment", OK, "OTEL_EXPORTER_OTLP_ENDPOINT points here")]),
    (
        "Program",
        [
            Finding("version", OK, "tracetui 1.0.0"),
            Finding("platform", OK, "Python 3.11.7, SQLite 3.40.1, textual 8.2.8, grpcio 1.85.3, protobuf 7.36.2"),
            Finding("access", OK, "this machine's programs, no token"),
        ],
    ),
]


@pytest.mark.parametrize("theme", ["tracetui-dark", "tracetui-light"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=["80x24", "120x40", "200x50"])
def test_picture(
    size: tuple[int, int], theme: str, snap_compare: Compare, tmp_path: Path, until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(
        Feed, "load_health", lambda self, target, runtime: target.post_message(HealthLoaded(SECTIONS)) and None
    )
    runtime = Runtime(replace(offline(tmp_path / "traces.db"), theme=theme))
    runtime.open_store()
    try:
        app = TracetuiApp(runtime, clock=FixedClock())

        async def press(pilot: Pilot[str]) -> None:
            await until(pilot, lambda: app.explorer.traces.loaded)
            await pilot.press("i")
            await until(pilot, lambda: "18,204 spans" in screen_text(app))
            await pilot.pause()

        monkeypatch.setattr("tracetui.tui.pulse.Pulse.take_size", lambda self, size: None)
        assert snap_compare(app, terminal_size=size, run_before=press)
    finally:
        runtime.stop()
