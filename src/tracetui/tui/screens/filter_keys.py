"""The keys of the filter's field: completion, history, accepting and leaving."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.widgets import Input

from tracetui.config import Settings
from tracetui.errors import UsageError
from tracetui.model.clock import Clock
from tracetui.query.saved import expand
from tracetui.tui.feed import Feed
from tracetui.tui.history import History
from tracetui.tui.messages import CompletionsLoaded
from tracetui.tui.pulse import Pulse
from tracetui.tui.reading import Problem, Reading
from tracetui.tui.screens.filtering import FilterActions

if TYPE_CHECKING:
    from tracetui.tui.completer import Completer
    from tracetui.tui.widgets.completion import CompletionPopup


class FilterKeys(FilterActions):
    """What is typed in the field, and the keys that act on it."""

    def __init__(
        self, feed: Feed, clock: Clock, pulse: Pulse, settings: Settings, reading: Reading | None = None
    ) -> None:
        super().__init__(feed, clock, pulse, reading)
        self.settings = settings
        """Where the history and saved filters are."""
        self.history = History(settings.history)
        """What was typed before."""
        self._untouched = ""
        """What stood in the field when it was opened, or came from the history."""
        self._completer: Completer | None = None

    @property
    def completer(self) -> Completer:
        """Fills the popup."""
        if self._completer is None:
            from tracetui.tui.completer import Completer  # deferred: the first paint does without the language

            self._completer = Completer(self._feed, self, self.bar.field, self.popup, self.filters_file)
        return self._completer

    @property
    def filters_file(self) -> Path:
        """Where filters are saved."""
        return self.settings.filters

    # Text

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._take_text()

    def _take_text(self) -> None:
        """Take what the field says now; what its messages say may be older."""
        text = self.bar.text
        if text == self._reading.text:
            return
        self._read(text)
        if self.is_typing and text != self._untouched:
            self.completer.typed()
        elif self.popup.is_open:
            self.completer.close()

    async def _catch_up(self) -> None:
        """Before a key acts on the text, take what was typed before it."""
        await self.bar.field.caught_up()
        self._take_text()

    # Keys of the field

    def open_filter(self) -> None:
        """Let a query be typed."""
        field = self.bar.open()
        self._untouched = field.value
        self.history.leave()
        self.set_focus(field)

    async def action_filter_accept(self) -> None:
        """Take the chosen suggestion; without one keep the filter, and go to where it was opened from."""
        await self._catch_up()
        self._accept()

    def _accept(self) -> None:
        if (choice := self.popup.choice) is not None:
            self.completer.take(choice)
            return
        self._offer_nothing()
        try:
            meant = expand(self.bar.text, self.filters_file)
        except UsageError as error:
            self._complain(Problem(str(error), 0, len(self.bar.text), incomplete=False))
            return
        if meant != self.bar.text:
            self.bar.set_text(meant)
        if self.bar.text != self._reading.text:
            self._read(self.bar.text)
        if self._reading.problem is not None:
            self._complain_now()
            return
        self._search()
        self._mark()
        self._remember(self.bar.text)
        self.bar.close_if_blank()
        self.go(self.level)
        self._show_count()

    def _offer_nothing(self) -> None:
        """Close the suggestions; those that are still being read must not open them over what comes next."""
        if self._completer is not None:
            self._completer.close()

    def _remember(self, text: str) -> None:
        try:
            self.history.add(text)
        except UsageError as error:
            self.notify(str(error), severity="warning", markup=False)

    async def action_filter_escape(self) -> None:
        """Close the suggestions; else remove the filter, and go back to where the reader was before."""
        await self._catch_up()
        if self.popup.is_open:
            self.completer.close()
            return
        self._offer_nothing()
        self.clear_filter()
        self.go(self.level)

    async def action_filter_choose(self, direction: int) -> None:
        """Through the suggestions; else through what was typed before, and downwards from there to what was found."""
        await self._catch_up()
        popup = self.popup
        if popup.is_open:
            popup.choose(direction)
            return
        text = self.bar.text
        if direction < 0 and text.strip() and text != self._untouched:
            return
        found = self.history.step(direction, text) if direction < 0 or self.history.is_walked else None
        if found is not None:
            self._untouched = found
            self.bar.field.set_text(found)
        elif direction > 0 and not self.history.is_walked:
            self._accept()

    async def action_filter_complete(self) -> None:
        """Take the chosen suggestion, or the first; without any, ask for some."""
        await self._catch_up()
        popup = self.popup
        if popup.is_open:
            self.completer.take(popup.choice or popup.suggestions[0])
        else:
            self.completer.ask()

    def on_completion_popup_taken(self, event: CompletionPopup.Taken) -> None:
        """A suggestion was clicked."""
        self.completer.take(event.suggestion)

    def on_completions_loaded(self, message: CompletionsLoaded) -> None:
        """Offer what the data has, unless the field has been left meanwhile."""
        if self.is_typing:
            self.completer.take_found(message)

    def action_filter_help(self) -> None:
        """What a query can say."""
        from tracetui.tui.screens.query_help import QueryHelpScreen  # deferred: the first paint does without

        self.app.push_screen(QueryHelpScreen())
