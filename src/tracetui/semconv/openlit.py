"""OpenLIT: what its instrumentation writes beside the OTel GenAI attributes.

Follows openlit 1.45.0 (`semcov`, `__helpers.py`) and the names of 1.33 on. Frameworks stand in the provider's place;
`core/providers.py` knows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import Kind
from tracetui.semconv import genai
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.messages import messages_of
from tracetui.semconv.core.values import amount, is_list

FIELDS: Mapping[str, Field] = {
    # Seconds here; Strands writes milliseconds under the same key.
    "gen_ai.server.time_to_first_token": "ttft_s",
    "gen_ai.tool.args": "tool.arguments",
    "gen_ai.tool.input": "tool.arguments",
    "gen_ai.tool.parameters": "tool.arguments",
    "gen_ai.tool.input_kwargs": "tool.arguments",
    "gen_ai.tool.output": "tool.result",
    "gen_ai.tool.result": "tool.result",
    "gen_ai.tool.error": "error.message",
    "gen_ai.workflow.input": "input",
    "gen_ai.workflow.output": "output",
    "gen_ai.retrieval.query": "input",
    "gen_ai.vectordb.search.query": "input",
    "gen_ai.framework.query.text": "input",
    "db.query.text": "input",
    "gen_ai.framework.pipeline.input_data": "input",
    "gen_ai.framework.pipeline.output_data": "output",
    "gen_ai.agent.task": "input",
    "gen_ai.agent.actual_output": "output",
    "gen_ai.agent.final_result": "output",
    "gen_ai.agent.finish.output": "output",
    "gen_ai.framework.embedding.dimension": "embedding.dimension",
    "gen_ai.framework.embedding.model": "model_request",
    "gen_ai.framework.error.type": "error.type",
    "gen_ai.framework.error.message": "error.message",
    "gen_ai.session.id": "session_id",
    "gen_ai.agent.session_id": "session_id",
    "gen_ai.openai.conversation.id": "session_id",
}

KINDS = {
    "gen_ai.operation.name": {
        **genai.KINDS["gen_ai.operation.name"],
        **dict.fromkeys(("framework", "task", "execution", "graph_execution", "user_prompt_processing"), Kind.CHAIN),
        **dict.fromkeys(("tool_coordination", "crawl_status", "scrape_status", "extract_status", "map"), Kind.CHAIN),
        **dict.fromkeys(("agent", "agent_create", "browser_run"), Kind.AGENT),
        **dict.fromkeys(("tools", "mcp_tool_call", "search"), Kind.TOOL),
        **dict.fromkeys(("crawl", "crawl_deep", "scrape", "extract", "extract_*", "browser_*"), Kind.TOOL),
        **dict.fromkeys(("retrieve", "memory_search"), Kind.RETRIEVER),
        **dict.fromkeys(("memory", "memory_*", "mcp_*"), Kind.CHAIN),
        **dict.fromkeys(("model_request", "speech_to_text", "speech_to_text_translate", "text_to_speech"), Kind.LLM),
        **dict.fromkeys(("translate", "transliterate", "language_identification", "video", "realtime"), Kind.LLM),
        "embedding": Kind.EMBEDDING,
        "moderation": Kind.GUARDRAIL,
    },
}

_NOTES = ("gen_ai.agent", "gen_ai.framework", "gen_ai.workflow", "gen_ai.rag", "gen_ai.vectordb")
"""Families of keys that are metadata, as far as no field has them."""
_NAMED = {
    "gen_ai.environment": "environment",
    "gen_ai.application_name": "application_name",
    "gen_ai.content.reasoning": "reasoning",
    "gen_ai.content.revised_prompt": "revised_prompt",
}
_PLACED = frozenset({*FIELDS, *genai.FIELDS})


def _cost(value: AttributeValue) -> Iterable[tuple[Field, object]]:
    """What its own price list says; 0 stands for a model that the list does not have."""
    dollars = amount(value)
    return [("cost.total", dollars)] if dollars else []


def _tool_calls(source: Source) -> Found | None:
    """Calls that stand beside the words of the answer, where there are no structured messages."""
    key = "gen_ai.response.tool_calls"
    found = source.decoded(key)
    calls = found if is_list(found) else [found] if isinstance(found, Mapping) else []
    return Found(messages_of({"role": "assistant", "tool_calls": calls}, "assistant"), key) if calls else None


def _metadata(source: Source) -> Found:
    found: dict[str, object] = {}
    sources: list[str] = []
    for family in _NOTES:
        for key, name, value in source.below(family):
            if key not in _PLACED:
                found[f"{family.removeprefix('gen_ai.')}.{name}"] = value
                sources.append(f"{family}.*")
    for key, name in _NAMED.items():
        if (value := source.value(key)) is not None:
            found[name] = value
            sources.append(key)
    return Found(found, next(iter(sources), ""))


CONVENTION = Convention(
    name="OpenLIT",
    version="openlit 1.45.0",
    order=19,
    scopes=("openlit", "@openlit"),
    private=True,
    fields=FIELDS,
    kinds=KINDS,
    opens={"gen_ai.usage.cost": _cost},
    readers=(
        Reader("output_messages", Rank.ENTITY, _tool_calls),
        Reader("metadata", Rank.VENDOR, _metadata),
    ),
)
