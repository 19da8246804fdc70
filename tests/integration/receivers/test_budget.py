"""What requests may hold together, with the copies that are made of large ones."""

from __future__ import annotations

import threading
import time

import pytest

from tests.integration.receivers.test_limits import until
from tracetui.errors import IngestBusyError
from tracetui.receivers import budget
from tracetui.receivers.budget import Budget, Stage

MEBIBYTE = 1024 * 1024


def test_what_is_small_counts_as_it_is() -> None:
    within = Budget(16 * MEBIBYTE)
    holds = [within.hold() for _ in range(5)]
    for hold in holds[:4]:
        hold.grow(4 * MEBIBYTE)
    with pytest.raises(IngestBusyError):
        holds[4].grow(1)
    holds[0].release()
    holds[4].grow(4 * MEBIBYTE)
    assert within.held == 16 * MEBIBYTE


def test_the_copies_of_the_largest_count_too_and_no_others() -> None:
    within = Budget(100 * MEBIBYTE)
    first, second, third = within.hold(), within.hold(), within.hold()
    first.grow(20 * MEBIBYTE)
    second.grow(20 * MEBIBYTE)  # 40, and 50 for copies of one
    with pytest.raises(IngestBusyError):
        third.grow(11 * MEBIBYTE)
    first.change(20 * MEBIBYTE, 0)
    second.change(20 * MEBIBYTE, 0)
    third.grow(15 * MEBIBYTE)
    assert within.held == 55 * MEBIBYTE


def test_one_alone_may_have_its_copies_over_the_limit() -> None:
    within = Budget(16 * MEBIBYTE)
    alone, other = within.hold(), within.hold()
    alone.grow(16 * MEBIBYTE)
    with pytest.raises(IngestBusyError):
        other.grow(1)
    alone.release()
    with pytest.raises(IngestBusyError):
        alone.grow(17 * MEBIBYTE)


def test_what_must_be_received_to_be_known_waits_for_its_room() -> None:
    within = Budget(100 * MEBIBYTE)
    other, unknown = within.hold(), within.hold()
    other.grow(60 * MEBIBYTE)
    with pytest.raises(IngestBusyError):
        unknown.reserve(20 * MEBIBYTE, 0.01)
    waiting = threading.Thread(target=unknown.reserve, args=(20 * MEBIBYTE, 20))
    waiting.start()
    assert not unknown.size
    other.release()
    waiting.join(10)
    assert unknown.size == 20 * MEBIBYTE, "it hears of the room, and does not wait for its time to end"


def test_copies_at_different_stages_come_together() -> None:
    within = Budget(120 * MEBIBYTE)
    received, indexed, other = within.hold(), within.hold(), within.hold()
    received.reserve(16 * MEBIBYTE, 0)
    indexed.reserve(16 * MEBIBYTE, 0, Stage.INDEXING)  # 32, and 36 and 40 for copies
    with pytest.raises(IngestBusyError):
        other.grow(13 * MEBIBYTE)
    received.keep(MEBIBYTE)
    other.grow(13 * MEBIBYTE)


def test_new_requests_make_way_for_one_that_has_waited_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "STARVED_S", 0.0)
    within = Budget(100 * MEBIBYTE)
    begun, new, unknown = within.hold(), within.hold(), within.hold()
    begun.keep(60 * MEBIBYTE)  # beside which there is room for a new one, but not for the unknown and its copies
    new.grow(1)
    new.release()
    waiting = threading.Thread(target=unknown.reserve, args=(30 * MEBIBYTE, 20))
    waiting.start()

    def is_turned_away() -> bool:
        try:
            new.grow(1)
        except IngestBusyError:
            return True
        new.release()
        return False

    until(is_turned_away)
    begun.grow(1)
    begun.release()
    waiting.join()
    new.grow(1)


def test_a_large_record_is_read_again_once_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "INDEX_PATIENCE_S", 0.01)
    within = Budget(100 * MEBIBYTE)
    other = within.hold()
    other.grow(60 * MEBIBYTE)
    with within.room(MEBIBYTE):
        assert within.held == 60 * MEBIBYTE, "a small one needs none"
    begun = time.monotonic()
    with pytest.raises(IngestBusyError), within.room(20 * MEBIBYTE):
        pass
    assert time.monotonic() - begun < 10
    other.release()
    with within.room(20 * MEBIBYTE):
        assert within.held == 20 * MEBIBYTE
    assert within.held == 0
