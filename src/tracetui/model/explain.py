"""Where each value of a span came from and what was done to it on the way.

`NormalisedSpan.sources` remembers the key that each field was read from. What was done is told by holding the value as
it was sent against the value as it is shown, so that an explanation cannot say what did not happen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from tracetui.model.attributes import Attributes, AttributeValue, type_name
from tracetui.model.chat import NormalisedSpan
from tracetui.model.clock import format_duration

AS_SENT = "as sent"

_EVENT = re.compile(r"(?P<holder>event|log) (?P<name>[^:]*)(?:: (?P<key>.+))?")
_TOKENS = ("input", "output", "total", "cache_read", "cache_write", "reasoning")
_COSTS = ("input", "output", "total")


class Explanation(Struct, frozen=True):
    """One field of a span and its way here."""

    field: str
    """Its name in the span object of `--json`; a dot before a member."""
    value: object
    """As shown."""
    source: str
    """The attribute, event or log record; empty for a value that was computed."""
    sent: str
    """The type it was sent with; empty where it was put together from several values."""
    conversion: str
    """What was done to it, in a few words."""

    @property
    def sentence(self) -> str:
        """Source, type and conversion in one line."""
        sent = f"{self.source} ({self.sent})" if self.source and self.sent else self.source
        return " · ".join(text for text in (sent, self.conversion) if text)


def explain(n: NormalisedSpan) -> Iterator[Explanation]:
    """Every field of a span that has a value, in the order of the span object."""
    for field, value in _fields(n):
        source = n.sources.get(field, "")
        if value in (None, "", (), [], {}) or (not source and field not in _COMPUTED):
            continue
        yield _explained(n, field, value, source)


def explain_field(n: NormalisedSpan, field: str) -> Explanation | None:
    """One field by its name; None where the span has no such value."""
    return next((found for found in explain(n) if found.field == field), None)


def exact_key(attributes: Attributes, source: str, text: str) -> str:
    """The one key below a source such as `llm.input_messages.*` that holds exactly this text; empty where none does."""
    start = source.partition(".*")[0].partition(".N")[0] + "."
    if not text or start == source + ".":
        return ""
    return next((key for key, value in attributes.items() if key.startswith(start) and value == text), "")


def _fields(n: NormalisedSpan) -> Iterator[tuple[str, object]]:
    for name in ("kind", "provider", "model_request", "model_response", "params", "system"):
        yield name, getattr(n, name)
    for name in ("input_messages", "output_messages", "input", "output", "input_mime", "output_mime", "tool_defs"):
        yield name, getattr(n, name)
    if n.tool is not None:
        for name in ("name", "description", "call_id", "arguments", "result"):
            yield f"tool.{name}", getattr(n.tool, name)
    yield "documents", n.documents
    if n.embedding is not None:
        yield "embedding", n.embedding.count
        yield "embedding.dimension", n.embedding.dimension
    if n.rerank is not None:
        for name in ("query", "top_k", "documents"):
            yield f"rerank.{name}", getattr(n.rerank, name)
    if n.prompt is not None:
        for name in ("template", "variables", "version", "name", "id", "url", "vendor"):
            yield f"prompt.{name}", getattr(n.prompt, name)
    for name in _TOKENS:
        yield f"tokens.{name}", getattr(n.tokens, name)
    if n.cost is not None:
        for name in _COSTS:
            yield f"cost.{name}", getattr(n.cost, name)
    for name in ("session_id", "user_id", "tags", "metadata", "agent_name", "workflow", "evals"):
        yield name, getattr(n, name)
    yield "ttft_s", n.ttft_s
    yield "finish_reasons", n.finish_reasons


_COMPUTED = frozenset(
    (
        *("tokens.total", "cost.input", "cost.output", "cost.total"),
        *("finish_reasons", "kind", "provider", "tool.name", "agent_name"),
    )
)
"""Fields that may be computed from others rather than read."""


def _explained(n: NormalisedSpan, field: str, value: object, source: str) -> Explanation:
    if not source:
        return Explanation(field, value, "", "", _computed(n, field))
    held = _EVENT.fullmatch(source)
    if held is not None:
        return Explanation(field, value, source, "", _from_records(n, held, value))
    if "*" in source or ".N" in source:
        start = source.partition(".*")[0].partition(".N")[0] + "."
        count = sum(key.startswith(start) for key in n.span.attributes)
        return Explanation(field, value, source, "", f"put together from {_many(count, 'flattened key')}")
    sent = n.span.attributes.get(source)
    if sent is None:
        return Explanation(field, value, source, "", "")
    return Explanation(field, value, source, type_name(sent), _converted(n, field, sent, value))


def _computed(n: NormalisedSpan, field: str) -> str:
    match field:
        case "tokens.total":
            return "computed: input + output"
        case "finish_reasons":
            return "taken from the output messages"
        case "kind":
            return "told by the keys the span has" if n.kind.value != "UNKNOWN" else "no key tells it"
        case "provider":
            return "told by the model's name or the host"
        case "tool.name" | "agent_name":
            return "the span's own name"
    if n.cost is not None and n.cost.source != "reported":
        return f"{n.cost.source} here from tokens and model"
    return "computed: input + output" if field == "cost.total" else ""


def _from_records(n: NormalisedSpan, held: re.Match[str], value: object) -> str:
    pattern = re.compile(".*".join(re.escape(part) for part in held["name"].split("*")))
    names: Iterable[str] = (
        (event.name for event in n.span.events) if held["holder"] == "event" else (log.event_name for log in n.logs)
    )
    count = sum(bool(pattern.fullmatch(name)) for name in names)
    noun = "span event" if held["holder"] == "event" else "log record"
    if isinstance(value, float):
        return "time from the span's start to the event"
    return f"read from {_many(count, noun)}" if count else f"read from a {noun}"


def _converted(n: NormalisedSpan, field: str, sent: AttributeValue, value: object) -> str:
    if field.startswith("tokens.") and isinstance(value, int):
        return _tokens(n, sent, value)
    if field == "kind":
        return AS_SENT if sent == value else f"{sent!r:.60} reads as {value}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(sent, value, is_time=field.endswith("_s"))
    if isinstance(sent, str):
        if not isinstance(value, str):
            return _text(sent, value)
        return AS_SENT if sent == value else "unified" if field == "provider" else _shortened(sent, value)
    if isinstance(sent, Sequence | Mapping) and not isinstance(sent, bytes):
        if isinstance(value, str):
            return "written as JSON"
        unchanged = sent == value or (isinstance(value, tuple) and list(value) == list(sent))
        return AS_SENT if unchanged else "structured value read"
    return AS_SENT if sent == value else f"{type_name(sent)} as text"


def _text(sent: str, value: object) -> str:
    if sent.lstrip()[:1] in ("{", "[", '"'):
        return "JSON text decoded"
    return "words between commas" if "," in sent and isinstance(value, tuple) and len(value) > 1 else "text read"


def _shortened(sent: str, value: str) -> str:
    if len(sent) > 200:
        return "taken out of a longer text"
    return f"{sent!r} with spaces trimmed" if sent.strip() == value else f"taken out of {sent!r}"


def _number(sent: AttributeValue, value: float, *, is_time: bool) -> str:
    number = _as_number(sent)
    if number is None and isinstance(sent, str):
        return _text(sent, value)
    if number == value:
        return "text read as a number" if isinstance(sent, str) else AS_SENT
    if number is not None and is_time and value:
        for unit, divisor in (("ms", 1e3), ("µs", 1e6), ("ns", 1e9)):
            if abs(number / divisor - value) <= abs(value) * 1e-9:
                return f"{unit} → s, {format_duration(round(value * 1e9))}"
    return f"converted from {sent!r:.60}"


def _tokens(n: NormalisedSpan, sent: AttributeValue, value: int) -> str:
    number = _as_number(sent)
    if number is None:
        return _text(sent, value) if isinstance(sent, str) else "structured value read"
    if number == value:
        return "text read as a number" if isinstance(sent, str) else AS_SENT
    missing = value - number
    tokens = n.tokens
    sums = {
        "cache_read added": tokens.cache_read,
        "cache_write added": tokens.cache_write,
        "cache_read and cache_write added": (tokens.cache_read or 0) + (tokens.cache_write or 0),
        "reasoning added": tokens.reasoning,
    }
    how = next((name for name, amount in sums.items() if amount and amount == missing), "")
    return f"{number:,.0f} + {missing:,.0f}: {how}" if how else f"converted from {number:,.0f}"


def _as_number(sent: AttributeValue) -> float | None:
    try:
        return float(sent) if isinstance(sent, int | float | str) else None
    except (ValueError, OverflowError):
        return None


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
