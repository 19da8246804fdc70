"""docs/query.md says what the language is: its table is the program's, and every query on it means something."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from tracetui.query import compile_text

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "query.md").read_text(encoding="utf-8")


def test_the_table_of_fields_is_the_program_s() -> None:
    written = runpy.run_path(str(DOCS / "make_query.py"))["with_fields"](PAGE)
    assert written == PAGE, "run `make docs`"


def examples() -> list[str]:
    """The first block, up to the explanations, and everything in the text that has an operator in it."""
    block = PAGE.partition("```\n")[2].partition("```")[0]
    lines = [re.split(r" {2,}", line)[0] for line in block.splitlines() if line.strip() and not line.startswith(" ")]
    rest = PAGE.partition("## Putting")[2].partition("## Errors")[0].replace("\n", " ")
    spans = re.findall(r"`([^`]+)`", rest)
    return lines + [span for span in spans if re.search(r"\w[:=<>~]+[^\s.:=<>~]|} |^[-(\"]\w", span)]


@pytest.mark.parametrize("text", dict.fromkeys(examples()))
def test_every_query_on_the_page_means_something(text: str) -> None:
    assert compile_text(text.replace("{A}", "{kind:LLM}").replace("{B}", "{kind:TOOL}")) is not None


def test_the_page_has_queries() -> None:
    assert len(examples()) > 100
