"""Facts of a span that are one key and one value, read the same way for the columns and for the full reading."""

from __future__ import annotations

from tracetui.model.chat import Cost, Kind
from tracetui.semconv.core import providers
from tracetui.semconv.core.fields import READERS
from tracetui.semconv.core.table import Collected
from tracetui.semconv.core.values import label

_HOSTED = frozenset({Kind.LLM, Kind.EMBEDDING, Kind.RERANKER})


def first(found: Collected, field: str) -> object:
    """The most believed value of a field that can be read; None where there is none."""
    ranked = found.fields.get(field)
    if ranked is None:
        return None
    read, values = READERS[field], found.values
    for _, name in ranked:
        value = read(values[name])
        if value is not None:
            return value
    return None


def readable(found: Collected, field: str) -> list[tuple[int, str, object]]:
    """All values of a field that can be read with rank and key, the most believed first."""
    read = READERS[field]
    values = ((rank, key, read(value)) for rank, key, value in found.candidates(field))
    return [candidate for candidate in values if candidate[2] is not None]


def source(found: Collected, field: str) -> str:
    """The key that `first` read."""
    return next((key for _, key, _ in readable(found, field)), "")


def word(found: Collected, field: str) -> str:
    """The most believed value of a field of words; empty where there is none."""
    value = first(found, field) if field in found.fields else None
    return value if isinstance(value, str) else ""


def models(found: Collected, kind: Kind) -> tuple[str, str]:
    """The model asked for and the one that answered; each empty where unknown. A `model` among the parameters of what
    calls no model means something else.
    """
    request = word(found, "model_request")
    response = word(found, "model_response") or word(found, "model_either")
    if not request and not response:
        return word(found, "model_params") if kind in _HOSTED or kind is Kind.UNKNOWN else "", ""
    if "/" in response:
        bare = _without_provider(found, response)
        return request or (response if bare != response else ""), bare
    return request, response


def _without_provider(found: Collected, model: str) -> str:
    """Routers write `openai/gpt-4o` where the provider is `openai`: the model that answered is `gpt-4o`."""
    start, _, bare = model.partition("/")
    named = (label(value) for _, _, value in found.candidates("provider"))
    return bare if bare and start in named else model


def provider(found: Collected, kind: Kind, model: str) -> str:
    """The provider: named, or told by the model where only a framework is named, or by the host that was called."""
    named = word(found, "provider")
    if named:
        return named
    if "provider" in found.fields:
        return providers.of_model(model)
    return providers.of_host(word(found, "host")) if kind in _HOSTED and "host" in found.fields else ""


def cost(found: Collected) -> Cost | None:
    """The cost that the sender reported, a total only from itself or from both sides."""
    given, told, total = (_dollars(found, f"cost.{side}") for side in ("input", "output", "total"))
    if total is None and given is not None and told is not None:
        total = given + told
    return None if given is None and told is None and total is None else Cost(given, told, total)


def _dollars(found: Collected, field: str) -> float | None:
    value = first(found, field)
    return value if isinstance(value, float) else None
