"""Azure AI: agents, threads and runs beside OTel GenAI's attributes and events.

Follows azure-ai-inference 1.0.0b9 (`tracing.py`) and azure-ai-projects 2.10.0 (`telemetry`). A whole message as JSON in
one attribute of an event (`gen_ai.event.content`) is read with the other events of OTel GenAI.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.semconv.core.convention import Convention, Rank, Reader
from tracetui.semconv.core.fields import Field

FIELDS: Mapping[str, Field] = {
    "gen_ai.thread.id": "session_id",
}

_METADATA = (
    "gen_ai.thread.id",
    "gen_ai.thread.run.id",
    "gen_ai.thread.run.status",
    "gen_ai.message.id",
    "gen_ai.message.status",
    "az.namespace",
)


CONVENTION = Convention(
    name="Azure AI",
    version="azure-ai-inference 1.0.0b9, azure-ai-projects 2.10.0",
    order=19,
    scopes=("azure.ai.", "azure.core.tracing"),
    marks=("gen_ai.thread.id", "gen_ai.thread.run.id"),
    fields=FIELDS,
    readers=(Reader("metadata", Rank.CLIENT, lambda source: source.some(_METADATA)),),
)
