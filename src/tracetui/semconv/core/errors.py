"""What went wrong in a span: its status, its exceptions, its error type, and log records that tell of an exception."""

from __future__ import annotations

from collections.abc import Iterable

from tracetui.model.attributes import Attributes
from tracetui.model.chat import SpanError
from tracetui.semconv.core.convention import Source
from tracetui.semconv.core.preview import EXCEPTION, EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE, EXCEPTION_TYPE
from tracetui.semconv.core.values import text

_OK = 1
_MAX_ERRORS = 100


def errors_of(source: Source, error_type: str) -> tuple[SpanError, ...]:
    """Every error of a span once, exceptions first in their order.

    Args:
        source: The span with its log records.
        error_type: What the span gives as the type of its error; empty where it gives none.
    """
    found: dict[tuple[str, str], SpanError] = {}
    for attributes in _exceptions(source):
        error = SpanError(
            text(attributes.get(EXCEPTION_MESSAGE)) or "",
            text(attributes.get(EXCEPTION_TYPE)) or "",
            text(attributes.get(EXCEPTION_STACKTRACE)) or "",
        )
        found.setdefault((error.type, error.message), error)
        if len(found) >= _MAX_ERRORS:
            break
    status = source.span.status
    if status.is_error and not any(_tells(error, status.message) for error in found.values()):
        found[error_type, status.message] = SpanError(status.message, error_type)
    elif error_type and status.code != _OK and not found:
        found[error_type, ""] = SpanError("", error_type)
    return tuple(found.values())


def _exceptions(source: Source) -> Iterable[Attributes]:
    for event in source.span.events:
        if event.name == EXCEPTION:
            yield event.attributes
    for record in source.logs:
        if EXCEPTION_TYPE in record.attributes or EXCEPTION_MESSAGE in record.attributes:
            yield record.attributes


def _tells(error: SpanError, message: str) -> bool:
    return not message or (bool(error.message) and error.message in message)
