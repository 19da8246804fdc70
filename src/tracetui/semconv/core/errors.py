"""What went wrong in a span: its status, its exceptions, its error type, and log records that tell of an exception."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from tracetui.model.attributes import Attributes
from tracetui.model.chat import SpanError
from tracetui.model.span import LogRecord
from tracetui.semconv.core.convention import Source
from tracetui.semconv.core.preview import EXCEPTION, EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE, EXCEPTION_TYPE
from tracetui.semconv.core.values import text

_OK = 1
_MAX_ERRORS = 100
_TRACEBACK = "Traceback (most recent call last):"
_REPR = re.compile(r"(\w{1,200})\((['\"]?)(.*)\2,?\)", re.DOTALL)
"""An exception as Python prints it: `ValueError('no')`."""


class Failure(NamedTuple):
    """What the attributes of a span say of its failure; empty words where they say nothing."""

    type: str
    message: str
    marked: bool
    """Whether a level or a success says outright that it failed."""


def errors_of(source: Source, failure: Failure) -> tuple[SpanError, ...]:
    """Every error of a span once, exceptions first in their order.

    Args:
        source: The span with its log records.
        failure: What its attributes say.
    """
    found: dict[tuple[str, str], SpanError] = {}
    for attributes in _exceptions(source):
        error = _error(attributes)
        found.setdefault((error.type, error.message), error)
        if len(found) >= _MAX_ERRORS:
            break
    status = source.span.status
    message = status.message or failure.message
    if status.is_error and not any(_tells(error, message) for error in found.values()):
        found[failure.type, message] = SpanError(message, failure.type)
    elif not found and (failure.marked or (failure.type and status.code != _OK)):
        found[failure.type, message] = SpanError(message, failure.type)
    return tuple(found.values())


def _error(attributes: Attributes) -> SpanError:
    """An exception; one whose message is its `repr` with the traceback behind it is taken apart (LangSmith)."""
    message, name, trace = (
        text(attributes.get(key)) or "" for key in (EXCEPTION_MESSAGE, EXCEPTION_TYPE, EXCEPTION_STACKTRACE)
    )
    head, mark, rest = message.partition(_TRACEBACK)
    if mark and name in ("", "Exception"):
        said = _REPR.fullmatch(head.strip())
        return SpanError(said[3] if said else head.strip(), said[1] if said else name, mark + rest)
    return SpanError(message, name, trace)


def _exceptions(source: Source) -> Iterable[Attributes]:
    for event in source.span.events:
        if event.name == EXCEPTION:
            yield event.attributes
    yield from (record.attributes for record in source.logs if tells_of_exception(record))


def errors_told_by(record: LogRecord) -> tuple[SpanError, ...]:
    """The error that a log record tells of, if it does."""
    return (_error(record.attributes),) if tells_of_exception(record) else ()


def tells_of_exception(record: LogRecord) -> bool:
    """Whether a log record tells of an exception."""
    return EXCEPTION_TYPE in record.attributes or EXCEPTION_MESSAGE in record.attributes


def _tells(error: SpanError, message: str) -> bool:
    name = error.type.rpartition(".")[2]
    return not message or (error.message in message if error.message else message.rstrip(": ") == name)
