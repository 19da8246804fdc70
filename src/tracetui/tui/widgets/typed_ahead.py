"""Keys that are typed before what they are meant for has been read."""

from __future__ import annotations

from collections.abc import Callable

from tracetui.tui.widgets.line_view import LineView

MAX_TYPED_AHEAD = 50
"""Keys that are remembered."""


class PatientView(LineView):
    """A pane of rows that are read from the store: keys that come before the rows do are done once they are there."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._typed_ahead: list[Callable[[], None]] = []

    @property
    def is_waiting(self) -> bool:
        """Whether rows have been asked for and are not there."""
        raise NotImplementedError

    def when_loaded(self, act: Callable[[], None]) -> None:
        """Do something with the rows: now, or as soon as they have been read."""
        if not self.is_waiting:
            act()
        elif len(self._typed_ahead) < MAX_TYPED_AHEAD:
            self._typed_ahead.append(act)

    def do_typed_ahead(self) -> None:
        """The rows are there: do what was typed for them."""
        typed_ahead, self._typed_ahead = self._typed_ahead, []
        for act in typed_ahead:
            act()

    def forget_typed_ahead(self) -> None:
        """Other rows are read instead."""
        self._typed_ahead = []

    def action_move(self, rows: int) -> None:
        """Cursor up or down."""
        self.when_loaded(lambda: super(PatientView, self).action_move(rows))

    def action_move_page(self, pages: int) -> None:
        """Cursor a page up or down."""
        self.when_loaded(lambda: super(PatientView, self).action_move_page(pages))

    def action_move_end(self, end: int) -> None:
        """Cursor to the first (-1) or last (1) row."""
        self.when_loaded(lambda: self.move_end(end))

    def move_end(self, end: int) -> None:
        """Cursor to the first (-1) or last (1) row, now."""
        super().action_move_end(end)
