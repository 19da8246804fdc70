"""Genkit: actions by their kind, with what they were given and gave back as JSON."""

from __future__ import annotations

import json

import pytest

from tests.unit.semconv.making import columns, read
from tracetui.model.attributes import AttributeValue
from tracetui.model.chat import Document, Embedding, Kind, MediaPart, ReasoningPart, TextPart, ToolCall, ToolResult


def action(kind: str, given: object = None, told: object = None, **more: AttributeValue) -> dict[str, AttributeValue]:
    """The attributes of an action."""
    found: dict[str, AttributeValue] = {"genkit:type": "action", "genkit:metadata:subtype": kind, **more}
    found |= {} if given is None else {"genkit:input": json.dumps(given)}
    return found | ({} if told is None else {"genkit:output": json.dumps(told)})


@pytest.mark.parametrize(
    ("subtype", "kind"),
    [
        ("model", Kind.LLM),
        ("background-model", Kind.LLM),
        ("tool", Kind.TOOL),
        ("tool.v2", Kind.TOOL),
        ("retriever", Kind.RETRIEVER),
        ("embedder", Kind.EMBEDDING),
        ("evaluator", Kind.EVALUATOR),
        ("flow", Kind.CHAIN),
        ("of its own", Kind.CHAIN),
    ],
)
def test_the_kind_of_an_action(subtype: str, kind: Kind) -> None:
    assert columns(action(subtype)).kind is kind
    assert (read(action(subtype)).kind, read(action(subtype)).problems) == (kind, ())


def test_a_span_that_is_no_action() -> None:
    assert columns({"genkit:type": "util", "genkit:name": "generate"}).kind is Kind.CHAIN


def test_a_call_of_a_model() -> None:
    given = {
        "messages": [
            {"role": "system", "content": [{"text": "Be terse."}]},
            {
                "role": "user",
                "content": [
                    {"text": "Look"},
                    {"media": {"url": "data:image/png;base64,iVBORw==", "contentType": "image/png"}},
                ],
            },
            {
                "role": "model",
                "content": [{"toolRequest": {"name": "weather", "ref": "c1", "input": {"city": "Oslo"}}}],
            },
            {"role": "tool", "content": [{"toolResponse": {"name": "weather", "ref": "c1", "output": {"t": 7}}}]},
        ],
        "config": {"temperature": 0.2},
        "tools": [{"name": "weather", "description": "w", "inputSchema": {"type": "object"}}],
    }
    told = {
        "message": {"role": "model", "content": [{"reasoning": "Clouds."}, {"text": 'It "rains".'}]},
        "finishReason": "stop",
        "usage": {"inputTokens": 20, "outputTokens": 9, "thoughtsTokens": 4, "totalTokens": 29},
        "raw": {"usage": {"prompt_tokens": 999}},
    }
    attributes = action(
        "model", given, told, **{"genkit:path": "/{f,t:flow}/{googleai/gemini-2.5-flash,t:action,s:model}"}
    )
    found = read(attributes, scope="genkit-tracer")
    assert [message.role for message in found.input_messages] == ["system", "user", "assistant", "tool"]
    assert found.input_messages[1].parts == (TextPart("Look"), MediaPart("image", "", "image/png", 4))
    assert found.input_messages[2].parts == (ToolCall("weather", {"city": "Oslo"}, "c1"),)
    assert found.input_messages[3].parts == (ToolResult({"t": 7}, "weather", "c1"),)
    assert found.output_messages[0].parts == (ReasoningPart("Clouds."), TextPart('It "rains".'))
    assert found.finish_reasons == ("stop",)
    assert found.params == {"temperature": 0.2}
    assert [(tool.name, tool.parameters) for tool in found.tool_defs] == [("weather", {"type": "object"})]
    assert found.convention == "Genkit"
    summed = columns(attributes)
    assert (summed.model, summed.provider) == ("gemini-2.5-flash", "gcp.gemini")
    # The output includes the thoughts.
    assert summed.tokens[:6] == found.tokens[:6] == (20, 9, 29, None, None, 4)


@pytest.mark.parametrize(
    "where",
    [
        {"genkit:key": "/model/openai/gpt-4o"},
        {"genkit:path": "/{myFlow,t:flow}/{generate,t:util}/{openai/gpt-4o,t:action,s:model}"},
    ],
)
def test_the_model_is_named_in_the_key_or_the_path(where: dict[str, AttributeValue]) -> None:
    found = columns(action("model", **where))
    assert (found.model, found.provider) == ("gpt-4o", "openai")
    assert (
        columns(action("tool", **{"genkit:key": "/tool/openai/gpt-4o", "genkit:path": "/{a,t:action,s:tool}"})).model
        == ""
    )


def test_candidates_of_an_older_version() -> None:
    message = {"role": "model", "content": [{"text": "Hi"}]}
    found = read(
        action("model", {"messages": []}, {"candidates": [{"index": 0, "message": message, "finishReason": "length"}]})
    )
    assert [(message.text, message.finish_reason) for message in found.output_messages] == [("Hi", "length")]


def test_a_tool_has_its_arguments_and_result_as_input_and_output() -> None:
    tool = read(action("tool", {"city": "Oslo"}, {"t": 7}, **{"genkit:name": "weather"})).tool
    assert tool is not None
    assert (tool.name, tool.arguments, tool.result) == ("weather", {"city": "Oslo"}, {"t": 7})


def test_words_of_a_flow_are_taken_out_of_their_quotes() -> None:
    found = read(action("flow", "Weather?", "It rains."))
    assert (found.input, found.output) == ("Weather?", "It rains.")


def test_documents_of_a_retriever() -> None:
    documents = [
        {"content": [{"text": "Tram 28."}], "metadata": {"id": "d1", "score": 0.9}},
        {"content": [{"text": "Closed."}]},
    ]
    found = read(action("retriever", {"query": {"content": [{"text": "trams"}]}}, {"documents": documents}))
    assert found.documents == (Document("Tram 28.", "d1", 0.9, {"id": "d1", "score": 0.9}), Document("Closed."))


def test_an_embedding_is_words_and_a_size() -> None:
    given = {"input": [{"content": [{"text": "museums"}]}]}
    attributes = action(
        "embedder", given, {"embeddings": [{"embedding": [0.1, 0.2, 0.3]}]}, **{"genkit:key": "/embedder/openai/e3"}
    )
    found = read(attributes)
    assert found.embedding == Embedding("e3", 1, 3)
    assert [message.text for message in found.input_messages] == ["museums"]


def test_an_output_cut_short_costs_only_itself() -> None:
    attributes = action("model", {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]})
    found = read(attributes | {"genkit:output": '{"message": {"role": "mod'})
    assert [message.text for message in found.input_messages] == ["Hi"]
    assert found.output_messages == ()
    assert len(found.problems) == 1


def test_a_state_of_error_is_an_error() -> None:
    assert columns(action("tool", **{"genkit:state": "error"})).is_error
    assert not columns(action("tool", **{"genkit:state": "success"})).is_error
