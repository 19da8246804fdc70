"""The commands that pin a trace, remove it and bring it back."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from textual.app import App

from tracetui.runtime import Runtime
from tracetui.store.withheld import Withheld

if TYPE_CHECKING:
    from tracetui.tui.keeping import Keeper
    from tracetui.tui.screens.explorer import ExplorerScreen


class KeepActions(App[str]):
    """The actions `pin_trace`, `remove_trace` and `undo` of the application."""

    _runtime: Runtime
    _withheld: Withheld

    @property
    def explorer(self) -> ExplorerScreen:
        """The explorer's screen."""
        raise NotImplementedError

    def _changed_here(self) -> None:
        raise NotImplementedError

    @cached_property
    def _keeper(self) -> Keeper:
        """Pins and removes traces."""
        from tracetui.tui.keeping import Keeper  # deferred: the first paint does without

        return Keeper(self, self._runtime, self._withheld, self._changed_here)

    def settle(self) -> None:
        """Do what waited for the person to leave; called after the screen has ended in order."""
        self._keeper.settle()

    def action_remove_trace(self) -> None:
        """Take away the trace under the list's cursor."""
        traces = self.explorer.traces

        def remove() -> None:
            if (trace := traces.selected) is not None and self._keeper.remove(trace):
                traces.drop(trace)

        traces.when_loaded(remove)

    def action_undo(self) -> None:
        """Bring back what was taken away last."""
        back, traces = self._keeper.undo(), self.explorer.traces
        if back is not None and not traces.following:
            traces.return_to(back)

    def action_pin_trace(self) -> None:
        """Spare the trace under the list's cursor from the limits, or no longer."""
        traces = self.explorer.traces

        def pin() -> None:
            if (trace := traces.selected) is not None:
                self._keeper.pin(trace)

        traces.when_loaded(pin)
