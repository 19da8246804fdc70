"""The columns: preview, errors, and what they may not do on the way in."""

from __future__ import annotations

import json

import pytest

from tests.unit.semconv.making import columns, event, read
from tracetui.model.chat import Kind, SpanError, SpanSummary
from tracetui.model.span import SpanEvent, Status
from tracetui.semconv import SpanFacts, display_name, no_events, summary

KIND = "openinference.span.kind"
EXCEPTION = event(
    "exception",
    {"exception.type": "ValueError", "exception.message": "boom\nmore", "exception.stacktrace": "T"},
)


def test_a_plain_span_has_no_columns() -> None:
    attributes = {"http.request.method": "GET", "server.address": "api.openai.com", "url.path": "/"}
    assert columns(attributes) == SpanSummary()


def test_events_are_asked_for_only_by_an_error_without_words() -> None:
    def forbidden() -> tuple[SpanEvent, ...]:
        raise AssertionError("the events were decoded")

    assert summary(SpanFacts("n", "s", {KIND: "LLM"}, 0, "", forbidden)).kind is Kind.LLM
    assert summary(SpanFacts("n", "s", {}, 2, "said", forbidden)).preview == "said"
    assert summary(SpanFacts("n", "s", {}, 2, "", lambda: [EXCEPTION])).preview == "boom"


@pytest.mark.parametrize(
    ("attributes", "preview"),
    [
        ({KIND: "TOOL", "tool.parameters": '{"city": "Oslo"}'}, '{"city": "Oslo"}'),
        ({KIND: "TOOL", "input.value": "Zürich"}, "Zürich"),
        ({KIND: "TOOL", "gen_ai.tool.call.arguments": {"city": "Oslo"}}, '{"city": "Oslo"}'),
        ({KIND: "TOOL", "input.value": "__REDACTED__"}, ""),
        ({KIND: "RETRIEVER", "input.value": "how long?\nplease"}, "how long?"),
        ({KIND: "CHAIN", "input.value": "how long?"}, ""),
    ],
)
def test_previews(attributes: dict[str, object], preview: str) -> None:
    assert columns(attributes).preview == preview  # type: ignore[arg-type]


def test_the_last_words_of_the_user_among_flat_messages() -> None:
    said = [("user", "first"), ("assistant", "mid"), ("user", "last"), ("assistant", "call")]
    attributes = {KIND: "LLM"}
    for index, (role, words) in enumerate(said):
        attributes[f"llm.input_messages.{index}.message.role"] = role
        attributes[f"llm.input_messages.{index}.message.content"] = words
    assert columns(attributes).preview == "last"


def test_the_last_words_of_the_user_in_json() -> None:
    def messages(words: str) -> str:
        before = {"role": "user", "parts": [{"type": "text", "content": "early"}]}
        after = {"role": "assistant", "parts": [{"type": "text", "content": "answer"}]}
        return json.dumps([before, {"role": "user", "parts": [{"type": "text", "content": words}]}, after])

    key = "gen_ai.input.messages"
    assert columns({key: messages('say "hi" \\ Zürich')}).preview == 'say "hi" \\ Zürich'
    assert columns({key: json.loads(messages("as a structure"))}).preview == "as a structure"
    without = [{"role": "user", "parts": []}, {"role": "assistant", "parts": [{"type": "text", "content": "no"}]}]
    assert columns({key: json.dumps(without)}).preview == ""
    assert columns({key: messages("cut")[:-150]}).preview in ("", "early", "cut")


def test_a_preview_is_one_short_line() -> None:
    preview = columns({KIND: "TOOL", "tool.parameters": "x" * 1_000_000}).preview
    assert len(preview) == 200
    assert columns({}, status=Status(2, "\n\n first \nsecond")).preview == "first"


def test_errors_of_a_span() -> None:
    failed = read({"error.type": "timeout"}, status=Status(2, "too slow"))
    assert failed.errors == (SpanError("too slow", "timeout"),)
    assert columns({"error.type": "timeout"}).is_error
    assert read({"error.type": "timeout"}).errors == (SpanError("", "timeout"),)


def test_an_exception_and_the_status_that_repeats_it_are_one_error() -> None:
    full = read({}, status=Status(2, "ValueError: boom\nmore"), events=[EXCEPTION, EXCEPTION])
    assert full.errors == (SpanError("boom\nmore", "ValueError", "T"),)
    other = read({}, status=Status(2, "failed"), events=[EXCEPTION])
    assert [error.message for error in other.errors] == ["boom\nmore", "failed"]


def test_an_exception_on_a_span_that_ended_well_is_told_but_no_failure() -> None:
    assert read({}, status=Status(1), events=[EXCEPTION]).errors == (SpanError("boom\nmore", "ValueError", "T"),)
    assert not columns({"error.type": "x"}, status=Status(1)).is_error


def test_names_on_a_tree() -> None:
    assert display_name("running tool", "TOOL", "get_weather") == "get_weather"
    assert display_name("agent run", "AGENT", "", "planner") == "planner"
    assert display_name("chat gpt-4o", "LLM", "x", "y") == "chat gpt-4o"


def test_no_events_is_none() -> None:
    assert list(no_events()) == []
