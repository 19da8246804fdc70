"""An export request's body to the batch that the store takes: the hot way in.

One pass: slices are decoded one at a time and let go, leaving a row of columns and the bytes. A span that cannot be
kept costs only itself; its reason is counted, never the values it held.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Generic, TypeVar

from msgspec import Struct

from tracetui import semconv
from tracetui.errors import InvalidSpan, MalformedRequest
from tracetui.model.attributes import AttributeValue, json_value
from tracetui.model.span import InstrumentationScope
from tracetui.otlp import decode
from tracetui.otlp.json_request import slice_json_request
from tracetui.otlp.trim import SMALLEST, trim
from tracetui.otlp.weigh import LOG_RECORD, OWNER, SPAN, Scales
from tracetui.otlp.wire import Signal, SlicedRequest, slice_request
from tracetui.pricing import BOOK
from tracetui.semconv import SpanFacts, no_events
from tracetui.store.records import IncomingBatch, IncomingLog, IncomingSpan, ResourceRecord, ScopeRecord

BODY_TEXT_LENGTH = 400
"""Characters of a log record's body that become its one line of text."""

ROW_SIZE = 1_000
"""Bytes a row takes in memory beside its slice, roughly."""

_MAX_TIME = decode.MAX_TIME

Record = TypeVar("Record", ResourceRecord, ScopeRecord)
Item = TypeVar("Item", IncomingSpan, IncomingLog)


class Incoming(Struct, frozen=True):
    """What a request brings, and what of it is refused."""

    batch: IncomingBatch
    rejected: int = 0
    """Spans or log records refused one by one."""
    reasons: tuple[str, ...] = ()
    """Why, most frequent first, each with its count and without received values."""
    warnings: tuple[str, ...] = ()
    """What is odd about those accepted, in the same form."""


def read_request(signal: Signal, body: bytes, *, is_json: bool = False) -> Incoming:
    """Read an export request of traces or logs.

    Args:
        signal: `TRACES` or `LOGS`.
        body: The request as it came, decompressed.
        is_json: Whether it is OTLP/JSON rather than protobuf.

    Raises:
        MalformedRequest: The request as a whole is unreadable.
        RequestTooLarge: It holds too much.
    """
    return read_sliced(signal, cut_request(signal, body, is_json=is_json))


def cut_request(signal: Signal, body: bytes, *, is_json: bool = False) -> SlicedRequest:
    """Cut an export request of traces or logs into slices; its body may be let go then.

    Raises:
        MalformedRequest: The request as a whole is unreadable.
        RequestTooLarge: It holds too much.
    """
    return slice_json_request(signal, body) if is_json else slice_request(body)


def weight(request: SlicedRequest) -> tuple[int, int]:
    """Bytes that the rows of a request will take, and bytes of its largest slice."""
    size = largest = 0
    for resource in request.resources:
        for scope in resource.scopes:
            lengths = list(map(len, scope.items))
            size += sum(lengths) + ROW_SIZE * len(lengths)
            largest = max(largest, max(lengths, default=0))
    return size, largest


def read_sliced(signal: Signal, request: SlicedRequest) -> Incoming:
    """Decode what was cut out.

    Raises:
        MalformedRequest: A resource or scope is unreadable.
    """
    return read_spans(request) if signal is Signal.TRACES else read_logs(request)


def read_spans(request: SlicedRequest) -> Incoming:
    """Decode a request's spans and take their columns.

    Raises:
        MalformedRequest: A resource or scope is unreadable.
    """
    return _Pass(request, _span_row).run(
        lambda resources, scopes, rows, size: IncomingBatch(resources, scopes, spans=rows, byte_size=size)
    )


def read_logs(request: SlicedRequest) -> Incoming:
    """Decode a request's log records and take their columns.

    Raises:
        MalformedRequest: A resource or scope is unreadable.
    """
    return _Pass(request, _log_row).run(
        lambda resources, scopes, rows, size: IncomingBatch(resources, scopes, logs=rows, byte_size=size)
    )


