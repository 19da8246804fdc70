"""The inspector's other pages: attributes, events, logs, raw; and the line of facts above them all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from msgspec import Struct
from rich.cells import cell_len

from tracetui.model.attributes import Attributes, type_name
from tracetui.model.chat import NormalisedSpan
from tracetui.model.clock import format_duration, format_moment
from tracetui.model.conversation import Surroundings, calls_of
from tracetui.model.explain import exact_key, explain_field
from tracetui.model.names import span_kind_name, status_code_name
from tracetui.model.numbers import format_cost, format_count, format_tokens
from tracetui.model.span import Span
from tracetui.model.trace import SpanRow
from tracetui.tui.render.chat import chat_page, error_blocks
from tracetui.tui.render.document import Document, DocumentBuilder
from tracetui.tui.render.flow import DocumentLine, Flows
from tracetui.tui.render.json_lines import compact_json
from tracetui.tui.render.keytree import KeyBranch, key_tree
from tracetui.tui.render.row import Row, label
from tracetui.tui.render.tools import documents_page, io_page, tools_page
from tracetui.tui.render.usage import tokens_page
from tracetui.tui.theme import Palette


class Opened(Struct, frozen=True):
    """A span as the inspector has it."""

    normalised: NormalisedSpan
    row: SpanRow | None
    data: bytes = b""
    """The span as it is stored."""
    raw_json: str = ""
    """The same as OTLP/JSON; empty until somebody wants to see it."""
    around: Surroundings = Surroundings()
    """What stands around it in its trace."""


class Tab(Struct, frozen=True):
    """One page of the inspector."""

    title: str
    short: str
    """For narrow panes."""
    count: Callable[[NormalisedSpan], int]
    """How much there is; 0 greys the tab."""
    write: Callable[[DocumentBuilder, Opened], None]
    empty: str
    """What the page says when there is nothing."""


def render_tab(
    tab: Tab,
    opened: Opened,
    width: int,
    palette: Palette,
    unfolded: Collection[str] = (),
    extents: Mapping[str, int] | None = None,
    flows: Flows | None = None,
) -> Document:
    """A page of a span; the last three as `DocumentBuilder` takes them."""
    page = DocumentBuilder(width, palette, unfolded, extents, flows)
    tab.write(page, opened)
    if page.is_empty:
        page.note(tab.empty)
    return page.build()


def facts_row(opened: Opened, palette: Palette, width: int) -> Row:
    """Kind, model, provider, duration, tokens, cost: the span in one line, as much of it as there is room for."""
    normalised, span = opened.normalised, opened.normalised.span
    kind = normalised.kind.value if normalised.kind.value != "UNKNOWN" else span_kind_name(span.otel_kind).lower()
    row = Row().own(kind, palette.kind(normalised.kind.value))
    for text, role in _facts(normalised):
        if text and row.width + 2 + cell_len(label(text)) <= width:
            row.gap(2).received(text, palette.style(role))
    return row


def _facts(normalised: NormalisedSpan) -> Iterable[tuple[str, str]]:
    """Texts and their colours, the most telling first."""
    tokens = normalised.tokens
    yield normalised.model, "text"
    yield format_duration(normalised.span.duration_nano), "text"
    yield format_tokens(tokens.input, tokens.output), "text"
    yield format_cost(normalised.cost.total, normalised.cost.source) if normalised.cost else "", "text"
    yield normalised.provider, "dim"
    for name, count in (
        ("cached", tokens.cache_read),
        ("cache write", tokens.cache_write),
        ("reasoning", tokens.reasoning),
    ):
        yield f"{name} {format_count(count)}" if count else "", "dim"
    if normalised.ttft_s is not None:
        yield f"first token {format_duration(round(normalised.ttft_s * 1e9))}", "dim"
    yield " ".join(normalised.finish_reasons), "dim"


def origin_of(opened: Opened, line: DocumentLine) -> str:
    """Where the value of a line came from and how it was converted, in one line; empty for our own words."""
    n = opened.normalised
    found = explain_field(n, line.origin) if line.origin else None
    if found is None:
        return line.origin
    key = exact_key(n.span.attributes, found.source, line.value)
    source = f"{key} (string) · as sent" if key else found.sentence
    return f"{found.field} ← {source}"


def attributes_page(page: DocumentBuilder, opened: Opened) -> None:
    """Everything the span carries, every value with its type."""
    span = opened.normalised.span
    key_width = min(max(16, page.width * 2 // 5), 44)
    page.heading("span")
    for key, value in _span_facts(span, opened):
        field = {"project": "project", "session": "session_id", "user": "user_id"}.get(key, f"{key} of the span")
        page.pair(key, value, key_width=key_width, block=f"span.{key}", origin=field)
    for warning in span.problems:
        page.problem(warning)
    _attributes(page, "attributes", span.attributes, key_width)
    _attributes(page, "resource", span.resource.attributes, key_width)
    named = {key: value for key, value in (("name", span.scope.name), ("version", span.scope.version)) if value}
    _attributes(page, "scope", {**named, **span.scope.attributes}, key_width)
    if span.links:
        page.heading("links", str(len(span.links)))
        for number, link in enumerate(span.links):
            page.pair(
                link.trace_id,
                link.span_id if link.is_valid else f"{link.span_id} (not valid)",
                key_width=key_width,
                block=f"link{number}",
            )


def _span_facts(span: Span, opened: Opened) -> list[tuple[str, str]]:
    facts = [
        ("name", span.name),
        ("trace_id", span.trace_id),
        ("span_id", span.span_id),
        ("parent_span_id", span.parent_span_id),
        ("kind", span_kind_name(span.otel_kind)),
        ("start", format_moment(span.start_time_unix_nano, date=True, fraction=True)),
        ("duration", format_duration(span.duration_nano)),
        ("status", " ".join(text for text in (status_code_name(span.status.code), span.status.message) if text)),
        ("trace_state", span.trace_state),
        ("convention", opened.normalised.convention),
        ("project", opened.normalised.project),
        ("session", opened.normalised.session_id),
        ("user", opened.normalised.user_id),
    ]
    for name, count in (
        ("dropped attributes", span.dropped_attributes_count),
        ("dropped events", span.dropped_events_count),
        ("dropped links", span.dropped_links_count),
    ):
        if count:
            facts.append((name, str(count)))
    return [(key, value) for key, value in facts if value]


_HOLDERS = {"attributes": "attribute of the span", "resource": "resource attribute", "scope": "of the scope"}


def _attributes(page: DocumentBuilder, title: str, attributes: Attributes, key_width: int) -> None:
    if not attributes:
        return
    page.heading(title, str(len(attributes)))
    for branch in key_tree(attributes):
        _branch(page, title, branch, attributes, key_width, 0)


def _branch(
    page: DocumentBuilder, title: str, branch: KeyBranch, attributes: Attributes, key_width: int, level: int
) -> None:
    name = "  " * min(level, 8) + branch.name
    if branch.key is None:
        page.label_row(name, page.palette.style("dim"), value=branch.name)
    else:
        value = attributes[branch.key]
        kind = type_name(value)
        role = {"string": "text", "int": "number", "double": "number", "bool": "number"}.get(kind, "dim")
        page.pair(
            name,
            value if isinstance(value, str) else _value_text(value),
            key_width=key_width,
            block=f"{title}.{branch.key}",
            note="" if kind == "string" else kind,
            style=page.palette.style(role),
            origin=f"{_HOLDERS.get(title, title)} {branch.key} ({kind}) · as sent",
        )
    for child in branch.children:
        _branch(page, title, child, attributes, key_width, level + 1)


def _value_text(value: object) -> str:
    if isinstance(value, bytes):
        return value[:1000].hex(" ") + (" …" if len(value) > 1000 else "")
    if value is None:
        return ""
    return compact_json(value)


def events_page(page: DocumentBuilder, opened: Opened) -> None:
    """The span's events by time."""
    error_blocks(page, opened.normalised)
    span = opened.normalised.span
    key_width = min(max(16, page.width * 2 // 5), 36)
    for number, event in enumerate(span.events):
        offset = event.time_unix_nano - span.start_time_unix_nano
        page.label_row(
            event.name or "(no name)",
            page.palette.style("accent"),
            note=f"+{format_duration(offset)}",
            value=event.name,
            block=f"event{number}",
            origin=f"event {event.name}",
        )
        for key in sorted(event.attributes):
            value = event.attributes[key]
            text = value if isinstance(value, str) else _value_text(value)
            origin = f"attribute {key} ({type_name(value)}) of the event {event.name} · as sent"
            page.pair(f"  {key}", text, key_width=key_width, block=f"event{number}.{key}", origin=origin)
        page.blank()


def logs_page(page: DocumentBuilder, opened: Opened) -> None:
    """The log records that name this span."""
    span = opened.normalised.span
    key_width = min(max(16, page.width * 2 // 5), 36)
    for number, record in enumerate(opened.normalised.logs):
        when = record.time_unix_nano or record.observed_time_unix_nano
        severity = record.severity_text or (str(record.severity_number) if record.severity_number else "")
        name = record.event_name or severity or "log"
        page.label_row(
            name,
            page.palette.style("accent"),
            note=f"+{format_duration(when - span.start_time_unix_nano)} {severity}",
            block=f"log{number}.name",
            origin=f"log record {name}",
        )
        if record.body is not None:
            body = record.body if isinstance(record.body, str) else compact_json(record.body)
            page.body(body, block=f"log{number}", indent=2, form="json", origin=f"body of the log record {name}")
        for key in sorted(record.attributes):
            value = record.attributes[key]
            text = value if isinstance(value, str) else _value_text(value)
            origin = f"attribute {key} ({type_name(value)}) of the log record {name} · as sent"
            page.pair(f"  {key}", text, key_width=key_width, block=f"log{number}.{key}", origin=origin)
        page.blank()


def raw_page(page: DocumentBuilder, opened: Opened) -> None:
    """The span as OTLP/JSON, exactly what is stored."""
    if not opened.raw_json:
        page.note("Reading …")
        return
    page.body(opened.raw_json, block="raw", form="json", origin="the stored bytes, as OTLP/JSON")


TABS: tuple[Tab, ...] = (
    Tab(
        "Chat",
        "Chat",
        lambda n: len(n.input_messages) + len(n.output_messages) + bool(n.system) + len(n.errors),
        lambda page, opened: chat_page(page, opened.normalised, opened.around),
        "No messages in this span.",
    ),
    Tab(
        "Input/Output",
        "I/O",
        lambda n: bool(n.input) + bool(n.output),
        lambda page, opened: io_page(page, opened.normalised),
        "No input or output in this span.",
    ),
    Tab(
        "Tools",
        "Tools",
        lambda n: bool(n.tool) + len(n.tool_defs) + sum(1 for _ in calls_of(n.output_messages)),
        lambda page, opened: tools_page(page, opened.normalised, opened.around),
        "No tools in this span.",
    ),
    Tab(
        "Documents",
        "Docs",
        lambda n: len(n.documents),
        lambda page, opened: documents_page(page, opened.normalised),
        "No documents in this span.",
    ),
    Tab("Attributes", "Attrs", lambda n: len(n.span.attributes) + 1, attributes_page, "No attributes."),
    Tab("Events", "Events", lambda n: len(n.span.events), events_page, "No events in this span."),
    Tab("Logs", "Logs", lambda n: len(n.logs), logs_page, "No log records for this span."),
    Tab("Raw", "Raw", lambda n: 1, raw_page, "Nothing."),
    Tab(
        "Tokens",
        "Tok",
        lambda n: bool(n.tokens) + (n.cost is not None),
        lambda page, opened: tokens_page(page, opened.normalised, opened.around.below),
        "No tokens and no cost in this span.",
    ),
)
"""The inspector's pages, in the order of their keys."""


RAW_TAB = next(number for number, tab in enumerate(TABS) if tab.title == "Raw")
"""Index of the raw page, whose text is made when it is first shown."""


def best_tab(normalised: NormalisedSpan, wanted: int) -> int:
    """The tab to show first: the one last chosen if it has something, else the one that says most about the span."""
    if TABS[wanted].count(normalised):
        return wanted
    order = (2, 0, 1) if normalised.tool else (0, 1, 2)
    return next((number for number in (*order, 3) if TABS[number].count(normalised)), 4)
