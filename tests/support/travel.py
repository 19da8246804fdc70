"""A travel agent's trace as OTLP/JSON: three calls of one agent, its tools, an error, and every sort of part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

START = 1_764_000_000_000_000_000
TRACE_ID = "7ab1e5" + "0" * 25 + "1"
PLAN, ANSWER, BOOKING, FAILED, SEARCH = (f"{number:016x}" for number in (2, 5, 6, 7, 8))
"""Spans: the first call, the second, the third, the tool that failed, a search of documents."""

SYSTEM = "You are a travel agent. It is {} UTC.\n\n## Rules\n\n" + "".join(
    f"{number}. Rule {number} has to be kept in mind at all times.\n" for number in range(1, 30)
)
QUESTION = "Plan three days in Lisbon for under €600. I like trams."
REASONING = "I should look for hotels and flights first.\nThen add it all up."
ITINERARY = """## Three days in Lisbon

A plan within your budget of **€600**; the trams are `28E` and `15E`.

- Arrive at 10:40, leave the bags at [Hotel Borges](https://example.com/borges)
- Walk up to *Alfama*

| Item | Nights | Price |
|:---|---:|---:|
| Hotel Borges | 3 | €270 |
| Flight TP 532 | – | €184 |

```python
def total(items: dict[str, float]) -> float:
    return sum(items.values())  # euros
```

> Book before Friday.
"""
HOTELS = [{"name": "Hotel Borges", "price": 90, "stars": 3}, {"name": "Lisboa Tejo", "price": 98, "stars": 4}]
FLIGHTS = {"flights": [{"no": "TP 532", "price": 184.0, "stops": 0}]}
STACK = """Traceback (most recent call last):
  File "/home/me/travel/booking.py", line 41, in book
    response = await client.post("/orders", json=order)
  File "/home/me/travel/.venv/lib/python3.12/site-packages/httpx/_client.py", line 1859, in post
    return await self.request(
  File "/home/me/travel/.venv/lib/python3.12/site-packages/httpx/_client.py", line 1540, in request
    return await self.send(request)
  File "/home/me/travel/.venv/lib/python3.12/site-packages/httpx/_transports/default.py", line 394, in handle
    raise mapped_exc(message) from exc
httpx.ReadTimeout: timed out after 2000 ms
"""


def _text(content: str) -> dict[str, Any]:
    return {"type": "text", "content": content}


def _said(role: str, *parts: dict[str, Any], **members: str) -> dict[str, Any]:
    return {"role": role, "parts": list(parts), **members}


def _call(number: int, name: str, arguments: object) -> dict[str, Any]:
    return {"type": "tool_call", "id": f"call_{number}", "name": name, "arguments": arguments}


def _answer(number: int, response: object) -> dict[str, Any]:
    return {"type": "tool_call_response", "id": f"call_{number}", "response": json.dumps(response)}


HOTEL_CALL = _call(1, "search_hotels", {"city": "Lisbon", "nights": 3})
FLIGHT_CALL = _call(2, "search_flights", {"from": "ZRH", "to": "LIS", "date": "2026-12-04"})
ASKING = _said(
    "assistant", {"type": "reasoning", "content": REASONING}, HOTEL_CALL, FLIGHT_CALL, finish_reason="tool_calls"
)
FIRST = [_said("system", _text(SYSTEM.format("12:04"))), _said("user", _text(QUESTION))]
SECOND = [
    _said("system", _text(SYSTEM.format("12:05"))),
    FIRST[1],
    ASKING,
    _said("tool", _answer(2, FLIGHTS)),
    _said("tool", _answer(1, HOTELS)),
]
THIRD = [
    *SECOND,
    _said("assistant", _text(ITINERARY)),
    _said(
        "user",
        _text("Yes, book it."),
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "iVBORw0KGgo=" * 3_000},
        {"type": "uri", "modality": "audio", "mime_type": "audio/mp3", "uri": "https://example.com/voice.mp3"},
    ),
]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "search_hotels",
            "description": "Search hotels in a city.",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "City, in English"},
                    "nights": {"type": "integer"},
                    "max_price": {"type": "number", "description": "Euros a night", "default": 150},
                },
                "required": ["city", "nights"],
            },
        },
    }
]
MODEL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "acme",
    "gen_ai.request.model": "acme-1",
    "gen_ai.response.model": "acme-1",
}


def request(*, until: str = "") -> bytes:
    """The trace as one OTLP/JSON request; with `until`, only the spans up to that one."""
    spans = _spans()
    if until:
        spans = spans[: next(index for index, span in enumerate(spans) if span["spanId"] == until) + 1]
    return export(spans)


def export(spans: list[dict[str, Any]]) -> bytes:
    """Spans as an OTLP/JSON request."""
    resource = {"attributes": _attributes({"service.name": "travel-app"})}
    return json.dumps(
        {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {}, "spans": spans}]}]}
    ).encode()


def logs(span_id: str, text: str) -> bytes:
    """A log record of a span as an OTLP/JSON request."""
    record = {
        "timeUnixNano": str(START + 10**9),
        "traceId": TRACE_ID,
        "spanId": span_id,
        "severityText": "INFO",
        "body": {"stringValue": text},
        "attributes": _attributes({"component": "cache"}),
    }
    return json.dumps(
        {"resourceLogs": [{"resource": {}, "scopeLogs": [{"scope": {}, "logRecords": [record]}]}]}
    ).encode()


def span(
    span_id: str, parent: str, name: str, start_ms: int, took_ms: int, attributes: Mapping[str, object], **members: Any
) -> dict[str, Any]:
    """One span of the trace; attribute values that are no scalars become JSON text."""
    return {
        "traceId": TRACE_ID,
        "spanId": span_id,
        "parentSpanId": parent,
        "name": name,
        "startTimeUnixNano": str(START + start_ms * 10**6),
        "endTimeUnixNano": str(START + (start_ms + took_ms) * 10**6),
        "attributes": _attributes(attributes),
        **members,
    }


def _spans() -> list[dict[str, Any]]:
    root = f"{1:016x}"
    tool = {"gen_ai.operation.name": "execute_tool"}
    failure = {
        "name": "exception",
        "timeUnixNano": str(START + 8_500 * 10**6),
        "attributes": _attributes(
            {
                "exception.type": "httpx.ReadTimeout",
                "exception.message": "timed out after 2000 ms",
                "exception.stacktrace": STACK,
            }
        ),
    }
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "travel"}
    search = {
        "openinference.span.kind": "RETRIEVER",
        "input.value": "quiet hotels near tram 28",
        "retrieval.documents.0.document.id": "hotels/borges",
        "retrieval.documents.0.document.content": "Hotel Borges stands in **Chiado**, a minute from tram 28.",
        "retrieval.documents.0.document.score": 0.8731,
        "retrieval.documents.0.document.metadata": json.dumps({"source": "guide.pdf", "page": 12}),
        "retrieval.documents.1.document.id": "trams",
        "retrieval.documents.1.document.content": "Tram 28 runs from Martim Moniz to Campo de Ourique.",
        "retrieval.documents.1.document.score": 0.61,
    }
    return [
        span(root, "", "invoke_agent travel", 0, 9_000, agent),
        span(SEARCH, root, "search guide", 1, 8, search),
        span(PLAN, root, "plan", 10, 1_200, _llm(FIRST, ASKING, 1_890, 212, reasoning=128)),
        span(
            f"{3:016x}",
            root,
            "search_hotels",
            1_300,
            300,
            {
                **tool,
                "gen_ai.tool.name": "search_hotels",
                "gen_ai.tool.call.id": "call_1",
                "gen_ai.tool.call.result": HOTELS,
            },
        ),
        span(
            f"{4:016x}",
            root,
            "search_flights",
            1_310,
            420,
            {
                **tool,
                "gen_ai.tool.name": "search_flights",
                "gen_ai.tool.call.id": "call_2",
                "gen_ai.tool.call.result": FLIGHTS,
            },
        ),
        span(
            ANSWER,
            root,
            "answer",
            2_000,
            2_400,
            _llm(SECOND, _said("assistant", _text(ITINERARY), finish_reason="stop"), 2_388, 431, cached=1_792),
        ),
        span(
            BOOKING,
            root,
            "booking",
            5_000,
            1_400,
            _llm(THIRD, _said("assistant", _call(9, "book_flight", {"no": "TP 532"})), 3_010, 40, cached=2_304),
        ),
        span(
            FAILED,
            root,
            "book_flight",
            6_500,
            2_000,
            {**tool, "gen_ai.tool.name": "book_flight", "gen_ai.tool.call.id": "call_9"},
            events=[failure],
            status={"code": 2, "message": "timed out after 2000 ms"},
        ),
    ]


def _llm(
    given: list[dict[str, Any]],
    told: dict[str, Any],
    tokens_in: int,
    tokens_out: int,
    *,
    cached: int = 0,
    reasoning: int = 0,
) -> dict[str, object]:
    usage = {
        "input_tokens": tokens_in,
        "output_tokens": tokens_out,
        "cache_read.input_tokens": cached,
        "reasoning.output_tokens": reasoning,
    }
    return {
        **MODEL,
        "gen_ai.input.messages": given,
        "gen_ai.output.messages": [told],
        "gen_ai.tool.definitions": TOOLS,
        **{f"gen_ai.usage.{name}": count for name, count in usage.items() if count},
    }


def _attributes(values: Mapping[str, object]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: object) -> dict[str, object]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
    return {"stringValue": json.dumps(value)}
