"""What was typed before."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracetui.errors import UsageError
from tracetui.tui.history import KEPT, History


def test_it_is_kept_from_run_to_run_the_newest_last_each_once(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history"
    for text in ("kind:LLM", "refund policy", "  kind:LLM ", "", "two\nlines"):
        History(path).add(text)
    assert History(path).texts == ["refund policy", "kind:LLM", "two lines"]
    assert path.stat().st_mode & 0o077 == 0, "others can read what was searched for"


def test_it_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("".join(f"word{number}\n" for number in range(KEPT + 50)), encoding="utf-8")
    history = History(path)
    assert (len(history.texts), history.texts[-1]) == (KEPT, f"word{KEPT + 49}")
    history.add("new")
    assert path.read_text(encoding="utf-8").count("\n") == KEPT


def test_steps_go_back_in_time_and_forth_to_what_was_typed() -> None:
    history = History(None)
    for text in ("first", "second", "third"):
        history.add(text)
    assert [history.step(-1, "draft"), history.step(-1, "third"), history.step(-1, "second")] == [
        "third", "second", "first",
    ]  # fmt: skip
    assert history.step(-1, "first") is None
    assert [history.step(1, "first"), history.step(1, "second"), history.step(1, "third")] == [
        "second", "third", "draft",
    ]  # fmt: skip
    assert not history.is_walked


def test_what_is_in_the_field_already_is_no_step() -> None:
    history = History(None)
    history.add("older")
    history.add("newest")
    assert history.step(-1, "newest") == "older"


def test_a_folder_that_cannot_be_written_is_named_and_the_history_of_this_run_stands(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    history = History(tmp_path / "file" / "history")
    with pytest.raises(UsageError, match="cannot be kept in"):
        history.add("kind:LLM")
    assert history.step(-1, "") == "kind:LLM"


def test_two_explorers_keep_each_others(tmp_path: Path) -> None:
    path = tmp_path / "history"
    first, second = History(path), History(path)
    assert first.texts == second.texts == []
    first.add("from the first")
    second.add("from the second")
    assert History(path).texts == ["from the first", "from the second"]
