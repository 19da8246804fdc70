"""Haystack.

Follows haystack-ai 2.9 to 3.4 (`core/pipeline`, `components/agents`, `tracing`, `dataclasses/chat_message.py`). The
kind of a component is told by the end of its type's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import ChatMessage, Document, Kind
from tracetui.semconv.core.content import documents_of, embedding_of, tool_definitions
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, ReadField, Source
from tracetui.semconv.core.exchange import spoken
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.messages import messages_of, with_system
from tracetui.semconv.core.parts import parts_of
from tracetui.semconv.core.usage import object_in_text, usage_fields
from tracetui.semconv.core.values import is_list, text

_TYPE = "haystack.component.type"
_COMPONENT = "haystack.component"
_STEP_LLM = "haystack.agent.step.llm"
_STEP_TOOL = "haystack.agent.step.tool"
_INPUTS = (f"{_COMPONENT}.input", f"{_STEP_LLM}.input", "haystack.agent.input")
_OUTPUTS = (f"{_COMPONENT}.output", f"{_STEP_LLM}.output", "haystack.agent.output")

FIELDS: Mapping[str, Field] = {
    f"{_COMPONENT}.input": "input",
    f"{_STEP_LLM}.input": "input",
    "haystack.agent.input": "input",
    "haystack.pipeline.input_data": "input",
    f"{_COMPONENT}.output": "output",
    f"{_STEP_LLM}.output": "output",
    "haystack.agent.output": "output",
    "haystack.pipeline.output_data": "output",
    "haystack.tool.name": "tool.name",
    "haystack.tool.description": "tool.description",
    "haystack.tool.call.id": "tool.call_id",
    f"{_STEP_TOOL}.input": "tool.arguments",
    f"{_STEP_TOOL}.output": "tool.result",
}

KINDS = {
    _TYPE: {
        "*retriever": Kind.RETRIEVER,
        "*embedder": Kind.EMBEDDING,
        "*ranker": Kind.RERANKER,
        "*generator": Kind.LLM,
        "*agent": Kind.AGENT,
        "*evaluator": Kind.EVALUATOR,
        "*promptbuilder": Kind.PROMPT,
        "*": Kind.CHAIN,
    }
}

HINTS = {
    "haystack.tool.name": Kind.TOOL,
    f"{_STEP_LLM}.input": Kind.LLM,
    f"{_STEP_LLM}.output": Kind.LLM,
    "haystack.agent.max_steps": Kind.AGENT,
    "haystack.agent.step": Kind.CHAIN,
    "haystack.pipeline.*": Kind.CHAIN,
}

_MODEL = re.compile(r'"model": "([^"\\]{1,200})"')
_NEAR = 8_192
_ANSWERS = ('{"replies":', '{"embedding":', '{"documents":')
"""Beginnings of what a generator or an embedder puts out; others may hold the replies of others."""
_OF_A_DOCUMENT = frozenset("id content blob score embedding sparse_embedding dataframe meta".split())
_NOT_METADATA = frozenset({"input", "output", "input_types", "input_spec", "output_spec"})


def _of_reply(value: AttributeValue) -> Iterable[tuple[Field, object]]:
    """Model and usage of what a model answered, from its metadata: before the words of a reply, behind a vector."""
    if not isinstance(value, str) or not value.startswith(_ANSWERS):
        return ()
    for near in (value[:_NEAR], value[-_NEAR:]):
        at = near.rfind('meta": ')
        model = _MODEL.search(near, at) if at >= 0 else None
        if model is not None:
            return [("model_response", model[1]), *usage_fields(object_in_text(near[at:], "usage")).items()]
    return ()


def _message(item: object) -> object:
    """A message; before 2.13 its entries are `_role`, `_content` and so on."""
    return {name.removeprefix("_"): part for name, part in item.items()} if isinstance(item, Mapping) else item


def _messages(value: object, names: tuple[str, ...], role: str) -> tuple[ChatMessage, ...]:
    """The messages under the first of these names; plain words, or a list of them, count as such."""
    given = value if isinstance(value, Mapping) else {}
    for name in names:
        listed = given.get(name)
        items = listed if is_list(listed) else [listed]
        if messages := spoken(listed, role) or messages_of([_message(item) for item in items], role):
            return with_system(messages, parts_of(given.get("system_prompt")))
    return ()


def _conversation(field: ReadField, role: str, keys: tuple[str, ...], names: tuple[str, ...]) -> Reader:
    def read(source: Source) -> Found | None:
        for key in keys:
            if messages := _messages(source.decoded(key), names, role):
                return Found(messages, key)
        return None

    return Reader(field, Rank.VENDOR, read)


def _tools(source: Source) -> Found | None:
    for key in (f"{_COMPONENT}.input", f"{_STEP_LLM}.input", "haystack.agent.tools"):
        value = source.decoded(key)
        listed = value.get("tools") if isinstance(value, Mapping) else value
        if is_list(listed):
            items = [item.get("data", item) if isinstance(item, Mapping) else item for item in listed]
            return Found(tool_definitions(items), key)
    return None


def _finish_reasons(source: Source) -> Found | None:
    """Why each reply ended: in its own metadata, or in the one list beside plain words."""
    for key in _OUTPUTS:
        value = source.decoded(key)
        reasons = (meta.get("finish_reason") for meta in _metas(value))
        if found := tuple(reason for reason in reasons if isinstance(reason, str)):
            return Found(found, key)
    return None


def _metas(value: object) -> Iterator[Mapping[str, object]]:
    given = value if isinstance(value, Mapping) else {}
    replies = given.get("replies")
    listed = (
        [item.get("meta", item.get("_meta")) for item in replies if isinstance(item, Mapping)]
        if is_list(replies)
        else []
    )
    beside = given.get("meta")
    for meta in (*listed, *(beside if is_list(beside) else ())):
        if isinstance(meta, Mapping):
            yield meta


def _documents(source: Source) -> Found | None:
    value = source.decoded(f"{_COMPONENT}.output")
    listed = value.get("documents") if isinstance(value, Mapping) else None
    kind = text(source.value(_TYPE)) or ""
    if not is_list(listed) or not kind.endswith(("Retriever", "Ranker")):
        return None
    found = zip(listed, documents_of(listed), strict=False)
    return Found(tuple(_document(item, document) for item, document in found), f"{_COMPONENT}.output")


def _document(item: object, found: Document) -> Document:
    """A document whose metadata stand among its own entries, as Haystack 2 writes them, or below `meta`."""
    given = item if isinstance(item, Mapping) else {}
    beside = {name: value for name, value in given.items() if name not in _OF_A_DOCUMENT}
    return replace(found, metadata=given.get("meta") or beside or None, title="", uri="")


def _embedding(source: Source) -> Found | None:
    if not (text(source.value(_TYPE)) or "").endswith("Embedder"):
        return None
    value = source.decoded(f"{_COMPONENT}.output")
    documents = value.get("documents") if isinstance(value, Mapping) else None
    return Found(embedding_of(value if documents is None else documents), f"{_COMPONENT}.output")


def _metadata(source: Source) -> Found:
    found = {name: source.decoded(key) for key, name, _ in source.below(_COMPONENT) if name not in _NOT_METADATA}
    return Found(found, f"{_COMPONENT}.*")


CONVENTION = Convention(
    name="Haystack",
    version="haystack-ai 3.4.1",
    order=21,
    scopes=("haystack",),
    marks=("haystack.*",),
    fields=FIELDS,
    kinds=KINDS,
    hints=HINTS,
    opens={f"{_COMPONENT}.output": _of_reply, f"{_STEP_LLM}.output": _of_reply},
    readers=(
        _conversation("input_messages", "user", _INPUTS, ("messages", "prompt", "text")),
        _conversation("output_messages", "assistant", _OUTPUTS, ("replies", "tool_messages", "last_message")),
        Reader("finish_reasons", Rank.VENDOR, _finish_reasons),
        Reader("tool_defs", Rank.VENDOR, _tools),
        Reader("documents", Rank.VENDOR, _documents),
        Reader("embedding", Rank.VENDOR, _embedding),
        Reader("metadata", Rank.VENDOR, _metadata),
    ),
)
