"""The popup under the cursor of the filter: what could stand there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.content import Content
from textual.geometry import Offset
from textual.strip import Strip
from textual.widget import Widget

from tracetui.model.numbers import format_count
from tracetui.tui.fact import Fact
from tracetui.tui.render.row import Row, fit, label
from tracetui.tui.theme import palette_of

if TYPE_CHECKING:
    from tracetui.query.complete import Candidate

MOST_ROWS = 8
"""Suggestions that show at once."""

WIDEST, NARROWEST, WIDEST_TEXT = 72, 24, 56
"""Cells of the popup, and of the column of suggestions in it."""


class Suggestion(NamedTuple):
    """Something that could stand at the cursor."""

    candidate: Candidate
    spans: int | None = None
    """How many spans have it, where that is known."""


class CompletionPopup(Widget, can_focus=False):
    """A short list over the pane below; it never has the focus, and has no keys while it is closed."""

    DEFAULT_CSS = """
    CompletionPopup {
        layer: above; display: none; width: 40; height: 10;
        border: round $pane-border; border-subtitle-color: $dim; background: $surface;
    }
    """

    class Taken(Fact):
        """A suggestion was clicked."""

        suggestion: Suggestion

    def __init__(self) -> None:
        super().__init__()
        self.suggestions: Sequence[Suggestion] = ()
        """What is offered."""
        self.chosen: int | None = None
        """Which one the user has chosen with the arrow keys; None as long as they only type."""
        self._top = 0
        self._text_cells = 0

    @property
    def is_open(self) -> bool:
        """Whether it shows."""
        return bool(self.suggestions)

    @property
    def choice(self) -> Suggestion | None:
        """The chosen suggestion."""
        return None if self.chosen is None else self.suggestions[self.chosen]

    def show(self, suggestions: Sequence[Suggestion], anchor: Offset) -> None:
        """Offer these under a place of the screen; none closes it.

        Args:
            suggestions: What is offered, the best first.
            anchor: Where the piece that they would replace begins.
        """
        before = self.choice
        self.suggestions = suggestions
        self.chosen = suggestions.index(before) if before in suggestions else None
        self._top = 0
        self.display = bool(suggestions)
        if not suggestions:
            return
        self._keep_choice_shown()
        screen = self.screen.size
        texts = [cell_len(label(suggestion.candidate.text)) for suggestion in suggestions]
        self._text_cells = min(WIDEST_TEXT, max(texts), screen.width - 16)
        beside = max(map(self._beside_cells, suggestions))
        width = min(max(NARROWEST, self._text_cells + beside + 7), WIDEST, screen.width - 2)
        if any(suggestion.candidate.help for suggestion in suggestions):  # long keys give way to what fields are
            self._text_cells = min(self._text_cells, max(20, width - 40))
        height = min(len(suggestions), MOST_ROWS, max(3, screen.height - anchor.y - 4)) + 2
        self.styles.width, self.styles.height = width, height
        self.styles.offset = (max(0, min(anchor.x - 2, screen.width - width - 1)), anchor.y + 1)
        more = len(suggestions) - (height - 2)
        self.border_subtitle = Content(f"Tab takes · {more} more ↓" if more > 0 else "Tab takes")
        self.refresh()

    @staticmethod
    def _beside_cells(suggestion: Suggestion) -> int:
        count = len(format_count(suggestion.spans)) if suggestion.spans is not None else 0
        return cell_len(suggestion.candidate.help) + count + (2 if count else 0)

    def close(self) -> None:
        """Offer nothing."""
        if self.is_open:
            self.show((), Offset(0, 0))

    def choose(self, direction: int) -> None:
        """Choose the next or previous one; past either end none is chosen."""
        places = [None, *range(len(self.suggestions))]
        self.chosen = places[(places.index(self.chosen) + direction) % len(places)]
        self._keep_choice_shown()
        self.refresh()

    def _keep_choice_shown(self) -> None:
        rows = max(1, int(self.size.height) or MOST_ROWS)
        place = self.chosen or 0
        self._top = max(min(self._top, place), place - rows + 1, 0)

    def render_line(self, y: int) -> Strip:
        """One suggestion: what it is, one line about it, how often it occurs."""
        width = self.size.width
        index = self._top + y
        if index >= len(self.suggestions):
            return Strip.blank(width, self.rich_style)
        palette = palette_of(self.app.current_theme)
        suggestion, is_chosen = self.suggestions[index], index == self.chosen
        row = Row().own("▌" if is_chosen else " ", palette.style("accent"))
        row.own(fit(label(suggestion.candidate.text), self._text_cells), palette.style("text", bold=is_chosen)).gap(2)
        count = format_count(suggestion.spans) if suggestion.spans is not None else ""
        room = width - row.width - len(count) - 2
        if suggestion.candidate.help and room > 4:
            row.up_to(suggestion.candidate.help, room, palette.style("dim"), prose=True)
        row.pad_to(width - len(count) - 1).own(count, palette.style("dim")).gap()
        strip = row.strip(width)
        if is_chosen:
            over = palette.on("selection")
            if palette.selected_text:
                over += Style(color=palette.selected_text)
            strip = Strip(Segment.apply_style(strip, post_style=over), strip.cell_length)
        return strip.apply_style(self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """A click takes the suggestion under the mouse."""
        event.stop()
        offset = event.get_content_offset(self)
        if offset is not None and self._top + offset.y < len(self.suggestions):
            self.post_message(self.Taken(self.suggestions[self._top + offset.y]))
