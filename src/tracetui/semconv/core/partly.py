"""A span of which little is asked: each part of the full reading by itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from tracetui.model.chat import ChatMessage, Document, SpanError
from tracetui.model.span import LogRecord, Span
from tracetui.semconv.core.convention import Source
from tracetui.semconv.core.errors import errors_of
from tracetui.semconv.core.messages import with_system
from tracetui.semconv.core.normalise import Reading
from tracetui.semconv.core.searched import readers_for


class PartlyRead:
    """A span of which only what is asked for is read: each part equals that of `normalise`, at a part of its cost."""

    def __init__(self, span: Span, logs: Sequence[LogRecord] = ()) -> None:
        self._reading = Reading(Source(span, logs), None if logs else readers_for(span))

    @cached_property
    def errors(self) -> tuple[SpanError, ...]:
        """Every error that it tells of."""
        return errors_of(self._reading.source, self._reading.failure())

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """Its tags."""
        return self._reading.tags()

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """The documents that it retrieved."""
        return self._reading.many("documents", Document)

    @cached_property
    def ttft_s(self) -> float | None:
        """Seconds to the first token."""
        return self._reading.time_to_first_token()

    @cached_property
    def finish_reasons(self) -> tuple[str, ...]:
        """Why the model stopped."""
        return self._reading.finish_reasons(self.output_messages)

    @cached_property
    def input(self) -> str:
        """Its input as text."""
        return self._reading.word("input")

    @cached_property
    def output(self) -> str:
        """Its output as text."""
        return self._reading.word("output")

    @cached_property
    def input_messages(self) -> tuple[ChatMessage, ...]:
        """The messages in, led by the system prompt."""
        given = self._reading.messages("input_messages")
        parts = self._reading.one("instructions")
        return with_system(given, parts) if isinstance(parts, tuple) else given

    @cached_property
    def output_messages(self) -> tuple[ChatMessage, ...]:
        """The messages out."""
        return self._reading.messages("output_messages")
