"""MCP through Logfire: requests and responses of the protocol as JSON.

Follows logfire 3.25 to 5.4 (`_internal/integrations/mcp.py`), for version 1 of the MCP SDK; version 2 writes spans of
its own, which read as OTel GenAI.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tracetui.model.attributes import AttributeValue
from tracetui.semconv.core.convention import Convention
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.parts import tool_result
from tracetui.semconv.core.values import is_list, small_mapping


def _request(value: AttributeValue) -> Iterator[tuple[Field, object]]:
    params = small_mapping(value).get("params")
    if isinstance(params, Mapping):
        yield "tool.name", params.get("name")
        yield "tool.arguments", params.get("arguments")


def _response(value: AttributeValue) -> Iterator[tuple[Field, object]]:
    response = small_mapping(value)
    content = response.get("content")
    if is_list(content):
        yield "tool.result", tool_result(content).result
    if response.get("isError") is True:
        yield "error.mark", "error"


CONVENTION = Convention(
    name="Logfire, MCP",
    version="logfire 5.4.0",
    order=6,
    scopes=("logfire.mcp",),
    private=True,
    opens={"request": _request, "response": _response},
)
