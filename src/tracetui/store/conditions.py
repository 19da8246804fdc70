"""The small closed set of conditions a backend is asked to evaluate.

The query language compiles to these; a backend turns them into whatever it searches with. A condition holds for one
span, those on the whole trace for every span of it; a trace matches when one of its spans does. A comparison with what
is not there never holds, and its `Not` always does.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct


class SpanField(StrEnum):
    """What a condition can ask of a span, by its name in the query language."""

    TRACE = "trace"
    SPAN = "span"
    NAME = "name"
    KIND = "kind"
    OTEL_KIND = "otel_kind"
    """`internal`, `server`, `client`, `producer`, `consumer`, `unspecified`."""
    SERVICE = "service"
    PROJECT = "project"
    SOURCE = "source"
    """The service, or the project where the SDK made the service's name up."""
    SCOPE = "scope"
    STATUS = "status"
    """`ok`, `error` (also where the columns say that it failed), `unset`."""
    ERROR = "error"
    """What went wrong: the status message, the types and messages of exceptions. There only where the span failed."""
    MODEL = "model"
    PROVIDER = "provider"
    TOOL = "tool"
    AGENT = "agent"
    SESSION = "session"
    USER = "user"
    TAG = "tag"
    """Each of its tags."""
    FINISH = "finish"
    """Each of its finish reasons."""
    INPUT = "input"
    """The text of its input and its input messages."""
    OUTPUT = "output"
    """The text of its output and its output messages."""
    DOCUMENT = "document"
    """The text of its documents and their ids."""
    SCORE = "score"
    """The score of each of its documents."""
    DURATION = "duration"
    """Nanoseconds."""
    START = "start"
    """Nanoseconds since 1970, UTC."""
    TOKENS = "tokens"
    """Input and output together."""
    TOKENS_INPUT = "tokens.input"
    TOKENS_OUTPUT = "tokens.output"
    TOKENS_CACHE_READ = "tokens.cache_read"
    TOKENS_CACHE_WRITE = "tokens.cache_write"
    TOKENS_REASONING = "tokens.reasoning"
    COST = "cost"
    """Dollars, reported or estimated."""
    TTFT = "ttft"
    """Nanoseconds to the first token."""
    ROOT = "root"
    """`true` for a span without a parent, else `false`."""
    DEPTH = "depth"
    """How many spans stand above it, as far as they are there: 0 for a root."""


class TraceField(StrEnum):
    """What a condition can ask of the whole trace."""

    DURATION = "trace.duration"
    START = "trace.start"
    TOKENS = "trace.tokens"
    TOKENS_INPUT = "trace.tokens.input"
    TOKENS_OUTPUT = "trace.tokens.output"
    COST = "trace.cost"
    SPANS = "trace.spans"
    ERRORS = "trace.errors"
    LLM = "trace.llm"
    TOOLS = "trace.tools"
    NAME = "trace.name"
    SERVICE = "trace.service"
    PROJECT = "trace.project"
    SESSION = "trace.session"
    USER = "trace.user"
    MODEL = "trace.model"
    """Each of its models."""
    STATUS = "trace.status"
    """`error` where its root failed, else `ok`; `running` while the root is not there."""


class Attribute(Struct, frozen=True):
    """An attribute by its key: of the span, or with `of_resource` of its resource.

    A key goes on into maps, and into JSON text of a map (`metadata.tier`). Numbers and booleans are compared with text
    in their shortest form (`500`, `0.5`, `true`), text of a number with numbers; of an array each item.
    """

    key: str
    of_resource: bool = False


Operand: TypeAlias = SpanField | TraceField | Attribute
"""What is compared."""


class Comparison(StrEnum):
    """How numbers are compared."""

    LESS = "<"
    AT_MOST = "<="
    EQUAL = "="
    AT_LEAST = ">="
    MORE = ">"


class Words(Struct, frozen=True):
    """The words of this text stand in the span: in its names, messages, attribute values, events, or log records.

    In `whole`, they stand side by side and in this order in one value; else they stand anywhere in what is searched,
    and the last of them, where it has three characters or more, may go on. Text without a word never matches.
    """

    text: str
    whole: bool = False
    within: SpanField | None = None
    """Only there: `INPUT`, `OUTPUT`, `DOCUMENT` or `ERROR`."""


class Equals(Struct, frozen=True):
    """It is this text, without regard to case."""

    operand: Operand
    text: str


class Like(Struct, frozen=True):
    """It is these pieces of text with anything between them, without regard to case: `("gpt-4", "")` for `gpt-4*`."""

    operand: Operand
    pieces: tuple[str, ...]


class Matches(Struct, frozen=True):
    """The regular expression is found in it."""

    operand: Operand
    pattern: str


class Compare(Struct, frozen=True):
    """The number stands so to this one, in the units of the field."""

    operand: Operand
    comparison: Comparison
    number: int | float


class Between(Struct, frozen=True):
    """One and the same number is at least `low` and at most `high`: of a field or attribute that may have several."""

    operand: Operand
    low: int | float
    high: int | float


class Has(Struct, frozen=True):
    """It is there."""

    operand: Operand


class InTrace(Struct, frozen=True):
    """The span belongs to this trace."""

    trace_id: str


class HasParent(Struct, frozen=True):
    """The condition holds for the span directly above."""

    condition: Condition


class HasAncestor(Struct, frozen=True):
    """The condition holds for a span above, at any distance."""

    condition: Condition


class TraceHas(Struct, frozen=True):
    """The condition holds for a span of the same trace."""

    condition: Condition


class And(Struct, frozen=True):
    """Every condition holds for the span; no conditions always hold."""

    conditions: tuple[Condition, ...]


class Or(Struct, frozen=True):
    """At least one condition holds for the span; no conditions never hold."""

    conditions: tuple[Condition, ...]


class Not(Struct, frozen=True):
    """The condition does not hold for the span."""

    condition: Condition


Condition: TypeAlias = (
    Words
    | Equals
    | Like
    | Matches
    | Compare
    | Between
    | Has
    | InTrace
    | HasParent
    | HasAncestor
    | TraceHas
    | And
    | Or
    | Not
)
"""Any of them."""
