"""Where the microseconds of a span go on its way in: each step alone, in this process, on the same requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from benchmarks import payloads
from benchmarks.context import Context
from benchmarks.report import Measure
from tracetui import semconv
from tracetui.otlp import decode, quick
from tracetui.otlp.wire import Signal, slice_request
from tracetui.receivers.incoming import read_request
from tracetui.semconv import SpanFacts, no_events
from tracetui.store.records import IncomingBatch
from tracetui.store.sqlite import SqliteWriter

SCOPE = "openinference.instrumentation.openai"


def run(context: Context) -> list[Measure]:
    """Steps are timed together with those before them; what a step adds is the difference."""
    spans = context.samples(20, 4) * payloads.SPANS_PER_REQUEST
    rounds = context.samples(5, 2)
    bodies = list(payloads.requests(spans))
    slices = [
        data
        for body in bodies
        for resource in slice_request(body).resources
        for scope in resource.scopes
        for data in scope.items
    ]

    def summarise(data: bytes) -> None:
        parsed = decode.scan_span(data)
        semconv.summary(SpanFacts(parsed.message.name, SCOPE, parsed.attributes, 1, "", no_events))

    batches = [read_request(Signal.TRACES, body).batch for body in bodies]
    steps: dict[str, Callable[[], None]] = {
        "wire": _each(slice_request, bodies),
        "parse": _each(quick.parse, slices),
        "attributes": _each(decode.scan_span, slices),
        "summary": _each(summarise, slices),
        "read": _each(lambda body: read_request(Signal.TRACES, body), bodies),
    }
    best = dict.fromkeys([*steps, "insert"], float("inf"))
    for _ in range(rounds):
        for name, step in steps.items():
            best[name] = min(best[name], _seconds(step))
        best["insert"] = min(best["insert"], _insert_seconds(context, batches))
    micros = {name: seconds / spans * 1e6 for name, seconds in best.items()}
    return [
        Measure(f"ingest step: {name}", value, "µs/span", note=note)
        for name, value, note in (
            ("wire walk", micros["wire"], ""),
            ("protobuf parse", micros["parse"], ""),
            ("attributes and checks", micros["attributes"] - micros["parse"], ""),
            ("summary", micros["summary"] - micros["attributes"], ""),
            ("row and batch", micros["read"] - micros["wire"] - micros["summary"], ""),
            ("totals and insert", micros["insert"], "a request a transaction, the disk's wait included"),
            ("sum", micros["read"] + micros["insert"], f"best of {rounds} rounds each"),
        )
    ]


def _each(step: Callable[[bytes], object], values: Sequence[bytes]) -> Callable[[], None]:
    def walk() -> None:
        for value in values:
            step(value)

    return walk


def _seconds(step: Callable[[], object]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def _insert_seconds(context: Context, batches: Sequence[IncomingBatch]) -> float:
    writer = SqliteWriter(context.home() / "steps.db")

    def write() -> None:
        for batch in batches:
            writer.write([batch])

    try:
        return _seconds(write)
    finally:
        writer.close()