class _Table(Generic[Record]):
    """Records of one kind, each once, in order of first use."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._indexes: dict[Record, int] = {}

    def index(self, record: Record) -> int:
        """The index of a record."""
        index = self._indexes.setdefault(record, len(self.records))
        if index == len(self.records):
            self.records.append(record)
        return index


_BuildRow = Callable[[bytes, str, int, int, Scales], tuple[Item, tuple[str, ...]]]
_BuildBatch = Callable[[list[ResourceRecord], list[ScopeRecord], list[Item], int], IncomingBatch]


class _Pass(Generic[Item]):
    """One pass over one request."""

    def __init__(self, request: SlicedRequest, build_row: _BuildRow[Item]) -> None:
        self._request = request
        self._build_row: _BuildRow[Item] = build_row
        self._reasons = Counter(str(error) for error in request.rejected)
        self._warnings = Counter(request.warnings)
        self._scales = Scales()

    def run(self, build_batch: _BuildBatch[Item]) -> Incoming:
        """Every item once."""
        resources: _Table[ResourceRecord] = _Table()
        scopes: _Table[ScopeRecord] = _Table()
        rows: list[Item] = []
        for resource in self._request.resources:
            self._weigh_owner(resource.data)
            resource_record = _resource_record(resource.data, resource.schema_url)
            for scope in resource.scopes:
                self._weigh_owner(scope.data)
                record = _scope_record(scope.data, scope.schema_url)
                self._read_items(scope.items, record.name, rows, resources.index(resource_record), scopes.index(record))
        size = sum(len(row.data) for row in rows) + ROW_SIZE * len(rows)
        return Incoming(
            build_batch(resources.records, scopes.records, rows, size) if rows else IncomingBatch((), ()),
            rejected=self._reasons.total(),
            reasons=_counted(self._reasons),
            warnings=_counted(self._warnings),
        )

    def _weigh_owner(self, data: bytes) -> None:
        try:
            self._scales.weigh(data, OWNER)
        except InvalidSpan as error:
            raise MalformedRequest(error.message, hint=error.hint) from error

    def _read_items(
        self, items: Iterable[bytes], scope_name: str, rows: list[Item], resource_index: int, scope_index: int
    ) -> None:
        build_row, scales = self._build_row, self._scales
        for data in items:
            try:
                row, warnings = build_row(data, scope_name, resource_index, scope_index, scales)
            except InvalidSpan as error:
                self._reasons[str(error)] += 1
                continue
            rows.append(row)
            if warnings:
                self._warnings.update(warnings)


def _span_row(
    data: bytes,
    scope_name: str,
    resource_index: int,
    scope_index: int,
    scales: Scales,
) -> tuple[IncomingSpan, tuple[str, ...]]:
    trimmed = ""
    if len(data) >= SMALLEST:
        data, trimmed = trim(data, scales)
        scales.weigh(data, SPAN)
    message, attributes, trace_id, span_id, parent_span_id, start, end, warnings = decode.scan_span(data)
    if trimmed:
        warnings = (*warnings, trimmed)
    name = message.name
    status_code, status_message = 0, ""
    if message.HasField("status"):
        status = message.status
        status_code, status_message = status.code, status.message
    derived = semconv.summary(
        SpanFacts(
            name,
            scope_name,
            attributes,
            status_code,
            status_message,
            partial(decode.events, message) if message.events else no_events,
        )
    )
    tokens = derived.tokens
    announces = ""
    if derived.is_pending:
        announces, parent_span_id = parent_span_id or message.span_id.hex(), derived.pending_parent_id
    return IncomingSpan(
        trace_id,
        span_id,
        parent_span_id,
        name,
        message.kind,
        start if start <= _MAX_TIME else _MAX_TIME,
        end if end <= _MAX_TIME else _MAX_TIME,
        status_code,
        status_message,
        derived.kind.value,
        derived.is_error,
        derived.model,
        derived.provider,
        tokens.input,
        tokens.output,
        tokens.cache_read,
        tokens.cache_write,
        tokens.reasoning,
        *BOOK.charge(derived, start),
        derived.session_id,
        derived.user_id,
        derived.tool_name,
        derived.agent_name,
        derived.preview,
        resource_index,
        scope_index,
        "\n".join(warnings) if warnings else "",
        data,
        announces,
    ), warnings


def _log_row(
    data: bytes,
    _scope_name: str,
    resource_index: int,
    scope_index: int,
    scales: Scales,
) -> tuple[IncomingLog, tuple[str, ...]]:
    scales.weigh(data, LOG_RECORD)
    message, attributes, body, trace_id, span_id, warnings = decode.parse_log(data)
    event_name = semconv.event_name(message.event_name, attributes, body)
    return IncomingLog(
        trace_id,
        span_id,
        min(message.time_unix_nano or message.observed_time_unix_nano, _MAX_TIME),
        message.severity_number,
        event_name,
        body_text(body),
        resource_index,
        scope_index,
        data,
        bool(trace_id and span_id) and semconv.tells(event_name),
    ), warnings


def derive_span(data: bytes, scope_name: str, logs: Sequence[bytes] = ()) -> IncomingSpan:
    """The columns of a stored span, as its arrival would give them; without those of its resource and scope.

    Args:
        data: The span's bytes.
        scope_name: Name of its scope.
        logs: Bytes of its log records, in order of arrival.

    Raises:
        InvalidSpan: It cannot be read any more.
    """
    row, _ = _span_row(data, scope_name, 0, 0, Scales())
    if not logs:
        return row
    span = decode.span(data, scope=InstrumentationScope(scope_name))
    derived = semconv.summary_with_logs(span, [decode.log_record(log) for log in logs])
    charge = BOOK.charge(derived, row.start_time_unix_nano)
    return row._replace(
        kind=derived.kind.value,
        is_error=derived.is_error,
        model=derived.model,
        provider=derived.provider,
        input_tokens=derived.tokens.input,
        output_tokens=derived.tokens.output,
        cache_read_tokens=derived.tokens.cache_read,
        cache_write_tokens=derived.tokens.cache_write,
        reasoning_tokens=derived.tokens.reasoning,
        cost_total=charge.total,
        cost_input=charge.input,
        cost_output=charge.output,
        cost_estimated=charge.is_estimated,
        session_id=derived.session_id,
        user_id=derived.user_id,
        tool_name=derived.tool_name,
        agent_name=derived.agent_name,
        preview=derived.preview,
    )


def body_text(body: AttributeValue) -> str:
    """A log record's body as one short line: text as it is, anything else as JSON, white space folded."""
    if body is None:
        return ""
    text = body if isinstance(body, str) else json.dumps(json_value(body), ensure_ascii=False)
    return " ".join(text[: 2 * BODY_TEXT_LENGTH].split())[:BODY_TEXT_LENGTH]


def derive_log(data: bytes) -> IncomingLog:
    """The columns of a stored log record, as its arrival would give them.

    Raises:
        InvalidSpan: It cannot be read any more.
    """
    return _log_row(data, "", 0, 0, Scales())[0]


def derive_resource(record: ResourceRecord) -> ResourceRecord:
    """A stored resource with its columns as its arrival would give them.

    Raises:
        MalformedRequest: It cannot be read any more.
    """
    return _resource_record(record.data, record.schema_url)


def _resource_record(data: bytes, schema_url: str) -> ResourceRecord:
    resource = decode.resource(data, schema_url)
    return ResourceRecord(data, schema_url, resource.service, semconv.project(resource.attributes))


def _scope_record(data: bytes, schema_url: str) -> ScopeRecord:
    scope = decode.scope(data, schema_url)
    return ScopeRecord(data, schema_url, scope.name, scope.version)


def _counted(texts: Counter[str]) -> tuple[str, ...]:
    return tuple(text if count == 1 else f"{text} ({count:,} times)" for text, count in texts.most_common())
