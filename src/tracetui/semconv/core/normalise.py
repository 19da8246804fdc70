"""The full reading of a span: every convention's tables and readers, brought together in one model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, TypeVar

from msgspec.structs import replace

from tracetui.model.attributes import Attributes
from tracetui.model.chat import (
    ChatMessage,
    Document,
    Embedding,
    Evaluation,
    Kind,
    NormalisedSpan,
    PromptTemplate,
    Rerank,
    TextPart,
    Tool,
    ToolDefinition,
)
from tracetui.model.span import LogRecord, Span
from tracetui.semconv.core import scalars
from tracetui.semconv.core.calls import answer_of, arguments_of
from tracetui.semconv.core.convention import Convention, Found, Reader, ReadField, Source
from tracetui.semconv.core.errors import Failure, errors_of
from tracetui.semconv.core.kinds import find_kind, own_name
from tracetui.semconv.core.messages import with_system
from tracetui.semconv.core.table import counts
from tracetui.semconv.core.tokens import settle
from tracetui.semconv.core.told import told_by
from tracetui.semconv.core.values import is_hidden
from tracetui.semconv.registry import details_of, primary, project, readers_of, scope_of

T = TypeVar("T")

BAD_INPUT = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a convention's reader may raise on input that nobody thought of; the other fields stand."""

Readers: TypeAlias = Mapping[ReadField, Sequence[tuple[Convention, Reader]]]
"""Readers by the field that they fill, the most believed first."""

_MILLI = 1_000
_NANO = 1_000_000_000


def normalise(span: Span, logs: Sequence[LogRecord] = ()) -> NormalisedSpan:
    """Read a span and the log records that belong to it.

    Args:
        span: The span.
        logs: Its log records, in order of arrival.

    Returns:
        All that is understood of it, with the key that each field was read from and what could not be read. Never
        raises; of a span that follows no convention, little more than the span.
    """
    return Reading(Source(span, logs)).result()


