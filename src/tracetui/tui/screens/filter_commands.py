"""What changes the filter from outside of its field: toggles, values under the cursor, saved filters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from tracetui.errors import UsageError
from tracetui.query.saved import delete, load_saved, save
from tracetui.tui.commands import TOGGLES
from tracetui.tui.screens.filter_keys import FilterKeys

if TYPE_CHECKING:
    from tracetui.tui.widgets.inspector import Inspector

TOGGLE_TERMS = {"only-errors": "status:error", "only-llm": "kind:LLM", "recent": "start>-15m"}
"""What each quick toggle adds to the query, by its command."""

assert TOGGLE_TERMS.keys() == {command.id for command in TOGGLES}


class FilterCommands(FilterKeys):
    """The commands of the explorer that write the query for the user."""

    @property
    def inspector(self) -> Inspector:
        """The inspector."""
        raise NotImplementedError

    def set_filter(self, text: str) -> None:
        """Filter by another text at once."""
        if not text.strip():
            self.clear_filter()
            return
        self.bar.set_text(text)
        self._read(text)
        if self._reading.problem is not None:
            self._complain_now()
        else:
            self._search()
        self._toggles.stop()
        self.show_toggles()
        self._show_count()

    # Toggles

    def action_toggle_term(self, command: str) -> None:
        """Put a quick toggle's term into the query, or take it out."""
        from tracetui.query.edit import toggle  # deferred: the first paint does without the language

        self.set_filter(toggle(self.bar.text, TOGGLE_TERMS[command]))

    async def action_filter_toggle_term(self, command: str) -> None:
        """The same from within the field."""
        await self._catch_up()
        self.action_toggle_term(command)

    def show_toggles(self) -> None:
        """Show which toggles the query holds."""
        text = self.bar.text
        if not text.strip():
            self.bar.show_toggles(())
            return
        from tracetui.query.edit import has_term  # deferred as above

        self.bar.show_toggles([command for command, term in TOGGLE_TERMS.items() if has_term(text, term)])

    # What is under the cursor

    def action_narrow_by(self, exclude: bool) -> None:
        """Narrow the filter to what is under the cursor, or leave that out."""
        self._narrow(self._term_here(), exclude=exclude)

    def _term_here(self) -> str:
        from tracetui.tui.values import term_of_line, term_of_span, term_of_trace  # deferred as above

        if self.level == "inspect":
            opened, line = self.inspector.opened, self.inspector.line
            return term_of_line(opened, line) if opened is not None and line is not None else ""
        if self.level == "trace":
            return term_of_span(row) if (row := self.spans.selected_row) is not None else ""
        return term_of_trace(trace) if (trace := self.traces.selected) is not None else ""

    def action_narrow_same(self, what: str) -> None:
        """Filter by the session or the tool of the span under the cursor; in the list, by the trace's session."""
        from tracetui.tui.values import term_of_session, term_of_tool  # deferred as above

        opened = self.inspector.opened
        span = self.spans.selected_row if self.level == "trace" else opened.row if opened is not None else None
        if what == "session":
            holder = self.traces.selected if self.level == "list" else span
            self._narrow(term_of_session(holder) if holder is not None else "", none="It belongs to no session.")
        else:
            tool = term_of_tool(span) if span is not None and self.level != "list" else ""
            self._narrow(tool, none="Go to a span that calls a tool first.")

    def _narrow(self, term: str, *, exclude: bool = False, none: str = "There is no value here.") -> None:
        if not term:
            self.notify(none, markup=False)
            return
        from tracetui.query.edit import negated, with_term  # deferred as above

        self.set_filter(with_term(self.bar.text, negated(term) if exclude else term))

    # Saved filters

    def save_filter(self) -> None:
        """Ask for a name, and save the filter under it."""
        from tracetui.tui.screens.naming import NamingScreen  # deferred: the first paint does without

        text = self.bar.text.strip()
        if not text:
            self.notify("There is no filter to save: / begins one.", markup=False)
            return

        def named(name: str | None) -> None:
            if name:
                self._try(lambda: save(self.filters_file, name, text), f"Saved. @{name} stands for it from now on.")

        self.app.push_screen(NamingScreen(text), named)

    def _try(self, change: Callable[[], None], said: str) -> None:
        try:
            change()
        except UsageError as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(said, markup=False)

    def filter_commands(self) -> Iterator[SystemCommand]:
        """What the command palette offers: save, open and delete filters, clear the one that is on."""
        if self.bar.text.strip():
            yield SystemCommand("Save filter", "Give the filter a name to call it by.", self.save_filter)
            yield SystemCommand("Clear filter", "Show everything again.", self.clear_filter)
        try:
            saved = load_saved(self.filters_file)
        except UsageError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        for name, text in saved.items():
            yield SystemCommand(f"Filter: {name}", text, lambda text=text: self.set_filter(text))
        for name in saved:
            yield SystemCommand(
                f"Delete filter: {name}",
                "Forget it.",
                lambda name=name: self._try(lambda: delete(self.filters_file, name), f"Deleted the filter {name}."),
            )
