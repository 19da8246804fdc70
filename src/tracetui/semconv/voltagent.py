"""VoltAgent.

Follows VoltAgent/voltagent, packages/core 1 and 2 (`agent/open-telemetry/trace-context.ts`, `observability`), and
mlflow 3.18.0 (`tracing/otel/translation/voltagent.py`). Its keys are such common words that they mean something only in
its own scopes.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.chat import Kind
from tracetui.semconv.core.content import documents_of, tool_definitions
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, ReadField, Source
from tracetui.semconv.core.exchange import request_messages, response_messages, spoken
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.parts import parts_of
from tracetui.semconv.core.values import strings

FIELDS: Mapping[str, Field] = {
    "llm.messages": "input",
    "agent.messages": "input",
    "input": "input",
    "output": "output",
    "ai.model.name": "model_request",
    "llm.model": "model_request",
    "llm.provider": "provider",
    "llm.usage.prompt_tokens": "tokens.input",
    "usage.prompt_tokens": "tokens.input",
    "llm.usage.completion_tokens": "tokens.output",
    "usage.completion_tokens": "tokens.output",
    "llm.usage.total_tokens": "tokens.total",
    "usage.total_tokens": "tokens.total",
    "llm.usage.cached_tokens": "tokens.cache_read",
    "usage.cached_tokens": "tokens.cache_read",
    "llm.usage.reasoning_tokens": "tokens.reasoning",
    "usage.reasoning_tokens": "tokens.reasoning",
    "usage.cost": "cost.total",
    "voltagent.conversation_id": "session_id",
    "conversation.id": "session_id",
    # On spans of a subagent `entity.name` is its parent's.
    "subagent.name": "agent_name",
    "entity.name": "agent_name",
    "tool.call.id": "tool.call_id",
    "error.message": "error.message",
}

KINDS = {
    # Before `entity.type`, which children have from their agent.
    "span.type": {
        "agent": Kind.AGENT,
        "llm": Kind.LLM,
        "tool": Kind.TOOL,
        "retriever": Kind.RETRIEVER,
        "vector": Kind.RETRIEVER,
        "embedding": Kind.EMBEDDING,
        "guardrail": Kind.GUARDRAIL,
        "scorer": Kind.EVALUATOR,
        **dict.fromkeys(("memory", "middleware", "summary", "workflow-step"), Kind.CHAIN),
    },
    "entity.type": {"agent": Kind.AGENT, "workflow": Kind.CHAIN},
}

_SPOKEN = ("llm", "agent", None)
"""Types of spans whose plain words are said to a model and by it; the root span of an agent has none."""
_PARAMS = "ai.model"
_METADATA = "voltagent"


def _conversation(field: ReadField, *keys: str) -> Reader:
    output = field == "output_messages"

    def read(source: Source) -> Found | None:
        for key in keys:
            value = source.decoded(key)
            messages = response_messages(value) if output else request_messages(value)
            if not messages and source.attributes.get("span.type") in _SPOKEN:
                messages = spoken(value, "assistant" if output else "user")
            if messages:
                return Found(messages, key)
        return None

    return Reader(field, Rank.VENDOR, read)


def _params(source: Source) -> Found:
    return Found({name: value for _, name, value in source.below(_PARAMS) if name != "name"}, f"{_PARAMS}.*")


def _metadata(source: Source) -> Found:
    return Found({name: value for _, name, value in source.below(_METADATA)}, f"{_METADATA}.*")


def _documents(source: Source) -> Found | None:
    is_retriever = source.attributes.get("span.type") == "retriever"
    return Found(documents_of(source.decoded("output")), "output") if is_retriever else None


CONVENTION = Convention(
    name="VoltAgent",
    version="@voltagent/core 2",
    order=21,
    scopes=("@voltagent", "voltagent"),
    private=True,
    fields=FIELDS,
    kinds=KINDS,
    named_after=frozenset({Kind.TOOL}),
    readers=(
        _conversation("input_messages", "llm.messages", "agent.messages", "input"),
        _conversation("output_messages", "output"),
        Reader(
            "instructions",
            Rank.VENDOR,
            lambda source: Found(tuple(parts_of(source.value("agent.instructions"))), "agent.instructions"),
        ),
        Reader(
            "tool_defs",
            Rank.VENDOR,
            lambda source: Found(tool_definitions(source.decoded("agent.tools")), "agent.tools"),
        ),
        Reader("documents", Rank.VENDOR, _documents),
        Reader("params", Rank.VENDOR, _params),
        Reader("metadata", Rank.VENDOR, _metadata),
        Reader(
            "finish_reasons",
            Rank.VENDOR,
            lambda source: Found(strings(source.value("ai.response.finish_reason")), "ai.response.finish_reason"),
        ),
    ),
)
