"""Flue: names of its sessions, turns and tasks beside OTel GenAI's attributes.

Follows `@flue/opentelemetry` as of 2026 (`packages/opentelemetry/src/index.ts`). Arguments and results that are no
objects stand under keys of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.chat import Kind
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.fields import Field

FIELDS: Mapping[str, Field] = {
    "flue.agent.name": "agent_name",
    "flue.tool.call.arguments": "tool.arguments",
    "flue.tool.call.result": "tool.result",
}

_STEPS = ("flue.operation.kind", "flue.compaction.reason", "flue.operation.id")
KINDS: Mapping[str, Mapping[str, Kind]] = {key: {} for key in _STEPS}
WEAK_KINDS = {key: {"*": Kind.CHAIN} for key in _STEPS}

_CONTENT = frozenset({"tool.call.arguments", "tool.call.result"})


def _metadata(source: Source) -> Found:
    return Found({name: value for _, name, value in source.below("flue") if name not in _CONTENT}, "flue.*")


CONVENTION = Convention(
    name="Flue",
    version="@flue/opentelemetry of 2026",
    order=21,
    scopes=("@flue/opentelemetry",),
    marks=("flue.*",),
    fields=FIELDS,
    kinds=KINDS,
    weak_kinds=WEAK_KINDS,
    readers=(Reader("metadata", Rank.CLIENT, _metadata),),
)
