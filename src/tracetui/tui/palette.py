"""The command palette: Textual reads titles and help as markup, and a saved filter may hold received text."""

from __future__ import annotations

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tracetui.sanitise import one_line


class SafeCommands(Provider):
    """The application's commands, told in text that is no markup."""

    async def discover(self) -> Hits:
        """Every command, while nothing is searched for."""
        for name, about, callback, shown in sorted(
            self.app.get_system_commands(self.screen), key=lambda command: command.title
        ):
            if shown:
                yield DiscoveryHit(_plain(name), callback, help=_plain(about))  # type: ignore[arg-type]  # as below

    async def search(self, query: str) -> Hits:
        """The commands whose title is like what was typed."""
        matcher = self.matcher(query)
        for name, about, callback, _ in self.app.get_system_commands(self.screen):
            title = one_line(name)
            if (score := matcher.match(title)) > 0:
                marked = Content(title) if "[" in title else matcher.highlight(title)
                # typed as a str, which would be read as markup; ready content is taken as it is
                yield Hit(score, marked, callback, text=title, help=_plain(about))  # type: ignore[arg-type]


def _plain(text: str) -> Content:
    return Content(one_line(text))
