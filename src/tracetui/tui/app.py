"""The Textual application: themes, the explorer, and the bridge from commits to the screen."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import threading
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.console import RenderableType
from textual import on
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.command import Provider
from textual.driver import Driver
from textual.events import Event, InputEvent, Paste
from textual.notifications import SeverityLevel
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from tracetui.config import Settings
from tracetui.model.clock import Clock, SystemClock
from tracetui.query.saved import expand
from tracetui.runtime import Runtime
from tracetui.sanitise import sanitise
from tracetui.store.records import Commit
from tracetui.store.withheld import Withheld
from tracetui.tui.background import BackgroundWork
from tracetui.tui.commands import COMMANDS, EVERYWHERE, commands_of
from tracetui.tui.crop import cropped
from tracetui.tui.feed import Feed
from tracetui.tui.keep_actions import KeepActions
from tracetui.tui.messages import ListView, StoreChanged
from tracetui.tui.pulse import Pulse
from tracetui.tui.reading import read_query
from tracetui.tui.screens.explorer import ExplorerScreen
from tracetui.tui.sgr import lean
from tracetui.tui.terminal import is_hung_up
from tracetui.tui.theme import DARK, THEMES
from tracetui.tui.yank import YankActions

if TYPE_CHECKING:
    from tracetui.tui.screens.sessions import SessionsScreen

log = logging.getLogger(__name__)

CHANGES_PER_SECOND = 10
"""At most so often the screen hears of commits."""

POLL_S = 0.2
"""How often a viewer asks whether another process has written."""

TERMINAL_S = 0.5
"""How often it is looked whether the terminal is still there."""

MANY_TRACES = 1_000
"""Changed traces that are named one by one; more are announced as any."""


_APP_ACTIONS = frozenset(
    command.action.removeprefix("app.") for command in COMMANDS if command.action.startswith("app.")
)


def _commands_provider() -> type[Provider]:
    from tracetui.tui.palette import SafeCommands  # deferred as Textual defers its own: needed when it is opened

    return SafeCommands


class TracetuiApp(BackgroundWork, KeepActions, YankActions, App[str]):
    """The explorer. Returns `demo` when the user asked for the demo, else nothing."""

    TITLE = "tracetui"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_commands_provider}
    BINDINGS: ClassVar[list[BindingType]] = []
    DEFAULT_CSS = """
    Toast { background: $surface; color: $foreground; }
    CommandPalette { background: $background 60%; }
    """
    _knows_theme = False
    """Whether the theme has been chosen."""

    def __init__(self, runtime: Runtime, *, clock: Clock | None = None, query: str = "", role: str = "") -> None:
        super().__init__()
        self._runtime = runtime
        self._clock = clock or SystemClock()
        self._reading = read_query(expand(query, runtime.settings.filters), self._clock.now_nano())
        self._withheld = Withheld()
        self._feed = Feed(lambda: runtime.open_reader_without(self._withheld))
        self._feed.start()
        self._feed.prefetch(ListView(self._reading.where))
        self._pulse = Pulse(runtime, self._clock, role=role)
        self._changes_lock = threading.Lock()
        self._changed: set[str] = set()
        self._changed_spans = 0
        self._announced = False
        self._data_version: int | None = None
        self._sessions: SessionsScreen | None = None
        self._incomplete: ExplorerScreen | None = None
        """The explorer's screen until it is whole."""
        self.failure = ""
        """What ended the screen, when it failed: a type and a place."""
        for theme in THEMES:
            self.register_theme(theme)
        names = set(self.available_themes)
        wanted = runtime.settings.theme
        if (theme_name := wanted if wanted in names else DARK) != self.theme:
            self.theme = theme_name
            # what Textual means to do at the start, for its own theme and for this one: parse every style sheet, which
            # is still to be done for the first time
            self._next_callbacks.clear()
        self._knows_theme = True
        self.stylesheet.set_variables(self.get_css_variables())
        self._unknown_theme = "" if wanted in names else wanted
        if runtime.settings.keymap:
            self.set_keymap(dict(runtime.settings.keymap))

    def get_css_variables(self) -> dict[str, str]:
        """The theme's colours; none before it is known which one, because working them out takes 2 ms."""
        return super().get_css_variables() if self._knows_theme else {}

    def get_driver_class(self) -> type[Driver]:
        """The platform's driver, writing less."""
        return lean(super().get_driver_class())

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Write an update, and of it only the cells that have changed."""
        super()._display(screen, cropped(renderable))

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a note; it may quote received text, so it is sanitised and never read as markup."""
        safe = sanitise(message, keep_newlines=True)
        super().notify(safe, title=sanitise(title), severity=severity, timeout=timeout, markup=False)

    def on_mount(self) -> None:
        """Show the explorer; open the receivers once it has been painted."""
        if not self.is_headless:
            self._leave_on_signals()
            self.set_interval(TERMINAL_S, self._leave_without_a_terminal)
        self._runtime.add_listener(self._committed)
        screen = ExplorerScreen(self._feed, self._clock, self._pulse, self.settings, self._reading)
        self._incomplete = screen
        self.push_screen(screen)
        self.call_later(screen.refresh, layout=True)  # nothing of it is painted until the application runs
        if self._unknown_theme:
            known = ", ".join(theme.name for theme in THEMES)
            self.notify(f"There is no theme {self._unknown_theme!r}. Ours: {known}.", severity="warning", markup=False)
        if not self._runtime.is_writer:
            self._polling = self.set_interval(POLL_S, self._poll)
        self.theme_changed_signal.subscribe(self, lambda _theme: self._restyle())

    async def on_event(self, event: Event) -> None:
        """Let a key or a click that comes right after the first paint wait for the rest of the screen."""
        if self._incomplete is not None and isinstance(event, InputEvent | Paste):
            await self._incomplete.complete()
        await super().on_event(event)

    @on(ExplorerScreen.Ready)
    def _painted(self) -> None:
        self._incomplete = None
        if not gc.isenabled():  # the command line put the collector off until now
            gc.enable()
            gc.freeze()  # what the start has made stays; later collections need not look at it again
        self._feed.load_language()
        self.start_background()

    @property
    def settings(self) -> Settings:
        """The runtime's settings."""
        return self._runtime.settings

    def _fatal_error(self) -> None:
        """Log what ended the screen; Textual's own report would print values that were received."""
        error = self._exception
        log.critical("the screen failed", exc_info=error)
        frame = traceback.extract_tb(error.__traceback__)[-1] if error else None
        self.failure = f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}" if frame else "unknown"
        self._close_messages_no_wait()

    def _leave_on_signals(self) -> None:
        """End as `q` does when the system asks for it, so that the terminal is restored and the store closed."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._end)

    def _leave_without_a_terminal(self) -> None:
        """End when the terminal is gone and no signal said so; Textual would read its end over and over."""
        if is_hung_up():
            self._end()

    def _end(self) -> None:
        self._keeper.forget()
        self.exit()

    def action_suspend_process(self) -> None:
        """Ctrl+Z: only where nothing is received, because the receivers would stand still with the screen."""
        if self._runtime.is_writer:
            self.notify("Ctrl+Z would stop the receivers too. Open another terminal, or use tmux.", markup=False)
        else:
            super().action_suspend_process()

    def on_unmount(self) -> None:
        """Stop reading."""
        self._feed.stop()
        self.stop_background()

    # Commits, from the writer's thread to the screen

    def _committed(self, commit: Commit) -> None:
        with self._changes_lock:
            self._changed |= commit.trace_ids
            self._changed_spans += commit.new_spans + commit.replaced_spans
            if self._announced:
                return
            self._announced = True
        self.call_later(self._announce)

    def _announce(self) -> None:
        with self._changes_lock:
            changed, self._changed = frozenset(self._changed), set()
            spans, self._changed_spans = self._changed_spans, 0
        self._pulse.stored(spans)
        self._tell(StoreChanged(changed if len(changed) <= MANY_TRACES else None))
        self.set_timer(1 / CHANGES_PER_SECOND, self._listen_again)

    def _listen_again(self) -> None:
        with self._changes_lock:
            if not self._changed:
                self._announced = False
                return
        self._announce()

    def _changed_here(self) -> None:
        """Other traces are to be seen, although none were stored."""
        self._tell(StoreChanged(None))
        self._feed.load_size(self.explorer)

    def _tell(self, message: StoreChanged) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, ExplorerScreen) or screen is self._sessions:
                screen.post_message(message)

    def _poll(self) -> None:
        self._feed.poll(self, self._notice)

    def _notice(self, version: int) -> StoreChanged | None:
        before, self._data_version = self._data_version, version
        return StoreChanged(None) if before is not None and before != version else None

    def on_store_changed(self, message: StoreChanged) -> None:
        """Another process has written."""
        self._tell(message)

    # Looks and commands

    def _restyle(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, ExplorerScreen) and screen.is_mounted:
                if screen.is_whole:
                    screen.inspector.restyle()
                screen.refresh(layout=True)
        if self._sessions is not None and self._sessions.is_mounted:
            self._sessions.restyle()

    @property
    def explorer(self) -> ExplorerScreen:
        """The explorer's screen."""
        for screen in self.screen_stack:
            if isinstance(screen, ExplorerScreen):
                return screen
        raise LookupError("the explorer is not on the stack")

    @property
    def sessions(self) -> SessionsScreen | None:
        """The sessions' screen, while it is shown."""
        shown = [screen for screen in self.screen_stack if not isinstance(screen, ModalScreen)][-1:]
        return self._sessions if shown and shown[0] is self._sessions else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the explorer's single-letter keys to the field that is typed in."""
        typing = isinstance(self.focused, Input) and action in _APP_ACTIONS
        return False if typing else super().check_action(action, parameters)

    def action_next_theme(self) -> None:
        """The next of our themes."""
        names = [theme.name for theme in THEMES]
        here = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(here + 1) % len(names)]

    def action_sessions(self) -> None:
        """To the sessions, or from them back to the traces."""
        if self.sessions is not None:
            self.pop_screen()
            return
        if self._sessions is None:
            from tracetui.tui.screens.sessions import SessionsScreen  # deferred: the first paint does without

            self._sessions = SessionsScreen(self._feed, self._clock, self._pulse)
            self.install_screen(self._sessions, "sessions")  # kept when it is left, with the reader's place
        self.push_screen(self._sessions)

    def action_filter(self) -> None:
        """Type a filter: of the traces, also where the sessions are shown, which have none."""
        if self.sessions is not None:
            self.pop_screen()
        self.explorer.action_filter()

    @on(ExplorerScreen.VisitEnded)
    def _back_to_sessions(self) -> None:
        self.action_sessions()

    def on_sessions_screen_left(self) -> None:
        """Back to the traces."""
        self.action_sessions()

    def on_sessions_screen_open_trace(self, message: SessionsScreen.OpenTrace) -> None:
        """A turn is to be opened as the trace that it is."""
        if self.sessions is None:
            return  # a second click on the way out
        self.pop_screen()
        self.explorer.visit(message.trace_id)

    def action_status(self) -> None:
        """Whether everything is in order."""
        from tracetui.tui.screens.status import StatusScreen  # deferred: the first paint does without

        self.push_screen(StatusScreen(self._feed, self._runtime))

    def action_demo(self) -> None:
        """Leave for the demo, while there is nothing to see here."""
        if self.explorer.teaches:
            self.exit("demo")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: every command that works here."""
        here = self.sessions or self.explorer
        only = EVERYWHERE if here is self.sessions else ()
        everywhere = commands_of("explorer", only=only)
        for command in (*everywhere, *(commands_of(here.pane_name) if here.focused is not None else ())):
            if command.id == "palette":
                continue
            target = here if command in everywhere else here.focused
            yield SystemCommand(
                command.title,
                f"{command.help}  {command.key_label}",
                lambda action=command.action, target=target: self.call_later(self._run, action, target),
            )
        if here is self.explorer:
            yield from self.explorer.filter_commands()
        for theme in THEMES:
            yield SystemCommand(
                f"Theme: {theme.name}", "Use these colours.", lambda name=theme.name: setattr(self, "theme", name)
            )

    async def _run(self, action: str, target: object) -> None:
        await self.run_action(action, target)  # type: ignore[arg-type]
