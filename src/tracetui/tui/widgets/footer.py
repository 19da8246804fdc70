"""The line at the bottom: the keys that matter in the pane in focus; each can be clicked."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from tracetui.tui.commands import Command
from tracetui.tui.render.row import Row
from tracetui.tui.theme import palette_of


class KeyFooter(Widget):
    """One row of keys and what they do."""

    DEFAULT_CSS = "KeyFooter { height: 1; dock: bottom; background: $surface; color: $foreground; }"

    def __init__(self) -> None:
        super().__init__()
        self._commands: Sequence[Command] = ()
        self._places: list[tuple[int, int, Command]] = []

    def show(self, commands: Sequence[Command]) -> None:
        """Show these commands."""
        if commands != self._commands:
            self._commands = commands
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The row."""
        width = self.size.width
        palette = palette_of(self.app.current_theme)
        row = Row().gap()
        self._places = []
        for command in self._commands:
            key = command.key_label.split(" ")[0]
            if row.width + cell_len(key) + len(command.title) + 3 > width:
                break
            start = row.width
            row.own(key, palette.style("accent")).gap().own(command.title, palette.style("dim"))
            self._places.append((start, row.width, command))
            row.gap(3)
        return row.strip(width).apply_style(self.rich_style)

    async def on_click(self, event: events.Click) -> None:
        """Do what the key under the mouse would do."""
        for start, end, command in self._places:
            if start <= event.x < end:
                target = self.screen if command.pane == "explorer" else (self.screen.focused or self.screen)
                await self.app.run_action(command.action, target)
                return
