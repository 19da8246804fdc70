"""OpenLIT on the clients of Anthropic and Bedrock, whose input tokens leave out those of the cache.

Follows openlit 1.45.0 (`instrumentation/anthropic`, `instrumentation/bedrock`): it passes on the provider's own counts,
while its other instrumentation has the cache in the input.
"""

from __future__ import annotations

from tracetui.semconv import genai
from tracetui.semconv.core.convention import Convention

CONVENTION = Convention(
    name="OpenLIT, cache apart",
    version="openlit 1.45.0",
    order=19,
    scopes=(
        "openlit.instrumentation.anthropic",
        "openlit.instrumentation.bedrock",
    ),
    private=True,
    fields={key: field for key, field in genai.FIELDS.items() if field.startswith("tokens.")},
    excludes_cache=True,
)
