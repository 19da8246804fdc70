"""Searching a million spans: the first page of every class of query, and how it is found.

Each class is asked with as many different values as there are runs, so that no answer is at hand; the reader is the one
that the explorer uses, and the operating system has the file in its memory.
"""

from __future__ import annotations

import os
import random
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import many_traces as data
from benchmarks.context import Context, percentile
from benchmarks.payloads import START_NANO
from benchmarks.report import Measure
from tracetui.errors import SearchCancelled
from tracetui.query import compile_text
from tracetui.store.conditions import Condition
from tracetui.store.sqlite import SqliteReader

TRACES, QUICK_TRACES = 50_000, 5_000
TARGET_MS = 150.0
LONGEST_MS, FEWEST = 8_000, 40
"""A class that takes so long together is asked no more, but so often at least."""
PAGE = 100

Ask = Callable[[random.Random], str]

_RARE = data.WORDS[9_000:]
_COMMON = data.WORDS[4:40]


def _any_of(*texts: str) -> Ask:
    return lambda chance: chance.choice(texts)


def _with(text: str, values: list[str]) -> Ask:
    return lambda chance: text.format(chance.choice(values), chance.choice(values), chance.choice(values))


def _day(chance: random.Random, traces: int) -> str:
    second = START_NANO // 10**9 + chance.randrange(traces * 50)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


