"""Starts the explorer on a database, or on the demo, and ends it in order."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from tracetui.config import Settings
from tracetui.errors import ScreenError
from tracetui.logs import log_path
from tracetui.runtime import Runtime
from tracetui.tui.app import TracetuiApp
from tracetui.tui.terminal import terminal_for_the_screen
from tracetui.tui.theme import ANSI, DARK

DEMO_ROLE = "demo · nothing is kept"


def run(runtime: Runtime, *, query: str = "") -> int:
    """Run the explorer until the user leaves; returns the exit status.

    Raises:
        StoreError: The database cannot be used.
    """
    runtime.open_store()
    app = TracetuiApp(runtime, query=query)
    try:
        show(app)
        app.settle()
    finally:
        runtime.stop()
    if app.return_value == "demo":
        return run_demo(runtime.settings)
    return app.return_code or 0


def show(app: TracetuiApp) -> None:
    """Run the application, in the terminal's own colours where it has but sixteen and no theme was asked for.

    Raises:
        ScreenError: The screen failed; the terminal is restored.
    """
    if app.console.color_system == "standard" and app.theme == DARK:
        app.theme = ANSI
    database = app.settings.db
    with terminal_for_the_screen(database):
        app.run()
    if app.failure:
        raise ScreenError(
            f"The screen failed ({app.failure}); what was acknowledged is stored.",
            hint=f"Please report it; {log_path(database)} says where it happened.",
        )


def run_demo(settings: Settings) -> int:
    """Play the bundled captures as if they happened now, in a database that is gone afterwards.

    Returns:
        The exit status.
    """
    import tempfile  # deferred: 2 ms, and only the demo needs it

    # deferred: the captures and OTLP are read by the demo alone
    from tracetui.demo.replay import Replayer
    from tracetui.otlp.wire import Signal
    from tracetui.receivers.incoming import read_request

    with tempfile.TemporaryDirectory(prefix="tracetui-demo-") as folder:
        runtime = Runtime(replace(settings, db=Path(folder) / "demo.db", receive=False))
        runtime.open_store()

        def send(body: bytes, signal: str) -> None:
            incoming = read_request(Signal(signal), body, is_json=True)
            runtime.ingest.submit(incoming.batch).result()

        replayer = Replayer(send, clock=runtime.clock)
        app = TracetuiApp(runtime, role=DEMO_ROLE)
        try:
            replayer.start()
            show(app)
        finally:
            replayer.stop()
            runtime.stop()
        return app.return_code or 0
