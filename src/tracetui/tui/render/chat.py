"""The inspector's pages of LLM content: the conversation, input and output, tools, documents."""

from __future__ import annotations

import json

from rich.style import Style

from tracetui.model.attributes import json_value
from tracetui.model.chat import (
    ChatMessage,
    FilePart,
    MediaPart,
    MessagePart,
    NormalisedSpan,
    OtherPart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResult,
)
from tracetui.model.numbers import format_bytes
from tracetui.tui.render.document import MEASURE, DocumentBuilder

_SHORT_ARGUMENTS = 60


def chat_page(page: DocumentBuilder, normalised: NormalisedSpan) -> None:
    """The conversation: what went in, a rule, what came out."""
    error_blocks(page, normalised)
    if normalised.system and not any(m.role in ("system", "developer") for m in normalised.input_messages):
        _message(page, ChatMessage("system", (TextPart(normalised.system),)), "system")
    for number, message in enumerate(normalised.input_messages):
        _message(page, message, f"in{number}")
    for number, message in enumerate(normalised.output_messages):
        choice = f"choice {number + 1}" if len(normalised.output_messages) > 1 else ""
        _message(page, message, f"out{number}", note=choice)
    if not normalised.output_messages and normalised.input_messages and normalised.output:
        _message(page, ChatMessage("assistant", (TextPart(normalised.output),)), "output")
    for problem in normalised.problems:
        page.problem(problem)


def error_blocks(page: DocumentBuilder, normalised: NormalisedSpan) -> None:
    """What went wrong, first thing on the page."""
    edge = page.palette.style("error")
    for number, error in enumerate(normalised.errors):
        page.label_row(error.type or "error", page.palette.style("error", bold=True), edge=edge)
        if error.message:
            page.body(
                error.message, style=page.palette.style("error"), edge=edge, block=f"error{number}", measure=MEASURE
            )
        if error.stacktrace:
            page.fold("stack trace", error.stacktrace, edge=edge, block=f"stack{number}")
        page.blank()


def _message(page: DocumentBuilder, message: ChatMessage, block: str, *, note: str = "") -> None:
    palette = page.palette
    edge = palette.role(message.role)
    notes = " · ".join(text for text in (message.name, note, message.finish_reason) if text)
    page.label_row(message.role or "(no role)", edge + Style(bold=True), edge=edge, note=notes, value=message.text)
    for number, part in enumerate(message.parts):
        _part(page, part, edge, f"{block}.{number}")
    if not message.parts:
        page.label_row("(empty)", palette.style("dim", italic=True), edge=edge)
    page.blank()


def _part(page: DocumentBuilder, part: MessagePart, edge: Style, block: str) -> None:
    palette = page.palette
    match part:
        case TextPart(content):
            pretty = pretty_json(content)
            page.body(pretty or content, edge=edge, block=block, json=bool(pretty), measure=None if pretty else MEASURE)
        case ReasoningPart(content):
            page.label_row("reasoning", palette.style("dim", italic=True), edge=edge)
            page.body(content, style=palette.style("dim"), edge=edge, block=block, measure=MEASURE)
        case ToolCall():
            _tool_call(page, part, edge, block)
        case ToolResult():
            title = f"← {part.name or 'result'}"
            page.label_row(
                title, palette.style("error") if part.is_error else palette.role("tool"), edge=edge, note=part.id
            )
            _value(page, part.result, edge, block, indent=2)
        case MediaPart():
            size = format_bytes(part.size) if part.size is not None else ""
            where = part.uri[:200]
            page.label_row(
                f"▣ {part.modality}",
                palette.style("accent"),
                edge=edge,
                note=" ".join(text for text in (part.mime, size, where) if text),
            )
        case FilePart(file_id):
            page.label_row("▣ file", palette.style("accent"), edge=edge, note=file_id)
        case RefusalPart(content):
            page.label_row("refusal", palette.style("warning"), edge=edge)
            page.body(content, style=palette.style("warning"), edge=edge, block=block, measure=MEASURE)
        case OtherPart(type="hidden"):
            page.label_row("hidden by the sender", palette.style("dim", italic=True), edge=edge)
        case OtherPart(type=kind, raw=raw):
            page.label_row(f"▣ {kind}", palette.style("dim"), edge=edge)
            _value(page, raw, edge, block, indent=2)