def classes(traces: int) -> dict[str, Ask]:
    """Queries by what they show."""
    return {
        "name": _with("name:{}", data.TOOLS),
        "name, with a wildcard": _with('name:"GET {}*"', data.ROUTES),
        "kind": _any_of("kind:LLM", "kind:AGENT", "kind:TOOL", "kind:UNKNOWN", "kind:RETRIEVER"),
        "otel_kind": _any_of("otel_kind:internal", "otel_kind:server"),
        "service": _with("service:{}", data.SERVICES),
        "project": _any_of("project:shop", "project:default", "project:other"),
        "scope": _any_of("scope:openinference*", "scope:openinference.instrumentation.openai", "scope:other"),
        "status": _any_of("status:error", "status:ok", "status:unset"),
        "error, a word": _with("error:{}", data.WORDS[:300]),
        "model": _with("model:{}", data.MODELS),
        "model, with a wildcard": _any_of("model:gpt-4*", "model:claude*", "model:fine*", "model:*mini"),
        "provider": _any_of("provider:openai", "provider:anthropic"),
        "tool": _with("tool:{}", data.TOOLS),
        "agent": _with("agent:{}", data.AGENTS),
        "session": lambda chance: f"session:session-{chance.randrange(data.SESSIONS):05}",
        "user": lambda chance: f"user:user-{chance.randrange(data.USERS):04}",
        "tag (there is none)": _with("tag:{}", data.WORDS),
        "finish": _any_of("finish:stop", "finish:length", "finish:tool_calls"),
        "input, a word": _with("input:{}", data.WORDS[:2_000]),
        "output, a word": _with("output:{}", data.WORDS[:2_000]),
        "document (there is none)": _with("document:{}", data.WORDS),
        "score (there is none)": lambda chance: f"score>{chance.random():.3f}",
        "duration": lambda chance: f"duration>{chance.randrange(1, 60_000)}ms",
        "start": lambda chance: f"start>{_day(chance, traces)}",
        "start, until": lambda chance: f"start<{_day(chance, traces)}",
        "start, an hour": lambda chance: (lambda at: f"start>={at} start<{at[:14]}59:59Z")(_day(chance, traces)),
        "tokens": lambda chance: f"tokens>{chance.randrange(9_000)}",
        "tokens.input": lambda chance: f"tokens.input<{chance.randrange(20, 8_000)}",
        "cost": lambda chance: f"cost>${chance.random() / 20:.4f}",
        "ttft (there is none)": lambda chance: f"ttft>{chance.randrange(900)}ms",
        "root": _any_of("root:true", "root:false"),
        "depth": lambda chance: f"depth>={chance.randrange(1, 4)}",
        "trace": lambda chance: f"trace:{chance.randrange(16**8):08x}",
        "span": lambda chance: f"span:{chance.randrange(16**16):016x}",
        "a common word": _with("{}", _COMMON),
        "a rare word": _with("{}", _RARE),
        "a word of a handful of spans": _any_of(*data.MARKERS),
        "a word that is nowhere": lambda chance: f"zz{chance.randrange(10**9)}",
        "three letters": _with("{}", [word[:3] for word in data.WORDS[:2_000] if len(word) > 3]),
        "two common words": _with("{} {}", _COMMON),
        "a common and a rare word": lambda chance: f"{chance.choice(_COMMON)} {chance.choice(_RARE)}",
        "either word": _with("{} OR {}", _RARE),
        "without a word": _with("-{}", _COMMON),
        "without a field's value": _with("-model:{}", data.MODELS),
        "a phrase of common words": _with('"{} {}"', data.WORDS[:30]),
        "a phrase with a rare word": lambda chance: f'"{chance.choice(_COMMON)} {chance.choice(_RARE)}"',
        "an attribute, common": _any_of("http.response.status_code=200", "db.system:postgresql"),
        "an attribute, rare": lambda chance: f"client.address:10.0.{chance.randrange(256)}.{chance.randrange(256)}",
        "an attribute, in a handful of spans": _any_of(
            "deploy.canary:blue", "deploy.canary:green", "has:deploy.canary"
        ),
        "an attribute that is nowhere": lambda chance: f"no.such.key:{chance.randrange(100)}",
        "an attribute in a map": lambda chance: f"metadata.tier:{chance.choice(data.TIERS)}",
        "a resource's attribute": lambda chance: f"resource.host.name:db{chance.randrange(12)}",
        "a range of a number": lambda chance: f"app.latency_budget>{round(chance.lognormvariate(4, 2), 1)}",
        "a range of a number, between": lambda chance: f"http.response.size:{chance.randrange(900)}..1000",
        "trace.duration": lambda chance: f"trace.duration>{chance.randrange(1, 60)}s",
        "trace.tokens": lambda chance: f"trace.tokens>{chance.randrange(1, 200)}k",
        "trace.cost": lambda chance: f"trace.cost>${chance.random():.3f}",
        "trace.spans": lambda chance: f"trace.spans>{chance.randrange(1, 150)}",
        "trace.errors": lambda chance: f"trace.errors>={chance.randrange(1, 8)}",
        "trace.model": _with("trace.model:{}", data.MODELS),
        "kind and tokens": lambda chance: f"kind:LLM tokens>{chance.randrange(9_000)}",
        "model and a word": lambda chance: f"model:{chance.choice(data.MODELS)} {chance.choice(_COMMON)}",
        "errors of a tool": _with("status:error tool:{}", data.TOOLS),
        "errors, but not of a tool": _with("status:error -tool:{}", data.TOOLS),
        "an agent's failed tool": _with("{{kind:AGENT name:{}}} >> {{kind:TOOL status:error}}", data.AGENTS),
        "a tool directly below an agent": _with("{{kind:AGENT}} > {{tool:{}}}", data.TOOLS),
        "two spans of one trace": _with("{{tool:{}}} && {{tool:{}}}", data.TOOLS),
        "structure that is nowhere": _with("{{tool:{}}} >> {{kind:AGENT}}", data.TOOLS),
        "a regular expression on the name": _any_of("name~^GET", "name~list$", "name~tool_0[1-5]"),
        "a regular expression on an attribute": _any_of("http.route~/list$", "client.address~^10[.]0[.]7[.]"),
        "the end of a long search, once it is asked for": lambda chance: (
            f"input~{chance.choice(_RARE)}.{chance.choice(_RARE)}"
        ),
    }


STREAMED = "a regular expression"
"""How classes begin of which the first rows count, not the page."""
ENDED = "the end of"
"""How the class begins of searches that are ended half-way."""


