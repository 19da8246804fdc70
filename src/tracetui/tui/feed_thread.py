"""A thread that reads for the screen: a reader, a queue of keyed jobs, a way to retire what nobody wants any more."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from typing import TypeAlias

from msgspec import Struct
from textual.message import Message
from textual.message_pump import MessagePump

from tracetui.errors import TracetuiError
from tracetui.store.api import SpanReader
from tracetui.tui.messages import FeedFailed

log = logging.getLogger(__name__)

Job: TypeAlias = Callable[[SpanReader], Message | Iterator[Message] | None]
"""Work with a reader; what it returns, or yields piece by piece, is posted to whoever asked."""


class _Task(Struct):
    key: str
    job: Job
    target: MessagePump | None
    retired: bool = False
    """Nobody wants the answer any more."""


class FeedThread:
    """One thread with one reader, opened by its first job, and a queue of keyed jobs.

    A newer job of the same key retires one that still waits, so that a burst of commits or of keystrokes costs one
    read. With `retires` it also ends those that are being done: what they were about to say is never posted.
    """

    def __init__(self, name: str, open_reader: Callable[[], SpanReader]) -> None:
        self._open_reader = open_reader
        self._jobs: OrderedDict[str, _Task] = OrderedDict()
        self._wake = threading.Condition()
        self._stopping = False
        self._reader: SpanReader | None = None
        self._current: _Task | None = None
        self._thread = threading.Thread(target=self._run, name=f"tracetui-feed-{name}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the job at hand, drop the others, close the reader."""
        with self._wake:
            self._stopping = True
            if self._current is not None:
                self._retire({self._current.key})
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def ask(self, key: str, job: Job, target: MessagePump | None = None, *, retires: Collection[str] = ()) -> None:
        """Queue a job.

        Args:
            key: A waiting job of the same key is dropped.
            job: The work.
            target: Gets the answer.
            retires: Keys whose waiting jobs are dropped too, and whose job at hand is interrupted.
        """
        with self._wake:
            self._jobs.pop(key, None)
            self._retire(retires)
            self._jobs[key] = _Task(key, job, target)
            self._wake.notify()

    def retire(self, keys: Collection[str]) -> None:
        """Drop the jobs of these keys, interrupting the one at hand."""
        with self._wake:
            self._retire(keys)

    def _retire(self, keys: Collection[str]) -> None:
        for key in keys:
            self._jobs.pop(key, None)
        task = self._current
        # under the lock, which the thread takes before it goes on to another job: that one is never hit
        if task is not None and task.key in keys and not task.retired:
            task.retired = True
            if self._reader is not None:
                self._reader.interrupt()

    def _next(self) -> _Task | None:
        with self._wake:
            self._current = None
            while not self._jobs and not self._stopping:
                self._wake.wait()
            if self._stopping:
                return None
            self._current = self._jobs.popitem(last=False)[1]
            return self._current

    def _run(self) -> None:
        try:
            while (task := self._next()) is not None:
                for message in self._answers(task):
                    with self._wake:
                        if task.retired:
                            break
                    if task.target is not None:
                        task.target.post_message(message)
        finally:
            if self._reader is not None:
                self._reader.close()

    def _answers(self, task: _Task) -> Iterator[Message]:
        try:
            if self._reader is None:
                self._reader = self._open_reader()
            answer = task.job(self._reader)
            if isinstance(answer, Message):
                yield answer
            elif answer is not None:
                yield from answer
        except Exception as error:
            if task.retired:  # interrupted, most likely; nobody waits for it
                return
            log.exception("reading for %s failed", task.key)
            yield FeedFailed(task.key, str(error) if isinstance(error, TracetuiError) else type(error).__name__)