def _tool_call(page: DocumentBuilder, call: ToolCall, edge: Style, block: str) -> None:
    style = page.palette.role("tool")
    arguments = call.arguments
    flat = compact_json(arguments) if isinstance(arguments, dict | list) else str(arguments or "")
    if len(flat) <= _SHORT_ARGUMENTS:
        page.label_row(f"→ {call.name} {flat}".rstrip(), style, edge=edge, note=call.id, value=flat)
        return
    page.label_row(f"→ {call.name}", style, edge=edge, note=call.id, value=flat)
    _value(page, arguments, edge, block, indent=2)


def _value(page: DocumentBuilder, value: object, edge: Style | None, block: str, *, indent: int = 0) -> None:
    """Decoded JSON or text, whichever it is."""
    if value is None:
        return
    if isinstance(value, str):
        pretty = pretty_json(value)
        page.body(
            pretty or value,
            edge=edge,
            block=block,
            indent=indent,
            json=bool(pretty),
            measure=None if pretty else MEASURE,
        )
    else:
        page.body(indented_json(value), edge=edge, block=block, indent=indent, json=True)


def io_page(page: DocumentBuilder, normalised: NormalisedSpan) -> None:
    """Input and output as the sender put them."""
    error_blocks(page, normalised)
    for title, text, mime in (
        ("input", normalised.input, normalised.input_mime),
        ("output", normalised.output, normalised.output_mime),
    ):
        if text:
            page.heading(title, mime)
            pretty = pretty_json(text) if mime != "text/plain" else ""
            page.body(pretty or text, block=title, json=bool(pretty), measure=None if pretty else MEASURE)


def tools_page(page: DocumentBuilder, normalised: NormalisedSpan) -> None:
    """The tool that ran, the tools that were called, the tools that were on offer."""
    tool = normalised.tool
    if tool is not None:
        page.heading(tool.name or "tool", tool.call_id)
        if tool.description:
            page.body(tool.description, style=page.palette.style("dim"), block="tool.description", measure=MEASURE)
        if tool.arguments is not None:
            page.heading("arguments")
            _value(page, tool.arguments, None, "tool.arguments")
        if tool.result is not None:
            page.heading("result")
            _value(page, tool.result, None, "tool.result")
    calls = [part for message in normalised.output_messages for part in message.parts if isinstance(part, ToolCall)]
    if calls:
        page.heading("calls", str(len(calls)))
        for number, call in enumerate(calls):
            _tool_call(page, call, page.palette.role("tool"), f"call{number}")
    if normalised.tool_defs:
        page.heading("on offer", str(len(normalised.tool_defs)))
        for number, definition in enumerate(normalised.tool_defs):
            page.label_row(definition.name, page.palette.role("tool"), note=definition.description.split("\n")[0])
            if definition.parameters is not None:
                page.pair(
                    "",
                    compact_json(definition.parameters),
                    key_width=2,
                    block=f"def{number}",
                    style=page.palette.style("dim"),
                )


def documents_page(page: DocumentBuilder, normalised: NormalisedSpan) -> None:
    """Retrieved documents in the order they came."""
    edge = page.palette.kind("RETRIEVER")
    for number, document in enumerate(normalised.documents):
        score = f"score {document.score:.4g}" if document.score is not None else ""
        page.label_row(
            f"{number + 1}",
            edge + Style(bold=True),
            edge=edge,
            note=" · ".join(text for text in (score, document.id) if text),
        )
        if document.content:
            page.body(document.content, edge=edge, block=f"doc{number}", measure=MEASURE)
        if document.metadata:
            page.body(
                indented_json(document.metadata),
                edge=edge,
                block=f"meta{number}",
                json=True,
                style=page.palette.style("dim"),
            )
        page.blank()


def pretty_json(text: str) -> str:
    """The text indented, if it is a JSON object or array; else empty."""
    start = text.lstrip()[:1]
    if start not in ("{", "[") or len(text) > 1_000_000:
        return ""
    try:
        return indented_json(json.loads(text))
    except (ValueError, RecursionError):
        return ""


def indented_json(value: object) -> str:
    """Decoded JSON on several lines."""
    return json.dumps(json_value(value), indent=2, ensure_ascii=False)


def compact_json(value: object) -> str:
    """Decoded JSON on one line."""
    return json.dumps(json_value(value), ensure_ascii=False)
