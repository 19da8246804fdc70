"""Microsoft Agent Framework: workflows beside OTel GenAI's agents, calls and tools.

Follows agent-framework-core 1.23.0 (`observability.py`). Its workflow spans name each other by links, not as parents.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.chat import Kind
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.fields import Field

FIELDS: Mapping[str, Field] = {
    "workflow.name": "workflow",
}

_STEPS = ("workflow.id", "executor.id", "edge_group.type", "message.source_id")
KINDS: Mapping[str, Mapping[str, Kind]] = {key: {} for key in _STEPS}
WEAK_KINDS = {key: {"*": Kind.CHAIN} for key in _STEPS}

_METADATA = ("workflow", "workflow_builder", "executor", "edge_group", "message")


def _metadata(source: Source) -> Found:
    given = {key: value for prefix in _METADATA for key, _, value in source.below(prefix)}
    given.pop("workflow.definition", None)
    return Found(given, next(iter(given), ""))


CONVENTION = Convention(
    name="Agent Framework",
    version="agent-framework-core 1.23.0",
    order=15,
    # The latter are those of .NET.
    scopes=("agent_framework", "Experimental.Microsoft.Agents.AI", "Microsoft.Agents.AI"),
    private=True,
    fields=FIELDS,
    kinds=KINDS,
    weak_kinds=WEAK_KINDS,
    readers=(Reader("metadata", Rank.CLIENT, _metadata),),
)
