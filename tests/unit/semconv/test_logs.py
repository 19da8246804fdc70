"""What log records say of their span, whenever they come."""

from __future__ import annotations

import itertools
import json

import pytest

from tests.unit.semconv.making import START, make_span, read
from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import Kind
from tracetui.model.span import LogRecord, Status
from tracetui.semconv import event_name, summary_with_logs, tells

DETAILS = "gen_ai.client.inference.operation.details"


def said(words: str, *, time: int = START, index: int | None = None) -> LogRecord:
    attributes = {} if index is None else {"gen_ai.message.index": index}
    return LogRecord(
        event_name="gen_ai.user.message", time_unix_nano=time, body={"content": words}, attributes=attributes
    )


def test_the_details_of_an_operation_fill_what_the_span_leaves_open() -> None:
    log = LogRecord(
        event_name=DETAILS,
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "asked",
            "gen_ai.response.model": "answered",
            "gen_ai.usage.input_tokens": 7,
            "gen_ai.usage.output_tokens": 3,
            "gen_ai.request.temperature": 0.5,
            "gen_ai.response.finish_reasons": ["stop"],
            "user.id": "ada",
            "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "hello"}]}]),
        },
    )
    span = make_span({"gen_ai.request.model": "the span's own"})
    full, columns = read(span.attributes, logs=[log]), summary_with_logs(span, [log])
    assert (full.kind, full.model_request, full.model_response) == (Kind.LLM, "the span's own", "answered")
    assert (full.tokens.input, full.tokens.output, full.user_id) == (7, 3, "ada")
    assert (full.params, full.finish_reasons) == ({"temperature": 0.5}, ("stop",))
    assert full.sources["user_id"] == f"log {DETAILS}: user.id"
    assert full.sources["tokens.input"] == f"log {DETAILS}: gen_ai.usage.input_tokens"
    assert full.sources["model_request"] == "gen_ai.request.model"
    assert (columns.kind, columns.model, columns.tokens, columns.user_id) == (Kind.LLM, "answered", full.tokens, "ada")
    assert columns.preview == "hello"


def test_what_the_span_says_stands() -> None:
    attributes: dict[str, AttributeValue] = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 5}
    log = LogRecord(event_name=DETAILS, attributes={**attributes, "gen_ai.usage.input_tokens": 5_000})
    assert read(attributes, logs=[log]).tokens.input == 5
    assert summary_with_logs(make_span(attributes), [log]).tokens.input == 5


def test_other_log_records_do_not_speak_for_the_span() -> None:
    logs = [
        LogRecord(body="signed in", attributes={"user.id": "eve", "gen_ai.request.model": "none"}),
        LogRecord(event_name="gen_ai.evaluation.result", attributes={"gen_ai.evaluation.name": "tone"}),
    ]
    columns = summary_with_logs(make_span({"gen_ai.operation.name": "chat"}), logs)
    assert (columns.kind, columns.user_id, columns.model) == (Kind.LLM, "", "")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_users_last_words_are_the_preview_in_any_order_of_arrival(order: tuple[int, ...]) -> None:
    span = make_span({"gen_ai.operation.name": "chat"})
    by_time = [said(f"words {number}", time=START + number) for number in range(3)]
    by_index = [said(f"words {number}", index=number) for number in range(3)]
    for records in (by_time, by_index):
        logs = [records[number] for number in order]
        assert summary_with_logs(span, logs).preview == "words 2"
        assert [message.text for message in read(span.attributes, logs=logs).input_messages] == [
            "words 0",
            "words 1",
            "words 2",
        ]


def test_equal_times_keep_the_order_of_arrival() -> None:
    span = make_span({"gen_ai.operation.name": "chat"})
    assert summary_with_logs(span, [said("first"), said("second")]).preview == "second"


def test_an_exception_that_only_a_log_record_tells_of() -> None:
    log = LogRecord(
        event_name="gen_ai.client.operation.exception",
        attributes={"exception.type": "TimeoutError", "exception.message": "too slow\nafter 2 s"},
    )
    columns = summary_with_logs(make_span({"gen_ai.operation.name": "chat"}), [log, said("hello")])
    assert (columns.is_error, columns.preview) == (True, "too slow")
    ended_well = summary_with_logs(make_span({"gen_ai.operation.name": "chat"}, status=Status(1)), [log, said("hello")])
    assert (ended_well.is_error, ended_well.preview) == (False, "hello")


@pytest.mark.parametrize(
    ("name", "attributes", "body", "expected"),
    [
        ("new", {"event.name": "old"}, None, "new"),
        ("", {"event.name": "old"}, None, "old"),
        ("", {}, {"event.name": "inside"}, "inside"),
        ("", {}, "gen_ai.user.message", "gen_ai.user.message"),
        ("", {}, "It works. Really.", ""),
        ("", {}, "done.", ""),
        ("", {}, None, ""),
    ],
)
def test_the_name_of_an_event(name: str, attributes: dict[str, str], body: str, expected: str) -> None:
    assert event_name(name, attributes, body) == expected


def test_only_some_log_records_say_something_of_their_span() -> None:
    assert tells(DETAILS)
    assert tells("gen_ai.user.message")
    assert not tells("gen_ai.evaluation.result")
    assert not tells("")
    assert not tells("user.login")
