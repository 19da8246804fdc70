"""Only the cells that have changed go to the terminal: Textual writes a row from the beginning of its pane."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.control import Control
from textual._compositor import ChopsUpdate

from tracetui.tui.render.changes import is_even


class CroppedUpdate(ChopsUpdate):
    """Changed parts of rows, each written from its first changed cell to its last."""

    def render_segments(self, console: Console) -> str:
        """The update as it goes to the terminal."""
        written: list[str] = []
        for y, first, last in self.spans:
            for end, (begin, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or begin >= last or end <= first:
                    continue
                at, to = max(begin, first), min(end, last)
                if not is_even(strip):  # half of a wide character cannot be written
                    at, to = begin, end
                written.append(Control.move_to(at, y).segment.text)
                written.append(strip.crop(at - begin, to - begin).render(console))
        return "".join(written)


def cropped(renderable: RenderableType | None) -> RenderableType | None:
    """What Textual is about to write, cropped where that can be done."""
    if type(renderable) is ChopsUpdate:
        return CroppedUpdate(renderable.chops, renderable.spans, renderable.chop_ends)
    return renderable
