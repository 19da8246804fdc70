"""What a disk may hold after the power has gone: images made of one recorded run, at any moment of it.

What was written before the last sync of a file is there. Of what came after it, any part may be: each write whole, not
at all, or only some of its sectors, in any order; a file's new size, a new name or a removed one as well.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from random import Random

from tests.support.disk import Create, Delete, Event, Sync, Truncate, Write

SECTORS = (512, 4096)
"""Sizes of what a disk writes whole or not at all."""


class _File:
    """A file: what is certain of it, and what may have been written since."""

    def __init__(self) -> None:
        self.certain = bytearray()
        self.since: list[Write | Truncate] = []

    def sync(self) -> None:
        for change in self.since:
            _apply(self.certain, change)
        self.since.clear()


class Power:
    """Follows a run and makes images of what its disk may hold.

    Args:
        events: The run, recorded from its first write on.
        files: What files held before it.
    """

    def __init__(self, events: Sequence[Event], files: dict[str, bytes] | None = None) -> None:
        self._events = events
        self.reached = 0
        """Events that have happened."""
        self._names: dict[str, _File] = {}
        for path, data in (files or {}).items():
            self._names[path] = _File()
            self._names[path].certain[:] = data
        self._certain_names = dict(self._names)

    def advance(self, to: int) -> None:
        """Let the events up to this one happen."""
        for event in self._events[self.reached : to]:
            self._happen(event)
        self.reached = to

    def _happen(self, event: Event) -> None:
        match event:
            case Create(path):
                self._names[path] = _File()
            case Write(path) | Truncate(path):
                self._names.setdefault(path, _File()).since.append(event)
            case Sync(path):
                file = self._names.setdefault(path, _File())
                file.sync()
                if self._certain_names.get(path) is not file:  # SQLite syncs the folder with a new file's first sync
                    self._certain_names = dict(self._names)
            case Delete(path, is_synced):
                self._names.pop(path, None)
                if is_synced:
                    self._certain_names = dict(self._names)

    def image(self, folder: Path, chance: Random) -> None:
        """Put what the disk may hold now into a folder, which is empty."""
        names = chance.choice((self._names, self._certain_names))
        spoil = chance.choice((_all, _none, _prefix, _some, _torn, _torn, _torn))
        for path, file in names.items():
            data = bytearray(file.certain)
            for change in spoil(copy.copy(file.since), chance):
                _apply(data, change)
            (folder / Path(path).name).write_bytes(data)


def _all(changes: list[Write | Truncate], _: Random) -> list[Write | Truncate]:
    """Everything, as after `kill -9`."""
    return changes


def _none(_: list[Write | Truncate], __: Random) -> list[Write | Truncate]:
    return []


def _prefix(changes: list[Write | Truncate], chance: Random) -> list[Write | Truncate]:
    """The earlier ones, the last of them torn."""
    kept = changes[: chance.randint(0, len(changes))]
    return [*kept[:-1], *_torn(kept[-1:], chance)]


def _some(changes: list[Write | Truncate], chance: Random) -> list[Write | Truncate]:
    """Any of them, which is as good as any order."""
    share = chance.random()
    return [change for change in changes if chance.random() < share]


def _torn(changes: list[Write | Truncate], chance: Random) -> list[Write | Truncate]:
    """Any sectors of any of them."""
    size, share = chance.choice(SECTORS), chance.choice((0.1, 0.5, 0.9))
    torn: list[Write | Truncate] = []
    for change in changes:
        if chance.random() < 0.3:
            torn.append(change)
        elif isinstance(change, Write):
            at = change.offset
            while at < (end := change.offset + len(change.data)):
                sector_end = min((at // size + 1) * size, end)
                if chance.random() < share:
                    part = change.data[at - change.offset : sector_end - change.offset]
                    torn.append(Write(change.path, at, part))
                at = sector_end
    return torn


def _apply(data: bytearray, change: Write | Truncate) -> None:
    if isinstance(change, Truncate):
        del data[change.size :]
        return
    end = change.offset + len(change.data)
    if len(data) < end:
        data.extend(bytes(end - len(data)))
    data[change.offset : end] = change.data
