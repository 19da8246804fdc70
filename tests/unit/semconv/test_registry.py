"""How conventions are found, told apart and put together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.semconv.making import columns, read
from tracetui import semconv
from tracetui.model.chat import Kind
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
        ("app", {"mcp.method.name": "initialize"}, "OTel GenAI"),
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
    assert kind_of(found, table.kinds) is Kind.TOOL
    assert usage(found, table).input == 8


def test_what_a_key_means_is_remembered_within_bounds() -> None:
    table = Table(CONVENTIONS)
    for number in range(20_000):
        table.collect({f"custom.{number}": 1})
    assert len(table.known) <= 16_384
    assert table.collect({"llm.model_name": "m"}).best["model_either"][2] == "m"
