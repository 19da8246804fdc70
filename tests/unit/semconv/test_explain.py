from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.unit.semconv.scenarios import SCENARIOS, scenario
from tracetui.model.attributes import AttributeValue
from tracetui.model.explain import exact_key, explain, explain_field
from tracetui.model.span import Span, SpanEvent
from tracetui.semconv import normalise


def sentence(attributes: Mapping[str, AttributeValue], field: str) -> str:
    span = Span("t", "s", "n", attributes=attributes, start_time_unix_nano=10**9, end_time_unix_nano=9 * 10**9)
    found = explain_field(normalise(span), field)
    assert found is not None
    return found.sentence


@pytest.mark.parametrize(
    ("attributes", "field", "expected"),
    [
        ({"llm.token_count.prompt": 12}, "tokens.input", "llm.token_count.prompt (int) · as sent"),
        ({"llm.token_count.prompt": "12"}, "tokens.input", "llm.token_count.prompt (string) · text read as a number"),
        (
            {"gen_ai.usage.input_tokens": 5, "gen_ai.usage.cache_read.input_tokens": 100},
            "tokens.input",
            "gen_ai.usage.input_tokens (int) · 5 + 100: cache_read added",
        ),
        (
            {"gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 2},
            "tokens.total",
            "computed: input + output",
        ),
        (
            {"gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "hi"}]}])},
            "input_messages",
            "gen_ai.input.messages (string) · JSON text decoded",
        ),
        (
            {"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "hi"},
            "input_messages",
            "llm.input_messages.* · put together from 2 flattened keys",
        ),
        ({"gen_ai.operation.name": "chat"}, "kind", "gen_ai.operation.name (string) · 'chat' reads as LLM"),
    ],
)
def test_a_value_tells_where_it_came_from_and_what_was_done(
    attributes: dict[str, AttributeValue], field: str, expected: str
) -> None:
    assert sentence(attributes, field) == expected


def test_a_value_of_events_tells_how_many() -> None:
    events = (
        SpanEvent("gen_ai.user.message", 2, {"content": "hi"}),
        SpanEvent("gen_ai.user.message", 3, {"content": "there"}),
    )
    found = explain_field(normalise(Span("t", "s", "n", events=events)), "input_messages")
    assert found is not None
    assert found.sentence == "event gen_ai.*.message · read from 2 span events"


def test_the_exact_key_of_a_flattened_text_is_found() -> None:
    attributes = {"llm.input_messages.0.message.content": "hi", "other": "hi"}
    assert exact_key(attributes, "llm.input_messages.*", "hi") == "llm.input_messages.0.message.content"
    assert exact_key(attributes, "llm.input_messages.*", "ho") == ""


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_field_of_the_corpus_names_a_source_that_is_there(name: str) -> None:
    for span, logs in scenario(name).spans:
        n = normalise(span, logs)
        for found in explain(n):
            assert found.sentence, (span.name, found)
            source = found.source.partition(".*")[0].partition(".N")[0]
            if source and not source.startswith(("event ", "log ")):
                assert any(key == source or key.startswith(source) for key in span.attributes), (span.name, found)
