"""Rows of a trace: what is running, and what has not arrived."""

from __future__ import annotations

from tests.factories import SECOND, START
from tracetui.model.trace import SpanNode
from tracetui.model.tree import TraceTree, build_tree
from tracetui.tui.render.span_row import BELIEVED_NANO, axis_end, choose_layout, span_row
from tracetui.tui.theme import DARK_PALETTE

WIDTH = 100
LAYOUT = choose_layout(WIDTH, with_tokens=False)


def node(number: int, parent: str = "", start: int = 0, end: int = 0) -> SpanNode:
    """A span that starts and ends so many seconds after `START`; end 0 for one that has not ended."""
    return SpanNode(
        number, f"{number:016x}", parent, START + start * SECOND, START + end * SECOND if end else 0, False, "LLM"
    )


def shown(tree: TraceTree, position: int, until: int = 0) -> str:
    strip = span_row(tree, position, None, LAYOUT, WIDTH, DARK_PALETTE, folded=False, selected=False, until=until)
    assert strip.cell_length == WIDTH
    return strip.text


def bar(text: str) -> str:
    return text[LAYOUT.name + 9 :].rstrip()


def test_the_bar_of_a_running_span_goes_on_to_now() -> None:
    tree = build_tree("t", [node(1), node(2, node(1).span_id, 0, 5)])
    until = axis_end(tree, START + 10 * SECOND)
    assert until == START + 10 * SECOND
    running, ended = shown(tree, 0, until), shown(tree, 1, until)
    assert "10.0" in running
    assert len(bar(running)) == LAYOUT.bar
    assert abs(len(bar(ended)) - LAYOUT.bar // 2) <= 1


def test_a_trace_that_gives_no_sign_of_life_ends_with_its_last() -> None:
    tree = build_tree("t", [node(1), node(2, node(1).span_id, 0, 5)])
    assert axis_end(tree, START + 5 * SECOND + BELIEVED_NANO) == 0
    assert axis_end(tree, START) == 0, "a clock that is behind"
    text = shown(tree, 0)
    assert len(bar(text)) == len(bar(shown(tree, 1))) == LAYOUT.bar


def test_a_span_of_which_only_log_records_have_arrived_says_so() -> None:
    unseen = node(1)._replace(row_id=0, span_id="ab" * 8, end_time_unix_nano=START)
    assert "abababab has not arrived" in shown(build_tree("t", [unseen]), 0)
