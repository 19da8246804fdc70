"""`tracetui demo`: the explorer on real traces, or on a pipe the same traces as text."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from msgspec.structs import replace

from tracetui.cli import diagnostics
from tracetui.config import Address, Settings
from tracetui.errors import TracetuiError

ANY_PORT = Address("127.0.0.1", 0)
"""A free port of loopback."""


def demo(settings: Settings) -> int:
    """Show the bundled traces, from a temporary database.

    On a terminal the explorer opens and the traces are replayed live. Elsewhere they are sent through real receivers
    at once, and their list and one of them are written to stdout.
    """
    if sys.stdout.isatty() and sys.stdin.isatty():
        from tracetui.tui.launch import run_demo

        return run_demo(settings)
    with tempfile.TemporaryDirectory(prefix="tracetui-demo-") as folder:
        return _as_text(replace(settings, db=Path(folder) / "demo.db", grpc=ANY_PORT, http=(ANY_PORT,), receive=True))


def _as_text(settings: Settings) -> int:
    from tracetui.cli.lists import TRACES, write_table
    from tracetui.cli.output import Output
    from tracetui.cli.reading import all_traces
    from tracetui.cli.serve import check_listening
    from tracetui.cli.show import write_trace
    from tracetui.cli.sinks import post
    from tracetui.demo.replay import CONTENT_TYPE, send_all
    from tracetui.otlp.wire import Signal
    from tracetui.runtime import Runtime

    output = Output()
    with Runtime(settings) as runtime:
        statuses = runtime.statuses()
        check_listening(statuses)
        address = next(status.address for status in statuses if status.protocol == "http")
        send_all(lambda body, signal: post(address, Signal(signal), body, CONTENT_TYPE))
        reader = runtime.open_reader()
        try:
            traces = list(all_traces(reader))
            if not traces:
                raise TracetuiError("None of the demo's traces arrived.")
            write_table(output, TRACES, traces)
            output.line()
            write_trace(output, reader, max(traces, key=lambda trace: (trace.llm_count > 0, trace.tool_count)))
        finally:
            reader.close()
    output.flush()
    diagnostics.note("On a terminal `tracetui demo` opens the explorer on these traces.")
    return diagnostics.DONE