class Reading:
    """One span being read.

    Args:
        source: The span.
        readers: The readers of some fields that may find something; without them, all are asked.
    """

    def __init__(self, source: Source, readers: Readers | None = None) -> None:
        self._readers = readers or {}
        source.told, self.told_where = told_by(source.logs)
        self.source = source
        self.scope = scope_of(source.span.scope.name, source.span.name)
        self.table = details_of(self.scope)
        self.given: Attributes = {**source.told, **source.attributes} if source.told else source.attributes
        """What the span and its log records say."""
        self.found = self.table.collect(self.given)
        self.sources: dict[str, str] = {}

    def result(self) -> NormalisedSpan:
        """All that is understood of it."""
        source, found, span = self.source, self.found, self.source.span
        kind = self.kind()
        request, response = scalars.models(found, kind)
        for field in ("model_request", "model_response"):
            self.note(field, field)
        if response and "model_response" not in self.sources:
            self.note("model_response", "model_either")
        if request and "model_request" not in self.sources:
            self.note("model_request", "model_params")
        self.note("provider", "provider")
        provider = scalars.provider(found, kind, response or request)
        usage = counts(found, self.table)
        self.sources.update({field: self.where(key) for field, key in usage.sources.items()})
        cost = scalars.cost(found)
        for side in ("input", "output", "total"):
            self.note(f"cost.{side}", f"cost.{side}")
        system, given, told = self.conversation()
        convention = primary(self.scope, self.given)
        given_value, told_value = self.word("input"), self.word("output")
        pending = self.table.is_pending(found)
        errors = errors_of(source, self.failure())
        return NormalisedSpan(
            span=span,
            logs=tuple(source.logs),
            convention=convention.name if convention is not None else "",
            kind=kind,
            project=project(span.resource.attributes),
            provider=provider,
            model_request=request,
            model_response=response,
            params=self.merged("params"),
            system=system,
            input_messages=given,
            output_messages=told,
            input=given_value,
            output=told_value,
            input_mime=self.word("input_mime"),
            output_mime=self.word("output_mime"),
            tool_defs=self.many("tool_defs", ToolDefinition),
            tool=self.tool(kind),
            documents=self.many("documents", Document),
            embedding=self.embedding(response or request) if kind is Kind.EMBEDDING else None,
            rerank=self.rerank(response or request),
            prompt=self.prompt(),
            workflow=self.word("workflow"),
            service_tier=self.word("service_tier"),
            tokens=settle(usage.families),
            cost=cost,
            session_id=self.word("session_id"),
            user_id=self.word("user_id"),
            tags=self.tags(),
            metadata=self.merged("metadata"),
            agent_name=self.named("agent_name", kind) if kind is Kind.AGENT else self.word("agent_name"),
            evals=self.evaluations(),
            errors=errors,
            ttft_s=self.time_to_first_token(),
            finish_reasons=self.finish_reasons(told),
            display_name=self.word("display_name"),
            is_pending=pending,
            pending_parent_id=self.word("pending_parent") if pending else "",
            sources=self.sources,
            problems=tuple(source.problems),
        )

    def kind(self) -> Kind:
        """What kind of span it is."""
        found = find_kind(self.found, self.table)
        if found.source:
            self.sources["kind"] = self.where(found.source)
        if found.unknown:
            self.source.problem(f"The kind {found.unknown[:80]!r} is not known here; it reads as {found.kind}.")
        return found.kind

    def failure(self) -> Failure:
        """What the attributes say of its failure."""
        return Failure(
            self.word("error.type", keep=False),
            self.word("error.message", keep=False),
            bool(scalars.first(self.found, "error.mark")),
        )

    def note(self, name: str, field: str) -> None:
        """Remember which key a field was read from."""
        if field in self.found.fields and (key := scalars.source(self.found, field)):
            self.sources[name] = self.where(key)

    def where(self, key: str) -> str:
        """What a key was read from: the key, if it is the span's own, or else the log record that has it."""
        return key if key in self.source.attributes else self.told_where.get(key, key)

    def word(self, field: str, *, keep: bool = True) -> str:
        """A field that is words, noting its key; one hidden by the sender is a problem."""
        for _, key, value in self.found.candidates(field):
            if is_hidden(value):
                self.source.problem(f"{key} is hidden by the sender ({value!r}).")
        if keep:
            self.note(field, field)
        return scalars.word(self.found, field)

    def named(self, field: str, kind: Kind) -> str:
        """The name of a tool or agent: said by a key, or the span's own."""
        return self.word(field) or own_name(self.found, self.table, kind, self.source.span.name)

    def decoded(self, field: str) -> object:
        """A field that may be JSON text, decoded."""
        key = scalars.source(self.found, field)
        if not key:
            return None
        self.sources[field] = self.where(key)
        return self.source.decode(scalars.first(self.found, field), key)

    def all(self, field: ReadField) -> Iterable[Found]:
        """What each reader of a field finds, the most believed first; one that fails is a problem."""
        for convention, reader in self.readers_of(field):
            if convention.private and not convention.owns(self.scope):
                continue
            found = self.attempt(convention.name, reader)
            if found is not None and found.value not in (None, "", (), [], {}):
                yield found

    def readers_of(self, field: ReadField) -> Sequence[tuple[Convention, Reader]]:
        """The readers that are asked for a field, the most believed first."""
        return self._readers[field] if field in self._readers else readers_of(field)

    def attempt(self, convention: str, reader: Reader) -> Found | None:
        """What one reader finds; a reader that fails is a problem."""
        try:
            return reader.read(self.source)
        except BAD_INPUT as error:
            self.source.problem(f"{convention}: {reader.field} could not be read ({type(error).__name__}).")
            return None

    def one(self, field: ReadField) -> object:
        """The most believed finding of a field; one source stands whole, never a mixture."""
        found = next(iter(self.all(field)), None)
        if found is None:
            return None
        self.sources[field] = found.source
        return found.value

    def many(self, field: ReadField, item: type[T]) -> tuple[T, ...]:
        """The items of a type that a field has."""
        value = self.one(field)
        return tuple(found for found in value if isinstance(found, item)) if isinstance(value, tuple) else ()

    def merged(self, field: ReadField) -> dict[str, object]:
        """Maps of all conventions in one, the more believed value standing."""
        got: dict[str, object] = {}
        for found in self.all(field):
            if isinstance(found.value, Mapping):
                got = {**found.value, **got}
                self.sources.setdefault(field, found.source)
        return got

    def tags(self) -> tuple[str, ...]:
        """The tags of all conventions."""
        union: dict[str, None] = {}
        for found in self.all("tags"):
            if isinstance(found.value, tuple):
                union.update(dict.fromkeys(found.value))
                self.sources.setdefault("tags", found.source)
        return tuple(union)

    def messages(self, field: ReadField) -> tuple[ChatMessage, ...]:
        """The most believed messages; those of which no part was recorded only where there are no others."""
        found = [(found, found.value) for found in self.all(field) if isinstance(found.value, tuple)]
        told = next((pair for pair in found if any(message.parts for message in pair[1])), found[0] if found else None)
        if told is None:
            return ()
        self.sources[field] = told[0].source
        return told[1]

    def conversation(self) -> tuple[str, tuple[ChatMessage, ...], tuple[ChatMessage, ...]]:
        """The system prompt, the messages in (led by it) and the messages out."""
        given, told = self.messages("input_messages"), self.messages("output_messages")
        parts = self.one("instructions")
        if isinstance(parts, tuple):
            self.sources["system"] = self.sources.pop("instructions")
            system = "\n".join(part.content for part in parts if isinstance(part, TextPart))
            return system, with_system(given, parts), told
        system = "\n".join(message.text for message in given if message.role in ("system", "developer"))
        if system:
            self.sources["system"] = self.sources["input_messages"]
        return system, given, told

    def tool(self, kind: Kind) -> Tool | None:
        """The tool that ran. Where no key has its arguments or result, they are the span's input and output."""
        if kind is not Kind.TOOL:
            return None
        arguments, result = self.decoded("tool.arguments"), self.decoded("tool.result")
        if arguments is None:
            arguments = self.one("tool.arguments")
        if result is None:
            result = self.one("tool.result")
        if arguments is None:
            arguments = self.value("input", "tool.arguments")
        if result is None:
            result = self.value("output", "tool.result")
        return Tool(
            self.named("tool.name", kind),
            self.word("tool.description"),
            self.word("tool.call_id"),
            arguments_of(arguments),
            answer_of(result),
        )

    def value(self, field: str, name: str) -> object:
        """The span's input or output, decoded unless it is said to be plain text."""
        words = self.word(field)
        if not words:
            return None
        self.sources[name] = self.sources[field]
        mime = self.word(f"{field}_mime")
        if "json" in mime:
            return self.source.decode(words, self.sources[field])
        return self.source.decode(words, self.sources[field]) if not mime and words.startswith("{") else words

    def embedding(self, model: str) -> Embedding | None:
        """What was embedded."""
        value = self.one("embedding")
        known = value if isinstance(value, Embedding) else Embedding()
        dimension = scalars.first(self.found, "embedding.dimension")
        if isinstance(dimension, int):
            self.note("embedding.dimension", "embedding.dimension")
            known = replace(known, dimension=dimension)
        return replace(known, model=known.model or model) if known != Embedding() or model else None

    def rerank(self, model: str) -> Rerank | None:
        """What was ranked anew."""
        top = scalars.first(self.found, "rerank.top_k")
        self.note("rerank.top_k", "rerank.top_k")
        found = Rerank(
            self.word("rerank.query"),
            "",
            top if isinstance(top, int) else None,
            self.many("rerank.documents", Document),
        )
        return replace(found, model=model) if found != Rerank() else None

    def prompt(self) -> PromptTemplate | None:
        """The template of its prompt."""
        found = PromptTemplate(
            self.word("prompt.template"),
            self.one("prompt.variables"),
            self.word("prompt.version"),
            self.word("prompt.name"),
            self.word("prompt.id"),
            self.word("prompt.url"),
            self.word("prompt.vendor"),
        )
        return found if found != PromptTemplate() else None

    def evaluations(self) -> tuple[Evaluation, ...]:
        """The evaluations of all conventions."""
        union: dict[Evaluation, None] = {}
        for found in self.all("evals"):
            if isinstance(found.value, tuple):
                union.update(dict.fromkeys(item for item in found.value if isinstance(item, Evaluation)))
                self.sources.setdefault("evals", found.source)
        return tuple(union)

    def finish_reasons(self, told: Iterable[ChatMessage]) -> tuple[str, ...]:
        """Why the answers ended: said of the span, else of the messages out."""
        value = self.one("finish_reasons")
        if isinstance(value, tuple):
            return value
        return tuple(dict.fromkeys(message.finish_reason for message in told if message.finish_reason))

    def time_to_first_token(self) -> float | None:
        """Seconds to the first token; a value outside the span's own time is none."""
        duration = self.source.span.duration_nano
        candidates = [(value, 1, key) for _, key, value in scalars.readable(self.found, "ttft_s")]
        candidates += [(value, _MILLI, key) for _, key, value in scalars.readable(self.found, "ttft_ms")]
        candidates += [(found.value, 1, found.source) for found in self.all("ttft_s")]
        either = scalars.readable(self.found, "ttft_either")
        candidates += [(value, divisor, key) for _, key, value in either for divisor in (1, _MILLI)]
        for value, divisor, key in candidates:
            seconds = value / divisor if isinstance(value, float) else None
            if seconds is not None and 0 <= seconds and (duration is None or seconds <= duration / _NANO):
                self.sources["ttft_s"] = self.where(key)
                return seconds
        return None
