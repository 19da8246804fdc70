"""The inspector's pages of input and output, tools, and documents."""

from __future__ import annotations

from rich.style import Style

from tracetui.model.chat import Document, NormalisedSpan, ToolDefinition
from tracetui.model.conversation import Surroundings, calls_of
from tracetui.tui.render.chat import error_blocks
from tracetui.tui.render.document import DocumentBuilder
from tracetui.tui.render.json_lines import compact_json
from tracetui.tui.render.parts import Spot, write_call, write_value
from tracetui.tui.render.signature import Parameter, parameters_of


def io_page(page: DocumentBuilder, n: NormalisedSpan) -> None:
    """Input and output as the sender put them."""
    error_blocks(page, n)
    for title, text, mime in (("input", n.input, n.input_mime), ("output", n.output, n.output_mime)):
        if text:
            page.heading(title, mime, origin=title, value=text)
            page.body(text, block=title, form="plain" if mime == "text/plain" else "json", origin=title)


def tools_page(page: DocumentBuilder, n: NormalisedSpan, around: Surroundings) -> None:
    """The tool that ran, the tools that were called, the tools that were on offer."""
    if n.tool is not None:
        error_blocks(page, n)
        page.heading(n.tool.name or "tool", n.tool.call_id, origin="tool.name", value=n.tool.name)
        if n.tool.description:
            style = page.palette.style("dim")
            page.prose(n.tool.description, style=style, block="tool.description", origin="tool.description")
        for title, value in (("arguments", n.tool.arguments), ("result", n.tool.result)):
            if value is not None:
                page.heading(title, origin=f"tool.{title}")
                write_value(page, value, Spot(f"tool.{title}", None, f"tool.{title}"))
    calls = list(calls_of((*n.input_messages, *n.output_messages)))
    calls = [(place, call) for place, call in calls if place.message >= len(n.input_messages)]
    if calls:
        page.heading("called", str(len(calls)))
        for place, call in calls:
            spot = Spot(f"call{place.message}.{place.part}", page.palette.role("tool"), "output_messages")
            write_call(page, call, spot, around.runs.get(place))
            page.blank()
    if n.tool_defs:
        page.heading("on offer", str(len(n.tool_defs)), origin="tool_defs")
        for number, definition in enumerate(n.tool_defs):
            _definition(page, definition, f"def{number}")


def _definition(page: DocumentBuilder, definition: ToolDefinition, block: str) -> None:
    """A tool's name with its parameters, what it does, and what each parameter means."""
    palette = page.palette
    parameters = parameters_of(definition.parameters)
    signature = ", ".join(parameter.text for parameter in parameters)
    fits = len(definition.name) + len(signature) + 2 <= page.width
    raw = compact_json(definition.parameters) if definition.parameters is not None else ""
    shown = f"({signature})" if fits and (parameters or definition.parameters is not None) else ""
    page.label_row(
        definition.name + shown, palette.role("tool"), block=block, value=raw or definition.name, origin="tool_defs"
    )
    if definition.description:
        style = palette.style("dim")
        page.prose(definition.description, style=style, indent=2, block=f"{block}.description", origin="tool_defs")
    told = [parameter for parameter in parameters if parameter.description or not fits]
    width = min(28, max((len(parameter.name) + 3 for parameter in told), default=0))
    for parameter in told:
        _parameter(page, parameter, width, f"{block}.{parameter.name}", with_type=not fits)
    if definition.parameters is not None and not parameters and raw not in ("{}", "null"):
        write_value(page, definition.parameters, Spot(f"{block}.raw", None, "tool_defs"), indent=2)
    page.blank()


def _parameter(page: DocumentBuilder, parameter: Parameter, width: int, block: str, *, with_type: bool) -> None:
    name = f"  {parameter.name}{'' if parameter.required else '?'}"
    said = parameter.description
    if with_type and parameter.type:
        said = f"{parameter.type}{f' = {parameter.default}' if parameter.default else ''}  {said}".rstrip()
    page.pair(name, said, key_width=width, block=block, style=page.palette.style("dim"), origin="tool_defs")


def documents_page(page: DocumentBuilder, n: NormalisedSpan) -> None:
    """Retrieved documents in the order they came; of a reranker also what it was given."""
    if n.rerank is not None and n.rerank.query:
        page.heading("query", origin="rerank.query", value=n.rerank.query)
        page.prose(n.rerank.query, block="rerank.query", origin="rerank.query")
    elif n.documents and n.input and len(n.input) < 2_000 and n.input.lstrip()[:1] not in ("{", "["):
        page.heading("query", origin="input", value=n.input)
        page.prose(n.input, block="query", origin="input")
    given = n.rerank.documents if n.rerank is not None else ()
    ranks = {document.id or document.content: number for number, document in enumerate(given, 1)}
    if n.documents:
        kept = f" of {len(given)} given" if given else ""
        page.heading("documents", f"{len(n.documents)}{kept}", origin="documents")
    best = max((len(_score(document)) for document in n.documents), default=0)
    for number, document in enumerate(n.documents, 1):
        was = ranks.get(document.id or document.content)
        moved = f"was {was}" if was is not None and was != number else ""
        _document(page, document, f"doc{number}", f"{number:>{len(str(len(n.documents)))}}", best, moved)
    if given and page.fold(
        "what it was given", block="given", size=f"{len(given)} documents", origin="rerank.documents"
    ):
        for number, document in enumerate(given, 1):
            _document(page, document, f"given{number}", str(number), 0, "", origin="rerank.documents")


def _score(document: Document) -> str:
    return f"{document.score:.4g}" if document.score is not None else ""


def _document(
    page: DocumentBuilder,
    document: Document,
    block: str,
    rank: str,
    score_width: int,
    moved: str,
    *,
    origin: str = "documents",
) -> None:
    """A document: its rank, its score as it was sent, its name; then its words, then its metadata.

    A score is a number, never a bar: whether more is better (similarity) or worse (distance) is not known.
    """
    palette = page.palette
    edge = palette.kind("RETRIEVER")
    score = f"score {_score(document):<{score_width}}" if document.score is not None else ""
    names = dict.fromkeys(text for text in (document.title, document.id, document.uri, moved) if text)
    note = "  ".join(text for text in (score, " · ".join(names)) if text)
    value = document.id or document.content
    page.label_row(rank, edge + Style(bold=True), edge=edge, note=note, block=block, value=value, origin=origin)
    if document.content:
        page.prose(document.content, edge=edge, block=f"{block}.content", origin=origin)
    if document.metadata not in (None, "", {}):
        flat = document.metadata if isinstance(document.metadata, str) else compact_json(document.metadata)
        if page.fold("metadata", edge=edge, block=f"{block}.metadata", preview=flat[:400], value=flat, origin=origin):
            write_value(page, document.metadata, Spot(f"{block}.metadata.value", edge, origin), indent=2)
    page.blank()
