"""What the header is told and what a person is told once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.clock import FixedClock
from tests.support.corpus import offline
from tracetui.runtime import LARGE_BYTES, Runtime, size_hint
from tracetui.store.records import StoreSize
from tracetui.tui.pulse import Pulse


def pulse(tmp_path: Path, size: int, **settings: Any) -> Pulse:
    made = Pulse(Runtime(replace(offline(tmp_path / "a.db"), **settings)), FixedClock())
    made.take_size(StoreSize(1, 1, 0, size))
    return made


def test_a_large_database_is_spoken_of_once_with_what_to_do(tmp_path: Path) -> None:
    large = pulse(tmp_path, 2_300_000_000)
    (notice,) = large.notices()
    assert "2.3 GB" in notice and "--max-size" in notice and "--max-age" in notice
    large.take_size(StoreSize(1, 1, 0, 2_400_000_000))
    assert large.notices() == []


@pytest.mark.parametrize("limit", [{"max_size": 10**10}, {"max_age": 10**15}])
def test_with_a_limit_or_less_than_that_nothing_is_said(tmp_path: Path, limit: dict[str, int]) -> None:
    assert pulse(tmp_path, 10**10, **limit).notices() == []
    assert pulse(tmp_path, LARGE_BYTES - 1).notices() == []
    assert size_hint(offline(tmp_path / "a.db"), LARGE_BYTES)


def test_what_is_wrong_comes_into_the_header_the_worst_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = pulse(tmp_path, 1)
    assert shown.header(following=True, waiting=0).trouble == ""
    monkeypatch.setattr(Runtime, "retention_trouble", lambda self: "all of it is pinned")
    assert shown.header(following=True, waiting=0).trouble == "the limits are not kept: all of it is pinned"
    monkeypatch.setattr(Runtime, "trouble", lambda self: "The disk is full.")
    assert shown.header(following=True, waiting=0).trouble == "nothing is stored: The disk is full."


def test_the_traces_of_the_store_are_as_many_as_it_said_last(tmp_path: Path) -> None:
    where: Any = object()
    shown = pulse(tmp_path, 1)
    assert shown.trace_total(19, None) == 19
    assert shown.trace_total(2, where) == 19
    shown.take_size(StoreSize(18, 1, 0, 1))
    assert shown.trace_total(2, where) == 18
