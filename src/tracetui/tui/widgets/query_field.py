"""The field a query is typed in."""

from __future__ import annotations

import asyncio

from rich.cells import cell_len
from rich.highlighter import Highlighter
from rich.text import Text
from textual import events
from textual.geometry import Offset, Size
from textual.reactive import Reactive
from textual.widgets import Input

from tracetui.sanitise import sanitise
from tracetui.tui.theme import palette_of


class QueryField(Input):
    """An input that shows what it holds sanitised, since values of spans come into it, and underlines what is wrong."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False)
    """How wide the text is. Of a field one row high it moves nothing: Textual would arrange the whole screen anew."""

    def __init__(self, value: str, *, placeholder: str, id: str) -> None:  # noqa: A002 - Textual's name for it
        self._wrong: tuple[int, int] | None = None  # first: a value is shown as soon as it is set
        super().__init__(
            value, placeholder=placeholder, id=id, select_on_focus=False, highlighter=_SafeText(self), compact=True
        )

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Take every character as text, but a question mark into an empty field, which asks for help."""
        return (key != "question_mark" or bool(self.value)) and super().check_consume_key(key, character)

    async def _on_key(self, event: events.Key) -> None:
        """Do what a key means for the text at once, so that keys are done in the order in which they were typed.

        Textual would hand it up to the application, which by then may have gone on to the next one.
        """
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            event.stop()
            event.prevent_default()
            await self.run_action(binding.action)

    async def caught_up(self) -> None:
        """Wait until every key that was typed before now is in the text.

        Text reaches the field through its queue, but the keys that act on it are done as they arrive: whoever types
        fast, or pastes a line with its end, would be ahead of their own words.
        """
        done = asyncio.Event()
        if self.call_later(done.set):
            await done.wait()

    def mark(self, wrong: tuple[int, int] | None) -> None:
        """Underline a stretch of the text, from one character up to another; None for none."""
        if wrong != self._wrong:
            self._wrong = wrong
            self.refresh()

    def set_text(self, text: str) -> None:
        """Put another text into the field, the cursor behind it."""
        self.value = text
        self.cursor_position = len(text)

    def replace_piece(self, start: int, end: int, text: str) -> None:
        """Put a text in the place of a piece, the cursor behind it."""
        self.value = self.value[:start] + text + self.value[end:]
        self.cursor_position = start + len(text)

    def place_of(self, position: int) -> Offset:
        """Where on the screen a character stands, within the field."""
        x, y, width, _ = self.content_region
        cells = cell_len(_shown(self.value[:position])) - int(self.scroll_offset.x)
        return Offset(x + min(max(cells, 0), max(width - 1, 0)), y)


class _SafeText(Highlighter):
    """Shows the text of a field as a terminal may have it."""

    def __init__(self, field: QueryField) -> None:
        self._field = field

    def highlight(self, text: Text) -> None:
        """Replace what would act on the terminal, and underline what is wrong."""
        text.plain = _shown(text.plain)
        if self._field._wrong is not None:
            text.stylize(palette_of(self._field.app.current_theme).style("error", underline=True), *self._field._wrong)


def _shown(text: str) -> str:
    """A text character by character as it may be shown, so that places in it stay what they are."""
    safe = sanitise(text)
    if len(safe) == len(text):
        return safe
    return "".join(shown if len(shown := sanitise(character)) == 1 else "·" for character in text)
