"""The line at the top."""

from textual.theme import BUILTIN_THEMES

from tracetui.tui.theme import palette_of
from tracetui.tui.widgets.header import HeaderState, _left


def text(state: HeaderState, room: int = 120) -> str:
    """What the left side of the header says."""
    return "".join(
        segment.text for segment in _left(state, palette_of(BUILTIN_THEMES["textual-dark"]), room).strip(room)
    )


def test_an_address_open_to_anyone_is_said_all_the_time() -> None:
    assert "open to anyone: 0.0.0.0:4318" in text(HeaderState(open_to_anyone=("0.0.0.0:4318",)))
    assert "open to anyone: 0.0.0.0:4318" in text(HeaderState(open_to_anyone=("0.0.0.0:4318",)), 60)
    assert "open" not in text(HeaderState())
