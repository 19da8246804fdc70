"""Where the words of a command line go."""

from __future__ import annotations

import pytest

from tracetui.cli.words import QUERY_TERM_MARK, arrange
from tracetui.errors import UsageError

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
        (
            ["stats", "-@key:x", "-http.request-id:x", "-{kind:LLM}"],
            ["stats", *(QUERY_TERM_MARK + word for word in ("-@key:x", "-http.request-id:x", "-{kind:LLM}"))],
        ),
        (["traces", "--sort=cost"], ["traces", "--sort=cost"]),
        (["status:error"], ["explore", "status:error"]),
        (["stats", "of", "nothing"], ["stats", "of", "nothing"]),
        (["statistics"], ["explore", "statistics"]),
        (["--", "stat"], ["explore", "--", "stat"]),
        (["run", "--", "app", "-status:error"], ["run", "--", "app", "-status:error"]),
        (["run", "traces", "--db", "x"], ["run", "traces", "--db", "x"]),
    ],
)
def test_the_command_comes_first_and_nothing_else_moves(given: list[str], arranged: list[str]) -> None:
    assert arrange(given) == arranged


@pytest.mark.parametrize(
    ("word", "meant"), [("stat", "stats"), ("span", "spans"), ("session", "sessions"), ("exprot", "export")]
)
def test_a_misspelt_command_is_no_query(word: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"Did you mean `tracetui {meant}`.*`tracetui -- {word}`"):
        arrange([word, "kind:LLM"])


def test_a_word_behind_the_query_is_a_word() -> None:
    assert arrange(["kind:LLM", "stat"]) == ["explore", "kind:LLM", "stat"]
