from __future__ import annotations

from tracetui.model.kinship import agent_of, earlier_calls, tools_of
from tracetui.model.trace import SpanNode
from tracetui.model.tree import TraceTree, build_tree


def trace(*spans: tuple[str, str, str, int, int]) -> TraceTree:
    """A trace from (id, parent, kind, start, end)."""
    nodes = [SpanNode(n, span, up, start, end, False, kind) for n, (span, up, kind, start, end) in enumerate(spans, 1)]
    return build_tree("t", nodes)


def named(tree: TraceTree, positions: list[int]) -> list[str]:
    return [tree.nodes[position].span_id for position in positions]


TWO_AGENTS = trace(
    ("root", "", "CHAIN", 1, 100),
    ("boss", "root", "AGENT", 2, 90),
    ("plan", "boss", "LLM", 3, 10),
    ("helper", "boss", "AGENT", 11, 40),
    ("h1", "helper", "LLM", 12, 20),
    ("ht", "helper", "TOOL", 21, 25),
    ("h2", "helper", "LLM", 26, 30),
    ("search", "boss", "TOOL", 41, 50),
    ("answer", "boss", "LLM", 51, 60),
    ("write", "boss", "TOOL", 61, 62),
)


def test_the_call_before_is_one_of_the_same_agent() -> None:
    at = TWO_AGENTS.positions
    assert TWO_AGENTS.nodes[agent_of(TWO_AGENTS, at["h2"])].span_id == "helper"
    assert named(TWO_AGENTS, earlier_calls(TWO_AGENTS, at["answer"])) == ["plan"]
    assert named(TWO_AGENTS, earlier_calls(TWO_AGENTS, at["h2"])) == ["h1"]
    assert earlier_calls(TWO_AGENTS, at["h1"]) == []


def test_a_call_that_wraps_another_counts_once_and_is_not_before_itself() -> None:
    tree = trace(
        ("root", "", "CHAIN", 1, 100),
        ("w1", "root", "LLM", 2, 10),
        ("c1", "w1", "LLM", 3, 9),
        ("w2", "root", "LLM", 20, 30),
        ("c2", "w2", "LLM", 21, 29),
    )
    assert named(tree, earlier_calls(tree, tree.positions["c2"])) == ["c1"]
    assert named(tree, earlier_calls(tree, tree.positions["w2"])) == ["c1"]


def test_calls_that_run_side_by_side_are_not_before_each_other() -> None:
    tree = trace(("root", "", "AGENT", 1, 100), ("a", "root", "LLM", 2, 10), ("b", "root", "LLM", 3, 10))
    assert earlier_calls(tree, tree.positions["b"]) == []


def test_the_nearest_call_comes_first() -> None:
    tree = trace(("root", "", "AGENT", 1, 99), *((f"c{n}", "root", "LLM", n * 10, n * 10 + 5) for n in range(1, 7)))
    assert named(tree, earlier_calls(tree, tree.positions["c6"])) == ["c5", "c4", "c3"]


def test_tools_of_a_call_run_after_it_and_before_the_next_call_of_its_agent() -> None:
    at = TWO_AGENTS.positions
    assert named(TWO_AGENTS, tools_of(TWO_AGENTS, at["plan"])) == ["search"]
    assert named(TWO_AGENTS, tools_of(TWO_AGENTS, at["answer"])) == ["write"]
    assert named(TWO_AGENTS, tools_of(TWO_AGENTS, at["h1"])) == ["ht"]


def test_tools_below_a_call_are_its_own_and_an_agent_has_all_below_it() -> None:
    tree = trace(("llm", "", "LLM", 1, 9), ("t", "llm", "TOOL", 2, 3))
    assert named(tree, tools_of(tree, 0)) == ["t"]
    assert named(TWO_AGENTS, tools_of(TWO_AGENTS, TWO_AGENTS.positions["boss"])) == ["ht", "search", "write"]


def test_a_deep_chain_of_calls_takes_one_pass() -> None:
    spans = [("0", "", "LLM", 1, 2), *((str(n), str(n - 1), "LLM", 1, 2) for n in range(1, 20_000))]
    tree = trace(*spans)
    assert earlier_calls(tree, len(tree) - 1) == []
    assert tools_of(tree, len(tree) - 1) == []
