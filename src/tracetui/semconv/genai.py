"""OTel GenAI semantic conventions, messages as attributes ("generation D").

Follows open-telemetry/semantic-conventions 1.37 to 1.41 and the names that semantic-conventions-genai has since put in
their place; older spellings of scalar attributes (1.26 on) stand beside the new ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tracetui.model.attributes import Attributes, AttributeValue
from tracetui.model.chat import Kind, ToolCall, ToolResult
from tracetui.model.span import LogRecord, SpanEvent
from tracetui.semconv.core.content import documents_of, evaluation_of, tool_definitions
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, ReadField, Source
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.messages import messages_of
from tracetui.semconv.core.parts import parts_of
from tracetui.semconv.core.preview import json_words
from tracetui.semconv.core.records import event_name_of
from tracetui.semconv.core.values import decode, is_hidden, strings

DETAILS_EVENT = "gen_ai.client.inference.operation.details"
EXCEPTION_EVENT = "gen_ai.client.operation.exception"

FIELDS: Mapping[str, Field] = {
    "gen_ai.provider.name": "provider",
    "gen_ai.system": "provider",
    "server.address": "host",
    "gen_ai.response.model": "model_response",
    "gen_ai.request.model": "model_request",
    "gen_ai.usage.input_tokens": "tokens.input",
    "gen_ai.usage.prompt_tokens": "tokens.input",
    "gen_ai.usage.output_tokens": "tokens.output",
    "gen_ai.usage.completion_tokens": "tokens.output",
    "gen_ai.usage.total_tokens": "tokens.total",
    "llm.usage.total_tokens": "tokens.total",
    "gen_ai.usage.cache_read.input_tokens": "tokens.cache_read",
    "gen_ai.usage.cache_read_input_tokens": "tokens.cache_read",
    "gen_ai.usage.details.cache_read_tokens": "tokens.cache_read",
    "gen_ai.usage.details.cached_tokens": "tokens.cache_read",
    "gen_ai.usage.prompt_tokens_details.cached_tokens": "tokens.cache_read",
    "gen_ai.usage.input_tokens_details.cached_tokens": "tokens.cache_read",
    "gen_ai.usage.cached_input_tokens": "tokens.cache_read",
    "gen_ai.usage.input_tokens.cached": "tokens.cache_read",
    "gen_ai.usage.cache_write.input_tokens": "tokens.cache_write",
    "gen_ai.usage.cache_creation.input_tokens": "tokens.cache_write",
    "gen_ai.usage.cache_creation_input_tokens": "tokens.cache_write",
    "gen_ai.usage.cache_write_input_tokens": "tokens.cache_write",
    "gen_ai.usage.details.cache_write_tokens": "tokens.cache_write",
    "gen_ai.usage.prompt_tokens_details.cache_creation_tokens": "tokens.cache_write",
    "gen_ai.usage.reasoning.output_tokens": "tokens.reasoning",
    "gen_ai.usage.reasoning_tokens": "tokens.reasoning",
    "llm.usage.reasoning_tokens": "tokens.reasoning",
    "gen_ai.usage.details.reasoning_tokens": "tokens.reasoning",
    "gen_ai.usage.completion_tokens_details.reasoning_tokens": "tokens.reasoning",
    "gen_ai.usage.output_tokens_details.reasoning_tokens": "tokens.reasoning",
    "gen_ai.usage.output_tokens.reasoning": "tokens.reasoning",
    "gen_ai.usage.audio.input_tokens": "tokens.audio_input",
    "gen_ai.usage.details.input_audio_tokens": "tokens.audio_input",
    "gen_ai.usage.prompt_tokens_details.audio_tokens": "tokens.audio_input",
    "gen_ai.usage.audio.output_tokens": "tokens.audio_output",
    "gen_ai.usage.details.output_audio_tokens": "tokens.audio_output",
    "gen_ai.usage.completion_tokens_details.audio_tokens": "tokens.audio_output",
    "openai.response.service_tier": "service_tier",
    "gen_ai.openai.response.service_tier": "service_tier",
    "gen_ai.response.service_tier": "service_tier",
    "anthropic.response.service_tier": "service_tier",
    "operation.cost": "cost.total",
    "gen_ai.usage.cost": "cost.total",
    "gen_ai.cost.total_cost": "cost.total",
    "gen_ai.cost.input_cost": "cost.input",
    "gen_ai.cost.output_cost": "cost.output",
    "gen_ai.conversation.id": "session_id",
    "enduser.id": "user_id",
    "gen_ai.user": "user_id",
    "gen_ai.request.user": "user_id",
    "gen_ai.agent.name": "agent_name",
    "gen_ai.workflow.name": "workflow",
    "gen_ai.tool.name": "tool.name",
    "gen_ai.tool.description": "tool.description",
    "gen_ai.tool.call.id": "tool.call_id",
    "gen_ai.tool.call.arguments": "tool.arguments",
    "gen_ai.tool.call.result": "tool.result",
    "gen_ai.retrieval.query.text": "input",
    "gen_ai.embeddings.dimension.count": "embedding.dimension",
    "gen_ai.response.time_to_first_chunk": "ttft_s",
    "gen_ai.client.operation.time_to_first_chunk": "ttft_s",
    # Seconds in OpenLIT, milliseconds in Strands; the span's own length tells for everybody else.
    "gen_ai.server.time_to_first_token": "ttft_either",
    # vLLM's server.
    "gen_ai.latency.time_to_first_token": "ttft_s",
    "gen_ai.prompt.name": "prompt.name",
    "gen_ai.prompt.version": "prompt.version",
    "error.type": "error.type",
}

KINDS = {
    "gen_ai.operation.name": {
        **dict.fromkeys(("chat", "text_completion", "generate_content"), Kind.LLM),
        **dict.fromkeys(
            ("completion", "text_completions", "generate", "response", "llm_call", "llm_request", "fetch_response"),
            Kind.LLM,
        ),
        **dict.fromkeys(("image", "audio", "image_generation", "decide"), Kind.LLM),
        # LiteLLM calls an operation by its function.
        **dict.fromkeys(("acompletion", "atext_completion", "responses", "aresponses"), Kind.LLM),
        **dict.fromkeys(("anthropic_messages", "aimage_generation"), Kind.LLM),
        **dict.fromkeys(
            ("invoke_workflow", "plan", "agent_step", "execute_task", "execute_method", "execute_event_loop_cycle"),
            Kind.CHAIN,
        ),
        # Azure's agents; those that start or follow a run have its usage.
        **dict.fromkeys(("start_thread_run", "process_thread_run"), Kind.AGENT),
        **dict.fromkeys(("create_thread", "create_message", "list_messages", "list_run_steps"), Kind.CHAIN),
        **dict.fromkeys(("get_thread_run", "submit_tool_outputs", "create_conversation"), Kind.CHAIN),
        "list_conversation_items": Kind.CHAIN,
        # OpenTelemetry's own instrumentation of OpenAI's Agents SDK.
        **dict.fromkeys(("agent_handoff", "custom_operation"), Kind.CHAIN),
        **dict.fromkeys(("transcription", "speech_generation"), Kind.LLM),
        "guardrail_check": Kind.GUARDRAIL,
        **dict.fromkeys(("execute_tool", "tool_call"), Kind.TOOL),
        **dict.fromkeys(("retrieval", "search_memory", "vector_db_retrieve", "vectordb"), Kind.RETRIEVER),
        **dict.fromkeys(("embeddings", "embedding", "aembedding"), Kind.EMBEDDING),
        **dict.fromkeys(("rerank", "arerank"), Kind.RERANKER),
        **dict.fromkeys(("invoke_agent", "create_agent", "agent_call", "invoke_*"), Kind.AGENT),
        "*_memory": Kind.CHAIN,
    },
}

HINTS = {
    "gen_ai.tool.name": Kind.TOOL,
    "gen_ai.tool.call.id": Kind.TOOL,
    "gen_ai.retrieval.*": Kind.RETRIEVER,
    "gen_ai.embeddings.*": Kind.EMBEDDING,
    "gen_ai.evaluation.*": Kind.EVALUATOR,
    "gen_ai.input.messages": Kind.LLM,
    "gen_ai.output.messages": Kind.LLM,
    "gen_ai.request.model": Kind.LLM,
    "gen_ai.response.model": Kind.LLM,
}

_REQUEST = "gen_ai.request"
_VENDOR_PARAMS = ("openai.request", "gen_ai.openai.request")
_NAMED_PARAMS = {"gen_ai.output.type": "output.type", "gen_ai.retrieval.top_k": "top_k"}
_NOT_PARAMS = frozenset({"model", "user"})
_METADATA = (
    *("gen_ai.agent.id", "gen_ai.agent.description", "gen_ai.agent.version", "gen_ai.data_source.id"),
    "gen_ai.conversation.compacted",
)
"""Attributes that are no field here: what an agent is beside its name, which data were searched."""
_CONTENT: Mapping[str, ReadField] = {
    "gen_ai.input.messages": "input_messages",
    "gen_ai.output.messages": "output_messages",
    "gen_ai.system_instructions": "instructions",
    "gen_ai.tool.definitions": "tool_defs",
    "gen_ai.retrieval.documents": "documents",
}


def _content(value: object, field: ReadField) -> object:
    if field == "instructions":
        return tuple(parts_of(value))
    if field == "tool_defs":
        return tool_definitions(value)
    if field == "documents":
        return documents_of(value)
    return messages_of(value, "user" if field == "input_messages" else "assistant")


def _of_span(key: str, field: ReadField) -> Reader:
    def read(source: Source) -> Found | None:
        value = source.decode_list(source.value(key), key)
        return None if value is None else Found(_content(value, field), key)

    return Reader(field, Rank.SPAN, read)


def _of_details(key: str, field: ReadField) -> Reader:
    """The same from the event that holds the details of an operation: a span event, or a log record.

    A tool's arguments and result are no conversation.
    """

    def read(source: Source) -> Found | None:
        if source.attributes.get("gen_ai.operation.name") == "execute_tool":
            return None
        for where, attributes in _details(source):
            value = attributes.get(key)
            if value is not None and not is_hidden(value):
                return Found(_content(source.decode_list(value, key), field), f"{where} {DETAILS_EVENT}: {key}")
        return None

    return Reader(field, Rank.DETAILS_EVENT, read)


def _details(source: Source) -> Iterator[tuple[str, Attributes]]:
    for event in source.span.events:
        if event.name == DETAILS_EVENT:
            yield "event", event.attributes
    for record in source.logs:
        if event_name_of(record) == DETAILS_EVENT:
            body = record.body
            yield "log", {**body, **record.attributes} if isinstance(body, Mapping) else record.attributes


def _of_tool(field: ReadField) -> Reader:
    """A tool's arguments or result where they stand in messages, as in Strands' newer events: as the part they are."""
    output = field == "tool.result"
    key = "gen_ai.output.messages" if output else "gen_ai.input.messages"

    def read(source: Source) -> Found | None:
        if source.attributes.get("gen_ai.operation.name") != "execute_tool":
            return None
        for where, attributes in (("", source.attributes), *_details(source)):
            for message in messages_of(decode(attributes.get(key)).value, "tool"):
                for part in message.parts:
                    said = f"{where} {DETAILS_EVENT}: {key}" if where else key
                    if output and isinstance(part, ToolResult):
                        return Found(part.result, said)
                    if not output and isinstance(part, ToolCall):
                        return Found(part.arguments, said)
        return None

    return Reader(field, Rank.DETAILS_EVENT, read)


def _metadata(source: Source) -> Found:
    given = {key.removeprefix("gen_ai."): source.value(key) for key in _METADATA if key in source.attributes}
    return Found({name: value for name, value in given.items() if value not in (None, "")}, "gen_ai.*")


def _params(source: Source) -> Found:
    given: dict[str, AttributeValue] = {}
    for prefix in (_REQUEST, *_VENDOR_PARAMS):
        for told in (True, False):
            found = source.below(prefix, told=told)
            given.update((name, value) for _, name, value in found if name not in _NOT_PARAMS)
    for key, name in _NAMED_PARAMS.items():
        if (value := source.value(key)) is not None:
            given[name] = value
    return Found(given, f"{_REQUEST}.*")


def _finish_reasons(source: Source) -> Found | None:
    for key in ("gen_ai.response.finish_reasons", "gen_ai.response.finish_reason"):
        if found := strings(source.value(key)):
            return Found(found, key)
        if found := strings(source.told.get(key)):
            return Found(found, f"log {DETAILS_EVENT}: {key}")
    return None


def _variables(source: Source) -> Found:
    return Found({name: value for _, name, value in source.below("gen_ai.prompt.variable")}, "gen_ai.prompt.variable.*")


def _evaluations(source: Source) -> Found:
    """Judgements: on the span itself, or as events `gen_ai.evaluation.result`."""
    holders: list[Attributes] = [source.attributes]
    records: tuple[SpanEvent | LogRecord, ...] = (*source.span.events, *source.logs)
    holders += [record.attributes for record in records if event_name_of(record) == "gen_ai.evaluation.result"]
    found = []
    for holder in holders:
        item = {
            "name": holder.get("gen_ai.evaluation.name"),
            "score": holder.get("gen_ai.evaluation.score.value"),
            "label": holder.get("gen_ai.evaluation.score.label"),
            "explanation": holder.get("gen_ai.evaluation.explanation"),
        }
        if (judged := evaluation_of(item)) is not None:
            found.append(judged)
    return Found(tuple(found), "gen_ai.evaluation.*")


CONVENTION = Convention(
    name="OTel GenAI",
    version="semantic-conventions 1.41, semantic-conventions-genai",
    order=20,
    scopes=("opentelemetry.util.genai.",),
    marks=("gen_ai.*",),
    fields=FIELDS,
    log_events=(DETAILS_EVENT, EXCEPTION_EVENT),
    own_events=(DETAILS_EVENT,),
    kinds=KINDS,
    hints=HINTS,
    readers=(
        *(_of_span(key, field) for key, field in _CONTENT.items()),
        *(_of_details(key, field) for key, field in _CONTENT.items()),
        *(_of_tool(field) for field in ("tool.arguments", "tool.result")),
        Reader("params", Rank.SPAN, _params),
        Reader("metadata", Rank.SPAN, _metadata),
        Reader("finish_reasons", Rank.SPAN, _finish_reasons),
        Reader("prompt.variables", Rank.SPAN, _variables),
        Reader("evals", Rank.SPAN, _evaluations),
    ),
    words={"gen_ai.input.messages": lambda attributes, key: json_words(attributes[key])},
)
