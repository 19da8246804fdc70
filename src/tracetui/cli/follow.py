"""`--follow`: what matches is written as it is committed, one JSON object a line, until a signal or a closed pipe.

A span is told from later ones by its row id; a version of it that takes the place of an earlier one has a new row id.
Where the query asks for more than the span itself (what stands above it, its whole trace), a later span can make an
earlier one match: then the traces for which something came are searched again, and what was written is remembered.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import nullcontext
from select import POLLERR, POLLHUP, poll
from typing import Protocol

from tracetui.cli import diagnostics
from tracetui.cli.listing import ListFormat, ListOptions
from tracetui.cli.lists import span_objects
from tracetui.cli.output import Output, OutputClosed
from tracetui.cli.reading import PAGE, all_rows, conditions, log_record, open_reader
from tracetui.config import Settings
from tracetui.errors import UsageError
from tracetui.model.attributes import JSONValue
from tracetui.model.objects import log_object, trace_object
from tracetui.model.trace import SpanRow
from tracetui.store.api import SpanReader
from tracetui.store.conditions import (
    And,
    Between,
    Compare,
    Condition,
    Equals,
    Has,
    HasAncestor,
    HasParent,
    Like,
    Matches,
    Not,
    Or,
    SpanField,
    TraceField,
    TraceHas,
)
from tracetui.store.records import StoredLog

POLL_S = 0.2
"""How often the database is asked whether something came."""

MOST_REMEMBERED = 100_000
"""Spans, or traces, of which is known that they have been written."""

MOST_WAITING = 10_000
"""Log records that wait for their span."""


def follow(settings: Settings, options: ListOptions, noun: str) -> int:
    """Write new matches until something ends it; `--since` writes those stored already first.

    Args:
        settings: Where the database is.
        options: The query, `--since`, and `--limit` as the number after which it ends.
        noun: `traces`, `spans` or `log records`.

    Raises:
        UsageError: The query is wrong, or another option cannot be meant.
    """
    for given, name in (
        (options.sort, "--sort"),
        (options.count, "--count"),
        (options.form is ListFormat.CSV, "--csv"),
    ):
        if given:
            raise UsageError(f"--follow and {name} exclude each other.", hint="It writes JSON lines as they come.")
    where = conditions(settings, options.query, options.since)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopped.set())
    output = Output()
    try:
        all_is_new = _wait_for_database(settings, stopped)
        with open_reader(settings) if not stopped.is_set() else nullcontext() as reader:
            if reader is not None:
                feed = _FEEDS[noun](_Spans(reader, where, from_start=all_is_new or bool(options.since)))
                _write(output, feed, reader, stopped, options.limit or 0)
    except (OutputClosed, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return diagnostics.DONE


def _write(output: Output, feed: Feed, reader: SpanReader, stopped: threading.Event, most: int) -> None:
    version: int | None = None
    written = 0
    while not stopped.is_set():
        before, version = version, reader.data_version()
        if version != before:  # the search index, too, moves on by commits
            for value in feed.new():
                output.json(value)
                written += 1
                if stopped.is_set() or written == most:
                    break
            output.flush()
        if most and written >= most:
            return
        _end_if_nobody_reads()
        stopped.wait(POLL_S)


def _wait_for_database(settings: Settings, stopped: threading.Event) -> bool:
    """Wait for a database: it comes with the first tracetui that receives. Returns whether it was not there."""
    waited = False
    while not stopped.is_set() and not (settings.db.exists() and settings.db.stat().st_size):
        if not waited:
            diagnostics.note(f"Waiting for {settings.db}, which holds no database yet.")
            waited = True
        _end_if_nobody_reads()
        stopped.wait(POLL_S)
    return waited


def _end_if_nobody_reads() -> None:
    """A closed pipe is noticed by writing, but there may be nothing to write for hours."""
    watch = poll()
    watch.register(sys.stdout.fileno(), 0)
    if any(event & (POLLERR | POLLHUP) for _, event in watch.poll(0)):
        raise OutputClosed


class _Remembered:
    """What has been written and in which state, as far as memory allows."""

    def __init__(self) -> None:
        self._states: OrderedDict[Hashable, Hashable] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._states

    def is_news(self, key: Hashable, state: Hashable = None) -> bool:
        """Whether this was not there, or in another state; it then is."""
        known = key in self._states and self._states[key] == state
        self._states[key] = state
        self._states.move_to_end(key)
        if len(self._states) > MOST_REMEMBERED:
            self._states.popitem(last=False)
        return not known


class _Spans:
    """Spans that came since they were last asked for."""

    def __init__(self, reader: SpanReader, where: Condition | None, *, from_start: bool) -> None:
        self.reader = reader
        self.where = where
        self.from_start = from_start
        self._first = 0 if from_start else reader.last_row_ids()[0]
        self._mark = self._arrived = self._first
        self._seen = _Remembered()
        self._unsure: dict[str, None] = {}
        self.touched: set[str] = set()
        """Traces for which something came with the last call of `matching`."""

    def _is_behind(self) -> bool:
        """Whether something is stored that the search may not see yet."""
        state = self.reader.search_state()
        return state.indexed < state.total

    def matching(self) -> Iterator[SpanRow]:
        """Those that match and have not been given."""
        last = self.reader.last_row_ids()[0]
        behind = self.where is not None and self._is_behind()
        self.touched = {row.trace_id for row in all_rows(self.reader, after_row_id=self._arrived)}
        self._arrived = max(last, self._arrived)
        if self.where is None or of_span_alone(self.where):
            found = all_rows(self.reader, self.where, after_row_id=self._mark)
        else:
            self._unsure |= dict.fromkeys(self.touched)
            found = self._in_traces(list(self._unsure))
        for row in found:
            if self._seen.is_news((row.trace_id, row.span_id), row.row_id):
                yield row
        if not behind:
            self._mark = max(last, self._mark)
            self._unsure.clear()

    def _in_traces(self, trace_ids: Iterable[str]) -> Iterator[SpanRow]:
        assert self.where is not None  # without a query every span matches by itself
        for trace_id in trace_ids:
            for span_id in self.reader.matching(trace_id, self.where):
                stored = self.reader.span(trace_id, span_id)
                if stored is not None and stored.row.row_id > self._first:
                    yield stored.row


class Feed(Protocol):
    """What is followed."""

    def new(self) -> Iterator[JSONValue]:
        """The objects of what matches and has not been written."""
        ...


class _SpanFeed:
    def __init__(self, spans: _Spans) -> None:
        self._spans = spans

    def new(self) -> Iterator[JSONValue]:
        return span_objects(self._spans.reader, self._spans.matching())


class _TraceFeed:
    """Each trace when it first matches, and again whenever it has changed."""

    def __init__(self, spans: _Spans) -> None:
        self._spans = spans
        self._matched = _Remembered()
        self._written = _Remembered()

    def new(self) -> Iterator[JSONValue]:
        wanted: dict[str, None] = {}
        for row in self._spans.matching():
            self._matched.is_news(row.trace_id)
            wanted[row.trace_id] = None
        wanted |= dict.fromkeys(trace_id for trace_id in self._spans.touched if trace_id in self._matched)
        for trace_id in wanted:
            trace = self._spans.reader.trace(trace_id)
            if trace is not None and self._written.is_news(trace_id, trace):
                yield trace_object(trace)


class _LogFeed:
    """Log records, with a query those of spans that match, whichever of the two comes first."""

    def __init__(self, spans: _Spans) -> None:
        self._spans = spans
        self._mark = 0 if spans.from_start else spans.reader.last_row_ids()[1]
        self._waiting: OrderedDict[int, StoredLog] = OrderedDict()

    def new(self) -> Iterator[JSONValue]:
        arrived = self._arrived()
        if self._spans.where is None:
            yield from (log_object(log_record(record)) for record in arrived)
            return
        fresh: set[str] = set()
        for record in arrived:
            if record.trace_id:
                fresh.add(record.trace_id)
                self._waiting[record.row_id] = record
        for row in self._spans.matching():
            fresh.add(row.trace_id)
        yield from self._settled(fresh | self._spans.touched)
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)

    def _arrived(self) -> Iterator[StoredLog]:
        reader = self._spans.reader
        while records := reader.logs(after_row_id=self._mark, limit=PAGE):
            self._mark = records[-1].row_id
            yield from records

    def _settled(self, trace_ids: set[str]) -> Iterator[JSONValue]:
        """The waiting records of these traces whose span matches."""
        assert self._spans.where is not None  # else nothing waits
        matching: dict[str, set[str]] = {}
        for row_id, record in list(self._waiting.items()):
            trace_id = record.trace_id
            if trace_id not in trace_ids:
                continue
            if trace_id not in matching:
                matching[trace_id] = set(self._spans.reader.matching(trace_id, self._spans.where))
            if record.span_id in matching[trace_id]:
                del self._waiting[row_id]
                yield log_object(log_record(record))


_FEEDS: dict[str, Callable[[_Spans], Feed]] = {"spans": _SpanFeed, "traces": _TraceFeed, "log records": _LogFeed}


def of_span_alone(condition: Condition) -> bool:
    """Whether nothing but the span itself decides: no other span, and nothing of the whole trace."""
    match condition:
        case HasParent() | HasAncestor() | TraceHas():
            return False
        case And(parts) | Or(parts):
            return all(map(of_span_alone, parts))
        case Not(part):
            return of_span_alone(part)
        case Equals(operand) | Like(operand) | Matches(operand) | Compare(operand) | Between(operand) | Has(operand):
            return operand is not SpanField.DEPTH and not isinstance(operand, TraceField)
        case _:
            return True
