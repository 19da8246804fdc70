from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracetui.model.trace import SpanNode
from tracetui.model.tree import build_tree


def node(span_id: str, parent: str = "", start: int = 1, end: int = 2, *, error: bool = False) -> SpanNode:
    return SpanNode(int(start), span_id, parent, start, end, error, "UNKNOWN")


def ids(tree_nodes: object) -> list[str]:
    return [item.span_id for item in tree_nodes]  # type: ignore[attr-defined]


def test_parents_come_before_children_and_siblings_by_start() -> None:
    tree = build_tree("t", [node("c", "a", 30), node("d", "b", 20), node("a", "", 1), node("b", "a", 10)])
    assert ids(tree.nodes) == ["a", "b", "d", "c"]
    assert list(tree.depths) == [0, 1, 2, 1]
    assert list(tree.sizes) == [4, 2, 1, 1]
    assert tree.children(0) == [1, 3]
    assert [tree.is_last_child(position) for position in range(4)] == [True, False, True, True]


def test_an_orphan_is_a_root_with_a_mark() -> None:
    tree = build_tree("t", [node("root", "", 1), node("lost", "nowhere", 2), node("below", "lost", 3)])
    assert ids(tree.nodes) == ["root", "lost", "below"]
    assert tree.orphans == {1}
    assert list(tree.depths) == [0, 0, 1]


def test_cycles_and_self_parents_are_roots_with_a_mark_and_lose_nothing() -> None:
    tree = build_tree("t", [node("a", "b", 1), node("b", "a", 2), node("c", "b", 3), node("me", "me", 4)])
    assert sorted(ids(tree.nodes)) == ["a", "b", "c", "me"]
    assert {tree.nodes[position].span_id for position in tree.cyclic} == {"a", "me"}


def test_folding_hides_the_whole_subtree() -> None:
    tree = build_tree("t", [node("a"), node("b", "a", 2), node("c", "b", 3), node("d", "a", 4)])
    assert ids(tree.nodes[p] for p in tree.visible({"b"})) == ["a", "b", "d"]
    assert ids(tree.nodes[p] for p in tree.visible({"a"})) == ["a"]
    assert tree.visible(set()) == [0, 1, 2, 3]


def test_an_error_below_is_known_to_the_folded_parent() -> None:
    tree = build_tree("t", [node("a"), node("b", "a", 2), node("c", "b", 3, error=True)])
    assert [tree.has_error_below(position) for position in range(3)] == [True, True, False]


def test_depth_is_not_limited() -> None:
    chain = [node("0")] + [node(str(n), str(n - 1), n + 1) for n in range(1, 20_000)]
    tree = build_tree("t", chain)
    assert tree.depths[-1] == 19_999


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(-1, 18), st.integers(0, 50)), max_size=16,
                unique_by=lambda item: item[0]))  # fmt: skip
def test_any_parents_whatever_keep_every_span_once(spans: list[tuple[int, int, int]]) -> None:
    tree = build_tree("t", [node(str(a), "" if b < 0 else str(b), start) for a, b, start in spans])
    assert sorted(ids(tree.nodes)) == sorted(str(a) for a, _, _ in spans)
    for position, parent in enumerate(tree.parents):
        assert parent < position
        assert tree.depths[position] == (0 if parent < 0 else tree.depths[parent] + 1)
    assert sum(tree.sizes[p] for p in range(len(tree)) if tree.parents[p] < 0) == len(tree)
