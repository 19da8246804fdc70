"""Logfire.

Follows logfire 4.41 (`_internal/constants.py`, `_internal/tracer.py`, `_internal/integrations/llm_providers`).
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.semconv.core.convention import Convention
from tracetui.semconv.core.fields import Field

FIELDS: Mapping[str, Field] = {
    "logfire.pending_parent_id": "pending_parent",
}

CONVENTION = Convention(
    name="Logfire",
    version="logfire 4.41",
    order=7,
    scopes=("logfire",),
    marks=("logfire.msg", "logfire.span_type"),
    fields=FIELDS,
    pending={"logfire.span_type": "pending_span"},
)
