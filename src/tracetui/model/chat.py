"""LLM content free of any convention: messages and their parts, tools, documents, tokens, cost.

The shapes are those of the span object of `tracetui spans --json`; `model/objects.py` writes them as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from msgspec import Struct, field

from tracetui.model.span import LogRecord, Span


class Kind(StrEnum):
    """What a span does in an LLM application (the kinds of OpenInference)."""

    LLM = "LLM"
    CHAIN = "CHAIN"
    AGENT = "AGENT"
    TOOL = "TOOL"
    RETRIEVER = "RETRIEVER"
    EMBEDDING = "EMBEDDING"
    RERANKER = "RERANKER"
    GUARDRAIL = "GUARDRAIL"
    EVALUATOR = "EVALUATOR"
    PROMPT = "PROMPT"
    UNKNOWN = "UNKNOWN"


class TextPart(Struct, frozen=True):
    """Words."""

    content: str


class ReasoningPart(Struct, frozen=True):
    """Words the model thought and did not say."""

    content: str


class ToolCall(Struct, frozen=True):
    """The model asks for a tool. `arguments` are decoded JSON, or the text that would not decode."""

    name: str
    arguments: object = None
    id: str = ""


class ToolResult(Struct, frozen=True):
    """What a tool answered. `result` is as it came: text, or decoded JSON where it came as such."""

    result: object = None
    name: str = ""
    id: str = ""
    is_error: bool = False


class MediaPart(Struct, frozen=True):
    """An image, audio, video or document: shown by type and size, never rendered."""

    modality: str
    """`image`, `audio`, `video` or `document`."""
    uri: str = ""
    """Where it is; empty where the bytes were inline."""
    mime: str = ""
    size: int | None = None
    """Bytes, where they were inline."""


class FilePart(Struct, frozen=True):
    """A file kept by the provider."""

    file_id: str


class RefusalPart(Struct, frozen=True):
    """The model declined."""

    content: str


class OtherPart(Struct, frozen=True):
    """A part of a type that is not known here, kept as it came."""

    type: str
    raw: object = None


MessagePart: TypeAlias = (
    TextPart | ReasoningPart | ToolCall | ToolResult | MediaPart | FilePart | RefusalPart | OtherPart
)
"""One part of a message."""


class ChatMessage(Struct, frozen=True):
    """One message of a conversation."""

    role: str
    """`system`, `developer`, `user`, `assistant`, `tool`, or whatever came."""
    parts: tuple[MessagePart, ...] = ()
    name: str = ""
    finish_reason: str = ""

    @property
    def text(self) -> str:
        """The text parts, joined by line ends."""
        return "\n".join(part.content for part in self.parts if isinstance(part, TextPart))


class Tool(Struct, frozen=True):
    """The tool that a TOOL span ran."""

    name: str = ""
    description: str = ""
    call_id: str = ""
    arguments: object = None
    result: object = None


class ToolDefinition(Struct, frozen=True):
    """A tool offered to the model; `parameters` is its JSON Schema."""

    name: str
    description: str = ""
    parameters: object = None


class Document(Struct, frozen=True):
    """A retrieved document. Whether a higher score is better is not known."""

    content: str = ""
    id: str = ""
    score: float | None = None
    metadata: object = None
    title: str = ""
    uri: str = ""


class Rerank(Struct, frozen=True):
    """What a reranker was asked; what it chose are the span's documents."""

    query: str = ""
    model: str = ""
    top_k: int | None = None
    documents: tuple[Document, ...] = ()
    """The documents it was given."""


class PromptTemplate(Struct, frozen=True):
    """The template a prompt was made from, and where it is kept."""

    template: str = ""
    variables: object = None
    version: str = ""
    name: str = ""
    id: str = ""
    url: str = ""
    vendor: str = ""


class Embedding(Struct, frozen=True):
    """What an embedding call made; the vectors themselves are never shown."""

    model: str = ""
    count: int | None = None
    dimension: int | None = None


class TokenUsage(NamedTuple):
    """Token counts; None is not known. `input` includes cache reads and writes and audio, `output` reasoning and audio.

    A tuple, as one is made for every span on the way in.
    """

    input: int | None = None
    output: int | None = None
    total: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    audio_input: int | None = None
    audio_output: int | None = None

    def __bool__(self) -> bool:
        return not (self.input is None and self.output is None and self.total is None)


