"""What the search index is given of a span."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tracetui.model.lookup import canonical, has, number, values_at
from tracetui.model.words import words
from tracetui.otlp import decode
from tracetui.store import document, terms
from tracetui.store.conditions import SpanField
from tracetui.store.document import MOST_TEXT, searched_texts
from tracetui.store.records import IndexedRow

ROW = IndexedRow(
    row_id=1,
    scope_name="",
    parent_span_id="",
    name="chat",
    kind="LLM",
    otel_kind=3,
    start_time_unix_nano=1_700_000_000_000_000_000,
    duration_nano=250_000_000,
    status_code=0,
    is_error=False,
    resource_id=7,
    scope_id=8,
    model="gpt-4o-mini",
    provider="openai",
    tool_name="",
    agent_name="",
    session_id="S1",
    user_id="",
    input_tokens=100,
    output_tokens=None,
    cache_read_tokens=0,
    cache_write_tokens=None,
    reasoning_tokens=None,
    cost_total=0.002,
    span_id="00f067aa0ba902b7",
)


def any_value(value: object) -> AnyValue:
    match value:
        case None:
            return AnyValue()
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case str():
            return AnyValue(string_value=value)
        case bytes():
            return AnyValue(bytes_value=value)
        case Mapping():
            made = AnyValue()
            made.kvlist_value.values.extend(pairs(value))
            made.kvlist_value.SetInParent()
            return made
        case Sequence():
            made = AnyValue()
            made.array_value.values.extend(map(any_value, value))
            made.array_value.SetInParent()
            return made
    raise TypeError(value)


def pairs(attributes: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


def make_slice(
    attributes: Mapping[str, Any] | None = None, *, name: str = "chat", message: str = "", **events: Any
) -> bytes:
    span = Span(trace_id=b"t" * 16, span_id=b"s" * 8, name=name, attributes=pairs(attributes or {}))
    if message:
        span.status.message = message
    for event, of in events.items():
        span.events.add(name=event, attributes=pairs(of))
    return span.SerializeToString()


def make_log(body: object = None, **fields: Any) -> bytes:
    return LogRecord(body=any_value(body), **fields).SerializeToString()


def tokens_of(text: str) -> set[str]:
    """As FTS5's `ascii` tokenizer sees it."""
    return set(words_of(text))


def words_of(text: str) -> list[str]:
    found, word = [], ""
    for character in text + " ":
        if character.isascii() and not character.isalnum():
            if word:
                found.append(word)
            word = ""
        else:
            word += character.lower() if character.isascii() else character
    return found


def indexed(data: bytes, *logs: bytes, **columns: Any) -> set[str]:
    made = [document.document(ROW._replace(**columns), data), *map(document.log_document, logs)]
    return {token for each in made for token in tokens_of(each.text)}


def token(term: str) -> str:
    (one,) = words_of(term)
    return one


def test_columns() -> None:
    found = indexed(make_slice(), model="Gpt-4o-Mini", is_error=True, parent_span_id="ab", cost_total=None)
    there = {field for field in SpanField if token(terms.has(field)) in found}
    assert there == {
        *(SpanField.NAME, SpanField.ERROR, SpanField.MODEL, SpanField.PROVIDER, SpanField.SESSION, SpanField.DURATION),
        *(SpanField.TOKENS, SpanField.TOKENS_INPUT, SpanField.TOKENS_CACHE_READ),
    }
    values = {
        (SpanField.NAME, "chat"),
        (SpanField.KIND, "llm"),
        (SpanField.OTEL_KIND, "client"),
        (SpanField.STATUS, "error"),
        (SpanField.MODEL, "gpt-4o-mini"),
        (SpanField.PROVIDER, "openai"),
        (SpanField.SESSION, "s1"),
        (SpanField.ROOT, "false"),
        (terms.RESOURCE, "7"),
        (terms.SCOPE, "8"),
    }
    assert {token(terms.value(*value)) for value in values} <= found
    assert token(terms.EVERY) in found
    assert token(terms.moment(ROW.start_time_unix_nano)) in found
    for field, size in ((SpanField.DURATION, 250e6), (SpanField.TOKENS_INPUT, 100), (SpanField.TOKENS, 100)):
        assert set(map(token, terms.sizes(field, size))) <= found


