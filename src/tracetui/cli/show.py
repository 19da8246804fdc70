"""`tracetui show ID`: one trace as a tree of text, one span in full, or one session as a conversation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracetui.cli import diagnostics
from tracetui.cli.explain_view import explain_lines
from tracetui.cli.lists import span_objects
from tracetui.cli.output import Output, Piece, fact_lines
from tracetui.cli.reading import normalised, open_reader, rows_of
from tracetui.cli.sessions import write_session
from tracetui.cli.span_view import span_lines
from tracetui.cli.tree_view import tree_lines
from tracetui.config import Settings
from tracetui.errors import TracetuiError
from tracetui.model.clock import format_duration, format_moment
from tracetui.model.numbers import format_cost, format_tokens, many
from tracetui.model.objects import span_object, trace_object
from tracetui.model.session import SessionSummary
from tracetui.model.trace import TraceSummary
from tracetui.model.tree import build_tree
from tracetui.sanitise import one_line
from tracetui.store.api import SpanReader
from tracetui.store.records import StoredSpan

CANDIDATES = 10
"""Ids listed when a prefix fits several."""


def show(settings: Settings, id_prefix: str, *, as_json: bool = False, explained: bool = False) -> int:
    """Write one trace, span or session to stdout.

    Args:
        settings: Where the database is.
        id_prefix: A trace, span or session id, or an unambiguous beginning of one.
        as_json: Whether to write its object instead of text.
        explained: Whether to write where each field of the span came from instead of the span.

    Raises:
        TracetuiError: No id, or more than one, begins so; or a trace was to be explained.
    """
    output = Output()
    with open_reader(settings) as reader:
        if reader is None:
            raise _unknown(id_prefix)
        session = _session(reader, id_prefix)
        trace_id, span_id = ("", "") if session else _resolve(reader, id_prefix)
        if session:
            if explained:
                raise TracetuiError("A span is explained, not a session.")
            write_session(output, reader, session, as_json=as_json)
        elif span_id:
            stored = reader.span(trace_id, span_id)
            if stored is None:
                raise _unknown(id_prefix)
            if explained:
                output.lines(explain_lines(normalised(reader, stored)))
            else:
                _write_span(output, reader, stored, as_json)
        elif explained:
            raise TracetuiError(
                "A span is explained, not a trace.", hint=f"`tracetui show {trace_id}` lists its spans."
            )
        else:
            trace = reader.trace(trace_id)
            if trace is None:
                raise _unknown(id_prefix)
            write_trace(output, reader, trace, as_json=as_json)
    output.flush()
    return diagnostics.DONE


def write_trace(output: Output, reader: SpanReader, trace: TraceSummary, *, as_json: bool = False) -> None:
    """One trace: a head line, then its spans as a tree."""
    tree = build_tree(trace.trace_id, [*reader.skeleton(trace.trace_id), *reader.unseen(trace.trace_id)])
    rows = rows_of(reader, [node.row_id for node in tree.nodes if node.has_arrived])
    if as_json:
        output.json(trace_object(trace) | {"spans": list(span_objects(reader, rows))})
        return
    output.lines(_head(trace, output.line_width, is_running=any(node.is_running for node in tree.nodes)))
    output.lines(tree_lines(tree, list(rows), output.line_width))


def _write_span(output: Output, reader: SpanReader, stored: StoredSpan, as_json: bool) -> None:
    span = normalised(reader, stored)
    if as_json:
        output.json(span_object(span, counted=stored.row.counted))
    else:
        counts_elsewhere = bool(span.tokens or span.cost) and not stored.row.counted
        below = reader.usage_below(stored.row.trace_id, stored.row.span_id) if counts_elsewhere else None
        output.lines(span_lines(span, counted=stored.row.counted, below=below))


def _session(reader: SpanReader, id_prefix: str) -> SessionSummary | None:
    """The session that is meant: by its whole id, or by a beginning of it that begins no trace or span."""
    wanted = id_prefix.strip()
    if found := reader.session(wanted):
        return found
    if reader.find(wanted, limit=1):
        return None
    names = reader.find_sessions(wanted, limit=CANDIDATES + 1)
    if len(names) > 1:
        listed = "\n".join(f"  {one_line(name)}" for name in names[:CANDIDATES])
        more = "\n  …" if len(names) > CANDIDATES else ""
        raise TracetuiError(f"{id_prefix!r} begins more than one session. Give more of its id:\n{listed}{more}")
    return reader.session(names[0]) if names else None


def _resolve(reader: SpanReader, id_prefix: str) -> tuple[str, str]:
    wanted = id_prefix.strip().lower()
    if not wanted or wanted.strip("0123456789abcdef"):
        raise TracetuiError(
            f"{id_prefix!r} is no trace, span or session id.",
            hint="`tracetui traces` and `tracetui sessions` list them.",
        )
    found = reader.find(wanted, limit=CANDIDATES + 1)
    exact = [pair for pair in found if wanted in pair]
    if len(exact) == 1:
        return exact[0]
    if not found:
        raise _unknown(id_prefix)
    if len(found) > 1:
        names = "\n".join(f"  {_candidate(reader, *pair)}" for pair in found[:CANDIDATES])
        more = "\n  …" if len(found) > CANDIDATES else ""
        raise TracetuiError(f"{id_prefix!r} begins more than one id. Give more of its digits:\n{names}{more}")
    return found[0]


def _candidate(reader: SpanReader, trace_id: str, span_id: str) -> str:
    if not span_id:
        trace = reader.trace(trace_id)
        return f"trace {trace_id}  {one_line(trace.name) if trace else ''}".rstrip()
    stored = reader.span(trace_id, span_id)
    return f"span  {span_id}  {one_line(stored.row.name) if stored else ''} (trace {trace_id})"


def _unknown(id_prefix: str) -> TracetuiError:
    return TracetuiError(
        f"No trace, span or session has an id that begins with {one_line(id_prefix, 80)!r}.",
        hint="`tracetui traces` lists what is stored.",
    )


def _head(trace: TraceSummary, width: int | None, *, is_running: bool) -> Iterator[Sequence[Piece]]:
    yield (("✖ ", "error") if trace.error_count else "", (one_line(trace.name) or "(no name)", "heading"))
    facts = [
        f"trace {trace.trace_id}",
        format_moment(trace.start_time_unix_nano, date=True) if trace.start_time_unix_nano else "",
        format_duration(trace.duration_nano),
        many(trace.span_count, "span"),
        many(trace.error_count, "error") if trace.error_count else "",
        f"{trace.llm_count} llm" if trace.llm_count else "",
        many(trace.tool_count, "tool") if trace.tool_count else "",
        _with_unit(format_tokens(trace.input_tokens, trace.output_tokens), " tokens"),
        format_cost(trace.cost_total, trace.cost_source),
        one_line(trace.source),
        _with_unit("project ", one_line(trace.project)) if trace.project != trace.source else "",
        _with_unit("session ", one_line(trace.session_id)),
        "" if trace.complete else "still running" if is_running else "no root has arrived",
    ]
    yield from fact_lines(facts, width)
    yield ()


def _with_unit(first: str, second: str) -> str:
    """Both, or neither where one is empty."""
    return first + second if first and second else ""
