"""The one-way imports, seen from a fresh process: a static graph cannot see a deferred import."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

import pytest

HEAVY = (
    "textual",
    "grpc",
    "sqlite_utils",
    "typer",
    "rich",
    "opentelemetry",
    "google.protobuf",
    "genai_prices",
    "pydantic",
    "httpx2",
)

ALLOWED = {
    "tracetui": (),
    "tracetui.errors": (),
    "tracetui.config": (),
    "tracetui.sanitise": (),
    "tracetui.model.objects": (),
    "tracetui.model.tree": (),
    "tracetui.semconv": (),
    "tracetui.pricing": (),
    "tracetui.query": (),
    "tracetui.store.sqlite": (),
    "tracetui.store.ingest": (),
    "tracetui.runtime": (),
    "tracetui.otlp.decode": ("opentelemetry", "google.protobuf"),
}


LATER = (
    "tracetui.model.chat",
    "tracetui.model.span",
    "tracetui.otlp",
    "tracetui.pricing.book",
    "tracetui.query.compile",
    "tracetui.query.complete",
    "tracetui.query.parser",
    "tracetui.semconv",
    "tracetui.query.compile",
    "tracetui.tui.completer",
    "tracetui.tui.render.details",
    "tracetui.tui.screens.help",
    "tracetui.tui.screens.query_help",
    "tracetui.tui.screens.sessions",
    "tracetui.tui.values",
    "markdown_it",
    "pygments.lexers",
)
"""What the first paint does without: together more than a third of what Textual takes to import."""


def loaded_by(module: str, of: Sequence[str] = HEAVY) -> set[str]:
    code = f"import sys, json; import {module}; print(json.dumps(sorted(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    names = set(json.loads(out))
    return {heavy for heavy in of if any(name == heavy or name.startswith(heavy + ".") for name in names)}


@pytest.mark.parametrize("module", ALLOWED)
def test_core_modules_bring_nothing_heavy_along(module: str) -> None:
    assert loaded_by(module) <= set(ALLOWED[module])


def test_the_explorer_starts_without_grpc_and_without_the_migration_library() -> None:
    assert loaded_by("tracetui.tui.app") & {"grpc", "sqlite_utils", "typer"} == set()


def test_the_explorer_starts_without_what_only_an_opened_span_needs() -> None:
    assert loaded_by("tracetui.tui.launch", LATER) == set()


def test_prices_are_loaded_by_the_first_call_that_is_priced_and_by_nothing_else() -> None:
    code = """
import sys
from tracetui.model.chat import Kind, TokenUsage
from tracetui.pricing import BOOK

def loaded():
    return "genai_prices" in sys.modules

usage = TokenUsage(1, 1)
for kind, provider, model in (
    (Kind.AGENT, "openai", "gpt-4o"), (Kind.LLM, "ollama", "llama3"), (Kind.LLM, "openai", ""), (Kind.CHAIN, "", "")
):
    assert BOOK.estimate(kind, provider, ("", model), usage, 0) is None
assert BOOK.estimate(Kind.LLM, "openai", ("", "gpt-4o"), TokenUsage(), 0) is None
assert not loaded()
assert BOOK.estimate(Kind.LLM, "openai", ("", "gpt-4o"), usage, 0) is not None
assert loaded()
"""
    subprocess.run([sys.executable, "-c", code], check=True)
