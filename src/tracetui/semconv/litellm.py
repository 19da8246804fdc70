"""LiteLLM, from its own OpenTelemetry integration: what it writes beside the OTel GenAI attributes.

Follows litellm 1.110.2 (`integrations/opentelemetry.py`). Maps among its values are as Python prints them. Its
OpenInference instrumentation is plain OpenInference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tracetui.model.attributes import AttributeValue
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.usage import usage_fields
from tracetui.semconv.core.values import python_mapping, small_mapping, strings

_METADATA = "metadata"

FIELDS: Mapping[str, Field] = {
    "litellm.provider.model": "model_request",
    f"{_METADATA}.session_id": "session_id",
    f"{_METADATA}.user_api_key_end_user_id": "user_id",
    f"{_METADATA}.user_api_key_user_id": "user_id",
}

_REQUESTER: Mapping[str, Field] = {
    "session_id": "session_id",
    "trace_user_id": "user_id",
    "user_id": "user_id",
}
"""What a caller of the proxy may have said of itself."""


def _usage(value: AttributeValue) -> Iterable[tuple[Field, object]]:
    """The provider's usage, whose details no other attribute has."""
    return usage_fields(python_mapping(value) or value).items()


def _requester(value: AttributeValue) -> Iterable[tuple[Field, object]]:
    found = python_mapping(value) or small_mapping(value)
    return [(field, found[name]) for name, field in _REQUESTER.items() if name in found]


def _metadata(source: Source) -> Found:
    found = {name: value for _, name, value in source.below("litellm")}
    return Found(found, "litellm.*")


CONVENTION = Convention(
    name="LiteLLM",
    version="litellm 1.110.2",
    order=21,
    scopes=("litellm",),
    marks=("litellm.*",),
    fields=FIELDS,
    opens={f"{_METADATA}.usage_object": _usage, f"{_METADATA}.requester_metadata": _requester},
    readers=(
        Reader("metadata", Rank.VENDOR, _metadata),
        Reader(
            "tags", Rank.VENDOR, lambda source: Found(strings(source.value(f"{_METADATA}.tags")), f"{_METADATA}.tags")
        ),
    ),
)
