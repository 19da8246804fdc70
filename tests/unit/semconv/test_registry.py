"""How conventions are found, told apart and put together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.semconv.making import columns, read
from tracetui import semconv
from tracetui.model.attributes import Attributes, AttributeValue
from tracetui.model.chat import Kind, TokenUsage
from tracetui.semconv.core.convention import Convention
from tracetui.semconv.core.kinds import kind_of
from tracetui.semconv.core.table import Table, usage
from tracetui.semconv.registry import CONVENTIONS


def test_every_module_beside_the_registry_is_a_convention_that_states_its_version() -> None:
    folder = Path(semconv.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "registry"}
    assert len(CONVENTIONS) == len(modules)
    assert all(convention.name and convention.version for convention in CONVENTIONS)
    assert len({convention.name for convention in CONVENTIONS}) == len(CONVENTIONS)


@pytest.mark.parametrize(
    ("scope", "attributes", "convention"),
    [
        ("openinference.instrumentation.openai", {}, "OpenInference"),
        ("app", {"openinference.span.kind": "LLM", "gen_ai.system": "openai"}, "OpenInference"),
        ("app", {"gen_ai.system": "openai"}, "OTel GenAI"),
        ("app", {"mcp.method.name": "initialize"}, "MCP"),
        ("pydantic-ai", {"gen_ai.system": "openai"}, "Pydantic AI"),
        ("app", {"llm.input_messages": "[]"}, "simplified keys"),
        ("app", {"output.value": "x"}, "simplified keys"),
        ("app", {"http.route": "/"}, ""),
    ],
)
def test_the_primary_convention(scope: str, attributes: dict[str, str], convention: str) -> None:
    assert read(attributes, scope=scope).convention == convention


def test_common_words_mean_something_only_in_their_own_scope() -> None:
    attributes = {"model_name": "resnet", "agent_name": "warehouse robot"}
    assert columns(attributes, scope="trainer").model == read(attributes, scope="trainer").model == ""
    assert columns(attributes, scope="pydantic-ai").model == "resnet"


def test_what_a_private_convention_reads_is_read_only_in_its_own_scope() -> None:
    attributes = {"pydantic_ai.all_messages": '[{"role": "user", "content": "hi"}]'}
    assert read(attributes, scope="trainer").input_messages == ()
    assert len(read(attributes, scope="pydantic-ai").input_messages) == 1


def test_a_convention_is_its_tables() -> None:
    mine = Convention(
        name="Mine",
        version="1",
        order=1,
        fields={"my.in": "tokens.input", "my.cached": "tokens.cache_read"},
        kinds={"my.kind": {"ask": Kind.LLM, "act*": Kind.TOOL}},
        excludes_cache=True,
    )
    table = Table((mine, *CONVENTIONS))
    found = table.collect({"my.in": 5, "my.cached": 3, "my.kind": "Acting", "gen_ai.operation.name": "chat"})
    assert kind_of(found, table) is Kind.TOOL
    assert usage(found, table).input == 8


def test_what_a_key_means_is_remembered_within_bounds() -> None:
    table = Table(CONVENTIONS)
    for number in range(20_000):
        table.collect({f"custom.{number}": 1})
    assert len(table.known) <= 16_384
    assert table.collect({"llm.model_name": "m"}).candidates("model_either")[0][1:] == ("llm.model_name", "m")


def test_one_value_opens_into_fields_that_stand_where_its_key_stands() -> None:
    mine = Convention(
        name="Mine",
        version="1",
        order=1,
        fields={"my.model": "model_request"},
        opens={
            "my.usage": lambda value: [("tokens.input", 3), ("tokens.output", 4), ("model_request", value)],
            "my.other": lambda value: [("tokens.input", 9)],
        },
    )
    table = Table((mine, *CONVENTIONS))
    found = table.collect({"my.other": 0, "my.usage": "inside", "my.model": "named"})
    assert usage(found, table) == TokenUsage(3, 4, 7)
    assert [value for _, _, value in found.candidates("model_request")] == ["named", "inside"]
    assert found.candidates("model_request")[1][1] == "my.usage"


def test_values_in_the_quotes_of_json_are_taken_out_only_where_a_convention_says_so() -> None:
    mine = Convention(name="Mine", version="1", order=1, fields={"my.model": "model_request"}, quoted=True)
    table = Table((mine, *CONVENTIONS))
    found = table.collect({"my.model": '"gpt \\"4\\""', "gen_ai.request.model": '"gpt"'})
    assert [value for _, _, value in found.candidates("model_request")] == ['gpt "4"', '"gpt"']
    assert table.collect({"my.model": '"cut'}).candidates("model_request")[0][2] == '"cut'


def test_a_kind_said_weakly_is_believed_only_where_nothing_else_tells() -> None:
    mine = Convention(
        name="Mine",
        version="1",
        order=1,
        kinds={"my.kind": {"ask": Kind.LLM}},
        weak_kinds={"my.kind": {"step": Kind.CHAIN}},
    )
    table = Table((mine, *CONVENTIONS))

    def kind(**more: str) -> Kind:
        attributes = {"my.kind": "Step", **{key.replace("__", "."): value for key, value in more.items()}}
        return kind_of(table.collect(attributes), table)

    assert kind() is Kind.CHAIN
    assert kind(gen_ai__operation__name="execute_tool") is Kind.TOOL
    assert kind(**{"gen_ai.request.model": "gpt"}) is Kind.LLM


def test_a_mark_of_failure_makes_an_error_with_the_message_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Convention(name="Mine", version="1", order=1, fields={"my.level": "error.mark", "my.said": "error.message"})
    table = Table((mine,))
    monkeypatch.setattr("tracetui.semconv.core.summary.columns_of", lambda scope: table)
    monkeypatch.setattr("tracetui.semconv.core.normalise.details_of", lambda scope: table)
    marks: tuple[AttributeValue, ...] = ("ERROR", "error", False, "false")
    for mark in marks:
        attributes: Attributes = {"my.level": mark, "my.said": "no room\nat all"}
        assert columns(attributes).is_error
        assert columns(attributes).preview == "no room"
        assert [error.message for error in read(attributes).errors] == ["no room\nat all"]
    marks = ("WARNING", True, "true", 0, None)
    for mark in marks:
        attributes = {"my.level": mark, "my.said": "no room"}
        assert not columns(attributes).is_error
        assert read(attributes).errors == ()


def test_a_first_token_in_seconds_or_milliseconds_is_told_by_the_length_of_the_span(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = Convention(name="Mine", version="1", order=1, fields={"my.first": "ttft_either"})
    monkeypatch.setattr("tracetui.semconv.core.normalise.details_of", lambda scope: Table((mine,)))
    assert read({"my.first": 0.5}).ttft_s == 0.5
    assert read({"my.first": 500}).ttft_s == 0.5
    assert read({"my.first": 5_000}).ttft_s is None
