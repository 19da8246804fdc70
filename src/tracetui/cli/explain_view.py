"""Where each field of a span came from, as a table of text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from tracetui.cli.output import Piece
from tracetui.model.attributes import json_value
from tracetui.model.chat import NormalisedSpan
from tracetui.model.explain import explain
from tracetui.sanitise import one_line

_NAME_WIDTH, _VALUE_WIDTH = 18, 32
_COUNTED = {
    "input_messages": "message",
    "output_messages": "message",
    "tool_defs": "tool",
    "documents": "document",
    "rerank.documents": "document",
    "evals": "evaluation",
}
"""Fields that are told by their number, and of what."""


def explain_lines(n: NormalisedSpan) -> Iterator[Sequence[Piece]]:
    """A head line, then a line for each field: its name, its value cut short, where it came from and what was done."""
    yield ((one_line(n.span.name) or "(no name)", "heading"), (f"  read as {n.convention or 'plain OTLP'}", "dim"))
    for found in explain(n):
        value = explained_value(found.field, found.value)
        shown = value if len(value) <= _VALUE_WIDTH else value[: _VALUE_WIDTH - 1] + "…"
        yield (
            (f"{found.field:<{_NAME_WIDTH}} ", "accent"),
            f"{shown:<{_VALUE_WIDTH}} ",
            (one_line(found.sentence), "dim"),
        )
    for problem in dict.fromkeys((*n.span.problems, *n.problems)):
        yield (("! ", "error"), one_line(problem))


def explained_value(field: str, value: object) -> str:
    """A value in a few words: lists of content by their number, others as themselves."""
    if field in _COUNTED and isinstance(value, tuple):
        return f"{len(value)} {_COUNTED[field]}{'' if len(value) == 1 else 's'}"
    if isinstance(value, str):
        return one_line(value, 120)
    return one_line(json.dumps(json_value(value), ensure_ascii=False), 120)