class CostLine(Struct, frozen=True):
    """One line of an estimate: so many tokens at so much a million."""

    name: str
    """`input` (neither cached nor audio), `cache read`, `cache write`, `audio input`, `output`, `audio output`,
    `request`."""
    tokens: int
    """Tokens of this line alone; the lines of a side add up to its count. Of `request`, the number of calls."""
    per_million: float
    """US dollars for a million of them."""
    amount: float
    """US dollars."""


class Cost(Struct, frozen=True):
    """US dollars, and whether they were `reported` by the sender or `estimated` here."""

    input: float | None = None
    output: float | None = None
    total: float | None = None
    source: str = "reported"
    lines: tuple[CostLine, ...] = ()
    """How an estimate was worked out, line by line; empty where the sender reported the cost."""
    prices: str = ""
    """Whose prices an estimate uses: `openai gpt-4o-mini, genai-prices 0.2.3`, or `… , prices.toml`."""


class SpanError(Struct, frozen=True):
    """An error a span tells of."""

    message: str = ""
    type: str = ""
    stacktrace: str = ""


class Evaluation(Struct, frozen=True):
    """A judgement of a span."""

    name: str
    score: float | None = None
    label: str = ""
    explanation: str = ""
    judge: str = ""
    """Who judged: `HUMAN`, `LLM`, `CODE`, or as it came."""
    scope: str = "span"
    """What is judged: the `span`, its `trace` or its `session`."""


class NormalisedSpan(Struct, frozen=True):
    """A span and the log records that belong to it, read free of any convention. Absent is absent."""

    span: Span
    logs: tuple[LogRecord, ...] = ()
    convention: str = ""
    """Name of the primary convention; empty where none was recognised."""
    kind: Kind = Kind.UNKNOWN
    project: str = ""
    provider: str = ""
    model_request: str = ""
    model_response: str = ""
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    system: str = ""
    input_messages: tuple[ChatMessage, ...] = ()
    output_messages: tuple[ChatMessage, ...] = ()
    input: str = ""
    output: str = ""
    input_mime: str = ""
    output_mime: str = ""
    tool_defs: tuple[ToolDefinition, ...] = ()
    tool: Tool | None = None
    documents: tuple[Document, ...] = ()
    embedding: Embedding | None = None
    rerank: Rerank | None = None
    prompt: PromptTemplate | None = None
    workflow: str = ""
    service_tier: str = ""
    """The tier at which the provider says it has served the call; it may have prices of its own."""
    tokens: TokenUsage = TokenUsage()
    cost: Cost | None = None
    session_id: str = ""
    user_id: str = ""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    agent_name: str = ""
    evals: tuple[Evaluation, ...] = ()
    errors: tuple[SpanError, ...] = ()
    ttft_s: float | None = None
    finish_reasons: tuple[str, ...] = ()
    display_name: str = ""
    """What the sender says that the span is called, where its name is a template; empty where it says nothing."""
    is_pending: bool = False
    """Whether it only announces its parent, the real span, which was still open."""
    pending_parent_id: str = ""
    """The parent of the span that a pending one announces; empty where that is a root."""

    sources: Mapping[str, str] = field(default_factory=dict)
    """Field name to the attribute, event or log it was read from."""
    problems: tuple[str, ...] = ()
    """What could not be read, each in one sentence."""

    @property
    def model(self) -> str:
        """The model that answered, or else the one asked for."""
        return self.model_response or self.model_request


class SpanSummary(NamedTuple):
    """The few facts of a span that become columns, taken on the way in (a tuple, as one is made for every span)."""

    kind: Kind = Kind.UNKNOWN
    model: str = ""
    """The model that answered, or else the one asked for."""
    model_request: str = ""
    provider: str = ""
    service_tier: str = ""
    tokens: TokenUsage = TokenUsage()
    cost: Cost | None = None
    """What the sender reported."""
    session_id: str = ""
    user_id: str = ""
    tool_name: str = ""
    agent_name: str = ""
    preview: str = ""
    """One short line for the tree: a tool's arguments, a user's last words, an error's message. As received."""
    is_error: bool = False
    is_pending: bool = False
    """Whether the span only announces that its parent, the real span, is open: it is to be replaced by that span, and
    never counts."""
    pending_parent_id: str = ""
    """The parent of the span that a pending one announces; empty where that is a root."""

    @property
    def cost_total(self) -> float | None:
        """The reported cost in US dollars."""
        return self.cost.total if self.cost is not None else None
