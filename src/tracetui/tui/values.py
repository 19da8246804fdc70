"""What stands under the cursor as a term of the query language: for "filter by this", "same session" and the like.

Imported when such a key is first pressed: it brings the query language along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.model.trace import SpanRow, TraceSummary
from tracetui.query.edit import term_for
from tracetui.query.printer import quoted
from tracetui.store.conditions import Attribute, SpanField, TraceField

if TYPE_CHECKING:
    from tracetui.tui.render.details import Opened
    from tracetui.tui.render.flow import DocumentLine

LONG = 120
"""Characters from which a value is looked for by the words that it begins with."""

PHRASE = 60
"""Characters of these words at most."""

_FIELDS = {
    "provider": SpanField.PROVIDER,
    "model_request": SpanField.MODEL,
    "model_response": SpanField.MODEL,
    "tool.name": SpanField.TOOL,
    "agent_name": SpanField.AGENT,
    "session_id": SpanField.SESSION,
    "user_id": SpanField.USER,
    "project": SpanField.PROJECT,
    "name of the span": SpanField.NAME,
    "trace_id of the span": SpanField.TRACE,
    "span_id of the span": SpanField.SPAN,
    "parent_span_id of the span": SpanField.SPAN,
    "kind of the span": SpanField.OTEL_KIND,
    "tokens.input": SpanField.TOKENS_INPUT,
    "tokens.output": SpanField.TOKENS_OUTPUT,
    "tokens.total": SpanField.TOKENS,
    "tokens.cache_read": SpanField.TOKENS_CACHE_READ,
    "tokens.cache_write": SpanField.TOKENS_CACHE_WRITE,
    "tokens.reasoning": SpanField.TOKENS_REASONING,
}
"""Fields of a span that a line can show whole, by the origin that the inspector's pages give."""

_TEXTS = {
    "input": SpanField.INPUT,
    "input_messages": SpanField.INPUT,
    "system": SpanField.INPUT,
    "output": SpanField.OUTPUT,
    "output_messages": SpanField.OUTPUT,
    "documents": SpanField.DOCUMENT,
}
"""Long texts, found by their words."""


def term_of_line(opened: Opened, line: DocumentLine) -> str:
    """The term for a line of the inspector; empty where the line is our own words."""
    holder, _, key = line.block.partition(".")
    if holder in ("attributes", "resource") and key:
        span = opened.normalised.span
        attributes = span.attributes if holder == "attributes" else span.resource.attributes
        operand = Attribute(key, of_resource=holder == "resource")
        value = attributes.get(key)
        if isinstance(value, str | bool | int | float):
            return term_for(operand, line.value) if len(line.value) <= LONG else _phrase(line.value)
        return f"has:{term_for(operand, 'x').removesuffix(':x')}"
    if line.block == "scope.name":
        return term_for(SpanField.SCOPE, line.value)
    if line.block == "span.status":
        return "status:" + ("error" if opened.normalised.span.status.is_error else line.value.split(" ")[0].lower())
    field = _FIELDS.get(line.origin)
    if field is not None and line.value:
        return term_for(field, line.value.replace(",", "") if field.value.startswith("tokens") else line.value)
    text = line.value if line.origin else ""
    within = _TEXTS.get(line.origin.partition(".")[0])
    phrase = _phrase(text)
    return f"{within.value}:{phrase}" if within is not None and phrase else phrase


def _phrase(text: str) -> str:
    """The words that a text begins with, as a quoted phrase; empty where there are none."""
    first = next((line for line in text.splitlines() if any(map(str.isalnum, line))), "").strip()
    if len(first) > PHRASE:
        first = first[:PHRASE].rpartition(" ")[0] or first[:PHRASE]
    return quoted(first) if first else ""


def term_of_span(row: SpanRow) -> str:
    """The term for a row of a trace: the span's name."""
    return term_for(SpanField.NAME, row.name)


def term_of_trace(trace: TraceSummary) -> str:
    """The term for a row of the list: the trace's name."""
    return term_for(TraceField.NAME, trace.name)


def term_of_session(holder: SpanRow | TraceSummary) -> str:
    """The term for the same session; empty where there is none."""
    field = SpanField.SESSION if isinstance(holder, SpanRow) else TraceField.SESSION
    return term_for(field, holder.session_id) if holder.session_id else ""


def term_of_tool(row: SpanRow) -> str:
    """The term for the same tool; empty where the span is no call of one."""
    return term_for(SpanField.TOOL, row.tool_name) if row.tool_name else ""
