"""The essence of `docs/query.md`, over the filter: what a query can say."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content

from tracetui.query.complete import OPERATOR_HELP
from tracetui.query.fields import FIELDS
from tracetui.tui.screens.help import KEY_CELLS, HelpScreen, help_line
from tracetui.tui.theme import Palette

EXAMPLE_CELLS = 42
"""Cells of the column of queries, in a page of `ROOMY` cells and more."""

ROOMY = 80

_EXAMPLES = (
    ("refund policy", "both words, anywhere: names, messages, attributes, events, logs"),
    ('"refund policy"', "these words side by side"),
    ("kind:LLM model:gpt-4*", "terms side by side must hold for one and the same span"),
    ("-status:error", "not; NOT does too"),
    ("tool:(search OR fetch)", "one of several"),
    ("tokens>1000 cost>$0.01", "numbers; 10k, 2M, 250ms, 1.5s, 3h are understood"),
    ("duration:1s..5s", "between"),
    ("start>-15m", "the last 15 minutes; start>2026-11-22T14:03 since then"),
    ("has:tool", "the field is there"),
    ("http.status_code>=500", "any attribute, by its dotted key; @key where a field has that name"),
    ("resource.host.name:db1", "an attribute of the resource"),
    ("input~'refund|return'", "a regular expression"),
    ("{kind:AGENT} >> {kind:TOOL status:error}", "a failed tool somewhere below an agent; > directly below"),
    ("{tool:search} && {tool:fetch}", "one trace has both"),
    ("@name", "a filter that was saved under this name"),
)


class QueryHelpScreen(HelpScreen):
    """The query language on one page."""

    TITLE_TEXT: ClassVar[str] = "Query language · Esc closes"

    def __init__(self) -> None:
        super().__init__("")

    def text(self, palette: Palette, width: int) -> Content:
        """Examples, operators, fields."""
        lines = [Content.styled("Examples", f"bold {palette.accent}")]
        lines += [_row(text, said, palette, width) for text, said in _EXAMPLES]
        lines += [Content(""), Content.styled("Operators", f"bold {palette.accent}")]
        lines += [_row(f"field{operator}value", said, palette, width) for operator, said in OPERATOR_HELP.items()]
        for title, of_trace in (("Fields of a span", False), ("Fields of the whole trace", True)):
            lines += [Content(""), Content.styled(title, f"bold {palette.accent}")]
            lines += [
                _row(field.name, f"{field.help}  {field.example}", palette, width)
                for field in FIELDS
                if field.of_trace is of_trace
            ]
        return Content("\n").join(lines)


def _row(key: str, text: str, palette: Palette, width: int) -> Content:
    """A query and what it finds; in a narrow page a long one stands above."""
    cells = EXAMPLE_CELLS if width >= ROOMY else KEY_CELLS
    if len(key) < cells:
        return help_line(key, text, palette, width, key_cells=cells)
    above = Content.styled(f"  {key}", palette.keyword)
    return Content("\n").join([above, help_line("", text, palette, width, key_cells=cells)])
