"""What a search asks of a span and no column has: tags, finish reasons, documents, the time to the first token.

The full reading would take ten times as long, and nearly all readers find nothing. Whether one can find anything in a
span, often its keys alone decide; that is found out once for all spans with these keys, by watching what it looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from tracetui.model.attributes import Attributes, AttributeValue
from tracetui.model.chat import Document
from tracetui.model.span import LogRecord, Span, SpanEvent
from tracetui.semconv.core.convention import Convention, Reader, ReadField, Source
from tracetui.semconv.core.normalise import BAD_INPUT, Readers, Reading
from tracetui.semconv.registry import readers_of, scope_of

_VALUES: tuple[ReadField, ...] = ("tags", "finish_reasons", "documents", "ttft_s")
_FIELDS: tuple[ReadField, ...] = (*_VALUES, "input_messages", "output_messages")
_TTFT = {"ttft_s", "ttft_ms", "ttft_either"}
_NOTHING: tuple[object, ...] = (None, "", (), [], {})
_MOST_SHAPES = 2_048
_MOST_KEYS = 256


class SearchedFields(NamedTuple):
    """What is found of a span by fields that have no column."""

    tags: tuple[str, ...] = ()
    finish_reasons: tuple[str, ...] = ()
    documents: tuple[Document, ...] = ()
    ttft_s: float | None = None
    may_have_input: bool = False
    """False only where the full reading finds no input and no input messages; so is `may_have_output`."""
    may_have_output: bool = False


class _Shape(NamedTuple):
    """What is known of all spans with the same keys."""

    readers: Readers
    """Those that may find something."""
    fields: SearchedFields | None
    """What they find in each of these spans; None where that depends on values."""


_shapes: dict[tuple[str, bool, tuple[str, ...]], _Shape] = {}


def searched(
    scope_name: str,
    name: str,
    attributes: Attributes,
    make_span: Callable[[], Span],
    data: bytes,
    *,
    has_events: bool,
    logs: Sequence[LogRecord] = (),
) -> SearchedFields:
    """What `normalise` says of the fields that have no column.

    Args:
        scope_name: Name of the span's scope.
        name: The span's name.
        attributes: Its attributes.
        make_span: Makes the span, where that is needed.
        data: Its bytes, in which is seen at a glance what cannot be there.
        has_events: Whether it has events.
        logs: The log records that say something of it, in order of arrival.
    """
    if logs:
        return _read(Reading(Source(make_span(), logs)), data)
    shape = _shape(scope_of(scope_name, name), tuple(attributes), has_events, make_span)
    if shape.fields is not None and not (shape.readers["output_messages"] and _may_have_finish(data)):
        return shape.fields
    return _read(Reading(Source(make_span(), ()), shape.readers), data)


def readers_for(span: Span) -> Readers:
    """The readers that may find something in a span without log records."""
    return _shape(scope_of(span.scope.name, span.name), tuple(span.attributes), bool(span.events), lambda: span).readers


def _shape(scope: str, keys: tuple[str, ...], has_events: bool, make_span: Callable[[], Span]) -> _Shape:
    known = (scope, has_events, keys)
    shape = _shapes.get(known)
    if shape is None:
        shape = _shape_of(scope, make_span())
        if len(keys) <= _MOST_KEYS:
            if len(_shapes) >= _MOST_SHAPES:
                _shapes.clear()
            _shapes[known] = shape
    return shape


def _read(reading: Reading, data: bytes) -> SearchedFields:
    has_logs = bool(reading.source.logs)
    told = reading.messages("output_messages") if has_logs or _may_have_finish(data) else ()
    return SearchedFields(
        reading.tags(),
        reading.finish_reasons(told),
        reading.many("documents", Document),
        reading.time_to_first_token(),
        has_logs or "input" in reading.found.fields or bool(reading.readers_of("input_messages")),
        has_logs or "output" in reading.found.fields or bool(reading.readers_of("output_messages")),
    )


def _may_have_finish(data: bytes) -> bool:
    return b"inish" in data or b"stop_reason" in data  # one of these is in the key of every finish reason


def _shape_of(scope: str, span: Span) -> _Shape:
    """What is known of all spans of this scope with the keys of this span, and with events as it has."""
    readers = {field: tuple(_that_may_find(field, scope, span)) for field in _FIELDS}
    found = Reading(Source(span, ()), readers).found
    depends = any(readers[field] for field in _VALUES) or found.shape.inside or _TTFT & found.fields.keys()
    return _Shape(readers, None if depends else _read(Reading(Source(span, ()), readers), b""))


def _that_may_find(field: ReadField, scope: str, span: Span) -> Iterator[tuple[Convention, Reader]]:
    for convention, reader in readers_of(field):
        if convention.private and not convention.owns(scope):
            continue
        look = _Look()
        try:
            found = reader.read(Source(cast(Span, _Watched(span, look)), ()))
        except BAD_INPUT:
            yield convention, reader
            continue
        if look.is_read or (found is not None and found.value not in _NOTHING):
            yield convention, reader


class _Look:
    """Whether something was looked at; apart from what is, so that a large span is let go at once, without a cycle."""

    is_read = False


class _Watched:
    """A span that notices whether anything but the keys of its attributes is looked at."""

    def __init__(self, span: Span, look: _Look) -> None:
        self._span = span
        self._look = look
        self.attributes = _WatchedAttributes(look, span.attributes)
        self.scope = span.scope

    @property
    def events(self) -> tuple[SpanEvent, ...]:
        self._look.is_read |= bool(self._span.events)
        return self._span.events

    def __getattr__(self, name: str) -> Any:
        self._look.is_read = True
        return getattr(self._span, name)


class _WatchedAttributes(Mapping[str, AttributeValue]):
    """Attributes that tell when a value is looked at."""

    def __init__(self, look: _Look, attributes: Attributes) -> None:
        self._look = look
        self._attributes = attributes

    def __getitem__(self, key: str) -> AttributeValue:
        value = self._attributes[key]
        self._look.is_read = True
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._attributes

    def __iter__(self) -> Iterator[str]:
        return iter(self._attributes)

    def __len__(self) -> int:
        return len(self._attributes)
