"""A tool's arguments and its answer out of what recorders wrap around them.

Known are recorded Python calls (`{"args": [], "kwargs": {…}}`), LangChain's callbacks (`{"input_str": …, "inputs": …}`
and `{"output": …, "kwargs": {…}}`), LangGraph's `{"type": "tool_call", "args": {…}}`, MCP's requests and
`{"tool_name": …, "arguments": {…}}`, and Gemini's `{"name": …, "response": {…}}`.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.chat import ToolResult
from tracetui.semconv.core.messages import message_of
from tracetui.semconv.core.parts import JSONObject
from tracetui.semconv.core.values import decode, is_list

_OF_GEMINI = {"id", "name", "response", "will_continue", "scheduling", "parts"}


def arguments_of(value: object) -> object:
    """The arguments alone; anything that is not wrapped is itself."""
    if is_list(value) and len(value) == 1 and isinstance(value[0], Mapping) and value[0].get("type") == "tool_call":
        value = value[0]
    if not isinstance(value, Mapping):
        return value
    names = value.keys()
    if names <= {"args", "kwargs"} and not value.get("args") and isinstance(value.get("kwargs"), Mapping):
        return value["kwargs"]
    if "input_str" in names and names & {"inputs", "tags", "metadata"}:
        given = value.get("inputs")
        return given if isinstance(given, Mapping) else decode(value["input_str"]).value
    if value.get("type") == "tool_call" and "args" in names:
        return value["args"]
    if "arguments" in names and "tool_name" in names:
        return value["arguments"]
    params = value.get("params")
    if value.get("method") == "tools/call" and isinstance(params, Mapping):
        return params.get("arguments")
    return value


def answer_of(value: object) -> object:
    """The answer alone; anything that is not wrapped is itself."""
    if isinstance(value, Mapping) and "output" in value and value.keys() <= {"output", "kwargs"}:
        value = decode(value["output"]).value
    if isinstance(value, Mapping) and {"name", "response"} <= value.keys() <= _OF_GEMINI:
        return value["response"]
    if isinstance(value, Mapping) and _is_tool_message(value):
        message = message_of(value, "tool")
        parts = message.parts if message is not None else ()
        if len(parts) == 1 and isinstance(parts[0], ToolResult):
            return parts[0].result
    return value


def _is_tool_message(value: JSONObject) -> bool:
    named = value.get("id")
    built = value.get("type") == "constructor" and is_list(named) and named[-1:] == ["ToolMessage"]
    return built or (value.get("type") == "tool" and "content" in value and "tool_call_id" in value)
