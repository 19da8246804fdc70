"""Nothing a sender can put into attributes makes the readers raise, hang or answer nonsense."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.semconv.keys import EVENT_NAMES, known_keys
from tests.unit.semconv.making import START, facts_of, make_span
from tracetui.model.attributes import AttributeValue, json_value
from tracetui.model.chat import Kind, SpanSummary
from tracetui.model.objects import span_object
from tracetui.model.span import LogRecord, Span, SpanEvent, Status
from tracetui.semconv import event_name, normalise, project, summary, summary_with_logs
from tracetui.semconv.registry import CONVENTIONS

_SUFFIXES = (
    *("", "", "", ".message.role", ".message.content", ".message", ".role", ".content", ".tool_calls.N.arguments"),
    *(".message.contents.N.message_content.image.image.url", ".message.contents.N.message_content.type"),
    *(".message.contents.N.message_content.audio.audio.transcript", ".message.contents.N.tool_call.id"),
    *(".message.tool_calls.N.tool_call.function.arguments", ".message.tool_call_id", ".tool.json_schema"),
    *(".document.metadata", ".document.content", ".annotation.score", ".evaluation.name", ".embedding.vector"),
    *(".prompt.text", ".completion.text", ".image.url", ".name", ".parameters", ".refusal", ".finish_reason"),
)
"""What follows an index in flattened keys."""

_PATTERNS = sorted(
    {key + suffix for key in known_keys() for suffix in (_SUFFIXES if key.endswith(".N") else ("",))}
    | {*("content", "message", "tool_calls", "id", "name", "gen_ai.event.content", "gen_ai.message.index", "index")}
)
"""Keys of all conventions, and of their events."""

_INDEXES = ("0", "1", "10", "007", "99999", "100001", "9" * 30, "-1", "", "x", "²")
_INDEX = st.sampled_from(_INDEXES)
_KEYS = st.builds(
    lambda pattern, index: pattern.replace(".N", f".{index}").replace("*", index).replace(".x", f".{index}"),
    st.sampled_from(_PATTERNS),
    _INDEX,
)
_HOSTILE_WORDS = (
    *("__REDACTED__", "user", "LLM", "TOOL", "NaN", "1e999", "-3", "{", "[[[[", '"' * 9, "data:,", "tool_call", "tool"),
    *("data:image/png;base64,", "9" * 5_000, "FILTERED", "execute_tool", "rerank", "pending_span", "assistant", "{}"),
    *('"quoted"', "{'a': 1}", "2023-11-14T22:13:20"),
    *("(merged tools)", "FinishReason.STOP", "error", "\x1b[31m", "\x00", "…", "constructor", "\ud800"),
)
_HOSTILE: tuple[AttributeValue, ...] = (
    *_HOSTILE_WORDS,
    *(None, True, False, 0, 1, -1, 2**53, 2**63, -(2**70), 0.5, -0.0, float("nan"), float("inf"), b"", b"\xff\x00"),
)
_WORDS = st.one_of(st.text(max_size=12), st.sampled_from(_HOSTILE_WORDS))
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=True), _WORDS, st.binary(max_size=6)
)
_WORDS_INSIDE = (
    *("role", "content", "contents", "parts", "type", "text", "tool_calls", "function", "arguments", "name"),
    *("message", "message.role", "kwargs", "data", "id", "image", "source", "summary", "tool_call", "document"),
    *("image_url", "url", "file", "input_audio", "toolUse", "toolResult", "status", "output", "finish_reason"),
    *("message_content", "functionDeclarations", "event.name", "documents", "metadata", "score", "refusal"),
    *("reasoningContent", "messages", "choices", "generations", "candidates", "inputs", "outputs", "args"),
    *("usage", "usage_metadata", "config", "tools", "update", "entity", "distance", "page_content", "input_str"),
    *("prompt_tokens", "input_tokens_details", "cached_tokens", "input", "input_cached_tokens", "replies", "meta"),
    *("embedding", "delta", "index", "total", "_content", "origin"),
    *("params", "method", "tool_name", "audio", "transcript", "properties", "tool_call_id", "system", "prompt"),
)
"""Names that readers look for inside values."""

_NAMES = st.one_of(st.sampled_from(_WORDS_INSIDE), st.text(max_size=4))
_TREES: st.SearchStrategy[AttributeValue] = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_NAMES, inner, max_size=5)),
    max_leaves=14,
)
_JSON = st.one_of(
    _TREES.map(lambda tree: json.dumps(tree, default=str)),
    _TREES.map(lambda tree: json.dumps(tree, default=str)[:-2]),
)
_VALUES = st.one_of(_TREES, _JSON)
_ATTRIBUTES = st.dictionaries(st.one_of(_KEYS, st.text(max_size=8)), _VALUES, max_size=14)
_EVENTS = st.lists(
    st.builds(
        lambda *fields: SpanEvent(*fields),
        st.sampled_from(EVENT_NAMES),
        st.sampled_from([0, START, START + 1]),
        _ATTRIBUTES,
    ),
    max_size=2,
)
_LOGS = st.lists(
    st.builds(
        lambda **fields: LogRecord(**fields),
        event_name=st.sampled_from(["", *EVENT_NAMES]),
        body=_VALUES,
        attributes=_ATTRIBUTES,
    ),
    max_size=2,
)
_SCOPES = st.sampled_from(["app", *(scope for convention in CONVENTIONS for scope in convention.scopes)])
_STATUSES = st.builds(Status, st.sampled_from([0, 1, 2, 7]), _WORDS)


def check_any_span(
    attributes: dict[str, AttributeValue], events: list[SpanEvent], logs: list[LogRecord], scope: str, status: Status
) -> None:
    """Nothing raises, nothing is lost, and columns and full reading tell the same."""
    span = make_span(attributes, scope=scope, events=events, status=status)
    full = normalise(span, logs)
    columns = summary_with_logs(span, logs) if logs else summary(facts_of(span))
    _check(columns)
    assert (columns.kind, columns.model, columns.provider) == (full.kind, full.model, full.provider)
    assert columns.tokens == full.tokens
    assert columns.cost_total == (full.cost.total if full.cost else None)
    assert (columns.session_id, columns.user_id) == (full.session_id, full.user_id)
    assert columns.agent_name == full.agent_name
    assert full.tool is None or columns.tool_name == full.tool.name
    assert columns.is_error == bool(full.errors) or not columns.is_error
    assert (columns.is_pending, columns.pending_parent_id) == (full.is_pending, full.pending_parent_id)
    for reading in (full, normalise(span)):
        assert not any("could not be read" in problem for problem in reading.problems), reading.problems
        shown = span_object(reading, counted=True)
        json.dumps(shown, allow_nan=False)
        assert shown.get("attributes", {}) == json_value(attributes)
    assert isinstance(project(attributes), str)
    assert isinstance(event_name("", attributes), str)


@settings(max_examples=300)
@given(_ATTRIBUTES, _EVENTS, _LOGS, _SCOPES, _STATUSES)
def test_no_span_makes_it_raise_or_lose_or_contradict_itself(
    attributes: dict[str, AttributeValue], events: list[SpanEvent], logs: list[LogRecord], scope: str, status: Status
) -> None:
    check_any_span(attributes, events, logs, scope, status)


@pytest.mark.parametrize("examples", [200, pytest.param(200_000, marks=pytest.mark.slow)])
def test_no_span_of_very_many_does(examples: int) -> None:
    """As above, each span made from one number: that costs a tenth, so there can be very many."""

    @settings(max_examples=examples, database=None)
    @given(st.integers(0, 2**64), _SCOPES)
    def check(seed: int, scope: str) -> None:
        draw = random.Random(seed)
        events = [SpanEvent(draw.choice(EVENT_NAMES), draw.choice((0, START)), _any_attributes(draw, 5))]
        record = LogRecord(event_name=draw.choice(EVENT_NAMES), body=_any_value(draw, 2))
        logs = [record, LogRecord(attributes=_any_attributes(draw, 5))]
        status = Status(draw.choice((0, 1, 2, 7)), draw.choice(("", "x", "\n")))
        events, logs = events[: draw.randrange(2)], logs[: draw.randrange(3)]
        check_any_span(_any_attributes(draw, 12), events, logs, scope, status)

    check()


def _any_attributes(draw: random.Random, most: int) -> dict[str, AttributeValue]:
    return {_any_key(draw): _any_value(draw, 3) for _ in range(draw.randrange(most))}


def _any_key(draw: random.Random) -> str:
    pattern, index = draw.choice(_PATTERNS), draw.choice(_INDEXES)
    return pattern.replace(".N", f".{index}").replace("*", index).replace(".x", f".{index}")


def _any_value(draw: random.Random, depth: int) -> AttributeValue:
    """A scalar, a tree, or JSON text of one, whole or cut short."""
    form = draw.random()
    if depth == 0 or form < 0.35:
        return draw.choice(_HOSTILE)
    if form < 0.55:
        return [_any_value(draw, depth - 1) for _ in range(draw.randrange(4))]
    if form < 0.8:
        return {draw.choice(_WORDS_INSIDE): _any_value(draw, depth - 1) for _ in range(draw.randrange(5))}
    text = json.dumps(_any_value(draw, depth - 1), default=str)
    return text[: draw.randrange(len(text) + 1)] if form > 0.95 else text


def _check(columns: SpanSummary) -> None:
    """Columns are what a database can hold."""
    assert isinstance(columns.kind, Kind)
    for count in columns.tokens:
        assert count is None or (type(count) is int and 0 <= count < 2**63)
    for words in (columns.model, columns.provider, columns.session_id, columns.user_id, columns.tool_name):
        assert isinstance(words, str)
        assert len(words) <= 1_000
    assert isinstance(columns.preview, str)
    assert len(columns.preview) <= 200


def test_large_and_deep_values_take_bounded_time() -> None:
    deep: AttributeValue = "x"
    for _ in range(90):
        deep = {"message": [deep]}
    attributes: dict[str, AttributeValue] = {
        "openinference.span.kind": "LLM",
        "llm.input_messages": '[{"role": "user", "content": "' + "x" * 4_000_000 + '"}]',
        "llm.output_messages": "[" * 1_000_000,
        "gen_ai.input.messages": '{"a":' * 100_000,
        "gen_ai.output.messages": deep,
        "metadata": '"' * 1_000_000,
        "tag.tags": "," * 1_000_000,
        "llm.invocation_parameters": "{" + '"model":' * 100_000,
        "llm.model_name": "m" * 4_000_000,
        "." * 100_000: "x",
        "llm.input_messages" + ".0" * 100_000: "x",
        **{f"llm.output_messages.{index}.message.content": "x" for index in range(20_000)},
    }
    span = make_span(attributes, status=Status(2, "e" * 4_000_000))
    began = time.process_time()
    summary(facts_of(span))
    on_the_way_in = time.process_time() - began
    full = normalise(span)
    assert on_the_way_in < 1
    assert time.process_time() - began < 10
    assert len(full.output_messages) == 20_000


def many_messages(count: int) -> Span:
    return make_span({f"llm.input_messages.{index}.message.content": "x" for index in range(count)})


def many_calls(count: int) -> Span:
    start = "llm.output_messages.0.message.tool_calls"
    return make_span({f"{start}.{index}.tool_call.function.name": f"f{index}" for index in range(count)})


def many_parts(count: int) -> Span:
    parts: AttributeValue = [{"type": "text", "content": "x"} for _ in range(count)]
    return make_span({"gen_ai.input.messages": [{"role": "user", "parts": parts}]})


def many_json_messages(count: int) -> Span:
    messages = [{"role": ("user", "system")[index % 2], "content": f"m{index}"} for index in range(count)]
    return make_span({"gen_ai.input.messages": json.dumps(messages), "gen_ai.system_instructions": "Be terse."})


def many_events(count: int) -> Span:
    attributes: dict[str, AttributeValue] = {"gen_ai.message.index": 0, "content": "x"}
    return make_span({}, events=[SpanEvent("gen_ai.user.message", START, attributes) for _ in range(count)])


def many_exceptions(count: int) -> Span:
    return make_span({}, events=[SpanEvent("exception", START, {"exception.message": str(n)}) for n in range(count)])


def many_documents(count: int) -> Span:
    hits = [SpanEvent("db.query.result", START, {"db.query.result.id": str(index)}) for index in range(count)]
    flat = {f"retrieval.documents.{index}.document.content": "x" for index in range(count)}
    return make_span(flat, events=hits)


def many_keys(count: int) -> Span:
    return make_span({f"app.custom.{index}.setting": index for index in range(count)})


def many_of_a_namespace(count: int) -> Span:
    return make_span({f"gen_ai.request.custom{index}": index for index in range(count)})


def many_judgements(count: int) -> Span:
    return make_span({f"annotations.{index}.annotation.name": str(index) for index in range(count)})


def many_reranked(count: int) -> Span:
    given = {f"gen_ai.prompt.{index}.role": "system" for index in range(count)}
    told = {f"gen_ai.completion.{index}.content": f"Doc {index}, Score: 0.5" for index in range(count)}
    return make_span({"llm.request.type": "rerank", **given, **told})


def many_tags(count: int) -> Span:
    return make_span({"tag.tags": ",".join(map(str, range(count))), "metadata": json.dumps(dict.fromkeys("ab", "x"))})


_GROWING = (
    *(many_messages, many_calls, many_parts, many_json_messages, many_events, many_exceptions, many_documents),
    *(many_keys, many_of_a_namespace, many_judgements, many_reranked, many_tags),
)


def calls_of(span: Span) -> int:
    """Calls of functions, Python's and C's, that one summary and one full reading of a span make."""
    made = 0

    def count(frame: object, what: str, argument: object) -> None:
        nonlocal made
        made += what in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        summary(facts_of(span))
        normalise(span)
    finally:
        sys.setprofile(before)
    return made


def seconds_of(span: Span) -> float:
    """The least processor time of three readings."""
    taken = []
    for _ in range(3):
        began = time.thread_time()
        summary(facts_of(span))
        normalise(span)
        taken.append(time.thread_time() - began)
    return min(taken)


@pytest.mark.parametrize("made", _GROWING, ids=lambda made: made.__name__)
def test_four_times_the_input_takes_about_four_times_the_work(made: Callable[[int], Span]) -> None:
    calls_of(made(1_200))  # from here on it is remembered what the keys mean
    small, large = made(300), made(1_200)
    assert calls_of(large) <= 6 * calls_of(small)
    assert seconds_of(made(4_000)) <= 10 * max(seconds_of(made(1_000)), 0.005)
