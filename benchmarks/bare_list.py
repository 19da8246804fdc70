"""A bare list of 200,000 lines on Textual's line API: the baseline of key to paint."""

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

LINES = 200_000
SELECTED = Style(reverse=True)


class BareList(Widget, can_focus=True):
    cursor = 0
    top = 0

    def render_line(self, y: int) -> Strip:
        index = self.top + y
        text = f"line {index:7,} ".ljust(self.size.width)
        return Strip([Segment(text, SELECTED if index == self.cursor else None)], self.size.width)

    def on_key(self, event: events.Key) -> None:
        step = {"j": 1, "k": -1}.get(event.key, 0)
        before, self.cursor = self.cursor, max(0, min(self.cursor + step, LINES - 1))
        top = max(self.cursor - self.size.height + 1, min(self.top, self.cursor))
        if top != self.top:
            self.top = top
            self.refresh()
        else:
            for index in (before, self.cursor):
                self.refresh(Region(0, index - top, self.size.width, 1))


class BareListApp(App[None]):
    def compose(self) -> ComposeResult:
        yield BareList()

    def on_mount(self) -> None:
        self.query_one(BareList).focus()


if __name__ == "__main__":
    BareListApp().run()
