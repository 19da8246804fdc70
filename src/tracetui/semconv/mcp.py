"""MCP: calls between a client and a server of the Model Context Protocol.

Follows open-telemetry/semantic-conventions 1.39 to 1.41 (`model/mcp`). The tool of a call stands in OTel GenAI's keys;
`mcp.request.argument` and `mcp.response.value` are those of opentelemetry-semantic-conventions-ai 0.4.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.chat import Kind
from tracetui.semconv.core.convention import Convention, Rank, Reader
from tracetui.semconv.core.fields import Field

FIELDS: Mapping[str, Field] = {
    "mcp.request.argument": "tool.arguments",
    "mcp.response.value": "tool.result",
    "mcp.resource.uri": "input",
}

KINDS = {
    # A call of a tool is one, everything else is plumbing.
    "mcp.method.name": {"tools/call": Kind.TOOL, "*": Kind.CHAIN},
}

_METADATA = (
    "mcp.method.name",
    "mcp.session.id",
    "mcp.protocol.version",
    "mcp.resource.uri",
    "jsonrpc.request.id",
    "rpc.response.status_code",
)
"""The session is that of the connection, not a conversation."""


CONVENTION = Convention(
    name="MCP",
    version="semantic-conventions 1.41",
    order=21,
    marks=("mcp.method.name",),
    fields=FIELDS,
    kinds=KINDS,
    readers=(Reader("metadata", Rank.SPAN, lambda source: source.some(_METADATA)),),
)
