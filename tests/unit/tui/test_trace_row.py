"""A trace in one row of the list."""

from msgspec.structs import replace
from textual.theme import BUILTIN_THEMES

from tracetui.model.trace import TraceSummary
from tracetui.tui.render.trace_row import choose_columns, trace_row
from tracetui.tui.theme import palette_of

SECOND = 10**9
TRACE = TraceSummary(
    1, "1" * 32, "chat gpt-4o", "1" * 16, "app", "", "s", SECOND, 2 * SECOND, SECOND, 0, 1, 0, None, None, None,
    ("gpt-4o", "gpt-4o-mini"), complete=True,
)  # fmt: skip


def text(trace: TraceSummary) -> str:
    """What the row says."""
    palette = palette_of(BUILTIN_THEMES["textual-dark"])
    return trace_row(trace, choose_columns(120), 120, palette, now_nano=SECOND, ages=True, selected=False).text


def test_models_stand_behind_the_name_unless_it_has_named_them() -> None:
    assert "chat gpt-4o gpt-4o-mini " in text(TRACE)
    assert text(TRACE).count("gpt-4o ") == 1
    assert "turn gpt-4o gpt-4o-mini" in text(replace(TRACE, name="turn"))
