"""One turn of a conversation as rows: its time and totals, what was said, and what happened in between, folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from msgspec import Struct
from rich.style import Style
from textual.strip import Strip

from tracetui.model.chat import ChatMessage, ReasoningPart, SpanError, ToolCall, ToolResult
from tracetui.model.clock import format_duration, format_moment
from tracetui.model.conversation import Place, pair_results
from tracetui.model.numbers import format_cost, format_tokens
from tracetui.model.turn import Turn
from tracetui.tui.render.document import MEASURE, Document, DocumentBuilder, size_of
from tracetui.tui.render.flow import DocumentLine, Flows
from tracetui.tui.render.parts import Spot, write_call, write_part
from tracetui.tui.render.row import Row, label
from tracetui.tui.render.trace_row import MARK
from tracetui.tui.theme import Palette

FACTS = (("duration", 8), ("tokens", 11), ("cost", 9))
"""Columns at the right of a turn's head, each so many cells wide: they stand under one another."""

MIN_NAME_CELLS = 12
"""Cells below which the trace's name is left out of the head."""


class Setting(Struct, frozen=True):
    """How a turn is laid out."""

    number: int
    """Its place in the session, from 1."""
    width: int
    palette: Palette
    date: bool
    """Whether its day is shown: it is another than that of the turn before."""
    instructions: bool
    """Whether its system prompt is shown: it is another than that of the turn before."""
    all_open: bool
    """Whether what happened in between stands open before anybody turns it."""


def turn_page(
    turn: Turn, setting: Setting, unfolded: Collection[str], extents: Mapping[str, int], flows: Flows
) -> Document:
    """A turn as rows; the first is its head."""
    page = DocumentBuilder(setting.width, setting.palette, unfolded, extents, flows)
    block = turn.trace.trace_id
    _head(page, turn, setting)
    if setting.instructions and turn.instructions:
        _instructions(page, turn.instructions, f"{block}.system")
    for number, message in enumerate(turn.asked):
        _message(page, message, f"{block}.asked{number}", {})
    if turn.steps:
        _steps(page, turn, block, at_first=setting.all_open or not turn.answered)
    for number, message in enumerate(turn.answered):
        _message(page, message, f"{block}.answered{number}", {})
    for number, error in enumerate(turn.errors):
        _error(page, error, f"{block}.error{number}")
    if not (turn.asked or turn.steps or turn.answered or turn.errors):
        page.note("No words were recorded in this turn.")
    document = page.build()
    return Document((*document.lines, DocumentLine(Strip.blank(setting.width))), document.more)


def _head(page: DocumentBuilder, turn: Turn, setting: Setting) -> None:
    """Number, time and name at the left, totals at the right, a faint rule between."""
    trace, palette = turn.trace, page.palette
    faint, dim = palette.style("faint"), palette.style("dim")
    mark = {"error": "error", "ok": "ok", "running": "running"}[trace.status]
    start = trace.start_time_unix_nano
    row = Row().own(MARK[trace.status], palette.style(mark)).gap()
    row.own(str(setting.number), palette.style("accent", bold=True)).gap(2)
    row.own(format_moment(start, date=setting.date) if start else "?", palette.style("text")).gap(2)
    texts = {
        "duration": format_duration(trace.duration_nano),
        "tokens": format_tokens(trace.input_tokens, trace.output_tokens),
        "cost": format_cost(trace.cost_total, trace.cost_source),
    }
    right = Row()
    for name, width in FACTS:
        right.gap().cell(texts[name], width, palette.style("text" if name != "duration" else "dim"), right=True)
    count = trace.error_count
    errors = f"{count:,} error{'' if count == 1 else 's'}" if count else ""
    edge = min(page.width, MEASURE + 2) - right.width
    room = edge - row.width - len(errors) - 4
    if room >= MIN_NAME_CELLS:
        row.up_to(trace.name, room, dim).gap()
    if errors:
        row.own(errors, palette.style("error")).gap()
    row.own("─" * max(0, edge - row.width), faint)
    for segment in right.strip(right.width):
        row.own(segment.text, segment.style or Style.null())
    page.row(row, block=f"{trace.trace_id}.head", value=trace.trace_id)


