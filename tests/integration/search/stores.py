"""Random small stores and random conditions, whose words and values meet often enough to match."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from tests.factories import START
from tracetui.store.conditions import (
    And,
    Attribute,
    Between,
    Compare,
    Comparison,
    Condition,
    Equals,
    Has,
    HasAncestor,
    HasParent,
    InTrace,
    Like,
    Matches,
    Not,
    Operand,
    Or,
    SpanField,
    TraceField,
    TraceHas,
    Words,
)

TEXTS = st.sampled_from(
    [
        "",
        "refund policy",
        "Refund",
        "refunding the policy",
        "policy refund",
        "gpt-4o",
        "GPT-4o-mini",
        "Übung macht den Meister",
        "ubung",
        "退款政策",
        "退款",
        "款",
        "سياسة الاسترداد",
        "naïve café",
        "snake_case_id",
        "a%b_c*",
        '{"tier": "gold", "n": 3, "deep": {"er": true}}',
        '["refund", "policy"]',
        "line\\nbreak",
        'say "hi" OR x*',
        "500",
        "0.5",
        "true",
        "ß ſ K",
        "x" * 70,
        "refund " + "y" * 70,
        "nul\0byte",
        "LLM",
        "error",
    ]
)
KEYS = st.sampled_from(
    [
        "k",
        "K",
        "k.tier",
        "http.status",
        "n",
        "metadata",
        "metadata.tier",
        "input.value",
        "output.value",
        "llm.model_name",
        "openinference.span.kind",
        "session.id",
        "user.id",
        "tag.tags",
        "tool.name",
        "llm.token_count.prompt",
        "llm.token_count.completion",
        "gen_ai.response.finish_reasons",
        "retrieval.documents.0.document.content",
        "retrieval.documents.0.document.score",
        "llm.input_messages.0.message.content",
        "llm.input_messages.0.message.role",
        'a b"c',
    ]
)
NUMBERS = st.sampled_from([0, 1, -1, 3, 7.5, 499, 500, 500.0, 501, 0.5, 1e9, 2**62, -3.25, 1e-12])
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.just(b"bytes"))
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=3),
    st.dictionaries(st.sampled_from(["tier", "n", "refund"]), SCALARS, max_size=2),
)
FEW = st.integers(0, 4)

_TEXT_FIELDS = st.sampled_from([SpanField.INPUT, SpanField.OUTPUT, SpanField.DOCUMENT, SpanField.ERROR])
_OPERANDS: st.SearchStrategy[Operand] = st.one_of(
    st.sampled_from(list(SpanField)),
    st.sampled_from([field for field in TraceField if field is not TraceField.USER]),
    st.builds(Attribute, KEYS),
    st.builds(Attribute, st.sampled_from(["service.name", "k", "host"]), st.just(True)),
)
_ASKED = st.one_of(
    TEXTS,
    st.sampled_from(
        [
            "llm",
            "ok",
            "error",
            "unset",
            "running",
            "internal",
            "unspecified",
            "gold",
            "tool",
            "s1",
            "s2",
            "lib",
            "false",
        ]
    ),
    st.integers(1, 9).map(lambda number: f"{number:016x}"),
    st.integers(1, 3).map(lambda number: f"{number:032x}"),
)
_WORDS = st.one_of(
    TEXTS, st.sampled_from(["ref", "re", "pol", "policy", "gold", "macht den", "政策", "meis", "tier 3"])
)
_PATTERNS = st.sampled_from(["ref.*pol", "^gpt", "(?i)gpt", "[0-9]+$", "退.", "^$", "a|b", "(a+)+$"])


def leaves() -> st.SearchStrategy[Condition]:
    """Conditions that hold no other."""
    return st.one_of(
        st.builds(Words, _WORDS, st.booleans(), st.one_of(st.none(), _TEXT_FIELDS)),
        st.builds(Equals, _OPERANDS, _ASKED),
        st.builds(Like, _OPERANDS, st.lists(_ASKED.map(lambda text: text[:4]), min_size=1, max_size=3).map(tuple)),
        st.builds(Matches, _OPERANDS, _PATTERNS),
        st.builds(Compare, _OPERANDS, st.sampled_from(list(Comparison)), _COMPARED),
        st.builds(Between, _OPERANDS, _COMPARED, _COMPARED),
        st.builds(Has, _OPERANDS),
        st.builds(InTrace, st.integers(1, 4).map(lambda number: f"{number:032x}")),
    )


_COMPARED = st.one_of(NUMBERS, st.sampled_from([START, START + 2_000_000_000, 1_000_000_000, 2]))


def conditions() -> st.SearchStrategy[Condition]:
    """Conditions of every kind."""
    return st.recursive(
        leaves(),
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.lists(inner, max_size=3).map(lambda parts: And(tuple(parts))),
            st.lists(inner, max_size=3).map(lambda parts: Or(tuple(parts))),
            st.builds(HasParent, inner),
            st.builds(HasAncestor, inner),
            st.builds(TraceHas, inner),
        ),
        max_leaves=6,
    )


@st.composite
def requests(draw: Callable[[Any], Any]) -> list[tuple[bool, bytes]]:
    """Export requests of a small store, each with whether it brings log records."""
    found: list[tuple[bool, bytes]] = []
    for _ in range(draw(st.integers(1, 3))):
        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add()
        _fill(resource.resource.attributes, {"service.name": draw(st.sampled_from(["api", "Zürich", ""]))})
        _fill(resource.resource.attributes, draw(st.dictionaries(st.sampled_from(["k", "host"]), VALUES, max_size=1)))
        scope = resource.scope_spans.add()
        scope.scope.name = draw(st.sampled_from(["lib", "openinference.instrumentation.openai", ""]))
        for _ in range(draw(st.integers(0, 6))):
            span = scope.spans.add()
            span.trace_id = draw(st.integers(1, 3)).to_bytes(16, "big")
            span.span_id = draw(st.integers(1, 6)).to_bytes(8, "big")
            if parent := draw(st.integers(0, 7)):
                span.parent_span_id = parent.to_bytes(8, "big")
            span.name = draw(TEXTS)
            span.kind = draw(st.integers(0, 5))
            span.start_time_unix_nano = draw(st.sampled_from([0, START, START + 1_000_000_000, START + 3_000_000_000]))
            if span.start_time_unix_nano:
                span.end_time_unix_nano = span.start_time_unix_nano + draw(st.sampled_from([0, 7, 1_000_000_000]))
            span.status.code = draw(st.integers(0, 2))
            if span.status.code == 2:
                span.status.message = draw(TEXTS)
            _fill(span.attributes, draw(st.dictionaries(KEYS, VALUES, max_size=4)))
            if draw(FEW) == 0:
                event = span.events.add(name="exception", time_unix_nano=START)
                _fill(event.attributes, {"exception.type": "ValueError", "exception.message": draw(TEXTS)})
        found.append((False, request.SerializeToString()))
        if draw(FEW) == 0:
            logs = ExportLogsServiceRequest()
            record = logs.resource_logs.add().scope_logs.add().log_records.add()
            record.trace_id = draw(st.integers(1, 3)).to_bytes(16, "big")
            record.span_id = draw(st.integers(1, 6)).to_bytes(8, "big")
            record.body.CopyFrom(_any(draw(VALUES)))
            _fill(record.attributes, draw(st.dictionaries(KEYS, VALUES, max_size=2)))
            found.append((True, logs.SerializeToString()))
    return found


def _fill(attributes: Any, values: dict[str, Any]) -> None:
    attributes.extend([KeyValue(key=key, value=_any(value)) for key, value in values.items()])


def _any(value: Any) -> AnyValue:
    found = AnyValue()
    match value:
        case bool():
            found.bool_value = value
        case str():
            found.string_value = value
        case int():
            found.int_value = value
        case float():
            found.double_value = value
        case bytes():
            found.bytes_value = value
        case list():
            found.array_value.values.extend([_any(item) for item in value])
        case dict():
            found.kvlist_value.values.extend([KeyValue(key=key, value=_any(item)) for key, item in value.items()])
    return found
