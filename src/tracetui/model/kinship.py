"""Which spans of a trace belong to a call: the call before it in the same agent, and the tools it set off.

Each question takes one pass over the agent's spans, however deep they nest.
"""

from __future__ import annotations

from heapq import nlargest
from itertools import pairwise

from tracetui.model.tree import TraceTree

_AGENT, _LLM, _TOOL = "AGENT", "LLM", "TOOL"


def agent_of(tree: TraceTree, position: int) -> int:
    """Position of the agent that a span works for: its nearest AGENT ancestor, or the root where there is none."""
    at = position
    while (parent := tree.parents[at]) >= 0:
        at = parent
        if tree.nodes[at].kind == _AGENT:
            break
    return at


def earlier_calls(tree: TraceTree, position: int, *, limit: int = 3) -> list[int]:
    """Positions of the LLM calls of the same agent that had ended when this one began, the nearest first.

    A call that wraps others (a framework's around a client library's) counts once, as the innermost.
    """
    nodes, sizes = tree.nodes, tree.sizes
    start, end = nodes[position].start_time_unix_nano, position + sizes[position]
    # neither the call itself, nor below it, nor above it; written out, as a large trace asks it of every span
    calls = [
        at
        for at in _of_agent(tree, agent_of(tree, position), _LLM)
        if at >= end or (at < position and at + sizes[at] <= position)
    ]
    found = [
        at
        for at, following in pairwise([*calls, len(nodes)])
        if 0 < nodes[at].end_time_unix_nano <= start
        and nodes[at].start_time_unix_nano <= start
        and following >= at + sizes[at]
    ]
    return nlargest(limit, found, key=lambda at: (nodes[at].start_time_unix_nano, at))


def tools_of(tree: TraceTree, position: int, *, limit: int = 32) -> list[int]:
    """Positions of the tools that a call, or an agent, set off: those below it, and those that its agent ran after it.

    The agent's tools count up to its next LLM call.
    """
    node = tree.nodes[position]
    below = [at for at in range(position + 1, position + tree.sizes[position]) if tree.nodes[at].kind == _TOOL]
    if node.kind != _LLM:
        return below[:limit]
    agent, start = agent_of(tree, position), node.start_time_unix_nano
    later = (
        tree.nodes[at].start_time_unix_nano
        for at in _of_agent(tree, agent, _LLM)
        if not _related(tree, at, position) and tree.nodes[at].start_time_unix_nano > start
    )
    until = min(later, default=None)
    after = [
        at
        for at in _of_agent(tree, agent, _TOOL)
        if not _related(tree, at, position)
        and tree.nodes[at].start_time_unix_nano >= start
        and (until is None or tree.nodes[at].start_time_unix_nano < until)
    ]
    after.sort(key=lambda at: tree.nodes[at].start_time_unix_nano)
    return (below + after)[:limit]


def _of_agent(tree: TraceTree, agent: int, kind: str) -> list[int]:
    """Positions of the spans of a kind that work for this agent and for no other below it."""
    nodes, parents = tree.nodes, tree.parents
    found: list[int] = []
    others: set[int] = set()
    for at in range(agent + 1, agent + tree.sizes[agent]):
        if others and parents[at] in others:
            others.add(at)
            continue
        own = nodes[at].kind
        if own == kind:
            found.append(at)
        if own == _AGENT:
            others.add(at)
    return found


def _related(tree: TraceTree, one: int, other: int) -> bool:
    """Whether a span is the other, or above or below it."""
    first, second = sorted((one, other))
    return second < first + tree.sizes[first]
