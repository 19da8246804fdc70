"""What stderr says of a wrong query."""

from __future__ import annotations

import pytest

from tracetui.cli.diagnostics import complain
from tracetui.query import QueryError, compile_text


def told(text: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    with pytest.raises(QueryError) as raised:
        compile_text(text)
    assert complain(raised.value) == 2
    return capsys.readouterr().err.splitlines()


def test_the_query_is_shown_with_a_mark_under_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert told("kind:LLM modle:gpt-4", capsys) == [
        "tracetui: There is no field `modle`. Did you mean `model`? `@modle` asks for an attribute of that name.",
        "  kind:LLM modle:gpt-4",
        "           ^^^^^",
    ]


def test_something_missing_is_marked_behind_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert told("tokens>", capsys)[1:] == ["  tokens>", "         ^"]


def test_wide_and_hidden_characters_do_not_shift_the_mark(capsys: pytest.CaptureFixture[str]) -> None:
    _, query, mark = told("日本 \x1b[31m kind:日本", capsys)
    assert "\x1b" not in query
    assert query.index("kind:") + len("kind:") + 2 == mark.index("^")  # two wide characters stand before
    assert mark.endswith("^^^^") and not mark.endswith("^^^^^")


def test_a_long_query_is_cut_around_the_place(capsys: pytest.CaptureFixture[str]) -> None:
    _, query, mark = told("a " * 100 + "modle:x " + "b " * 100, capsys)
    assert query.startswith("  …") and query.endswith("…") and len(query) < 110
    assert query[mark.index("^") : mark.rindex("^") + 1] == "modle"
