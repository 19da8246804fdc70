"""What the search index is given of a span: its words, and the terms of its fields and attributes.

Runs for every span, shortly after its commit, so each microsecond counts: a span's slice is parsed as on the way in,
and what the spans of an application repeat (short values, sets of columns) is spelled once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeVar

from tracetui import semconv
from tracetui.errors import DecodeError
from tracetui.model.attributes import Attributes
from tracetui.model.chat import SpanError
from tracetui.model.lookup import DEEPEST, MOST_ITEMS, canonical, number, opened
from tracetui.model.names import SPAN_KINDS, STATUS_CODES
from tracetui.model.span import InstrumentationScope, LogRecord, Span, SpanEvent, Status
from tracetui.model.words import plain, words
from tracetui.otlp import decode, quick
from tracetui.semconv import SearchedFields
from tracetui.store import terms
from tracetui.store.conditions import SpanField
from tracetui.store.records import IndexedRow

MOST_TEXT = 200_000
"""Characters of a span's text, and of each log record's, that are searched for words."""

MOST_NAMES = 2_000
"""Attributes of a span, with what stands in maps, that have terms."""

T = TypeVar("T")

_SCALAR = (str, bool, int, float)
_MEMORY = 4_096
_VECTOR_START = 200
_VECTOR = re.compile(r"[\[\s]*-?\d[-+.,\deE\s\[\]]{150}", re.ASCII)
_FAILED = 2
_NANO = 1_000_000_000


class Document(NamedTuple):
    """What is inserted for a span."""

    text: str
    is_cut: bool = False
    """Whether the span has more text, or more attributes, than is searched."""


class SearchedText(NamedTuple):
    """One value that is searched for words."""

    where: str
    """`name`, `status`, the key of an attribute as `@key`, `event`, or `log`."""
    text: str


def searched_texts(span: Span, logs: Sequence[LogRecord] = ()) -> Iterator[SearchedText]:
    """Every value of a span and of its log records that is searched for words, in the order in which it is read."""
    yield SearchedText("name", span.name)
    yield SearchedText("status", span.status.message)
    for key, value in span.attributes.items():
        yield from (SearchedText(terms.of_attribute(key), text) for text in _texts(value))
    for event in span.events:
        yield from (SearchedText("event", text) for text in _event_texts(event))
    for record in logs:
        yield from (SearchedText("log", text) for text in _log_texts(record))


def document(row: IndexedRow, data: bytes, telling: Sequence[bytes] = ()) -> Document:
    """What the index is given of a stored span, but for the words of its log records (`log_document`).

    Args:
        row: Its columns.
        data: Its bytes. Of a span that cannot be read, the columns are all that is found.
        telling: The bytes of the log records that say something of it.
    """
    parts = [_columns(row)]
    message = quick.parse(data) if len(data) <= MOST_TEXT else None
    is_cut = False
    try:
        if message is not None and len(message.attributes) <= MOST_NAMES:
            _quick_words(parts, message)
            attributes: Attributes = quick.QuickAttributes(message.attributes)
            make_span: Callable[[], Span] = partial(_span_of, message, row, attributes)
            has_events = bool(message.events)
        else:
            span = decode.span(data, scope=InstrumentationScope(row.scope_name))
            is_cut = _words(parts, span)
            attributes, make_span, has_events = span.attributes, lambda: span, bool(span.events)
    except DecodeError:
        return document_of_columns(row)
    logs = [record for log in telling if (record := _record(log)) is not None]
    fields = semconv.searched(row.scope_name, row.name, attributes, make_span, data, has_events=has_events, logs=logs)
    parts.append(_settled_fields(fields) if not fields.documents else " ".join(_fields(fields)))
    if row.is_error:
        parts += _error_words(_failures(make_span(), logs))
    return Document(" ".join(parts), is_cut)


def _span_of(message: Any, row: IndexedRow, attributes: Attributes) -> Span:
    """As much of a span as its conventions look at."""
    return Span(
        "",
        "",
        row.name,
        start_time_unix_nano=row.start_time_unix_nano,
        end_time_unix_nano=row.start_time_unix_nano + (row.duration_nano or 0),
        status=Status(message.status.code, message.status.message),
        attributes=attributes,
        events=decode.events(message),
        scope=InstrumentationScope(row.scope_name),
    )


def document_of_columns(row: IndexedRow) -> Document:
    """What the index is given of a span of which nothing else can be made out."""
    return Document(f"{_columns(row)} {plain(row.name)}")


def log_document(data: bytes) -> Document:
    """The words of a log record, which its span is found by."""
    record = _record(data)
    if record is None:
        return Document("")
    parts: list[str] = []
    is_cut = _cut_words(parts, _log_texts(record))
    parts += _error_words(_said(semconv.errors_told_by(record)))
    return Document(" ".join(parts), is_cut)


def _record(data: bytes) -> LogRecord | None:
    try:
        return decode.log_record(data)
    except DecodeError:
        return None


def _quick_words(parts: list[str], message: Any) -> None:
    """Words and terms of a span that is parsed as on the way in and not long."""
    parts.append(plain(message.name))
    if message.HasField("status") and (text := message.status.message):
        parts.append(plain(text))
    known, heads, counts = _short.get, _heads.get, _counts.get
    append, longest = parts.append, terms.LONGEST_VALUE
    names = 0
    for key, value in message.attributes.items():
        text = value.string_value
        if len(text) > longest:
            append(heads(key) or _head(key))
            append(plain(_without_vector(text) if text[0] == "[" else text))
            if text[0] == "{" and (inner := opened(text)) is not None:
                names += _inside(parts, key, inner, names)
        elif text:
            append(known((key, text)) or _remembered(_short, key, text))
        elif (count := value.int_value) > 0:
            append(counts((key, count)) or _remembered(_counts, key, count))
        else:
            names += _attribute(parts, key, quick.any_value(value), names)
    for event in decode.events(message) if message.events else ():
        parts += map(plain, _event_texts(event))


def _words(parts: list[str], span: Span) -> bool:
    """The same of any other span, within bounds; returns whether something is left out."""
    names = 0
    for key, value in span.attributes.items():
        if names >= MOST_NAMES:
            break
        names += 1 + _attribute(parts, key, value, names, words=False)
    cut = _cut_words(parts, (text for _, text in searched_texts(span)))
    return cut or names >= MOST_NAMES


def _cut_words(parts: list[str], texts: Iterable[str]) -> bool:
    """The words of these texts as far as they are searched; returns whether that is not all."""
    left = MOST_TEXT
    for text in texts:
        parts.append(plain(text[:left]))
        left -= len(text)
        if left < 0:
            return True
    return False


_short: dict[tuple[str, str], str] = {}
"""Terms and words of short texts by key and text."""

_counts: dict[tuple[str, int], str] = {}
"""The same of numbers above zero, which no `True` is taken for here."""

_heads: dict[str, str] = {}
"""The term that says that an attribute is there, by its key."""


def _remembered(memory: dict[tuple[str, T], str], key: str, value: T) -> str:
    parts: list[str] = []
    _attribute(parts, key, value, 0)
    if len(memory) >= _MEMORY:
        memory.clear()
    memory[key, value] = fragment = " ".join(parts)
    return fragment


def _head(key: str) -> str:
    head = _heads.get(key)
    if head is None:
        if len(_heads) >= _MEMORY:
            _heads.clear()
        head = _heads[key] = terms.has(terms.of_attribute(key))
    return head


def _attribute(parts: list[str], key: str, value: object, names: int, *, words: bool = True, depth: int = 0) -> int:
    """Terms, and words, of a value.

    Args:
        parts: Where they are added.
        key: The attribute's key, with the keys of the maps above the value.
        value: What stands there.
        names: How many names have terms already.
        words: Whether its words are wanted too.
        depth: How many maps are above.

    Returns:
        How many more names have terms.
    """
    if value is None:
        return 0
    parts.append(_head(key))
    if words:
        parts += map(plain, _texts(value))
    if isinstance(value, _SCALAR):
        _scalar(parts, key, value)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for item in value[:MOST_ITEMS]:
            if isinstance(item, _SCALAR):
                _scalar(parts, key, item)
    inner = opened(value) if depth < DEEPEST else None
    if inner is None:
        return 0
    return _inside(parts, key, inner, names, depth + 1)


def _scalar(parts: list[str], key: str, value: str | bool | int | float) -> None:
    """The terms of one value, but for the one that says that it is there."""
    name, text = terms.of_attribute(key), canonical(value)
    if terms.is_short(text):
        parts.append(terms.value(name, _bindable(text)))
        if (size := number(value)) is not None:
            parts += terms.sizes(name, size)


def _inside(parts: list[str], key: str, inner: Mapping[str, object], names: int, depth: int = 1) -> int:
    """The terms of what stands in a map; returns how many names that are."""
    count = 0
    for part, value in inner.items():
        if names + count >= MOST_NAMES:
            break
        count += 1
        count += _attribute(parts, f"{key}.{_bindable(part)}", value, names + count, words=False, depth=depth)
    return count


def _bindable(text: str) -> str:
    """Text without halves of characters, which JSON can spell and SQLite can't hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _texts(value: object) -> Iterator[str]:
    """Every text and number in a value, but not the numbers of a vector."""
    if isinstance(value, str):
        yield _without_vector(value)
    elif isinstance(value, bool | int | float):
        yield canonical(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for place, item in enumerate(value):
            if place < MOST_ITEMS or not isinstance(item, bool | int | float):
                yield from _texts(item)


def _without_vector(text: str) -> str:
    """Text, but of a long list of numbers only the beginning: the index would take as much as the embedding."""
    return text[:_VECTOR_START] if len(text) > 2 * _VECTOR_START and _VECTOR.match(text) else text


def _event_texts(event: SpanEvent) -> Iterator[str]:
    yield event.name
    yield from _texts(event.attributes)


def _log_texts(record: LogRecord) -> Iterator[str]:
    yield record.event_name
    yield from _texts(record.body)
    yield from _texts(record.attributes)


_columns_known: dict[tuple[object, ...], str] = {}


def _columns(row: IndexedRow) -> str:
    """The terms of a span's columns."""
    common = (not row.parent_span_id, *row[3:6], *row[8:16])
    known = _columns_known.get(common)
    if known is None:
        if len(_columns_known) >= _MEMORY:
            _columns_known.clear()
        known = _columns_known[common] = " ".join(_common(row))
    parts = [known, terms.moment(row.start_time_unix_nano), terms.near_id(row.span_id)]
    if row.session_id:
        parts += _values(SpanField.SESSION, row.session_id)
    if row.user_id:
        parts += _values(SpanField.USER, row.user_id)
    if row.duration_nano is not None:
        parts.append(_size(SpanField.DURATION, row.duration_nano))
    for field, count in zip(_COUNTS, row[18:23], strict=True):
        if count is not None:
            parts.append(_count(field, count))
    if row.cost_total is not None:
        parts.append(_size(SpanField.COST, row.cost_total))
    if row.input_tokens is not None or row.output_tokens is not None:
        parts.append(_count(SpanField.TOKENS, (row.input_tokens or 0) + (row.output_tokens or 0)))
    return " ".join(parts)


_COUNTS = (
    SpanField.TOKENS_INPUT,
    SpanField.TOKENS_OUTPUT,
    SpanField.TOKENS_CACHE_READ,
    SpanField.TOKENS_CACHE_WRITE,
    SpanField.TOKENS_REASONING,
)
"""In the order of `IndexedRow`."""


def _size(field: SpanField, number: float) -> str:
    return f"{terms.has(field)} {' '.join(terms.sizes(field, number))}"


_count = lru_cache(_MEMORY)(_size)


def _common(row: IndexedRow) -> Iterator[str]:
    """The terms of the columns that many spans have in common."""
    yield terms.EVERY
    yield from _values(SpanField.NAME, row.name)
    yield terms.value(SpanField.KIND, row.kind)
    yield terms.value(SpanField.OTEL_KIND, _named(SPAN_KINDS, row.otel_kind))
    status = STATUS_CODES[_FAILED] if row.is_error else _named(STATUS_CODES, row.status_code)
    yield terms.value(SpanField.STATUS, status)
    if row.is_error:
        yield terms.has(SpanField.ERROR)
    yield terms.value(SpanField.ROOT, "false" if row.parent_span_id else "true")
    yield terms.value(terms.RESOURCE, str(row.resource_id))
    yield terms.value(terms.SCOPE, str(row.scope_id))
    for field, text in (
        (SpanField.MODEL, row.model),
        (SpanField.PROVIDER, row.provider),
        (SpanField.TOOL, row.tool_name),
        (SpanField.AGENT, row.agent_name),
    ):
        yield from _values(field, text)


def _fields(found: SearchedFields) -> Iterator[str]:
    """The terms of the fields that have no column."""
    for field, values in ((SpanField.TAG, found.tags), (SpanField.FINISH, found.finish_reasons)):
        for text in values:
            yield from _values(field, _bindable(text))
    if found.ttft_s is not None:
        yield terms.has(SpanField.TTFT)
        yield from terms.sizes(SpanField.TTFT, round(found.ttft_s * _NANO))
    for document in found.documents:
        if document.content or document.id:
            yield terms.has(SpanField.DOCUMENT)
        if document.score is not None:
            yield terms.has(SpanField.SCORE)
            yield from terms.sizes(SpanField.SCORE, document.score)
    if found.may_have_input:
        yield terms.has(SpanField.INPUT)
    if found.may_have_output:
        yield terms.has(SpanField.OUTPUT)


@lru_cache(4_096)
def _settled_fields(found: SearchedFields) -> str:
    return " ".join(_fields(found))


def _failures(span: Span, logs: Sequence[LogRecord]) -> Iterator[str]:
    yield span.status.message
    yield from _said(semconv.PartlyRead(span, logs).errors)


def _said(errors: Iterable[SpanError]) -> Iterator[str]:
    for error in errors:
        yield error.type
        yield error.message


def _error_words(texts: Iterable[str]) -> Iterator[str]:
    """The terms of the words in these texts of errors, each once."""
    left, known = MOST_TEXT, set[str]()
    for text in texts:
        known.update(words(text[:left]))
        left = max(left - len(text), 0)
    return (terms.word_in(SpanField.ERROR, word) for word in known)


def _values(field: SpanField, text: str) -> Iterator[str]:
    if text:
        yield terms.has(field)
        if terms.is_short(text):
            yield terms.value(field, text)


def _named(names: Sequence[str], number: int) -> str:
    return names[number] if 0 <= number < len(names) else str(number)
