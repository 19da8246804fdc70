"""The one short line that stands for a span's content in a tree."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from tracetui.model.span import SpanEvent
from tracetui.semconv.core.facts import SpanFacts
from tracetui.semconv.core.scalars import first
from tracetui.semconv.core.table import Collected
from tracetui.semconv.core.values import is_hidden, json_text

MAX_PREVIEW = 200
"""Characters of a preview."""

EXCEPTION = "exception"
"""Name of the span event that tells of an exception (OpenTelemetry specification 1.x, trace/exceptions)."""

EXCEPTION_MESSAGE = "exception.message"
EXCEPTION_TYPE = "exception.type"
EXCEPTION_STACKTRACE = "exception.stacktrace"

_MAX_EVENTS = 1_000
_FEW = 8
_NEAR = 4_096
_CALLED_WITH = '{"input_str": "'
_DECODER = json.JSONDecoder()


def first_line(value: str) -> str:
    """The first line that says something, cut at `MAX_PREVIEW`."""
    head = value[: 4 * MAX_PREVIEW].lstrip()
    return head[:MAX_PREVIEW].partition("\n")[0].rstrip()


def of_error(facts: SpanFacts, message: str) -> str:
    """What went wrong: the status message, or what an exception event says, or the `message` among the attributes."""
    return first_line(facts.status_message) or _of_exception(facts.events()) or first_line(message)


def of_request(found: Collected) -> str:
    """The last words of the user in a span's input, or the input where it is plain words."""
    words = first(found, "input")
    looks_like_json = isinstance(words, str) and words[:1] in ("{", "[")
    return shortened(json_words(words) if looks_like_json else words)


def of_tool(found: Collected) -> str:
    """A tool's arguments, as they came; of LangChain's callback the words it was called with."""
    value = first(found, "tool.arguments") or first(found, "input")
    if isinstance(value, str) and value.startswith(_CALLED_WITH):
        value = _string_at(value[:_NEAR], len(_CALLED_WITH) - 1) or value
    return shortened(value)


def shortened(value: object) -> str:
    """Any value as one short line."""
    if isinstance(value, str):
        return "" if is_hidden(value) else first_line(value)
    if isinstance(value, Mapping):
        return json_text({key: value[key] for key in list(value)[:8]})[:MAX_PREVIEW]
    return json_text(value[:8])[:MAX_PREVIEW] if isinstance(value, list) else ""


def has_exception(events: Iterable[SpanEvent]) -> bool:
    """Whether one of a span's first events tells of an exception."""
    return any(event.name == EXCEPTION for event, _ in zip(events, range(_MAX_EVENTS), strict=False))


def _of_exception(events: Iterable[SpanEvent]) -> str:
    for event, _ in zip(events, range(_MAX_EVENTS), strict=False):
        if event.name == EXCEPTION:
            message, name = (event.attributes.get(key) for key in (EXCEPTION_MESSAGE, EXCEPTION_TYPE))
            line = shortened(message) or shortened(name)
            if line:
                return line
    return ""


def json_words(value: object) -> str:
    """The last words of a user in messages as JSON, looked for only near the end and without decoding the whole.

    Args:
        value: Messages as JSON text, or as structured values.
    """
    if isinstance(value, str):
        return _words_in_text(value)
    if not isinstance(value, list):
        return ""
    for item in value[: -_FEW - 1 : -1]:
        if isinstance(item, Mapping) and item.get("role") == "user":
            parts = item.get("parts")
            last = parts[-1] if isinstance(parts, list) and parts else item
            words = last.get("content") if isinstance(last, Mapping) else None
            if isinstance(words, str) and words:
                return words
    return ""


def _words_in_text(value: str) -> str:
    near = value[-_NEAR:]
    at = near.rfind('"user"')
    for _ in range(_FEW):
        if at < 0:
            break
        if words := _words_after(near, at):
            return words
        # Results of tools may come under the role of the user, without words.
        at = near.rfind('"user"', 0, at)
    return ""


def _words_after(near: str, at: int) -> str:
    """The words of the message whose role stands at a place."""
    following = near.find('"role"', at)
    for name in ('"content"', '"text"'):
        start = near.find(name, at, following if following >= 0 else len(near))
        while start >= 0:
            quote = near.find('"', start + len(name))
            if near[start + len(name) : quote].strip() == ":":
                return _string_at(near, quote)
            start = near.find(name, start + 1, following if following >= 0 else len(near))
    return ""


def _string_at(text: str, quote: int) -> str:
    try:
        words = _DECODER.raw_decode(text, quote)[0]
    except ValueError:
        return ""
    return words if isinstance(words, str) else ""
