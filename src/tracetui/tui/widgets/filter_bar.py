"""The line where the list is filtered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from tracetui.model.numbers import format_count
from tracetui.tui.commands import Command

TYPING_PAUSE_S = 0.12
"""How long the keyboard must rest before the list is read again."""

FILTER_KEYS = (
    Command("leave-filter", "enter", "leave_filter", "To the list", "Keep the filter, go to the list.", "explorer"),
    Command("clear-filter", "escape", "clear_filter", "Clear", "Remove the filter.", "explorer"),
)
"""What the footer shows while the filter is typed. Not in the registry: the field's keys cannot be changed."""


class FilterBar(Horizontal):
    """A text field, and how many traces match what it says."""

    DEFAULT_CSS = """
    FilterBar {
        height: 1; dock: top; margin-top: 1; background: $surface; display: none;
        &.-open { display: block; }
        #slash { width: 3; color: $accent; content-align: center middle; }
        Input { width: 1fr; border: none; height: 1; padding: 0; background: $surface; }
        Input:focus { border: none; }
        #count { width: 34; padding: 0 1; color: $dim; text-align: right; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "screen.clear_filter", "Clear", show=False, priority=True),
        Binding("down,enter", "screen.leave_filter", "To the list", show=False, priority=True),
    ]

    @dataclass
    class Changed(Message):
        """The text is another and the keyboard rests."""

        text: str

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._initial = text
        self._timer: Timer | None = None
        self._said = ""

    def compose(self) -> ComposeResult:
        """Slash, field, count."""
        yield Static("/", id="slash")
        yield Input(
            self._initial,
            placeholder='name, service, kind or status; "quotes" keep a phrase, -word excludes',
            id="filter",
            select_on_focus=False,
        )
        yield Static("", id="count", markup=False)

    def on_mount(self) -> None:
        """Show a filter that was given on the command line."""
        self.set_class(bool(self._initial), "-open")

    @property
    def text(self) -> str:
        """What is typed."""
        return self.query_one(Input).value

    def open(self) -> Input:
        """Show the bar; returns the field to type in."""
        self.add_class("-open")
        return self.query_one(Input)

    def close_if_blank(self) -> None:
        """Hide the bar unless it says something."""
        self.set_class(bool(self.text.strip()), "-open")

    def clear(self) -> None:
        """Empty the field and hide the bar."""
        self.query_one(Input).value = ""
        self.remove_class("-open")

    def show_count(self, matching: int, total: int) -> None:
        """Say how many match."""
        self._say(f"{format_count(matching)} of {format_count(total)} traces" if self.text.strip() else "")

    def show_error(self, text: str) -> None:
        """Say what is wrong with the text."""
        self._say(text)

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self.query_one("#count", Static).update(text, layout=False)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(TYPING_PAUSE_S, self._rest)

    def _rest(self) -> None:
        self.post_message(self.Changed(self.text))
