"""The explorer on the bundled captures, replayed as if they happened now, in a database that is gone afterwards."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from tracetui.config import Settings
from tracetui.demo.replay import Replayer
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import read_request
from tracetui.runtime import Runtime
from tracetui.tui.app import TracetuiApp, show

ROLE = "demo · nothing is kept"


def run_demo(settings: Settings) -> int:
    """Play the demo until the user leaves; returns the exit status."""
    with tempfile.TemporaryDirectory(prefix="tracetui-demo-") as folder:
        runtime = Runtime(replace(settings, db=Path(folder) / "demo.db", receive=False))
        runtime.open_store()

        def send(body: bytes, signal: str) -> None:
            incoming = read_request(Signal(signal), body, is_json=True)
            runtime.ingest.submit(incoming.batch).result()

        replayer = Replayer(send, clock=runtime.clock)
        app = TracetuiApp(runtime, role=ROLE)
        try:
            replayer.start()
            show(app)
        finally:
            replayer.stop()
            runtime.stop()
        return app.return_code or 0
