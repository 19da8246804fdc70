"""Strands Agents: what its spans carry beside OTel GenAI's attributes and events.

Follows strands-agents 1.62.0 (`telemetry/tracer.py`); `tool.status` and `system_prompt` are those of 0.1 and 0.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tracetui.model.chat import Kind, TextPart, ToolDefinition, ToolResult
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.parts import tool_result
from tracetui.semconv.core.values import amount, strings

FIELDS: Mapping[str, Field] = {
    "gen_ai.tool.status": "error.mark",
    "tool.status": "error.mark",
}

KINDS: Mapping[str, Mapping[str, Kind]] = {"event_loop.cycle_id": {}}
WEAK_KINDS = {"event_loop.cycle_id": {"*": Kind.CHAIN}}

_SCOPE = "strands.telemetry.tracer"
_NAME = "strands-agents"
"""What it writes in the place of a provider."""
_TOOL_CALL = "gen_ai.tool.message"
_TOOL_RESULT = "gen_ai.choice"
_TTFT = "gen_ai.server.time_to_first_token"
_MILLI = 1_000


def _arguments(source: Source) -> Found | None:
    """A tool's arguments stand in the event that elsewhere is its answer."""
    content = _of_event(source, _TOOL_CALL, "content")
    return None if content is None else Found(source.decode(content, _TOOL_CALL), f"event {_TOOL_CALL}")


def _result(source: Source) -> Found | None:
    content = source.decode(_of_event(source, _TOOL_RESULT, "message"), _TOOL_RESULT)
    return None if content is None else Found(_unwrapped(content), f"event {_TOOL_RESULT}")


def _of_event(source: Source, name: str, key: str) -> object:
    if source.attributes.get("gen_ai.operation.name") != "execute_tool":
        return None
    return next((event.attributes.get(key) for event in source.span.events if event.name == name), None)


def _unwrapped(content: object) -> object:
    """Bedrock's blocks of text as the text."""
    answer: ToolResult = tool_result(content)
    return answer.result


def _first_token(source: Source) -> Found | None:
    """Elsewhere this key is in seconds."""
    found = amount(source.value(_TTFT)) if _ours(source) else None
    return None if found is None else Found(found / _MILLI, _TTFT)


def _instructions(source: Source) -> Found | None:
    words = source.value("system_prompt") if _ours(source) else None
    return Found((TextPart(words),), "system_prompt") if isinstance(words, str) and words else None


def _tools(source: Source) -> Found:
    """Their names are all that it tells."""
    names: Sequence[str] = strings(source.value("gen_ai.agent.tools"))
    return Found(tuple(ToolDefinition(name) for name in names), "gen_ai.agent.tools")


def _tags(source: Source) -> Found:
    return Found(strings(source.value("tags")) if _ours(source) else (), "tags")


def _ours(source: Source) -> bool:
    """Whether Strands wrote a span, by its scope or, where an application gave it a tracer of its own, by its keys."""
    attributes = source.attributes
    return (
        source.span.scope.name.startswith(_SCOPE)
        or "event_loop.cycle_id" in attributes
        or _NAME in (attributes.get("gen_ai.system"), attributes.get("gen_ai.provider.name"))
    )


CONVENTION = Convention(
    name="Strands Agents",
    version="strands-agents 1.62.0",
    order=14,
    scopes=(_SCOPE,),
    marks=("event_loop.cycle_id",),
    fields=FIELDS,
    kinds=KINDS,
    weak_kinds=WEAK_KINDS,
    readers=(
        Reader("tool.arguments", Rank.MESSAGE_EVENTS, _arguments),
        Reader("tool.result", Rank.MESSAGE_EVENTS, _result),
        Reader("instructions", Rank.CLIENT, _instructions),
        Reader("tool_defs", Rank.CLIENT, _tools),
        Reader("tags", Rank.CLIENT, _tags),
        Reader("ttft_s", Rank.CLIENT, _first_token),
    ),
)
