"""Export requests of an installation that many applications send to: what a search is measured on.

LLM calls, agents and tools as OpenInference and the GenAI conventions send them, between plain spans of a web service,
a database and a queue. Words, models, users and routes are as frequent as such things are (by Zipf's law); a few words
and attributes stand in a handful of spans only. The same for the same seed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, product

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from benchmarks.payloads import START_NANO

SPANS_PER_TRACE = 20
"""On average."""

_SECOND = 1_000_000_000
_BETWEEN_TRACES = 50 * _SECOND
_TRACES_AT_ONCE = 20
"""Traces whose spans arrive among each other."""

_SYLLABLES = ("ba", "re", "con", "ti", "mo", "per", "sal", "ven", "dor", "lin", "ga", "tur", "fe", "nis", "ko", "plu")
COMMON_WORDS = (
    "the of and to order refund policy customer weather please invoice delivered late shipping address payment account"
    " summary ticket region stock supplier contract renewal discount question answer context document passage error"
).split()
WORDS = COMMON_WORDS + ["".join(parts) for n in (2, 3, 4) for parts in product(_SYLLABLES, repeat=n)][:19_000]
"""From the most frequent to the least."""
MARKERS = {"xylophone": 100_000, "platypus": 10_000, "quagmire": 1_000}
"""Words that stand in one of so many spans."""
MODELS = [
    *("gpt-4o-mini", "gpt-4o", "claude-sonnet-4-5", "gpt-4.1", "gemini-2.5-flash", "gpt-4.1-mini", "llama-3.3-70b"),
    *("claude-haiku-4-5", "mistral-large", "qwen3-32b", "deepseek-v3", "o4-mini", "gemini-2.5-pro", "command-r-plus"),
    *(f"fine-tuned-{n:02}" for n in range(16)),
]
TOOLS = ["get_weather", "search_hotels", "lookup_order", "send_mail", *(f"tool_{n:02}" for n in range(36))]
AGENTS = ["planner", "researcher", "writer", "travel-agent", *(f"agent_{n}" for n in range(8))]
SERVICES = ["api", "worker", "assistant", "search", *(f"service-{n}" for n in range(12))]
ROUTES = [f"/v1/{noun}/{verb}" for noun in WORDS[4:24] for verb in ("list", "get", "put", "run")]
SESSIONS, USERS = 12_000, 3_000
TIERS = ("free", "pro", "gold")


class _Zipf:
    """Choices of which the n-th is as frequent as 1 to n."""

    def __init__(self, choices: Sequence[str], exponent: float = 1.0) -> None:
        self.choices = choices
        self.weights = list(accumulate(1 / rank**exponent for rank in range(1, len(choices) + 1)))

    def some(self, chance: random.Random, count: int) -> list[str]:
        return chance.choices(self.choices, cum_weights=self.weights, k=count)

    def one(self, chance: random.Random) -> str:
        return self.some(chance, 1)[0]


_WORD, _MODEL, _TOOL, _AGENT = _Zipf(WORDS), _Zipf(MODELS, 1.3), _Zipf(TOOLS, 1.2), _Zipf(AGENTS)
_ROUTE, _SERVICE = _Zipf(ROUTES, 1.1), _Zipf(SERVICES)
_SESSION = _Zipf([f"session-{n:05}" for n in range(SESSIONS)], 0.6)
_USER = _Zipf([f"user-{n:04}" for n in range(USERS)], 0.8)


@dataclass
class _Trace:
    """One trace while its spans are made."""

    chance: random.Random
    start: int
    trace_id: bytes = field(init=False)
    spans: list[Span] = field(default_factory=list)
    session: str = ""
    user: str = ""

    def __post_init__(self) -> None:
        self.trace_id = self.chance.randbytes(16)
        if self.chance.random() < 0.6:
            self.session, self.user = _SESSION.one(self.chance), _USER.one(self.chance)

    def span(self, name: str, parent: bytes, start: int, duration: int, attributes: dict[str, object]) -> bytes:
        chance = self.chance
        span = Span(
            trace_id=self.trace_id,
            span_id=chance.randbytes(8),
            parent_span_id=parent,
            name=name,
            kind=Span.SPAN_KIND_INTERNAL,
            start_time_unix_nano=start,
            end_time_unix_nano=start + duration,
        )
        if chance.random() < 0.02:
            span.status.code, span.status.message = (
                Status.STATUS_CODE_ERROR,
                f"{' '.join(_WORD.some(chance, 4))} timed out",
            )
            event = span.events.add(name="exception", time_unix_nano=start + duration)
            event.attributes.append(_pair("exception.type", chance.choice(["TimeoutError", "ValueError", "HTTPError"])))
            event.attributes.append(_pair("exception.message", span.status.message))
        if chance.random() < 0.3:
            attributes["app.latency_budget"] = round(chance.lognormvariate(3, 1.5), 2)
        if chance.random() < 0.001:
            attributes["deploy.canary"] = chance.choice(["blue", "green"])
        span.attributes.extend([_pair(key, value) for key, value in attributes.items()])
        self.spans.append(span)
        return span.span_id

    def text(self, count: int) -> str:
        words = _WORD.some(self.chance, count)
        for marker, among in MARKERS.items():
            if self.chance.randrange(among) == 0:
                words[0] = marker
        return " ".join(words)


def requests(traces: int, *, first: int = 0, start_nano: int = START_NANO) -> Iterator[bytes]:
    """Encoded ExportTraceServiceRequests that hold these traces, in order of their spans' ends."""
    for number in range(first, first + traces, _TRACES_AT_ONCE):
        chance = random.Random(number)
        by_service: dict[str, list[Span]] = {}
        for at in range(number, min(number + _TRACES_AT_ONCE, first + traces)):
            trace = _trace(chance, start_nano + at * _BETWEEN_TRACES + chance.randrange(_BETWEEN_TRACES))
            by_service.setdefault(_SERVICE.one(chance), []).extend(trace.spans)
        request = ExportTraceServiceRequest()
        for service, spans in by_service.items():
            resource = request.resource_spans.add()
            for key, value in (
                ("service.name", service),
                ("host.name", f"db{len(service)}"),
                ("openinference.project.name", "shop" if len(service) % 2 else "default"),
            ):
                resource.resource.attributes.append(_pair(key, value))
            scope = resource.scope_spans.add()
            scope.scope.name, scope.scope.version = "openinference.instrumentation.openai", "0.1.41"
            scope.spans.extend(sorted(spans, key=lambda span: span.end_time_unix_nano))
        yield request.SerializeToString()


