"""The columns of a span whose log records say something of it, whenever they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracetui.model.chat import Kind, NormalisedSpan, SpanSummary
from tracetui.model.span import LogRecord, Span
from tracetui.semconv.core import preview
from tracetui.semconv.core.errors import tells_of_exception
from tracetui.semconv.core.facts import SpanFacts
from tracetui.semconv.core.normalise import normalise
from tracetui.semconv.core.records import event_name_of, in_order
from tracetui.semconv.core.summary import summary
from tracetui.semconv.core.told import told_by
from tracetui.semconv.registry import tells

_OK = 1


def summary_with_logs(span: Span, logs: Sequence[LogRecord]) -> SpanSummary:
    """The columns of a span that has log records; slower than `summary`, which is for the many that have none.

    Args:
        span: The span.
        logs: Its log records, in order of arrival.

    Returns:
        What `summary` makes of the attributes of span and log records together, an error that only a log record tells
        of, and a preview from the messages where the attributes have none.
    """
    logs = [record for record in in_order(logs) if tells(event_name_of(record))]
    told, _ = told_by(logs)
    status = span.status
    columns = summary(
        SpanFacts(
            span.name,
            span.scope.name,
            {**told, **span.attributes},
            status.code,
            status.message,
            lambda: span.events,
        )
    )
    full = normalise(span, logs)
    failed = columns.is_error or (status.code != _OK and any(map(tells_of_exception, logs)))
    line = "" if failed and not columns.is_error else columns.preview
    return columns._replace(is_error=failed, preview=line or next(_previews(full, columns.kind, failed), ""))


def _previews(full: NormalisedSpan, kind: Kind, failed: bool) -> Iterator[str]:
    """What may stand for the span, the best first: what went wrong, or the user's last words."""
    words = [error.message for error in full.errors] if failed else []
    if kind is Kind.LLM:
        words += [message.text for message in reversed(full.input_messages) if message.role == "user"]
    yield from filter(None, map(preview.shortened, words))
