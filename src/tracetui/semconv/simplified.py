"""The simplified keys of hand-written instrumentation, and spans that have no more than an input and an output.

Not a published convention: section 4.6 of the project's reference. OpenInference's own keys win where both are there.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.chat import Kind
from tracetui.semconv.core.content import documents_of, evaluation_of
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.messages import messages_of
from tracetui.semconv.core.preview import json_words

FIELDS: Mapping[str, Field] = {
    "retriever.query": "input",
    "tool.result": "tool.result",
}

HINTS = {
    "tool.result": Kind.TOOL,
    "retriever.query": Kind.RETRIEVER,
    "retriever.documents*": Kind.RETRIEVER,
    "eval.score": Kind.EVALUATOR,
    "eval.type": Kind.EVALUATOR,
}


def _messages(side: str, role: str) -> Reader:
    key = f"llm.{side}_messages"

    def read(source: Source) -> Found | None:
        value = source.decode_list(source.value(key), key)
        return None if value is None else Found(messages_of(value, role), key)

    return Reader("input_messages" if side == "input" else "output_messages", Rank.FLAT_TEXT, read)


def _documents(source: Source) -> Found | None:
    flat = source.items("retriever.documents")
    value = flat or source.decoded("retriever.documents")
    return None if value is None else Found(documents_of(value), "retriever.documents")


def _evaluation(source: Source) -> Found | None:
    tree = {name: value for _, name, value in source.below("eval")}
    found = evaluation_of({**tree, "name": tree.get("type")}) if tree.keys() & {"type", "score", "label"} else None
    return None if found is None else Found((found,), "eval.*")


CONVENTION = Convention(
    name="simplified keys",
    version="section 4.6 of the project's reference",
    order=22,
    marks=("input.value", "output.value", "llm.input_messages", "llm.output_messages", *FIELDS, *HINTS),
    fields=FIELDS,
    hints=HINTS,
    readers=(
        _messages("input", "user"),
        _messages("output", "assistant"),
        Reader("documents", Rank.FLAT_TEXT, _documents),
        Reader("evals", Rank.FLAT_TEXT, _evaluation),
    ),
    words={"llm.input_messages": lambda attributes, key: json_words(attributes[key])},
)
