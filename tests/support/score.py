"""What really happened in a scenario of the corpus, held against the objects of `tracetui spans --json`.

Says of each fact of an `expect.json` whether a reader of those objects can see it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

SpanObject: TypeAlias = dict[str, Any]
"""One line of `tracetui spans --json`."""

Fact: TypeAlias = dict[str, Any]
"""One entry of `facts` in an `expect.json`."""

_SAID = ("text", "refusal", "reasoning", "tool_result")


def missing(facts: Sequence[Fact], spans: Sequence[SpanObject]) -> list[Fact]:
    """The facts that cannot be seen."""
    return [fact for fact in facts if not holds(fact, spans)]


def holds(fact: Fact, spans: Sequence[SpanObject]) -> bool:
    """Whether one fact can be seen."""
    name = fact["fact"]
    if name in _OF_ALL:
        return _OF_ALL[name](fact, spans)
    return any(_OF_ONE[name](fact, span) for span in spans)


def _span_count(fact: Fact, spans: Sequence[SpanObject]) -> bool:
    return len(spans) == len({(span["trace_id"], span["span_id"]) for span in spans}) == int(fact["value"])


def _total_tokens(fact: Fact, spans: Sequence[SpanObject]) -> bool:
    """The sum over what is counted: nothing twice, nothing missed."""
    counted = [span for span in spans if span.get("counted") and span["kind"] != "EMBEDDING"]
    given, told = (sum(_tokens(span, side) or 0 for span in counted) for side in ("input", "output"))
    return given == fact["input"] and told in fact["output"]


def _answer(fact: Fact, span: SpanObject) -> bool:
    return _said(span, "output_messages", fact["value"]) or _words(fact["value"]) in _words(span.get("output"))


def _user_message(fact: Fact, span: SpanObject) -> bool:
    if span.get("input_messages"):
        return _said(span, "input_messages", fact["value"], ("user",))
    return _words(fact["value"]) in _words(span.get("input"))


def _system(fact: Fact, span: SpanObject) -> bool:
    in_messages = _said(span, "input_messages", fact["value"], ("system", "developer"))
    return in_messages or _words(fact["value"]) in _words(span.get("system"))


def _tool_call(fact: Fact, span: SpanObject) -> bool:
    called = [part for side in ("output_messages", "input_messages") for _, part in _parts(span, side)]
    called = [part for part in called if part["type"] == "tool_call"]
    if span["kind"] == "TOOL":
        called.append(span.get("tool", {}))
    return any((part.get("name"), part.get("arguments")) == (fact["name"], fact["arguments"]) for part in called)


def _model(fact: Fact, span: SpanObject) -> bool:
    return fact["value"] in (span.get("model"), span.get("model_response"), span.get("model_request"))


def _embedding_model(fact: Fact, span: SpanObject) -> bool:
    own = span.get("embedding", {}).get("model")
    return span["kind"] == "EMBEDDING" and (_model(fact, span) or own == fact["value"])


def _usage(fact: Fact, span: SpanObject) -> bool:
    return _tokens(span, "input") == fact["input"] and _tokens(span, "output") in fact["output"]


def _part_of_usage(name: str) -> Callable[[Fact, SpanObject], bool]:
    return lambda fact, span: _tokens(span, "input") == fact["input"] and _tokens(span, name) == fact["value"]


def _error(fact: Fact, span: SpanObject) -> bool:
    told = [span["status"].get("message"), *(error.get("message") for error in span.get("errors", ()))]
    told.append(_words([span["status"], span.get("errors"), span.get("tool")]).replace('\\"', '"'))
    return any(_words(fact["value"]) in _words(text) for text in told)


def _document(fact: Fact, span: SpanObject) -> bool:
    score = fact.get("score")
    return any(
        _words(fact["value"]) in _words(document.get("content"))
        and (score is None or "score" not in document or abs(document["score"] - score) < 1e-3)
        for document in span.get("documents", ())
    )


def _is(name: str) -> Callable[[Fact, SpanObject], bool]:
    return lambda fact, span: span.get(name) == fact["value"]


_OF_ALL: dict[str, Callable[[Fact, Sequence[SpanObject]], bool]] = {
    "span_count": _span_count,
    "total_tokens": _total_tokens,
}

_OF_ONE: dict[str, Callable[[Fact, SpanObject], bool]] = {
    "answer": _answer,
    "user_message": _user_message,
    "system": _system,
    "tool_call": _tool_call,
    "model": _model,
    "embedding_model": _embedding_model,
    "tokens": _usage,
    "cache_read": _part_of_usage("cache_read"),
    "cache_write": _part_of_usage("cache_write"),
    "reasoning_tokens": _part_of_usage("reasoning"),
    "error": _error,
    "document": _document,
    "session_id": _is("session_id"),
    "user_id": _is("user_id"),
    "project": _is("project"),
}


def _said(span: SpanObject, side: str, wanted: str, roles: Sequence[str] = ()) -> bool:
    return any(
        part["type"] in _SAID and _words(wanted) in _words(part.get("content", part.get("result")))
        for role, part in _parts(span, side)
        if not roles or role in roles
    )


def _parts(span: SpanObject, side: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for message in span.get(side, ()):
        for part in message.get("parts", ()):
            yield message["role"], part


def _tokens(span: SpanObject, name: str) -> int | None:
    count: int | None = span.get("tokens", {}).get(name)
    return count


def _words(value: object) -> str:
    """Text with each stretch of white space as one blank, so that wrapping does not matter."""
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    return " ".join(text.split())
