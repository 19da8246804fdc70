"""The thread that reads for the screen: order, retiring, interrupting, failing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pytest
from textual.message import Message
from textual.message_pump import MessagePump

from tracetui.store.api import SpanReader
from tracetui.tui.feed_thread import FeedThread
from tracetui.tui.messages import FeedFailed


@dataclass
class Said(Message):
    text: str


class Target:
    """Takes what is posted."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.came = threading.Condition()

    def post_message(self, message: Message) -> bool:
        with self.came:
            self.said.append(message.text if isinstance(message, Said) else f"failed {cast(FeedFailed, message).what}")
            self.came.notify()
        return True

    def wait(self, *wanted: str) -> None:
        with self.came:
            assert self.came.wait_for(lambda: self.said == list(wanted), timeout=10), self.said


class Reader:
    """A search that goes on until it is interrupted."""

    def __init__(self) -> None:
        self.searching, self.interrupted, self.closed = threading.Event(), threading.Event(), threading.Event()
        self.interrupts = 0

    def search(self) -> None:
        self.searching.set()
        if self.interrupted.wait(timeout=10):
            self.interrupted.clear()
            raise InterruptedError

    def interrupt(self) -> None:
        self.interrupts += 1
        self.interrupted.set()

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def thread(reader: Reader) -> Iterator[FeedThread]:
    thread = FeedThread("test", lambda: cast(SpanReader, reader))
    yield thread
    thread.stop()
    assert reader.interrupts == 0 or reader.closed.is_set()


def pump(target: Target) -> MessagePump:
    return cast(MessagePump, target)


def test_a_newer_job_of_the_same_key_replaces_one_that_waits(thread: FeedThread) -> None:
    target = Target()
    for text in ("old", "new"):
        thread.ask("list", lambda _, text=text: Said(text), pump(target))  # type: ignore[misc]
    thread.ask("other", lambda _: Said("other"), pump(target))
    thread.start()
    target.wait("new", "other")


def test_a_search_that_is_retired_is_interrupted_and_says_nothing(thread: FeedThread, reader: Reader) -> None:
    target = Target()

    def slow(_: SpanReader) -> Message:
        reader.search()
        return Said("stale")

    thread.start()
    thread.ask("list", slow, pump(target))
    assert reader.searching.wait(timeout=10)
    thread.ask("list", lambda _: Said("fresh"), pump(target), retires=("list",))
    target.wait("fresh")


def test_a_job_of_another_key_is_never_hit(thread: FeedThread, reader: Reader) -> None:
    target, begun, go = Target(), threading.Event(), threading.Event()

    def tree(_: SpanReader) -> Message:
        begun.set()
        assert go.wait(timeout=10)
        return Said("tree")

    thread.start()
    thread.ask("tree", tree, pump(target))
    assert begun.wait(timeout=10)
    thread.ask("list", lambda _: Said("dropped"), pump(target))
    thread.retire(("list",))
    go.set()
    target.wait("tree")
    assert reader.interrupts == 0


def test_what_comes_piece_by_piece_stops_when_it_is_retired(thread: FeedThread, reader: Reader) -> None:
    target = Target()

    def pieces(_: SpanReader) -> Iterator[Message]:
        yield Said("first")
        reader.search()
        yield Said("second")

    thread.start()
    thread.ask("terms", pieces, pump(target))
    assert reader.searching.wait(timeout=10)
    thread.retire(("terms",))
    thread.ask("after", lambda _: Said("after"), pump(target))
    target.wait("first", "after")


def test_a_failure_is_said_and_the_thread_goes_on(thread: FeedThread) -> None:
    target = Target()

    def fails(_: SpanReader) -> Message:
        raise OSError("gone")

    thread.start()
    thread.ask("list", fails, pump(target))
    thread.ask("size", lambda _: Said("size"), pump(target))
    target.wait("failed list", "size")


def test_stopping_does_not_wait_for_a_search(thread: FeedThread, reader: Reader) -> None:
    def slow(_: SpanReader) -> None:
        reader.search()

    thread.start()
    thread.ask("list", slow)
    assert reader.searching.wait(timeout=10)
    thread.stop()
    assert reader.closed.is_set() and reader.interrupts == 1
