"""Meaning of attribute keys: every convention read into one model. No other package spells out a key.

`summary` gives the columns of a span on its way in, `summary_with_logs` those of a span that log records say more of,
`normalise` the full reading when someone opens it, `PartlyRead` a part of it; all use the same tables, so that they
agree. Each module beside `registry.py` is one convention.
"""

from __future__ import annotations

from tracetui.semconv.core.errors import errors_told_by
from tracetui.semconv.core.facts import SpanFacts, no_events
from tracetui.semconv.core.late import summary_with_logs
from tracetui.semconv.core.normalise import normalise
from tracetui.semconv.core.partly import PartlyRead
from tracetui.semconv.core.records import event_name
from tracetui.semconv.core.searched import SearchedFields, searched
from tracetui.semconv.core.summary import summary
from tracetui.semconv.registry import project, tells


def display_name(name: str, kind: str, tool_name: str = "", agent_name: str = "") -> str:
    """What to call a span in a tree: its tool or agent where it is one, else its own name."""
    return (tool_name if kind == "TOOL" else agent_name if kind == "AGENT" else "") or name


__all__ = [
    "PartlyRead",
    "SearchedFields",
    "SpanFacts",
    "display_name",
    "errors_told_by",
    "event_name",
    "no_events",
    "normalise",
    "project",
    "searched",
    "summary",
    "summary_with_logs",
    "tells",
]
