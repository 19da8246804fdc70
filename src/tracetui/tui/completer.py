"""Completion of the filter: what the language offers at once, what the data offers as soon as it is read.

Imported when the filter is first typed in: it brings the query language along.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from textual.geometry import Offset
from textual.message_pump import MessagePump

from tracetui.errors import UsageError
from tracetui.query.complete import Candidate, Completion, Slot, accepted, complete
from tracetui.query.saved import load_saved
from tracetui.store.conditions import Attribute
from tracetui.tui.feed import Feed
from tracetui.tui.messages import CompletionsLoaded
from tracetui.tui.throttle import Delay
from tracetui.tui.widgets.completion import CompletionPopup, Suggestion
from tracetui.tui.widgets.query_field import QueryField

READ_PAUSE_S = 0.05
"""How long the keyboard must rest before the data is asked."""


class Completer:
    """Fills the popup for a field.

    Args:
        feed: Reads what the data offers.
        target: Gets the feed's `CompletionsLoaded`, and hands it to `take_found`.
        field: Where the query is typed.
        popup: Where suggestions show.
        filters: Where filters are saved, which are offered by name.
    """

    def __init__(
        self, feed: Feed, target: MessagePump, field: QueryField, popup: CompletionPopup, filters: Path
    ) -> None:
        self._feed = feed
        self._target = target
        self._field = field
        self._popup = popup
        self._filters = filters
        self._completion: Completion | None = None
        self._found: Sequence[tuple[str, int]] = ()
        self._closed_at: int | None = None
        self._reading = Delay(target, self._read)

    def typed(self) -> None:
        """The text is another: offer what fits it, unless the user closed the popup at this piece."""
        self._ask(wanted=False)

    def ask(self) -> None:
        """Offer what could stand here, whatever was closed before."""
        self._closed_at = None
        self._ask(wanted=True)

    def _ask(self, *, wanted: bool) -> None:
        completion = complete(self._field.value, self._field.cursor_position)
        if completion.start != self._closed_at:
            self._closed_at = None
        begun = completion.start < self._field.cursor_position
        if self._closed_at is not None or not (wanted or _offers_itself(completion, begun=begun)):
            self._forget()
            return
        kept = self._completion is not None and completion.prefix.startswith(self._completion.prefix)
        same = kept and self._completion is not None and (
            (completion.slot, completion.operand, completion.start)
            == (self._completion.slot, self._completion.operand, self._completion.start)
        )  # fmt: skip
        self._completion = completion
        self._found = self._found if same else ()  # what begins so still does, as far as it goes
        self._show()
        self._reading.ask(READ_PAUSE_S)

    def _read(self) -> None:
        """Ask what the data offers."""
        completion = self._completion
        if completion is None:
            return
        if completion.slot is Slot.VALUE and completion.operand is not None:
            self._feed.load_completions(self._target, completion, completion.operand, completion.prefix)
        elif completion.slot in (Slot.TERM, Slot.KEY):
            self._feed.load_completions(self._target, completion, None, completion.prefix)

    def take_found(self, message: CompletionsLoaded) -> None:
        """Offer what was read too, unless something else stands at the cursor by now."""
        if message.asked is self._completion:
            self._found = message.found
            self._show()

    def _show(self) -> None:
        completion = self._completion
        assert completion is not None
        typed = self._field.value[completion.start : completion.end].casefold()
        offered = chain(self._saved(completion), suggest(completion, self._found))
        suggestions = [suggestion for suggestion in offered if suggestion.candidate.text.casefold() != typed]
        place = self._field.place_of(completion.start)
        self._popup.show(suggestions, Offset(place.x, place.y))

    def _saved(self, completion: Completion) -> Iterator[Suggestion]:
        """Saved filters whose name begins with what stands behind an `@`."""
        typed = self._field.value[completion.start : self._field.cursor_position]
        if completion.slot is not Slot.TERM or not typed.startswith("@"):
            return
        try:
            saved = load_saved(self._filters)
        except UsageError:
            return  # said where one is called
        for name, text in saved.items():
            if name.casefold().startswith(typed[1:].casefold()):
                yield Suggestion(Candidate(f"@{name}", text))

    def take(self, suggestion: Suggestion) -> None:
        """Put a suggestion into the field; behind a value that is done goes a blank."""
        completion = self._completion
        if completion is None:
            return
        text, cursor = accepted(self._field.value, completion, suggestion.candidate)
        is_done = completion.slot is Slot.VALUE and cursor == len(text)
        self._forget()
        self._field.value = text + " " if is_done else text
        self._field.cursor_position = cursor + 1 if is_done else cursor

    def close(self) -> None:
        """Offer nothing for this piece any more."""
        if self._completion is not None:
            self._closed_at = self._completion.start
        self._forget()

    def _forget(self) -> None:
        self._completion = None
        self._found = ()
        self._popup.close()


def _offers_itself(completion: Completion, *, begun: bool) -> bool:
    """Whether to offer something without being asked: never where nothing has been begun."""
    match completion.slot:
        case Slot.TERM:
            return begun
        case Slot.VALUE | Slot.KEY:
            return True
        case _:
            return False


def suggest(completion: Completion, found: Sequence[tuple[str, int]]) -> Iterator[Suggestion]:
    """All that fits: of values the most frequent first, of fields those of the language before attributes."""
    known = completion.candidates
    if completion.slot is Slot.VALUE:
        counted = [Suggestion(completion.value(text), count) for text, count in found]
        seen = {suggestion.candidate.text.casefold() for suggestion in counted}
        helps = {candidate.text.casefold(): candidate.help for candidate in known}
        for suggestion in counted:
            text = suggestion.candidate.text
            yield suggestion._replace(candidate=Candidate(text, helps.get(text.casefold(), "")))
        yield from (Suggestion(candidate) for candidate in known if candidate.text.casefold() not in seen)
    else:
        yield from map(Suggestion, known)
        typed = completion.prefix.casefold()
        keys = (text for text, _ in found if text.casefold().startswith(typed)) if typed else ()
        counts = dict(found)
        yield from (Suggestion(completion.key(Attribute(key)), counts[key]) for key in keys)
