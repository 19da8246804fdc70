"""The least a Textual application can be: one screen of its own with one line. The baseline of the first paint."""

from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import Static

TEXT = "a bare Textual application"


class BareScreen(Screen[None]):
    def compose(self) -> ComposeResult:
        yield Static(TEXT)


class BareApp(App[None]):
    def on_mount(self) -> None:
        self.push_screen(BareScreen())


if __name__ == "__main__":
    BareApp().run()
