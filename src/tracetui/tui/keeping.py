"""Pins, and traces that are taken away: gone from the screen at once, from the database once it cannot be undone.

What somebody removes is what they have seen. A trace that has got spans since is therefore not removed: it comes back,
and that is said. Whatever ends the program unasked (`kill -9`, a signal, a screen that fails) removes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field

from textual.app import App
from textual.timer import Timer

from tracetui.errors import StoreError
from tracetui.model.trace import TraceSummary
from tracetui.runtime import Runtime
from tracetui.sanitise import sanitise
from tracetui.store.records import Removed
from tracetui.store.withheld import Withheld

log = logging.getLogger(__name__)

GRACE_S = 10.0
"""How long a trace that was taken away can be brought back."""

AT_THE_END_S = 2.0
"""How long the end of the program waits for such traces to be removed."""

NAME_CHARACTERS = 40
"""Of a trace's name in a notice."""


@dataclass(slots=True)
class _Leaving:
    """A trace that was taken away."""

    trace: TraceSummary
    seen: int
    """The last span that was stored by then."""
    timer: Timer = field(init=False)
    """Runs until it can no longer be brought back."""

    @property
    def name(self) -> str:
        """What a notice calls it."""
        name = sanitise(self.trace.name.strip()[: NAME_CHARACTERS + 1]) or "(no name)"
        return name if len(name) <= NAME_CHARACTERS else f"{name[: NAME_CHARACTERS - 1]}…"


class Keeper:
    """What a person keeps and takes away.

    Args:
        app: Shows what it says.
        runtime: Changes the database.
        withheld: What the screen's readers leave out.
        changed: Called when other traces are there than before.
    """

    def __init__(self, app: App[str], runtime: Runtime, withheld: Withheld, changed: Callable[[], None]) -> None:
        self._app = app
        self._runtime = runtime
        self._changed = changed
        self._leaving: list[_Leaving] = []
        self._withheld = withheld

    def remove(self, trace: TraceSummary) -> bool:
        """Take a trace away; returns whether it may be."""
        if not self._may_write("removes"):
            return False
        if trace.pinned:
            self._say("This trace is pinned. Unpin it first (p).", severity="warning")
            return False
        leaving = _Leaving(trace, self._runtime.last_row_id)
        leaving.timer = self._app.set_timer(GRACE_S, lambda: self._let_go(leaving))
        self._leaving.append(leaving)
        self._withheld.add(trace.trace_id)
        self._changed()
        others = len(self._leaving) - 1
        if others:
            self._app.clear_notifications()  # one notice for all of them, not a pile that hides the list
            told = (
                f"{leaving.name} and {others} more are removed, {GRACE_S:.0f} s after each x; u brings back the last."
            )
        else:
            told = f"{leaving.name} is removed in {GRACE_S:.0f} s; u brings it back."
        self._say(told, timeout=GRACE_S)
        return True

    def undo(self) -> TraceSummary | None:
        """Bring back the trace that was taken away last; returns it."""
        if not self._leaving:
            self._say("There is nothing to bring back.")
            return None
        leaving = self._leaving.pop()
        leaving.timer.stop()
        self._app.clear_notifications()
        self._return(leaving, "is back.")
        return leaving.trace

    def pin(self, trace: TraceSummary) -> None:
        """Spare a trace from the limits of size and age, or no longer."""
        if not self._may_write("pins"):
            return
        try:
            pinning = self._runtime.pin(trace.trace_id, pinned=not trace.pinned)
        except StoreError as error:
            self._say(error.message, severity="error")
            return
        pinning.add_done_callback(lambda done: self._app.call_later(self._pinned, done))

    def _pinned(self, pinning: Future[None]) -> None:
        if error := pinning.exception():
            self._say(f"The pin could not be stored: {_words(error)}", severity="error")

    def settle(self) -> None:
        """Remove what can still be brought back: the person has left."""
        leaving, self._leaving = self._leaving, []
        try:
            removing = [self._runtime.remove(each.trace.trace_id, seen=each.seen) for each in leaving]
        except StoreError as error:
            log.warning("traces that were removed are still there: %s", error.message)
            return
        _, waiting = wait(removing, AT_THE_END_S)
        for done in removing:
            if done not in waiting and (failure := done.exception()):
                log.warning("a trace that was removed is still there: %s", _words(failure))
        if waiting:
            log.warning("%d traces that were removed may still be there", len(waiting))

    def forget(self) -> None:
        """Leave in the database what could still be brought back: nobody has left of their own will."""
        self._leaving.clear()

    def _let_go(self, leaving: _Leaving) -> None:
        self._leaving.remove(leaving)
        try:
            removing = self._runtime.remove(leaving.trace.trace_id, seen=leaving.seen)
        except StoreError as error:
            self._return(leaving, f"could not be removed: {error.message}", severity="error")
            return
        removing.add_done_callback(lambda done: self._app.call_later(self._gone, leaving, done))

    def _gone(self, leaving: _Leaving, removing: Future[Removed]) -> None:
        if error := removing.exception():
            self._return(leaving, f"could not be removed: {_words(error)}", severity="error")
        elif removing.result().spared:
            self._return(leaving, "has got more spans meanwhile, so it stays.", severity="warning")
        else:
            self._show(leaving)

    def _return(self, leaving: _Leaving, why: str, *, severity: str = "information") -> None:
        self._show(leaving)
        self._say(f"{leaving.name} {why}", severity=severity)

    def _show(self, leaving: _Leaving) -> None:
        """Leave out no longer what is stored of it: all that was there, or what begins anew."""
        self._withheld.discard(leaving.trace.trace_id)
        self._changed()

    def _may_write(self, what: str) -> bool:
        if self._runtime.is_writer:
            return True
        owner = self._runtime.owner
        who = f"process {owner.pid}, which writes the database," if owner and owner.pid else "who writes the database"
        self._say(f"This is a viewer: only {who} {what} traces.", severity="warning")
        return False

    def _say(self, text: str, *, severity: str = "information", timeout: float | None = None) -> None:
        self._app.notify(text, severity=severity, timeout=timeout, markup=False)  # type: ignore[arg-type]


def _words(error: BaseException) -> str:
    """An error for a person; one that nobody foresaw by its type alone."""
    return error.message if isinstance(error, StoreError) else type(error).__name__
