"""Azure AI: agents, threads and runs beside OTel GenAI's attributes and events.

Follows azure-ai-inference 1.0.0b9 (`tracing.py`) and azure-ai-projects 2.10.0 (`telemetry`). A whole message as JSON in
one attribute of an event (`gen_ai.event.content`) is read with the other events of OTel GenAI.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, ReadField, Source
from tracetui.semconv.core.fields import Field
from tracetui.semconv.genai_events import history

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


def _of_thread(field: ReadField) -> Reader:
    """A thread's messages, without a choice among them: what its agent said last is the answer."""
    output = field == "output_messages"

    def read(source: Source) -> Found | None:
        if "gen_ai.thread.id" not in source.attributes:
            return None
        where, given, told = history(source)
        return Found(told if output else given, f"{where} gen_ai.*.message")

    return Reader(field, Rank.MESSAGE_EVENTS + (1 if output else -1), read)


CONVENTION = Convention(
    name="Azure AI",
    version="azure-ai-inference 1.0.0b9, azure-ai-projects 2.10.0",
    order=19,
    scopes=("azure.ai.", "azure.core.tracing"),
    marks=("gen_ai.thread.id", "gen_ai.thread.run.id"),
    fields=FIELDS,
    readers=(
        _of_thread("input_messages"),
        _of_thread("output_messages"),
        Reader("metadata", Rank.CLIENT, lambda source: source.some(_METADATA)),
    ),
)
