"""One span as text: what was said, which tools ran, what it cost, what went wrong, and everything it carries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tracetui.cli.output import Piece
from tracetui.model.attributes import Attributes, json_value, type_name
from tracetui.model.chat import (
    ChatMessage,
    Document,
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
from tracetui.model.clock import format_duration, format_moment
from tracetui.model.names import span_kind_name
from tracetui.model.numbers import format_bytes, format_cost, format_tokens
from tracetui.model.span import LogRecord, SpanEvent
from tracetui.model.usage import Usage, exceeds, reported
from tracetui.sanitise import one_line, sanitise

Line = Sequence[Piece]

MAX_TEXT = 65_536
"""Characters of one text that are laid out; `--json` has the rest."""

MAX_VALUE = 400
"""Characters of one attribute value that are shown; `--json` has the rest."""

SHORT_JSON = 80
"""Characters up to which JSON stays on one line."""


def span_lines(n: NormalisedSpan, *, counted: bool, below: Usage | None = None) -> Iterator[Line]:
    """A span, whole, as lines of safe text.

    Args:
        n: The span.
        counted: Whether its usage enters the totals of its trace.
        below: Where it does not, what the spans below it carry and the totals count.
    """
    yield from _head(n, counted, below or Usage())
    yield from _section("Errors", _errors(n))
    yield from _section("Input", message_lines(n.input_messages, n.input, n.system))
    yield from _section("Output", message_lines(n.output_messages, n.output))
    yield from _section("Tool", _tool(n))
    yield from _section(f"Documents ({len(n.documents)})", _documents(n.documents))
    yield from _section("Tools offered", _offered(n))
    yield from _section("Evaluations", _evaluations(n))
    yield from _section("Events", _events(n.span.events))
    yield from _section("Links", _links(n))
    yield from _section("Logs", _logs(n.logs))
    yield from _section("Attributes", _attributes(n.span.attributes))
    yield from _section("Resource", _attributes(n.span.resource.attributes))
    problems = dict.fromkeys((*n.span.problems, *n.problems))
    yield from _section("Problems", ((f"  {sanitise(text)}",) for text in problems))


def _head(n: NormalisedSpan, counted: bool, below: Usage) -> Iterator[Line]:
    span = n.span
    failed = span.status.is_error or bool(n.errors)
    is_running = n.is_pending or not span.end_time_unix_nano
    yield (
        ("✖ ", "error") if failed else ("◌ ", "accent") if is_running else "",
        (f"{n.kind} ", n.kind) if n.kind != "UNKNOWN" else "",
        (one_line(span.name) or "(no name)", "heading"),
    )
    parent = f" · parent {span.parent_span_id}" if span.parent_span_id else " · root"
    if n.is_pending:
        announced = span.parent_span_id or span.span_id
        yield ((f"pending: it stands for span {announced} until that has arrived, and counts nowhere", "dim"),)
    yield ((f"span {span.span_id} · trace {span.trace_id}{parent}", "dim"),)
    started = format_moment(span.start_time_unix_nano, date=True, fraction=True) if span.start_time_unix_nano else ""
    yield from _facts(
        {
            "started": _joined(
                started,
                _took(span.duration_nano, is_running),
                f"first token after {n.ttft_s:.2f}s" if n.ttft_s is not None else "",
            ),
            "status": _joined(
                ("UNSET", "OK", "ERROR")[span.status.code] if 0 <= span.status.code <= 2 else str(span.status.code),
                one_line(span.status.message, 1000),
            ),
            "service": _joined(one_line(span.resource.service), _labelled("project", n.project)),
            "scope": _joined(
                one_line(f"{span.scope.name} {span.scope.version}".strip()), span_kind_name(span.otel_kind)
            ),
            "model": _joined(
                one_line(n.model),
                _labelled("provider", n.provider),
                _labelled("asked for", n.model_request if n.model_request != n.model else ""),
            ),
            "params": ", ".join(f"{one_line(str(key), 60)} {_inline(value)}" for key, value in n.params.items()),
            "tokens": _tokens(n, counted, below),
            "cost": _cost(n),
            "": _missed(n, below),
            "finish": ", ".join(one_line(reason, 60) for reason in n.finish_reasons),
            "agent": one_line(n.agent_name),
            "session": one_line(n.session_id),
            "user": one_line(n.user_id),
            "tags": ", ".join(one_line(tag, 80) for tag in n.tags),
            "metadata": _inline(n.metadata) if n.metadata else "",
            "embedding": _embedding(n),
        }
    )


def _facts(facts: Mapping[str, str]) -> Iterator[Line]:
    for label, text in facts.items():
        if text:
            yield ((f"{label:<10}", "dim"), text)


def _section(title: str, lines: Iterable[Line]) -> Iterator[Line]:
    """A headed block; nothing at all where it has no lines."""
    first = True
    for line in lines:
        if first:
            yield ()
            yield ((title, "heading"),)
            first = False
        yield line


def _counts(usage: Usage) -> str:
    return format_tokens(usage.input, usage.output)


def _took(duration_nano: int | None, is_running: bool) -> str:
    if is_running:
        return "not ended yet"
    return f"took {format_duration(duration_nano)}" if duration_nano is not None else "duration unknown"


def _missed(n: NormalisedSpan, below: Usage) -> str:
    """What is said where a span reports more than the spans below it."""
    if not exceeds(reported(n), below):
        return ""
    counted = _joined(_counts(below), format_cost(below.cost))
    return f"reports more than the {counted} of the spans below, which are counted: some of its calls were not traced"


def _tokens(n: NormalisedSpan, counted: bool, below: Usage) -> str:
    tokens = n.tokens
    if not tokens:
        return ""
    details = (
        (tokens.total, "total"),
        (tokens.cache_read, "read from cache"),
        (tokens.cache_write, "written to cache"),
        (tokens.reasoning, "reasoning"),
    )
    return _joined(
        format_tokens(tokens.input, tokens.output),
        *(f"{number:,} {name}" for number, name in details if number is not None),
        "" if counted else f"not counted: the spans below have {_counts(below) or 'the usage'}",
    )


def _cost(n: NormalisedSpan) -> str:
    if n.cost is None or n.cost.total is None:
        return ""
    return _joined(format_cost(n.cost.total, n.cost.source), n.cost.source)


def _embedding(n: NormalisedSpan) -> str:
    if n.embedding is None:
        return ""
    return _joined(
        one_line(n.embedding.model),
        f"{n.embedding.count:,} vectors" if n.embedding.count is not None else "",
        f"{n.embedding.dimension:,} dimensions" if n.embedding.dimension is not None else "",
    )


def message_lines(messages: Sequence[ChatMessage], text: str = "", system: str = "") -> Iterator[Line]:
    """One side of a call: its messages, or the plain text where it has none."""
    if system and not any(message.role in ("system", "developer") for message in messages):
        yield (("  system", "system"),)
        yield from _body(system)
    for message in messages:
        name = f" {one_line(message.name, 80)}" if message.name else ""
        yield ((f"  {one_line(message.role, 40) or 'message'}", message.role), (name, "dim"))
        for part in message.parts:
            yield from _part(part)
    if not messages and text:
        yield from _body(_pretty(text))


def _part(part: MessagePart) -> Iterator[Line]:
    match part:
        case TextPart():
            yield from _body(part.content)
        case ReasoningPart():
            yield (("    (reasoning)", "dim"),)
            yield from _body(part.content)
        case RefusalPart():
            yield (("    (refusal)", "error"),)
            yield from _body(part.content)
        case ToolCall():
            yield from _value(f"→ {one_line(part.name, 120)}", part.arguments)
        case ToolResult():
            yield from _value(f"← {one_line(part.name, 120)}".rstrip(), part.result)
        case MediaPart():
            size = format_bytes(part.size) if part.size is not None else ""
            facts = _joined(part.modality, one_line(part.mime, 80), size, one_line(part.uri, 200))
            yield ((f"    [{facts}]", "dim"),)
        case FilePart():
            yield ((f"    [file {one_line(part.file_id, 120)}]", "dim"),)
        case OtherPart():
            yield from _value(f"[{one_line(part.type, 80)}]", part.raw)


def _tool(n: NormalisedSpan) -> Iterator[Line]:
    if n.tool is None:
        return
    yield ("  ", (one_line(n.tool.name) or "(no name)", "TOOL"), (_labelled("  call", n.tool.call_id), "dim"))
    if n.tool.description:
        yield from _body(n.tool.description)
    if n.tool.arguments is not None:
        yield from _value("→", n.tool.arguments)
    if n.tool.result is not None:
        yield from _value("←", n.tool.result)


def _documents(documents: Sequence[Document]) -> Iterator[Line]:
    for number, document in enumerate(documents, 1):
        score = f"score {document.score:.4g}" if document.score is not None else ""
        yield ((f"  {number}", "accent"), (f"  {_joined(score, one_line(document.id, 120))}".rstrip(), "dim"))
        yield from _body(document.content)
        if document.metadata:
            yield ((f"    {_inline(document.metadata)}", "dim"),)


def _offered(n: NormalisedSpan) -> Iterator[Line]:
    for definition in n.tool_defs:
        description = f"  {one_line(definition.description)}" if definition.description else ""
        yield ("  ", (one_line(definition.name, 120), "TOOL"), (description, "dim"))


def _evaluations(n: NormalisedSpan) -> Iterator[Line]:
    for evaluation in n.evals:
        score = f"{evaluation.score:.4g}" if evaluation.score is not None else ""
        yield (
            "  "
            + _joined(
                one_line(evaluation.name, 120), score, one_line(evaluation.label, 120), one_line(evaluation.explanation)
            ),
        )


def _errors(n: NormalisedSpan) -> Iterator[Line]:
    for error in n.errors:
        first, *rest = sanitise(error.message[:MAX_TEXT], keep_newlines=True).split("\n")
        said = ": ".join(text for text in (one_line(error.type, 200), first) if text)
        yield ("  ", (said or "(no message)", "error"))
        yield from ((f"  {line}",) for line in rest)
        if error.stacktrace:
            yield from _body(error.stacktrace)


def _events(events: Sequence[SpanEvent]) -> Iterator[Line]:
    for event in events:
        moment = format_moment(event.time_unix_nano, fraction=True) if event.time_unix_nano else "?"
        yield ((f"  {moment}  ", "dim"), one_line(event.name) or "(no name)")
        yield from _attributes(event.attributes, indent=4)


def _links(n: NormalisedSpan) -> Iterator[Line]:
    for link in n.span.links:
        yield (
            f"  span {link.span_id or '?'} · trace {link.trace_id or '?'}",
            ("" if link.is_valid else "  (cannot be followed: an id is malformed)", "dim"),
        )
        yield from _attributes(link.attributes, indent=4)


def _logs(records: Sequence[LogRecord]) -> Iterator[Line]:
    for record in records:
        moment = record.time_unix_nano or record.observed_time_unix_nano
        yield (
            (f"  {format_moment(moment, fraction=True) if moment else '?'}  ", "dim"),
            _joined(one_line(record.severity_text, 40), one_line(record.event_name)),
        )
        if record.body is not None:
            yield from _value("", record.body)
        yield from _attributes(record.attributes, indent=4)


def _attributes(attributes: Attributes, indent: int = 2) -> Iterator[Line]:
    for key, value in attributes.items():
        text = value if isinstance(value, str) else _json(value)
        shown = sanitise(text[:MAX_VALUE])
        more = f" … {len(text):,} characters in all" if len(text) > MAX_VALUE else ""
        yield (" " * indent, (one_line(key, 200), "accent"), (f" {type_name(value)} ", "dim"), shown, (more, "dim"))


def _value(label: str, value: object) -> Iterator[Line]:
    """A decoded value behind a label: on the same line when short, below it when not."""
    text = value if isinstance(value, str) else "" if value is None else _json(value)
    if isinstance(value, str) and ("\n" in text or len(text) > SHORT_JSON):
        yield ("    ", (label, "TOOL"))
        yield from _body(text, indent=6)
    elif len(text) > SHORT_JSON:
        yield ("    ", (label, "TOOL"))
        yield from _body(_json(value, indent=2), indent=6)
    else:
        yield ("    ", (label, "TOOL"), f" {sanitise(text)}" if text else "")


def _body(text: str, indent: int = 4) -> Iterator[Line]:
    """A body of received text, its lines indented."""
    for line in sanitise(text[:MAX_TEXT], keep_newlines=True).split("\n"):
        yield (" " * indent + line if line else "",)
    if len(text) > MAX_TEXT:
        yield ((f"{' ' * indent}… {len(text) - MAX_TEXT:,} more characters; --json has them all", "dim"),)


def _pretty(text: str) -> str:
    """JSON text indented; any other text as it is."""
    if not text.startswith(("{", "[")) or len(text) > MAX_TEXT:
        return text
    try:
        value = json.loads(text)
        return _json(value, indent=2) if len(text) > SHORT_JSON else text
    except (ValueError, RecursionError):
        return text


def _json(value: object, indent: int | None = None) -> str:
    return json.dumps(json_value(value), ensure_ascii=False, indent=indent)


def _inline(value: object) -> str:
    return one_line(value if isinstance(value, str) else _json(value))


def _labelled(label: str, text: str) -> str:
    return f"{label} {one_line(text)}" if text else ""


def _joined(*texts: str) -> str:
    return " · ".join(text for text in texts if text)
