"""What a span is and whom it called: the facts that come from a few values that repeat.

An application has few kinds of spans, models and tools. On the way in each combination of their values is worked out
once and remembered with the shape of the span (`table.Shape`).
"""

from __future__ import annotations

from typing import NamedTuple

from tracetui.model.chat import Kind
from tracetui.semconv.core import scalars
from tracetui.semconv.core.kinds import kind_of
from tracetui.semconv.core.table import Collected, Table

_MOST_IDENTITIES = 512
_LONG = 256
_MODELS = ("model_request", "model_response", "model_either")


class Identity(NamedTuple):
    """The facts that repeat; texts are empty where nothing is known."""

    kind: Kind
    model: str
    """The model that answered, or else the one asked for."""
    model_request: str
    provider: str
    service_tier: str
    tool_name: str
    agent_name: str


def identity(found: Collected, table: Table) -> Identity:
    """What a span is and whom it called."""
    shape = found.shape
    if shape.inside:
        return _identity(found, table)
    values = found.values
    repeating = tuple([values[name] for name in shape.repeating])
    try:
        known = shape.identities.get(repeating)
    except TypeError:  # a list or a map among them
        return _identity(found, table)
    if known is None:
        known = _identity(found, table)
        if len(shape.identities) < _MOST_IDENTITIES and _may_be_remembered(found, repeating):
            shape.identities[repeating] = known
    return known


def _may_be_remembered(found: Collected, repeating: tuple[object, ...]) -> bool:
    # 1, 1.0 and True are one key of a dict, so only text is; and where nothing names the model, the parameters may
    named = "model_params" not in found.fields or any(scalars.word(found, field) for field in _MODELS)
    return named and all(isinstance(value, str) and len(value) < _LONG for value in repeating)


def _identity(found: Collected, table: Table) -> Identity:
    kind = kind_of(found, table)
    request, response = scalars.models(found, kind)
    model = response or request
    return Identity(
        kind,
        model,
        request,
        scalars.provider(found, kind, model),
        scalars.word(found, "service_tier"),
        scalars.word(found, "tool.name") if kind is Kind.TOOL else "",
        scalars.word(found, "agent_name"),
    )
