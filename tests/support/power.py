"""What a disk may hold after the power has gone: images made of one recorded run, at any moment of it.

What was written before the last sync of a file is there. Of what came after it, any part may be: each write whole, not
at all, or only some of its sectors, in any order; a file's new size, a new name or a removed one as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, auto
from itertools import groupby
from pathlib import Path
from random import Random
from typing import TypeAlias

from tests.support.disk import Create, Delete, Event, FailedSync, Sync, Truncate, Write

SECTORS = (512, 4096)
"""Sizes of what a disk writes whole or not at all."""


Changes: TypeAlias = list[Write | Truncate]
Spoil: TypeAlias = Callable[[Changes, Random], Changes]
"""Which of the changes reach the disk, in whole or in part."""


class _State(Enum):
    CERTAIN = auto()
    """It is on the disk."""
    SINCE = auto()
    """The next sync brings it there."""
    DOUBTFUL = auto()
    """A sync has failed: no later one brings it there."""


class _File:
    """A file: what is certain of it, and what may have been written since."""

    def __init__(self, data: bytes = b"") -> None:
        self._certain = bytearray(data)
        self._changes: list[tuple[Write | Truncate, _State]] = []

    def change(self, change: Write | Truncate) -> None:
        self._changes.append((change, _State.SINCE))

    def sync(self) -> None:
        self._turn(_State.CERTAIN)
        emptied = [place for place, found in enumerate(self._changes) if _empties(found)]
        last = emptied[-1] if emptied else 0
        del self._changes[:last]  # of what was cut off nothing matters any more
        if last or not any(state is _State.DOUBTFUL for _, state in self._changes):
            while self._changes and self._changes[0][1] is _State.CERTAIN:
                _apply(self._certain, self._changes.pop(0)[0])

    def fail(self) -> None:
        self._turn(_State.DOUBTFUL)

    def _turn(self, state: _State) -> None:
        self._changes = [(change, state if now is _State.SINCE else now) for change, now in self._changes]

    def image(self, spoil: Spoil, chance: Random) -> bytearray:
        """What the disk may hold of it."""
        data = bytearray(self._certain)
        for state, changes in groupby(self._changes, key=lambda found: found[1]):
            some = [change for change, _ in changes]
            for change in some if state is _State.CERTAIN else spoil(some, chance):
                _apply(data, change)
        return data


def _empties(found: tuple[Write | Truncate, _State]) -> bool:
    change, state = found
    return state is _State.CERTAIN and isinstance(change, Truncate) and not change.size


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
            self._names[path] = _File(data)
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
                self._names.setdefault(path, _File()).change(event)
            case Sync(path):
                file = self._names.setdefault(path, _File())
                file.sync()
                if self._certain_names.get(path) is not file:  # SQLite syncs the folder with a new file's first sync
                    self._certain_names = dict(self._names)
            case FailedSync(path):
                self._names.setdefault(path, _File()).fail()
            case Delete(path, is_synced):
                self._names.pop(path, None)
                if is_synced:
                    self._certain_names = dict(self._names)

    def image(self, folder: Path, chance: Random) -> None:
        """Put what the disk may hold now into a folder, which is empty."""
        names = chance.choice((self._names, self._certain_names))
        spoil = chance.choice((_all, _none, _prefix, _some, _torn, _torn, _torn))
        for path, file in names.items():
            (folder / Path(path).name).write_bytes(file.image(spoil, chance))


def _all(changes: Changes, _: Random) -> Changes:
    """Everything, as after `kill -9`."""
    return changes


def _none(_: Changes, __: Random) -> Changes:
    return []


def _prefix(changes: Changes, chance: Random) -> Changes:
    """The earlier ones, the last of them torn."""
    kept = changes[: chance.randint(0, len(changes))]
    return [*kept[:-1], *_torn(kept[-1:], chance)]


def _some(changes: Changes, chance: Random) -> Changes:
    """Any of them, which is as good as any order."""
    share = chance.random()
    return [change for change in changes if chance.random() < share]


def _torn(changes: Changes, chance: Random) -> Changes:
    """Any sectors of any of them."""
    size, share = chance.choice(SECTORS), chance.choice((0.1, 0.5, 0.9))
    torn: Changes = []
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
