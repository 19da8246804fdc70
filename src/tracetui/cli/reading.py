"""What the reading commands share: an open reader, the conditions of a query, stored bytes as model objects."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tracetui.cli.diagnostics import note
from tracetui.config import Settings
from tracetui.errors import UsageError
from tracetui.model.clock import Clock, SystemClock
from tracetui.sanitise import one_line
from tracetui.store.api import SpanReader, all_logs
from tracetui.store.orders import TraceSort
from tracetui.store.records import RowKey, StoredLog, StoredSpan

if TYPE_CHECKING:
    from tracetui.model.chat import NormalisedSpan
    from tracetui.model.span import LogRecord
    from tracetui.model.trace import SpanRow, TraceSummary
    from tracetui.store.conditions import Condition

PAGE = 200
"""Rows read at once."""

NEWEST_FIRST = TraceSort()
"""The order of a trace list unless told otherwise."""


INDEX_PATIENCE_S = 3.0
"""How long a search waits for the index to take in what was stored before it."""

_INDEX_STANDS_S = 0.5
"""After this time without progress nobody is at work on the index."""


@contextmanager
def open_reader(settings: Settings, *, searching: bool = False) -> Iterator[SpanReader | None]:
    """The database for reading, or None (said on stderr) where there is none yet.

    Args:
        settings: Where it is.
        searching: Whether it will be searched: then the search index is waited for, and stderr says what it lacks.

    Raises:
        StoreError: The path holds something that cannot be read.
    """
    path = settings.db
    if _holds_nothing(path):
        note(
            f"Nothing has been received yet: {path} holds no database. "
            "`tracetui`, `tracetui serve` or `tracetui import` makes one."
        )
        yield None
        return
    from tracetui.store.sqlite.reader import SqliteReader

    use_prices(settings)
    reader = SqliteReader(path)
    try:
        if reader.is_of_later_version:
            note(f"{path} was written by a later version of tracetui; what is new in it is not shown.")
        if searching:
            _wait_for_index(reader, SystemClock())
        yield reader
    finally:
        reader.close()


def _wait_for_index(reader: SpanReader, clock: Clock) -> None:
    """Give the search index the moment it needs for what was stored just before; say what it lacks after that."""
    state = reader.search_state()
    wanted = state.total
    ends = clock.monotonic() + INDEX_PATIENCE_S
    stands = clock.monotonic() + _INDEX_STANDS_S
    while state.indexed < wanted and clock.monotonic() < min(ends, stands):
        time.sleep(0.02)
        before, state = state, reader.search_state()
        if state.indexed > before.indexed:
            stands = clock.monotonic() + _INDEX_STANDS_S
    if state.indexed < wanted:
        note(
            f"Only {state.indexed:,} of {state.total:,} spans can be searched yet. "
            "A running tracetui goes on with the rest; without one, `tracetui reindex` does."
        )


def use_prices(settings: Settings) -> None:
    """Take the user's own prices, and say what is wrong with them: the rest of the command does not depend on them."""
    from tracetui.pricing import BOOK, USER_TABLE

    USER_TABLE.use(settings.prices)
    for problem in BOOK.problems:
        note(problem)


def _holds_nothing(path: Path) -> bool:
    """Whether there is no file, or an empty one; reading must not make a database (which takes longer than to read)."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == 0


def last_row_id(reader: SpanReader) -> int:
    """The highest row id of a span, by which later arrivals are told; 0 where there is none.

    Found by doubling and halving, which asks a few dozen times for one row.
    """
    low, high = 0, 1
    while reader.spans(after_row_id=high, limit=1):
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        if reader.spans(after_row_id=middle, limit=1):
            low = middle + 1
        else:
            high = middle
    return low


def conditions(settings: Settings, query: str, since: str = "") -> Condition | None:
    """What a query asks of a span; None for the empty query.

    Args:
        settings: Where saved queries are.
        query: The query, or the name of a saved one behind an `@`; empty for every span.
        since: Only spans that began then or later: `15m`, `2026-11-22`; empty for all.

    Raises:
        UsageError: The query, or the time, is wrong; says where.
    """
    from tracetui.query import compile_text
    from tracetui.query.saved import expand

    where = compile_text(expand(query, settings.filters))
    if not since:
        return where
    from tracetui.store.conditions import And, Compare, Comparison, SpanField

    began = Compare(SpanField.START, Comparison.AT_LEAST, since_nano(since))
    return began if where is None else And((where, began))


def since_nano(text: str) -> int:
    """The moment that `--since` names, in nanoseconds since 1970.

    Raises:
        UsageError: It names none.
    """
    from tracetui.query.literals import duration, moment

    now_nano = SystemClock().now_nano()
    ago = duration(text)
    if ago is not None:
        return max(now_nano - int(ago), 0)
    stretch = moment(text, now_nano)
    if stretch is None:
        raise UsageError(
            f"--since {one_line(text, 40)} is no time.",
            hint="Such as 15m, 2h, 1d, today, 2026-11-22, 2026-11-22T14:03.",
        )
    return stretch.start


def all_traces(
    reader: SpanReader, where: Condition | None = None, sort: TraceSort = NEWEST_FIRST, *, page: int = PAGE
) -> Iterator[TraceSummary]:
    """Every trace that matches in an order, newest first unless told otherwise, page by page."""
    after: RowKey | None = None
    while rows := reader.traces(where, sort=sort, after=after, limit=page):
        yield from rows
        after = reader.trace_key(rows[-1], sort)


def all_rows(reader: SpanReader, where: Condition | None = None, *, after_row_id: int = 0) -> Iterator[SpanRow]:
    """The row of every span that matches, in order of arrival, page by page."""
    after = after_row_id
    while page := reader.spans(where, after_row_id=after, limit=PAGE):
        yield from page
        after = page[-1].row_id


def rows_of(reader: SpanReader, row_ids: Sequence[int]) -> Iterator[SpanRow]:
    """The rows of these spans, in the order asked for, page by page."""
    for start in range(0, len(row_ids), PAGE):
        yield from reader.rows(row_ids[start : start + PAGE])


def normalised(reader: SpanReader, stored: StoredSpan, *, with_logs: bool = True) -> NormalisedSpan:
    """A stored span and the log records that belong to it, read by `semconv`."""
    from tracetui import semconv
    from tracetui.otlp import decode
    from tracetui.pricing import BOOK

    span = decode.span(
        stored.data,
        decode.resource(stored.resource.data, stored.resource.schema_url),
        decode.scope(stored.scope.data, stored.scope.schema_url),
    )
    if stored.warnings:
        span = replace(span, problems=tuple(dict.fromkeys((*stored.warnings.splitlines(), *span.problems))))
    logs: Iterable[StoredLog] = ()
    if with_logs:
        # those of a span that is still open come before it
        logs = all_logs(reader, trace_id=span.trace_id, span_id=stored.row.announces or span.span_id)
    return BOOK.with_cost(semconv.normalise(span, [log_record(stored_log) for stored_log in logs]))


def log_record(stored: StoredLog) -> LogRecord:
    """A stored log record, decoded."""
    from tracetui.otlp import decode

    return decode.log_record(
        stored.data,
        decode.resource(stored.resource.data, stored.resource.schema_url),
        decode.scope(stored.scope.data, stored.scope.schema_url),
    )
