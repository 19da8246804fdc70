"""Where the microseconds of a span go on its way in: each step alone, in this process, on the same requests."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks import payloads
from benchmarks.context import Context
from benchmarks.report import Measure
from tracetui import semconv
from tracetui.otlp import decode
from tracetui.otlp.messages import parse_message
from tracetui.otlp.wire import Signal, slice_request
from tracetui.receivers.incoming import read_request
from tracetui.semconv import SpanFacts, no_events
from tracetui.store.sqlite import SqliteWriter

SCOPE = "openinference.instrumentation.openai"


def run(context: Context) -> list[Measure]:
    """Steps are timed together with those before them; what a step adds is the difference."""
    spans = context.samples(20, 4) * payloads.SPANS_PER_REQUEST
    rounds = context.samples(5, 2)
    bodies = list(payloads.requests(spans))
    slices = [data for body in bodies for resource in slice_request(body).resources for scope in resource.scopes
              for data in scope.items]

    def micros(step: Callable[[], object]) -> float:
        return min(_seconds(step) for _ in range(rounds)) / spans * 1e6

    def summarise() -> None:
        for data in slices:
            message, attributes, _, _ = decode.parse_span(data)
            semconv.summary(SpanFacts(message.name, SCOPE, attributes, 1, "", no_events))

    def read() -> None:
        for body in bodies:
            read_request(Signal.TRACES, body)

    def each(step: Callable[[bytes], object], values: list[bytes]) -> Callable[[], None]:
        def walk() -> None:
            for value in values:
                step(value)

        return walk

    wire = micros(each(slice_request, bodies))
    parse = micros(each(lambda data: parse_message(decode.SpanMessage, data), slices))
    attributes = micros(each(decode.parse_span, slices))
    summary = micros(summarise)
    whole = micros(read)
    insert = _insert_micros(context, bodies, rounds)
    steps = (("wire walk", wire), ("protobuf parse", parse), ("attributes and checks", attributes - parse),
             ("summary", summary - attributes), ("row and batch", whole - wire - summary), ("totals and insert", insert),
             ("sum", whole + insert))
    return [Measure(f"ingest step: {name}", value, "µs/span") for name, value in steps]


def _seconds(step: Callable[[], object]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def _insert_micros(context: Context, bodies: list[bytes], rounds: int) -> float:
    batches = [read_request(Signal.TRACES, body).batch for body in bodies]
    best = float("inf")
    for _ in range(rounds):
        writer = SqliteWriter(context.home() / "steps.db")
        best = min(best, _seconds(lambda writer=writer: [writer.write([batch]) for batch in batches]))  # type: ignore[misc]
        writer.close()
    return best / sum(len(batch.spans) for batch in batches) * 1e6
