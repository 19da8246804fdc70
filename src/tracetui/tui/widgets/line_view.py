"""The base of every pane of rows: draws only what is on the screen, knows a cursor, a scroll offset and the mouse.

A subclass says how many rows there are and how one looks. Rows are asked for one at a time, at the moment they are
painted; nothing here grows with their number. A cursor key repaints two rows, not the pane.
"""

from __future__ import annotations

from typing import ClassVar, Self

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tracetui.sanitise import one_line
from tracetui.tui.commands import bindings
from tracetui.tui.fact import Fact
from tracetui.tui.render.changes import changed_cells
from tracetui.tui.theme import Palette, palette_of

WHEEL_ROWS = 3
"""Rows a turn of the wheel scrolls."""


class LineView(Widget, can_focus=True):
    """A focusable pane of rows."""

    DEFAULT_CSS = """
    LineView {
        border: round $pane-border;
        border-title-color: $dim;
        border-subtitle-color: $dim;
        background: $background;
        color: $foreground;
        padding: 0;
        &:focus { border: round $pane-border-focus; border-title-color: $foreground; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("rows")]

    class CursorMoved(Fact):
        """The cursor stands on another row, by the user's doing."""

        view: LineView
        """The pane."""
        index: int
        """The row."""

        @property
        def control(self) -> LineView:
            """The pane, for `@on` selectors."""
            return self.view

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self.cursor = 0
        """Row of the cursor."""
        self.top = 0
        """First row on the screen."""
        self._painted: dict[int, Strip] = {}
        """What each screen row was when it was painted last."""
        self._next: dict[int, Strip] = {}
        """What rows are about to be painted, where that is known already."""
        self._dragging = False
        self._titles = ("", "")

    # What a subclass gives

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def render_row(self, index: int, width: int, *, selected: bool) -> Strip:
        """One row in exactly `width` cells."""
        raise NotImplementedError

    def render_header(self, width: int) -> list[Strip]:
        """Rows above the list that do not scroll."""
        return []

    def render_footer(self, width: int) -> list[Strip]:
        """Rows below the list that do not scroll."""
        return []

    def render_beyond(self, _row: int, width: int) -> Strip:
        """A screen row after the last row of the list, the first of which is 0."""
        return Strip.blank(width)

    async def row_activated(self, index: int) -> None:
        """A row was clicked a second time."""

    def scrolled(self) -> None:
        """The rows on the screen have changed."""

    # State

    @property
    def palette(self) -> Palette:
        """Colours of the current theme."""
        return palette_of(self.app.current_theme)

    @property
    def header_rows(self) -> int:
        """Rows that `render_header` takes."""
        return 0

    @property
    def footer_rows(self) -> int:
        """Rows that `render_footer` takes; they tell of the row under the cursor."""
        return 0

    @property
    def page_rows(self) -> int:
        """Rows on the screen."""
        return max(1, self.size.height - self.header_rows - self.footer_rows)

    @property
    def max_top(self) -> int:
        """The last `top` that makes sense."""
        return max(0, self.row_count - self.page_rows)

    def set_title(self, title: str, subtitle: str = "") -> None:
        """Set the texts in the border; both may hold received text. Only the border is painted again."""
        before, self._titles = self._titles, (one_line(title), one_line(subtitle))
        width, height = self.outer_size
        # Textual's own setters would paint the whole pane, twice
        if self._titles[0] != before[0]:
            self._border_title = Content(self._titles[0])
            self.refresh(Region(-1, -1, width, 1))
        if self._titles[1] != before[1]:
            self._border_subtitle = Content(self._titles[1])
            self.refresh(Region(-1, height - 2, width, 1))

    # Painting

    def render_line(self, y: int) -> Strip:
        """Paint one screen row."""
        strip = self._next.pop(y) if y in self._next else self._line(y)
        self._painted[y] = strip
        return strip

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Have regions painted again, or all of the pane."""
        for y in [y for y in self._next if not regions or any(y in region.line_range for region in regions)]:
            del self._next[y]
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def refresh_changes(self) -> None:
        """Repaint the cells that look different now, and nothing else: what follows along moves a little at a time."""
        rows, changed = {}, []
        for y in range(self.size.height):
            rows[y] = self._line(y)
            if (before := self._painted.get(y)) is None:
                changed.append(Region(0, y, self.size.width, 1))
            else:
                changed += [Region(at, y, to - at, 1) for at, to in changed_cells(before, rows[y])]
        if changed:
            self.refresh(*changed)
            self._next = rows

    def _line(self, y: int) -> Strip:
        width = self.size.width
        base = self.rich_style
        if y < self.header_rows:
            headers = self.render_header(width)
            return (
                headers[y].adjust_cell_length(width).apply_style(base) if y < len(headers) else Strip.blank(width, base)
            )
        if self.footer_rows and y >= self.size.height - self.footer_rows:
            footer = self.render_footer(width)[y - self.size.height + self.footer_rows]
            return footer.adjust_cell_length(width).apply_style(base)
        index = self.top + y - self.header_rows
        bar = self._scrollbar_cell(y - self.header_rows)
        inner = width - 1
        if index < self.row_count:
            selected = index == self.cursor
            strip = self.render_row(index, inner, selected=selected)
            if selected:
                strip = self._selected(strip)
        else:
            strip = self.render_beyond(index - self.row_count, inner)
        return Strip([*strip, bar], width).apply_style(base).simplify()

    @property
    def selection_style(self) -> Style:
        """Background of the row under the cursor."""
        return self.palette.on("selection" if self.has_focus else "selection_blurred")

    def _selected(self, strip: Strip) -> Strip:
        if text := self.palette.selected_text:
            over = self.selection_style + Style(color=text)
            return Strip(Segment.apply_style(strip, post_style=over), strip.cell_length)
        return Strip(Segment.apply_style(strip, post_style=self.selection_style), strip.cell_length)

    def _scrollbar_cell(self, row: int) -> Segment:
        thumb = self.thumb
        if thumb is not None and thumb[0] <= row < thumb[0] + thumb[1]:
            return Segment("▐", self.palette.style("dim" if self.has_focus else "faint"))
        return Segment(" ")

    def refresh_scrollbar(self) -> None:
        """Repaint the scroll bar alone."""
        self.refresh(Region(self.size.width - 1, self.header_rows, 1, self.page_rows))

    @property
    def thumb(self) -> tuple[int, int] | None:
        """First row and rows of the scroll bar's thumb; None when everything fits."""
        rows, page = self.row_count, self.page_rows
        if rows <= page:
            return None
        size = max(1, page * page // rows)
        return (page - size) * min(self.top, self.max_top) // max(1, self.max_top), size

    def refresh_row(self, index: int) -> None:
        """Repaint one row, if it is on the screen."""
        y = index - self.top
        if 0 <= y < self.page_rows:
            self.refresh(Region(0, y + self.header_rows, self.size.width, 1))

    # Moving

    def move_to(self, index: int, *, notify: bool = True) -> None:
        """Put the cursor on a row and bring it on the screen."""
        index = max(0, min(index, self.row_count - 1))
        before, old_top = self.cursor, self.top
        self.cursor = index
        if index < self.top:
            self.top = index
        elif index >= self.top + self.page_rows:
            self.top = index - self.page_rows + 1
        self.top = max(0, min(self.top, self.max_top))
        if self.top != old_top:
            self.refresh()
            self.scrolled()
        elif before != index:
            self.refresh_row(before)
            self.refresh_row(index)
            if rows := self.footer_rows:
                self.refresh(Region(0, self.size.height - rows, self.size.width, rows))
        if notify and before != index:
            self.post_message(self.CursorMoved(self, index))

    def scroll_rows(self, rows: int) -> None:
        """Move the rows under a cursor that stays where it is in the list."""
        top = max(0, min(self.top + rows, self.max_top))
        if top != self.top:
            self.top = top
            self.refresh()
            self.scrolled()

    def clamp(self) -> None:
        """Bring cursor and offset back into a list that has become shorter."""
        self.cursor = max(0, min(self.cursor, self.row_count - 1))
        self.top = max(0, min(self.top, self.max_top))

    def action_move(self, rows: int) -> None:
        """Cursor up or down."""
        self.move_to(self.cursor + rows)

    def action_move_page(self, pages: int) -> None:
        """Cursor a page up or down."""
        self.move_to(self.cursor + pages * max(1, self.page_rows - 1))

    def action_move_end(self, end: int) -> None:
        """Cursor to the first (-1) or last (1) row."""
        self.move_to(0 if end < 0 else self.row_count - 1)

    # Mouse

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Wheel down."""
        event.stop()
        self.scroll_rows(WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Wheel up."""
        event.stop()
        self.scroll_rows(-WHEEL_ROWS)

    async def on_mouse_down(self, event: events.MouseDown) -> None:
        """Start of a drag of the scroll bar, or a click on a row."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        row = offset.y - self.header_rows
        if offset.x >= self.size.width - 1 and self.row_count > self.page_rows:
            self._dragging = True
            self.capture_mouse()
            self._drag_to(row)
            return
        index = self.top + row
        if row < 0 or index >= self.row_count:
            return
        again = index == self.cursor and self.has_focus
        self.move_to(index)
        if again:
            await self.row_activated(index)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The scroll bar follows the mouse."""
        if self._dragging:
            self._drag_to(event.y - self.header_rows - 1)

    def on_mouse_up(self, _event: events.MouseUp) -> None:
        """End of a drag."""
        if self._dragging:
            self._dragging = False
            self.release_mouse()

    def _drag_to(self, row: int) -> None:
        share = min(max(row / max(1, self.page_rows - 1), 0.0), 1.0)
        self.scroll_rows(round(share * self.max_top) - self.top)

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the cursor on the screen if it was there."""
        if self.size.height <= 0:
            return
        if self.cursor >= self.top + self.page_rows:
            self.top = self.cursor - self.page_rows + 1
        self.top = max(0, min(self.top, self.max_top))
        self.scrolled()

    def on_focus(self, _event: events.Focus) -> None:
        """The selection is stronger in focus."""
        self.refresh_row(self.cursor)

    def on_blur(self, _event: events.Blur) -> None:
        """The selection is weaker without."""
        self.refresh_row(self.cursor)
