"""Spring AI: chat clients, advisors, tools and vector stores."""

from __future__ import annotations

import pytest

from tests.unit.semconv.making import columns, read
from tracetui.model.chat import Document, Kind, Tool, ToolDefinition

FRAMEWORK = {"gen_ai.operation.name": "framework", "gen_ai.system": "spring_ai"}


@pytest.mark.parametrize(
    ("kind", "beside", "wanted"),
    [
        ("chat_client", FRAMEWORK, Kind.CHAIN),
        ("advisor", FRAMEWORK, Kind.CHAIN),
        ("tool_call", FRAMEWORK, Kind.TOOL),
        ("vector_store", {"db.vector.query.content": "rain", "db.operation.name": "query"}, Kind.RETRIEVER),
        ("vector_store", {"db.operation.name": "add"}, Kind.CHAIN),
    ],
)
def test_kinds(kind: str, beside: dict[str, str], wanted: Kind) -> None:
    attributes = {"spring.ai.kind": kind, **beside}
    full = read(attributes)
    assert full.kind is columns(attributes).kind is wanted
    assert (full.convention, full.provider, full.problems) == ("Spring AI", "", ())


def test_a_tool() -> None:
    attributes = {
        **FRAMEWORK,
        "spring.ai.kind": "tool_call",
        "spring.ai.tool.definition.name": "weather",
        "spring.ai.tool.definition.description": "Tells the weather.",
        "spring.ai.tool.call.arguments": '{"city": "Oslo"}',
        "spring.ai.tool.call.result": "rain",
    }
    assert read(attributes).tool == Tool("weather", "Tells the weather.", "", {"city": "Oslo"}, "rain")
    assert columns(attributes).tool_name == "weather"


def test_a_chat_client() -> None:
    attributes = {
        **FRAMEWORK,
        "spring.ai.kind": "chat_client",
        "spring.ai.chat.client.conversation.id": "c1",
        "spring.ai.chat.client.tool.names": '["weather", "hotels"]',
        "spring.ai.chat.client.stream": "false",
    }
    found = read(attributes)
    assert found.session_id == columns(attributes).session_id == "c1"
    assert found.tool_defs == (ToolDefinition("weather"), ToolDefinition("hotels"))
    assert found.metadata == {"kind": "chat_client", "chat.client.stream": "false"}


def test_a_vector_store() -> None:
    attributes = {
        "spring.ai.kind": "vector_store",
        "db.operation.name": "query",
        "db.vector.query.content": "rain",
        "db.vector.query.top_k": "4",
        "db.vector.query.response.documents": '["It rains.", "It is dry."]',
    }
    found = read(attributes)
    assert (found.input, found.documents) == ("rain", (Document("It rains."), Document("It is dry.")))
    assert found.params["top_k"] == "4"
