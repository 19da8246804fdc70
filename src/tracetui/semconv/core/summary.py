"""The columns of a span. This runs for every span on its way in, so each microsecond counts."""

from __future__ import annotations

from typing import Final

from tracetui.model.chat import Kind, SpanSummary
from tracetui.semconv.core import preview, scalars
from tracetui.semconv.core.facts import SpanFacts
from tracetui.semconv.core.identity import identity
from tracetui.semconv.core.kinds import own_name
from tracetui.semconv.core.table import KIND, NO_HINT, Collected, Table, key_of, usage
from tracetui.semconv.core.tokens import NO_TOKENS
from tracetui.semconv.registry import TELLING, columns_of, scope_of

_ERROR: Final = 2
_OK: Final = 1
_NOTHING = SpanSummary()


def summary(facts: SpanFacts) -> SpanSummary:
    """The columns of a span.

    Args:
        facts: What is known of the span on its way in; its events are asked for only where an error has no message.

    Returns:
        The columns. Never raises, never decodes a large JSON text.
    """
    scope, name = facts.scope_name, facts.name
    table = columns_of(scope_of(scope, name) if name.startswith(TELLING) else scope)
    found = table.collect(facts.attributes)
    is_error = facts.status_code == _ERROR
    if not is_error and not found.fields and not found.tokens and found.hint == NO_HINT:
        return _NOTHING
    fields = found.fields
    if not is_error and len(fields) == 1 and "host" in fields and found.hint == NO_HINT and not found.tokens:
        return _NOTHING
    if not is_error and "error.type" in fields and facts.status_code != _OK and scalars.word(found, "error.type"):
        is_error = True
    if not is_error and "error.mark" in fields and scalars.first(found, "error.mark"):
        is_error = True
    if not is_error and KIND in fields and key_of(fields[KIND][0][1]) in table.failing:
        is_error = preview.has_exception(facts.events())
    kind, model, request, provider, tier, tool_name, agent_name = identity(found, table)
    return SpanSummary(
        kind,
        model,
        request,
        provider,
        tier,
        usage(found, table) if found.tokens else NO_TOKENS,
        scalars.cost(found) if "cost.total" in fields or "cost.input" in fields else None,
        scalars.word(found, "session_id"),
        scalars.word(found, "user_id"),
        tool_name or (own_name(found, table, kind, facts.name) if kind is Kind.TOOL else ""),
        agent_name or (own_name(found, table, kind, facts.name) if kind is Kind.AGENT else ""),
        _preview(facts, table, found, kind, is_error),
        is_error,
        *((True, scalars.word(found, "pending_parent")) if table.is_pending(found) else ()),
    )


def _preview(facts: SpanFacts, table: Table, found: Collected, kind: Kind, is_error: bool) -> str:
    if is_error and (line := preview.of_error(facts, scalars.word(found, "error.message"))):
        return line
    if kind is Kind.TOOL:
        return preview.of_tool(found)
    if kind is Kind.LLM:
        return preview.shortened(table.last_words(found)) or preview.of_request(found)
    if kind is Kind.RETRIEVER:
        return preview.shortened(scalars.first(found, "input"))
    said = scalars.word(found, "display_name")
    return preview.first_line(said) if said != facts.name else ""
