"""Memory of the explorer's process: idle on nothing, idle on much, and at its most under load."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks import bare_app, databases
from benchmarks.context import Context
from benchmarks.processes import Sender, explorer, peak_bytes, resident_bytes, start_environment
from benchmarks.report import Measure
from benchmarks.screen import Program, shows

IDLE_MB, LOADED_MB = 160, 300
MB = 1_000_000


def run(context: Context) -> list[Measure]:
    """A bare Textual application beside them."""
    env = start_environment(context.home(), context.bytecode)
    with Program([sys.executable, str(Path(bare_app.__file__))], env) as program:
        program.wait_for(shows(bare_app.TEXT))
        program.wait_quiet()
        bare = resident_bytes(program.pid)
    with Program(explorer(context.home() / "new.db")[0], env) as program:
        program.wait_for(shows("No traces yet", "● http", "● grpc"))
        program.wait_quiet()
        empty = resident_bytes(program.pid)
    db = context.large()
    command, http = explorer(db)
    with Program(command, env) as program:
        program.wait_for(shows("answer_customer", "● http", "● grpc"))
        program.wait_quiet()
        large = resident_bytes(program.pid)
        spans = context.samples(40_000, 10_000)
        sender = Sender("http", http, spans=spans, in_flight=16, seed=databases.new_seed(db))
        sender.start()
        while sender.is_running:
            program.run_for(0.2)
        sent = sender.finish()
        loaded = peak_bytes(program.pid)
    return [
        Measure(
            f"memory, {what}", size / MB, "MB", target, baseline=bare / MB, baseline_name="bare Textual app", note=note
        )
        for what, size, target, note in (
            ("idle, new database", empty, IDLE_MB, ""),
            ("idle, 200,000 spans", large, IDLE_MB, ""),
            ("peak under a burst", loaded, LOADED_MB, f"{sent['acked']:,.0f} spans, 16 requests in flight"),
        )
    ]
