"""Anthropic's own SDKs and API: what their spans carry beside OTel GenAI attributes.

Follows anthropic 2.12 to 2.14 (`_tracing.py`). Its spans hold no content, and up to 2.12 no count of what was given,
which is then not known. Spans of the API itself may join the trace, of the same call.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.chat import Kind
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.values import strings

FIELDS: Mapping[str, Field] = {
    "anthropic.response.service_tier": "service_tier",
}

KINDS = {
    # Calls that name a model and ask nothing of it.
    "http.route": {"*/count_tokens": Kind.CHAIN, "/v1/sessions*": Kind.CHAIN, "*": Kind.UNKNOWN},
}

_PARAMS = {
    "anthropic.request.service_tier": "service_tier",
    "anthropic.thinking.type": "thinking.type",
    "anthropic.thinking.budget_tokens": "thinking.budget_tokens",
    "anthropic.beta": "beta",
}
_METADATA = ("anthropic.request.id", "anthropic.organization.id", "anthropic.workspace.id")


def _params(source: Source) -> Found:
    given = {name: source.attributes[key] for key, name in _PARAMS.items() if key in source.attributes}
    return Found(given, "anthropic.*")


def _metadata(source: Source) -> Found:
    given = {
        key.partition(".")[2]: value
        for key, value in source.attributes.items()
        if key in _METADATA or key.startswith("anthropic.session.")
    }
    return Found(given, "anthropic.*")


def _finish_reasons(source: Source) -> Found:
    return Found(strings(source.value("anthropic.message.stop_reason")), "anthropic.message.stop_reason")


CONVENTION = Convention(
    name="Anthropic SDK",
    version="anthropic 2.14.0",
    order=5,
    scopes=("com.anthropic.sdk.", "com.anthropic.claude-platform"),
    private=True,
    fields=FIELDS,
    kinds=KINDS,
    readers=(
        Reader("finish_reasons", Rank.CLIENT, _finish_reasons),
        Reader("params", Rank.CLIENT, _params),
        Reader("metadata", Rank.CLIENT, _metadata),
    ),
)