def _instructions(page: DocumentBuilder, text: str, block: str) -> None:
    edge = page.palette.role("system")
    preview = text[:400].replace("\n", " ")
    if page.fold("system", block=block, edge=edge, size=size_of(text), preview=preview, value=text):
        page.prose(text, edge=edge, block=f"{block}.text", indent=2)


def _message(page: DocumentBuilder, message: ChatMessage, block: str, pairs: Mapping[int, ToolResult]) -> None:
    edge = page.palette.role(message.role)
    name = (f"  {label(message.name)}", page.palette.style("dim")) if message.name else ("", Style.null())
    page.runs(((label(message.role) or "(no role)", edge + Style(bold=True)), name), edge=edge, block=block,
              value=message.text)  # fmt: skip
    for number, part in enumerate(message.parts):
        spot = Spot(f"{block}.{number}", edge)
        if isinstance(part, ToolCall):
            write_call(page, part, spot, pairs.get(number))
        else:
            write_part(page, part, spot)
    page.blank()


def _steps(page: DocumentBuilder, turn: Turn, block: str, *, at_first: bool) -> None:
    """What happened in between behind one line, each tool's result at its call."""
    messages = turn.steps
    if page.fold(_gist(turn), block=f"{block}.steps", edge=page.palette.role("tool"), at_first=at_first):
        pairs = pair_results(messages)
        shown = set(pairs.values())
        for m, message in enumerate(messages):
            answers = {
                place.part: part
                for place, found in pairs.items()
                if place.message == m and isinstance(part := messages[found.message].parts[found.part], ToolResult)
            }
            if message.parts and all(Place(m, p) in shown for p in range(len(message.parts))):
                continue
            rest = tuple(part for p, part in enumerate(message.parts) if Place(m, p) not in shown)
            kept = [p for p in range(len(message.parts)) if Place(m, p) not in shown]
            told = {kept.index(p): answer for p, answer in answers.items() if p in kept}
            _message(page, ChatMessage(message.role, rest, message.name), f"{block}.step{m}", told)
        if turn.calls_left_out:
            page.note(f"{turn.calls_left_out:,} LLM calls of this turn are left out; Enter opens the trace.")
    page.blank()


def _gist(turn: Turn) -> str:
    """What the fold hides: the tools by name, and whether the model thought, or others spoke."""
    parts = [part for message in turn.steps for part in message.parts]
    tools = Counter(part.name or "tool" for part in parts if isinstance(part, ToolCall))
    names = [f"{name} ×{count}" if count > 1 else name for name, count in tools.items()]
    failed = sum(isinstance(part, ToolResult) and part.is_error for part in parts)
    said = sum(bool(message.text.strip()) for message in turn.steps)
    results = sum(isinstance(part, ToolResult) for part in parts)
    texts = [
        *names[:6],
        f"{len(names) - 6} other tools" if len(names) > 6 else "",
        "" if names or not results else f"{results} tool result{'' if results == 1 else 's'}",
        f"{failed} failed" if failed else "",
        "reasoning" if any(isinstance(part, ReasoningPart) for part in parts) else "",
        f"{said} message{'' if said == 1 else 's'}" if said else "",
    ]
    return " · ".join(text for text in texts if text) or "steps"


def _error(page: DocumentBuilder, error: SpanError, block: str) -> None:
    palette = page.palette
    edge = palette.style("error")
    page.label_row(f"✖ {error.type or 'error'}", palette.style("error", bold=True), edge=edge, block=block)
    if error.message:
        page.body(error.message, style=palette.style("error"), edge=edge, block=f"{block}.text", measure=MEASURE)
    page.blank()
