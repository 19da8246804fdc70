"""A disk without room: nothing is half stored, reading goes on, writing goes on by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.factories import make_batch, make_incoming_span, span_id
from tests.integration.receivers.http_client import send
from tests.integration.receivers.test_http import BODY
from tests.support.clock import FixedClock
from tracetui.config import Address
from tracetui.errors import DiskFullError
from tracetui.receivers import ReceiverSet
from tracetui.store.ingest import Ingest
from tracetui.store.space import RESERVE_BYTES, Space, SpaceGuard, space_of
from tracetui.store.sqlite import SqliteReader, SqliteWriter


def test_the_reserve_is_a_twentieth_of_a_small_disk() -> None:
    assert Space(0, 16 << 20).reserve == (16 << 20) // 20
    assert Space(0, 1 << 40).reserve == RESERVE_BYTES


def test_the_disk_is_asked(tmp_path: Path) -> None:
    space = space_of(tmp_path)
    assert 0 < space.free <= space.total


def test_writing_stops_at_the_reserve_and_goes_on_after_it(tmp_path: Path) -> None:
    free = [RESERVE_BYTES]
    clock = FixedClock()
    path = tmp_path / "traces.db"
    guard = SpaceGuard(path, clock=clock, look=lambda _: Space(free[0], 1 << 40))
    writer = SqliteWriter(path, space=guard)
    writer.write([make_batch(make_incoming_span(1))])
    free[0] -= 1
    clock.advance(1)
    for _ in range(2):
        with pytest.raises(DiskFullError, match="full"):
            writer.write([make_batch(make_incoming_span(2))])
    with reading(path) as reader:
        assert reader.count_spans() == 1
    free[0] += 1
    writer.write([make_batch(make_incoming_span(2))])
    with reading(path) as reader:
        assert reader.count_spans() == 2
    writer.close()


def test_a_disk_that_fills_up_in_a_commit_takes_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    writer = SqliteWriter(path)
    writer.write([make_batch(make_incoming_span(1))])
    limit(writer, lambda pages: pages + 3)  # SQLite's own limit gives the error of a full disk
    with pytest.raises(DiskFullError):
        writer.write([make_batch(*(make_incoming_span(number, preview="x" * 900) for number in range(4, 504)))])
    with reading(path) as reader:
        assert [row.span_id for row in reader.spans()] == [span_id(1)]
    limit(writer, lambda pages: 1 << 30)
    writer.write([make_batch(make_incoming_span(3))])
    writer.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with reading(path) as reader:
        assert reader.count_spans() == 2


def test_senders_are_told_to_come_again_and_the_screen_why(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    free = [0]
    ingest = Ingest(SqliteWriter(path, space=SpaceGuard(path, look=lambda _: Space(free[0], 1 << 40))))
    ingest.start()
    receivers = ReceiverSet(None, (Address("127.0.0.1", 0),), ingest)
    receivers.start()
    try:
        address = receivers.statuses()[0].address
        reply = send(address, BODY)
        assert (reply.status, reply.headers["retry-after"], reply.error.code) == (503, "5", 14)
        assert "is full" in ingest.stats().trouble
        free[0] = 1 << 40
        assert send(address, BODY).status == 200
        assert ingest.stats().trouble == ""
    finally:
        receivers.stop()
        ingest.stop()


@contextmanager
def reading(path: Path) -> Iterator[SqliteReader]:
    """A reader for a moment."""
    reader = SqliteReader(path)
    yield reader
    reader.close()


def limit(writer: SqliteWriter, pages: Callable[[int], int]) -> None:
    """Let the file have no more than so many pages."""
    connection = writer._connection
    now = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages(now)}")
