"""The explorer: the list, the trace and the inspector on one screen, arranged for the size of the terminal."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.css.query import NoMatches

from tracetui.config import Settings
from tracetui.model.clock import Clock
from tracetui.tui.commands import bindings, commands_of
from tracetui.tui.fact import Fact
from tracetui.tui.feed import Feed
from tracetui.tui.messages import FeedFailed, ListView, SizeLoaded, StoreChanged
from tracetui.tui.pulse import Pulse
from tracetui.tui.reading import Reading
from tracetui.tui.screens.arrangement import LEVELS, Arrangement
from tracetui.tui.screens.filter_commands import FilterCommands
from tracetui.tui.theme import palette_of
from tracetui.tui.throttle import Throttle
from tracetui.tui.widgets.footer import KeyFooter
from tracetui.tui.widgets.header import Header
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.span_tree import SpanTree
from tracetui.tui.widgets.trace_list import TraceList
from tracetui.tui.widgets.welcome import Welcome

if TYPE_CHECKING:
    from tracetui.tui.widgets.inspector import Inspector

FOLLOW_S, HELD_S = 0.2, 0.1
"""How often at most the list is read while spans arrive: following most of it moves, held only what is counted."""

GROWS_S = 0.5
"""How often at most the trace on the screen is read while it grows."""

PREVIEW_S = 1.0
"""How often at most the trace under a following list changes."""

SEARCH_S = 0.5
"""How often at most the matches of a filter are looked for again while spans arrive."""

SETTLE_S, TYPED_SETTLE_S = 0.08, 0.25
"""How long the list's cursor must rest before the trace under it is read, and while a filter is typed."""

OPEN_S = 0.1
"""How long the screen waits for a trace that is opened before it shows that it has to be read."""


class _Rows(Vertical):
    BLANK = True
    """Hidden behind what it holds: Textual need not style its lines one by one for each paint of all panes."""


class _Columns(Horizontal):
    BLANK = True


