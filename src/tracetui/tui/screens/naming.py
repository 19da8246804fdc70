"""Asks for the name of a filter that is to be saved."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tracetui.query.saved import MAX_NAME, is_name
from tracetui.sanitise import sanitise


class NamingScreen(ModalScreen[str | None]):
    """One field over the explorer; gives the name, or None."""

    DEFAULT_CSS = """
    NamingScreen { align: center middle; background: $background 60%; }
    NamingScreen Vertical {
        width: 64; max-width: 96%; height: auto; padding: 1 2; background: $surface;
        border: round $pane-border-focus; border-title-color: $foreground;
    }
    NamingScreen Static { color: $dim; height: auto; }
    NamingScreen Input { border: none; height: 1; padding: 0; margin: 1 0; background: $panel; }
    NamingScreen Input:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Close", show=False, priority=True)]

    def __init__(self, query: str) -> None:
        super().__init__()
        self._query = query

    def compose(self) -> ComposeResult:
        """The query, a field, and what makes a name."""
        box = Vertical()
        box.border_title = Content("Save the filter · Esc leaves it")
        with box:
            yield Static(Content(sanitise(self._query)))
            yield Input(placeholder="name", max_length=MAX_NAME, compact=True)
            yield Static(Content("Letters, digits, dots, dashes and underscores. @name then stands for the filter."))

    @on(Input.Submitted)
    def _named(self, event: Input.Submitted) -> None:
        event.stop()
        name = event.value.strip().removeprefix("@")
        if is_name(name):
            self.dismiss(name)
