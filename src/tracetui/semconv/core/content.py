"""Documents, judgements and tool definitions, whoever's JSON they come in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tracetui.model.chat import Document, Embedding, Evaluation, ToolDefinition
from tracetui.semconv.core.flat import nested
from tracetui.semconv.core.parts import JSONObject, first_of, word
from tracetui.semconv.core.values import decode, is_list, number

MAX_ITEMS = 20_000
"""Entries of a list that are read."""


def document_of(item: object) -> Document | None:
    """Read decoded JSON as a document: `{id, content|text|page_content, score, metadata}`, the same below `document`,
    LangChain's constructor of one, or plain words.
    """
    if isinstance(item, str):
        return Document(item) if item else None
    tree = nested(item) if isinstance(item, Mapping) else None
    if not isinstance(tree, Mapping):
        return None
    kwargs = tree.get("kwargs")
    if tree.get("type") == "constructor" and isinstance(kwargs, Mapping):
        tree = kwargs
    inner = tree.get("document")
    if isinstance(inner, Mapping):
        tree = {**tree, **inner}
    elif isinstance(inner, str):
        tree = {**tree, "content": inner}
    return Document(
        content=word(tree, "content", "text", "page_content", "pageContent"),
        id=word(tree, "id", "document_id"),
        score=number(first_of(tree, "score", "relevance_score")),
        metadata=decode(first_of(tree, "metadata", "meta")).value,
        title=word(tree, "title", "name"),
        uri=word(tree, "uri", "url"),
    )


def documents_of(value: object) -> tuple[Document, ...]:
    """Read decoded JSON as documents: a list of them, or one; also one object that holds them as `documents`."""
    if isinstance(value, Mapping) and is_list(value.get("documents")):
        value = value["documents"]
    items: Iterable[object] = value[:MAX_ITEMS] if is_list(value) else (value,)
    found = (document_of(decode(item).value if isinstance(item, str) else item) for item in items)
    return tuple(item for item in found if item is not None)


def tool_definition(item: object, *, name: object = None, description: object = None) -> ToolDefinition | None:
    """Read decoded JSON as a tool definition.

    Args:
        item: `{type: "function", function: {…}}`, `{type, name, parameters}`, `{name, input_schema}`, or a bare JSON
            Schema of the parameters.
        name: The tool's name, where it stands beside the JSON.
        description: What the tool does, where it stands beside the JSON.
    """
    given: JSONObject = item if isinstance(item, Mapping) else {}
    function = given.get("function")
    inner: JSONObject = function if isinstance(function, Mapping) else given
    found = word(inner, "name") or (name if isinstance(name, str) else "")
    said = word(inner, "description") or (description if isinstance(description, str) else "")
    parameters = first_of(inner, "parameters", "input_schema", "inputSchema", "parameters_json_schema")
    if parameters is None and inner.get("type") == "object" and "properties" in inner:
        parameters, found = inner, name if isinstance(name, str) and name else word(inner, "title")
    if not found and not parameters:
        kind = word(given, "type")
        return ToolDefinition(kind, said) if kind else None
    return ToolDefinition(found, said, decode(parameters).value)


def tool_definitions(value: object) -> tuple[ToolDefinition, ...]:
    """Read decoded JSON as tool definitions; Gemini's `{functionDeclarations: […]}` counts as those inside."""
    items: Iterable[object] = value[:MAX_ITEMS] if is_list(value) else (value,)
    found: list[ToolDefinition] = []
    for item in items:
        item = decode(item).value
        inner = first_of(item, "functionDeclarations", "function_declarations") if isinstance(item, Mapping) else None
        if is_list(inner):
            found.extend(tool_definitions(inner))
        elif (definition := tool_definition(item)) is not None:
            found.append(definition)
    return tuple(found)


def embedding_of(value: object) -> Embedding | None:
    """How many vectors a response has, and of what length: `{data: [{embedding}]}`, `{embeddings: […]}`, a list of
    vectors, or one.
    """
    for name in ("data", "embeddings", "embedding"):
        value = value.get(name, value) if isinstance(value, Mapping) else value
    if not is_list(value) or not value:
        return None
    vectors = [item.get("embedding") if isinstance(item, Mapping) else item for item in value[:MAX_ITEMS]]
    if all(isinstance(number, int | float) for number in vectors):
        return Embedding("", 1, len(vectors))
    sizes = [len(vector) for vector in vectors if is_list(vector)]
    return Embedding("", len(vectors), max(sizes, default=None))


def evaluation_of(item: JSONObject, scope: str = "span") -> Evaluation | None:
    """Read `{name, score, label, explanation, annotator_kind}` as a judgement; None where it judges nothing."""
    score = first_of(item, "score", "value")
    said = word(item, "label")
    if isinstance(score, bool):
        said, score = said or str(score).lower(), float(score)
    elif isinstance(score, str) and number(score) is None:
        said, score = said or score, None
    name, why = word(item, "name", "type"), word(item, "explanation")
    if score is None and not said and not why and not name:
        return None
    return Evaluation(name, number(score), said, why, word(item, "annotator_kind"), scope)
