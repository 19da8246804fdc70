from __future__ import annotations

from pathlib import Path

import pytest

from tracetui.cli import app as typer_app
from tracetui.cli import explore
from tracetui.cli.words import ExplorerWords, arrange, explorer_words


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["kind:LLM", "slow"],
        ["--db", "a.db", "kind:LLM"],
        ["--http", "127.0.0.1:1", "--grpc", "off", "--http", "127.0.0.1:2", "x"],
        ["--no-receive", "--theme", "tracetui-light", "--config", "c.toml"],
        ["-status:error", "agent"],
        ["--max-size", "2GB", "agent", "--max-age", "off"],
    ],
)
def test_the_short_way_and_typer_understand_the_same(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[ExplorerWords] = []

    def open_explorer(given: ExplorerWords) -> int:
        seen.append(given)
        return 0

    monkeypatch.setattr(explore, "explore", open_explorer)
    arranged = arrange(words)
    with pytest.raises(SystemExit):
        typer_app.app(arranged, prog_name="tracetui")
    assert explorer_words(arranged[1:]) == seen[0]


def test_it_reads_what_it_should() -> None:
    assert explorer_words(["--db", "a.db", "kind:LLM", "slow"]) == ExplorerWords("kind:LLM slow", db=Path("a.db"))


@pytest.mark.parametrize("words", [["--help"], ["--db"], ["--db=x"], ["--nonsense"], ["--", "x"], ["--db", "--grpc"]])
def test_anything_unusual_is_left_to_the_full_parser(words: list[str]) -> None:
    assert explorer_words(words) is None
