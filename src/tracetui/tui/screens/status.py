"""The status: whether everything is in order, over the screen that is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tracetui.health.findings import Finding, worst
from tracetui.runtime import Runtime
from tracetui.tui.feed import Feed
from tracetui.tui.messages import FeedFailed, HealthLoaded
from tracetui.tui.render.status_page import status_page
from tracetui.tui.screens.help import AROUND_CELLS, PAGE_CELLS, PAGE_SHARE
from tracetui.tui.theme import palette_of

LOOK_EVERY_S = 2.0
"""How often everything is looked at again."""

TITLES = {"ok": "all is in order", "note": "in order, with notes", "problem": "something is to be mended"}


class StatusScreen(ModalScreen[None]):
    """Findings, as `tracetui doctor` has them, and what this process does at the moment."""

    DEFAULT_CSS = """
    StatusScreen { align: center middle; background: $background 60%; }
    StatusScreen VerticalScroll {
        width: 96; max-width: 96%; height: auto; max-height: 92%; padding: 1 2; background: $surface;
        border: round $pane-border-focus; border-title-color: $foreground; border-subtitle-color: $foreground-muted;
    }
    StatusScreen Static { width: 1fr; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,i,enter", "dismiss", "Close", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]

    def __init__(self, feed: Feed, runtime: Runtime) -> None:
        super().__init__()
        self._feed = feed
        self._runtime = runtime
        self._sections: Sequence[tuple[str, Sequence[Finding]]] = ()
        self._shown = Content("")

    def compose(self) -> ComposeResult:
        """One scrollable page."""
        scroll = VerticalScroll()
        scroll.border_title = Content("Status · Esc closes")
        with scroll:
            yield Static(Content("Looking …"))

    def on_mount(self) -> None:
        """Look now, and again and again."""
        self._look()
        self.set_interval(LOOK_EVERY_S, self._look)

    def _look(self) -> None:
        self._feed.load_health(self, self._runtime)

    def on_health_loaded(self, message: HealthLoaded) -> None:
        """Show what was found."""
        self._sections = message.sections
        self._show()

    def on_feed_failed(self, message: FeedFailed) -> None:
        """Say why nothing could be found out."""
        self._sections = [("Status", [Finding("database", "problem", message.error)])]
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap the texts anew."""
        self._show()

    def _show(self) -> None:
        if not self._sections:
            return
        width = min(PAGE_CELLS, int(self.app.size.width * PAGE_SHARE)) - AROUND_CELLS
        page = status_page(self._sections, palette_of(self.app.current_theme), width)
        if page == self._shown:  # an unchanged page is not painted again
            return
        self._shown = page
        self.query_one(Static).update(page)
        state = worst([finding for _, findings in self._sections for finding in findings])
        self.query_one(VerticalScroll).border_subtitle = Content(TITLES[state])

    def action_scroll(self, rows: int) -> None:
        """A row up or down."""
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)
