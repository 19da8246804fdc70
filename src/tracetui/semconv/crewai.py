"""CrewAI: crews, tasks, flows and memory beside OTel GenAI's attributes.

Follows crewai 1.15.30 (`telemetry/tracing/semantic_conventions.py`). `<key>.truncated` marks a value that was cut.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.chat import Kind
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.fields import Field

FIELDS: Mapping[str, Field] = {
    "crewai.agent.role": "agent_name",
    "crewai.crew.name": "workflow",
    "crewai.flow.name": "workflow",
    "crewai.memory.query": "input",
    "crewai.memory.value": "input",
    "crewai.knowledge.query": "input",
    "crewai.crew.inputs": "input",
    "crewai.flow.inputs": "input",
    "crewai.method.params": "input",
    "crewai.task.description": "input",
    "crewai.memory.results": "output",
    "crewai.memory.content": "output",
    "crewai.knowledge.retrieved_knowledge": "output",
    "crewai.task.output": "output",
    "crewai.method.result": "output",
    "crewai.crew.output": "output",
    "crewai.flow.result": "output",
    "crewai.guardrail.result": "output",
    "crewai.reasoning.plan": "output",
    "crewai.tool.failure.message": "error.message",
}

HINTS = {
    "crewai.memory.query": Kind.RETRIEVER,
    "crewai.knowledge.query": Kind.RETRIEVER,
}

KINDS: Mapping[str, Mapping[str, Kind]] = {"crewai.guardrail.type": {}, "crewai.event_name": {}}
WEAK_KINDS = {"crewai.guardrail.type": {"*": Kind.GUARDRAIL}, "crewai.event_name": {"*": Kind.CHAIN}}

_SCOPE = "crewai"
_CUT = ".truncated"


def _metadata(source: Source) -> Found:
    """All of its own keys but the content; a value that was cut is a problem."""
    for key, value in source.attributes.items():
        if key.endswith(_CUT) and value is True and source.span.scope.name.startswith(_SCOPE):
            source.problem(f"{key.removesuffix(_CUT)} was cut by the sender.")
    return Found({name: value for key, name, value in source.below("crewai") if key not in FIELDS}, "crewai.*")


CONVENTION = Convention(
    name="CrewAI",
    version="crewai 1.15.30",
    order=18,
    scopes=(_SCOPE,),
    marks=("crewai.*",),
    fields=FIELDS,
    kinds=KINDS,
    weak_kinds=WEAK_KINDS,
    hints=HINTS,
    readers=(Reader("metadata", Rank.CLIENT, _metadata),),
)
