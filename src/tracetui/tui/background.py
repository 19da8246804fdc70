"""What goes on behind the screen: receivers, upkeep, and taking the place of a process that has ended."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from textual.app import App
from textual.css.query import NoMatches
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from tracetui.errors import TracetuiError
from tracetui.runtime import Runtime
from tracetui.store.records import Commit

if TYPE_CHECKING:
    from tracetui.health.publishing import Publisher
    from tracetui.tui.screens.explorer import ExplorerScreen

log = logging.getLogger(__name__)

_FAILURES = {
    "receivers": "The receivers could not be started",
    "reindexing": "What is stored could not be looked after",
    "taking-over": "This process stays a viewer",
}
"""What it means that a worker failed, by its group."""


class BackgroundWork(App[str]):
    """Starts it, shows what of it failed, and stops what is the screen's own."""

    _runtime: Runtime
    _polling: Timer | None = None
    """Looks for what another process writes; None where this one does."""
    _publisher: Publisher | None = None

    @property
    def explorer(self) -> ExplorerScreen:
        """The explorer's screen."""
        raise NotImplementedError

    def _committed(self, commit: Commit) -> None:
        raise NotImplementedError

    def _changed_here(self) -> None:
        raise NotImplementedError

    def start_background(self) -> None:
        """Open the receivers and begin the upkeep, in threads of their own."""
        self.run_worker(self._runtime.start_receivers, thread=True, group="receivers", exit_on_error=False)
        self.run_worker(self._look_after, thread=True, group="reindexing", exit_on_error=False)

    def stop_background(self) -> None:
        """Stop what is not the runtime's to stop."""
        if self._publisher is not None:
            self._publisher.stop()

    def _look_after(self) -> None:
        """Start what goes on in the background, off the screen's thread."""
        self._runtime.start_reindexing()
        if self._runtime.is_writer and not self._runtime.is_stopped:
            from tracetui.health.publishing import Publisher  # deferred: the first paint does without

            self._publisher = Publisher(self._runtime)
            self._publisher.start()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A failure behind the screen is logged and shown, the screen goes on; a success shows in the header."""
        if event.state is WorkerState.SUCCESS:
            with suppress(LookupError, NoMatches):  # whoever leaves at once is ahead of it
                self.explorer.show_state()
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            log.error("%s failed", event.worker.name, exc_info=error)
            said = str(error) if isinstance(error, TracetuiError) else type(error).__name__
            title = _FAILURES.get(event.worker.group, "Something behind the screen failed")
            self.notify(said, title=title, severity="error", timeout=30, markup=False)

    def action_take_over(self) -> None:
        """Receive and write in the place of a process that has ended."""
        if self._runtime.is_writer:
            self.notify("This process writes the database already.", markup=False)
        else:
            self.run_worker(self._take_over, thread=True, group="taking-over", exclusive=True, exit_on_error=False)

    def _take_over(self) -> None:
        self._runtime.take_over()
        self._runtime.add_listener(self._committed)
        self._runtime.start_receivers()
        self.call_later(self._took_over)
        self._look_after()

    def _took_over(self) -> None:
        if self._polling is not None:
            self._polling.stop()
        received = "receives and writes" if self._runtime.settings.receive else "writes"
        self.notify(f"This process {received} now.", markup=False)
        self._changed_here()