def run(context: Context) -> list[Measure]:
    """Every class; the table of plans goes beside the results."""
    traces = QUICK_TRACES if context.quick else TRACES
    path = context.many_traces(traces)
    only = os.environ.get("TRACETUI_BENCH_CLASS", "")
    measures = []
    lines = ["| | asked | rows | statements |", "|---|---|---:|---|"]
    for name, ask in classes(traces).items():
        if only in name:
            print(f"  {name}", end="\r", flush=True)
            measure, line = _class(path, name, ask, context.samples(200, 20))
            measures.append(measure)
            lines.append(line)
    if not context.quick and not only:
        (Path(__file__).parent / "SEARCH_PLANS.md").write_text(_PLANS + "\n".join(lines) + "\n")
    return measures


_PLANS = """# How the search answers

One query of each class of `benchmarks/search.py`, with the statements that find its first page. Written by
`uv run python -m benchmarks search`.

"""


def _class(path: Path, name: str, ask: Ask, samples: int) -> tuple[Measure, str]:
    chance = random.Random(name)
    taken: list[float] = []
    computed: list[float] = []
    rows: list[int] = []
    reader = SqliteReader(path)
    streams = name.startswith(STREAMED)
    try:
        for _ in range(samples):
            text = ask(chance)
            where = _compiled(text)
            began, worked = time.perf_counter(), time.process_time()
            if name.startswith(ENDED):
                began = _ended(reader, where)
                rows.append(0)
            else:
                rows.append(_first_rows(reader, where, streams=streams))
            taken.append((time.perf_counter() - began) * 1000)
            computed.append((time.process_time() - worked) * 1000)
            if sum(taken) > LONGEST_MS and len(taken) >= FEWEST:
                break
        plan = "" if name.startswith(ENDED) else _statements(reader, where, streams=streams)
    finally:
        reader.close()
    shown = text.replace("|", "\\|")
    spread = (
        f"p50 {statistics.median(taken):.1f}, worst {max(taken):.0f} of {len(taken)},"
        f" processor p95 {percentile(computed, 95):.1f}"
    )
    note = f"{spread}; {statistics.median(rows):.0f} rows; `{shown}`"
    return (
        Measure(
            f"search: {name}{', first rows' if streams else ''}",
            percentile(taken, 95),
            "ms",
            TARGET_MS,
            note=note,
        ),
        f"| {name} | `{shown}` | {rows[-1]} | {plan} |",
    )


def _compiled(text: str) -> Condition:
    where = compile_text(text, now_nano=START_NANO)
    assert where is not None
    return where


def _first_rows(reader: SqliteReader, where: Condition, *, streams: bool) -> int:
    if not streams:
        return len(reader.traces(where, limit=PAGE))
    found = reader.traces_as_found(where, limit=PAGE)
    deadline = time.perf_counter() + 1
    for rows in found:
        if rows or time.perf_counter() > deadline:
            found.close()  # type: ignore[attr-defined]
            return len(rows)
    return 0


def _ended(reader: SqliteReader, where: Condition) -> float:
    """Search until the search is ended after a while; the moment at which that was asked for."""
    asked: list[float] = []

    def end() -> None:
        asked.append(time.perf_counter())
        reader.interrupt()

    timer = threading.Timer(0.05, end)
    timer.start()
    try:
        reader.traces(where, limit=PAGE)
    except SearchCancelled:
        return asked[0]
    finally:
        timer.join()
    return time.perf_counter()


def _statements(reader: SqliteReader, where: Condition, *, streams: bool) -> str:
    """The statements of a page, each with its plan."""
    seen: list[str] = []
    connection: sqlite3.Connection = reader._connection
    connection.set_trace_callback(seen.append)
    _first_rows(reader, where, streams=streams)
    connection.set_trace_callback(None)
    shown: dict[str, None] = {}
    for statement in seen:
        if statement.startswith("SELECT") and "SUMMARY" not in statement:
            steps = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            shown.setdefault("; ".join(step[3] for step in steps))
    return "<br>".join(plan.replace("|", "\\|") for plan in shown)
