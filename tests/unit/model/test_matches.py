"""Which spans of a trace match, and what is left without the others."""

from __future__ import annotations

from tracetui.model.matches import Matches, find_matches
from tracetui.model.trace import SpanNode
from tracetui.model.tree import TraceTree, build_tree


def tree() -> TraceTree:
    """a(b(c d) e(f)) g"""
    parents = {"a": "", "b": "a", "c": "b", "d": "b", "e": "a", "f": "e", "g": ""}
    return build_tree("t", [
        SpanNode(number, span, parent, number, number + 1, is_error=False, kind="CHAIN")
        for number, (span, parent) in enumerate(parents.items(), 1)
    ])  # fmt: skip


def test_matches_stand_in_reading_order_and_unknown_ids_are_left_out() -> None:
    found = find_matches(tree(), ["f", "nowhere", "c"])
    assert list(found.positions) == [2, 5]
    assert len(found) == 2 and 2 in found and 3 not in found


def test_ancestors_are_kept_and_nothing_else() -> None:
    joined = tree()
    kept = find_matches(joined, ["f"]).visible(joined, ())
    assert [joined.nodes[position].span_id for position in kept] == ["a", "e", "f"]


def test_folds_hold_among_what_is_kept() -> None:
    joined = tree()
    matches = find_matches(joined, ["c", "d", "f", "g"])
    shown = matches.visible(joined, {"b"})
    assert [joined.nodes[position].span_id for position in shown] == ["a", "b", "e", "f", "g"]


def test_the_next_match_goes_round_the_end() -> None:
    matches = Matches([2, 5], [0, 1, 2, 4, 5])
    assert [matches.beside(position, 1) for position in (0, 2, 5, 6)] == [2, 5, 2, 2]
    assert [matches.beside(position, -1) for position in (0, 2, 5, 6)] == [5, 5, 2, 5]
    assert Matches().beside(3, 1) is None


def test_matches_are_numbered_and_counted_in_a_subtree() -> None:
    matches = Matches([2, 5], [0, 1, 2, 4, 5])
    assert (matches.number(2), matches.number(5), matches.number(3)) == (1, 2, 0)
    assert [position for position in range(7) if matches.keeps(position)] == [0, 1, 2, 4, 5]
    assert (matches.within(0, 6), matches.within(3, 6), matches.within(3, 5)) == (2, 1, 0)
