"""Parts of messages as rows: words, reasoning, tool calls beside their results, media, refusals, what is not known."""

from __future__ import annotations

from msgspec import Struct
from rich.cells import cell_len
from rich.style import Style

from tracetui.model.chat import (
    FilePart,
    MediaPart,
    MessagePart,
    OtherPart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResult,
)
from tracetui.model.clock import format_duration
from tracetui.model.conversation import ToolRun
from tracetui.model.numbers import format_bytes
from tracetui.tui.render.document import DocumentBuilder, size_of
from tracetui.tui.render.json_lines import coloured, compact_json, json_runs
from tracetui.tui.render.lines import Run
from tracetui.tui.render.row import label


class Spot(Struct, frozen=True):
    """Where a part is written."""

    block: str
    """Id of the part."""
    edge: Style | None
    """The coloured edge of its message."""
    origin: str = ""
    """Where it came from."""


def write_part(page: DocumentBuilder, part: MessagePart, spot: Spot) -> None:
    """One part of a message; a tool call without its result (`write_call` brings both)."""
    palette, edge = page.palette, spot.edge
    match part:
        case TextPart(content):
            page.prose(content, edge=edge, block=spot.block, origin=spot.origin)
        case ReasoningPart(content):
            _reasoning(page, content, spot)
        case ToolCall():
            write_call(page, part, spot)
        case ToolResult():
            write_result(page, part.result, spot, name=part.name or "result", note=part.id, failed=part.is_error)
        case MediaPart():
            size = format_bytes(part.size) if part.size is not None else ""
            _chip(page, part.modality, " · ".join(text for text in (part.mime, size) if text), part.uri, spot)
        case FilePart(file_id):
            _chip(page, "file", file_id, "", spot)
        case RefusalPart(content):
            page.label_row("✖ refusal", palette.style("warning"), edge=edge, origin=spot.origin)
            style = palette.style("warning")
            page.body(content, style=style, edge=edge, block=spot.block, form="prose", origin=spot.origin)
        case OtherPart(type="hidden"):
            page.label_row("◌ hidden by the sender", palette.style("dim", italic=True), edge=edge, origin=spot.origin)
        case OtherPart(type=kind, raw=raw):
            page.label_row(f"▣ {kind or 'part of no known type'}", palette.style("dim"), edge=edge, origin=spot.origin)
            write_value(page, raw, spot, indent=2)


def _reasoning(page: DocumentBuilder, content: str, spot: Spot) -> None:
    if not content.strip():
        page.label_row("reasoning, not disclosed", page.palette.style("dim", italic=True), edge=spot.edge)
    elif page.fold(
        "reasoning",
        block=f"{spot.block}.fold",
        edge=spot.edge,
        size=size_of(content),
        preview=content[:400],
        value=content,
        origin=spot.origin,
    ):
        style = page.palette.style("dim")
        page.prose(content, style=style, edge=spot.edge, block=spot.block, indent=2, origin=spot.origin)


def _chip(page: DocumentBuilder, kind: str, facts: str, where: str, spot: Spot) -> None:
    """A medium or a file by its type and size: the bytes are not shown."""
    palette = page.palette
    facts = f" {label(facts)} " if facts else ""
    chip = palette.on("panel")
    runs = ((f" ▣ {label(kind)} ", palette.style("accent") + chip), (facts, palette.style("text") + chip))
    room = page.width - sum(cell_len(text) for text, _ in runs) - 6
    address = label(where[:200])
    address = address if len(address) <= room else address[: max(0, room - 1)] + "…"
    page.runs(
        (*runs, (f"  {address}" if where else "", palette.style("dim"))),
        edge=spot.edge,
        value=where or facts.strip(),
        origin=spot.origin,
        block=spot.block,
    )


def write_call(page: DocumentBuilder, call: ToolCall, spot: Spot, answer: ToolResult | ToolRun | None = None) -> None:
    """A tool call with its arguments, and its result where that is known."""
    palette = page.palette
    arguments = call.arguments
    flat = compact_json(arguments) if not isinstance(arguments, str) else arguments
    flat = "" if arguments is None else flat
    name = ("→ " + (label(call.name) or "(no name)"), palette.role("tool") + Style(bold=True))
    room = page.width - cell_len(name[0]) - 4
    short = len(flat) <= room and "\n" not in flat
    runs = ((" ", Style.null()), *json_runs(arguments, palette)) if short and not isinstance(arguments, str) else ()
    if short and isinstance(arguments, str):
        runs = ((" " + label(flat), palette.style("text")),)
    id_ = label(call.id)
    tail: tuple[Run, ...] = ()
    if id_ and short and room - cell_len(label(flat)) > len(id_) + 2:
        tail = (("  " + id_, palette.style("faint")),)
    page.runs((name, *(runs if flat else ()), *tail), edge=spot.edge, value=flat, block=spot.block, origin=spot.origin)
    if not short:
        write_value(page, arguments, Spot(f"{spot.block}.arguments", spot.edge, spot.origin), indent=2)
    match answer:
        case ToolResult():
            inner = Spot(f"{spot.block}.result", spot.edge, "input_messages")
            write_result(page, answer.result, inner, failed=answer.is_error)
        case ToolRun():
            inner = Spot(f"{spot.block}.result", spot.edge, f"result of the TOOL span {answer.name} ({answer.span_id})")
            took = format_duration(answer.duration_nano) if answer.duration_nano is not None else ""
            result = answer.error if answer.error and answer.result is None else answer.result
            write_result(page, result, inner, note=took, failed=bool(answer.error))


def write_result(
    page: DocumentBuilder, result: object, spot: Spot, *, name: str = "", note: str = "", failed: bool = False
) -> None:
    """What a tool answered: on the arrow's own row when short, below it when not."""
    palette = page.palette
    style = palette.style("error") if failed else palette.role("tool")
    flat = result if isinstance(result, str) else "" if result is None else compact_json(result)
    mark = ("✖ " if failed else "← ") + label(name)
    room = min(page.width, 100) - cell_len(mark) - 6 - len(note)
    looks_structured = isinstance(result, str) and result.lstrip()[:1] in ("{", "[")
    if result is not None and len(flat) <= room and "\n" not in flat:
        runs = json_runs(result, palette) if not isinstance(result, str) else ((label(flat), palette.style("text")),)
        if looks_structured and isinstance(result, str):
            runs = tuple(coloured(result, palette))
        gap = " " if name else ""
        tail = ((f"  {label(note)}", palette.style("faint")),) if note else ()
        page.runs(((mark + gap, style), *runs, *tail), edge=spot.edge, value=flat, block=spot.block, origin=spot.origin)
        return
    page.label_row(
        mark + ("" if name else "result" if result is not None else "no result"),
        style,
        edge=spot.edge,
        note=note,
        value=flat,
        block=f"{spot.block}.label",
        origin=spot.origin,
    )
    write_value(page, result, spot, indent=2)


def write_value(page: DocumentBuilder, value: object, spot: Spot, *, indent: int = 0) -> None:
    """Decoded JSON, or text as it reads best."""
    if value is None:
        return
    if isinstance(value, str):
        page.prose(value, edge=spot.edge, block=spot.block, indent=indent, origin=spot.origin)
    else:
        page.decoded(
            value, block=spot.block, text=compact_json(value), edge=spot.edge, indent=indent, origin=spot.origin
        )
