"""Dotted attribute keys as a tree, so that what repeats is written once and what tells two keys apart is never cut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

MAX_DEPTH = 40
"""Dots after which the rest of a key stays in one piece; a hostile key may hold thousands."""

WORTH_A_BRANCH = 3
"""Keys that must share a beginning before it becomes a row of its own."""


@dataclass(slots=True)
class KeyBranch:
    """A piece of a key, and what goes on from it."""

    name: str
    """One or more segments, dots between them."""
    key: str | None = None
    """The whole key, where one ends here."""
    children: list[KeyBranch] = field(default_factory=list)


@dataclass(slots=True)
class _Node:
    key: str | None = None
    size: int = 0
    below: dict[str, _Node] = field(default_factory=dict)


def key_tree(keys: Iterable[str]) -> list[KeyBranch]:
    """The keys as branches: siblings sorted with numbers by value, chains without a fork in one piece."""
    root = _Node()
    for key in keys:
        node = root
        for segment in key.split(".", MAX_DEPTH):
            node = node.below.setdefault(segment, _Node())
            node.size += 1
        node.key = key
    return _branches(root)


def _branches(node: _Node) -> list[KeyBranch]:
    found: list[KeyBranch] = []
    for segment in sorted(node.below, key=_by_number):
        found.extend(_branch(segment, node.below[segment]))
    return found


def _branch(name: str, node: _Node) -> list[KeyBranch]:
    while node.key is None and len(node.below) == 1:
        segment, node = next(iter(node.below.items()))
        name = f"{name}.{segment}"
    children = _branches(node)
    if node.key is None and node.size < WORTH_A_BRANCH:
        return [KeyBranch(f"{name}.{child.name}", child.key, child.children) for child in children]
    return [KeyBranch(name, node.key, children)]


def _by_number(segment: str) -> tuple[int, int, str]:
    return (0, int(segment), "") if segment.isascii() and segment.isdigit() and len(segment) < 10 else (1, 0, segment)
