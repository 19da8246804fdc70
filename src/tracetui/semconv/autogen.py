"""AutoGen: agents and tools in OTel GenAI's keys, and the messages between agents.

Follows autogen-core 0.7.5 (`_telemetry`). The calls of models are the business of the client's own instrumentation.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.chat import Kind
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source

KINDS: Mapping[str, Mapping[str, Kind]] = {"messaging.operation": {}}
WEAK_KINDS = {"messaging.operation": {"*": Kind.CHAIN}}


def _metadata(source: Source) -> Found:
    return Found({key: value for key, _, value in source.below("messaging")}, "messaging.*")


CONVENTION = Convention(
    name="AutoGen",
    version="autogen-core 0.7.5",
    order=17,
    scopes=("autogen-core", "autogen "),
    private=True,
    kinds=KINDS,
    weak_kinds=WEAK_KINDS,
    readers=(Reader("metadata", Rank.CLIENT, _metadata),),
)
