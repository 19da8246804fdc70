"""`tracetui sessions`, and `tracetui show` of a session: one conversation across its traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from tracetui.cli.listing import Listing, ListOptions, Orders, Sort
from tracetui.cli.lists import list_rows, status_mark, time_cell
from tracetui.cli.output import Cell, Column, Output, Piece, fact_lines
from tracetui.cli.reading import PAGE, all_traces, normalised
from tracetui.cli.span_view import message_lines
from tracetui.config import Settings
from tracetui.model.attributes import JSONValue
from tracetui.model.clock import format_duration, format_moment
from tracetui.model.numbers import format_cost, format_tokens, many
from tracetui.model.objects import session_object, turn_object
from tracetui.model.session import SessionSummary
from tracetui.model.turn import Turn
from tracetui.sanitise import one_line
from tracetui.store.api import SpanReader
from tracetui.store.conditions import Condition
from tracetui.store.orders import SessionOrder, SessionSort, TraceSort
from tracetui.store.records import RowKey
from tracetui.turns import read_turn

Line = Sequence[Piece]


def sessions(settings: Settings, options: ListOptions) -> int:
    """List sessions, with a query those with a trace that matches."""
    return list_rows(settings, options, SESSIONS)


def _in_order(reader: SpanReader, where: Condition | None, sort: Sort, wanted: int | None) -> Iterator[SessionSummary]:
    order = SessionSort(SessionOrder(sort.name), sort.descending)
    page = min(wanted or PAGE, PAGE)
    if where is None:
        yield from _all(reader, order, page)
        return
    ids = _matching(reader, where)
    if len(ids) <= PAGE:
        found = [session for session in map(reader.session, ids) if session is not None]
        yield from sorted(found, key=lambda session: _place(reader, session, order), reverse=order.descending)
    else:
        yield from (session for session in _all(reader, order, page) if session.session_id in ids)


def _all(reader: SpanReader, order: SessionSort, page: int) -> Iterator[SessionSummary]:
    after: RowKey | None = None
    while rows := reader.sessions(sort=order, after=after, limit=page):
        yield from rows
        after = reader.session_key(rows[-1], order)


def _place(reader: SpanReader, session: SessionSummary, order: SessionSort) -> tuple[int | float | str, int]:
    value, row_id = reader.session_key(session, order)
    return (value.casefold() if isinstance(value, str) else value, row_id)


def _matching(reader: SpanReader, where: Condition) -> set[str]:
    """The ids of sessions with a trace that matches."""
    return {trace.session_id for trace in all_traces(reader, where) if trace.session_id}


def _count(reader: SpanReader, where: Condition | None) -> int:
    return reader.count_sessions() if where is None else len(_matching(reader, where))


def write_session(output: Output, reader: SpanReader, session: SessionSummary, *, as_json: bool = False) -> None:
    """One session as a conversation, a turn for each of its traces; as JSON one object with all turns."""
    turns = read_turns(reader, session.session_id)
    if as_json:
        output.json(session_object(session) | {"turns": [turn_object(turn) for turn in turns]})
        return
    output.lines(_head(session, output.line_width))
    instructions = ""
    for number, turn in enumerate(turns, 1):
        output.lines(_turn_lines(turn, number, turn.instructions if turn.instructions != instructions else ""))
        instructions = turn.instructions or instructions


def read_turns(reader: SpanReader, session_id: str) -> Iterator[Turn]:
    """The turns of a session in order, each read when it is asked for."""
    read = partial(normalised, reader, with_logs=reader.count_logs() > 0)
    after: RowKey | None = None
    while page := reader.session_traces(session_id, after=after, limit=PAGE):
        for trace in page:
            yield read_turn(reader, trace, read)
        after = reader.trace_key(page[-1], TraceSort())


def _head(session: SessionSummary, width: int | None) -> Iterator[Line]:
    yield (("✖ ", "error") if session.error_count else "", (one_line(session.session_id), "heading"))
    start, last = session.start_time_unix_nano, session.last_start_time_unix_nano
    facts = (
        "session",
        format_moment(start, date=True) if start else "",
        f"last turn {format_moment(last, date=True)}" if last and last != start else "",
        many(session.trace_count, "turn"),
        many(session.error_count, "error") if session.error_count else "",
        f"{session.llm_count} llm" if session.llm_count else "",
        many(session.tool_count, "tool") if session.tool_count else "",
        _tokens(session.input_tokens, session.output_tokens),
        format_cost(session.cost_total, session.cost_source),
        one_line(session.source),
        f"user {', '.join(one_line(user) for user in session.users)}" if session.users else "",
    )
    yield from fact_lines(facts, width)


def _turn_lines(turn: Turn, number: int, instructions: str) -> Iterator[Line]:
    trace = turn.trace
    facts = (
        format_moment(trace.start_time_unix_nano, date=True) if trace.start_time_unix_nano else "?",
        one_line(trace.name, 80),
        format_duration(trace.duration_nano),
        _tokens(trace.input_tokens, trace.output_tokens),
        format_cost(trace.cost_total, trace.cost_source),
        f"trace {trace.trace_id}",
    )
    yield ()
    mark = ("✖ ", "error") if trace.error_count else ""
    yield (mark, (f"turn {number}", "heading"), ("  " + " · ".join(fact for fact in facts if fact), "dim"))
    if instructions:
        yield from message_lines((), "", instructions)
    yield from message_lines(turn.asked)
    yield from message_lines(turn.steps)
    if turn.calls_left_out:
        yield ((f"  ({many(turn.calls_left_out, 'LLM call')} of this turn are left out; show the trace)", "dim"),)
    yield from message_lines(turn.answered)
    for error in turn.errors:
        said = ": ".join(text for text in (one_line(error.type, 200), one_line(error.message)) if text)
        yield (("  ✖ " + said, "error"),)
    if not (turn.asked or turn.steps or turn.answered or turn.errors):
        yield (("  (no words were recorded)", "dim"),)


def _tokens(given: int | None, made: int | None) -> str:
    text = format_tokens(given, made)
    return f"{text} tokens" if text else ""


def _objects(reader: SpanReader, rows: Iterator[SessionSummary]) -> Iterator[JSONValue]:
    return (session_object(row) for row in rows)


def _cells(row: SessionSummary, now_nano: int | None) -> Sequence[Cell]:
    return (
        (row.session_id, "dim"),
        time_cell(row.last_start_time_unix_nano, now_nano),
        status_mark(bool(row.error_count), not row.complete),
        row.last_words,
        " ".join(row.users),
        row.source,
        str(row.trace_count),
        format_duration(row.duration_nano),
        (str(row.error_count) if row.error_count else "", "error"),
        str(row.llm_count) if row.llm_count else "",
        str(row.tool_count) if row.tool_count else "",
        format_tokens(row.input_tokens, row.output_tokens),
        format_cost(row.cost_total, row.cost_source),
    )


_FIELDS: Sequence[tuple[str, Callable[[SessionSummary], object]]] = (
    ("session_id", lambda row: row.session_id),
    ("service", lambda row: row.service),
    ("project", lambda row: row.project),
    ("users", lambda row: " ".join(row.users)),
    ("trace_count", lambda row: row.trace_count),
    ("start_time_unix_nano", lambda row: row.start_time_unix_nano or None),
    ("last_start_time_unix_nano", lambda row: row.last_start_time_unix_nano or None),
    ("end_time_unix_nano", lambda row: row.end_time_unix_nano or None),
    ("duration_nano", lambda row: row.duration_nano),
    ("span_count", lambda row: row.span_count),
    ("error_count", lambda row: row.error_count),
    ("llm_count", lambda row: row.llm_count),
    ("tool_count", lambda row: row.tool_count),
    ("input_tokens", lambda row: row.input_tokens),
    ("output_tokens", lambda row: row.output_tokens),
    ("cost_total", lambda row: row.cost_total),
    ("cost_source", lambda row: row.cost_source),
    ("last_words", lambda row: row.last_words),
    ("status", lambda row: row.status),
)

_COLUMNS = (
    Column("session", flexible=True),
    Column("last turn"),
    Column(""),
    Column("last words", flexible=True, rank=1),
    Column("user", rank=5),
    Column("source", rank=6),
    Column("turns", right=True),
    Column("duration", right=True, rank=3),
    Column("errors", right=True, rank=2),
    Column("llm", right=True, rank=7),
    Column("tools", right=True, rank=8),
    Column("tokens", right=True, rank=3),
    Column("cost", right=True, rank=4),
)

SESSIONS: Listing[SessionSummary] = Listing(
    noun="sessions",
    counts_by_reading=True,
    orders=Orders(Sort("last", descending=True), tuple(SessionOrder), ("session", "service", "source")),
    rows=_in_order,
    count=_count,
    objects=_objects,
    fields=_FIELDS,
    columns=_COLUMNS,
    cells=_cells,
)
"""Sessions."""
