"""Where the words of a command line go."""

from __future__ import annotations

import pytest

from tracetui.cli.words import QUERY_TERM_MARK, arrange

NOT_STATUS = QUERY_TERM_MARK + "-status:error"


@pytest.mark.parametrize(
    ("given", "arranged"),
    [
        ([], ["explore"]),
        (["kind:LLM"], ["explore", "kind:LLM"]),
        (["refund", "policy"], ["explore", "refund", "policy"]),
        (["spans"], ["spans"]),
        (["--", "spans"], ["explore", "--", "spans"]),
        (["--db", "x", "spans", "--json"], ["spans", "--db", "x", "--json"]),
        (["--db=x", "spans"], ["spans", "--db=x"]),
        (["--db", "spans"], ["explore", "--db", "spans"]),
        (["--no-receive", "traces"], ["traces", "--no-receive"]),
        (["--version"], ["--version"]),
        (["-h"], ["-h"]),
        (["spans", "--help"], ["spans", "--help"]),
        (["-status:error"], ["explore", NOT_STATUS]),
        (["spans", "-status:error", "kind:LLM"], ["spans", NOT_STATUS, "kind:LLM"]),
        (["run", "--", "app", "-status:error"], ["run", "--", "app", "-status:error"]),
        (["run", "traces", "--db", "x"], ["run", "traces", "--db", "x"]),
    ],
)
def test_the_command_comes_first_and_nothing_else_moves(given: list[str], arranged: list[str]) -> None:
    assert arrange(given) == arranged