class ExplorerScreen(FilterCommands):
    """List, trace, inspector."""

    BLANK = True

    # not CSS_PATH, which would have every style sheet parsed a second time as the screen is pushed
    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("explorer")]
    AUTO_FOCUS = "#traces"

    class Ready(Fact):
        """The first page has been painted; what is slow to start may start."""

    class VisitEnded(Fact):
        """The reader leaves a trace that was opened from elsewhere, and wants to go back there."""

    def __init__(
        self, feed: Feed, clock: Clock, pulse: Pulse, settings: Settings, reading: Reading | None = None
    ) -> None:
        super().__init__(feed, clock, pulse, settings, reading)
        self._arrangement = Arrangement()
        self._inspector: Inspector | None = None
        self._completing = asyncio.Lock()
        self._whole = False
        self._ready = False
        self.teaches = False
        """Whether there is nothing yet, and the screen tells where to send spans."""
        self._visiting = False
        self._held = ExitStack()
        """Keeps the screen from being painted while a trace that is opened is read."""
        self._list_reload = Throttle(self, clock, lambda: self.traces.reload())
        self._trace_reload = Throttle(self, clock, self._reload_trace)
        self._preview = Throttle(self, clock, self._settle)

    def compose(self) -> ComposeResult:
        """What the first paint shows, or may show a moment later; `complete` brings the rest."""
        self._arrangement.fit(*self.app.size)
        self._whole = opened_on_query = bool(self._reading.text)
        yield Header()
        if opened_on_query:
            yield from self._make_filter_parts()
        with _Rows(id="body"):
            yield Welcome(id="welcome")
            yield TraceList(self._feed, self._clock, id="traces")
            with _Columns(id="detail"):
                yield SpanTree(self._feed, self._clock, id="tree")
                if opened_on_query or self._arrangement.shows("inspect"):
                    yield self._make_inspector()
        yield KeyFooter()

    def _make_inspector(self) -> Inspector:
        # deferred: 5 ms, and some to mount it, which the first paint does without
        from tracetui.tui.widgets.inspector import Inspector

        self._inspector = Inspector(self._feed, id="inspector")
        self._inspector.display = self._arrangement.shows("inspect")
        return self._inspector

    async def complete(self) -> None:
        """Mount what the first paint did without. Every key and click waits for it, so that none finds it missing."""
        mounted: asyncio.Event = self._mounted_event
        await mounted.wait()
        async with self._completing:
            if self.is_whole:
                return
            if self._filter_parts is None:
                await self.mount_all(self._make_filter_parts(), after=self.query_one(Header))
            if self._inspector is None:
                await self.query_one("#detail").mount(self._make_inspector())
            self._whole = True
        self._show_count()
        self._follow_down()

    @property
    def is_whole(self) -> bool:
        """Whether everything has been mounted."""
        return self._whole

    def on_mount(self) -> None:
        """Read the first page and start the pulse of the header."""
        self.traces.set_title("Traces")
        self.traces.show(ListView(self._reading.where))
        self.teaches = self._is_empty
        self._arrange()
        self.spans.filter(self._reading.where)
        if self.where is not None:  # the explorer was opened on a query
            self.watch_index()
            self.call_after_refresh(self.show_toggles)
        self._feed.load_size(self)
        self._settling = self.set_timer(SETTLE_S, self._settle)
        self.set_interval(1.0, self._tick)
        self.show_state()

    # Parts

    @property
    def traces(self) -> TraceList:
        """The list."""
        return self.query_one(TraceList)

    @property
    def spans(self) -> SpanTree:
        """The trace."""
        return self.query_one(SpanTree)

    @property
    def inspector(self) -> Inspector:
        """The inspector."""
        if self._inspector is None:
            raise LookupError("the inspector has not been made yet")
        return self._inspector

    @property
    def level(self) -> str:
        """How deep the reader is: `list`, `trace` or `inspect`."""
        return self._arrangement.level

    def _pane(self, level: str) -> LineView | None:
        return {"list": self.traces, "trace": self.spans, "inspect": self._inspector}[level]

    def go(self, level: str) -> None:
        """Go to a level: its pane shows and has the focus."""
        self._arrangement.level = level
        self._visiting = self._visiting and level != "list"
        self._release()
        if level == "trace" and self.spans.is_reading:
            self._hold()
        self._arrange()
        # at once, unlike Widget.focus: the next key, perhaps typed already, belongs to this pane
        self.set_focus(self._pane(level))
        self._follow_down()

    def _hold(self) -> None:
        """Paint nothing until the trace has been read, for a moment: one paint, not one of the trace before as well."""
        self._held.callback(self.refresh)  # what was to be painted meanwhile
        self._held.enter_context(self.app.batch_update())
        self._held.callback(self.set_timer(OPEN_S, self._release).stop)

    @on(SpanTree.Read)
    def _release(self) -> None:
        self._held.close()

    def _arrange(self) -> None:
        """Show the panes that the arrangement says, or the page that teaches.

        Not by classes and a style sheet: each change of a class styles every widget of the screen anew.
        """
        shows = self._arrangement.shows
        self.query_one(Welcome).display = self.teaches
        self.traces.display = shows("list") and not self.teaches
        self.query_one("#detail").display = (shows("trace") or shows("inspect")) and not self.teaches
        self.spans.display = shows("trace")
        if self._inspector is not None:
            self._inspector.display = shows("inspect")
        self.traces.styles.height = f"{self._arrangement.list_height}%"
        self.spans.styles.width = f"{self._arrangement.tree_width}%"

    def _compositor_refresh(self) -> None:
        """Paint, but not while the application starts: Textual would render the whole screen and throw it away."""
        if self.app._batch_count:
            return
        super()._compositor_refresh()
        if not self._ready and self.traces.loaded:
            self._ready = True
            self.post_message(self.Ready())

    def _follow_down(self) -> None:
        """Let the panes that show follow the cursors above them."""
        if self.level != "list" or self._arrangement.shows("trace"):
            trace = self.traces.selected
            if self.level == "list" and trace is not None:
                self.spans.open(trace.trace_id)
        if self._whole and self._arrangement.shows("inspect"):
            self.inspector.open(self.spans.trace_id, self.spans.selected_span_id)

    def on_resize(self, event: events.Resize) -> None:
        """Arrange for the size."""
        self._arrangement.fit(event.size.width, event.size.height)
        self._arrange()
        self.call_after_refresh(self._follow_down)

    # What the panes tell

    @on(TraceList.Pointed)
    def _trace_pointed(self) -> None:
        if self.level == "list" and self._arrangement.shows("trace"):
            if self.traces.following and not self.is_typing:
                self._preview.ask(PREVIEW_S)
            else:
                self._settling.stop()
                # while a filter is typed, each pause of the keyboard brings another trace under the cursor
                self._settling = self.set_timer(TYPED_SETTLE_S if self.is_typing else SETTLE_S, self._settle)

    def _settle(self) -> None:
        trace = self.traces.selected
        if self.level == "list":
            self.spans.open(trace.trace_id if trace else "")

    @on(Ready)
    async def _painted(self) -> None:
        await self.complete()

    @property
    def _is_empty(self) -> bool:
        """Whether there is nothing yet, so that the screen teaches instead."""
        traces = self.traces
        return traces.loaded and traces.total == 0 and traces.view.where is None and not self.is_typing

    @on(TraceList.Changed)
    def _list_changed(self) -> None:
        traces = self.traces
        if traces.loaded:
            empty = self._is_empty
            if empty != self.teaches:
                self.teaches = empty
                self._arrange()
                self._show_keys()
                if not empty and not self.is_typing:  # a hidden pane cannot keep the focus
                    self.call_after_refresh(lambda: self.set_focus(self._pane(self.level)))
        order = traces.view.sort.order.value
        noun = "trace" if traces.total == 1 else "traces"
        if traces.loaded:  # while a filter is typed, the title stays with what is on the screen
            more = "" if traces.counted else "+"
            traces.set_title(f"{traces.total:,}{more} {noun}", "" if order == "start" else f"by {order}")
        self._show_count()
        self.explain_nothing()
        self.show_state()

    @on(SpanTree.Pointed)
    def _span_pointed(self, event: SpanTree.Pointed) -> None:
        if self._whole and self._arrangement.shows("inspect"):
            self.inspector.open(event.trace_id, event.span_id)

    def on_inspector_step_span(self, event: Inspector.StepSpan) -> None:
        """The inspector shows a neighbour of its span."""
        self.spans.step(event.rows)
        self.inspector.open(self.spans.trace_id, self.spans.selected_span_id)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The footer shows the keys of the pane in focus; a click into a pane goes to its level."""
        for level in LEVELS:
            if event.widget is self._pane(level) is self.focused and self.level != level:
                self._arrangement.level = level
                self._arrange()
        self._show_keys()

    def _show_keys(self) -> None:
        pane = self.pane_name
        if self.teaches:
            shown = [command for command in commands_of("explorer") if command.id in ("demo", "help", "quit", "status")]
        elif self.is_typing:
            shown = [command for command in commands_of("filter") if command.footer]  # every other key is text
        else:
            shown = [command for command in commands_of(pane) if command.footer and pane != "explorer"]
            if pane == "tree" and self.where is not None:
                shown[1:1] = commands_of("tree", only={"next-match", "only-matches"})
            if self.level != "list":
                shown += commands_of("explorer", only={"back"})
            shown += [command for command in commands_of("explorer") if command.footer]
        self.query_one(KeyFooter).show(tuple(shown))

    @property
    def pane_name(self) -> str:
        """The pane in focus by the name the commands use."""
        if self.focused is None or not isinstance(self.focused, LineView):
            return "explorer"
        return {"list": "list", "trace": "tree", "inspect": "inspector"}[self.level]

    # What the store tells

    def on_store_changed(self, message: StoreChanged) -> None:
        """Read again what is on the screen, if it has changed."""
        if self.where is not None:
            self.watch_index()
            self._list_reload.ask(SEARCH_S)
        else:
            self._list_reload.ask(FOLLOW_S if self.traces.following else HELD_S)
        trace_id = self.spans.trace_id
        if trace_id and (message.trace_ids is None or trace_id in message.trace_ids):
            self._trace_reload.ask(GROWS_S)

    def reload_matches(self) -> None:
        """Read list and trace again: the index has come further."""
        self._list_reload.ask(SEARCH_S)
        self.spans.find_matches()

    def _reload_trace(self) -> None:
        self.spans.reload()
        if self._whole and self._arrangement.shows("inspect"):
            self.inspector.reload()

    def on_size_loaded(self, message: SizeLoaded) -> None:
        """Show how much is stored."""
        self._pulse.take_size(message.size)
        self._show_count()
        self.show_state()

    def on_feed_failed(self, message: FeedFailed) -> None:
        """Say what could not be read."""
        self.search_failed()
        self.notify(message.error, title=f"Could not read the {message.what}", severity="error", markup=False)

    def _tick(self) -> None:
        with suppress(NoMatches):  # it may come once more while the screen is taken down, part by part
            self.show_state()

    def show_state(self) -> None:
        """Bring the header up to date; paints only what has changed."""
        traces = self.traces
        self.renew_times()
        state = self._pulse.header(following=traces.following, waiting=traces.waiting)
        self.query_one(Header).show(state)
        if self.teaches:
            palette = palette_of(self.app.current_theme)
            self.query_one(Welcome).show(state.statuses, state.role, palette, database=self._pulse.database_option)
        if self._pulse.wants_size():
            self._feed.load_size(self)
        for notice in self._pulse.notices():
            self.notify(notice, severity="warning", timeout=12, markup=False)

    # Commands

    def action_help(self) -> None:
        """The keys."""
        from tracetui.tui.screens.help import HelpScreen  # deferred: the first paint does without

        self.app.push_screen(HelpScreen(self.pane_name))

    def action_palette(self) -> None:
        """All commands."""
        self.app.action_command_palette()

    def action_filter(self) -> None:
        """Type a filter."""
        self.open_filter()

    def action_follow(self) -> None:
        """Follow, or stand still."""
        self.traces.follow(not self.traces.following)

    def action_next_pane(self) -> None:
        """The next level, round the end."""
        self._step_pane(1)

    def action_previous_pane(self) -> None:
        """The level before, round the end."""
        self._step_pane(-1)

    def _step_pane(self, direction: int) -> None:
        level = LEVELS[(LEVELS.index(self.level) + direction) % len(LEVELS)]
        if self.level == "list" and (trace := self.traces.selected) is not None:
            self.spans.open(trace.trace_id)
        if level == "inspect":
            self.inspector.open(self.spans.trace_id, self.spans.selected_span_id)
        self.go(level)

    def action_open_trace(self) -> None:
        """Into the trace under the list's cursor."""
        self.traces.when_loaded(self._open_selected)

    def _open_selected(self) -> None:
        if (trace := self.traces.selected) is not None:
            self.spans.open(trace.trace_id)
            self.go("trace")

    def visit(self, trace_id: str) -> None:
        """Show a trace for a reader who comes from elsewhere and goes back there."""
        self.spans.open(trace_id)
        self.go("trace")
        self._visiting = True

    def action_open_span(self) -> None:
        """Read the span under the trace's cursor."""
        self.spans.when_loaded(self._read_span)

    def _read_span(self) -> None:
        if span_id := self.spans.selected_span_id:
            self.inspector.open(self.spans.trace_id, span_id)
            self.go("inspect")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave every key to the field that is typed in."""
        if self.is_typing and not action.startswith("filter_"):
            return False
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """One level up; at the top, remove the filter."""
        if self._arrangement.zoomed:
            self.action_zoom()
        elif self._visiting and self.level == "trace":
            self.go("list")
            self.post_message(self.VisitEnded())
        elif self.level != "list":
            self.go(LEVELS[LEVELS.index(self.level) - 1])
        elif self.bar.text:
            self.clear_filter()

    def action_zoom(self) -> None:
        """The pane in focus alone, or all of them again."""
        self._arrangement.zoomed = not self._arrangement.zoomed
        self._arrange()
        self._follow_down()

    def action_resize(self, percent: int) -> None:
        """Make the pane in focus larger or smaller."""
        self._arrangement.resize(percent)
        self._arrange()

    def action_show_tab(self, number: int) -> None:
        """Show a tab of the inspector, from wherever the reader is in the trace."""
        if self.level == "list" and not self._arrangement.shows("inspect"):
            return
        if not self._arrangement.shows("inspect"):
            self.inspector.open(self.spans.trace_id, self.spans.selected_span_id)
            self.go("inspect")
        self.inspector.show_tab(number)

    def action_toggle_time(self) -> None:
        """Clock times or ages."""
        self.traces.toggle_ages()
