"""Every field of the language: what completion offers, help explains and `docs/query.md` lists."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from tracetui.store.conditions import SpanField, TraceField


class FieldType(StrEnum):
    """What can be asked of a field, by the name the documentation uses."""

    TEXT = "text"
    CHOICE = "choice"
    """Text of a few known values."""
    ID = "id"
    """Hex digits, found by their beginning."""
    WORDS = "words"
    """Long text, searched by its words."""
    NUMBER = "number"
    MONEY = "money"
    DURATION = "duration"
    TIME = "time"
    BOOLEAN = "boolean"


class Field(NamedTuple):
    """One field."""

    operand: SpanField | TraceField
    type: FieldType
    help: str
    """One line."""
    example: str
    """A term with it."""
    values: tuple[str, ...] = ()
    """All values of a choice, or of text the usual ones."""
    aliases: tuple[str, ...] = ()
    """Other names by which people look for it."""

    @property
    def name(self) -> str:
        """As it is written in a query."""
        return self.operand.value

    @property
    def of_trace(self) -> bool:
        """Whether it says something of the whole trace."""
        return isinstance(self.operand, TraceField)


KINDS = (
    "LLM",
    "CHAIN",
    "AGENT",
    "TOOL",
    "RETRIEVER",
    "EMBEDDING",
    "RERANKER",
    "GUARDRAIL",
    "EVALUATOR",
    "PROMPT",
    "UNKNOWN",
)
"""Span kinds, as the screen shows them."""

_TEXT, _CHOICE, _ID, _WORDS = FieldType.TEXT, FieldType.CHOICE, FieldType.ID, FieldType.WORDS
_NUMBER, _MONEY, _DURATION, _TIME = FieldType.NUMBER, FieldType.MONEY, FieldType.DURATION, FieldType.TIME
_S, _T = SpanField, TraceField

FIELDS: tuple[Field, ...] = (
    Field(_S.KIND, _CHOICE, "What the span does.", "kind:LLM", KINDS),
    Field(_S.NAME, _TEXT, "The span's name.", "name:chat*"),
    Field(_S.STATUS, _CHOICE, "How it ended.", "status:error", ("error", "ok", "unset")),
    Field(_S.MODEL, _TEXT, "The model that answered, or was asked for.", "model:gpt-4*", aliases=("models",)),
    Field(_S.PROVIDER, _TEXT, "Who serves the model.", "provider:openai"),
    Field(_S.SERVICE, _TEXT, "The `service.name` of its resource.", "service:(api OR worker)"),
    Field(
        _S.SOURCE, _TEXT, "Its service, or its project where the SDK made the service's name up.", "source:support-bot"
    ),
    Field(_S.TOOL, _TEXT, "The tool that is called.", "tool:get_weather", aliases=("tools", "tool_name")),
    Field(_S.AGENT, _TEXT, "The agent at work.", "agent:planner", aliases=("agents", "agent_name")),
    Field(_S.DURATION, _DURATION, "From start to end.", "duration>2s", aliases=("latency",)),
    Field(_S.START, _TIME, "When it began.", "start>-15m", aliases=("time", "started", "since", "timestamp")),
    Field(
        _S.TOKENS, _NUMBER, "Input and output tokens together.", "tokens>1000", aliases=("tokens.total", "total_tokens")
    ),
    Field(
        _S.TOKENS_INPUT,
        _NUMBER,
        "Tokens of the input.",
        "tokens.input>10k",
        aliases=("input_tokens", "prompt_tokens", "tokens.prompt"),
    ),
    Field(
        _S.TOKENS_OUTPUT,
        _NUMBER,
        "Tokens of the output.",
        "tokens.output:1..500",
        aliases=("output_tokens", "completion_tokens", "tokens.completion"),
    ),
    Field(_S.TOKENS_CACHE_READ, _NUMBER, "Input tokens that came from a cache.", "tokens.cache_read>0"),
    Field(_S.TOKENS_CACHE_WRITE, _NUMBER, "Input tokens that went into a cache.", "tokens.cache_write>0"),
    Field(_S.TOKENS_REASONING, _NUMBER, "Output tokens spent on reasoning.", "tokens.reasoning>500"),
    Field(_S.COST, _MONEY, "Dollars, reported or estimated.", "cost>$0.01", aliases=("price",)),
    Field(_S.TTFT, _DURATION, "Time to the first token.", "ttft>1.5s", aliases=("time_to_first_token",)),
    Field(_S.INPUT, _WORDS, "The input and the messages that went in.", 'input:"refund policy"', aliases=("inputs",)),
    Field(_S.OUTPUT, _WORDS, "The output and the messages that came out.", "output:sorry", aliases=("outputs",)),
    Field(
        _S.DOCUMENT,
        _WORDS,
        "Retrieved documents, their text and ids.",
        "document:warranty",
        aliases=("documents", "doc"),
    ),
    Field(_S.SCORE, _NUMBER, "The score of a retrieved document.", "score>=0.8", aliases=("scores",)),
    Field(
        _S.ERROR,
        _WORDS,
        "What went wrong: status message, exceptions.",
        "error:timeout",
        aliases=("errors", "exception"),
    ),
    Field(
        _S.FINISH,
        _TEXT,
        "Why the model stopped.",
        "finish:length",
        ("stop", "length", "tool_calls", "content_filter"),
        ("finish_reason", "finish_reasons"),
    ),
    Field(
        _S.SESSION, _TEXT, "The session or conversation it belongs to.", "session:sess-7f3a*", aliases=("session_id",)
    ),
    Field(_S.USER, _TEXT, "The user it was done for.", "user:user-42", aliases=("user_id", "users")),
    Field(_S.TAG, _TEXT, "One of its tags.", "tag:beta", aliases=("tags",)),
    Field(_S.PROJECT, _TEXT, "The project of its resource.", "project:support-bot"),
    Field(_S.SCOPE, _TEXT, "The instrumentation that recorded it.", "scope:openinference.*"),
    Field(
        _S.OTEL_KIND,
        _CHOICE,
        "OpenTelemetry's own span kind.",
        "otel_kind:client",
        ("internal", "server", "client", "producer", "consumer", "unspecified"),
    ),
    Field(_S.ROOT, FieldType.BOOLEAN, "Whether it has no parent.", "root:true", ("true", "false")),
    Field(_S.DEPTH, _NUMBER, "How many spans stand above it.", "depth>=5"),
    Field(_S.TRACE, _ID, "The trace's id, or its beginning.", "trace:76e39be8", aliases=("trace_id", "traceid")),
    Field(_S.SPAN, _ID, "The span's id, or its beginning.", "span:2db05467", aliases=("span_id", "spanid")),
    Field(
        _T.DURATION,
        _DURATION,
        "From the first start to the last end.",
        "trace.duration>30s",
        aliases=("trace.latency",),
    ),
    Field(_T.START, _TIME, "When the trace began.", "trace.start:2026-11-22", aliases=("trace.time",)),
    Field(_T.TOKENS, _NUMBER, "Tokens of all its LLM calls.", "trace.tokens>50k"),
    Field(_T.TOKENS_INPUT, _NUMBER, "Input tokens of all its LLM calls.", "trace.tokens.input>50k"),
    Field(_T.TOKENS_OUTPUT, _NUMBER, "Output tokens of all its LLM calls.", "trace.tokens.output>5k"),
    Field(_T.COST, _MONEY, "Dollars of the whole trace.", "trace.cost>$0.10"),
    Field(_T.SPANS, _NUMBER, "How many spans it has.", "trace.spans>100", aliases=("trace.span_count",)),
    Field(
        _T.ERRORS, _NUMBER, "How many of them failed.", "trace.errors:0", aliases=("trace.error", "trace.error_count")
    ),
    Field(_T.LLM, _NUMBER, "How many LLM calls it made.", "trace.llm>=3", aliases=("trace.llms", "trace.llm_count")),
    Field(
        _T.TOOLS, _NUMBER, "How many tool calls it made.", "trace.tools>5", aliases=("trace.tool", "trace.tool_count")
    ),
    Field(_T.NAME, _TEXT, "The name of its root span.", "trace.name:rag_chain"),
    Field(_T.STATUS, _CHOICE, "How its root ended.", "trace.status:error", ("error", "ok", "running")),
    Field(_T.SERVICE, _TEXT, "The service of its root.", "trace.service:api"),
    Field(_T.PROJECT, _TEXT, "The project of its root.", "trace.project:support-bot"),
    Field(_T.SESSION, _TEXT, "The session it is a turn of.", "trace.session:sess-7f3a*", aliases=("trace.session_id",)),
    Field(_T.USER, _TEXT, "The user of the trace.", "trace.user:user-42", aliases=("trace.user_id",)),
    Field(_T.MODEL, _TEXT, "One of its models.", "trace.model:gpt-4o*", aliases=("trace.models",)),
)
"""Every field, those that people ask for most first."""

BY_NAME: dict[str, Field] = {name: field for field in FIELDS for name in (field.name, *field.aliases)}
"""Every field by its name and its aliases, in lower case."""

BY_OPERAND: dict[SpanField | TraceField, Field] = {field.operand: field for field in FIELDS}
"""Every field by what the store calls it."""

RESERVED_PREFIXES = ("trace.", "tokens.")
"""Names that begin so are fields, or a mistake; any other name with a dot is an attribute."""
