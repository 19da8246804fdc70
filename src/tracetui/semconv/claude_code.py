"""Claude Code: its spans, and the log records that belong to them.

Follows the public monitoring documentation of Claude Code (November 2026; tracing is in beta there). All keys are plain
words, so they mean something only in its own scope, or below its own names of spans.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import ChatMessage, Kind, TextPart
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, ReadField, Source
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.records import event_name_of
from tracetui.semconv.core.values import is_hidden, strings

FIELDS: Mapping[str, Field] = {
    "model": "model_either",
    # Anthropic's way: what the cache held is not in the input.
    "input_tokens": "tokens.input",
    "output_tokens": "tokens.output",
    "cache_read_tokens": "tokens.cache_read",
    "cache_creation_tokens": "tokens.cache_write",
    "cost_usd": "cost.total",
    "ttft_ms": "ttft_ms",
    "success": "error.mark",
    "error": "error.message",
    "tool_name": "tool.name",
    "tool_use_id": "tool.call_id",
    "tool_input": "tool.arguments",
    "user_prompt": "input",
    # What a tool was asked, where its input is not recorded.
    "full_command": "input",
    "file_path": "input",
    "skill_name": "input",
    "subagent_type": "agent_name",
    "workflow.name": "workflow",
}

_SPANS = {
    "interaction": Kind.AGENT,
    "llm_request": Kind.LLM,
    # A call is one span with up to two below it; the roll-up counts the outermost.
    "tool": Kind.TOOL,
    "tool.execution": Kind.TOOL,
    "tool.blocked_on_user": Kind.CHAIN,
    "hook": Kind.CHAIN,
}

KINDS = {"span.type": {**_SPANS, **{f"claude_code.{name}": kind for name, kind in _SPANS.items()}}}

_TOOL_OUTPUT = "tool.output"
_PROMPT_EVENTS = ("claude_code.user_prompt", "user_prompt")
_NOT_METADATA = frozenset(
    {*FIELDS, "span.type", "session.id", "user.id", "stop_reason"}
    | {"new_context", "system_prompt_preview", "response.model_output"}
)


def _words(key: str, field: ReadField, role: str) -> Reader:
    def read(source: Source) -> Found | None:
        words = source.value(key)
        return Found((ChatMessage(role, (TextPart(words),)),), key) if isinstance(words, str) and words else None

    return Reader(field, Rank.CLIENT, read)


def _prompt_of_log(source: Source) -> Found | None:
    """The prompt, from the log record of the event that holds it."""
    for record in source.logs:
        words = record.attributes.get("prompt")
        if event_name_of(record) in _PROMPT_EVENTS and isinstance(words, str) and words and not is_hidden(words):
            return Found((ChatMessage("user", (TextPart(words),)),), f"log {event_name_of(record)}")
    return None


def _instructions(source: Source) -> Found | None:
    words = source.value("system_prompt_preview")
    return Found((TextPart(words),), "system_prompt_preview") if isinstance(words, str) and words else None


def _result(source: Source) -> Found | None:
    """What a tool answered: an event with its output, content or diff."""
    for event in source.span.events:
        found = (event.attributes.get(name) for name in ("output", "content", "diff"))
        value = next((value for value in found if value is not None and not is_hidden(value)), None)
        if event.name == _TOOL_OUTPUT and value is not None:
            return Found(value, f"event {_TOOL_OUTPUT}")
    return None


def _finish_reasons(source: Source) -> Found:
    return Found(strings(source.value("stop_reason")), "stop_reason")


def _metadata(source: Source) -> Found:
    given: dict[str, AttributeValue] = {
        key: value
        for key, value in source.attributes.items()
        if key not in _NOT_METADATA and not key.startswith("gen_ai.") and not is_hidden(value)
    }
    return Found(given, "request_id" if "request_id" in given else next(iter(given), ""))


CONVENTION = Convention(
    name="Claude Code",
    version="Claude Code monitoring documentation, November 2026",
    order=4,
    scopes=("com.anthropic.claude_code",),
    named="claude_code.",
    private=True,
    fields=FIELDS,
    kinds=KINDS,
    excludes_cache=True,
    readers=(
        _words("new_context", "input_messages", "user"),
        _words("user_prompt", "input_messages", "user"),
        Reader("input_messages", Rank.CLIENT + 1, _prompt_of_log),
        _words("response.model_output", "output_messages", "assistant"),
        Reader("instructions", Rank.CLIENT, _instructions),
        Reader("tool.result", Rank.CLIENT, _result),
        Reader("finish_reasons", Rank.CLIENT, _finish_reasons),
        Reader("metadata", Rank.CLIENT, _metadata),
    ),
)
