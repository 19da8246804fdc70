"""A session read as one conversation: the turns near the viewport, whatever the number of turns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from itertools import accumulate
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import events
from textual.binding import BindingType
from textual.strip import Strip

from tracetui.model.clock import to_datetime
from tracetui.model.session import SessionSummary
from tracetui.tui.commands import bindings
from tracetui.tui.fact import Fact
from tracetui.tui.feed import Feed
from tracetui.tui.messages import TurnsLoaded, TurnView
from tracetui.tui.render.document import Document
from tracetui.tui.render.flow import DocumentLine, Flows
from tracetui.tui.render.row import Row
from tracetui.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from tracetui.model.turn import Turn

GUESS = 6
"""Rows that a turn is taken to have while it is not read."""


FIRST_TURNS = 8
"""Turns that are read at first: some screens full, for what a call says is seldom short."""


class Place(NamedTuple):
    """A row by what it shows."""

    turn: int
    """Place of the turn in the session."""
    row: int
    """Row of the turn."""


def pages() -> ModuleType:
    """The module that lays turns out, imported when the first is shown."""
    from tracetui.tui.render import turn_page

    return turn_page


class Conversation(LineView):
    """The turns of a session from the first to the last.

    A window of turns is held and laid out; a turn outside it counts as `GUESS` rows. When the window moves, cursor and
    offset stay with what they show.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("conversation")]

    class Changed(Fact):
        """What is shown, or whether it is followed, has changed."""

    def __init__(self, feed: Feed, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._feed = feed
        self.session_id = ""
        """The session that is shown."""
        self.session: SessionSummary | None = None
        """It, as last read."""
        self.total = 0
        """Turns of the session."""
        self.following = True
        """Whether the last turn is kept in view."""
        self.waiting = 0
        """Turns that came after since following stopped."""
        self._first = 0
        self._turns: tuple[Turn, ...] = ()
        self._pages: tuple[Document, ...] = ()
        self._starts: tuple[int, ...] = (0,)
        self._asked = False
        self._dirty = False
        self._unfolded: frozenset[str] = frozenset()
        self._all_open = False
        self._extents: dict[str, int] = {}
        self._flows: Flows = {}
        self._laid_out_for: tuple[object, ...] = ()

    # Reading

    def open(self, session_id: str) -> None:
        """Show a session, at its last turn; what is on the screen stays until it has been read."""
        if session_id == self.session_id:
            return
        self.session_id = session_id
        self._asked = self._dirty = False
        if session_id:
            self._ask("end", limit=FIRST_TURNS)
        else:
            self.on_turns_loaded(TurnsLoaded("", None, 0, 0, ()))

    def reload(self, changed: Collection[str] | None) -> None:
        """Read the window again after the store has changed: these traces, or any."""
        if not self.session_id:
            return
        if self._asked:
            self._dirty = True
        elif self.following or not self._turns:
            self._ask("end", changed=changed)
        else:
            self._ask("hold", self._middle, changed=changed)

    def _ask(
        self,
        aim: str,
        turn: Turn | None = None,
        *,
        changed: Collection[str] | None = (),
        place: int = -1,
        limit: int = 0,
    ) -> None:
        self._asked = True
        known = {
            turn.trace.trace_id: turn
            for turn in self._turns
            if changed is not None and turn.trace.trace_id not in changed
        }
        view, row = TurnView(self.session_id), turn.trace if turn else None
        # a turn has three rows at least, so that a window reaches a page and a half to each side of its middle
        limit = limit or max(FIRST_TURNS, self.page_rows)
        self._feed.load_turns(self, view, aim, row, place=place, known=known, limit=limit)

    @property
    def _middle(self) -> Turn:
        """The held turn that is nearest the middle of the screen."""
        held = self.place(self.top + self.page_rows // 2).turn - self._first
        return self._turns[max(0, min(held, len(self._turns) - 1))]

    def on_feed_failed(self) -> None:
        """A read failed, which the screen shows; ask again on the next change."""
        self._asked = self._dirty = False

    def on_turns_loaded(self, message: TurnsLoaded) -> None:
        """Take a window of turns, keeping the reader's place."""
        if message.session_id != self.session_id:
            return
        self._asked = False
        same = (
            self.session is not None
            and message.session is not None
            and (self.session.session_id == message.session.session_id)
        )
        if not same:
            self._forget()
        before = self.place(self.cursor), self.place(self.top)
        shift = self._shift(message) if same else 0
        added = max(0, message.total - self.total) if same else 0
        unchanged = same and (message.first, message.total, message.turns) == (self._first, self.total, self._turns)
        self.session, self._first, self.total = message.session, message.first, message.total
        self._turns = message.turns
        if not unchanged:
            self._lay_out()
            if self.following:
                self._to_last_turn()
            else:
                self.cursor, self.top = (self.row_of(Place(turn + shift, row)) for turn, row in before)
                self.waiting += added
            self.clamp()
            self.refresh()
        self.post_message(self.Changed())
        if self._dirty:
            self._dirty = False
            self.reload(None)
        else:
            self.scrolled()

    def _forget(self) -> None:
        self.following, self.waiting = True, 0
        self._turns, self._pages, self._starts, self._first, self.total = (), (), (0,), 0, 0
        self._unfolded, self._all_open = frozenset(), False
        self._extents.clear()
        self._flows.clear()

    def _shift(self, message: TurnsLoaded) -> int:
        """How many turns came (or went) ahead of those that are held."""
        held = {turn.trace.trace_id: self._first + place for place, turn in enumerate(self._turns)}
        for place, turn in enumerate(message.turns):
            if (before := held.get(turn.trace.trace_id)) is not None:
                return message.first + place - before
        return 0

    def _to_last_turn(self) -> None:
        self.cursor = self.row_of(Place(self.total - 1, 0))
        self.top = min(self.cursor, self.max_top)

    # Laying out

    def _lay_out(self) -> None:
        """Write the turns of the window for the width and colours of now."""
        width = max(20, self.size.width - 2)
        self._laid_out_for = (width, self.app.theme)
        self._pages = tuple(self._page(place, turn, width) for place, turn in enumerate(self._turns))
        self._starts = tuple(accumulate((len(page.lines) for page in self._pages), initial=0))
        held = {turn.trace.trace_id for turn in self._turns}
        for block in [block for block in self._flows if block.partition(".")[0] not in held]:
            del self._flows[block]

    def _page(self, place: int, turn: Turn, width: int) -> Document:
        earlier = self._turns[place - 1] if place else None
        at_start = not place and not self._first
        other_day = at_start or (earlier is not None and _day(turn) != _day(earlier))
        other = at_start or (earlier is not None and turn.instructions != earlier.instructions)
        setting = pages().Setting(self._first + place + 1, width, self.palette, other_day, other, self._all_open)
        document: Document = pages().turn_page(turn, setting, self._unfolded, self._extents, self._flows)
        return document

    def _relay(self) -> None:
        """Lay out again, cursor and offset staying with what they show."""
        cursor, top = self.place(self.cursor), self.place(self.top)
        block = self.line.block if self.line else ""
        self._lay_out()
        self.cursor, self.top = self.row_of(cursor, block), self.row_of(top)
        self.clamp()
        self.refresh()

    def restyle(self) -> None:
        """Write the turns again in the colours of a new theme."""
        self._flows.clear()
        self._relay()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        if self._turns and self._laid_out_for != (max(20, self.size.width - 2), self.app.theme):
            self._relay()
            if self.following:
                self._to_last_turn()
        super().on_resize(event)

    # Rows

    @property
    def row_count(self) -> int:
        """Rows of the whole conversation, those not read by their guess."""
        return (self.total - len(self._turns)) * GUESS + self._starts[-1]

    def place(self, row: int) -> Place:
        """What a row shows."""
        ahead = self._first * GUESS
        if row < ahead:
            return Place(row // GUESS, row % GUESS)
        inside = row - ahead
        if inside < self._starts[-1]:
            turn = bisect_right(self._starts, inside) - 1
            return Place(self._first + turn, inside - self._starts[turn])
        behind = inside - self._starts[-1]
        return Place(self._first + len(self._turns) + behind // GUESS, behind % GUESS)

    def row_of(self, place: Place, block: str = "") -> int:
        """The row that shows something now; with a block, its first row if the turn has it."""
        turn = max(0, min(place.turn, self.total - 1))
        held = turn - self._first
        if held < 0:
            return turn * GUESS + min(place.row, GUESS - 1)
        ahead = self._first * GUESS
        if held >= len(self._turns):
            return ahead + self._starts[-1] + (held - len(self._turns)) * GUESS + min(place.row, GUESS - 1)
        lines = self._pages[held].lines
        found = next((row for row, line in enumerate(lines) if block and line.block == block), place.row)
        return ahead + self._starts[held] + min(found, len(lines) - 1)

    def _line_at(self, row: int) -> DocumentLine | None:
        turn, inside = self.place(row)
        held = turn - self._first
        return self._pages[held].lines[inside] if 0 <= held < len(self._pages) else None

    @property
    def line(self) -> DocumentLine | None:
        """The line under the cursor."""
        return self._line_at(self.cursor) if self.row_count else None

    @property
    def turn(self) -> Turn | None:
        """The turn under the cursor."""
        held = self.place(self.cursor).turn - self._first
        return self._turns[held] if 0 <= held < len(self._turns) else None

    @property
    def turn_text(self) -> str:
        """The turn under the cursor as plain safe text; empty while it is read."""
        held = self.place(self.cursor).turn - self._first
        return self._pages[held].text.rstrip() if 0 <= held < len(self._pages) else ""

    def render_row(self, index: int, width: int, *, selected: bool) -> Strip:
        """One row of a turn, or a placeholder while it is read."""
        line = self._line_at(index)
        edge = Row().own("▌" if selected and self.has_focus else " ", self.palette.style("accent"))
        if line is None:
            turn, inside = self.place(index)
            text = f"◌ {turn + 1}  …" if not inside else ""
            return edge.own(text, self.palette.style("faint")).strip(width)
        return Strip([*edge.strip(1), *line.strip], 1 + line.strip.cell_length).adjust_cell_length(width)

    def scrolled(self) -> None:
        """Read on when the screen comes near the window's edge, and lay out more of a value whose end has come near."""
        if not self._turns or self._asked:
            return
        start, end = self._first * GUESS, self._first * GUESS + self._starts[-1]
        bottom, margin = self.top + self.page_rows, self.page_rows // 2
        if self.top >= end or bottom <= start:
            self._ask("seek", place=self.place(self.top).turn)
        elif (self.top - margin < start and self._first) or (
            bottom + margin > end and self._first + len(self._turns) < self.total
        ):
            self._ask("hold", self._middle)
        else:
            self._extend(bottom)

    def _extend(self, bottom: int) -> None:
        reached = {
            block
            for page, start in zip(self._pages, self._starts, strict=False)
            for row, block in page.more.items()
            if self.top <= self._first * GUESS + start + row <= bottom + self.page_rows
        }
        if reached:
            self._extents |= {block: self._extents.get(block, 1) + 1 for block in reached}
            self._relay()

    # Moving

    def move_to(self, index: int, *, notify: bool = True) -> None:
        """Put the cursor on a row; this ends following."""
        self._hold(index != self.cursor)
        super().move_to(index, notify=notify)
        self._notice_end()

    def scroll_rows(self, rows: int) -> None:
        """Scroll; this ends following too."""
        self._hold(rows != 0)
        super().scroll_rows(rows)
        self._notice_end()

    def _hold(self, moved: bool) -> None:
        if moved and self.following:
            self.following = False
            self.post_message(self.Changed())

    def _notice_end(self) -> None:
        if self.waiting and self.top >= self.max_top:
            self.waiting = 0
            self.post_message(self.Changed())

    def follow(self, on: bool) -> None:
        """Keep the last turn in view, or stand still."""
        self.following = on
        if on:
            self.waiting = 0
            self._ask("end")
        self.post_message(self.Changed())

    def action_move_end(self, end: int) -> None:
        """First row, or the last turn; what is not read is read from there."""
        held = self._first if end < 0 else self.total - self._first - len(self._turns)
        if not held:
            super().action_move_end(end)
            return
        self._hold(True)
        self.cursor = self.top = 0
        if end > 0:
            self.cursor, self.top = self.row_count - 1, self.max_top
        self._ask("end" if end > 0 else "top")
        self.refresh()

    def action_step_turn(self, direction: int) -> None:
        """To the head of the next turn; backwards first to the head of this one."""
        turn, row = self.place(self.cursor)
        self.move_to(self.row_of(Place(turn if direction < 0 and row else turn + direction, 0)))
        if self.cursor - self.top > self.page_rows // 2:
            self.top = min(self.cursor, self.max_top)
            self.refresh()
            self.scrolled()

    # Folding

    def action_toggle_block(self) -> None:
        """Unfold or fold what the line stands for; on a turn's head, what happened in between."""
        line, turn = self.line, self.turn
        if line is None or turn is None:
            return
        block = line.block if line.folds else f"{turn.trace.trace_id}.steps" if line.block.endswith(".head") else ""
        if block:
            self._unfolded ^= {block}
            self._relay()

    def action_fold_steps(self, fold: bool) -> None:
        """Fold or unfold what happened in between, in every turn."""
        self._all_open, self._unfolded = not fold, frozenset()
        self._relay()

    async def row_activated(self, _index: int) -> None:
        """A second click unfolds what folds, else opens the trace."""
        if self.line is not None and self.line.folds:
            self.action_toggle_block()
        else:
            await self.run_action("screen.open_turn")


def _day(turn: Turn) -> object:
    moment = to_datetime(turn.trace.start_time_unix_nano)
    return moment.astimezone().date() if moment else None