def test_only_the_fields_of_the_table_have_terms() -> None:
    found = indexed(make_slice())
    kept = {
        terms.Kept.HAS: terms.has,
        terms.Kept.VALUES: lambda name: terms.value(name, ""),
        terms.Kept.SIZES: lambda name: terms.sizes(name, 1)[0][:-3],
    }
    for field, (flag, start) in product(SpanField, kept.items()):
        if flag not in terms.FIELDS.get(field, terms.Kept(0)):
            assert not any(each.startswith(token(start(field))) for each in found), (field, flag)


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"a": "Refund policy"}, "refund"),
        ({"a": "x" * 70 + " Refund"}, "refund"),
        ({"a": "Übung macht den Meister"}, "ubung"),
        ({"a": "退款政策"}, "退款"),
        ({"a": "سياسة الاسترداد"}, "سياسة"),
        ({"a": "getHttpResponse_code"}, "gethttpresponse"),
        ({"a": json.dumps({"content": "first\nsecond\ttab caf\u00e9"})}, "second"),
        ({"a": json.dumps({"content": "first\nsecond\ttab caf\u00e9"})}, "cafe"),
        ({"a": 404}, "404"),
        ({"a": 0.5}, "5"),
        ({"a": ["one", ["two", {"b": "three"}]]}, "three"),
        ({"a": {"b": {"c": "inner"}}}, "inner"),
    ],
)
def test_words_of_attributes(attributes: dict[str, Any], word: str) -> None:
    assert word in indexed(make_slice(attributes))


def test_words_of_all_else() -> None:
    data = make_slice(
        name="Answer customer", message="It timed out", exception={"exception.stacktrace": "File shop.py, line 12"}
    )
    found = indexed(
        data, make_log("a late word", attributes=pairs({"k": "other"})), make_log({"content": "structured"})
    )
    assert {"answer", "timed", "exception", "shop", "late", "other", "structured"} <= found


def test_an_unreadable_span_is_found_by_its_columns() -> None:
    found = indexed(b"\xff\xff", name="Broken Thing")
    assert {"broken", "thing", token(terms.value(SpanField.NAME, "broken thing"))} <= found


def test_a_log_record_that_cannot_be_read_is_left_out() -> None:
    assert document.log_document(b"\xff\xff").text == ""


