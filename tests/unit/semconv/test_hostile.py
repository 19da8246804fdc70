"""Nothing a sender can put into attributes makes the readers raise, hang or answer nonsense."""

from __future__ import annotations

import json
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.semconv.making import START, facts_of, make_span
from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import Kind, SpanSummary
from tracetui.model.span import LogRecord, SpanEvent, Status
from tracetui.semconv import log_event_name, normalise, project, summary
from tracetui.semconv.registry import CONVENTIONS

_PATTERNS = sorted(
    {
        *(key for convention in CONVENTIONS for key in (*convention.fields, *convention.kinds, *convention.hints)),
        *(key for convention in CONVENTIONS for key in convention.opens),
        *("langfuse.observation.metadata", "langfuse.trace.metadata.x", "langfuse.trace.tags", "langsmith.metadata.x"),
        *("langfuse.observation.completion_start_time", "langfuse.experiment.x", "langsmith.span.tags"),
        *("gen_ai.response.tool_calls", "mlflow.chat.tools", "mlflow.traceTag.x", "lmnr.association.properties.tags"),
        *("agent.tools", "agent.instructions", "ai.response.finish_reason", "haystack.agent.tools", "ai.model.x"),
        *("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions"),
        *("gen_ai.retrieval.documents", "metadata", "metadata.x", "tag.tags", "llm.input_messages", "eval.score"),
        *("llm.output_messages", "retriever.documents", "pydantic_ai.all_messages", "gen_ai.prompt.variable.x"),
        *("llm.input_messages.N.message.role", "llm.input_messages.N.message.content", "llm.input_messages.N"),
        *("llm.input_messages.N.message.contents.N.message_content.image.image.url", "llm.input_messages.N.message"),
        *("llm.output_messages.N.message.tool_calls.N.tool_call.function.arguments", "llm.tools.N.tool.json_schema"),
        *("llm.output_messages.N.message.contents.N.tool_call.id", "llm.prompts.N.prompt.text", "llm.prompts"),
        *("retrieval.documents.N.document.metadata", "annotations.N.annotation.score", "annotations.N.annotation"),
        *("gen_ai.prompt.N.content", "gen_ai.prompt.N.tool_calls.N.arguments", "gen_ai.completion.N.role", "events"),
        *("all_messages_events", "gen_ai.event.content", "gen_ai.message.index", "message", "content", "tool_calls"),
        *("traceloop.association.properties.x", "llm.request.functions.N.parameters", "gen_ai.completion.N"),
        *("embedding.embeddings.N.embedding.vector", "retriever.documents.N", "llm.finish_reason", "llm.tools.N"),
    }
)
_INDEX = st.sampled_from(["0", "1", "10", "007", "99999", "100001", "9" * 30, "-1", "", "x", "²"])
_KEYS = st.builds(
    lambda pattern, index: pattern.replace(".N", f".{index}").replace("*", index),
    st.sampled_from(_PATTERNS),
    _INDEX,
)
_WORDS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "__REDACTED__",
            "user",
            "LLM",
            "TOOL",
            "NaN",
            '"quoted"',
            "{'a': 1}",
            "2023-11-14T22:13:20",
            "1e999",
            "-3",
            "{",
            "[[[[",
            '"' * 9,
            "data:,",
            "data:image/png;base64,",
            "tool_call",
            "tool",
            "9" * 5_000,
        ]
    ),
)
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=True), _WORDS, st.binary(max_size=6)
)
_NAMES = st.one_of(
    st.sampled_from(
        [
            *("role", "content", "contents", "parts", "type", "text", "tool_calls", "function", "arguments", "name"),
            *("message", "message.role", "kwargs", "data", "id", "image", "source", "summary", "tool_call", "document"),
            *("image_url", "url", "file", "input_audio", "toolUse", "toolResult", "status", "output", "finish_reason"),
            *("message_content", "functionDeclarations", "event.name", "documents", "metadata", "score", "refusal"),
            *("reasoningContent", "messages", "choices", "generations", "candidates", "inputs", "outputs", "args"),
            *("usage", "prompt_tokens", "input_tokens_details", "cached_tokens", "input", "input_cached_tokens"),
            *(
                "replies",
                "meta",
                "data",
                "embedding",
                "delta",
                "index",
                "tools",
                "output",
                "total",
                "_content",
                "origin",
            ),
        ]
    ),
    st.text(max_size=4),
)
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
        SpanEvent,
        st.sampled_from(
            ["exception", "First Token Stream Event", "gen_ai.client.inference.operation.details"]
            + ["mlflow.chunk.item.0", "mlflow.chunk.item.x"]
            + ["gen_ai.choice", "gen_ai.user.message", "gen_ai.content.prompt", "db.query.result"]
        ),
        st.sampled_from([0, START, START + 1]),
        _ATTRIBUTES,
    ),
    max_size=2,
)
_LOGS = st.lists(
    st.builds(
        LogRecord,
        event_name=st.sampled_from(
            ["", "gen_ai.client.inference.operation.details", "gen_ai.evaluation.result"]
            + ["gen_ai.choice", "gen_ai.tool.message"]
        ),
        body=_VALUES,
        attributes=_ATTRIBUTES,
    ),
    max_size=2,
)
_SCOPES = st.sampled_from(
    ["app", *(scope for convention in CONVENTIONS if convention.private for scope in convention.scopes)]
)


@settings(max_examples=4000, deadline=None)
@given(_ATTRIBUTES, _EVENTS, _LOGS, _SCOPES, st.builds(Status, st.sampled_from([0, 1, 2, 7]), _WORDS))
def test_no_attributes_make_it_raise(
    attributes: dict[str, AttributeValue], events: list[SpanEvent], logs: list[LogRecord], scope: str, status: Status
) -> None:
    span = make_span(attributes, scope=scope, events=events, status=status)
    full, columns = normalise(span, logs), summary(facts_of(span))
    _check(columns)
    assert (columns.kind, columns.model, columns.provider) == (full.kind, full.model, full.provider)
    assert columns.tokens == full.tokens
    assert columns.cost_total == (full.cost.total if full.cost else None)
    assert (columns.session_id, columns.user_id) == (full.session_id, full.user_id)
    assert not any("could not be read" in problem for problem in full.problems), full.problems
    assert isinstance(project(attributes), str)
    assert isinstance(log_event_name(attributes, ""), str)


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
