"""The sessions: their list, and the conversation of the one under the cursor."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from msgspec.structs import replace
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.css.query import NoMatches
from textual.screen import Screen

from tracetui.model.clock import Clock
from tracetui.model.numbers import format_cost, format_tokens
from tracetui.model.session import SessionSummary
from tracetui.tui.commands import EVERYWHERE, bindings, commands_of
from tracetui.tui.fact import Fact
from tracetui.tui.feed import Feed
from tracetui.tui.messages import FeedFailed, SessionView, StoreChanged
from tracetui.tui.pulse import Pulse
from tracetui.tui.screens.arrangement import HUGE_COLUMNS, WIDE_COLUMNS
from tracetui.tui.screens.help import HelpScreen
from tracetui.tui.theme import palette_of
from tracetui.tui.throttle import Throttle
from tracetui.tui.widgets.conversation import Conversation
from tracetui.tui.widgets.footer import KeyFooter
from tracetui.tui.widgets.header import Header
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.no_sessions import NoSessions
from tracetui.tui.widgets.session_list import SessionList

RELOAD_S = 0.3
"""How often at most the screen is read again while spans arrive."""

SETTLE_S = 0.08
"""How long the list's cursor must rest before the conversation under it is read."""


class SessionsScreen(Screen[None]):
    """List and conversation."""

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("explorer", only=EVERYWHERE)]
    AUTO_FOCUS = ""

    class OpenTrace(Fact):
        """The reader wants to see a turn's trace."""

        trace_id: str

    class Left(Fact):
        """The reader wants to go back to the traces."""

    def __init__(self, feed: Feed, clock: Clock, pulse: Pulse) -> None:
        super().__init__()
        self._feed = feed
        self._clock = clock
        self._pulse = pulse
        self._changed: set[str] | None = set()
        self._reload = Throttle(self, clock, self._read_again)
        self.reading = False
        """Whether the reader is in the conversation rather than in the list."""

    def compose(self) -> ComposeResult:
        """Everything, once; what shows is the style sheet's business."""
        yield Header()
        with Container(id="sessions-body"):
            yield NoSessions(id="no-sessions")
            yield SessionList(self._feed, self._clock, id="sessions")
            yield Conversation(self._feed, id="conversation")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Read the first page."""
        self.sessions.set_title("Sessions")
        self._settling = self.set_timer(SETTLE_S, self._settle)
        self.sessions.show(SessionView())
        self.set_interval(1.0, self._tick)
        self.show_state()
        self.go(reading=False)

    def on_screen_resume(self) -> None:
        """Read what has changed while another screen was shown."""
        if self.sessions.loaded:
            self._changed = None
            self._read_again()
        self.call_after_refresh(self._show_keys)

    # Parts

    @property
    def sessions(self) -> SessionList:
        """The list."""
        return self.query_one(SessionList)

    @property
    def conversation(self) -> Conversation:
        """The conversation."""
        return self.query_one(Conversation)

    @property
    def pane_name(self) -> str:
        """The pane in focus by the name the commands use."""
        return "conversation" if self.reading else "sessions"

    def go(self, *, reading: bool) -> None:
        """Into the conversation, or back to the list."""
        self.reading = reading
        self._arrange()
        # at once, unlike Widget.focus: the next key, perhaps typed already, belongs to this pane
        pane: LineView = self.conversation if reading else self.sessions
        self.set_focus(pane)
        self._show_keys()

    def _arrange(self) -> None:
        self.set_class(self.reading, "-reading")
        self.set_class(not self.reading, "-list")
        width = self.size.width
        for name, has in (
            ("-narrow", width < WIDE_COLUMNS),
            ("-wide", WIDE_COLUMNS <= width < HUGE_COLUMNS),
            ("-huge", width >= HUGE_COLUMNS),
        ):
            self.set_class(has, name)

    @property
    def _shows_conversation(self) -> bool:
        return self.reading or not self.has_class("-narrow")

    def on_resize(self, _event: events.Resize) -> None:
        """Arrange for the size."""
        self._arrange()
        self.call_after_refresh(self._settle)

    # What the panes tell

    @on(SessionList.Pointed)
    def _pointed(self) -> None:
        if not self.reading and self._shows_conversation:
            self._settling.stop()
            self._settling = self.set_timer(SETTLE_S, self._settle)

    def _settle(self) -> None:
        if not self.reading and self._shows_conversation:
            session = self.sessions.selected
            self.conversation.open(session.session_id if session else "")

    @on(SessionList.Changed)
    def _list_changed(self) -> None:
        sessions = self.sessions
        empty = sessions.total == 0
        if sessions.loaded and empty != self.has_class("-empty"):
            self.set_class(empty, "-empty")
            if not empty:  # a hidden pane cannot keep the focus
                self.call_after_refresh(self.go, reading=self.reading)
        order = sessions.view.sort.order.value
        noun = "session" if sessions.total == 1 else "sessions"
        sessions.set_title(f"{sessions.total:,} {noun}", "" if order == "last" else f"by {order}")
        self.show_state()
        self._show_keys()

    @on(Conversation.Changed)
    def _conversation_changed(self) -> None:
        view = self.conversation
        new = f"↓ {view.waiting:,} new" if view.waiting else ""
        view.set_title(title_of(view.session) if view.session else "", new or ("" if view.session else "gone"))
        self.show_state()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A click into a pane goes to it."""
        reading = event.widget is self.conversation
        if event.widget is self.focused and reading != self.reading:
            self.reading = reading
            self._arrange()
            self._show_keys()

    def _show_keys(self) -> None:
        everywhere = [
            replace(command, title="Traces") if command.id == "sessions" else command
            for command in commands_of("explorer", only=EVERYWHERE)
            if command.footer
        ]
        shown = [] if self.has_class("-empty") else [c for c in commands_of(self.pane_name) if c.footer]
        if self.reading:
            shown += commands_of("explorer", only={"back"})
        self.query_one(KeyFooter).show((*shown, *everywhere))

    # What the store tells

    def on_store_changed(self, message: StoreChanged) -> None:
        """Read again what is on the screen."""
        if message.trace_ids is None:
            self._changed = None
        elif self._changed is not None:
            self._changed |= message.trace_ids
        self._reload.ask(RELOAD_S)

    def _read_again(self) -> None:
        changed, self._changed = self._changed, set()
        self.sessions.reload()
        if self._shows_conversation:
            self.conversation.reload(changed)

    def on_feed_failed(self, message: FeedFailed) -> None:
        """Say what could not be read."""
        self.notify(message.error, title=f"Could not read the {message.what}", severity="error", markup=False)

    def _tick(self) -> None:
        with suppress(NoMatches):  # it may come once more while the screen is taken down, part by part
            self.show_state()

    def show_state(self) -> None:
        """Bring the header up to date; paints only what has changed."""
        pane = self.conversation if self.reading else self.sessions
        self.query_one(Header).show(self._pulse.header(following=pane.following, waiting=pane.waiting))
        if self.has_class("-empty"):
            self.query_one(NoSessions).show(palette_of(self.app.current_theme), self._pulse.has_traces)

    def restyle(self) -> None:
        """Write what is laid out in the colours of a new theme."""
        self.conversation.restyle()
        self.show_state()
        self.refresh(layout=True)

    def copied(self) -> tuple[str, str]:
        """What copying gives here, and what it is called."""
        if self.reading:
            line = self.conversation.line
            return (line.value or line.strip.text.strip() if line else ""), "value"
        session = self.sessions.selected
        return (session.session_id if session else ""), "session id"

    def copied_json(self) -> tuple[str, str]:
        """What copying as JSON gives here, and what it is called."""
        from tracetui.model.objects import session_object, turn_object  # deferred: 10 ms, for one key

        if self.reading:
            turn = self.conversation.turn
            return (json.dumps(turn_object(turn), ensure_ascii=False, indent=2) if turn else ""), "turn as JSON"
        session = self.sessions.selected
        return (json.dumps(session_object(session), ensure_ascii=False) if session else ""), "session as JSON"

    def paged(self) -> str:
        """What opens in the pager: the turn under the conversation's cursor as it is shown; nothing in the list."""
        return self.conversation.turn_text if self.reading else ""

    # Commands

    def action_help(self) -> None:
        """The keys."""
        self.app.push_screen(HelpScreen(self.pane_name, only=EVERYWHERE))

    def action_palette(self) -> None:
        """All commands."""
        self.app.action_command_palette()

    def action_follow(self) -> None:
        """Follow, or stand still."""
        pane = self.conversation if self.reading else self.sessions
        pane.follow(not pane.following)

    def action_next_pane(self) -> None:
        """The other pane."""
        if self.reading:
            self.go(reading=False)
        else:
            self.action_open_session()

    action_previous_pane = action_next_pane

    def action_open_session(self) -> None:
        """Read the session under the list's cursor."""
        session = self.sessions.selected
        if session is not None:
            self.conversation.open(session.session_id)
            self.go(reading=True)

    def action_open_turn(self) -> None:
        """Open the trace of the turn under the cursor."""
        turn = self.conversation.turn
        if turn is not None:
            self.post_message(self.OpenTrace(turn.trace.trace_id))

    def action_back(self) -> None:
        """To the list, from there to the traces."""
        if self.reading:
            self.go(reading=False)
        else:
            self.post_message(self.Left())

    def action_toggle_time(self) -> None:
        """Clock times or ages."""
        self.sessions.toggle_ages()


def title_of(session: SessionSummary) -> str:
    """A session in the border of its conversation."""
    turns = f"{session.trace_count:,} turn{'' if session.trace_count == 1 else 's'}"
    tokens = format_tokens(session.input_tokens, session.output_tokens)
    cost = format_cost(session.cost_total, session.cost_source)
    facts = (session.session_id, turns, ", ".join(session.users), tokens, cost)
    return " · ".join(fact for fact in facts if fact)