values = st.recursive(
    st.text(max_size=80)
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.none()
    | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
json_texts = st.recursive(
    st.text(max_size=20) | st.integers() | st.floats() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.", max_size=3), inner, max_size=3),
    max_leaves=8,
).map(json.dumps)
attribute_maps = st.dictionaries(st.text(max_size=12), values | json_texts, max_size=6)


@settings(max_examples=200, deadline=None)
@given(attribute_maps)
def test_the_index_knows_what_looking_finds(attributes: dict[str, Any]) -> None:
    """Every word that is searched and every value under every key, nothing else, by both ways of parsing."""
    data = make_slice(attributes)
    span = decode.span(data)
    expected = {word for _, text in searched_texts(span) for word in words(text)}
    for key in paths(span.attributes):
        name = terms.of_attribute(key)
        assert has(span.attributes, key)
        expected.add(token(terms.has(name)))
        for value in values_at(span.attributes, key):
            text = canonical(value)
            if terms.is_short(text):
                expected.add(token(terms.value(name, text.encode("utf-8", "replace").decode())))
                if (size := number(value)) is not None:
                    expected.update(map(token, terms.sizes(name, size)))
    columns = tokens_of(document.document(ROW, make_slice(name=""), ()).text)
    columns |= {token(terms.has(field)) for field in (SpanField.INPUT, SpanField.OUTPUT)}
    whole = document.document(ROW, data)
    assert tokens_of(whole.text) - columns == expected - columns
    assert not whole.is_cut
    parts: list[str] = []
    assert not document._words(parts, span)
    assert tokens_of(" ".join(parts)) - columns == expected - columns


def paths(attributes: Mapping[str, object], depth: int = 0) -> set[str]:
    """Every key that leads to something."""
    found = set()
    for key, value in attributes.items():
        if value is None:
            continue
        found.add(key)
        inner: object = value
        if isinstance(value, str) and value[:1] == "{":
            try:
                inner = json.loads(value)
            except ValueError:
                continue
        if isinstance(inner, Mapping) and depth < 5:
            found |= {f"{key}.{below}" for below in paths(inner, depth + 1)}
    return found


def test_a_document_can_be_bound_whatever_is_sent() -> None:
    data = make_slice({"a": '{"\\ud800": "\\udfff", "b": "\\u0000"}', "c": "\x00\x00"})
    document.document(ROW, data).text.encode()


def test_a_huge_value_is_searched_in_part() -> None:
    whole = document.document(ROW, make_slice({"first": "needle " + "hay " * 1_250_000, "key": "short"}))
    assert whole.is_cut
    assert len(whole.text) < MOST_TEXT + 5_000
    found = tokens_of(whole.text)
    assert "needle" in found
    assert token(terms.value("@key", "short")) in found, "terms do not depend on how much text comes before"


def test_a_vector_is_not_written_out() -> None:
    vector = [number / 7 for number in range(1_536)]
    sent = make_slice({"array": vector, "text": json.dumps(vector), "tail": "needle"})
    found = document.document(ROW, sent)
    assert len(found.text) < 20_000
    assert "needle" in tokens_of(found.text)


def test_a_span_of_very_many_attributes_is_bounded() -> None:
    attributes = {f"key.{number}": f"value {number}" for number in range(20_000)}
    found = document.document(ROW, make_slice(attributes))
    assert found.is_cut
    assert len(found.text) < 500_000


def test_fields_without_a_column() -> None:
    attributes = {
        "openinference.span.kind": "RETRIEVER",
        "tag.tags": ["Gold", "eu"],
        "llm.finish_reason": "stop",
        "gen_ai.response.time_to_first_chunk": 0.125,
        "input.value": "question",
        "retrieval.documents.0.document.content": "text",
        "retrieval.documents.0.document.score": 0.75,
        "retrieval.documents.1.document.id": "d2",
    }
    found = indexed(make_slice(attributes))
    there = {field for field in SpanField if token(terms.has(field)) in found}
    assert {SpanField.TAG, SpanField.FINISH, SpanField.TTFT, SpanField.SCORE, SpanField.DOCUMENT} <= there
    assert SpanField.INPUT in there
    for field, text in ((SpanField.TAG, "gold"), (SpanField.TAG, "eu"), (SpanField.FINISH, "stop")):
        assert token(terms.value(field, text)) in found
    for field, size in ((SpanField.TTFT, 125e6), (SpanField.SCORE, 0.75)):
        assert set(map(token, terms.sizes(field, size))) <= found
    nothing = indexed(make_slice({"http.route": "/"}))
    assert not any(token(terms.has(field)) in nothing for field in there - {SpanField.NAME, SpanField.MODEL} - COLUMNS)


COLUMNS = {
    *(SpanField.PROVIDER, SpanField.SESSION, SpanField.DURATION, SpanField.TOKENS, SpanField.TOKENS_INPUT),
    *(SpanField.TOKENS_CACHE_READ, SpanField.COST),
}


def test_fields_that_a_log_record_says() -> None:
    telling = make_log(
        {"finish_reason": "length", "index": 0, "message": {"role": "assistant", "content": "x"}},
        event_name="gen_ai.choice",
    )
    data = make_slice({"gen_ai.operation.name": "chat", "gen_ai.system": "openai"})
    finish = token(terms.value(SpanField.FINISH, "length"))
    assert finish not in indexed(data)
    assert finish in tokens_of(document.document(ROW, data, [telling]).text)
    assert finish not in tokens_of(document.document(ROW, data, [b"\xff"]).text)