def _trace(chance: random.Random, start: int) -> _Trace:
    trace = _Trace(chance, start)
    duration = round(chance.lognormvariate(1.5, 1) * _SECOND)
    if chance.random() < 0.5:
        route = _ROUTE.one(chance)
        top = trace.span(f"POST {route}", b"", start, duration, _http(chance, route))
    else:
        top = b""
    agent = _AGENT.one(chance)
    root = trace.span(
        agent,
        top,
        start + 1_000_000,
        max(duration - 2_000_000, 1),
        {"openinference.span.kind": "AGENT", "agent.name": agent, "input.value": trace.text(12), **_who(trace)},
    )
    steps = max(1, min(round(chance.expovariate(1 / 7.5)), 40))
    for step in range(steps):
        began, lasts = start + (duration // steps) * step, max(duration // steps, 10)
        _call(trace, root, began, lasts // 2)
        if chance.random() < 0.6:
            tool = _TOOL.one(chance)
            parent = trace.span(tool, root, began + lasts // 2, lasts // 2, _tool(trace, tool))
            for _ in range(chance.randrange(4)):
                _plain(trace, parent, began + lasts // 2, lasts // 4)
    return trace


def _call(trace: _Trace, parent: bytes, start: int, duration: int) -> None:
    chance = trace.chance
    model, given, told = _MODEL.one(chance), chance.randrange(20, 8_000), chance.randrange(1, 900)
    question, answer = trace.text(35), trace.text(25)
    if chance.random() < 0.5:
        trace.span(
            "ChatCompletion",
            parent,
            start,
            duration,
            {
                "openinference.span.kind": "LLM",
                "llm.model_name": model,
                "llm.provider": "openai",
                "llm.input_messages.0.message.role": "user",
                "llm.input_messages.0.message.content": question,
                "llm.output_messages.0.message.role": "assistant",
                "llm.output_messages.0.message.content": answer,
                "llm.token_count.prompt": given,
                "llm.token_count.completion": told,
                "metadata": json.dumps({"tier": chance.choice(TIERS), "attempt": chance.randrange(3)}),
                **_who(trace),
            },
        )
    else:
        trace.span(
            f"chat {model}",
            parent,
            start,
            duration,
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "anthropic" if "claude" in model else "openai",
                "gen_ai.request.model": model,
                "gen_ai.usage.input_tokens": given,
                "gen_ai.usage.output_tokens": told,
                "gen_ai.response.finish_reasons": [chance.choice(["stop", "stop", "stop", "length", "tool_calls"])],
                "gen_ai.input.messages": _messages("user", question),
                "gen_ai.output.messages": _messages("assistant", answer),
            },
        )


def _tool(trace: _Trace, tool: str) -> dict[str, object]:
    return {
        "openinference.span.kind": "TOOL",
        "tool.name": tool,
        "input.value": json.dumps({"query": trace.text(4), "limit": trace.chance.randrange(50)}),
        "output.value": trace.text(15),
    }


def _plain(trace: _Trace, parent: bytes, start: int, duration: int) -> None:
    chance = trace.chance
    route = _ROUTE.one(chance)
    if chance.random() < 0.5:
        trace.span(f"GET {route}", parent, start, duration, _http(chance, route))
    else:
        trace.span(
            "SELECT orders",
            parent,
            start,
            duration,
            {"db.system": "postgresql", "db.rows": chance.randrange(1_000), "db.statement": f"select {trace.text(5)}"},
        )


def _http(chance: random.Random, route: str) -> dict[str, object]:
    return {
        "http.request.method": "GET",
        "http.route": route,
        "http.response.status_code": chance.choices([200, 404, 500, 503], cum_weights=[94, 97, 99, 100])[0],
        "http.response.size": round(chance.lognormvariate(7, 2)),
        "client.address": f"10.0.{chance.randrange(256)}.{chance.randrange(256)}",
    }


def _who(trace: _Trace) -> dict[str, object]:
    return {"session.id": trace.session, "user.id": trace.user} if trace.session else {}


def _messages(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


def _pair(key: str, value: object) -> KeyValue:
    return KeyValue(key=key, value=_any(value))


def _any(value: object) -> AnyValue:
    match value:
        case str():
            return AnyValue(string_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case [*items]:
            found = AnyValue()
            found.array_value.values.extend(_any(item) for item in items)
            return found
        case _:
            raise TypeError(type(value).__name__)
