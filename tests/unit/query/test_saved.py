"""Queries with names."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tracetui.errors import UsageError
from tracetui.query.saved import delete, expand, is_name, load_saved, save


def test_a_saved_query_is_called_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "config" / "filters.toml"
    save(path, "slow-calls", "kind:LLM duration>5s")
    assert expand("@slow-calls", path) == expand(" @slow-calls ", path) == "kind:LLM duration>5s"
    for text in ("@slow:5", "slow-calls", "", '"@slow-calls"', "me@slow-calls", "name:@slow-calls", "@"):
        assert expand(text, path) == text


def test_it_is_called_among_other_terms(tmp_path: Path) -> None:
    path = tmp_path / "filters.toml"
    save(path, "mine", "a OR b")
    save(path, "both", "@mine c")
    assert expand("@mine kind:LLM", path) == "(a OR b) kind:LLM"
    assert expand('kind:LLM -@mine "@mine"', path) == 'kind:LLM -(a OR b) "@mine"'
    assert expand("{@mine} >> {@mine x}", path) == "{(a OR b)} >> {(a OR b) x}"
    assert expand("@both", path) == "(a OR b) c"
    with pytest.raises(UsageError, match="no saved filter 'x'"):
        expand("kind:LLM @x", path)


def test_one_that_calls_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "filters.toml"
    save(path, "one", "x @two")
    save(path, "two", "@one y")
    with pytest.raises(UsageError, match="'one' calls itself"):
        expand("@one", path)


def test_a_name_that_nobody_saved_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    path = tmp_path / "filters.toml"
    with pytest.raises(UsageError, match="no saved filter 'x'.*none yet"):
        expand("@x", path)
    save(path, "mine", "kind:LLM")
    with pytest.raises(UsageError, match="@mine"):
        expand("@x", path)


@pytest.mark.parametrize(
    "text", ['say "hi" \\ there', "Übung 検索 😀", "tab\tand\x7fdel", "input~'a|b'", "{kind:AGENT} >> {kind:TOOL}"]
)
def test_any_text_comes_back_as_it_was(text: str, tmp_path: Path) -> None:
    path = tmp_path / "filters.toml"
    save(path, "a", text)
    assert load_saved(path) == {"a": text} == tomllib.loads(path.read_text(encoding="utf-8"))


def test_what_the_user_wrote_stays(tmp_path: Path) -> None:
    path = tmp_path / "filters.toml"
    path.write_text("# mine\none = \"kind:LLM\"  # calls\n\ntwo = 'status:error'", encoding="utf-8")
    save(path, "three", "cost>$1")
    save(path, "one", "kind:TOOL")
    assert load_saved(path) == {"two": "status:error", "three": "cost>$1", "one": "kind:TOOL"}
    delete(path, "two")
    delete(path, "nobody")
    assert path.read_text(encoding="utf-8") == '# mine\n\n"three" = "cost>$1"\n"one" = "kind:TOOL"\n'


@pytest.mark.parametrize("content", ["not toml", "a = 1", "[table]\na = 'x'", b"\xff"])
def test_a_file_that_holds_something_else_is_named(content: str | bytes, tmp_path: Path) -> None:
    path = tmp_path / "filters.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UsageError, match=r"filters\.toml"):
        load_saved(path)
    assert expand("@model:x me@example.org", path) == "@model:x me@example.org", "no saved filter is called"


def test_a_file_that_cannot_be_changed_line_by_line_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "filters.toml"
    written = 'long = """\nkind:LLM\n"""\n'
    path.write_text(written, encoding="utf-8")
    with pytest.raises(UsageError, match="by hand"):
        save(path, "long", "kind:TOOL")
    assert path.read_text(encoding="utf-8") == written


@pytest.mark.parametrize("name", ["", "two words", "a@b", "a:b", "x" * 61])
def test_what_could_not_be_called_is_no_name(name: str, tmp_path: Path) -> None:
    assert not is_name(name)
    with pytest.raises(UsageError):
        save(tmp_path / "filters.toml", name, "kind:LLM")
