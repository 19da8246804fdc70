"""Meaning of attribute keys: every convention read into one model. No other package spells out a key.

`summary` gives the columns of a span on its way in, `normalise` the full reading when someone opens it; both use the
same tables, so that they agree. Each module beside `registry.py` is one convention.
"""

from __future__ import annotations

from tracetui.model.attributes import Attributes
from tracetui.semconv.core.facts import SpanFacts, no_events
from tracetui.semconv.core.normalise import normalise
from tracetui.semconv.core.summary import summary
from tracetui.semconv.core.values import label
from tracetui.semconv.genai import EVENT_NAME
from tracetui.semconv.registry import project


def log_event_name(attributes: Attributes, event_name: str) -> str:
    """The name of the event that a log record is: its own field, else the older attribute; empty for a plain log."""
    return event_name or label(attributes.get(EVENT_NAME)) or ""


def display_name(name: str, kind: str, tool_name: str = "", agent_name: str = "") -> str:
    """What to call a span in a tree: its tool or agent where it is one, else its own name."""
    return (tool_name if kind == "TOOL" else agent_name if kind == "AGENT" else "") or name


__all__ = [
    "SpanFacts",
    "display_name",
    "log_event_name",
    "no_events",
    "normalise",
    "project",
    "summary",
]
